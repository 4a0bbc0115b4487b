"""Use cases of the shield: propose, approve, withdraw, expire; keep the live zone in step.

The room knows parties as opaque ids and observables by their evidence alone; it never learns who anyone is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from fusioncell.fusion.service import Fusion
from fusioncell.intake import extract_entry
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer, may_allow
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical
from fusioncell.kernel.ports import Database
from fusioncell.record.service import Record
from fusioncell.shield import policy, store
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.model import Against, Body, Cited, Decision, State
from fusioncell.shield.zone import ORIGIN, ZoneImage

_encode = msgspec.json.Encoder().encode
APPROVERS = Audience(Tlp.AMBER_STRICT, frozenset({"may:approve"}), Uses.NONE)
"""Who reads a proposal: those who may approve it. A published decision is released to the partnership."""
PARTNERS = Audience(Tlp.GREEN, frozenset(), Uses.ANALYSIS)
BARRED = "it was blocked before, and lifted as wrong"
"""The guard that a bar is: two people, and a reason."""
_MAX_DUE = 500
_MAX_CITED = 50


def allows_blocking(audience: Audience) -> bool:
    """Tell whether entries of this audience are part of the shield's view."""
    return may_allow(audience, Uses.BLOCKING)


class Bars(Protocol):
    """Knows the names that were blocked wrongly and lifted (``shield.lift``)."""

    def stands_against(self, names: Iterable[str], audiences: frozenset[int]) -> Mapping[str, Against]:
        """Return what is left, in these audiences, of the case against those of the names on which a bar stands."""
        ...


