"""Follow the record: rules proposed, signed, stopped, and what people found of their decisions. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

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


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    for entry in entries:
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
