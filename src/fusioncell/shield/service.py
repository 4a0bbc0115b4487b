"""Use cases of the shield: propose, approve, withdraw, expire; keep the live zone in step.

The room knows parties as opaque ids and observables by their evidence alone; it never learns who anyone is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import msgspec

from fusioncell.fusion.service import Fusion
from fusioncell.intake import extract_entry
from fusioncell.intake.service import Intake
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import MINUTE, Clock, Instant
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Uses, Viewer, may_allow
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield import policy, store
from fusioncell.shield.charter import digest_of
from fusioncell.shield.charter.service import Charter
from fusioncell.shield.guards.service import Guards
from fusioncell.shield.live_zone import STEPS, LiveZone, way_of
from fusioncell.shield.model import (
    ACTOR,
    APPROVERS,
    COMPROMISED,
    DECLINED,
    ENDORSED,
    PARTNERS,
    REASON_CODES,
    RENEWED,
    SEVERITIES,
    WRONG,
    Against,
    Body,
    Cited,
    Decision,
    Endorsement,
    State,
    actor_of,
    named_person,
)
from fusioncell.shield.zone import ORIGIN, ZoneImage

__all__ = ["APPROVERS", "BARRED", "PARTNERS", "Bars", "Shield", "allows_blocking"]
_encode = msgspec.json.Encoder().encode
BARRED = "it was blocked before, and lifted as wrong"
"""The guard that a bar is: two people, and a reason."""
_MAX_DUE = 500
_MAX_CITED = 50
_MAX_REASON = 1000
_ACCUSING = (Stance.MALICIOUS, Stance.SUSPICIOUS)


def allows_blocking(audience: Audience) -> bool:
    """Tell whether entries of this audience are part of the shield's view."""
    return may_allow(audience, Uses.BLOCKING)


class Bars(Protocol):
    """Knows the names that were blocked wrongly and lifted (``shield.lift``)."""

    def stands_against(self, names: Iterable[str], audiences: frozenset[int]) -> Mapping[str, Against]:
        """Return what is left, in these audiences, of the case against those of the names on which a bar stands."""
        ...

    def end_name(self, by: str, name: str, decision: str, reason: str) -> object:
        """Lift the open decision on a name as wrong, and bar the name."""
        ...


class Gate(Protocol):
    """Says what a machine may change now (``shield.fuse``)."""

    def may_end(self, decisions: Iterable[str]) -> set[str]:
        """Return those of the published decisions that a rule may end now."""
        ...

    def may_publish(self, decisions: Iterable[str]) -> set[str]:
        """Return those of the proposed decisions that a standing approval may publish now."""
        ...

    def frozen(self) -> bool:
        """Tell whether nothing may be added: the hub was restored, and nobody has confirmed its zones."""
        ...


