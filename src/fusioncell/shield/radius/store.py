"""All the SQL of the blast radius: which name stands on which address, and which names around one are blocked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "shield_radius_stated", metadata,
    Column("one", String(255), primary_key=True),
    Column("other", String(255), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Index("shield_radius_stated_other", "other", "one", "audience"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Edges from a name to an address (``stated``), of the few entries that say so."""


def add(connection: Connection, rows: Iterable[Row]) -> None:
    """Add edges: (one, other, audience, position of the entry)."""
    connection.run_many("INSERT INTO shield_radius_stated (one, other, audience, seq) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (one, other, audience, seq) DO NOTHING", rows)  # fmt: skip


def drop(connection: Connection, rows: Iterable[Row]) -> None:
    """Take the edges of ended entries out: the same."""
    connection.run_many("DELETE FROM shield_radius_stated WHERE one = ? AND other = ? AND audience = ? AND seq = ?",
                        rows)  # fmt: skip


ADDRESSES, NAMES = ("one", "other"), ("other", "one")
"""Which way edges are followed: from column, to column."""


def across(connection: Connection, way: tuple[str, str], values: Sequence[str], audiences: Iterable[int], limit: int
           ) -> list[str]:  # fmt: skip
    """Return where edges lead from these values, towards ``ADDRESSES`` or ``NAMES``, in order: an index scan."""
    which, wanted = connection.among(values)
    sql, value = connection.among(audiences)
    start, end = way
    return [row[0] for row in connection.rows(
        f"SELECT DISTINCT {end} FROM shield_radius_stated WHERE {start} IN {which} AND audience IN {sql} "
        f"ORDER BY {end} LIMIT ?", (wanted, value, limit))]  # fmt: skip


_BLOCKED = "SELECT name, id FROM shield_decision WHERE state = 'published' AND exercise = 0"


def blocked_among(connection: Connection, names: Sequence[str], audiences: Iterable[int]) -> list[tuple[str, str]]:
    """Return (name, decision) of those of the names that are blocked."""
    if not names:
        return []
    which, wanted = connection.among(names)
    sql, value = connection.among(audiences)
    return connection.rows(f"{_BLOCKED} AND name IN {which} AND audience IN {sql} ORDER BY name", (wanted, value))


def blocked_below(connection: Connection, name: str, audiences: Iterable[int], limit: int) -> list[tuple[str, str]]:
    """Return (name, decision) of what is blocked below a name: an index range scan."""
    sql, value = connection.among(audiences)
    above = name[::-1]
    return connection.rows(
        f"{_BLOCKED} AND backwards > ? AND backwards < ? AND audience IN {sql} ORDER BY backwards LIMIT ?",
        (above + ".", above + "/", value, limit))  # fmt: skip


def decisions_on(connection: Connection, name: str, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the newest decisions by which a name was blocked, or is."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT id FROM shield_decision WHERE name = ? AND published_at > 0 AND audience IN {sql} "
        "ORDER BY seq DESC LIMIT ?", (name, value, limit))]  # fmt: skip


def counted(connection: Connection, decisions: Sequence[str], since: int, audiences: Iterable[int]) -> int | None:
    """Return how often resolvers counted the names of decisions since an instant: the partnership's sums, else what is
    reported; None where nothing was told."""
    if not decisions:
        return None
    which, wanted = connection.among(decisions)
    sql, value = connection.among(audiences)
    for told in ("shield_hits_sum", "shield_hits_line"):
        row = connection.rows(
            f"SELECT sum(blocked) + sum(shadow) FROM {told} WHERE decision IN {which} AND hour >= ? "
            f"AND audience IN {sql}", (wanted, since, value))[0]  # fmt: skip
        if row[0]:
            return int(row[0])
    return None
