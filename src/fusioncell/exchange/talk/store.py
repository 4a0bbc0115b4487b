"""All the SQL of talk. Every row of a projection carries its audience; every query filters by it.

``exchange_post`` holds each version of each post; ``standing`` is 1 for the one that counts. ``place`` is the position
of a post's first version, so that an edit moves nothing. ``exchange_thread`` is the sum of the standing posts of a
thread in one audience. ``+audience`` keeps SQLite from trying each audience in turn for each row of another key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]
_WALK = 200
"""Rows of one step down the index of newest posts."""

Table(
    "exchange_post", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("post", String(64), nullable=False),
    Column("thread", String(64), nullable=False),
    Column("parent", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("standing", Integer, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("named", Text, nullable=False),
    Index("exchange_post_id", "post"),
    Index("exchange_post_thread", "thread", "standing", "place", "audience"),
    Index("exchange_post_place", "place"),
    Index("exchange_post_org", "org", "standing", "thread"),
    Index("exchange_post_author", "author", "standing", "thread"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_thread", metadata,
    Column("thread", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("posts", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Index("exchange_thread_last", "last", "audience", "thread"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_about", metadata,
    Column("anchor_key", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("anchor", Text, nullable=False),
    Column("thread", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Index("exchange_about_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_reaction", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("target_key", BigInteger, nullable=False),
    Column("target", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("contribution", String(64), nullable=False),
    Index("exchange_reaction_on", "target_key", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_closing", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("thread", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("closed", Integer, nullable=False),
    Column("org", String(64), nullable=False),
    Column("author", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Index("exchange_closing_of", "thread", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip

_POST = (
    "SELECT seq, post, thread, parent, org, author, audience, at, place, version, contribution, body, named "
    "FROM exchange_post"
)

# -- the projection: written by project.py -----------------------------------------------------------------------------


def versions_of_many(connection: Connection, posts: Iterable[str]) -> list[Row]:
    """Return (post, org, audience, seq, place, version, thread, standing) of every version of these posts, in order."""
    sql, value = connection.among(posts)
    return connection.rows(
        "SELECT post, org, audience, seq, place, version, thread, standing FROM exchange_post "
        f"WHERE post IN {sql} ORDER BY seq",
        (value,),
    )


def add_posts(connection: Connection, rows: Sequence[Row]) -> None:
    """Add versions: (seq, post, thread, parent, org, author, audience, at, place, version, contribution, body, named).

    They stand.
    """
    connection.run_many(
        "INSERT INTO exchange_post (seq, post, thread, parent, org, author, audience, at, place, version, "
        "contribution, body, named, standing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        rows,
    )


def among_seqs(connection: Connection, seqs: Iterable[int]) -> list[Row]:
    """Return (seq, thread, audience, post) of these versions."""
    sql, value = connection.among(seqs)
    return connection.rows(f"SELECT seq, thread, audience, post FROM exchange_post WHERE seq IN {sql}", (value,))


def within_seqs(connection: Connection, first: int, last: int) -> list[Row]:
    """Return (seq, thread, audience, post) of the versions from one position to another."""
    return connection.rows(
        "SELECT seq, thread, audience, post FROM exchange_post WHERE seq >= ? AND seq <= ?", (first, last)
    )


def supersede(connection: Connection, seqs: Iterable[int]) -> None:
    """Note that these versions no longer stand."""
    sql, value = connection.among(seqs)
    connection.run(f"UPDATE exchange_post SET standing = 0 WHERE seq IN {sql}", (value,))
    connection.run(f"DELETE FROM exchange_about WHERE seq IN {sql}", (value,))


def drop_posts(connection: Connection, seqs: Iterable[int]) -> None:
    """Take these versions out."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_post WHERE seq IN {sql}", (value,))
    connection.run(f"DELETE FROM exchange_about WHERE seq IN {sql}", (value,))


def place_anew(connection: Connection, post: str, audience: int, org: str) -> None:
    """After an erasure: a post's place and its standing version follow from the versions that are left."""
    key = (post, audience, org)
    mine = "post = ? AND audience = ? AND org = ?"
    connection.run(
        f"UPDATE exchange_post SET place = (SELECT min(o.seq) FROM exchange_post o WHERE o.post = ? AND o.audience = ? "
        f"AND o.org = ?) WHERE {mine}",
        (*key, *key),
    )


