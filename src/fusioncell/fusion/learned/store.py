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


def all_of(connection: Connection, kind: str) -> list[tuple[int, int, str]]:
    """Return (tier, audience, body) of what was learned of a kind, the wider tier first."""
    return connection.rows("SELECT tier, audience, body FROM fusion_learned WHERE kind = ? ORDER BY tier", (kind,))


def last_observable(connection: Connection) -> int:
    """Return the highest observable's id among the claims."""
    return int(connection.rows("SELECT coalesce(max(observable), 0) FROM fusion_claim")[0][0])


def count_accusations(connection: Connection, since: int, audiences: Iterable[int]) -> int:
    """Return how many accusations stand in these audiences, not before ``since``."""
    sql, value = connection.among(audiences)
    return int(connection.rows(
        f"SELECT count(*) FROM fusion_claim WHERE stance IN (1, 2) AND at >= ? AND audience IN {sql}", (since, value)
    )[0][0])  # fmt: skip


def accused_between(
    connection: Connection, after: int, until: int, since: int, mask: int, audiences: Iterable[int]
) -> list[tuple[int, int, int, int]]:
    """Return (hash, type, fade, at) of all accusations of the observables with ``after < id <= until``, not before
    ``since``, in these audiences, of values whose hash has none of the bits of ``mask``."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT o.hash, o.type, c.fade, c.at FROM fusion_claim c JOIN fusion_observable o ON o.id = c.observable "
        f"WHERE c.observable > ? AND c.observable <= ? AND c.stance IN (1, 2) AND c.at >= ? AND o.hash & ? = 0 "
        f"AND c.audience IN {sql}",
        (after, until, since, mask, value),
    )


def learned_in(connection: Connection, audiences: Iterable[int]) -> list[tuple[str, int, int, str]]:
    """Return (kind, tier, at, body) of what these audiences may know, the wider tier first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT kind, tier, at, body FROM fusion_learned WHERE audience IN {sql} ORDER BY kind, tier", (value,)
    )
