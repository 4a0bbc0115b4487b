"""All the SQL of horizon scanning. Every row carries its audience; every query filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]
"""(item, paper, author, org, at, audience, body)"""

Table(
    "picture_horizon_paper", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("item", String(64), nullable=False),
    Column("paper", String(64), nullable=False),
    Column("opens", String(16), nullable=False),
    Column("author", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index("picture_horizon_paper_of", "item", "seq"),
    Index("picture_horizon_paper_opens", "opens", "audience", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row a paper; ``opens``: the kind of the item that it opens, "" for what is written into one."""


def add(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep papers: (seq, item, paper, opens, author, org, at, audience, body)."""
    connection.run_many(
        "INSERT INTO picture_horizon_paper (seq, item, paper, opens, author, org, at, audience, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def newest(connection: Connection, kind: str, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the items of a kind, the newest first."""
    sql, value = connection.among(audiences)
    return [item for (item,) in connection.rows(
        f"SELECT item FROM picture_horizon_paper WHERE opens = ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (kind, value, limit))]  # fmt: skip


def papers(connection: Connection, items: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return the papers of items, in order."""
    which, ids = connection.among(items)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT item, paper, author, org, at, audience, body FROM picture_horizon_paper "
        f"WHERE item IN {which} AND audience IN {sql} ORDER BY seq",
        (ids, value),
    )


def by(connection: Connection, author: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the papers that a person wrote, newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT item, paper, author, org, at, audience, body FROM picture_horizon_paper "
        f"WHERE author = ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (author, value, limit),
    )
