"""What follows for an application: its state as time passes, and who may say what about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import Conflict, NotAllowed
from fusioncell.members.joining.model import LAPSES_AFTER, Application, PublicState, Sponsored, State
from fusioncell.members.model import Organisation, Person, permissions_of


def lapses_at(one: Application) -> Instant:
    """Return when it lapses unless somebody acts."""
    return one.at + LAPSES_AFTER * (3 if one.state is State.SPONSORED else 1)


def as_of(one: Application, now: Instant) -> Application:
    """Return it with the state that it has now: what waited too long has lapsed."""
    waiting = one.state in (State.ASKED, State.SPONSORED)
    return replace(one, state=State.LAPSED) if waiting and now >= lapses_at(one) else one


def public_state(one: Application, now: Instant) -> PublicState:
    """Return what the applicant may know: a sponsor who declined looks like one who has not answered."""
    shown = as_of(replace(one, state=State.ASKED) if one.state is State.DECLINED else one, now)
    reason = one.reason if one.state is State.REFUSED else ""
    return PublicState(one.filled.name, one.at, shown.state, reason, lapses_at(one))


def sponsor_org(named: Organisation | None, someone: Person | None, of: Organisation | None, applicant: str) -> str:
    """Return which organisation may stand for an application, "" for none.

    ``named``: the organisation of the name that was given; ``someone``, ``of``: the person of the address that was
    given and their organisation; ``applicant``: the applying organisation's name. Nobody stands for their own.
    """
    found = named or (of if someone is not None and not someone.suspended else None)
    if found is None or found.suspended or not found.bound or found.name.casefold() == applicant.casefold():
        return ""
    return found.id


def sponsor_named(typed: str) -> str:
    """Return as what a sponsor's name or address is counted, whether anybody here is called so or not."""
    return " ".join(typed.split()).casefold()[:300]


def check_sponsor(one: Application, org: Organisation | None, someone: Person | None) -> None:
    """Raise Conflict unless who stood for it may still: in good standing, of the organisation named, permitted."""
    stands = (
        org is not None and not org.suspended and org.bound and org.id == one.sponsor_org
        and someone is not None and not someone.suspended and someone.org == org.id
        and "sponsor" in permissions_of(someone.roles)
    )  # fmt: skip
    if not stands:
        raise Conflict("The sponsor is not in good standing any more.",
                       hint="Refuse it, and ask the applicant to apply again with another sponsor.")


def check_vetter(one: Application, org: str, person: str, others: Iterable[str]) -> None:
    """Raise NotAllowed where the sponsor's own side would decide. ``others``: organisations whose people may vet."""
    if person and person == one.sponsor_person:
        raise NotAllowed("You stood for this application, so another person decides on it.",
                         hint="Ask another who may vet.")
    if org == one.sponsor_org and any(other != org for other in others):
        raise NotAllowed("Your organisation stood for this application, so another one decides on it.",
                         hint="Ask somebody of another organisation who may vet.")


def sponsored_by(parties: dict[str, list[Sponsored]], start: str, most: int = 10_000) -> list[Sponsored]:
    """Return all whom an organisation stood for, and those whom they stood for, and so on, the nearest first.

    ``parties``: sponsor → those it stood for.
    """
    found: list[Sponsored] = []
    known, edge = {start}, [start]
    while edge and len(found) < most:
        step = [one for party in edge for one in parties.get(party, ()) if one.org not in known]
        depth = found[-1].depth + 1 if found else 1
        fresh = list({one.org: replace(one, depth=depth) for one in step}.values())
        found += fresh
        edge = [one.org for one in fresh]
        known.update(edge)
    return found[:most]
