"""Project decisions into the zone, and note what has become due. The last step of the river.

1. Where the decisions stand that a cut's entries name, and which names are taken, is read once.
2. Each entry is applied to what was read, in the record's order.
3. What came of it is written: opened, published, ended, the zone's steps, the tally. A decision's state never goes
   back, so written in this order it ends the same as one by one. A statement for each decision took most of the time of
   a rebuild. Who reads the tables between two entries (an endorsement, a renewal, a policy) has all written first.
4. What is due for the names that moved is noted.

What is due is a pure function of the evidence and the last decision on a name, recomputed whenever either moves, so
batches and replays end the same. Whoever acts on it appends an entry; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.fusion.project import Changes
from fusioncell.fusion.service import assess_within, find_many
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield import policy, store
from fusioncell.shield.charter import project as charter
from fusioncell.shield.charter.model import Policy
from fusioncell.shield.fuse.model import ROLLED_BACK
from fusioncell.shield.fuse.project import EPOCH
from fusioncell.shield.lift.choose import rest_of
from fusioncell.shield.lift.project import bars_on
from fusioncell.shield.model import (
    ACTOR,
    COMPROMISED,
    ENDORSED,
    KINDS,
    PROPOSE,
    RENEWED,
    SEVERITIES,
    STATE_AFTER,
    Body,
    Endorsement,
    State,
)

EPOCH_LEAP = 86_400
"""How far a new epoch's serial leaps ahead of the clock (RFC 1982 allows 2^31)."""
FURTHEST = 1 << 31
"""A serial further ahead than this is no newer one (RFC 1982 §3.2)."""
OUT_OF_POLICY = "the policy no longer names its category"
_OPEN = frozenset({State.PROPOSED.value, State.PUBLISHED.value})
_body = msgspec.json.Decoder(Body).decode


def project(connection: Connection, entries: Sequence[Entry], changes: Changes, audiences: frozenset[int]) -> None:
    """Apply one cut. ``audiences``: those whose uses allow blocking, all that the shield may ever see."""
    # A name that only history has named so far has no decision, and no rule may propose it: skipping is exact.
    moved = {
        number: o for number, o in changes.moved.items() if number not in changes.stale_news and policy.can_block(o)
    }
    bodies = {
        entry.seq: _body(entry.payload.body)
        for entry in entries
        if entry.kind in KINDS and entry.payload is not None and not entry.org
    }
    decisions = _Decisions(connection, [(entry, bodies[entry.seq]) for entry in entries if entry.seq in bodies])
    names = {body.name for body in bodies.values()}
    for entry in entries:
        if entry.seq in bodies:
            decisions.apply(entry, bodies[entry.seq])
        elif entry.kind == EPOCH:
            decisions.step(entry, "", added=False)
        elif (policy_now := charter.project(connection, entry)) is not None:
            names.update(decisions.adopt(entry, policy_now))
    decisions.save()
    if names:
        moved.update(find_many(connection, [Observable(ObservableType.DOMAIN, name) for name in sorted(names)]))
    if moved:
        _note_due(connection, moved, audiences)


@dataclass(slots=True)
class _Standing:
    """What a decision stands at. ``seq``: of the entry that opened it."""

    seq: int
    name: str
    category: str
    severity: str
    state: str
    exercise: int
    reason_code: str


