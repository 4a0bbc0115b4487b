"""All the SQL of texts that are alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

texts = Table(
    "fusion_alike_text",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sketch", Text, nullable=False),
    Index("fusion_alike_text_contribution", "contribution"),
)
bands = Table(
    "fusion_alike_band",
    metadata,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Index("fusion_alike_band_seq", "seq"),
    sqlite_with_rowid=False,
)


def add(connection: Connection, rows: Iterable[Sequence[object]], keys: Iterable[Sequence[int]]) -> None:
    """Add texts: (seq, audience, contribution, org, at, sketch); and their bands: (band, seq, audience)."""
    connection.run_many(
        "INSERT INTO fusion_alike_text (seq, audience, contribution, org, at, sketch) VALUES (?, ?, ?, ?, ?, ?)", rows
    )
    connection.run_many("INSERT INTO fusion_alike_band (band, seq, audience) VALUES (?, ?, ?)", keys)


def drop(connection: Connection, seqs: Sequence[int]) -> None:
    """Remove texts that ended."""
    connection.run_many("DELETE FROM fusion_alike_text WHERE seq = ?", [(seq,) for seq in seqs])
    connection.run_many("DELETE FROM fusion_alike_band WHERE seq = ?", [(seq,) for seq in seqs])


def texts_of(connection: Connection, contribution: str, audiences: Iterable[int], limit: int) -> list[tuple[int, str]]:
    """Return (seq, sketch) of the texts of a contribution in these audiences."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT seq, sketch FROM fusion_alike_text WHERE contribution = ? AND audience IN {sql} ORDER BY seq LIMIT ?",
        (contribution, value, limit),
    )


def sketches(connection: Connection, seqs: Iterable[int], audiences: Iterable[int]) -> list[tuple[int, str]]:
    """Return (seq, sketch) of those of these entries that are texts in these audiences."""
    which, wanted = connection.among(seqs)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT seq, sketch FROM fusion_alike_text WHERE seq IN {which} AND audience IN {sql} ORDER BY seq",
        (wanted, value),
    )


def sharing(connection: Connection, keys: Iterable[int], audiences: Iterable[int], limit: int, *, newest: bool
            ) -> list[int]:  # fmt: skip
    """Return the positions of texts in these audiences that share a band, oldest or newest first."""
    which, bands_value = connection.among(keys)
    sql, value = connection.among(audiences)
    order = "DESC" if newest else "ASC"
    rows = connection.rows(
        f"SELECT DISTINCT seq FROM fusion_alike_band WHERE band IN {which} AND audience IN {sql} "
        f"ORDER BY seq {order} LIMIT ?",
        (bands_value, value, limit),
    )
    return [row[0] for row in rows]


def texts_at(connection: Connection, seqs: Iterable[int]) -> list[Row]:
    """Return (seq, contribution, org, at, sketch) of texts."""
    sql, value = connection.among(seqs)
    return connection.rows(
        f"SELECT seq, contribution, org, at, sketch FROM fusion_alike_text WHERE seq IN {sql} ORDER BY seq", (value,)
    )
