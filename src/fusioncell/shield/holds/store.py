"""All the SQL of holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Table(
    "shield_holds", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False, index=True),
    Column("by_whom", String(64), nullable=False),
    Column("second", String(64), nullable=False),
    Column("days", Integer, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("lifted_at", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("audience", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
_COLUMNS = "id, name, by_whom, second, days, asked_at, until, lifted_at, sealed"
Row = tuple[Any, ...]


def ask(connection: Connection, row: Sequence[Any]) -> None:
    """Add a hold that waits: (seq, id, name, by, days, asked at, sealed, audience)."""
    connection.run(
        "INSERT INTO shield_holds (seq, id, name, by_whom, second, days, asked_at, until, lifted_at, sealed, audience) "
        "VALUES (?, ?, ?, ?, '', ?, ?, 0, 0, ?, ?) ON CONFLICT (id) DO NOTHING",
        row,
    )


def place(connection: Connection, identifier: str, second: str, until: int) -> None:
    """Note that a second person confirmed a hold; not the one who asked."""
    connection.run("UPDATE shield_holds SET second = ?, until = ? WHERE id = ? AND second = '' AND by_whom <> ?",
                   (second, until, identifier, second))


def lift(connection: Connection, identifier: str, at: int) -> None:
    """Note that a hold was lifted, or is no longer asked for."""
    connection.run("UPDATE shield_holds SET lifted_at = ? WHERE id = ? AND lifted_at = 0", (at, identifier))


def one(connection: Connection, identifier: str, audiences: Iterable[int]) -> Row | None:
    """Return a hold that these audiences may see."""
    sql, value = connection.among(audiences)
    rows = connection.rows(f"SELECT {_COLUMNS} FROM shield_holds WHERE id = ? AND audience IN {sql}",
                           (identifier, value))
    return rows[0] if rows else None


def listed(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the holds that these audiences may see, newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(f"SELECT {_COLUMNS} FROM shield_holds WHERE audience IN {sql} ORDER BY seq DESC LIMIT ?",
                           (value, limit))


def standing(connection: Connection, now: int) -> list[str]:
    """Return the names that are held now."""
    return [row[0] for row in connection.rows(
        "SELECT name FROM shield_holds WHERE until > ? AND lifted_at = 0 ORDER BY name LIMIT 10000", (now,))]
