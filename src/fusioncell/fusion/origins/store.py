"""All the SQL of the package: joins of sources, grades, and who said what first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

joins = Table(
    "fusion_origins_join",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False),
    Column("first", String(200), nullable=False),
    Column("second", String(200), nullable=False),
    Column("joined", SmallInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("fusion_origins_join_pair", "first", "second"),
)
grades = Table(
    "fusion_origins_grade",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("source", String(200), nullable=False),
    Column("letter", String(1), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("fusion_origins_grade_source", "source"),
)


sources = Table(
    "fusion_origins_source",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("claims", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)


def add_join(connection: Connection, row: Sequence[object]) -> None:
    """Note a join or its end: (seq, id, first, second, joined, audience, at, author, body)."""
    connection.run(
        "INSERT INTO fusion_origins_join (seq, id, first, second, joined, audience, at, author, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def add_grade(connection: Connection, row: Sequence[object]) -> None:
    """Note a grade: (seq, source, letter, audience, at, author, body)."""
    connection.run(
        "INSERT INTO fusion_origins_grade (seq, source, letter, audience, at, author, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def joins_in(connection: Connection, audiences: Iterable[int]) -> list[Row]:
    """Return all joins and ends that stand in the audiences, oldest first: (seq, id, first, second, joined, audience,
    at, author, body)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT seq, id, first, second, joined, audience, at, author, body FROM fusion_origins_join "
        f"WHERE audience IN {sql} ORDER BY seq",
        (value,),
    )


def grades_of(connection: Connection, sources: Iterable[str]) -> list[Row]:
    """Return the grades of sources, newest first: (seq, source, letter, audience)."""
    sql, value = connection.among(sources)
    return connection.rows(
        f"SELECT seq, source, letter, audience FROM fusion_origins_grade WHERE source IN {sql} ORDER BY seq DESC",
        (value,),
    )


def grades_in(connection: Connection, audiences: Iterable[int]) -> list[Row]:
    """Return all grades in the audiences, oldest first: (seq, source, letter, audience, at, author, body)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT seq, source, letter, audience, at, author, body FROM fusion_origins_grade "
        f"WHERE audience IN {sql} ORDER BY seq",
        (value,),
    )


def last_observable(connection: Connection) -> int:
    """Return the highest observable's id among the claims."""
    return int(connection.rows("SELECT coalesce(max(observable), 0) FROM fusion_claim")[0][0])


def said_between(
    connection: Connection, after: int, until: int, since: int, audiences: Iterable[int]
) -> list[tuple[int, str, int, int]]:
    """Return each source's first word against observables with ``after < id <= until``, not before ``since``, in order
    of observable: (observable, source, at, seq). A source is who is named as one, else the contributor."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT c.observable, CASE WHEN coalesce(q.name, '') = '' THEN p.name ELSE q.name END AS source, min(c.at), "
        "min(c.seq) FROM fusion_claim c JOIN fusion_party p ON p.id = c.contributor "
        "LEFT JOIN fusion_party q ON q.id = c.creator "
        f"WHERE c.observable > ? AND c.observable <= ? AND c.stance IN (1, 2) AND c.at >= ? AND c.audience IN {sql} "
        "GROUP BY c.observable, source ORDER BY c.observable, source",
        (after, until, since, value),
    )


def said_by_both(connection: Connection, first: str, second: str, limit: int) -> list[tuple[int, int, str]]:
    """Return observables that two names both made claims about: (id, type, value)."""
    named = (
        "SELECT c.observable FROM fusion_claim c JOIN fusion_party p ON p.id = c.contributor OR p.id = c.creator "
        "WHERE p.name = ? AND c.stance IN (1, 2, 3)"
    )
    return connection.rows(
        f"SELECT id, type, value FROM fusion_observable WHERE id IN ({named}) AND id IN ({named}) ORDER BY id LIMIT ?",
        (first, second, limit),
    )


def count_claims(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Add to what sources said: (name, audience, claims, last); claims may be negative."""
    connection.run_many(
        "INSERT INTO fusion_origins_source (name, audience, claims, last) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (name, audience) DO UPDATE SET claims = fusion_origins_source.claims + excluded.claims, "
        "last = CASE WHEN excluded.last > fusion_origins_source.last THEN excluded.last "
        "ELSE fusion_origins_source.last END",
        rows,
    )


def sources_in(connection: Connection, audiences: Iterable[int], limit: int) -> list[tuple[str, int, int]]:
    """Return sources by how much they say in the audiences: (name, claims, instant of the newest entry)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT name, sum(claims) AS said, max(last) FROM fusion_origins_source "
        f"WHERE audience IN {sql} AND claims > 0 GROUP BY name ORDER BY said DESC, name LIMIT ?",
        (value, limit),
    )