def count_post(connection: Connection, rows: Iterable[Row]) -> None:
    """Add new posts to the sums of their threads: (thread, audience, place, place), in order of place."""
    connection.run_many(
        "INSERT INTO exchange_thread (thread, audience, posts, first, last) VALUES (?, ?, 1, ?, ?) "
        "ON CONFLICT (thread, audience) DO UPDATE SET posts = exchange_thread.posts + 1, last = excluded.last",
        rows,
    )


def sum_thread(connection: Connection, thread: str, audience: int) -> None:
    """Count the posts of a thread in one audience anew."""
    connection.run("DELETE FROM exchange_thread WHERE thread = ? AND audience = ?", (thread, audience))
    connection.run(
        "INSERT INTO exchange_thread (thread, audience, posts, first, last) SELECT thread, audience, count(*), "
        "min(place), max(place) FROM exchange_post WHERE thread = ? AND audience = ? AND standing = 1 "
        "GROUP BY thread, audience",
        (thread, audience),
    )


def add_about(connection: Connection, rows: Iterable[Row]) -> None:
    """Note what versions are about: (key of the anchor, seq, anchor, thread, audience)."""
    connection.run_many(
        "INSERT INTO exchange_about (anchor_key, seq, anchor, thread, audience) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (anchor_key, seq) DO NOTHING",
        rows,
    )


def add_reactions(connection: Connection, rows: Iterable[Row]) -> None:
    """Add reactions: (seq, key of the target, target, kind, org, author, audience, at, contribution)."""
    connection.run_many(
        "INSERT INTO exchange_reaction (seq, target_key, target, kind, org, author, audience, at, contribution) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def drop_reactions(connection: Connection, seqs: Iterable[int]) -> None:
    """Take reactions out."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_reaction WHERE seq IN {sql}", (value,))


def add_closings(connection: Connection, rows: Iterable[Row]) -> None:
    """Note that threads were closed or opened: (seq, thread, audience, closed, org, author, at, reason)."""
    connection.run_many(
        "INSERT INTO exchange_closing (seq, thread, audience, closed, org, author, at, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def drop_closings(connection: Connection, seqs: Iterable[int]) -> None:
    """Take closings out."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM exchange_closing WHERE seq IN {sql}", (value,))


# -- the projection: read by service.py --------------------------------------------------------------------------------


def post_row(connection: Connection, post: str, audiences: Iterable[int]) -> Row | None:
    """Return the standing version of a post."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"{_POST} WHERE post = ? AND standing = 1 AND +audience IN {sql} ORDER BY seq LIMIT 1", (post, value)
    )
    return rows[0] if rows else None


def post_rows(connection: Connection, posts: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return the standing versions of posts."""
    which, ids = connection.among(posts)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_POST} WHERE post IN {which} AND standing = 1 AND +audience IN {sql} ORDER BY seq", (ids, value)
    )


def versions(connection: Connection, post: str, audiences: Iterable[int]) -> list[Row]:
    """Return all versions of a post, the oldest first."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_POST} WHERE post = ? AND +audience IN {sql} ORDER BY seq", (post, value))


def newest_posts(connection: Connection, thread: str, audiences: Iterable[int], before: int, limit: int) -> list[Row]:
    """Return the newest standing posts of a thread before a place, newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_POST} WHERE thread = ? AND standing = 1 AND place < ? AND +audience IN {sql} ORDER BY place DESC LIMIT ?",
        (thread, before, value, limit),
    )


def oldest_posts(connection: Connection, thread: str, audiences: Iterable[int], after: int, limit: int) -> list[Row]:
    """Return the oldest standing posts of a thread after a place, oldest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_POST} WHERE thread = ? AND standing = 1 AND place > ? AND +audience IN {sql} ORDER BY place LIMIT ?",
        (thread, after, value, limit),
    )


def posts_at(connection: Connection, places: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return the standing posts at these places."""
    which, values = connection.among(places)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_POST} WHERE place IN {which} AND standing = 1 AND +audience IN {sql}", (values, value)
    )


