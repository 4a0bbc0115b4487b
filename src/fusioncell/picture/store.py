"""All the SQL of the picture. Every row carries its audience; every query filters by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.picture.words import words_in

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")
Row = tuple[Any, ...]

contribution = Table(
    "picture_contribution",
    metadata,
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("contribution", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("title", Text, nullable=False),
    Column("title_seq", BigInteger, nullable=False),
    Column("items", Integer, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("fresh", Integer, nullable=False),
    Index("picture_contribution_id", "contribution"),
    sqlite_with_rowid=False,
)
text = Table(
    "picture_text",
    metadata,
    Column("block", _key, primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("page", Text, nullable=False),
)
"""A row a block of the record: its entries are of one audience (see ``words``). A row an entry took three times as
long to index."""
recent = Table(
    "picture_recent",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("observable", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("picture_recent_by", "audience", "org", "seq"),
    sqlite_with_rowid=False,
)
count = Table(
    "picture_count",
    metadata,
    Column("facet", String(24), primary_key=True),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("key", String(128), primary_key=True),
    Column("number", Integer, nullable=False),
    sqlite_with_rowid=False,
)


HOURS = 24
"""Buckets of an hour in one of a day."""
NO_REACTION = " AND kind <> 'reaction'"
"""A reaction is read with its post."""


def by_day(facet: str) -> str:
    """Return the name under which a facet is counted by day as well: what spans many hours reads few rows."""
    return f"{facet} by day"


def create_words(connection: Connection) -> None:
    """Make the full-text index beside ``picture_text``."""
    if connection.dialect == "sqlite":
        connection.run(
            "CREATE VIRTUAL TABLE IF NOT EXISTS picture_words USING fts5(words, content='', "
            "detail=none, columnsize=0, tokenize='unicode61 remove_diacritics 0')"
        )
    else:
        connection.run(
            "CREATE INDEX IF NOT EXISTS picture_words ON picture_text USING gin (to_tsvector('simple', page))"
        )


def drop_words(connection: Connection) -> None:
    """Drop the full-text index; on PostgreSQL it goes with its table."""
    if connection.dialect == "sqlite":
        connection.run("DROP TABLE IF EXISTS picture_words")


def pages(connection: Connection, blocks: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Return, by block, the (audience, page) of those that stand."""
    sql, value = connection.among(blocks)
    rows = connection.rows(f"SELECT block, audience, page FROM picture_text WHERE block IN {sql}", (value,))
    return {block: (audience, page) for block, audience, page in rows}


def put_pages(
    connection: Connection, standing: Mapping[int, tuple[int, str]], rows: Iterable[tuple[int, int, str]]
) -> None:
    """Put pages, (block, audience, page), in the place of those that stand; an empty page is taken out."""
    rows = list(rows)
    old = [(block, standing[block][1]) for block, _, _ in rows if block in standing]
    new = [row for row in rows if row[2]]
    if old:
        sql, value = connection.among([block for block, _ in old])
        connection.run(f"DELETE FROM picture_text WHERE block IN {sql}", (value,))
    connection.run_many("INSERT INTO picture_text (block, audience, page) VALUES (?, ?, ?)", new)
    if connection.dialect == "sqlite":
        connection.run_many(
            "INSERT INTO picture_words (picture_words, rowid, words) VALUES ('delete', ?, ?)",
            [(block, " ".join(words_in(page))) for block, page in old],
        )
        connection.run_many(
            "INSERT INTO picture_words (rowid, words) VALUES (?, ?)",
            [(block, " ".join(words_in(page))) for block, _, page in new],
        )


def search(
    connection: Connection, words: Sequence[str], audiences: Iterable[int], before: int, limit: int
) -> list[tuple[int, str]]:
    """Return (block, page) of visible pages that hold all the words, on any of their lines, newest first."""
    sql, value = connection.among(audiences)
    if connection.dialect == "sqlite":
        return connection.rows(
            "SELECT t.block, t.page FROM picture_words w JOIN picture_text t ON t.block = w.rowid "
            f"WHERE picture_words MATCH ? AND w.rowid < ? AND t.audience IN {sql} ORDER BY w.rowid DESC LIMIT ?",
            (" AND ".join(f'"{word}"' for word in words), before, value, limit),
        )
    return connection.rows(
        "SELECT block, page FROM picture_text WHERE to_tsvector('simple', page) @@ plainto_tsquery('simple', ?) "
        f"AND block < ? AND audience IN {sql} ORDER BY block DESC LIMIT ?",
        (" ".join(words), before, value, limit),
    )