class _Decisions:
    """The decisions while one cut is applied to them."""

    def __init__(self, connection: Connection, bodies: Sequence[tuple[Entry, Body]]) -> None:
        self._connection = connection
        self._known = store.categories(connection) if bodies else frozenset[str]()
        self._standing: dict[str, _Standing] = {}
        self._learn([body.decision for _, body in bodies])
        self._taken: set[tuple[str, bool]] = set()
        """(name, whether for an exercise) that an open decision holds."""
        for exercise in (False, True):
            names = {body.name for entry, body in bodies if entry.kind in PROPOSE and body.exercise is exercise}
            newest = store.last_for(connection, names, exercise=exercise) if names else {}
            self._taken |= {(name, exercise) for name, row in newest.items() if row[0] in _OPEN}
        self._serial: int | None = None
        self._opened: list[tuple[Any, ...]] = []
        self._published: list[tuple[Any, ...]] = []
        self._ended: list[tuple[Any, ...]] = []
        self._steps: list[tuple[int, str, int, int, int]] = []
        self._counts: dict[tuple[str, str], int] = {}

    def _learn(self, ids: Sequence[str]) -> None:
        for row in store.standing_of(self._connection, ids) if ids else ():
            self._standing[row[0]] = _Standing(*row[1:])

    def apply(self, entry: Entry, body: Body) -> None:
        """Apply an entry of a decision."""
        state = STATE_AFTER[entry.kind]
        if entry.kind in PROPOSE:
            self._open(entry, body, state)
        elif entry.kind == ENDORSED:
            self._endorse(entry, body)
        elif entry.kind == RENEWED:
            self.save()
            store.renew(self._connection, body)
        elif state is State.PUBLISHED:
            self._publish(entry, body)
        else:
            self._end(entry, body.decision, state, body.by, storable(body.reason), body.reason_code)

    def _open(self, entry: Entry, body: Body, state: State) -> None:
        if not self._known:
            self._known = frozenset(one.id for one in charter.in_force(self._connection).categories)
            store.set_categories(self._connection, self._known)
        if (body.category not in self._known or body.severity not in SEVERITIES
                or body.origin not in (ACTOR, COMPROMISED)):  # fmt: skip
            return  # Outside the policy in force: no entry that says so makes it otherwise.
        if (body.name, body.exercise) in self._taken:
            # Two proposed the name at once, each before the other's entry was projected: the first stands. With two
            # open decisions on one name, ending one would free a name that the other still blocks.
            return
        self._opened.append(store.opening(entry.seq, entry.at, entry.audience, state, body))
        self._standing[body.decision] = _Standing(entry.seq, body.name, body.category, body.severity, state.value,
                                                  int(body.exercise), storable(body.reason_code))  # fmt: skip
        if state is State.PROPOSED:
            self._taken.add((body.name, body.exercise))

    def _endorse(self, entry: Entry, body: Body) -> None:
        self.save()
        row = store.by_id(self._connection, body.decision)
        item = store.decision_of(row) if row is not None else None
        if item is not None and body.by not in {one.by for one in item.endorsed}:
            words = [*item.endorsed, Endorsement(body.by, entry.at, body.reason)]
            store.endorse(self._connection, item.id, words)

    def _publish(self, entry: Entry, body: Body) -> None:
        item = self._standing.get(body.decision)
        if item is None or item.state != State.PROPOSED or body.expires <= entry.at:
            return
        item.state = State.PUBLISHED.value
        serial = 0
        if not item.exercise:
            serial = self.step(entry, item.name, added=True)
            self._count(item, 1)
        self._published.append(store.publication(item.seq, entry.at, entry.audience, serial, body))

    def _end(self, entry: Entry, decision: str, state: State, by: str, reason: str, code: str = "") -> None:
        item = self._standing.get(decision)
        if item is None or item.state not in _OPEN:
            return
        self._ended.append((state.value, entry.at, by, reason, storable(code) or item.reason_code, item.seq))
        if item.state == State.PUBLISHED and not item.exercise:
            self.step(entry, item.name, added=False)
            self._count(item, -1)
        item.state = state.value
        self._taken.discard((item.name, bool(item.exercise)))

    def adopt(self, entry: Entry, policy_now: Policy) -> list[str]:
        """Put a policy in force; return the names of open decisions that it no longer covers: they end with it."""
        self.save()
        kept = [one.id for one in policy_now.categories]
        outside = store.open_outside(self._connection, kept)
        self._learn([row[0] for row in outside])
        for decision, *_ in outside:
            self._end(entry, decision, State.WITHDRAWN, "rule", OUT_OF_POLICY)
        self.save()
        store.set_categories(self._connection, kept)
        self._known = frozenset(kept)
        return [name for _, name, *_ in outside]

    def step(self, entry: Entry, name: str, *, added: bool) -> int:
        """Note a step of the zone; return its serial."""
        # The serial follows the record's clock, so a restored hub's next serial is beyond any that was ever served;
        # many steps within a second may have run ahead of the clock, hence the leap. A clock that was a century ahead
        # for a moment is not followed: to a resolver such a serial would be an older one, for good (RFC 1982 §3.2).
        clock = entry.at // 1_000_000 + (EPOCH_LEAP if not name else 0)
        last = store.last_serial(self._connection) if self._serial is None else self._serial
        self._serial = clock if last < clock < last + FURTHEST else last + 1
        self._steps.append((self._serial, name, int(added), entry.at, entry.seq))
        return self._serial

    def _count(self, item: _Standing, by: int) -> None:
        sort = item.category, item.severity
        self._counts[sort] = self._counts.get(sort, 0) + by

    def save(self) -> None:
        """Write what the entries so far brought about."""
        connection = self._connection
        for rows, write in (
            (self._opened, store.open_decisions), (self._published, store.publish), (self._ended, store.end),
            (self._steps, store.add_changes),
        ):  # fmt: skip
            if rows:
                write(connection, rows)
        if self._counts:
            store.count_names(connection, [(*sort, by) for sort, by in self._counts.items()])
        self._opened, self._published, self._ended, self._steps, self._counts = [], [], [], [], {}


def _note_due(connection: Connection, moved: dict[int, Observable], audiences: frozenset[int]) -> None:
    names = [o.value for o in moved.values()]
    last = store.last_for(connection, names)
    waiting = store.due_for(connection, names)
    barred = bars_on(connection, names)
    for number, assessment in assess_within(connection, moved, audiences, None).items():
        name = moved[number].value
        state, proposed_by, ended_by = last.get(name, ("", "", ""))
        by_rule = ended_by in ("rule", ROLLED_BACK) if state == State.WITHDRAWN else proposed_by == "rule"
        action = policy.due(assessment, State(state) if state else None, by_rule)
        if name in barred and state not in (State.PROPOSED, State.PUBLISHED):
            # Lifted as wrong: only what other origins say can have it looked at again, and only once.
            rest = rest_of(assessment, barred[name], assessment.last or 0)
            anew = state != State.REFUSED and rest is not None and policy.suffices(rest)
            action = "propose" if anew else ""
        if action != waiting.get(name, ""):
            store.set_due(connection, name, action)