def active(connection: Connection, audiences: Iterable[int], before: int, limit: int) -> list[Row]:
    """Return (thread, place) of the threads' newest posts in each audience before a place, newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT thread, last FROM exchange_thread WHERE last < ? AND +audience IN {sql} ORDER BY last DESC LIMIT ?",
        (before, value, limit),
    )


def sums(
    connection: Connection, threads: Iterable[str] | None, audiences: Iterable[int], before: int, limit: int,
    *, unanswered: bool = False,
) -> list[Row]:
    """Return (thread, last place, posts, first place) of threads over the audiences, the last one first.

    ``threads`` None: all. ``unanswered``: only those of one post.
    """  # fmt: skip
    sql, value = connection.among(audiences)
    where, values = f"+audience IN {sql}", [value]
    if threads is not None:
        threads = list(threads)
        if not threads:
            return []
        which, ids = connection.among(threads)
        where, values = f"thread IN {which} AND {where}", [ids, value]
    return connection.rows(
        "SELECT thread, max(last) AS latest, sum(posts), min(first) FROM exchange_thread "
        f"WHERE {where} GROUP BY thread HAVING max(last) < ? {'AND sum(posts) = 1' if unanswered else ''} "
        "ORDER BY latest DESC LIMIT ?",
        (*values, before, limit),
    )


def newest_threads(connection: Connection, audiences: frozenset[int], before: int, limit: int) -> list[Row]:
    """Return the sums of the newest threads, by walking down the index of newest posts.

    A thread whose newest post in one audience comes before the token may have a newer one in another: it stood on an
    earlier page.
    """
    found: list[Row] = []
    seen: set[str] = set()
    place = before
    while len(found) < limit:
        rows = active(connection, audiences, place, _WALK)
        fresh = list(dict.fromkeys(row[0] for row in rows if row[0] not in seen))
        seen.update(fresh)
        if fresh:
            found += sums(connection, fresh, audiences, before, len(fresh))
        if len(rows) < _WALK:
            break
        place = rows[-1][1]
    return found[:limit]


def threads_about(
    connection: Connection, key: int, anchor: str, audiences: Iterable[int], limit: int
) -> list[str]:
    """Return the threads in which a standing post is about an anchor, the newest such posts first."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT thread FROM exchange_about WHERE anchor_key = ? AND anchor = ? AND +audience IN {sql} "
        "ORDER BY seq DESC LIMIT ?",
        (key, anchor, value, limit),
    )]  # fmt: skip


def threads_of_org(connection: Connection, org: str, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the threads that an organisation began."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT thread FROM exchange_post WHERE org = ? AND standing = 1 AND parent = '' AND +audience IN {sql} "
        "ORDER BY place DESC LIMIT ?",
        (org, value, limit),
    )]  # fmt: skip


def threads_of_author(connection: Connection, author: str, audiences: Iterable[int], limit: int) -> list[str]:
    """Return the threads in which a person wrote."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        f"SELECT DISTINCT thread FROM exchange_post WHERE author = ? AND standing = 1 AND +audience IN {sql} LIMIT ?",
        (author, value, limit),
    )]  # fmt: skip


def closings(connection: Connection, threads: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return (thread, closed, org, author, at, reason), oldest first: the last one of a thread counts."""
    which, ids = connection.among(threads)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT thread, closed, org, author, at, reason FROM exchange_closing "
        f"WHERE thread IN {which} AND +audience IN {sql} ORDER BY seq",
        (ids, value),
    )


def reactions(connection: Connection, keys: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return (target, kind, org, author, at, contribution) of the reactions on targets, oldest first."""
    which, ids = connection.among(keys)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT target, kind, org, author, at, contribution FROM exchange_reaction "
        f"WHERE target_key IN {which} AND +audience IN {sql} ORDER BY seq",
        (ids, value),
    )


def places_after(
    connection: Connection, threads: Iterable[str], audiences: Iterable[int], after: int, author: str, limit: int
) -> list[Row]:
    """Return (thread, place) of standing posts after a place that others than the author wrote, newest first."""
    which, ids = connection.among(threads)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT thread, place FROM exchange_post WHERE thread IN {which} AND standing = 1 AND place > ? "
        f"AND +audience IN {sql} AND author <> ? ORDER BY place DESC LIMIT ?",
        (ids, after, value, author, limit),
    )
