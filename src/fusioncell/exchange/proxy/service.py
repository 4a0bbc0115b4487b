"""Use cases of publication by proxy: plan, publish, list, and follow what the originator withdraws."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from fusioncell.exchange.proxy import store
from fusioncell.exchange.proxy.model import PUBLISHED, Link, Plan, Publication, Published
from fusioncell.exchange.proxy.redact import MAX_WARNINGS, known_as, redact, warn
from fusioncell.exchange.receipts import Consent, Ledger, State
from fusioncell.intake import BEHALF, extract_entry, is_on_behalf
from fusioncell.intake.model import Item, Moved
from fusioncell.intake.service import Intake, Terms
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import (
    Audience,
    Tlp,
    Uses,
    Viewer,
    audience_for,
    default_uses,
    is_pseudonym,
    org,
    within,
)
from fusioncell.kernel.ports import Database
from fusioncell.members import Members
from fusioncell.record.service import Record

MAX_LISTED = 200
AT_ONCE = 20
"""Publications that are looked at in one round."""
REASON = "withdrawn by the partner on whose behalf it was published"
_TALK = frozenset({"post", "reaction", "product"})


def _acting_for(organisation: str) -> Viewer:
    """Return an organisation as a viewer that withdraws its own, and does nothing else."""
    return Viewer(None, organisation, True, frozenset({org(organisation)}), frozenset(), frozenset({"recall"}))


class Proxy:
    """The front door of the package."""

    def __init__(self, *, record: Record, projections: Database, intake: Intake, receipts: Ledger, members: Members
                 ) -> None:
        self._record, self._projections = record, projections
        self._intake, self._receipts, self._members = intake, receipts, members
        self._followed: dict[str, int] = {}

    # -- publish -----------------------------------------------------------------------------------------------------

    def consents(self, viewer: Viewer, contribution: str) -> list[Consent]:
        """Return the consents by which the viewer's organisation may publish a contribution now, the widest first."""
        found = [
            one for one in self._receipts.consents(viewer, contribution)
            if one.proxy and one.permits and viewer.org and one.asker == viewer.org
        ]  # fmt: skip
        return sorted(found, key=lambda one: one.tlp.strictness)

    def plan(self, viewer: Viewer, contribution: str, terms: Terms) -> Plan:
        """Say what would be published. NotFound for what the viewer may not see, NotAllowed without a consent to it."""
        if viewer.org is None or viewer.person is None or not viewer.may("edit"):
            raise NotAllowed("only a person whose role permits 'edit' publishes for another", hint="Ask an editor.")
        entries = self._intake.entries_of(self._record.visible_to(viewer), contribution)
        if not entries:
            raise NotFound("no such contribution", hint="It may have been withdrawn, or was never shared with you.")
        originator = entries[0].org
        if originator == viewer.org:
            raise BadInput("it is your organisation's own", hint="Widen it instead.")
        if is_pseudonym(originator) or is_on_behalf(entries) or any(entry.kind in _TALK for entry in entries):
            raise BadInput("only what a named organisation contributed itself can be published for it",
                           hint="Answer in its conversation instead.")  # fmt: skip
        general = min((self._record.audience(entry.audience).tlp for entry in entries), key=lambda tlp: tlp.strictness)
        chosen = [entry for entry in entries if self._record.audience(entry.audience).tlp is general]
        audience = self._audience(viewer, chosen, terms)
        consent = self._consent_to(viewer, contribution, audience, originator)
        items, warnings = self._items(chosen, originator)
        if not items:
            raise BadInput("nothing is left of it without what names its originator", hint="Ask the originator.")
        left = len(entries) - len(items)
        return Plan(originator, consent.id, audience, items, left, tuple(warnings[:MAX_WARNINGS]))

    def publish(self, viewer: Viewer, contribution: str, terms: Terms, *, confirmed: bool = False) -> Moved:
        """Publish on the originator's behalf, in one commit. Conflict where there are warnings and none confirmed."""
        plan = self.plan(viewer, contribution, terms)
        if plan.warnings and not confirmed:
            raise Conflict(f"look at it first: {'; '.join(plan.warnings)}",
                           hint="Words are not changed. Publish it all the same by confirming.")  # fmt: skip
        both = Audience(Tlp.AMBER_STRICT, frozenset({org(plan.originator), org(viewer.org or "")}), Uses.NONE)
        said = Published(contribution, plan.originator, plan.consent, plan.audience.tlp, len(plan.items))
        link = Draft(PUBLISHED, self._record.intern_audience(both),
                     Payload(viewer.person or "", contribution, 0, "", msgspec.json.encode(said)))  # fmt: skip
        identifier, pending = self._intake.submit_items(
            viewer, plan.items, plan.audience, format=plan.items[0].kind.partition(".")[0], more=(link,)
        )
        return Moved(identifier, pending.result(), len(plan.items))

    def _audience(self, viewer: Viewer, entries: list[Entry], terms: Terms) -> Audience:
        if terms.tlp is None or terms.tlp is Tlp.RED or terms.people:
            raise BadInput("name the marking of the publication", hint="clear, green, amber or amber+strict",
                           place="tlp")  # fmt: skip
        if terms.groups and terms.tlp not in (Tlp.AMBER, Tlp.AMBER_STRICT):
            raise BadInput(f"{terms.tlp.label} names no groups", hint="Name groups with amber.", place="tlp")
        # May read is not may act: what the originator did not allow, its proxy cannot allow either.
        allowed = Uses(15)
        for entry in entries:
            allowed &= self._record.audience(entry.audience).uses
        if terms.uses is not None and terms.uses & ~allowed:
            raise BadInput("the originator does not allow these uses", hint="Leave the uses out.", place="uses")
        uses = allowed & default_uses(terms.tlp) if terms.uses is None else terms.uses
        return audience_for(terms.tlp, own_org=viewer.org, groups=terms.groups, uses=uses)

    def _consent_to(self, viewer: Viewer, contribution: str, audience: Audience, originator: str) -> Consent:
        found = self.consents(viewer, contribution)
        if not found:
            raise NotAllowed("its originator has not consented to a publication by your organisation",
                             hint="Ask for it on the page of the contribution.")  # fmt: skip
        for one in found:
            groups = one.groups if one.tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ()
            widest = audience_for(one.tlp, own_org=viewer.org, groups=(*groups, *_own_group(one.tlp, originator)))
            # As in narrowing: the guests of a group are that group's own affair.
            if one.originator == originator and within(audience, widest, guests=False):
                return one
        raise NotAllowed(
            f"that is wider than its originator consented to ({found[0].tlp.label})",
            hint="Choose a stricter marking, or ask for a wider consent.",
        )

    def _items(self, entries: list[Entry], originator: str) -> tuple[tuple[Item, ...], list[str]]:
        people = self._members.people_of(originator)
        name = self._members.organisation(originator).name
        domains = {someone.email.rpartition("@")[2].lower() for someone in people if "@" in someone.email}
        words = (name, *(someone.name for someone in people), *sorted(domains))
        known = known_as(frozenset({name.strip().lower(), originator.lower()}), words, entries)
        items: list[Item] = []
        warnings: dict[str, None] = {}
        for entry in entries:
            kept = redact(entry, known)
            if kept is None or entry.payload is None:
                continue
            body, meta = kept
            payload, meta = entry.payload, {**meta, BEHALF: True}
            items.append(Item(entry.kind, payload.subject, payload.version, payload.place, body, None, meta))
            warnings.update(dict.fromkeys(warn(entry, body, extract_entry(entry), known)))
        return tuple(items), list(warnings)

    # -- what was published ------------------------------------------------------------------------------------------

    def publications(self, viewer: Viewer, contribution: str = "") -> tuple[Publication, ...]:
        """Return what was published of a contribution ("": of all), for its originator and its proxy; nobody else."""
        with self._projections.read() as connection:
            found = store.publications(connection, self._record.visible_to(viewer), contribution, MAX_LISTED)
        if not contribution:
            return tuple(found)
        return tuple(self._reached(one) for one in found)

    def _reached(self, one: Publication) -> Publication:
        receipts = self._receipts.receipts(_acting_for(one.proxy), one.contribution)
        return replace(one, exported=receipts.count(State.EXPORTED), fetched=receipts.count(State.FETCHED),
                       here=receipts.count(State.HERE))  # fmt: skip

    # -- follow ------------------------------------------------------------------------------------------------------

    def follow(self) -> int:
        """Withdraw, for the proxies, what the originators withdrew or consent to no more; return how many.

        Called after each batch. It looks at what is projected, so a hub that was killed in between does it at its next
        start; what is withdrawn already is not withdrawn again.
        """
        with self._projections.read() as connection:
            due = store.due(connection, MAX_LISTED)
        links = [one for one in due if self._followed.get(one.contribution) != one.ended]
        for link in links[:AT_ONCE]:
            self._follow(link)
            self._followed[link.contribution] = link.ended
        return len(links[:AT_ONCE])

    def _follow(self, link: Link) -> None:
        every = self._record.audiences_where(lambda _: True)
        stands = {(entry.kind, _subject(entry)) for entry in self._intake.entries_of(every, link.original)}
        copies = self._intake.entries_of(every, link.contribution)
        lost = [entry for entry in copies if link.declined or (entry.kind, _subject(entry)) not in stands]
        if not lost:
            return
        proxy = _acting_for(link.proxy)
        if len(lost) == len(copies):
            self._intake.recall(proxy, link.contribution, REASON)
            return
        for entry in lost:
            self._intake.recall(proxy, link.contribution, REASON, entry.seq)


def _own_group(tlp: Tlp, originator: str) -> tuple[str, ...]:
    return (org(originator),) if tlp in (Tlp.AMBER, Tlp.AMBER_STRICT) else ()


def _subject(entry: Entry) -> str:
    return entry.payload.subject if entry.payload is not None else ""
