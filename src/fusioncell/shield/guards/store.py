"""All the SQL of the guards: protected names, and which names are known, by their labels from the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Table(
    "shield_guards_protected", metadata,
    Column("name", String(255), primary_key=True),
    Column("asked", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "shield_guards_name", metadata,
    Column("reversed", String(255), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""``reversed``: ``org.example.www.``, so that all below a name lie side by side."""


def protect(connection: Connection, name: str, asked: bool, seq: int) -> None:
    """Note a protected name."""
    connection.run("INSERT INTO shield_guards_protected (name, asked, seq) VALUES (?, ?, ?) "
                   "ON CONFLICT (name, asked) DO NOTHING", (name, int(asked), seq))


def release(connection: Connection, name: str, asked: bool) -> None:
    """Note that a name is protected no more."""
    connection.run("DELETE FROM shield_guards_protected WHERE name = ? AND asked = ?", (name, int(asked)))


def protected(connection: Connection, *, asked: bool) -> list[str]:
    """Return the names that were proved, or asked for, in order."""
    return [row[0] for row in connection.rows(
        "SELECT name FROM shield_guards_protected WHERE asked = ? ORDER BY name LIMIT 1000000", (int(asked),))]


def protected_around(connection: Connection, name: str, parents: Sequence[str], below: int = 1) -> list[str]:
    """Return the protected names at, above and (as many as ``below``) below a name."""
    sql, value = connection.among([name, *parents])
    found = connection.rows(f"SELECT name FROM shield_guards_protected WHERE name IN {sql}", (value,))
    found += connection.rows("SELECT name FROM shield_guards_protected WHERE name LIKE ? ESCAPE '!'"
                             " ORDER BY name LIMIT ?",
                             (f"%.{name.replace('!', '!!').replace('_', '!_').replace('%', '!%')}", below))
    return sorted({row[0] for row in found})


def add_names(connection: Connection, rows: Iterable[tuple[str, int]]) -> None:
    """Note names that are known: (reversed, audience)."""
    connection.run_many(
        "INSERT INTO shield_guards_name (reversed, audience) VALUES (?, ?) ON CONFLICT (reversed, audience) DO NOTHING",
        rows,
    )


def under(connection: Connection, reversed_name: str, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the reversed names below one, of these audiences, in order: an index range scan."""
    sql, value = connection.among(audiences)
    # The separator is the full stop, and the next character in order is the slash.
    return [row[0] for row in connection.rows(
        "SELECT DISTINCT reversed FROM shield_guards_name WHERE reversed > ? AND reversed < ? "
        f"AND audience IN {sql} ORDER BY reversed LIMIT ?", (reversed_name, f"{reversed_name[:-1]}/", value, limit))]
