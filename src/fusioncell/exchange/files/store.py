"""All the SQL of files. ``exchange_file`` says which posts refer to which digests; ``exchange_vault_upload`` what was
uploaded in the last days, and may be attached.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
vault_metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "exchange_file", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
    Column("org", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Index("exchange_file_digest", "digest", "ended"),
    Index("exchange_file_org", "org", "ended"),
    Index("exchange_file_ended", "ended"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_vault_upload", vault_metadata,
    Column("org", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("media", String(128), nullable=False),
    Column("marks", Text, nullable=False),
    Index("exchange_vault_upload_digest", "digest"),
    Index("exchange_vault_upload_at", "at"),
)  # fmt: skip

# -- the projection ----------------------------------------------------------------------------------------------------


def add_files(connection: Connection, rows: Sequence[Row]) -> None:
    """Note that posts refer to files: (seq, digest, org, audience, size, at)."""
    connection.run_many(
        "INSERT INTO exchange_file (seq, digest, org, audience, size, at, ended) VALUES (?, ?, ?, ?, ?, ?, 0) "
        "ON CONFLICT (seq, digest) DO NOTHING",
        rows,
    )


def end_files(connection: Connection, first: int, last: int, audience: int, ended: int) -> None:
    """Note that the posts from one position to another, in an audience, were withdrawn at a position."""
    connection.run(
        "UPDATE exchange_file SET ended = ? WHERE seq >= ? AND seq <= ? AND audience = ? AND ended = 0",
        (ended, first, last, audience),
    )


def drop_files(connection: Connection, seqs: Iterable[int]) -> None:
    """Take out what the posts at these positions referred to."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_file WHERE seq IN {sql}", (value,))


def ended_after(connection: Connection, position: int, limit: int) -> list[Row]:
    """Return (ended, digest, org, at) of what was withdrawn after a position, in order."""
    return connection.rows(
        "SELECT ended, digest, org, at FROM exchange_file WHERE ended > ? ORDER BY ended, seq, digest LIMIT ?",
        (position, limit),
    )


def standing_among(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Return those digests that a standing post refers to."""
    sql, value = connection.among(digests)
    return {row[0] for row in connection.rows(
        f"SELECT DISTINCT digest FROM exchange_file WHERE digest IN {sql} AND ended = 0", (value,)
    )}  # fmt: skip


def size_of_org(connection: Connection, org: str) -> int:
    """Return the bytes of all files to which an organisation's standing posts refer, each counted once."""
    found = connection.rows(
        "SELECT sum(size) FROM (SELECT DISTINCT digest, size FROM exchange_file WHERE org = ? AND ended = 0) AS kept",
        (org,),
    )
    return int(found[0][0] or 0)


# -- the vault ---------------------------------------------------------------------------------------------------------


def add_upload(connection: Connection, row: Row) -> None:
    """Note an upload, or that it came again: (org, digest, at, size, name, media, marks)."""
    connection.run(
        "INSERT INTO exchange_vault_upload (org, digest, at, size, name, media, marks) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (org, digest) DO UPDATE SET at = excluded.at, name = excluded.name",
        row,
    )


def uploads_of(connection: Connection, org: str, digests: Iterable[str]) -> list[Row]:
    """Return (digest, at, size, name, media, marks) of an organisation's uploads among digests."""
    sql, value = connection.among(digests)
    return connection.rows(
        "SELECT digest, at, size, name, media, marks FROM exchange_vault_upload "
        f"WHERE org = ? AND digest IN {sql}",
        (org, value),
    )


def sizes_of(connection: Connection, org: str, limit: int) -> dict[str, int]:
    """Return digest → size of an organisation's uploads."""
    return {row[0]: row[1] for row in connection.rows(
        "SELECT digest, size FROM exchange_vault_upload WHERE org = ? LIMIT ?", (org, limit)
    )}  # fmt: skip


def uploaded_among(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Return those digests that anyone's upload waits under."""
    sql, value = connection.among(digests)
    return {row[0] for row in connection.rows(
        f"SELECT DISTINCT digest FROM exchange_vault_upload WHERE digest IN {sql}", (value,)
    )}  # fmt: skip


def drop_upload(connection: Connection, org: str, digest: str, before: int) -> None:
    """Forget an upload that came no later than an instant."""
    connection.run(
        "DELETE FROM exchange_vault_upload WHERE org = ? AND digest = ? AND at <= ?", (org, digest, before)
    )


def drop_uploads(connection: Connection, before: int) -> None:
    """Forget all uploads that came before an instant."""
    connection.run("DELETE FROM exchange_vault_upload WHERE at < ?", (before,))
