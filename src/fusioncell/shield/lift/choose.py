"""Read what a lift is asked to end, and tell which origins were wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fusioncell.fusion.model import Assessment, Evidence
from fusioncell.fusion.service import reassess_on
from fusioncell.kernel.clock import Instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import BadValue, ObservableType, canonical
from fusioncell.shield.lift.model import BY, Chosen

_LONGEST = 200


def choose(asked: Mapping[str, str]) -> Chosen:
    """Return what is asked for. Raises BadInput unless exactly one way of choosing is given, and reads well."""
    given = [(by, asked[by].strip()) for by in BY if asked.get(by, "").strip()]
    if len(given) != 1:
        raise BadInput("say which blocks to lift: by name, source, rule or since",
                       hint="Give exactly one of them.", place="name")  # fmt: skip
    by, value = given[0]
    if len(value) > _LONGEST:
        raise BadInput("that is too long", hint="Give a name, an id or an instant.", place=by)
    if by == "name":
        try:
            value = canonical(ObservableType.DOMAIN, value).value
        except BadValue:
            raise BadInput("that is no domain name", hint="Give the blocked name.", place=by) from None
    if by == "since":
        since(value)
    return Chosen(by, value)


def since(text: str) -> Instant:
    """Read the instant from which on blocks are lifted. Raises BadInput."""
    try:
        return parse_instant(text)
    except ValueError:
        raise BadInput("that is no instant", hint="Write it as 2026-12-31T08:00:00Z (RFC 3339).",
                       place="since") from None  # fmt: skip


def above(name: str) -> list[str]:
    """Return the names above a name, the nearest first: a block of one covers all under it."""
    labels = name.split(".")
    return [".".join(labels[at:]) for at in range(1, len(labels))]


def voices(found: Assessment) -> list[str]:
    """Return who spoke against an observable: contributors and the creators that they name, in order."""
    parties = {party for origin in found.origins for each in (origin.voice, *origin.repeats) if not each.benign
               for party in (each.contributor, each.creator) if party}  # fmt: skip
    return sorted(parties)


def rest_of(found: Assessment, barred: Iterable[str], now: Instant) -> Assessment | None:
    """Assess a name on what origins other than the barred say of it, as of ``now``; None where they say nothing.

    An origin counts only where none of the barred speaks in it, neither first nor in repetition. Origins are joined
    over all that was said, the barred included: who repeats a barred origin is of its family. Benign evidence stays,
    whoever's it is.
    """
    wrong = frozenset(barred)

    def is_wrong(evidence: Evidence) -> bool:
        return evidence.contributor in wrong or evidence.creator in wrong

    kept: list[Evidence] = []
    for origin in found.origins:
        said = (origin.voice, *origin.repeats)
        malicious = [each for each in said if not each.benign]
        kept += [each for each in said if each.benign]
        if not any(is_wrong(each) for each in malicious):
            kept += malicious
    return reassess_on(found, kept, now) if any(not each.benign for each in kept) else None
