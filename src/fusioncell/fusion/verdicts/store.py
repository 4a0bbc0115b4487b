"""All the SQL of verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()

verdicts = Table(
    "fusion_verdicts",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("decision", String(64), nullable=False),
    Column("hash", BigInteger, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("value", Text, nullable=False),
    Column("upheld", SmallInteger, nullable=False),
    Column("malicious", Float, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("fusion_verdicts_decision", "decision"),
)


def add(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Note verdicts: (seq, decision, hash, type, value, upheld, malicious, audience, at)."""
    connection.run_many(
        "INSERT INTO fusion_verdicts (seq, decision, hash, type, value, upheld, malicious, audience, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


_STANDS = (
    "v.audience IN {sql} AND NOT EXISTS (SELECT 1 FROM fusion_verdicts n WHERE n.decision = v.decision "
    "AND n.seq > v.seq AND n.audience IN {sql})"
)


def standing(connection: Connection, audiences: Iterable[int], limit: int) -> list[tuple[Any, ...]]:
    """Return the newest verdicts in the audiences, one a decision: (type, value, upheld, malicious, at,
    seq)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT v.type, v.value, v.upheld, v.malicious, v.at, v.seq FROM fusion_verdicts v "
        f"WHERE {_STANDS.format(sql=sql)} "
        "ORDER BY v.seq DESC LIMIT ?",
        (value, value, limit),
    )


def contested(connection: Connection, audiences: Iterable[int], proven: Iterable[str]) -> list[tuple[str, int]]:
    """Return (source, values that it accused and a proven contributor called benign afterwards), verdicts apart."""
    sql, value = connection.among(audiences)
    who, names = connection.among(proven)
    return connection.rows(
        "SELECT CASE WHEN coalesce(q.name, '') = '' THEN p.name ELSE q.name END AS source, "
        "count(DISTINCT c.observable) FROM fusion_claim b "
        f"JOIN fusion_party e ON e.id = b.contributor AND e.name IN {who} "
        "JOIN fusion_claim c ON c.observable = b.observable AND c.stance IN (1, 2) AND c.seq < b.seq "
        f"AND c.contributor <> b.contributor AND c.audience IN {sql} "
        "JOIN fusion_observable o ON o.id = b.observable "
        "JOIN fusion_party p ON p.id = c.contributor LEFT JOIN fusion_party q ON q.id = c.creator "
        f"WHERE b.stance = 3 AND b.audience IN {sql} AND NOT EXISTS (SELECT 1 FROM fusion_verdicts v "
        f"WHERE v.hash = o.hash AND v.type = o.type AND v.value = o.value AND v.audience IN {sql}) "
        "GROUP BY source ORDER BY source",
        (names, value, value, value),
    )


def by_source(connection: Connection, audiences: Iterable[int]) -> list[tuple[str, int, int]]:
    """Return (source, upheld, decisions) over the verdicts on values that the source had accused before."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT CASE WHEN coalesce(q.name, '') = '' THEN p.name ELSE q.name END AS source, v.upheld, "
        "count(DISTINCT v.decision) FROM fusion_verdicts v "
        "JOIN fusion_observable o ON o.hash = v.hash AND o.type = v.type AND o.value = v.value "
        f"JOIN fusion_claim c ON c.observable = o.id AND c.stance IN (1, 2) AND c.seq < v.seq AND c.audience IN {sql} "
        "JOIN fusion_party p ON p.id = c.contributor LEFT JOIN fusion_party q ON q.id = c.creator "
        f"WHERE {_STANDS.format(sql=sql)} GROUP BY source, v.upheld ORDER BY source, v.upheld",
        (value, value, value),
    )
