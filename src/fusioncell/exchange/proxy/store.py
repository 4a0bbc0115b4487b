"""All the SQL of publication by proxy: which publication was made of what, and what ended since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from fusioncell.exchange.proxy.model import Link, Publication
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Table(
    "exchange_proxy", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("original", String(64), nullable=False),
    Column("originator", String(64), nullable=False),
    Column("proxy", String(64), nullable=False),
    Column("consent", String(64), nullable=False),
    Column("tlp", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("items", Integer, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("declined", Integer, nullable=False),
    Column("followed", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Index("exchange_proxy_contribution", "contribution"),
    Index("exchange_proxy_original", "original"),
    Index("exchange_proxy_consent", "consent"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""``ended``: position of the last entry that ended something of the original, or the consent; ``followed``: of the last
recall of the publication; ``gone``: when all of it was withdrawn."""


def add(connection: Connection, row: Sequence[Any]) -> None:
    """Note a publication: (seq, audience, contribution, original, originator, proxy, consent, tlp, at, items)."""
    connection.run(
        "INSERT INTO exchange_proxy (seq, audience, contribution, original, originator, proxy, consent, tlp, at, "
        "items, ended, declined, followed, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)",
        row,
    )


def move(connection: Connection, old: str, new: str) -> None:
    """Follow a contribution that goes on as another, on either side."""
    connection.run("UPDATE exchange_proxy SET original = ? WHERE original = ?", (new, old))
    connection.run("UPDATE exchange_proxy SET contribution = ? WHERE contribution = ?", (new, old))


def end(connection: Connection, contribution: str, seq: int, gone: Instant) -> None:
    """Note that something of a contribution was withdrawn at a position; ``gone``: when, if all of it was."""
    connection.run("UPDATE exchange_proxy SET ended = ? WHERE original = ?", (seq, contribution))
    connection.run(
        "UPDATE exchange_proxy SET followed = ?, gone = CASE WHEN gone = 0 THEN ? ELSE gone END WHERE contribution = ?",
        (seq, gone, contribution),
    )


def decline(connection: Connection, consent: str, originator: str, seq: int) -> None:
    """Note that the originator took its consent back."""
    connection.run(
        "UPDATE exchange_proxy SET ended = ?, declined = 1 WHERE consent = ? AND originator = ?",
        (seq, consent, originator),
    )


def due(connection: Connection, limit: int) -> list[Link]:
    """Return publications that stand and whose original lost something since."""
    return [
        Link(row[0], row[1], row[2], row[3], bool(row[4]))
        for row in connection.rows(
            "SELECT contribution, original, proxy, ended, declined FROM exchange_proxy "
            "WHERE ended > followed AND gone = 0 ORDER BY seq LIMIT ?",
            (limit,),
        )
    ]


def publications(connection: Connection, audiences: Iterable[int], contribution: str, limit: int) -> list[Publication]:
    """Return publications that the audiences may know of, newest first; of one contribution (either side), or all."""
    sql, value = connection.among(audiences)
    where, more = ("AND (contribution = ? OR original = ?)", [contribution] * 2) if contribution else ("", [])
    return [
        Publication(row[0], row[1], row[2], row[3], Tlp(row[4]), row[5], row[6], row[7])
        for row in connection.rows(
            "SELECT contribution, original, originator, proxy, tlp, at, items, gone FROM exchange_proxy "
            f"WHERE audience IN {sql} {where} ORDER BY seq DESC LIMIT ?",
            (value, *more, limit),
        )
    ]
