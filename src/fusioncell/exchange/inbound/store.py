"""All the SQL of inbound feeds: definitions, state, what of each is had. All of it stands in the vault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, SmallInteger, String, Table, Text

from fusioncell.exchange.inbound.model import MOST_FEEDS, Feed, Progress, Wanted
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()

Table(
    "exchange_vault_feed", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("wanted", Text, nullable=False),
    Column("org", String(64), nullable=False, index=True),
    Column("owner", String(64), nullable=False),
    Column("author", String(80), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("enabled", SmallInteger, nullable=False),
    Column("known", String(64), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
    Column("progress", Text, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_feed_had", vault_metadata,
    Column("feed", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("version", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_feed_rows", vault_metadata,
    Column("feed", String(64), primary_key=True),
    Column("marks", LargeBinary, nullable=False),
)  # fmt: skip

Table(
    "exchange_vault_feed_taken", vault_metadata,
    Column("feed", String(64), primary_key=True),
    Column("oid", String(255), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("there", String(64), nullable=False, index=True),
    Column("here", String(64), nullable=False),
)  # fmt: skip

_FEED = "SELECT id, wanted, org, owner, author, created, enabled, known, secret, due, progress FROM exchange_vault_feed"
_WANTED, _PROGRESS = msgspec.json.Decoder(Wanted), msgspec.json.Decoder(Progress)


def _row(row: Sequence[Any]) -> tuple[Feed, Progress, Instant]:
    id, wanted, org, owner, author, created, enabled, known, secret, due, progress = row
    feed = Feed(id, _WANTED.decode(wanted), org, owner, author, created, bool(enabled), known, bool(secret))
    return feed, _PROGRESS.decode(progress), due


def add(connection: Connection, feed: Feed, secret: bytes) -> None:
    """Keep a new feed."""
    connection.run(
        "INSERT INTO exchange_vault_feed (id, wanted, org, owner, author, created, enabled, known, secret, due,"
        " leased, progress) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '{}')",
        (feed.id, msgspec.json.encode(feed.wanted).decode(), feed.org, feed.owner, feed.author, feed.created,
         int(feed.enabled), feed.known, secret))


def feeds(connection: Connection) -> list[tuple[Feed, Progress, Instant]]:
    """Return all feeds with their state and when each is due, in order of creation."""
    return [_row(row) for row in connection.rows(f"{_FEED} ORDER BY created, id LIMIT {MOST_FEEDS}")]


def feed(connection: Connection, id: str) -> tuple[Feed, Progress, Instant] | None:
    """Return one feed."""
    rows = connection.rows(f"{_FEED} WHERE id = ?", (id,))
    return _row(rows[0]) if rows else None


def secret(connection: Connection, id: str) -> bytes:
    """Return a feed's sealed credentials, b"" for none."""
    rows = connection.rows("SELECT secret FROM exchange_vault_feed WHERE id = ?", (id,))
    return bytes(rows[0][0]) if rows else b""


def change(connection: Connection, id: str, wanted: Wanted) -> None:
    """Keep what is wanted of a feed from now on."""
    connection.run("UPDATE exchange_vault_feed SET wanted = ? WHERE id = ?", (msgspec.json.encode(wanted).decode(), id))


def set_secret(connection: Connection, id: str, sealed: bytes) -> None:
    """Keep other credentials."""
    connection.run("UPDATE exchange_vault_feed SET secret = ? WHERE id = ?", (sealed, id))


def enable(connection: Connection, id: str, enabled: bool, due: Instant) -> None:
    """Switch a feed on or off."""
    connection.run("UPDATE exchange_vault_feed SET enabled = ?, due = ? WHERE id = ?", (int(enabled), due, id))


def remove(connection: Connection, id: str) -> None:
    """Forget a feed and what of it is had."""
    for sql in ("DELETE FROM exchange_vault_feed WHERE id = ?", "DELETE FROM exchange_vault_feed_had WHERE feed = ?",
                "DELETE FROM exchange_vault_feed_rows WHERE feed = ?",
                "DELETE FROM exchange_vault_feed_taken WHERE feed = ?"):  # fmt: skip
        connection.run(sql, (id,))