def add_contributions(connection: Connection, rows: Iterable[Row]) -> None:
    """Add to the summary of a contribution in one audience."""
    connection.run_many(
        "INSERT INTO picture_contribution (first_seq, audience, contribution, org, at, kind, title, title_seq, items, "
        "mentions, fresh) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (first_seq, audience) DO UPDATE SET "
        "items = picture_contribution.items + excluded.items, "
        "mentions = picture_contribution.mentions + excluded.mentions, "
        "fresh = picture_contribution.fresh + excluded.fresh, "
        "title = CASE WHEN picture_contribution.title = '' THEN excluded.title ELSE picture_contribution.title END, "
        "title_seq = CASE WHEN picture_contribution.title = '' THEN excluded.title_seq ELSE "
        "picture_contribution.title_seq END",
        rows,
    )


def end_items(connection: Connection, rows: Iterable[Row]) -> None:
    """Take ended entries out of a summary: (mentions, fresh, contribution, audience)."""
    connection.run_many(
        "UPDATE picture_contribution SET items = items - 1, mentions = mentions - ?, fresh = fresh - ? "
        "WHERE contribution = ? AND audience = ?",
        rows,
    )


def end_titles(connection: Connection, identifier: str, first: int, last: int, audience: int) -> None:
    """Take a contribution's title for an audience out of its summary where an entry from ``first`` to ``last`` gave it.

    Only a recall does so: were the title of a superseded entry to go too, it would hang on the batch which comes next.
    """
    connection.run(
        "UPDATE picture_contribution SET title = '' WHERE contribution = ? AND title_seq >= ? AND title_seq <= ? "
        "AND audience = ?",
        (identifier, first, last, audience),
    )


def add_recent(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep fresh mentions: (seq, observable, position within the entry, audience, org, at)."""
    connection.run_many(
        "INSERT INTO picture_recent (seq, observable, position, audience, org, at) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def end_recent(connection: Connection, seqs: Iterable[int]) -> None:
    """Take ended entries out of the fresh mentions."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM picture_recent WHERE seq IN {sql}", (value,))


def add_counts(connection: Connection, rows: Iterable[Row]) -> None:
    """Add to counts: (facet, hour, audience, key, number); a number may be negative. Days are counted beside."""
    rows = list(rows)
    days: Counter[tuple[str, int, int, str]] = Counter()
    for facet, hour, audience, key, number in rows:
        days[by_day(facet), hour // HOURS, audience, key] += number
    connection.run_many(
        "INSERT INTO picture_count (facet, bucket, audience, key, number) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (facet, bucket, audience, key) DO UPDATE SET number = picture_count.number + excluded.number",
        rows + [(*key, number) for key, number in days.items() if number],
    )


def newest(connection: Connection, audiences: Iterable[int], before: int, limit: int, reactions: bool) -> list[Row]:
    """Return the newest contributions that the audiences see, with or without ``reactions`` to posts, merged over
    audiences: (first_seq, contribution, org, at, kind, title, items, mentions, fresh, loosest audience id, audiences).
    """
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT first_seq, max(contribution), max(org), max(at), min(kind), max(title), sum(items), sum(mentions), "
        "sum(fresh), min(audience), count(*) FROM picture_contribution "
        f"WHERE first_seq < ? AND audience IN {sql} AND items > 0{'' if reactions else NO_REACTION} "
        "GROUP BY first_seq ORDER BY first_seq DESC LIMIT ?",
        (before, value, limit),
    )


