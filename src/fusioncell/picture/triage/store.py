"""All the SQL of triage: what was done about items. Every row carries its audience; every query filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "picture_triage_act", metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False),
    Column("act", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("host", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("said", Text, nullable=False),
    Column("undone", SmallInteger, nullable=False),
    Index("picture_triage_act_of", "act"),
    Index("picture_triage_act_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row an item of an act, by the item's key (``hash``); ``host``: to whom it was assigned."""

_DONE = "SELECT act, kind, author, org, at, seq, key, host, until, said FROM picture_triage_act"


def add(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep acts: (hash, seq, place, key, act, kind, org, author, audience, at, host, until, said, undone)."""
    connection.run_many(
        "INSERT INTO picture_triage_act (hash, seq, place, key, act, kind, org, author, audience, at, host, until, "
        "said, undone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def undo(connection: Connection, act: str, audience: int) -> None:
    """Note that an act was undone."""
    connection.run("UPDATE picture_triage_act SET undone = 1 WHERE act = ? AND audience = ?", (act, audience))


def of_keys(connection: Connection, hashes: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return what was done about items and stands, in order:
    (act, kind, author, org, at, seq, key, host, until, said)."""
    which, keys = connection.among(hashes)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_DONE} WHERE hash IN {which} AND audience IN {sql} AND undone = 0 ORDER BY seq, place", (keys, value)
    )


def newest(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what was done last and stands, newest first, of the same columns."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_DONE} WHERE audience IN {sql} AND undone = 0 ORDER BY seq DESC, place DESC LIMIT ?", (value, limit)
    )


def of_act(connection: Connection, act: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the items of one act that stands, of the same columns."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_DONE} WHERE act = ? AND audience IN {sql} AND undone = 0 ORDER BY place LIMIT ?", (act, value, limit)
    )


def by(connection: Connection, author: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what a person did, undone or not, newest first: (act, kind, at, said, items).

    Not which items: whoever asks for the person need not see them.
    """
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT act, kind, at, said, count(*) FROM picture_triage_act WHERE author = ? AND audience IN {sql} "
        "GROUP BY act, kind, at, said, seq ORDER BY seq DESC LIMIT ?",
        (author, value, limit),
    )