def due(connection: Connection, now: Instant) -> list[str]:
    """Return the ids of the enabled feeds that are due and that nobody pulls, the longest waiting first."""
    return [row[0] for row in connection.rows(
        "SELECT id FROM exchange_vault_feed WHERE enabled = 1 AND due <= ? AND leased <= ?"
        f" ORDER BY due, id LIMIT {MOST_FEEDS}", (now, now))]


def lease(connection: Connection, id: str, now: Instant, until: Instant) -> bool:
    """Take a feed for a pull; tell whether nobody else has."""
    return bool(connection.run("UPDATE exchange_vault_feed SET leased = ? WHERE id = ? AND leased <= ?",
                               (until, id, now)))


def keep(connection: Connection, id: str, progress: Progress) -> None:
    """Keep how far a pull has come."""
    connection.run("UPDATE exchange_vault_feed SET progress = ? WHERE id = ?",
                   (msgspec.json.encode(progress).decode(), id))


def note(connection: Connection, id: str, progress: Progress, due: Instant) -> None:
    """Keep how far a feed is after a pull, and when it is due next; it may be taken again."""
    connection.run("UPDATE exchange_vault_feed SET progress = ?, due = ?, leased = 0 WHERE id = ?",
                   (msgspec.json.encode(progress).decode(), due, id))


def had(connection: Connection, id: str) -> dict[str, int]:
    """Return what of a feed is had: name → version."""
    return dict(connection.rows("SELECT name, version FROM exchange_vault_feed_had WHERE feed = ?", (id,)))


def set_had(connection: Connection, id: str, name: str, version: int) -> None:
    """Note that something of a feed is had."""
    connection.run("INSERT INTO exchange_vault_feed_had (feed, name, version) VALUES (?, ?, ?)"
                   " ON CONFLICT (feed, name) DO UPDATE SET version = excluded.version", (id, name, version))


def rows(connection: Connection, id: str) -> bytes:
    """Return the marks of the rows that a feed listed last, 8 bytes each."""
    found = connection.rows("SELECT marks FROM exchange_vault_feed_rows WHERE feed = ?", (id,))
    return bytes(found[0][0]) if found else b""


def set_rows(connection: Connection, id: str, marks: bytes) -> None:
    """Keep the marks of the rows that a feed lists now."""
    connection.run("INSERT INTO exchange_vault_feed_rows (feed, marks) VALUES (?, ?)"
                   " ON CONFLICT (feed) DO UPDATE SET marks = excluded.marks", (id, marks))


def taken(connection: Connection, id: str, oids: Iterable[str]) -> dict[tuple[str, int], str]:
    """Return (object, version) → contribution here, of objects of another hub that were taken."""
    among, value = connection.among(oids)
    return {(oid, version): here for oid, version, here in connection.rows(
        f"SELECT oid, version, here FROM exchange_vault_feed_taken WHERE feed = ? AND oid IN {among}", (id, value))}


def set_taken(connection: Connection, rows: Iterable[tuple[str, str, int, str, str]]) -> None:
    """Note objects of another hub that are being taken: (feed, object, version, contribution there, and here)."""
    connection.run_many("INSERT INTO exchange_vault_feed_taken (feed, oid, version, there, here)"
                        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (feed, oid, version) DO UPDATE SET"
                        " there = excluded.there, here = excluded.here", rows)


def taken_of(connection: Connection, id: str, there: str) -> list[tuple[str, str]]:
    """Return (object, contribution here) of what was taken of a contribution of another hub."""
    rows: list[tuple[str, str]] = connection.rows(
        "SELECT oid, here FROM exchange_vault_feed_taken WHERE feed = ? AND there = ? ORDER BY here, oid", (id, there))
    return rows


def drop_taken(connection: Connection, id: str, there: str, oids: Iterable[str]) -> None:
    """Forget what of a contribution of another hub was withdrawn."""
    among, value = connection.among(oids)
    connection.run(f"DELETE FROM exchange_vault_feed_taken WHERE feed = ? AND there = ? AND oid IN {among}",
                   (id, there, value))
