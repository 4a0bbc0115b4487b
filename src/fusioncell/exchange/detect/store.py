"""All the SQL of detection exports: contributed rules (a projection), and what was served last (in the vault)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Table(
    "exchange_detect_rule", metadata,
    Column("kind", String(8), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Where contributed rules stand: an entry each."""

vault_metadata = MetaData()
Table(
    "exchange_vault_detect", vault_metadata,
    Column("party", String(64), primary_key=True),
    Column("feed", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("fading", Text, nullable=False),
)  # fmt: skip
"""What a party was served last of one export: see :class:`Last`."""


class Last(NamedTuple):
    """What was served last. ``digest``: of the body without its serial. ``seq``: how far the projections were.

    ``fading``: how many of its values end on which day, as JSON.
    """

    digest: str
    size: int
    serial: int
    at: int
    seq: int
    fading: str


def add_rules(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep where rules stand: (kind, seq, audience)."""
    connection.run_many(
        "INSERT INTO exchange_detect_rule (kind, seq, audience) VALUES (?, ?, ?) ON CONFLICT (kind, seq) DO NOTHING",
        rows,
    )


def end_rules(connection: Connection, seqs: Iterable[int]) -> None:
    """Forget rules whose entries ended."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_detect_rule WHERE seq IN {sql}", (value,))


def rules(connection: Connection, kind: str, audiences: Iterable[int], limit: int) -> list[int]:
    """Return the entries of rules of a kind in the audiences given, the newest first."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT seq FROM exchange_detect_rule WHERE kind = ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (kind, value, limit))]  # fmt: skip


def last_served(connection: Connection, party: str, feed: str) -> Last | None:
    """Return what a party was served last of one export."""
    rows = connection.rows(
        "SELECT digest, count, serial, at, seq, fading FROM exchange_vault_detect WHERE party = ? AND feed = ?",
        (party, feed),
    )
    return Last(*rows[0]) if rows else None


def save_served(connection: Connection, party: str, feed: str, last: Last, most: int) -> None:
    """Note what a party is served, and forget all but its newest ``most`` exports."""
    connection.run(
        "INSERT INTO exchange_vault_detect (party, feed, digest, count, serial, at, seq, fading) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (party, feed) DO UPDATE SET digest = excluded.digest, "
        "count = excluded.count, serial = excluded.serial, at = excluded.at, seq = excluded.seq, "
        "fading = excluded.fading",
        (party, feed, *last),
    )
    connection.run(
        "DELETE FROM exchange_vault_detect WHERE party = ? AND feed NOT IN "
        "(SELECT feed FROM exchange_vault_detect WHERE party = ? ORDER BY at DESC, feed LIMIT ?)",
        (party, party, most),
    )
