"""All the SQL of participation. Every row carries its audience; every query filters by it.

``exchange_participation_given``: a submission's items in one audience, and what its indicators say.
``exchange_participation_said``: the standing posts, replies and reactions. ``org`` is a voice: anonymous ones are one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]
SUMS = ("sightings", "indicators", "context", "malware", "campaign", "technique", "rsit", "until", "described")
"""The columns of sums, in order."""
MOST = 100_000
"""Rows that a query looks at one by one."""

Table(
    "exchange_participation_given", metadata,
    Column("commit_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("contribution", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("items", Integer, nullable=False),
    *(Column(name, Integer, nullable=False) for name in SUMS),
    Index("exchange_participation_given_at", "at"),
    Index("exchange_participation_given_id", "contribution"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_participation_said", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("id", String(64), nullable=False),
    Column("on_id", Text, nullable=False),
    Column("thread", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("asks", Integer, nullable=False),
    Index("exchange_participation_said_at", "at"),
    Index("exchange_participation_said_id", "id"),
    Index("exchange_participation_said_thread", "thread"),
    sqlite_with_rowid=False,
)  # fmt: skip


# -- written by project.py ---------------------------------------------------------------------------------------------


def add_given(connection: Connection, rows: Iterable[Row]) -> None:
    """Add to submissions: (commit_seq, audience, contribution, org, at, items, *SUMS); the first ``at`` stays."""
    names = ("items", *SUMS)
    added = ", ".join(f"{name} = exchange_participation_given.{name} + excluded.{name}" for name in names)
    connection.run_many(
        f"INSERT INTO exchange_participation_given (commit_seq, audience, contribution, org, at, {', '.join(names)}) "
        f"VALUES ({', '.join('?' * (5 + len(names)))}) ON CONFLICT (commit_seq, audience) DO UPDATE SET {added}",
        rows,
    )


def take_given(connection: Connection, rows: Iterable[Row]) -> None:
    """Take out of submissions what ended: (items, *SUMS, commit_seq, audience)."""
    less = ", ".join(f"{name} = {name} - ?" for name in ("items", *SUMS))
    connection.run_many(
        f"UPDATE exchange_participation_given SET {less} WHERE commit_seq = ? AND audience = ?", rows
    )


def drop_empty(connection: Connection, keys: Iterable[Row]) -> None:
    """Take those submissions out of which nothing is left: (commit_seq, audience)."""
    connection.run_many(
        "DELETE FROM exchange_participation_given WHERE commit_seq = ? AND audience = ? AND items <= 0", keys
    )


def drop_given(connection: Connection, first: int, last: int, audience: int) -> None:
    """Take submissions out that were withdrawn whole, in one audience: their first entry is before the last."""
    connection.run(
        "DELETE FROM exchange_participation_given WHERE commit_seq >= ? AND commit_seq < ? AND audience = ?",
        (first, last, audience),
    )


def add_said(connection: Connection, rows: Iterable[Row]) -> None:
    """Add what was said: (seq, kind, id, on_id, thread, audience, org, at, asks)."""
    connection.run_many(
        "INSERT INTO exchange_participation_said (seq, kind, id, on_id, thread, audience, org, at, asks) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def drop_versions(connection: Connection, rows: Iterable[Row]) -> None:
    """Take out the versions of posts that a newer one replaces: (id, audience, org)."""
    connection.run_many(
        "DELETE FROM exchange_participation_said WHERE id = ? AND audience = ? AND org = ?", rows
    )


def drop_said(connection: Connection, seqs: Iterable[int]) -> None:
    """Take out what was said at these positions."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_participation_said WHERE seq IN {sql}", (value,))


def drop_withdrawn(connection: Connection, first: int, last: int, audience: int) -> None:
    """Take out what was said from one position to another in one audience."""
    connection.run(
        "DELETE FROM exchange_participation_said WHERE seq >= ? AND seq <= ? AND audience = ?", (first, last, audience)
    )


# -- read by service.py ------------------------------------------------------------------------------------------------


def given(connection: Connection, audiences: Iterable[int], begins: Instant, ends: Instant, day: int) -> list[Row]:
    """Return (org, day since ``begins``, submissions, *SUMS) of the submissions between two instants."""
    sql, value = connection.among(audiences)
    sums = ", ".join(f"sum({name})" for name in SUMS)
    return connection.rows(
        f"SELECT org, (at - ?) / {int(day)} AS days, count(DISTINCT commit_seq), {sums} "
        f"FROM exchange_participation_given WHERE at >= ? AND at < ? AND +audience IN {sql} "
        "GROUP BY org, days ORDER BY org, days",
        (begins, begins, ends, value),
    )


def said(connection: Connection, audiences: Iterable[int], begins: Instant, ends: Instant, day: int) -> list[Row]:
    """Return (org, day since ``begins``, kind, how many) of what was said between two instants."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT org, (at - ?) / {int(day)} AS days, kind, count(*) FROM exchange_participation_said "
        f"WHERE at >= ? AND at < ? AND +audience IN {sql} GROUP BY org, days, kind ORDER BY org, days, kind",
        (begins, begins, ends, value),
    )


def first_replies(connection: Connection, audiences: Iterable[int], begins: Instant, ends: Instant) -> list[Row]:
    """Return (asks, at of the post, at of the first reply by another voice or NULL) of the newest first posts."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT p.asks, p.at, min(r.at) FROM exchange_participation_said p LEFT JOIN exchange_participation_said r "
        f"ON r.thread = p.id AND r.kind = 'reply' AND r.org <> p.org AND r.at >= p.at AND r.audience IN {sql} "
        f"WHERE p.at >= ? AND p.at < ? AND p.kind = 'post' AND p.audience IN {sql} "
        "GROUP BY p.seq, p.asks, p.at ORDER BY p.seq DESC LIMIT ?",
        (value, begins, ends, value, MOST),
    )


def answers(connection: Connection, audiences: Iterable[int], begins: Instant, ends: Instant) -> list[Row]:
    """Return (who answered, whom, how often): replies and reactions to others' posts and contributions."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT by_org, to_org, count(*) FROM ("
        "SELECT a.seq, a.org AS by_org, p.org AS to_org FROM exchange_participation_said a "
        "JOIN exchange_participation_said p ON p.id = a.on_id "
        f"WHERE a.at >= ? AND a.at < ? AND a.kind <> 'post' AND a.audience IN {sql} AND p.audience IN {sql} "
        "UNION SELECT a.seq, a.org, g.org FROM exchange_participation_said a "
        "JOIN exchange_participation_given g ON g.contribution = a.on_id "
        f"WHERE a.at >= ? AND a.at < ? AND a.kind <> 'post' AND a.audience IN {sql} AND g.audience IN {sql}"
        ") AS answered WHERE by_org <> to_org GROUP BY by_org, to_org ORDER BY by_org, to_org",
        (begins, ends, value, value, begins, ends, value, value),
    )
