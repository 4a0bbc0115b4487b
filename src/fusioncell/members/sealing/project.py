"""The officers, projected from the record."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.members.sealing import store
from fusioncell.members.sealing.entries import KIND, OfficerNamed
from fusioncell.members.sealing.store import metadata, vault_metadata

__all__ = ["metadata", "project", "vault_metadata"]

_decode = msgspec.json.Decoder(OfficerNamed).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch; what is not of this package, erased or not the hub's own is passed over."""
    for entry in entries:
        if entry.kind == KIND and entry.payload is not None and not entry.org:
            store.apply(connection, entry, _decode(entry.payload.body))
