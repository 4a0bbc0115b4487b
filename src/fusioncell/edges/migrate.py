"""Brings the record and the vault to the newest form of their tables, step by step, with Alembic.

Projections have no migrations: where their form changes they are dropped and rebuilt from the record.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, text

from fusioncell.edges.database import SqlDatabase
from fusioncell.kernel.errors import Conflict

_FOLDER = Path(__file__).parent / "migrations"
HEADS = {"record": "0001", "vault": "0015"}
"""The newest step of each (a test compares it with the folder)."""


def version_of(database: SqlDatabase) -> str | None:
    """Return the step that a database is at, None for a new one."""
    if not inspect(database.engine).has_table("alembic_version"):
        return None
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(database: SqlDatabase, name: str) -> None:
    """Run the steps that are missing on ``record`` or ``vault``. Conflict where a newer hub has been here."""
    version = version_of(database)
    if version == HEADS[name]:
        return
    if version is not None and version > HEADS[name]:
        raise Conflict(f"the {name} was last used by a newer version of Fusion Cell (step {version})",
                       hint="Start it with that version, or restore a backup of before.")
    # Imported here: a hub that is up to date, as nearly always, does not pay for it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER / name))
    with database.engine.begin() as connection:
        if database.dialect == "postgresql":
            # Of several processes that start at once one migrates, the others find it done (SQLite has one process).
            connection.execute(text("SELECT pg_advisory_xact_lock(1179863883)"))
        else:
            # The driver begins no transaction for DDL: without one each statement is synchronous to disk by itself,
            # and a hub that is killed here is left between two steps.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
