"""Follow the record: appeals, what was written, how they ended. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.appeals import store
from fusioncell.shield.appeals.model import ENDS, FORGOTTEN, KINDS, LODGED, PROVED, SAID, Lodged, Outcome, Words
from fusioncell.shield.appeals.store import metadata

__all__ = ["metadata", "project"]


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    for entry in entries:
        if entry.kind in KINDS and entry.payload is not None and not entry.org:
            _apply(connection, entry, entry.payload.body)


def _apply(connection: Connection, entry: Entry, body: bytes) -> None:
    if entry.kind == LODGED:
        made = msgspec.json.decode(body, type=Lodged)
        store.lodge(connection, (entry.seq, made.appeal, made.mark, made.name, made.decision, made.role, made.language,
                                 entry.at, entry.audience))  # fmt: skip
    elif entry.kind == SAID:
        words = msgspec.json.decode(body, type=Words)
        store.say(connection, (words.appeal, entry.seq, storable(words.text), storable(words.contact)))
    else:
        told = msgspec.json.decode(body, type=Outcome)
        if entry.kind == PROVED:
            store.prove(connection, told.appeal, entry.at)
        elif entry.kind == FORGOTTEN:
            store.forget(connection, told.appeal, entry.at)
        elif entry.kind in ENDS:
            state = entry.kind.rpartition(".")[2]
            store.end(connection, told.appeal, state, entry.at, told.by, storable(told.reason))
