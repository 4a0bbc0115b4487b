"""All the SQL of the TAXII door: the collections and the places of the versions in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.exchange.taxii.model import MAX_PAGE_BYTES, Ask, Row
from fusioncell.intake import signed64
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

metadata = MetaData()
collection = Table(
    "exchange_taxii_collection", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String(160), nullable=False, unique=True),
    Column("last", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
)  # fmt: skip
"""``last``: the last place that was given (µs). ``changed``: position of the last entry that changed something in it
behind its end, by which remembered pages are known to be old."""
version = Table(
    "exchange_taxii_object", metadata,
    Column("collection", Integer, primary_key=True, autoincrement=False),
    Column("added", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("org", BigInteger, nullable=False),
    Column("okey", BigInteger, nullable=False),
    Column("oid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("spec", SmallInteger, nullable=False),
    Column("stamp", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("latest", SmallInteger, nullable=False),
    Column("shadow", SmallInteger, nullable=False),
    Column("revoked", SmallInteger, nullable=False),
    Index("exchange_taxii_object_okey", "collection", "okey"),
    Index("exchange_taxii_object_seq", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""``org``, ``okey``: 64-bit hashes, the latter of the id. ``latest``: of its object's newest STIX version the newest.
``shadow``: another contributor's copy of the same version came first. ``revoked``: stands for what was recalled."""

Kept = tuple[int, int, int, int, int, int, str, str, int, int, str, int, int, int, int]
"""A row of the table, in its order."""
_ALL = "collection, added, seq, audience, org, okey, oid, type, version, spec, stamp, size, latest, shadow, revoked"
_ROW = "t.added, t.seq, t.oid, t.type, t.version, t.spec, t.stamp, t.size, t.revoked"


def collections(connection: Connection, keys: Iterable[str]) -> dict[str, tuple[int, Instant]]:
    """Return key → (number, last place) of collections that have begun."""
    sql, value = connection.among(keys)
    return {row[0]: (row[1], row[2]) for row in connection.rows(
        f"SELECT key, number, last FROM exchange_taxii_collection WHERE key IN {sql}", (value,))}  # fmt: skip


def begin(connection: Connection, key: str) -> int:
    """Begin a collection; return its number."""
    number = int(connection.rows("SELECT coalesce(max(number), 0) + 1 FROM exchange_taxii_collection")[0][0])
    connection.run("INSERT INTO exchange_taxii_collection (number, key, last, changed) VALUES (?, ?, 0, 0)",
                   (number, key))  # fmt: skip
    return number


def move(connection: Connection, rows: Iterable[tuple[Instant, int, int]]) -> None:
    """Note how far collections are: (last place, position of the last change or 0, number)."""
    connection.run_many(
        "UPDATE exchange_taxii_collection SET last = ?, changed = CASE WHEN ? > changed THEN ? ELSE changed END "
        "WHERE number = ?",
        [(last, changed, changed, number) for last, changed, number in rows],
    )


def note_change(connection: Connection, numbers: Iterable[int]) -> None:
    """Note that something changed in collections behind their ends, by no entry."""
    connection.run_many("UPDATE exchange_taxii_collection SET changed = changed + 1 WHERE number = ?",
                        [(number,) for number in numbers])  # fmt: skip


def head(connection: Connection, key: str) -> tuple[int, Instant, int] | None:
    """Return (number, last place, last change) of a collection; None for one that has not begun."""
    rows = connection.rows("SELECT number, last, changed FROM exchange_taxii_collection WHERE key = ?", (key,))
    return rows[0] if rows else None


def of_objects(connection: Connection, number: int, okeys: Iterable[int]) -> list[Kept]:
    """Return all rows of these objects (by the hashes of their ids) in a collection, in order."""
    among, value = connection.among(okeys)
    return connection.rows(
        f"SELECT {_ALL} FROM exchange_taxii_object WHERE collection = ? AND okey IN {among} ORDER BY added",
        (number, value),
    )


def within(connection: Connection, first: int, last: int, audience: int) -> list[Kept]:
    """Return the rows of entries of one audience between two positions, in order; none that stands for a recall."""
    return connection.rows(
        f"SELECT {_ALL} FROM exchange_taxii_object WHERE seq BETWEEN ? AND ? AND audience = ? AND revoked = 0 "
        "ORDER BY collection, added",
        (first, last, audience),
    )


def of_entries(connection: Connection, seqs: Iterable[int]) -> list[Kept]:
    """Return the rows of entries."""
    among, value = connection.among(seqs)
    return connection.rows(f"SELECT {_ALL} FROM exchange_taxii_object WHERE seq IN {among} ORDER BY collection, added",
                           (value,))  # fmt: skip


