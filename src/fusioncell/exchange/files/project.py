"""Follow the record: which posts refer to which files. Called by the river.

All versions of a post refer to their files, as their readers may look back at them, until the post is withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.exchange.files import store
from fusioncell.exchange.files.store import metadata
from fusioncell.intake import read_post
from fusioncell.intake.project import Arrived
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]


def project(connection: Connection, arrived: Arrived) -> None:
    """Apply one cut."""
    for entry, recall in arrived.recalls:
        # A recall ends the items of its own entry's audience alone (see intake).
        store.end_files(connection, recall.first, recall.last, entry.audience, entry.seq)
    rows = []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        if entry.kind != "post" or entry.payload is None:
            continue
        try:
            body = read_post(entry.payload.body)
        except ValueError:
            continue  # intake lists it as a fault
        rows += [(entry.seq, storable(each.digest[:64]), entry.org, entry.audience, min(each.size, 1 << 40), entry.at)
                 for each in body.files]  # fmt: skip
    if rows:
        store.add_files(connection, rows)


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what the entries at these positions referred to, after their payloads were erased."""
    store.drop_files(connection, seqs)
