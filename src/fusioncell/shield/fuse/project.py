"""Follow the record: acts, who agreed, and whether the zones are frozen. Called by the river, before the shield's."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.fuse import store
from fusioncell.shield.fuse.model import AGREED, ASKED, KINDS, NEEDED, REFUSED, THAWED, Asked, Said, State
from fusioncell.shield.fuse.store import metadata

__all__ = ["metadata", "project"]

_RULE = "rule"
EPOCH = "hub.epoch"
"""Kind of the entry with which a restored hub begins a new life: what it holds may be older than what is served."""


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    for entry in entries:
        if entry.kind == EPOCH:
            store.freeze(connection, entry.seq, entry.at)
        elif entry.kind in KINDS and entry.payload is not None and not entry.org:
            if entry.kind == ASKED:
                _ask(connection, entry, msgspec.json.decode(entry.payload.body, type=Asked))
            else:
                _say(connection, entry, msgspec.json.decode(entry.payload.body, type=Said))


def _ask(connection: Connection, entry: Entry, asked: Asked) -> None:
    row = (entry.seq, asked.act, asked.kind, asked.by, storable(asked.reason), asked.value, len(asked.decisions),
           entry.at, entry.audience)  # fmt: skip
    store.add_act(connection, row)
    if asked.decisions:
        store.hold(connection, [(decision, asked.kind, asked.act) for decision in asked.decisions])
    if asked.by != _RULE:
        store.add_word(connection, asked.act, asked.by, entry.seq)


def _say(connection: Connection, entry: Entry, said: Said) -> None:
    waiting = (State.WAITING.value,)
    if entry.kind == THAWED:
        store.thaw(connection)
    elif entry.kind == AGREED:
        if store.add_word(connection, said.act, said.by, entry.seq) >= NEEDED:
            store.move(connection, said.act, State.CONFIRMED, waiting, entry.at, said.by)
    elif entry.kind == REFUSED:
        store.move(connection, said.act, State.REFUSED, waiting, entry.at, said.by)
    else:
        store.move(connection, said.act, State.CARRIED, (State.CONFIRMED.value,), entry.at, said.by)
