"""The membership's projection of the record: called by the river with each batch, in ``seq`` order."""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.members import store
from fusioncell.members.accounts import project as accounts
from fusioncell.members.assets import project as assets
from fusioncell.members.circles import project as circles
from fusioncell.members.directory import project as directory
from fusioncell.members.joining import project as joining
from fusioncell.members.privacy import project as privacy
from fusioncell.members.sealing import project as sealing
from fusioncell.members.store import metadata

__all__ = ["metadata", "project", "purge"]


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries; what is not of this room is passed over. Batch boundaries do not show."""
    store.project(connection, entries)
    circles.project(connection, entries)
    directory.project(connection, entries)
    joining.project(connection, entries)
    accounts.project(connection, entries)
    sealing.project(connection, entries)
    assets.project(connection, entries)
    # Behind all others: it takes out of them what was erased.
    privacy.project(connection, entries)


def purge(connection: Connection, seq: int) -> None:
    """Take out the personal data that the entry at this position brought, after its payload was erased."""
    store.purge(connection, seq)
    circles.purge(connection, seq)
    directory.purge(connection, seq)
    joining.purge(connection, seq)
