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
from fusioncell.kernel.ports import Connection
from fusioncell.shield import policy, store
from fusioncell.shield.charter import project as charter
from fusioncell.shield.deciding import Decisions
from fusioncell.shield.fuse.model import ROLLED_BACK
from fusioncell.shield.fuse.project import EPOCH
from fusioncell.shield.lift.choose import rest_of
from fusioncell.shield.lift.project import bars_on
from fusioncell.shield.model import KINDS, Body, State

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
    decisions = Decisions(connection, [(entry, bodies[entry.seq]) for entry in entries if entry.seq in bodies])
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
