"""The migrations make the very tables that the stores describe, on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from fusioncell.bootstrap import VAULT
from fusioncell.edges import migrate as migrations
from fusioncell.edges.database import SqlDatabase, open_sqlite
from fusioncell.edges.migrate import HEADS, migrate, version_of
from fusioncell.kernel.errors import Conflict
from fusioncell.record import store as record_store

TABLES: dict[str, Any] = {"record": [record_store.metadata], "vault": list(VAULT)}


@pytest.mark.parametrize("name", ["record", "vault"])
def test_migrations_make_the_described_tables(name: str, tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / f"{name}.db")
    migrate(database, name)
    assert version_of(database) == HEADS[name]
    assert _differences(database, name) == []
    migrate(database, name)  # again: nothing to do
    database.close()


@pytest.mark.parametrize("name", ["record", "vault"])
def test_the_comparison_bites(name: str, tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / f"{name}.db")
    migrate(database, name)
    table = next(iter(TABLES[name][0].tables))
    with database.write() as connection:
        connection.run(f"ALTER TABLE {table} ADD COLUMN surplus TEXT")
    assert _differences(database, name)
    database.close()


def test_heads_are_the_folders_newest() -> None:
    for name, head in HEADS.items():
        steps = sorted((Path(migrations.__file__).parent / "migrations" / name / "versions").glob("m*.py"))
        assert steps[-1].name.startswith(f"m{head}_")


def test_a_newer_hubs_tables_are_left_alone(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "record.db")
    migrate(database, "record")
    with database.write() as connection:
        connection.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict):
        migrate(database, "record")
    database.close()


def _differences(database: SqlDatabase, name: str) -> list[Any]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return [d for d in compare_metadata(context, TABLES[name]) if "alembic_version" not in str(d)]
