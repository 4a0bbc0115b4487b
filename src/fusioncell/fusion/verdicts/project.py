"""Project verdicts out of the entries of decisions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from fusioncell.fusion.verdicts import store
from fusioncell.fusion.verdicts.model import NOBODY, OVERTURNED, UPHELD, Decided
from fusioncell.fusion.verdicts.store import metadata
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import TYPE_CODES, Observable, ObservableType, key64
from fusioncell.kernel.ports import Connection

_decode = msgspec.json.Decoder(Decided).decode


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply one cut."""
    rows: list[tuple[object, ...]] = []
    for entry in entries:
        if entry.kind not in (UPHELD, OVERTURNED) or entry.payload is None or entry.org:
            continue
        said = _decode(entry.payload.body)
        if said.by in NOBODY or said.exercise:
            continue
        name = Observable(ObservableType.DOMAIN, said.name)
        rows.append((entry.seq, said.decision, key64(name), TYPE_CODES[name.type], name.value,
                     int(entry.kind == UPHELD), said.malicious, entry.audience, entry.at))  # fmt: skip
    if rows:
        store.add(connection, rows)


__all__ = ["metadata", "project"]
