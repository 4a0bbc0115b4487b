"""Follow the record: subscribers, their steps, and the marks of the zones. Called by the river, behind the shield."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.subscribers import store
from fusioncell.shield.subscribers.model import ADDED, ENDED, KINDS, MARKED, Body, Mark
from fusioncell.shield.subscribers.store import metadata

__all__ = ["metadata", "project"]

_body = msgspec.json.Decoder(Body).decode
_mark = msgspec.json.Decoder(Mark).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut. Only entries of the hub's own count, as all of them pass its checks."""
    for entry in entries:
        if entry.payload is None or entry.org:
            continue
        if entry.kind in KINDS:
            _subscriber(connection, entry, _body(entry.payload.body))
        elif entry.kind == MARKED:
            said = _mark(entry.payload.body)
            store.add_mark(connection, entry.seq, entry.at, said.merge, said.held)


def _subscriber(connection: Connection, entry: Entry, body: Body) -> None:
    body = msgspec.structs.replace(body, label=storable(body.label), reference=storable(body.reference))
    before = store.by_id(connection, body.subscriber)
    if entry.kind == ADDED:
        store.add(connection, body, entry.audience, entry.at)
    elif before is not None:
        store.change(connection, body, entry.at, ended=entry.kind == ENDED)
    else:
        return
    if before is None or before.step is not body.step:
        store.add_step(connection, entry.seq, body, entry.audience, entry.at)
