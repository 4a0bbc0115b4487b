"""All the SQL of requests. Every row carries its audience; every query for a viewer filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "exchange_request", metadata,
    Column("post", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("cell", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Index("exchange_request_seq", "seq"),
    Index("exchange_request_deadline", "deadline", "audience"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_request_answer", metadata,
    Column("post", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("thread", String(64), nullable=False),
    Index("exchange_request_answer_seq", "seq"),
    Index("exchange_request_answer_of", "thread", "audience"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_request_step", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("post", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    Index("exchange_request_step_of", "post", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip

# -- the projection: written by project.py -----------------------------------------------------------------------------


def add_requests(connection: Connection, rows: Sequence[Row]) -> None:
    """Add requests, or their newer versions: (post, org, audience, seq, author, at, deadline, cell, title)."""
    connection.run_many(
        "INSERT INTO exchange_request (post, org, audience, seq, author, at, deadline, cell, title) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (post, org, audience) DO UPDATE SET seq = excluded.seq, "
        "author = excluded.author, at = excluded.at, deadline = excluded.deadline, cell = excluded.cell, "
        "title = excluded.title",
        rows,
    )


def add_answers(connection: Connection, rows: Sequence[Row]) -> None:
    """Add answers, or their newer versions, which keep their place: (post, org, audience, seq, place, thread)."""
    connection.run_many(
        "INSERT INTO exchange_request_answer (post, org, audience, seq, place, thread) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (post, org, audience) DO UPDATE SET seq = excluded.seq",
        rows,
    )


def add_steps(connection: Connection, rows: Sequence[Row]) -> None:
    """Add steps: (seq, post, org, audience, at, body)."""
    connection.run_many(
        "INSERT INTO exchange_request_step (seq, post, org, audience, at, body) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def drop_within(connection: Connection, first: int, last: int, audience: int) -> None:
    """Take out what was withdrawn: the requests and answers from one position to another, in an audience."""
    where, values = "seq >= ? AND seq <= ? AND audience = ?", (first, last, audience)
    connection.run(f"DELETE FROM exchange_request WHERE {where}", values)
    connection.run(f"DELETE FROM exchange_request_answer WHERE {where}", values)


def drop_seqs(connection: Connection, seqs: Iterable[int]) -> None:
    """Take out all that stands at these positions."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_request WHERE seq IN {sql}", (value,))
    connection.run(f"DELETE FROM exchange_request_answer WHERE seq IN {sql}", (value,))
    connection.run(f"DELETE FROM exchange_request_step WHERE seq IN {sql}", (value,))


# -- what a viewer sees ------------------------------------------------------------------------------------------------

_REQUEST = "SELECT post, org, audience, seq, author, at, deadline, cell, title FROM exchange_request"


def requests(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the requests in these audiences, those with the latest deadline first."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_REQUEST} WHERE audience IN {sql} ORDER BY deadline DESC, post LIMIT ?", (value, limit))


def request(connection: Connection, post: str, audiences: Iterable[int]) -> list[Row]:
    """Return one request, the first version of it that came, in these audiences."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_REQUEST} WHERE post = ? AND audience IN {sql} ORDER BY seq LIMIT 1", (post, value))


def due(connection: Connection, after: int, until: int, limit: int, audiences: Iterable[int] | None = None,
        ) -> list[Row]:
    """Return requests whose deadline lies between two instants, the nearest first; in these audiences (None: all)."""
    where, values = "deadline > ? AND deadline <= ?", [after, until]
    if audiences is not None:
        sql, value = connection.among(audiences)
        where, values = f"{where} AND audience IN {sql}", [*values, value]
    return connection.rows(f"{_REQUEST} WHERE {where} ORDER BY deadline, post LIMIT ?", (*values, limit))


def answers(connection: Connection, threads: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return (thread, how many answers, position of the newest) in these audiences."""
    which, ids = connection.among(threads)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT thread, count(*), max(place) FROM exchange_request_answer "
        f"WHERE thread IN {which} AND audience IN {sql} GROUP BY thread",
        (ids, value),
    )


def answering(connection: Connection, thread: str, audiences: Iterable[int], limit: int) -> set[str]:
    """Return the posts of a thread that answer it, in these audiences."""
    sql, value = connection.among(audiences)
    return {row[0] for row in connection.rows(
        f"SELECT post FROM exchange_request_answer WHERE thread = ? AND audience IN {sql} ORDER BY place LIMIT ?",
        (thread, value, limit),
    )}  # fmt: skip


def steps(connection: Connection, posts: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return (post, org, seq, at, body) of what was said of requests, in these audiences, in order."""
    which, ids = connection.among(posts)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT post, org, seq, at, body FROM exchange_request_step "
        f"WHERE post IN {which} AND audience IN {sql} ORDER BY seq",
        (ids, value),
    )
