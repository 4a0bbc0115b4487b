"""Follow the record: queries that were saved, changed, dropped. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture.saved import store
from fusioncell.picture.saved.model import SAVED, Query
from fusioncell.picture.saved.store import metadata

__all__ = ["metadata", "project"]

_query = msgspec.json.Decoder(Query).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut, in order."""
    for entry in entries:
        if entry.kind != SAVED or entry.payload is None:
            continue
        if _query(entry.payload.body).dropped:
            store.drop(connection, entry.payload.subject, entry.audience)
            continue
        store.put(connection, (entry.payload.subject, entry.seq, entry.org, storable(entry.payload.author[:64]),
                               entry.audience, entry.at, storable(entry.payload.body.decode())))  # fmt: skip
