"""All the SQL of entities. Every row carries its audience; every query for a viewer filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.fusion.entities.refer import number_of
from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "fusion_entities_ref", metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("ref", String(240), nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What is mentioned at all, by its number (``refer.number_of``): other tables name references by that."""
Table(
    "fusion_entities_report", metadata,
    Column("report", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("contribution", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("fusion_entities_report_of", "contribution"),
    Index("fusion_entities_report_at", "at"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""The contributions that mention something. ``report``: the position of the contribution's first entry."""
Table(
    "fusion_entities_mention", metadata,
    Column("ref", BigInteger, primary_key=True, autoincrement=False),
    Column("report", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("news", Integer, nullable=False),
    Index("fusion_entities_mention_of", "report", "audience", "ref", "news"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row a reference, contribution and audience: ``number`` entries refer so, ``news`` of them were news on arrival.

Nothing but numbers: rows of text in two more indexes were a third of what an object of ATT&CK cost the projections.
"""
Table(
    "fusion_entities_said", metadata,
    Column("entity", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("external", String(24), nullable=False),
    Column("names", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("tactics", Text, nullable=False),
    Column("description", Text, nullable=False),
    Index("fusion_entities_said_seq", "seq"),
    Index("fusion_entities_said_external", "external"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "fusion_entities_relation", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("source", BigInteger, nullable=False),
    Column("target", BigInteger, nullable=False),
    Column("type", String(60), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("report", BigInteger, nullable=False),
    Index("fusion_entities_relation_source", "source"),
    Index("fusion_entities_relation_target", "target"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "fusion_entities_link", metadata,
    Column("link", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("a", String(240), nullable=False),
    Column("b", String(240), nullable=False),
    Column("says", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("undone_at", BigInteger, nullable=False),
    Column("undone_by", String(64), nullable=False),
    Column("undone_why", Text, nullable=False),
    Index("fusion_entities_link_a", "a"),
    Index("fusion_entities_link_b", "b"),
    sqlite_with_rowid=False,
)  # fmt: skip

# -- written by project.py ---------------------------------------------------------------------------------------------


def add_reports(connection: Connection, rows: Sequence[Row]) -> None:
    """Add contributions that mention something: (report, audience, contribution, org, at)."""
    connection.run_many(
        "INSERT INTO fusion_entities_report (report, audience, contribution, org, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (report, audience) DO NOTHING",
        rows,
    )


def add_refs(connection: Connection, refs: Mapping[int, str]) -> None:
    """Add what is mentioned: number → reference."""
    sql, value = connection.among(refs)
    known = {row[0] for row in connection.rows(
        f"SELECT number FROM fusion_entities_ref WHERE number IN {sql}", (value,))}  # fmt: skip
    new = [(number, refs[number]) for number in sorted(refs.keys() - known)]
    if new:
        connection.run_many("INSERT INTO fusion_entities_ref (number, ref) VALUES (?, ?)", new)


def add_mentions(connection: Connection, rows: Sequence[Row]) -> None:
    """Add to what contributions refer to: (ref, report, audience, number, news). Numbers may be negative."""
    connection.run_many(
        "INSERT INTO fusion_entities_mention (ref, report, audience, number, news) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT (ref, report, audience) DO UPDATE SET "
        "number = fusion_entities_mention.number + excluded.number, "
        "news = fusion_entities_mention.news + excluded.news",
        rows,
    )


def drop_unmentioned(connection: Connection, rows: Sequence[Row]) -> None:
    """Take out what nothing refers to any more: (ref, report, audience), and the texts and reports that none needs."""
    connection.run_many(
        "DELETE FROM fusion_entities_mention WHERE ref = ? AND report = ? AND audience = ? AND number <= 0", rows
    )
    connection.run_many(
        "DELETE FROM fusion_entities_ref WHERE number = ? "
        "AND NOT EXISTS (SELECT 1 FROM fusion_entities_mention m WHERE m.ref = fusion_entities_ref.number)",
        [(ref,) for ref in sorted({row[0] for row in rows})],
    )
    connection.run_many(
        "DELETE FROM fusion_entities_report WHERE report = ? AND audience = ? "
        "AND NOT EXISTS (SELECT 1 FROM fusion_entities_mention m WHERE m.report = fusion_entities_report.report "
        "AND m.audience = fusion_entities_report.audience)",
        sorted({row[1:] for row in rows}),
    )


def add_said(connection: Connection, rows: Iterable[Row]) -> None:
    """Add what objects say of themselves, in the order of the table's columns."""
    connection.run_many(
        "INSERT INTO fusion_entities_said (entity, seq, audience, org, at, kind, external, names, folded, tactics, "
        "description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def add_relations(connection: Connection, rows: Iterable[Row]) -> None:
    """Add relations: (seq, source, target, type, audience, report)."""
    connection.run_many(
        "INSERT INTO fusion_entities_relation (seq, source, target, type, audience, report) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def drop_seqs(connection: Connection, seqs: Iterable[int]) -> None:
    """Take out what entries at these positions said."""
    sql, value = connection.among(seqs)
    connection.run(f"DELETE FROM fusion_entities_said WHERE seq IN {sql}", (value,))
    connection.run(f"DELETE FROM fusion_entities_relation WHERE seq IN {sql}", (value,))


def add_link(connection: Connection, row: Row) -> None:
    """Add a link: (link, seq, a, b, says, reason, org, at, audience); the first of an id counts."""
    connection.run(
        "INSERT INTO fusion_entities_link (link, seq, a, b, says, reason, org, at, audience, undone_at, undone_by, "
        "undone_why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', '') ON CONFLICT (link) DO NOTHING",
        row,
    )


def undo_link(connection: Connection, row: Row) -> None:
    """Take a link back: (at, by, why, link, audience); the first time counts."""
    connection.run(
        "UPDATE fusion_entities_link SET undone_at = ?, undone_by = ?, undone_why = ? "
        "WHERE link = ? AND audience = ? AND undone_at = 0",
        row,
    )


# -- what a viewer sees ------------------------------------------------------------------------------------------------


_MENTIONS = (
    "fusion_entities_mention m JOIN fusion_entities_report r ON r.report = m.report AND r.audience = m.audience"
)
_NAMED = f"{_MENTIONS} JOIN fusion_entities_ref f ON f.number = m.ref"
_BY_TIME = "fusion_entities_report r CROSS JOIN fusion_entities_mention m"
_SINCE = "m.report = r.report AND m.audience = r.audience AND r.at >= ?"
"""By time: SQLite takes the tables of a CROSS JOIN in this order, and would else read all mentions there are."""


def seen(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant = 0
) -> tuple[int, int, int] | None:
    """Return (contributions, first, last) of what refers to any of these; None where nothing does."""
    which, wanted = _numbers(connection, refs)
    sql, value = connection.among(audiences)
    row = connection.rows(
        f"SELECT count(DISTINCT m.report), min(r.at), max(r.at) FROM {_MENTIONS} "
        f"WHERE m.ref IN {which} AND m.audience IN {sql} AND r.at >= ?",
        (wanted, value, since),
    )[0]
    return (int(row[0]), int(row[1]), int(row[2])) if row[0] else None


def _numbers(connection: Connection, refs: Iterable[str]) -> tuple[str, Any]:
    return connection.among([number_of(ref) for ref in refs])


def tops(
    connection: Connection, audiences: Iterable[int], since: Instant, limit: int, begins: str = ""
) -> list[Row]:
    """Return (ref, contributions, first, last) of what is referred to since an instant, the most often first.

    ``begins``: only references that begin so (letters, digits and hyphens).
    """
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT f.ref, c.total, c.first, c.last FROM (SELECT m.ref AS number, count(DISTINCT m.report) AS total, "
        f"min(r.at) AS first, max(r.at) AS last FROM {_BY_TIME} WHERE {_SINCE} AND r.audience IN {sql} "
        "GROUP BY m.ref) c JOIN fusion_entities_ref f ON f.number = c.number WHERE ? = '' OR f.ref LIKE ? "
        "ORDER BY c.total DESC, f.ref LIMIT ?",
        (since, value, begins, f"{begins}%", limit),
    )


def counts(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant, orgs: Iterable[str] | None
) -> list[Row]:
    """Return (ref, contributions that were news) since an instant, of all contributors or of some."""
    which, wanted = _numbers(connection, refs)
    sql, value = connection.among(audiences)
    of, named = ("", ()) if orgs is None else _of(connection, orgs)
    return connection.rows(
        f"SELECT f.ref, count(DISTINCT m.report) FROM {_NAMED} WHERE m.ref IN {which} AND m.audience IN {sql} "
        f"AND r.at >= ? AND m.news > 0{of} GROUP BY f.ref ORDER BY f.ref",
        (wanted, value, since, *named),
    )


def _of(connection: Connection, orgs: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
    sql, value = connection.among(orgs)
    return f" AND r.org IN {sql}", (value,)


def by_org(connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant) -> list[Row]:
    """Return (ref, org, contributions, last) since an instant."""
    which, wanted = _numbers(connection, refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT f.ref, r.org, count(DISTINCT m.report), max(r.at) FROM {_NAMED} "
        f"WHERE m.ref IN {which} AND m.audience IN {sql} AND r.at >= ? GROUP BY f.ref, r.org ORDER BY f.ref, r.org",
        (wanted, value, since),
    )


def daily(connection: Connection, audiences: Iterable[int], since: Instant, limit: int) -> list[Row]:
    """Return (ref, org, day since the epoch, contributions that were news) since an instant, by ref and day."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT f.ref, r.org, r.at / {DAY} AS day, count(DISTINCT m.report) FROM {_BY_TIME} "
        "JOIN fusion_entities_ref f ON f.number = m.ref "
        f"WHERE {_SINCE} AND r.audience IN {sql} AND m.news > 0 GROUP BY f.ref, r.org, r.at / {DAY} "
        "ORDER BY f.ref, day, r.org LIMIT ?",
        (since, value, limit),
    )


def reports(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], limit: int, before: Instant
) -> list[Row]:
    """Return (contribution, org, at, loosest audience id, ref, how many refs) of what refers to these, newest first."""
    which, wanted = _numbers(connection, refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT r.contribution, max(r.org), max(r.at) AS newest, min(r.audience), min(f.ref), max(f.ref) "
        f"FROM {_NAMED} WHERE m.ref IN {which} AND m.audience IN {sql} AND r.at < ? "
        "GROUP BY r.contribution ORDER BY newest DESC, r.contribution LIMIT ?",
        (wanted, value, before, limit),
    )


def spans(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant, span: int
) -> list[Row]:
    """Return (span since the epoch, contributions) in order."""
    which, wanted = _numbers(connection, refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT r.at / {int(span)} AS part, count(DISTINCT m.report) FROM {_MENTIONS} "
        f"WHERE m.ref IN {which} AND m.audience IN {sql} AND r.at >= ? GROUP BY r.at / {int(span)} ORDER BY part",
        (wanted, value, since),
    )


def refs_of(connection: Connection, contributions: Iterable[str], audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (contribution, ref) of what contributions refer to."""
    which, wanted = connection.among(contributions)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT DISTINCT r.contribution, f.ref FROM {_NAMED} "
        f"WHERE r.contribution IN {which} AND r.audience IN {sql} ORDER BY r.contribution, f.ref LIMIT ?",
        (wanted, value, limit),
    )


_SAID = "SELECT entity, org, kind, external, names, tactics, description, at FROM fusion_entities_said"


def said(connection: Connection, entities: Iterable[str], audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (entity, org, kind, external, names, tactics, description, at) of what is said of these, oldest first."""
    which, wanted = connection.among(entities)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_SAID} WHERE entity IN {which} AND audience IN {sql} ORDER BY entity, seq LIMIT ?", (wanted, value, limit)
    )


def said_like(connection: Connection, like: str, kind: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what :func:`said` does of those whose names hold a text (``like``: escaped with a backslash)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_SAID} WHERE folded LIKE ? ESCAPE '\\' AND (? = '' OR kind = ?) AND audience IN {sql} "
        "ORDER BY entity, seq LIMIT ?",
        (like, kind, kind, value, limit),
    )


def said_external(connection: Connection, external: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what :func:`said` does of those with an ATT&CK id."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_SAID} WHERE external = ? AND audience IN {sql} ORDER BY entity, seq LIMIT ?", (external, value, limit)
    )


def said_tactics(connection: Connection, begins: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return what :func:`said` does of contributed techniques of a kill chain."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_SAID} WHERE kind = 'technique' AND tactics LIKE ? AND audience IN {sql} ORDER BY entity, seq LIMIT ?",
        (f"{begins}%", value, limit),
    )


def relations(connection: Connection, entity: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (source, target, type, contribution) of what relates to an entity, each once, newest first."""
    sql, value = connection.among(audiences)
    number = number_of(entity)
    return connection.rows(
        "SELECT s.ref, t.ref, e.type, max(r.contribution), max(e.seq) AS newest FROM fusion_entities_relation e "
        "JOIN fusion_entities_ref s ON s.number = e.source JOIN fusion_entities_ref t ON t.number = e.target "
        "JOIN fusion_entities_report r ON r.report = e.report AND r.audience = e.audience "
        f"WHERE (e.source = ? OR e.target = ?) AND e.audience IN {sql} "
        "GROUP BY s.ref, t.ref, e.type ORDER BY newest DESC LIMIT ?",
        (number, number, value, limit),
    )


_LINK = (
    "SELECT link, a, b, says, reason, org, at, audience, undone_at, undone_by, undone_why FROM fusion_entities_link"
)


def links(connection: Connection, entities: Iterable[str], audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the links of entities, newest first: (link, a, b, says, reason, org, at, audience, undone …)."""
    which, wanted = connection.among(entities)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_LINK} WHERE (a IN {which} OR b IN {which}) AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (wanted, wanted, value, limit),
    )


def link(connection: Connection, which: str, audiences: Iterable[int]) -> list[Row]:
    """Return one link."""
    sql, value = connection.among(audiences)
    return connection.rows(f"{_LINK} WHERE link = ? AND audience IN {sql}", (which, value))
