"""What operators do to a hub at rest: rebuild what is derived from the record, check it, restore a backup.

The record and the vault are the truth; every projection can be dropped and made again to the same bytes (rule 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fusioncell.bootstrap import (
    Difference,
    Folder,
    Hub,
    TableDump,
    differing_rows,
    drop_projections,
    dump_projections,
    fresh_projections,
    open_hub,
    read_backup,
)
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses
from fusioncell.kernel.settings import Settings
from fusioncell.river import River

NOBODY = Audience(Tlp.AMBER_STRICT, frozenset(), Uses.NONE)
_MAX_TABLES_SHOWN = 10
EPOCH_LEAP = 4096


@dataclass(frozen=True, slots=True)
class Check:
    """What a comparison found: the position, each table's digest as it stands, and where a rebuild differs."""

    position: int
    tables: list[TableDump]
    differing: list[str]
    rows: list[Difference]

    @property
    def equal(self) -> bool:
        """Tell whether the standing projections equal the rebuilt ones."""
        return not self.differing


def check(hub: Hub) -> Check:
    """Rebuild the projections beside the standing ones, up to the same position, and compare every row."""
    position = hub.river.position
    standing = hub.databases["projections"]
    with fresh_projections(hub.folder, hub.settings) as fresh:
        River(hub.record, fresh, hub.seal, hub.river.commons).run_dry(until=position)
        left, right = dump_projections(standing), dump_projections(fresh)
        differing = [a.table for a, b in zip(left, right, strict=True) if a != b]
        rows = [row for table in differing[:_MAX_TABLES_SHOWN] for row in differing_rows(standing, fresh, table)]
    return Check(position, left, differing, rows)


def rebuild(data: Path, settings: Settings) -> int:
    """Drop all projections and make them again from the record; returns the position that they now hold."""
    folder = Folder(data)
    _ = folder.kind
    hub = open_hub(data, settings)  # it is at rest, and its record can be read, before anything is dropped
    hub.privacy.erase_withdrawn()
    hub.close()
    drop_projections(folder, settings)
    hub = open_hub(data, settings)
    try:
        hub.river.run_dry()
        hub.members.forget()
        return hub.river.position
    finally:
        hub.close()


def restore(source: Path, data: Path, settings: Settings) -> dict[str, Any]:
    """Make a hub out of a backup, in a new folder.

    1. Unpack by known names, check every digest and both databases.
    2. Verify the record's digests and chain; rebuild the projections.
    3. Open a new epoch: what was handed out after the backup (cursors, zone serials) must not be mistaken for ours.
    """
    if settings.database_url:
        raise BadInput(
            "a backup is of the embedded databases, and this hub is set to use PostgreSQL",
            hint="Restore PostgreSQL with pg_restore; or unset FUSIONCELL_DATABASE_URL.",
        )
    manifest = read_backup(source, data)
    hub = open_hub(data, settings)
    try:
        entries = hub.record.verify()
        hub.river.run_dry()
        # A leap, because one backup may be restored more than once, and each life hands out cursors of its own.
        epoch = hub.record.open_epoch(beyond=int.from_bytes(hub.randomness.bytes(2)) % EPOCH_LEAP)
        nobody = hub.record.intern_audience(NOBODY)
        hub.record.append(
            "", [Draft("hub.epoch", nobody, Payload("", str(epoch), 0, "", b"{}"))], new_id(hub.randomness)
        )
        hub.river.run_dry()
        hub.shield.follow()
        return {
            "backup_of": manifest.get("at", ""),
            "entries": entries,
            "position": hub.river.position,
            "epoch": epoch,
            "serial": hub.shield.zone.serial,
            "zone": hub.shield.zone.origin,
        }
    finally:
        hub.close()
