"""Follow the record: holds asked for, placed, lifted. Called by the river with each cut."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.shield.holds import store
from fusioncell.shield.holds.model import ASKED, KINDS, MAX_DAYS, PLACED, HoldBody
from fusioncell.shield.holds.store import metadata

__all__ = ["metadata", "project"]


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut. A hold that no second person confirmed keeps nothing, and none is longer than its bound."""
    for entry in entries:
        if entry.kind not in KINDS or entry.payload is None or entry.org:
            continue
        body = msgspec.json.decode(entry.payload.body, type=HoldBody)
        if entry.kind == ASKED:
            store.ask(connection, (entry.seq, body.hold, body.name, body.by, body.days, entry.at, body.sealed,
                                   entry.audience))  # fmt: skip
        elif entry.kind == PLACED:
            store.place(connection, body.hold, body.by, min(body.until, entry.at + MAX_DAYS * DAY))
        else:
            store.lift(connection, body.hold, entry.at)
