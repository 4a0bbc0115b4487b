"""All the SQL of the charter: the changes of the policy, waiting and adopted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.shield.charter.model import Change, Policy

metadata = MetaData()
Table(
    "shield_charter", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("approvals", Text, nullable=False),
    Column("adopted", BigInteger, nullable=False),
    Column("adopted_seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
_COLUMNS = "id, digest, body, proposed_by, reason, at, approvals, adopted"


def _change(row: tuple[Any, ...]) -> Change:
    values: list[Any] = list(row)
    values[2] = msgspec.json.decode(row[2], type=Policy)
    values[6] = tuple(msgspec.json.decode(row[6], type=list[tuple[str, int]]))
    return Change(*values)


def add(connection: Connection, row: tuple[Any, ...]) -> None:
    """Add a proposed change: (seq, id, digest, body, proposed by, reason, at, audience)."""
    connection.run(
        "INSERT INTO shield_charter (seq, id, digest, body, proposed_by, reason, at, approvals, adopted, adopted_seq, "
        "audience) VALUES (?, ?, ?, ?, ?, ?, ?, '[]', 0, 0, ?) ON CONFLICT (id) DO NOTHING",
        row,
    )


def set_approvals(connection: Connection, identifier: str, approvals: str) -> None:
    """Note who approved a change, as JSON."""
    connection.run("UPDATE shield_charter SET approvals = ? WHERE id = ?", (approvals, identifier))


def adopt(connection: Connection, identifier: str, at: int, seq: int) -> None:
    """Note that a change was adopted."""
    connection.run("UPDATE shield_charter SET adopted = ?, adopted_seq = ? WHERE id = ?", (at, seq, identifier))


def change(connection: Connection, identifier: str) -> Change | None:
    """Return a change by its id."""
    rows = connection.rows(f"SELECT {_COLUMNS} FROM shield_charter WHERE id = ?", (identifier,))
    return _change(rows[0]) if rows else None


def newest_adopted(connection: Connection) -> Change | None:
    """Return the change that is in force; None while the first policy is."""
    rows = connection.rows(f"SELECT {_COLUMNS} FROM shield_charter WHERE adopted > 0 ORDER BY adopted_seq DESC LIMIT 1")
    return _change(rows[0]) if rows else None


def adopted_as(connection: Connection, digest: str) -> Change | None:
    """Return a change that was adopted, by its policy's digest."""
    rows = connection.rows(
        f"SELECT {_COLUMNS} FROM shield_charter WHERE adopted > 0 AND digest = ? ORDER BY adopted_seq LIMIT 1",
        (digest,))
    return _change(rows[0]) if rows else None


def changes(connection: Connection, audiences: Iterable[int], limit: int) -> list[Change]:
    """Return the changes that these audiences may see, newest first."""
    sql, value = connection.among(audiences)
    return [_change(row) for row in connection.rows(
        f"SELECT {_COLUMNS} FROM shield_charter WHERE audience IN {sql} ORDER BY seq DESC LIMIT ?", (value, limit))]
