"""All the SQL of the desk. It is personal: it stands in the vault, is never rebuilt, and is deleted with the person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "exchange_vault_draft", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("draft", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_bookmark", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("post", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_watch", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("thread", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("exchange_vault_watch_of", "thread"),
)  # fmt: skip
Table(
    "exchange_vault_read", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("thread", String(64), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)  # fmt: skip


def save_draft(connection: Connection, person: str, draft: str, at: int, body: str) -> None:
    """Keep a draft, or its newer text."""
    connection.run(
        "INSERT INTO exchange_vault_draft (person, draft, at, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (person, draft) DO UPDATE SET at = excluded.at, body = excluded.body",
        (person, draft, at, body),
    )


def drafts(connection: Connection, person: str, limit: int) -> list[Row]:
    """Return (draft, at, body) of a person, newest first."""
    return connection.rows(
        "SELECT draft, at, body FROM exchange_vault_draft WHERE person = ? ORDER BY at DESC, draft LIMIT ?",
        (person, limit),
    )


def drop_draft(connection: Connection, person: str, draft: str) -> int:
    """Delete a draft; return how many there were."""
    return connection.run("DELETE FROM exchange_vault_draft WHERE person = ? AND draft = ?", (person, draft))


def save_bookmark(connection: Connection, person: str, post: str, at: int) -> None:
    """Keep a post at hand."""
    connection.run(
        "INSERT INTO exchange_vault_bookmark (person, post, at) VALUES (?, ?, ?) ON CONFLICT (person, post) DO NOTHING",
        (person, post, at),
    )


def drop_bookmark(connection: Connection, person: str, post: str) -> None:
    """Let a bookmark go."""
    connection.run("DELETE FROM exchange_vault_bookmark WHERE person = ? AND post = ?", (person, post))


def bookmarks(connection: Connection, person: str, limit: int) -> list[Row]:
    """Return (post, at) of a person's bookmarks, newest first."""
    return connection.rows(
        "SELECT post, at FROM exchange_vault_bookmark WHERE person = ? ORDER BY at DESC, post LIMIT ?", (person, limit)
    )


def bookmarked_among(connection: Connection, person: str, posts: Iterable[str]) -> set[str]:
    """Return those of the posts that a person has bookmarked."""
    sql, value = connection.among(posts)
    return {row[0] for row in connection.rows(
        f"SELECT post FROM exchange_vault_bookmark WHERE person = ? AND post IN {sql}", (person, value)
    )}  # fmt: skip


def save_watch(connection: Connection, person: str, thread: str, state: str, at: int) -> None:
    """Watch or mute a thread; "" lets it go."""
    if not state:
        connection.run("DELETE FROM exchange_vault_watch WHERE person = ? AND thread = ?", (person, thread))
        return
    connection.run(
        "INSERT INTO exchange_vault_watch (person, thread, state, at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (person, thread) DO UPDATE SET state = excluded.state, at = excluded.at",
        (person, thread, state, at),
    )


def watched(connection: Connection, person: str, limit: int) -> list[Row]:
    """Return (thread, state) of all that a person watches or mutes, newest first."""
    return connection.rows(
        "SELECT thread, state FROM exchange_vault_watch WHERE person = ? ORDER BY at DESC, thread LIMIT ?",
        (person, limit),
    )


def watched_among(connection: Connection, person: str, threads: Iterable[str]) -> dict[str, str]:
    """Return thread → ``watch`` or ``mute`` of those that a person said something about."""
    sql, value = connection.among(threads)
    return {row[0]: row[1] for row in connection.rows(
        f"SELECT thread, state FROM exchange_vault_watch WHERE person = ? AND thread IN {sql}", (person, value)
    )}  # fmt: skip


def watchers(connection: Connection, thread: str, limit: int) -> list[Row]:
    """Return (person, state) of all who said something about a thread."""
    return connection.rows(
        "SELECT person, state FROM exchange_vault_watch WHERE thread = ? ORDER BY person LIMIT ?", (thread, limit)
    )


def save_read(connection: Connection, person: str, thread: str, place: int, at: int) -> None:
    """Note how far a person has read; never back."""
    connection.run(
        "INSERT INTO exchange_vault_read (person, thread, place, at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (person, thread) DO UPDATE SET place = excluded.place, at = excluded.at "
        "WHERE excluded.place > exchange_vault_read.place",
        (person, thread, place, at),
    )


def read_among(connection: Connection, person: str, threads: Iterable[str]) -> dict[str, int]:
    """Return thread → how far a person has read."""
    sql, value = connection.among(threads)
    return {row[0]: row[1] for row in connection.rows(
        f"SELECT thread, place FROM exchange_vault_read WHERE person = ? AND thread IN {sql}", (person, value)
    )}  # fmt: skip


def forget_person(connection: Connection, person: str) -> None:
    """Delete all that a person kept."""
    connection.run("DELETE FROM exchange_vault_draft WHERE person = ?", (person,))
    connection.run("DELETE FROM exchange_vault_bookmark WHERE person = ?", (person,))
    connection.run("DELETE FROM exchange_vault_watch WHERE person = ?", (person,))
    connection.run("DELETE FROM exchange_vault_read WHERE person = ?", (person,))
