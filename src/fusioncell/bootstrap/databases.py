"""The databases of a hub: which tables stand in which, how they are made, dropped, compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from fusioncell.edges.database import SqlDatabase, open_postgres, open_sqlite
from fusioncell.edges.dump import Difference, TableDump, differences, dump
from fusioncell.edges.folder import Folder
from fusioncell.edges.migrate import migrate
from fusioncell.edges.system import SystemClock, SystemRandomness
from fusioncell.exchange.anonymous import store as anonymous_store
from fusioncell.exchange.cursors import store as cursors_store
from fusioncell.exchange.desk import store as desk_store
from fusioncell.exchange.detect import project as detect_project
from fusioncell.exchange.files import store as files_store
from fusioncell.exchange.hooks import store as hooks_store
from fusioncell.exchange.inbound import store as inbound_store
from fusioncell.exchange.mail import store as mail_store
from fusioncell.exchange.misp import project as misp_project
from fusioncell.exchange.misp.keep import store as mispkeep_store
from fusioncell.exchange.notify import store as notify_store
from fusioncell.exchange.participation import project as participation_project
from fusioncell.exchange.proxy import project as proxy_project
from fusioncell.exchange.receipts import store as receipts_store
from fusioncell.exchange.requests import project as requests_project
from fusioncell.exchange.talk import store as talk_store
from fusioncell.exchange.taxii import store as taxii_store
from fusioncell.fusion import store as fusion_store
from fusioncell.fusion.alike import project as alike_project
from fusioncell.fusion.clusters import project as clusters_project
from fusioncell.fusion.entities import store as entities_store
from fusioncell.fusion.learned import project as learned_project
from fusioncell.fusion.origins import project as origins_project
from fusioncell.fusion.overrides import project as overrides_project
from fusioncell.fusion.verdicts import project as verdicts_project
from fusioncell.fusion.vulns import store as vulns_store
from fusioncell.intake import store as intake_store
from fusioncell.kernel.settings import Settings
from fusioncell.members import store as members_store
from fusioncell.members.accounts import store as accounts_store
from fusioncell.members.assets import store as assets_store
from fusioncell.members.audit import store as audit_store
from fusioncell.members.circles import store as circles_store
from fusioncell.members.directory import store as directory_store
from fusioncell.members.joining import store as joining_store
from fusioncell.members.oidc import store as oidc_store
from fusioncell.members.privacy import store as privacy_store
from fusioncell.members.sealing import store as sealing_store
from fusioncell.members.signing import store as signing_store
from fusioncell.picture import store as picture_store
from fusioncell.picture.horizon import project as horizon_project
from fusioncell.picture.notebook import project as notebook_project
from fusioncell.picture.products import metadata as products_metadata
from fusioncell.picture.saved import project as saved_project
from fusioncell.picture.service import create_words, drop_words
from fusioncell.picture.triage import project as triage_project
from fusioncell.record import store as record_store
from fusioncell.record.service import Record, move_cursor, read_cursor
from fusioncell.river import CURSOR
from fusioncell.shield import store as shield_store
from fusioncell.shield.appeals import project as appeals_project
from fusioncell.shield.charter import project as charter_project
from fusioncell.shield.fuse import project as fuse_project
from fusioncell.shield.guards import project as guards_project
from fusioncell.shield.hits import project as hits_project
from fusioncell.shield.holds import project as holds_project
from fusioncell.shield.lift import project as lift_project
from fusioncell.shield.radius import project as radius_project
from fusioncell.shield.standing import project as standing_project
from fusioncell.shield.subscribers import project as subscribers_project
from fusioncell.shield.translog import project as translog_project

if TYPE_CHECKING:
    pass

PROJECTIONS = (
    record_store.projection_metadata, intake_store.metadata, fusion_store.metadata, entities_store.metadata,
    vulns_store.metadata,
    vulns_store.metadata, clusters_project.metadata,
    origins_project.metadata, learned_project.metadata, alike_project.metadata, overrides_project.metadata,
    verdicts_project.metadata, picture_store.metadata,
    members_store.metadata, joining_store.metadata, accounts_store.metadata, circles_store.metadata,
    directory_store.metadata, sealing_store.metadata, privacy_store.metadata, assets_store.metadata,
    talk_store.metadata, files_store.metadata, requests_project.metadata, shield_store.metadata,
    charter_project.metadata, guards_project.metadata, holds_project.metadata,
    radius_project.metadata, standing_project.metadata,
    appeals_project.metadata, fuse_project.metadata, lift_project.metadata, translog_project.metadata,
    subscribers_project.metadata, hits_project.metadata,
    receipts_store.metadata, participation_project.metadata, proxy_project.metadata, misp_project.metadata,
    taxii_store.metadata, detect_project.metadata, products_metadata,
    triage_project.metadata, notebook_project.metadata, saved_project.metadata,
    horizon_project.metadata,
)  # fmt: skip
"""Tables that can be dropped and rebuilt from the record."""
VAULT = (
    members_store.vault_metadata, audit_store.vault_metadata, signing_store.vault_metadata, oidc_store.vault_metadata,
    mail_store.vault_metadata, notify_store.vault_metadata, hooks_store.vault_metadata, sealing_store.vault_metadata,
    anonymous_store.vault_metadata, receipts_store.vault_metadata, desk_store.vault_metadata,
    files_store.vault_metadata, inbound_store.vault_metadata, mispkeep_store.vault_metadata,
    detect_project.vault_metadata, cursors_store.vault_metadata,
)  # fmt: skip
"""Tables of the vault: backed up, never rebuilt; changed by migrations only (``edges/migrations/vault``)."""


def open_databases(folder: Folder, settings: Settings) -> dict[str, SqlDatabase]:
    """Open the record, the vault and the projections, making their tables where they are missing."""
    if settings.database_url:
        databases = {name: open_postgres(settings.database_url, name) for name in ("record", "vault", "projections")}
    else:
        databases = {
            "record": open_sqlite(folder.path / "record.db"),
            "vault": open_sqlite(folder.path / "vault.db"),
            "projections": open_sqlite(folder.path / "projections.db", durable=False, cache_mb=96),
        }
    for name in ("record", "vault"):
        migrate(databases[name], name)
    create_projections(databases["projections"])
    return databases


def create_projections(database: SqlDatabase) -> None:
    """Make the tables of all projections; those of another version of the hub are dropped, and the river fills them.

    Projections have no migrations: their form is known by a digest, and what has another form is built anew. The digest
    is noted last, so where it stands all tables do, and a start looks for none of them.
    """
    database.create(record_store.projection_metadata)
    form = form_of_projections()
    with database.read() as connection:
        known, position = read_cursor(connection, FORM), read_cursor(connection, CURSOR)
    if known == form:
        return
    if known or position:
        with database.write() as connection:
            drop_words(connection)
        database.drop(*PROJECTIONS)
    database.create(*PROJECTIONS)
    with database.write() as connection:
        create_words(connection)
        move_cursor(connection, FORM, form)


FORM = "form"
"""The name under which the digest of the projections' form stands among the cursors."""
EDITION = 12
"""Raise it with every change of what is read out of entries: standing hubs then build their projections anew."""


