"""Follow the record: rules proposed, signed, stopped, and what people found of their decisions. Called by the river.

Of each rule and day some decisions are drawn to be looked at: those whose ids have the lowest digests, as nobody chose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.standing import store
from fusioncell.shield.standing.model import KINDS, PROPOSED, SIGNED, STOPPED, StandingBody
from fusioncell.shield.standing.store import metadata

__all__ = ["metadata", "project"]
MAX_DAYS = 90
"""Whatever an entry says, no rule stands longer."""
_PUBLISHED = "decision.published"


class _Cites(msgspec.Struct, frozen=True):
    """What is read of a published decision: the standing approval that it cites."""

    decision: str
    standing: str = ""


_cites = msgspec.json.Decoder(_Cites).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    made: dict[tuple[str, int], set[tuple[str, str, int]]] = defaultdict(set)
    for entry in entries:
        if entry.kind == _PUBLISHED and entry.payload is not None and not entry.org:
            said = _cites(entry.payload.body)
            if said.standing:
                mark = sha256(said.decision.encode()).hexdigest()
                made[said.standing, entry.at // DAY].add((mark, said.decision, entry.at))
        if entry.kind not in KINDS or entry.payload is None or entry.org:
            continue
        body = msgspec.json.decode(entry.payload.body, type=StandingBody)
        if entry.kind == PROPOSED and body.rule is not None:
            rule = storable(msgspec.json.encode(body.rule).decode())
            store.propose(connection, (entry.seq, body.standing, rule, body.by, entry.at, entry.audience))
        elif entry.kind == SIGNED:
            known = store.one(connection, body.standing)
            if known is not None:
                until = entry.at + min(known.rule.days, MAX_DAYS) * DAY
                store.sign(connection, body.standing, body.by, entry.at, until)
        elif entry.kind == STOPPED:
            store.stop(connection, body.standing, entry.at, body.by, storable(body.reason))
        elif body.decision:
            store.review(connection, (body.decision, body.standing, body.by, int(body.wrong), storable(body.reason),
                                      entry.at))  # fmt: skip
    for (standing, day), rows in made.items():
        known = store.one(connection, standing)
        if known is not None:
            drawn = {row[0]: row for row in sorted({*store.drawn(connection, standing, day), *rows}, reverse=True)}
            store.draw(connection, standing, day, sorted(drawn.values())[: known.rule.sample])
