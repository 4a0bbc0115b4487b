"""Follow the record: what was done about items, and what of it was undone. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.intake import signed64
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture.triage import store
from fusioncell.picture.triage.model import ACT, NOTE_KEY, Act, Kind
from fusioncell.picture.triage.store import metadata

__all__ = ["metadata", "project"]

_act = msgspec.json.Decoder(Act).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut, in order: an undo takes back an act of its own audience that came before it."""
    for entry in entries:
        if entry.kind != ACT or entry.payload is None:
            continue
        body = _act(entry.payload.body)
        if body.kind is Kind.UNDO:
            store.undo(connection, body.of, entry.audience)
            continue
        keys = (NOTE_KEY,) if body.kind is Kind.HANDOVER else body.keys
        author = storable(entry.payload.author[:64])
        store.add(connection, [
            (signed64(key), entry.seq, place, storable(key), entry.payload.subject, body.kind.value, entry.org, author,
             entry.audience, entry.at, storable(body.to[:64]), body.until, storable(body.said), 0)
            for place, key in enumerate(keys)
        ])  # fmt: skip