class Shield:
    """The front door of the shield."""

    fuse: Gate | None = None
    bars: Bars | None = None
    """Set when the packages of the shield are joined."""
    held: Callable[[str], bool] = staticmethod(lambda name: False)
    """Tells whether an officer holds a name (``shield.holds``)."""

    def __init__(
        self, record: Record, database: Database, fusion: Fusion, intake: Intake, clock: Clock, randomness: Randomness
    ) -> None:
        self._record = record
        self._database = database
        self._fusion = fusion
        self._intake = intake
        self._clock = clock
        self._randomness = randomness
        self.charter = Charter(record, database, randomness)
        self.guards = Guards(record, database, fusion, randomness)
        self._on_change: list[Callable[[], None]] = []
        with database.read() as connection:
            serial = store.last_serial(connection)
            image = ZoneImage.build(store.published_names(connection), serial & 0xFFFFFFFF, origin=ORIGIN)
            way = way_of(*store.last_changes(connection, STEPS))
        self.zone = LiveZone(image, deltas=way)
        self._serial = serial
        self._looked_at = ""
        """The name that was looked at last, of those for which something is due."""

    # -- the zone ----------------------------------------------------------------------------------------------------

    def on_zone_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after each step of the zone."""
        self._on_change.append(listener)

    def follow(self) -> int:
        """Bring the live zone to the newest step; return the number of steps taken."""
        with self._database.read() as connection:
            steps = store.changes_after(connection, self._serial, 10_000)
        added: dict[str, None] = {}
        removed: dict[str, None] = {}
        restored = False
        last_step = steps[-1][0] if steps else self._serial
        for _, name, entered, _ in steps:
            if not name:
                restored = True
            elif entered:
                removed.pop(name, None)
                added[name] = None
            else:
                added.pop(name, None)
                removed[name] = None
        if restored:
            # A restored hub: a serial beyond any served, with nothing that a client could have taken by steps.
            self.zone.replace(self.zone.image().change(last_step & 0xFFFFFFFF, list(added), list(removed)))
        elif steps:
            self.zone.change(list(added), list(removed), serial=last_step & 0xFFFFFFFF)
        if steps:
            self._serial = last_step
            for listener in self._on_change:
                listener()
        return len(steps)

    # -- the rule ----------------------------------------------------------------------------------------------------

    def act(self) -> int:
        """Do what is due: propose, refuse where a guard fires, end what lost its evidence or ran out."""
        now = self._clock.now()
        with self._database.read() as connection:
            over = [store.decision_of(row) for row in store.run_out(connection, now, _MAX_DUE)]
            waiting = store.all_due(connection, self._looked_at, _MAX_DUE)
        for item in over:
            self._write("decision.expired", PARTNERS, _body_of(item, by="rule", reason="its time is over"))
        done = len(over)
        enough = self._enough([name for name, action in waiting if action == "propose"])
        done += self.end_by_rule([name for name, action in waiting if action != "propose"])
        for name, action in waiting:
            # What is due is judged as of the evidence's own time, and may have faded since: it waits for more, and
            # the names behind it must not wait with it. So each call looks at the next ones, whatever these do.
            self._looked_at = name
            if action == "propose" and name in enough:
                done += self._propose_by_rule(name)
        if len(waiting) < _MAX_DUE:
            self._looked_at = ""
        return done

    def _enough(self, names: Sequence[str]) -> set[str]:
        """Return those of the names whose evidence suffices now."""
        if not names:
            return set()
        audiences = self._record.audiences_where(allows_blocking)
        asked = [Observable(ObservableType.DOMAIN, name) for name in names]
        assessed = self._fusion.match(asked, audiences)
        barred = self._barred(names)
        return {observable.value for observable, found in assessed.items()
                if (barred[observable.value].enough if observable.value in barred else policy.suffices(found))}

    def _barred(self, names: Iterable[str], viewer: Viewer | None = None) -> Mapping[str, Against]:
        if self.bars is None:
            return {}
        audiences = self._record.audiences_where(allows_blocking)
        if viewer is not None:
            audiences &= self._record.visible_to(viewer)
        return self.bars.stands_against(names, audiences)

    def _propose_by_rule(self, name: str) -> int:
        body, enough = self._case(name, new_id(self._randomness), "rule")
        if not enough or not body.category or not policy.fits_all(name):
            return 0
        self._write("decision.refused" if body.guards else "decision.proposed", APPROVERS, body)
        return 1

    def end_by_rule(self, names: Sequence[str]) -> int:
        """End open decisions that lost their evidence; of blocks, as many as a machine may end alone."""
        if not names:
            return 0
        with self._database.read() as connection:
            rows = store.open_for(connection, names)
        items = [store.decision_of(row) for row in rows]
        blocks = [item.id for item in items if item.state is State.PUBLISHED and not item.exercise]
        held = set(blocks) - self.fuse.may_end(blocks) if self.fuse is not None else set()
        ending = [item for item in items if item.id not in held]
        if ending:
            said = "the remaining evidence no longer suffices"
            self._record.append("", self.endings(ending, by="rule", reason=said), new_id(self._randomness))
        return len(ending)

    def _case(self, name: str, identifier: str, by: str) -> tuple[Body, bool]:
        """Gather the case for a name, of what allows blocking alone: both probabilities, what is cited, which guards
        stand against it, whose name it is; the category, "" where the policy has none for it."""
        observable = Observable(ObservableType.DOMAIN, name)
        audiences = self._record.audiences_where(allows_blocking)
        assessment = self._fusion.look_up(observable, audiences)
        cited: dict[tuple[str, int], Cited] = {}
        context: list[str] = []
        rows = self._fusion.mentions(observable, audiences, _MAX_CITED)
        weights = {row[0]: row[7] for row in rows if row[6] in _ACCUSING}
        reported: Instant = 0
        for entry in self._record.read_many(weights):
            reported = min(reported or entry.at, entry.at)
            cited.setdefault(
                (entry.contribution, entry.audience),
                Cited(entry.contribution, entry.org, round(weights[entry.seq], 3), entry.audience),
            )
            context += [
                label
                for claim in extract_entry(entry).claims
                if claim.observable == observable
                for label in claim.context
            ]
        guards = [fired.reason for fired in self.guards.fired(name, audiences)]
        guards += [BARRED] * (name in self._barred([name]))
        charter = self.charter.in_force()
        category = policy.category_of(context, charter)
        body = Body(
            identifier,
            name,
            category.id if category is not None else "",
            round(assessment.malicious, 4) if assessment else 0.0,
            round(assessment.active, 4) if assessment else 0.0,
            sorted(cited.values(), key=lambda c: (c.contributor, c.contribution, c.audience)),
            by,
            "",
            0,
            guards,
            severity=category.severity if category is not None else "medium",
            origin=COMPROMISED if any(row[5] == Role.COMPROMISED for row in rows) else ACTOR,
            policy=digest_of(charter),
            reported=reported // MINUTE * MINUTE,
        )
        return body, assessment is not None and policy.suffices(assessment)

    # -- people ------------------------------------------------------------------------------------------------------

    def propose(
        self, viewer: Viewer, name: str, category: str, reason: str, *, severity: str = "", compromised: bool = False,
        contact: str = "", exercise: bool = False,
    ) -> str:  # fmt: skip
        """Propose a block by hand; returns the decision's id. The category must be in the policy.

        ``compromised``: a legitimate site that was broken into; ``contact``: how its owner is reached. ``exercise``:
        all is played but the block; no zone ever holds it.
        """
        if not viewer.may("propose"):
            raise NotAllowed("this role may not propose a block", hint="Ask an analyst.")
        chosen = policy.category_named(category, self.charter.in_force())
        observable = policy.blockable(name)
        if not reason.strip():
            raise BadInput("a proposal by hand needs a reason")
        if severity and severity not in SEVERITIES:
            raise BadInput(f"a severity is one of {', '.join(SEVERITIES)}", place="severity")
        current = self.newest(observable.value)
        if current is not None and current.open and current.exercise == exercise:
            if current.audience not in self._record.visible_to(viewer):
                # It waits for approval already, which this proposer may not see: the answer does not tell.
                return current.id
            raise Conflict(f"{observable.value} is {current.state.value} already", hint=f"See decision {current.id}.")
        self._check_bar(viewer, observable.value)
        self._check_usable(viewer, observable)
        body, _ = self._case(observable.value, new_id(self._randomness), actor_of(viewer))
        body = msgspec.structs.replace(
            body, category=chosen.id, severity=severity or chosen.severity, reason=reason[:_MAX_REASON],
            exercise=exercise, origin=COMPROMISED if compromised else body.origin, contact=contact.strip()[:200],
        )  # fmt: skip
        alarm = [] if exercise else self.guards.alarm(body.decision, body.name, body.category)
        self._write("decision.proposed", APPROVERS, body, alarm)
        return body.decision

    def approve(
        self, viewer: Viewer, which: str, *, days: int = 0, reason: str = "", contact: str = ""
    ) -> Decision:
        """Approve a proposal, by its id or name; it is published with its evidence and an expiry.

        A guarded one is published once as many people as the policy asks for have approved it, by name and with a
        reason; until then the approval is kept. Returns the decision as it stands then.
        """
        if not viewer.may("approve"):
            raise NotAllowed("this role may not approve a block", hint="Ask an approver.")
        item = self._find(viewer, which)
        if item.state is not State.PROPOSED:
            raise Conflict(f"{item.name} is {item.state.value}, not proposed", hint="See `fusioncell shield list`.")
        if self.held(item.name):
            raise Conflict("this name cannot be approved now", hint="Call the duty officer.")
        self._check_bar(viewer, item.name)
        body = self._case_again(viewer, item)
        who, said = actor_of(viewer), [one.by for one in item.endorsed]
        charter = self.charter.in_force()
        if body.guards:
            who = self._second(viewer, item, body.guards[0], reason, charter.guarded)
            if len({*said, who}) < charter.guarded:
                endorsed = msgspec.structs.replace(body, by=who, reason=reason[:_MAX_REASON])
                self._write(ENDORSED, APPROVERS, endorsed)
                step = Endorsement(who, self._clock.now(), endorsed.reason)
                return replace(item, endorsed=(*item.endorsed, step))
        if body.origin == COMPROMISED:
            named_person(viewer)
            if not (contact.strip() or body.contact):
                raise Conflict(f"{item.name} is a legitimate site that was broken into",
                               hint="Say how its owner is reached: a mailbox, a telephone number.")
        self._publish(item, msgspec.structs.replace(
            body, by=who, reason=reason[:_MAX_REASON], approvers=list(dict.fromkeys((*said, who))),
            expires=self._clock.now() + policy.life_of(charter, body.origin, days),
            contact=contact.strip()[:200] or body.contact,
        ))  # fmt: skip
        return replace(item, state=State.PUBLISHED)

    def approve_standing(self, item: Decision, standing: str, signers: Sequence[str], days: int) -> bool:
        """Publish a rule's proposal under a standing approval. False for a guard, a hold, thin evidence."""
        body, enough = self._case(item.name, item.id, "rule")
        if not enough or body.guards or item.guards or body.origin != ACTOR or item.exercise or self.held(item.name):
            return False
        life = policy.life_of(self.charter.in_force(), ACTOR, days)
        self._publish(item, msgspec.structs.replace(
            body, category=item.category, severity=item.severity, approvers=list(signers), standing=standing,
            expires=self._clock.now() + life,
        ))  # fmt: skip
        return True

    def renew(self, viewer: Viewer, which: str, reason: str, *, days: int = 0) -> Decision:
        """Let a block of a compromised site stand longer, from now, on evidence that is newer than its last term."""
        if not viewer.may("approve"):
            raise NotAllowed("this role may not renew a block", hint="Ask an approver.")
        who, item = named_person(viewer), self._find(viewer, which)
        if item.state is not State.PUBLISHED or item.origin != COMPROMISED:
            raise Conflict(f"{item.name} is no standing block of a compromised site", hint="Propose it anew.")
        if self.held(item.name):
            raise Conflict("this name cannot be approved now", hint="Call the duty officer.")
        body = self._case_again(viewer, item)
        charter = self.charter.in_force()
        term = policy.life_of(charter, COMPROMISED, days)
        known = {(cited.contribution, cited.audience) for cited in item.evidence}
        if not any((cited.contribution, cited.audience) not in known for cited in body.evidence):
            raise Conflict("nothing new has been contributed against it since", hint="Contribute what was seen since.")
        body = msgspec.structs.replace(body, by=who, reason=reason[:_MAX_REASON], expires=self._clock.now() + term)
        self._write(RENEWED, PARTNERS, body)
        return replace(item, expires_at=body.expires)

    def _publish(self, item: Decision, body: Body) -> None:
        if not item.exercise:
            self.check_thawed()
        if self.charter.in_force().category(body.category) is None:
            raise Conflict("the policy in force does not name its category any more")
        self._write("decision.published", PARTNERS, body)

    def check_thawed(self) -> None:
        """Raise Conflict where the hub was restored, and nobody has confirmed its zones: nothing comes to them or goes
        out, for resolvers may hold newer ones.
        """
        if self.fuse is not None and self.fuse.frozen():
            raise Conflict("the zones are frozen: this hub was restored from a backup",
                           hint="An approver looks at what it holds, and confirms it at /shield/fuse.")

    def _case_again(self, viewer: Viewer, item: Decision) -> Body:
        """Gather the case for a decision anew. Conflict where its evidence no longer carries it."""
        body, _ = self._case(item.name, item.id, actor_of(viewer))
        if item.proposed_by == "rule" and body.malicious < policy.MALICIOUS_AT_LEAST:
            raise Conflict("the evidence no longer suffices", hint="It was recalled or contradicted since.")
        if not body.evidence:
            self._check_usable(viewer, Observable(ObservableType.DOMAIN, item.name))
        return msgspec.structs.replace(
            body, category=item.category, severity=item.severity, exercise=item.exercise, contact=item.contact,
            reason_code=item.reason_code, guards=list(dict.fromkeys((*item.guards, *body.guards))),
            origin=COMPROMISED if item.origin == COMPROMISED else body.origin,
        )  # fmt: skip

    def _second(self, viewer: Viewer, item: Decision, guard: str, reason: str, needed: int) -> str:
        """Return who approves a guarded name, by name. Conflict without a reason, or where they did already."""
        if not reason.strip():
            raise Conflict(
                f"{item.name} is guarded: {guard}",
                hint=f"{needed} people must approve it, each with a reason why losing every page and mailbox of the "
                "name is proportionate.",
            )
        who, said = named_person(viewer), {one.by for one in item.endorsed}
        if who in said and len(said) < needed:
            raise Conflict("you have approved it already", hint="Another person has to approve it, too.")
        return who

    def _check_usable(self, viewer: Viewer, observable: Observable) -> None:
        """Refuse a block that rests on what the person may read but not use so: AMBER or RED without permission, PAP.

        Their own sight decides, so that the answer tells nothing of what they may not see.
        """
        seen = self._record.visible_to(viewer)
        usable = seen & self._record.audiences_where(allows_blocking)

        def accused(audiences: frozenset[int]) -> bool:
            rows = self._fusion.mentions(observable, audiences, _MAX_CITED)
            return any(row[6] in _ACCUSING for row in rows)

        if accused(seen - usable) and not accused(usable):
            raise Conflict("those who reported it did not allow blocking on their evidence",
                           hint="Ask its contributors to allow blocking, or contribute what you saw yourself.")

    def withdraw(self, viewer: Viewer, which: str, reason: str, code: str = "") -> Decision:
        """Withdraw a proposal or end a block, by its id or name; it leaves the zone at once.

        ``code``: empty: a block was wrong, a proposal declined. What a named person calls wrong is a lift, with a bar.
        """
        if code and code not in REASON_CODES:
            raise BadInput(f"a reason code is one of {', '.join(REASON_CODES)}", place="code")
        if not viewer.may("withdraw_block"):
            raise NotAllowed("this role may not withdraw a block", hint="Ask an approver.")
        item = self._find(viewer, which)
        if item.state not in (State.PROPOSED, State.PUBLISHED):
            raise Conflict(f"{item.name} is {item.state.value} already")
        code = code or (WRONG if item.state is State.PUBLISHED else DECLINED)
        by, said = actor_of(viewer), reason.strip()[:_MAX_REASON] or "withdrawn"
        if code == WRONG and self.bars is not None and not item.exercise and (viewer.person or viewer.local):
            self.bars.end_name(by or "operator", item.name, item.id, said)
        else:
            self._record.append("", self.endings([item], by=by, reason=said, code=code), new_id(self._randomness))
        return replace(item, reason_code=code)

    def _check_bar(self, viewer: Viewer, name: str) -> None:
        barred = self._barred([name], viewer)  # a person's own sight decides: what is hidden from them has no effect
        if name in barred and not barred[name].fresh:
            raise Conflict(
                "this name was blocked before and lifted as wrong, on the word of those who speak against it now",
                hint="A new, independent origin is needed; or two people end the bar.",
            )

    # -- for the packages of the shield ------------------------------------------------------------------------------

    def waiting_by_rule(self, after: int, limit: int) -> list[tuple[int, Decision]]:
        """Return what a rule proposed on an actor's name, unguarded, with its position, after one."""
        with self._database.read() as connection:
            return store.waiting_by_rule(connection, after, limit)

    def may_publish(self, decisions: Iterable[str]) -> set[str]:
        """Return those of the proposed decisions that a machine may publish now (``shield.fuse``)."""
        return set(decisions) if self.fuse is None else self.fuse.may_publish(decisions)

    def those(self, identifiers: Iterable[str]) -> list[Decision]:
        """Return the decisions with these ids, in order; the caller has filtered them."""
        wanted = list(identifiers)
        if not wanted:
            return []
        with self._database.read() as connection:
            return [store.decision_of(row) for row in store.by_ids(connection, wanted)]

    def endings(self, items: Iterable[Decision], *, by: str, reason: str, code: str = "") -> list[Draft]:
        """Make the entries that end open decisions, for who appends them with others in one commit."""
        # Only whom something is said to: tables of who sees an audience are made anew when it first appears.
        return [
            Draft("decision.withdrawn",
                  self._record.intern_audience(PARTNERS if item.state is State.PUBLISHED else APPROVERS),
                  Payload("", item.id, 0, "", _encode(_body_of(item, by=by, reason=reason, code=code))))
            for item in items
        ]  # fmt: skip

    def renewals(self, items: Iterable[Decision], *, by: Sequence[str], reason: str) -> list[Draft]:
        """Make the entries that block ended decisions' names again, until the same instant: two people said so."""
        partners, approvers = self._record.intern_audience(PARTNERS), self._record.intern_audience(APPROVERS)
        drafts, known = [], list(items)
        with self._database.read() as connection:
            rows = store.open_for(connection, [item.name for item in known]) if known else []
        proposed_already = {row[1]: row[0] for row in rows}
        for item in known:
            body = msgspec.structs.replace(
                _body_of(item, by=by[0], reason=reason), standing="", approvers=list(by),
                decision=proposed_already.get(item.name) or new_id(self._randomness),
            )  # fmt: skip
            proposed = msgspec.structs.replace(body, expires=0, approvers=[])
            published = msgspec.structs.replace(body, by="rollback")  # nobody's word on the name
            if item.name not in proposed_already:
                payload = Payload("", body.decision, 0, "", _encode(proposed))
                drafts.append(Draft("decision.proposed", approvers, payload))
            drafts.append(Draft("decision.published", partners, Payload("", body.decision, 0, "", _encode(published))))
        return drafts

    def endings_on(self, name: str) -> list[Draft]:
        """Make the entries that end the open decisions on a name, without a word why."""
        item = self.newest(name)
        return self.endings([item], by="rule", reason="withdrawn") if item is not None and item.open else []

    def changed_at(self) -> Instant:
        """Return when the zone changed last, 0 for never."""
        with self._database.read() as connection:
            return store.last_change(connection)

    # -- read --------------------------------------------------------------------------------------------------------

    def decisions(
        self, viewer: Viewer, states: Sequence[State], *, limit: int = 100, offset: int = 0
    ) -> list[Decision]:
        """List decisions that the viewer may see, newest first."""
        audiences = self._record.visible_to(viewer)
        with self._database.read() as connection:
            rows = store.listed(connection, [s.value for s in states], audiences, limit, offset)
        return [_released(store.decision_of(row), audiences) for row in rows]

    def tally(self, viewer: Viewer) -> dict[str, int]:
        """Count the decisions that the viewer may see, by state."""
        with self._database.read() as connection:
            return store.tally(connection, self._record.visible_to(viewer))

    def newest(self, name: str, viewer: Viewer | None = None) -> Decision | None:
        """Return the newest decision on a name (that the viewer may see)."""
        audiences = self._record.audiences_where(lambda _: True) if viewer is None else self._record.visible_to(viewer)
        with self._database.read() as connection:
            row = store.newest_for(connection, name, audiences)
        return _released(store.decision_of(row), audiences) if row else None

    def decision(self, viewer: Viewer, identifier: str) -> Decision:
        """Return one decision. Raises NotFound where the viewer may not see it."""
        return _released(self._find(viewer, identifier), self._record.visible_to(viewer))

    def _find(self, viewer: Viewer, which: str) -> Decision:
        audiences = self._record.visible_to(viewer)
        with self._database.read() as connection:
            row = store.by_id(connection, which)
            if row is None:
                row = store.newest_for(connection, which.strip().lower().rstrip("."), audiences)
        if row is None or row[15] not in audiences:
            raise NotFound(f"no decision {which[:80]!r}", hint="List them with `fusioncell shield list`.")
        return store.decision_of(row)

    def _write(self, kind: str, audience: Audience, body: Body, more: Sequence[Draft] = ()) -> None:
        number = self._record.intern_audience(audience)
        draft = Draft(kind, number, Payload("", body.decision, 0, "", _encode(body)))
        self._record.append("", [draft, *more], new_id(self._randomness))


def _released(item: Decision, audiences: frozenset[int]) -> Decision:
    """Leave out of a decision the evidence that these audiences may not see, without a trace of how much that was."""
    seen: dict[str, Cited] = {}
    for cited in item.evidence:
        if cited.audience in audiences:
            seen.setdefault(cited.contribution, cited)
    return replace(item, evidence=tuple(seen.values()))


def _body_of(item: Decision, *, by: str, reason: str, code: str = "") -> Body:
    return Body(
        item.id,
        item.name,
        item.category,
        item.malicious,
        item.active,
        list(item.evidence),
        by,
        reason,
        item.expires_at,
        list(item.guards),
        list(item.approvers),
        item.standing,
        item.severity,
        item.origin,
        item.exercise,
        item.policy,
        code or item.reason_code,
        item.contact,
    )
