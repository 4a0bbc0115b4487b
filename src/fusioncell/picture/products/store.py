"""All the SQL of products. Every row carries its audience; every query for a viewer filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "picture_product", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("product", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("form", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("withdrawn", BigInteger, nullable=False),
    Column("amended", Integer, nullable=False),
    Index("picture_product_of", "product", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "picture_product_source", metadata,
    Column("contribution", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("touched", BigInteger, nullable=False),
    Index("picture_product_source_touched", "touched"),
    Index("picture_product_source_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "picture_product_draft", metadata,
    Column("product", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("authors", Text, nullable=False),
    Index("picture_product_draft_at", "org", "at"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "picture_product_feedback", metadata,
    Column("product", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("picture_product_feedback_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip

# -- the projection: written by project.py -----------------------------------------------------------------------------


def add_versions(connection: Connection, rows: Sequence[Row]) -> None:
    """Add versions: (seq, product, org, audience, number, at, form, title, contribution, amended)."""
    connection.run_many(
        "INSERT INTO picture_product (seq, product, org, audience, number, at, form, title, contribution, amended, "
        "withdrawn) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        rows,
    )


def add_sources(connection: Connection, rows: Sequence[Row]) -> None:
    """Note the contributions that a version rests on: (contribution, seq of the version)."""
    connection.run_many(
        "INSERT INTO picture_product_source (contribution, seq, touched) VALUES (?, ?, 0) "
        "ON CONFLICT (contribution, seq) DO NOTHING",
        rows,
    )


def withdraw(connection: Connection, first: int, last: int, audience: int, at: int) -> None:
    """Note that the versions from one position to another were withdrawn; their titles go at once."""
    connection.run(
        "UPDATE picture_product SET withdrawn = ?, title = '' WHERE seq >= ? AND seq <= ? AND audience = ? "
        "AND withdrawn = 0",
        (at, first, last, audience),
    )


def note_recall(connection: Connection, contribution: str, seq: int) -> None:
    """Note that something of a source was recalled, by the recall at a position."""
    connection.run("UPDATE picture_product_source SET touched = ? WHERE contribution = ?", (seq, contribution))


def put_draft(connection: Connection, row: Row) -> None:
    """Put a draft in the place of the one before: (product, org, audience, seq, at, state, step, digest, authors)."""
    connection.run(
        "INSERT INTO picture_product_draft (product, org, audience, seq, at, state, step, digest, authors) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (product, org) DO UPDATE SET audience = excluded.audience, "
        "seq = excluded.seq, at = excluded.at, state = excluded.state, step = excluded.step, "
        "digest = excluded.digest, authors = excluded.authors",
        row,
    )


def step_draft(connection: Connection, product: str, org: str, digest: str, row: Row) -> None:
    """Let a draft take a step, if it is the one that was meant: (state, seq of the step, instant)."""
    connection.run(
        "UPDATE picture_product_draft SET state = ?, step = ?, at = ? WHERE product = ? AND org = ? AND digest = ?",
        (*row, product, org, digest),
    )


def put_feedback(connection: Connection, rows: Sequence[Row]) -> None:
    """Put feedback in the place of what the organisation said before: (product, org, number, audience, seq)."""
    connection.run_many(
        "INSERT INTO picture_product_feedback (product, org, number, audience, seq) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (product, org, number) DO UPDATE SET audience = excluded.audience, seq = excluded.seq",
        rows,
    )


# -- what is read ------------------------------------------------------------------------------------------------------

_VERSION = (
    "SELECT seq, product, org, audience, number, at, form, title, contribution, withdrawn, amended FROM picture_product"
)
_DRAFT = "SELECT product, org, audience, seq, at, state, step, digest, authors FROM picture_product_draft"


def versions(connection: Connection, product: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the versions of a product in these audiences, the newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_VERSION} WHERE product = ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?", (product, value, limit)
    )


def newest(
    connection: Connection, audiences: Iterable[int], form: str, before: int, limit: int, since: int = 0
) -> list[Row]:
    """Return the newest standing version of each product in these audiences, the newest first. ``form`` "": of all."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_VERSION} p WHERE p.audience IN {sql} AND p.withdrawn = 0 AND p.seq < ? AND p.at >= ? "
        "AND (? = '' OR p.form = ?) AND NOT EXISTS (SELECT 1 FROM picture_product q WHERE q.product = p.product "
        f"AND q.org = p.org AND q.seq > p.seq AND q.withdrawn = 0 AND q.audience IN {sql}) "
        "ORDER BY p.seq DESC LIMIT ?",
        (value, before, since, form, form, value, limit),
    )


def last_number(connection: Connection, product: str, org: str) -> int:
    """Return the highest number of a product's versions, withdrawn ones too; 0 for none. For its own organisation."""
    rows = connection.rows(
        "SELECT coalesce(max(number), 0) FROM picture_product WHERE product = ? AND org = ?", (product, org)
    )
    return int(rows[0][0])


def owner(connection: Connection, product: str) -> str:
    """Return the organisation that first published or drafted a product, "" for none."""
    rows = connection.rows(
        "SELECT org, seq FROM picture_product WHERE product = ? UNION ALL "
        "SELECT org, seq FROM picture_product_draft WHERE product = ? ORDER BY 2 LIMIT 1",
        (product, product),
    )
    return str(rows[0][0]) if rows else ""


def draft(connection: Connection, product: str, org: str) -> Row | None:
    """Return the draft of a product; None for none."""
    rows = connection.rows(f"{_DRAFT} WHERE product = ? AND org = ?", (product, org))
    return rows[0] if rows else None


def drafts(connection: Connection, org: str, states: Iterable[str], limit: int) -> list[Row]:
    """Return an organisation's drafts in these states, the newest first."""
    sql, value = connection.among(states)
    return connection.rows(f"{_DRAFT} WHERE org = ? AND state IN {sql} ORDER BY at DESC, product LIMIT ?",
                           (org, value, limit))  # fmt: skip


def feedback(connection: Connection, product: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (org, number, seq) of what was said of a product, in these audiences, the newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT org, number, seq FROM picture_product_feedback WHERE product = ? AND audience IN {sql} "
        "ORDER BY seq DESC LIMIT ?",
        (product, value, limit),
    )


def touched(connection: Connection, limit: int) -> list[Row]:
    """Return (seq of a standing version, position of the last recall that touched a source of it), by version."""
    return connection.rows(
        "SELECT s.seq, max(s.touched) FROM picture_product_source s JOIN picture_product p ON p.seq = s.seq "
        "WHERE s.touched > 0 AND p.withdrawn = 0 GROUP BY s.seq ORDER BY s.seq DESC LIMIT ?",
        (limit,),
    )
