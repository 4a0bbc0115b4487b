"""All the SQL of notebooks. Every row carries its audience; every query filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "picture_notebook_paper", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("paper", String(64), nullable=False),
    Column("investigation", String(64), nullable=False),
    Column("what", String(16), nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("picture_notebook_paper_of", "investigation", "seq"),
    Index("picture_notebook_paper_what", "what", "audience", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row a paper; of an investigation itself ``investigation`` is its own id."""

_PAPER = "SELECT paper, author, org, at, body, audience FROM picture_notebook_paper"


def add(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep papers: (seq, paper, investigation, what, org, author, audience, at, body)."""
    connection.run_many(
        "INSERT INTO picture_notebook_paper (seq, paper, investigation, what, org, author, audience, at, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def papers(connection: Connection, investigation: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the papers of an investigation, in order: (paper, author, org, at, body, audience)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_PAPER} WHERE investigation = ? AND audience IN {sql} ORDER BY seq LIMIT ?", (investigation, value, limit)
    )


def newest(connection: Connection, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the investigations that moved last, the latest first."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT investigation FROM picture_notebook_paper WHERE audience IN {sql} "
        "GROUP BY investigation ORDER BY max(seq) DESC LIMIT ?", (value, limit))]  # fmt: skip


def of_many(connection: Connection, investigations: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return what opened, closed and reopened investigations, and when each last moved, in order:
    (investigation, paper, author, org, at, body, audience)."""
    which, ids = connection.among(investigations)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT investigation, paper, author, org, at, body, audience FROM picture_notebook_paper "
        f"WHERE investigation IN {which} AND audience IN {sql} AND (what IN ('investigation', 'close', 'reopen') OR "
        f"seq IN (SELECT max(seq) FROM picture_notebook_paper WHERE investigation IN {which} AND audience IN {sql} "
        "GROUP BY investigation)) ORDER BY seq",
        (ids, value, ids, value),
    )


def by(connection: Connection, author: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what a person wrote, newest first: (paper, what, investigation, at, body)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT paper, what, investigation, at, body FROM picture_notebook_paper "
        f"WHERE author = ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (author, value, limit),
    )
