"""All the SQL of entities. Every row carries its audience; every query for a viewer filters by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "fusion_entities_mention", metadata,
    Column("ref", String(240), primary_key=True),
    Column("contribution", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("news", Integer, nullable=False),
    Index("fusion_entities_mention_of", "contribution"),
    Index("fusion_entities_mention_at", "at", "audience", "ref", "contribution", "org", "news"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row a reference, contribution and audience: ``number`` entries refer so, ``news`` of them were news on arrival."""
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
    Column("source", String(64), nullable=False),
    Column("target", String(64), nullable=False),
    Column("type", String(60), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("contribution", String(64), nullable=False),
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


def add_mentions(connection: Connection, rows: Sequence[Row]) -> None:
    """Add to what contributions refer to: (ref, contribution, audience, org, at, number, news).

    Numbers may be negative.
    """
    connection.run_many(
        "INSERT INTO fusion_entities_mention (ref, contribution, audience, org, at, number, news) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (ref, contribution, audience) DO UPDATE SET "
        "number = fusion_entities_mention.number + excluded.number, "
        "news = fusion_entities_mention.news + excluded.news",
        rows,
    )


def drop_unmentioned(connection: Connection, rows: Iterable[Row]) -> None:
    """Take out what nothing refers to any more: (ref, contribution, audience)."""
    connection.run_many(
        "DELETE FROM fusion_entities_mention WHERE ref = ? AND contribution = ? AND audience = ? AND number <= 0", rows
    )


def add_said(connection: Connection, rows: Iterable[Row]) -> None:
    """Add what objects say of themselves, in the order of the table's columns."""
    connection.run_many(
        "INSERT INTO fusion_entities_said (entity, seq, audience, org, at, kind, external, names, folded, tactics, "
        "description) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def add_relations(connection: Connection, rows: Iterable[Row]) -> None:
    """Add relations: (seq, source, target, type, audience, contribution)."""
    connection.run_many(
        "INSERT INTO fusion_entities_relation (seq, source, target, type, audience, contribution) "
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


def seen(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant = 0
) -> tuple[int, int, int] | None:
    """Return (contributions, first, last) of what refers to any of these; None where nothing does."""
    which, wanted = connection.among(refs)
    sql, value = connection.among(audiences)
    row = connection.rows(
        "SELECT count(DISTINCT contribution), min(at), max(at) FROM fusion_entities_mention "
        f"WHERE ref IN {which} AND audience IN {sql} AND at >= ?",
        (wanted, value, since),
    )[0]
    return (int(row[0]), int(row[1]), int(row[2])) if row[0] else None


def tops(
    connection: Connection, audiences: Iterable[int], since: Instant, limit: int, begins: str = ""
) -> list[Row]:
    """Return (ref, contributions, first, last) of what is referred to since an instant, the most often first.

    ``begins``: only references that begin so (letters, digits and hyphens).
    """
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT ref, count(DISTINCT contribution) AS total, min(at), max(at) FROM fusion_entities_mention "
        f"WHERE at >= ? AND audience IN {sql} AND (? = '' OR ref LIKE ?) GROUP BY ref ORDER BY total DESC, ref LIMIT ?",
        (since, value, begins, f"{begins}%", limit),
    )


def counts(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant, orgs: Iterable[str] | None
) -> list[Row]:
    """Return (ref, contributions that were news) since an instant, of all contributors or of some."""
    which, wanted = connection.among(refs)
    sql, value = connection.among(audiences)
    of, named = ("", ()) if orgs is None else _of(connection, orgs)
    return connection.rows(
        "SELECT ref, count(DISTINCT contribution) FROM fusion_entities_mention "
        f"WHERE at >= ? AND audience IN {sql} AND news > 0 AND ref IN {which}{of} GROUP BY ref ORDER BY ref",
        (since, value, wanted, *named),
    )


def _of(connection: Connection, orgs: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
    sql, value = connection.among(orgs)
    return f" AND org IN {sql}", (value,)


def by_org(connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant) -> list[Row]:
    """Return (ref, org, contributions, last) since an instant."""
    which, wanted = connection.among(refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT ref, org, count(DISTINCT contribution), max(at) FROM fusion_entities_mention "
        f"WHERE ref IN {which} AND audience IN {sql} AND at >= ? GROUP BY ref, org ORDER BY ref, org",
        (wanted, value, since),
    )


def daily(connection: Connection, audiences: Iterable[int], since: Instant, limit: int) -> list[Row]:
    """Return (ref, org, day since the epoch, contributions that were news) since an instant, by ref and day."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT ref, org, at / {DAY} AS day, count(DISTINCT contribution) FROM fusion_entities_mention "
        f"WHERE at >= ? AND audience IN {sql} AND news > 0 GROUP BY ref, org, at / {DAY} "
        "ORDER BY ref, day, org LIMIT ?",
        (since, value, limit),
    )


def reports(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], limit: int, before: Instant
) -> list[Row]:
    """Return (contribution, org, at, loosest audience id, ref, how many refs) of what refers to these, newest first."""
    which, wanted = connection.among(refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT contribution, max(org), max(at) AS newest, min(audience), min(ref), max(ref) "
        f"FROM fusion_entities_mention WHERE ref IN {which} AND audience IN {sql} AND at < ? "
        "GROUP BY contribution ORDER BY newest DESC, contribution LIMIT ?",
        (wanted, value, before, limit),
    )


def spans(
    connection: Connection, refs: Iterable[str], audiences: Iterable[int], since: Instant, span: int
) -> list[Row]:
    """Return (span since the epoch, contributions) in order."""
    which, wanted = connection.among(refs)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT at / {int(span)} AS part, count(DISTINCT contribution) FROM fusion_entities_mention "
        f"WHERE ref IN {which} AND audience IN {sql} AND at >= ? GROUP BY at / {int(span)} ORDER BY part",
        (wanted, value, since),
    )


def refs_of(connection: Connection, contributions: Iterable[str], audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (contribution, ref) of what contributions refer to."""
    which, wanted = connection.among(contributions)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT DISTINCT contribution, ref FROM fusion_entities_mention "
        f"WHERE contribution IN {which} AND audience IN {sql} ORDER BY contribution, ref LIMIT ?",
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
    return connection.rows(
        "SELECT source, target, type, max(contribution), max(seq) AS newest FROM fusion_entities_relation "
        f"WHERE (source = ? OR target = ?) AND audience IN {sql} "
        "GROUP BY source, target, type ORDER BY newest DESC LIMIT ?",
        (entity, entity, value, limit),
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
