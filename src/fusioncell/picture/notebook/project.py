"""Follow the record: the papers of investigations. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture.notebook import store
from fusioncell.picture.notebook.model import PAPER, Paper
from fusioncell.picture.notebook.store import metadata

__all__ = ["metadata", "project"]

_paper = msgspec.json.Decoder(Paper).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    rows = []
    for entry in entries:
        if entry.kind != PAPER or entry.payload is None:
            continue
        body = _paper(entry.payload.body)
        subject = entry.payload.subject
        rows.append((entry.seq, subject, body.of or subject, body.what.value, entry.org,
                     storable(entry.payload.author[:64]), entry.audience, entry.at,
                     storable(entry.payload.body.decode())))  # fmt: skip
    if rows:
        store.add(connection, rows)