def add(connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
    """Keep new rows."""
    connection.run_many(
        f"INSERT INTO exchange_taxii_object ({_ALL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
    )


def flag(connection: Connection, rows: Iterable[tuple[int, int, int, int]]) -> None:
    """Change flags: (latest, shadow, collection, place)."""
    connection.run_many(
        "UPDATE exchange_taxii_object SET latest = ?, shadow = ? WHERE collection = ? AND added = ?", rows
    )


def drop(connection: Connection, rows: Iterable[tuple[int, int]]) -> None:
    """Let rows go: (collection, place)."""
    connection.run_many("DELETE FROM exchange_taxii_object WHERE collection = ? AND added = ?", rows)


# -- what is served ----------------------------------------------------------------------------------------------------


def page(connection: Connection, number: int, ask: Ask, org: int, *, by_id: bool = False) -> tuple[list[Row], bool]:
    """Return the rows of a page and whether more follow. ``org``: hash of the contributor that is asked for."""
    where, given = _where(connection, number, ask, org, by_id)
    rows = connection.rows(
        f"SELECT {_ROW} FROM exchange_taxii_object t WHERE t.collection = ? AND t.added > ?{where} "
        "ORDER BY t.added LIMIT ?",
        (number, ask.after, *given, ask.limit + 1),
    )
    more, size, cut = len(rows) > ask.limit, 0, min(len(rows), ask.limit)
    for index, row in enumerate(rows[:cut]):
        size += row[7]
        if size > MAX_PAGE_BYTES and index:
            more, cut = True, index
            break
    return [Row(*row) for row in rows[:cut]], more


def exists(connection: Connection, number: int, oid: str) -> bool:
    """Tell whether a collection holds something of an object that was not withdrawn."""
    return bool(connection.rows(
        "SELECT 1 FROM exchange_taxii_object WHERE collection = ? AND okey = ? AND oid = ? AND revoked = 0 LIMIT 1",
        (number, signed64(oid), oid)))  # fmt: skip


def own(connection: Connection, number: int, oid: str, org: int, specs: Sequence[int]) -> list[tuple[int, Instant]]:
    """Return (position, version) of all that one contributor gave of an object, oldest version first."""
    among, value = connection.among(specs)
    return connection.rows(
        "SELECT seq, version FROM exchange_taxii_object WHERE collection = ? AND okey = ? AND oid = ? AND org = ? "
        f"AND revoked = 0 AND spec IN {among} ORDER BY version, added",
        (number, signed64(oid), oid, org, value),
    )


def _where(connection: Connection, number: int, ask: Ask, org: int, by_id: bool) -> tuple[str, list[Any]]:
    """Return the conditions of a query beyond collection and place, with their parameters."""
    sql, given = "", []
    if by_id:
        sql += " AND t.revoked = 0"
    if ask.ids:
        keys, hashed = connection.among([signed64(oid) for oid in ask.ids])
        among, value = connection.among(ask.ids)
        sql += f" AND t.okey IN {keys} AND t.oid IN {among}"
        given += [hashed, value]
    if ask.types:
        among, value = connection.among(ask.types)
        sql += f" AND t.type IN {among}"
        given.append(value)
    plain = ask.last and not (ask.specs or ask.versions or ask.first or ask.all or org)
    if plain:
        return sql + " AND t.latest = 1", given
    rivals, rival = _rivals(connection, ask, org, by_id)
    mine = " AND t.org = ?" if org else " AND t.shadow = 0"
    sql += mine
    given += [org] if org else []
    if ask.specs:
        among, value = connection.among(ask.specs)
        sql += f" AND t.spec IN {among}"
        given.append(value)
    else:
        sql += f" AND NOT EXISTS (SELECT 1 FROM exchange_taxii_object u WHERE {rivals} AND u.spec > t.spec)"
        given += rival
    return _versions(connection, ask, sql, given, rivals, rival)


def _rivals(connection: Connection, ask: Ask, org: int, by_id: bool) -> tuple[str, list[Any]]:
    """Return which other rows of the same object are compared with a row."""
    sql, given = "u.collection = t.collection AND u.okey = t.okey AND u.oid = t.oid", []
    sql += " AND u.org = ?" if org else " AND u.shadow = 0"
    given += [org] if org else []
    if by_id:
        sql += " AND u.revoked = 0"
    if ask.specs:
        among, value = connection.among(ask.specs)
        sql += f" AND u.spec IN {among}"
        given.append(value)
    return sql, given


def _versions(connection: Connection, ask: Ask, sql: str, given: list[Any], rivals: str, rival: list[Any]
              ) -> tuple[str, list[Any]]:
    if ask.all:
        return sql, given
    ways, more = [], []
    same = "" if ask.specs else " AND u.spec = t.spec"
    for wanted, sign in ((ask.last, ">"), (ask.first, "<")):
        if wanted:
            ways.append(
                f"NOT EXISTS (SELECT 1 FROM exchange_taxii_object u WHERE {rivals}{same} "
                f"AND (u.version {sign} t.version OR (u.version = t.version AND (u.spec {sign} t.spec "
                "OR (u.spec = t.spec AND u.added < t.added)))))"
            )
            more += rival
    if ask.versions:
        among, value = connection.among(ask.versions)
        ways.append(f"t.version IN {among}")
        more.append(value)
    return f"{sql} AND ({' OR '.join(ways)})", given + more
