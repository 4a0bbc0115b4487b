"""All the SQL of saved queries. Every row carries its audience; every query filters by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "picture_saved_query", metadata,
    Column("query", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip

_ROW = "SELECT query, author, org, audience, at, body FROM picture_saved_query"


def put(connection: Connection, row: Row) -> None:
    """Keep a query or its newer version: (query, seq, org, author, audience, at, body)."""
    connection.run(
        "INSERT INTO picture_saved_query (query, seq, org, author, audience, at, body) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (query) DO UPDATE SET seq = excluded.seq, at = excluded.at, body = excluded.body",
        row,
    )


def drop(connection: Connection, query: str, audience: int) -> None:
    """Take a query out."""
    connection.run("DELETE FROM picture_saved_query WHERE query = ? AND audience = ?", (query, audience))


def listed(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return queries, the last changed first: (query, author, org, audience, at, body)."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_ROW} WHERE audience IN {sql} ORDER BY seq DESC LIMIT ?", (value, limit))


def one(connection: Connection, query: str, audiences: Iterable[int]) -> list[Row]:
    """Return one query, of the same columns."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_ROW} WHERE query = ? AND audience IN {sql}", (query, value))


def body(connection: Connection, query: str) -> str | None:
    """Return what a query asks, whoever may read it: for the hub itself, which tells those alone who watch it."""
    rows = connection.rows("SELECT body FROM picture_saved_query WHERE query = ?", (query,))
    return str(rows[0][0]) if rows else None


def by(connection: Connection, author: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return a person's queries, of the same columns."""
    sql, value = connection.among(audiences)
    where = f"author = ? AND audience IN {sql}"
    return connection.rows(f"{_ROW} WHERE {where} ORDER BY seq LIMIT ?", (author, value, limit))
