"""All the SQL of overrides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

overrides = Table(
    "fusion_overrides",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False),
    Column("hash", BigInteger, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("value", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("restored", BigInteger, nullable=False),
    Index("fusion_overrides_hash", "hash"),
    Index("fusion_overrides_id", "id"),
)
_COLUMNS = "id, type, value, verdict, reason, audience, at, author, org, restored, seq"
_SEEN = (
    "EXISTS (SELECT 1 FROM fusion_observable o JOIN fusion_claim c ON c.observable = o.id WHERE o.hash = v.hash "
    "AND o.type = v.type AND o.value = v.value AND c.audience IN {sql})"
)
"""The value is named in what the viewer sees: who may know of overrides may not know of each value."""


def add(connection: Connection, row: Sequence[object]) -> None:
    """Note an override: (seq, id, hash, type, value, verdict, reason, audience, at, author, org)."""
    connection.run(
        "INSERT INTO fusion_overrides (seq, id, hash, type, value, verdict, reason, audience, at, author, org, "
        "restored) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        row,
    )


def restore(connection: Connection, id: str, audience: int, at: int) -> None:
    """Note that an override of the same readers was taken back."""
    connection.run(
        "UPDATE fusion_overrides SET restored = ? WHERE id = ? AND audience = ? AND restored = 0", (at, id, audience)
    )


def standing(connection: Connection, hashes: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return what stands in the audiences about values with these hashes, oldest first: the columns of
    :func:`newest`."""
    which, wanted = connection.among(hashes)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {_COLUMNS} FROM fusion_overrides WHERE hash IN {which} AND audience IN {sql} AND restored = 0 "
        "ORDER BY seq",
        (wanted, value),
    )


def newest(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what stands in the audiences, newest first: (id, type, value, verdict, reason, audience, at, author, org,
    restored, seq)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {_COLUMNS} FROM fusion_overrides v WHERE audience IN {sql} AND restored = 0 "
        f"AND {_SEEN.format(sql=sql)} ORDER BY seq DESC LIMIT ?",
        (value, value, limit),
    )


def about(connection: Connection, hash64: int, code: int, value: str, audiences: Iterable[int], limit: int
          ) -> list[Row]:  # fmt: skip
    """Return all that was said of one value in the audiences, taken back or not, newest first: as :func:`newest`."""
    sql, seen = connection.among(audiences)
    return connection.rows(
        f"SELECT {_COLUMNS} FROM fusion_overrides WHERE hash = ? AND type = ? AND value = ? AND audience IN {sql} "
        "ORDER BY seq DESC LIMIT ?",
        (hash64, code, value, seen, limit),
    )


def one(connection: Connection, id: str, audiences: Iterable[int]) -> list[Row]:
    """Return an override of a value, both in sight of these audiences, as :func:`newest`."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {_COLUMNS} FROM fusion_overrides v WHERE id = ? AND audience IN {sql} AND {_SEEN.format(sql=sql)}",
        (id, value, value),
    )


def written(connection: Connection, author: str, audiences: Iterable[int]) -> list[Row]:
    """Return what a person said, of what stands in these audiences, oldest first, as :func:`newest`."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {_COLUMNS} FROM fusion_overrides WHERE author = ? AND audience IN {sql} ORDER BY seq", (author, value)
    )


def values(connection: Connection) -> set[tuple[int, str]]:
    """Return (type, value) of all that anything was ever said of."""
    return set(connection.rows("SELECT DISTINCT type, value FROM fusion_overrides"))


def is_seen(connection: Connection, hash64: int, code: int, value: str, audiences: Iterable[int]) -> bool:
    """Tell whether something in the audiences mentions a value."""
    sql, seen = connection.among(audiences)
    return bool(connection.rows(
        "SELECT 1 FROM fusion_observable o JOIN fusion_claim c ON c.observable = o.id "
        f"WHERE o.hash = ? AND o.type = ? AND o.value = ? AND c.audience IN {sql} LIMIT 1",
        (hash64, code, value, seen),
    ))  # fmt: skip
