"""Follow the record: which name is said to stand on which address. Called by the river with each cut."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.shield.radius import store
from fusioncell.shield.radius.stated import edges_of
from fusioncell.shield.radius.store import metadata

__all__ = ["metadata", "project"]


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    gone = _rows(arrived.ended)
    if gone:
        store.drop(connection, gone)
    rows = _rows((arrival.entry, arrival.extract) for arrival in arrived.arrivals)
    if rows:
        store.add(connection, rows)


def _rows(items: Iterable[tuple[Entry, Extract]]) -> list[tuple[str, str, int, int]]:
    return sorted((one, other, entry.audience, entry.seq) for entry, extract in items
                  for one, other in edges_of(entry, extract))  # fmt: skip