class Shield:
    """The front door of the shield."""

    bars: Bars | None = None
    """Set when the packages of the shield are joined."""

    def __init__(
        self, record: Record, database: Database, fusion: Fusion, intake: Intake, clock: Clock, randomness: Randomness
    ) -> None:
        self._record = record
        self._database = database
        self._fusion = fusion
        self._intake = intake
        self._clock = clock
        self._randomness = randomness
        self._on_change: list[Callable[[], None]] = []
        with database.read() as connection:
            names, serial = store.published_names(connection), store.last_serial(connection)
        self.zone = LiveZone(ZoneImage.build(names, serial & 0xFFFFFFFF, origin=ORIGIN))
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
        if steps:
            self.zone.change(list(added), list(removed), serial=last_step & 0xFFFFFFFF)
            self._serial = last_step
        if restored:
            # A restored hub: a serial beyond any served, with nothing that a client could have taken by steps.
            image = self.zone.image()
            last = max(self._serial, image.serial + 1)
            self.zone.replace(ZoneImage.build(list(image.rules()), last & 0xFFFFFFFF, origin=ORIGIN))
        if steps:
            for listener in self._on_change:
                listener()
        return len(steps)

    # -- the rule ----------------------------------------------------------------------------------------------------

    def act(self) -> int:
        """Do what is due: propose, refuse where a guard fires, end what lost its evidence or ran out."""
        now = self._clock.now()
        with self._database.read() as connection:
            over = [_decision(row) for row in store.run_out(connection, now, _MAX_DUE)]
            waiting = store.all_due(connection, self._looked_at, _MAX_DUE)
        for item in over:
            self._write("decision.expired", PARTNERS, _body_of(item, by="rule", reason="its time is over"))
        done = len(over)
        enough = self._enough([name for name, action in waiting if action == "propose"])
        for name, action in waiting:
            # What is due is judged as of the evidence's own time, and may have faded since: it waits for more, and
            # the names behind it must not wait with it. So each call looks at the next ones, whatever these do.
            self._looked_at = name
            if action != "propose":
                done += self._end_by_rule(name)
            elif name in enough:
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
        return self.bars.stands_against(names, audiences if viewer is None else audiences & self._record.visible_to(viewer))

    def _propose_by_rule(self, name: str) -> int:
        body, enough = self._case(name, new_id(self._randomness), "rule", "")
        if not enough:
            return 0
        self._write("decision.refused" if body.guards else "decision.proposed", APPROVERS, body)
        return 1

    def _end_by_rule(self, name: str) -> int:
        everyone = self._record.audiences_where(lambda _: True)
        with self._database.read() as connection:
            row = store.newest_for(connection, name, everyone)
        if row is None or row[3] not in (State.PROPOSED, State.PUBLISHED):
            return 0
        item = _decision(row)
        audience = PARTNERS if item.state is State.PUBLISHED else APPROVERS
        self._write(
            "decision.withdrawn",
            audience,
            _body_of(item, by="rule", reason="the remaining evidence no longer suffices"),
        )
        return 1

    def _case(self, name: str, identifier: str, by: str, category: str) -> tuple[Body, bool]:
        """Gather the case for a name: both probabilities, what is cited, which guards stand against it."""
        observable = Observable(ObservableType.DOMAIN, name)
        audiences = self._record.audiences_where(allows_blocking)
        assessment = self._fusion.look_up(observable, audiences)
        cited: dict[tuple[str, int], Cited] = {}
        context: list[str] = []
        rows = self._fusion.mentions(observable, audiences, _MAX_CITED)
        weights = {row[0]: row[7] for row in rows if row[6] in (1, 2)}
        for entry in self._record.read_many(weights):
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
        guards = [guard.reason for guard in self._fusion.known_good.guards(observable)]
        guards += [BARRED] * (name in self._barred([name]))
        body = Body(
            identifier,
            name,
            category or policy.category_of(context),
            round(assessment.malicious, 4) if assessment else 0.0,
            round(assessment.active, 4) if assessment else 0.0,
            sorted(cited.values(), key=lambda c: (c.contributor, c.contribution, c.audience)),
            by,
            "",
            0,
            guards,
        )
        return body, assessment is not None and policy.suffices(assessment)

    # -- people ------------------------------------------------------------------------------------------------------

    def propose(self, viewer: Viewer, name: str, category: str, reason: str) -> str:
        """Propose a block by hand; returns the decision's id. The category must be in the policy."""
        if not viewer.may("propose"):
            raise NotAllowed("this role may not propose a block", hint="Ask an analyst.")
        chosen = policy.category_named(category)
        try:
            observable = canonical(ObservableType.DOMAIN, name)
        except BadValue as fault:
            raise BadInput(f"{name[:80]!r} is not a name that can be blocked: {fault}") from None
        if not policy.can_block(observable):
            raise BadInput(f"{name[:80]!r} is not a name that can be blocked", hint="Give a domain name.")
        if not reason.strip():
            raise BadInput("a proposal by hand needs a reason")
        current = self.newest(observable.value)
        if current is not None and current.state in (State.PROPOSED, State.PUBLISHED):
            if current.audience not in self._record.visible_to(viewer):
                # It waits for approval already, which this proposer may not see: the answer does not tell.
                return current.id
            raise Conflict(f"{observable.value} is {current.state.value} already", hint=f"See decision {current.id}.")
        self._check_bar(viewer, observable.value)
        body, _ = self._case(observable.value, new_id(self._randomness), _actor(viewer), chosen)
        body = msgspec.structs.replace(body, reason=reason[:1000])
        self._write("decision.proposed", APPROVERS, body)
        return body.decision

    def approve(self, viewer: Viewer, which: str, *, days: int = 0, reason: str = "") -> Decision:
        """Approve a proposal, by its id or name; it is published with its evidence and an expiry."""
        if not viewer.may("approve"):
            raise NotAllowed("this role may not approve a block", hint="Ask an approver.")
        item = self._find(viewer, which)
        if item.state is not State.PROPOSED:
            raise Conflict(f"{item.name} is {item.state.value}, not proposed", hint="See `fusioncell shield list`.")
        self._check_bar(viewer, item.name)
        if item.guards and (item.proposed_by == _actor(viewer) or not reason.strip()):
            raise Conflict(
                f"{item.name} is guarded: {item.guards[0]}",
                hint="A second person must approve it, with a "
                "reason why losing every page and mailbox of the name is proportionate.",
            )
        life = policy.DEFAULT_LIFE if days <= 0 else min(days * 86_400_000_000, policy.MAX_LIFE)
        body, _ = self._case(item.name, item.id, _actor(viewer), item.category)
        if item.proposed_by == "rule" and body.malicious < policy.MALICIOUS_AT_LEAST:
            raise Conflict("the evidence no longer suffices", hint="It was recalled or contradicted since.")
        self._write(
            "decision.published",
            PARTNERS,
            msgspec.structs.replace(
                body,
                expires=self._clock.now() + life,
                reason=reason[:1000],
                approvers=[_actor(viewer)],
                severity=item.severity,
                origin=item.origin,
                exercise=item.exercise,
                reason_code=item.reason_code,
            ),
        )
        return item

    def withdraw(self, viewer: Viewer, which: str, reason: str) -> Decision:
        """Withdraw a proposal or lift a block, by its id or name; it leaves the zone at once."""
        if not viewer.may("withdraw_block"):
            raise NotAllowed("this role may not withdraw a block", hint="Ask an approver.")
        item = self._find(viewer, which)
        if item.state not in (State.PROPOSED, State.PUBLISHED):
            raise Conflict(f"{item.name} is {item.state.value} already")
        audience = PARTNERS if item.state is State.PUBLISHED else APPROVERS
        self._write(
            "decision.withdrawn", audience, _body_of(item, by=_actor(viewer), reason=reason[:1000] or "withdrawn")
        )
        return item

    def _check_bar(self, viewer: Viewer, name: str) -> None:
        barred = self._barred([name], viewer)  # a person's own sight decides: what is hidden from them has no effect
        if name in barred and not barred[name].fresh:
            raise Conflict(
                "this name was blocked before and lifted as wrong, on the word of those who speak against it now",
                hint="A new, independent origin is needed; or two people end the bar.",
            )

    # -- for the packages of the shield ------------------------------------------------------------------------------

    def those(self, identifiers: Iterable[str]) -> list[Decision]:
        """Return the decisions with these ids, in order; the caller has filtered them."""
        with self._database.read() as connection:
            return [_decision(row) for row in store.by_ids(connection, identifiers)]

    def endings(self, items: Iterable[Decision], *, by: str, reason: str) -> list[Draft]:
        """Make the entries that end open decisions, for who appends them with others in one commit."""
        partners, approvers = self._record.intern_audience(PARTNERS), self._record.intern_audience(APPROVERS)
        return [
            Draft(
                "decision.withdrawn",
                partners if item.state is State.PUBLISHED else approvers,
                Payload("", item.id, 0, "", _encode(_body_of(item, by=by, reason=reason))),
            )
            for item in items
        ]

    # -- read --------------------------------------------------------------------------------------------------------

    def decisions(
        self, viewer: Viewer, states: Sequence[State], *, limit: int = 100, offset: int = 0
    ) -> list[Decision]:
        """List decisions that the viewer may see, newest first."""
        audiences = self._record.visible_to(viewer)
        with self._database.read() as connection:
            rows = store.listed(connection, [s.value for s in states], audiences, limit, offset)
        return [_released(_decision(row), audiences) for row in rows]

    def tally(self, viewer: Viewer) -> dict[str, int]:
        """Count the decisions that the viewer may see, by state."""
        with self._database.read() as connection:
            return store.tally(connection, self._record.visible_to(viewer))

    def newest(self, name: str, viewer: Viewer | None = None) -> Decision | None:
        """Return the newest decision on a name (that the viewer may see)."""
        audiences = self._record.audiences_where(lambda _: True) if viewer is None else self._record.visible_to(viewer)
        with self._database.read() as connection:
            row = store.newest_for(connection, name, audiences)
        return _released(_decision(row), audiences) if row else None

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
        return _decision(row)

    def _write(self, kind: str, audience: Audience, body: Body) -> None:
        number = self._record.intern_audience(audience)
        self._record.append(
            "", [Draft(kind, number, Payload("", body.decision, 0, "", _encode(body)))], new_id(self._randomness)
        )


