"""All the SQL of what was learned: of each kind and tier, the newest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()

learned = Table(
    "fusion_learned",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("tier", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)


def put(connection: Connection, row: Sequence[object]) -> None:
    """Put what was learned in the place of what stood: (kind, tier, seq, audience, at, body)."""
    connection.run(
        "INSERT INTO fusion_learned (kind, tier, seq, audience, at, body) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (kind, tier) DO UPDATE SET seq = excluded.seq, audience = excluded.audience, "
        "at = excluded.at, body = excluded.body",
        row,
    )


def stamp(connection: Connection) -> int:
    """Return the position of what was learned last, 0 where nothing was: it moves when anything is learned."""
    return int(connection.rows("SELECT coalesce(max(seq), 0) FROM fusion_learned")[0][0])


def learned_in(connection: Connection, audiences: Iterable[int]) -> list[tuple[str, int, int, str]]:
    """Return (kind, tier, at, body) of what these audiences may know, the wider tier first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT kind, tier, at, body FROM fusion_learned WHERE audience IN {sql} ORDER BY kind, tier", (value,)
    )
