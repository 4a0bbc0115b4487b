"""Follow the record: the papers of horizon scanning. Called by the river."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable
from fusioncell.picture.horizon import store
from fusioncell.picture.horizon.model import PAPER, Paper, What
from fusioncell.picture.horizon.store import metadata

__all__ = ["metadata", "project"]

_paper = msgspec.json.Decoder(Paper).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    rows = []
    for one in entries:
        if one.kind == PAPER and one.payload is not None:
            said, paper = one.payload, _paper(one.payload.body)
            opens = paper.kind.value if paper.what is What.ITEM else ""
            rows.append((one.seq, paper.of or said.subject, said.subject, opens, storable(said.author[:64]), one.org,
                         one.at, one.audience, storable(said.body.decode())))  # fmt: skip
    if rows:
        store.add(connection, rows)