@cache
def form_of_projections() -> int:
    """Return a digest of all tables and columns of the projections, as a positive 63-bit integer."""
    columns = [
        f"{table.name}.{column.name} {column.type} {column.nullable} {column.primary_key}"
        for metadata in PROJECTIONS
        for table in metadata.sorted_tables
        for column in table.columns
    ]
    return int.from_bytes(sha256("\n".join([str(EDITION), *sorted(columns)]).encode()).digest()[:8], "big") >> 1


@contextmanager
def beside(folder: Folder, settings: Settings) -> Iterator[tuple[Record, int]]:
    """Look at a hub's record, and at how far its projections are, beside the process that has the folder."""
    databases = open_databases(folder, settings)
    record = Record(databases["record"], SystemClock(), SystemRandomness())
    try:
        with databases["projections"].read() as connection:
            position = read_cursor(connection, CURSOR)
        yield record, position
    finally:
        record.close()
        for database in databases.values():
            database.close()


def drop_projections(folder: Folder, settings: Settings) -> None:
    """Remove all projections of a hub at rest; they are made anew from the record when it opens."""
    if settings.database_url:
        database = open_postgres(settings.database_url, "projections")
        database.drop(*PROJECTIONS)
        database.close()
        return
    for end in ("", "-wal", "-shm"):
        (folder.path / f"projections.db{end}").unlink(missing_ok=True)


@contextmanager
def fresh_projections(folder: Folder, settings: Settings) -> Iterator[SqlDatabase]:
    """Open an empty database for projections beside the standing one, and remove it at the end."""
    file = folder.path / "projections-check.db"

    def remove() -> None:
        for end in ("", "-wal", "-shm"):
            (folder.path / f"{file.name}{end}").unlink(missing_ok=True)

    if settings.database_url:
        database = open_postgres(settings.database_url, "projections_check")
        database.drop(*PROJECTIONS)
    else:
        remove()
        database = open_sqlite(file, durable=False, cache_mb=96)
    create_projections(database)
    try:
        yield database
    finally:
        if settings.database_url:
            database.drop(*PROJECTIONS)
        database.close()
        remove()


def dump_projections(database: SqlDatabase) -> list[TableDump]:
    """Return the digest of each table of the projections."""
    return dump(database, PROJECTIONS)


def differing_rows(left: SqlDatabase, right: SqlDatabase, table: str) -> list[Difference]:
    """Return the first rows in which a table of the projections differs."""
    return differences(left, right, PROJECTIONS, table)
