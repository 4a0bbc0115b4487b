"""All the SQL of named cursors. They stand in the vault: what was acknowledged is not rebuilt."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table

from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "exchange_vault_cursor", vault_metadata,
    Column("holder", String(80), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)  # fmt: skip


def find(connection: Connection, holder: str, name: str) -> str | None:
    """Return the position that is kept under a name."""
    rows = connection.rows("SELECT token FROM exchange_vault_cursor WHERE holder = ? AND name = ?", (holder, name))
    return rows[0][0] if rows else None


def keep(connection: Connection, holder: str, name: str, token: str, at: int) -> None:
    """Keep a position under a name."""
    connection.run(
        "INSERT INTO exchange_vault_cursor (holder, name, token, at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (holder, name) DO UPDATE SET token = excluded.token, at = excluded.at",
        (holder, name, token, at),
    )


def all_of(connection: Connection, holder: str, limit: int) -> list[Row]:
    """Return (name, at) of a holder's cursors."""
    return connection.rows(
        "SELECT name, at FROM exchange_vault_cursor WHERE holder = ? ORDER BY name LIMIT ?", (holder, limit)
    )


def drop(connection: Connection, holder: str, name: str) -> int:
    """Forget a name; return how many that were."""
    return connection.run("DELETE FROM exchange_vault_cursor WHERE holder = ? AND name = ?", (holder, name))