def contribution_rows(connection: Connection, identifier: str, audiences: Iterable[int]) -> list[Row]:
    """Return a contribution's summaries: (first_seq, audience, org, at, kind, title, items, mentions, fresh)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT first_seq, audience, org, at, kind, title, items, mentions, fresh FROM picture_contribution "
        f"WHERE contribution = ? AND audience IN {sql} AND items > 0 ORDER BY audience",
        (identifier, value),
    )


def named_lately(connection: Connection, audiences: Iterable[int], since: int, limit: int, after: int = 0
                 ) -> list[Row]:  # fmt: skip
    """Return the newest fresh mentions since an instant, newest first: (observable, contributor, at). ``after``: a
    position before which nothing of that time stands.

    Of those that stand in one entry the first comes first: their ids would tell which of them had been named before, by
    entries that the viewer may not see.
    """
    sql, value = connection.among(audiences)
    return connection.rows(
        # The sum keeps SQLite from gathering all that the audiences ever saw by the index, to sort it.
        f"SELECT observable, org, at FROM picture_recent WHERE seq > ? AND at >= ? AND audience + 0 IN {sql} "
        "ORDER BY seq DESC, position LIMIT ?",
        (after, since, value, limit),
    )


def contributors(connection: Connection, audiences: Iterable[int], since: int, limit: int) -> list[Row]:
    """Return (audience, contributor) of those who gave news since an hour (a bucket), the latest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT audience, key FROM picture_count WHERE facet = 'org' AND bucket >= ? "
        f"AND audience IN {sql} AND number > 0 GROUP BY audience, key ORDER BY max(bucket) DESC, key, audience LIMIT ?",
        (since, value, limit),
    )


def named_by(connection: Connection, audience: int, org: str, since: int, limit: int, after: int = 0) -> list[Row]:
    """Return the newest fresh mentions of a contributor in an audience, as :func:`named_lately`."""
    return connection.rows(
        "SELECT observable, org, at FROM picture_recent WHERE audience = ? AND org = ? AND seq > ? AND at >= ? "
        "ORDER BY seq DESC, position LIMIT ?",
        (audience, org, after, since, limit),
    )


def counts(connection: Connection, facet: str, audiences: Iterable[int], since: int, limit: int) -> list[Row]:
    """Return (key, number) of a facet since a bucket, largest first: the hours of its day, then whole days."""
    sql, value = connection.among(audiences)
    tomorrow = since // HOURS + 1
    return connection.rows(
        "SELECT key, sum(number) AS total FROM ("
        "SELECT key, number FROM picture_count "
        f"WHERE facet = ? AND bucket >= ? AND bucket < ? AND audience IN {sql} "
        f"UNION ALL SELECT key, number FROM picture_count WHERE facet = ? AND bucket >= ? AND audience IN {sql}"
        ") AS each GROUP BY key HAVING sum(number) > 0 ORDER BY total DESC, key LIMIT ?",
        (facet, since, tomorrow * HOURS, value, by_day(facet), tomorrow, value, limit),
    )


def series(connection: Connection, facet: str, audiences: Iterable[int], since: int) -> list[Row]:
    """Return (bucket, number) of a facet over all keys since a bucket, in order."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT bucket, sum(number) FROM picture_count WHERE facet = ? AND bucket >= ? AND audience IN {sql} "
        "GROUP BY bucket ORDER BY bucket",
        (facet, since, value),
    )


def daily(connection: Connection, facet: str, audiences: Iterable[int], since: int) -> list[Row]:
    """Return (key, day, number) of a facet since a day; days are counted from 1970-01-01."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT key, bucket, sum(number) FROM picture_count "
        f"WHERE facet = ? AND bucket >= ? AND audience IN {sql} GROUP BY key, bucket HAVING sum(number) > 0 "
        "ORDER BY key, bucket",
        (by_day(facet), since, value),
    )


def lately(connection: Connection, audiences: Iterable[int], since: int, limit: int, after: int = 0) -> list[Row]:
    """Return (first_seq, at, contributor, items that were no news) of the newest contributions since an instant, a row
    for each audience that something of it stands in, newest first, at most ``limit``. ``after``: a position before
    which nothing of that time stands."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT first_seq, at, org, items - fresh FROM picture_contribution "
        f"WHERE first_seq > ? AND at >= ? AND audience + 0 IN {sql} AND items > 0 ORDER BY first_seq DESC LIMIT ?",
        (after, since, value, limit),
    )
