"""Project decisions into the zone, and note what has become due. The last step of the river.

What is due is a pure function of the evidence and the last decision on a name, recomputed whenever either moves, so
batches and replays end the same. Whoever acts on it appends an entry; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    Decision,
    Endorsement,
    State,
)

EPOCH_LEAP = 86_400
"""How far a new epoch's serial leaps ahead of the clock (RFC 1982 allows 2^31)."""
FURTHEST = 1 << 31
"""A serial further ahead than this is no newer one (RFC 1982 §3.2)."""
OUT_OF_POLICY = "the policy no longer names its category"


def project(connection: Connection, entries: Sequence[Entry], changes: Changes, audiences: frozenset[int]) -> None:
    """Apply one cut. ``audiences``: those whose uses allow blocking, all that the shield may ever see."""
    # A name that only history has named so far has no decision, and no rule may propose it: skipping is exact.
    moved = {
        number: o for number, o in changes.moved.items() if number not in changes.stale_news and policy.can_block(o)
    }
    named: list[Observable] = []
    for entry in entries:
        if entry.kind == "hub.epoch":
            _step(connection, entry, "", added=False)
        elif entry.kind in KINDS and entry.payload is not None and not entry.org:
            body = msgspec.json.decode(entry.payload.body, type=Body)
            _apply(connection, entry, body)
            named.append(Observable(ObservableType.DOMAIN, body.name))
        elif (policy_now := charter.project(connection, entry)) is not None:
            named += [Observable(ObservableType.DOMAIN, name) for name in _adopt(connection, entry, policy_now)]
    if named:
        moved.update(find_many(connection, named))
    if moved:
        _note_due(connection, moved, audiences)


def _apply(connection: Connection, entry: Entry, body: Body) -> None:
    state = STATE_AFTER[entry.kind]
    if entry.kind in PROPOSE:
        _open(connection, entry, body, state)
    elif entry.kind == ENDORSED:
        _endorse(connection, entry, body)
    elif entry.kind == RENEWED:
        store.renew(connection, body)
    elif state is State.PUBLISHED:
        if body.expires > entry.at and store.publish(connection, entry.at, entry.audience, body):
            item = store.decision_of(store.by_id(connection, body.decision) or ())
            if not item.exercise:
                store.set_serial(connection, body.decision, _step(connection, entry, item.name, added=True))
                store.count_name(connection, item, 1)
    else:
        row = store.by_id(connection, body.decision)
        if row is not None:
            _end(connection, entry, store.decision_of(row), state, body.by, storable(body.reason), body.reason_code)


def _open(connection: Connection, entry: Entry, body: Body, state: State) -> None:
    known = store.categories(connection)
    if not known:
        known = frozenset(one.id for one in charter.in_force(connection).categories)
        store.set_categories(connection, known)
    if body.category not in known or body.severity not in SEVERITIES or body.origin not in (ACTOR, COMPROMISED):
        return  # Outside the policy in force: no entry that says so makes it otherwise.
    standing = store.last_for(connection, [body.name], exercise=body.exercise).get(body.name)
    if standing is not None and standing[0] in (State.PROPOSED, State.PUBLISHED):
        # Two proposed the name at once, each before the other's entry was projected: the first stands. With two open
        # decisions on one name, ending one would free a name that the other still blocks.
        return
    store.open_decision(connection, entry.seq, entry.at, entry.audience, state, body)


def _endorse(connection: Connection, entry: Entry, body: Body) -> None:
    row = store.by_id(connection, body.decision)
    item = store.decision_of(row) if row is not None else None
    if item is not None and body.by not in {one.by for one in item.endorsed}:
        store.endorse(connection, item.id, [*item.endorsed, Endorsement(body.by, entry.at, body.reason)])


def _end(connection: Connection, entry: Entry, item: Decision, state: State, by: str, reason: str,
         code: str = "") -> None:  # fmt: skip
    store.end(connection, item.id, state.value, entry.at, by, reason, code or item.reason_code)
    if item.state is State.PUBLISHED and not item.exercise:
        _step(connection, entry, item.name, added=False)
        store.count_name(connection, item, -1)


def _adopt(connection: Connection, entry: Entry, policy_now: Policy) -> list[str]:
    """Put a policy in force; return the names of open decisions that it no longer covers: they end with it."""
    kept = [one.id for one in policy_now.categories]
    ended = [store.decision_of(row) for row in store.open_outside(connection, kept)]
    for item in ended:
        _end(connection, entry, item, State.WITHDRAWN, "rule", OUT_OF_POLICY)
    store.set_categories(connection, kept)
    return [item.name for item in ended]


def _step(connection: Connection, entry: Entry, name: str, *, added: bool) -> int:
    """Note a step of the zone; return its serial."""
    # The serial follows the record's clock, so a restored hub's next serial is beyond any that was ever served; many
    # steps within a second may have run ahead of the clock, hence the leap. A clock that was a century ahead for a
    # moment is not followed: to a resolver such a serial would be an older one, for good (RFC 1982 §3.2).
    clock = entry.at // 1_000_000 + (EPOCH_LEAP if not name else 0)
    last = store.last_serial(connection)
    serial = clock if last < clock < last + FURTHEST else last + 1
    store.add_change(connection, serial, name, added, entry.at, entry.seq)
    return serial


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