def _actor(viewer: Viewer) -> str:
    return viewer.person or viewer.org or ""


def _released(item: Decision, audiences: frozenset[int]) -> Decision:
    """Leave out of a decision the evidence that these audiences may not see, without a trace of how much that was."""
    seen: dict[str, Cited] = {}
    for cited in item.evidence:
        if cited.audience in audiences:
            seen.setdefault(cited.contribution, cited)
    return replace(item, evidence=tuple(seen.values()))


def _body_of(item: Decision, *, by: str, reason: str) -> Body:
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
        item.reason_code,
    )


def _decision(row: tuple[Any, ...]) -> Decision:
    (
        identifier,
        name,
        category,
        state,
        malicious,
        active,
        proposed_at,
        published_at,
        expires_at,
        ended_at,
        evidence,
        proposed_by,
        approver,
        reason,
        guards,
        audience,
        approvers,
        standing,
        severity,
        origin,
        exercise,
        digest,
        reason_code,
    ) = row
    return Decision(
        identifier,
        name,
        category,
        State(state),
        malicious,
        active,
        proposed_at,
        published_at,
        expires_at,
        ended_at,
        tuple(msgspec.json.decode(evidence, type=list[Cited])),
        proposed_by,
        approver,
        reason,
        tuple(msgspec.json.decode(guards, type=list[str])),
        audience,
        tuple(msgspec.json.decode(approvers, type=list[str])),
        standing,
        severity,
        origin,
        bool(exercise),
        digest,
        reason_code,
    )
