"""The projection of the directory: called by the river with each batch, in ``seq`` order."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.members.directory import store
from fusioncell.members.directory.store import metadata

__all__ = ["metadata", "project", "purge"]


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries; what is not of the directory is passed over. Batch boundaries do not show."""
    store.project(connection, entries)


def purge(connection: Connection, seq: int) -> None:
    """Take out the personal data that the entry at this position brought, after its payload was erased."""
    store.purge(connection, seq)
