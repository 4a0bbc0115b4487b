"""Follow the record: texts enter with their sketch as they arrive, and leave as they end. Called by the river."""

from __future__ import annotations

from fusioncell.fusion.alike import store
from fusioncell.fusion.alike.sketch import bands_of, packed, sketch
from fusioncell.fusion.alike.store import metadata
from fusioncell.intake.project import Arrived
from fusioncell.kernel.ports import Connection

__all__ = ["metadata", "project"]

_TEXT = "text"
"""The kind of entries that are prose: mails, reports, pasted texts."""


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    gone = [entry.seq for entry, _ in arrived.ended if entry.kind == _TEXT]
    if gone:
        store.drop(connection, gone)
    rows, keys = [], []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        if entry.kind != _TEXT:
            continue
        found = sketch(arrival.extract.text)
        if found is not None:
            rows.append((entry.seq, entry.audience, entry.contribution, entry.org, entry.at, packed(found)))
            keys += [(band, entry.seq, entry.audience) for band in bands_of(found)]
    if rows:
        store.add(connection, rows, sorted(keys))
