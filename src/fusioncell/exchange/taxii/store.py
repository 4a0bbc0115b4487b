"""All the SQL of the TAXII door: the collections, the places of the versions in them, and where an object stands."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table

from fusioncell.exchange.taxii.model import MAX_PAGE_BYTES, Ask, Row
from fusioncell.exchange.taxii.runs import (
    ALONE,
    LATEST,
    PRESENT,
    SHADOW,
    Run,
    Shelf,
    is_latest_alone,
    key_of,
    number_of,
    pick,
    type_hash,
)
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
run = Table(
    "exchange_taxii_run", metadata,
    Column("collection", Integer, primary_key=True, autoincrement=False),
    Column("added", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("org", BigInteger, nullable=False),
    Column("flags", LargeBinary, nullable=False),
    Column("types", LargeBinary, nullable=False),
    Column("versions", LargeBinary, nullable=False),
    Column("sizes", LargeBinary, nullable=False),
    Column("keys", LargeBinary, nullable=False),
    Index("exchange_taxii_run_seq", "collection", "seq", unique=True),
    sqlite_with_rowid=False,
)  # fmt: skip
"""``added``, ``seq``: of its first place. The rest: see ``runs.Run``."""
name = Table(
    "exchange_taxii_name", metadata,
    Column("okey", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""First half of an object's key → the entries that brought it, or that it was revoked with."""
revoked = Table(
    "exchange_taxii_revoked", metadata,
    Column("collection", Integer, primary_key=True, autoincrement=False),
    Column("added", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("org", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("spec", SmallInteger, nullable=False),
    Column("type", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Index("exchange_taxii_revoked_seq", "seq", "collection", unique=True),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What stands for objects of which nothing is left: the entry that was the last, the version that says so."""

Gone = tuple[int, Instant, int, int, Instant, int, int, bytes]
"""A row of ``revoked``, in its order."""
_RUN = "collection, added, seq, audience, org, flags, types, versions, sizes, keys"
_GONE = "collection, added, seq, org, version, spec, type, key"
_NEVER = 1 << 62
_SMALL_RUN = 64
"""Objects of a run of large ones: as many as a block of the record takes of them."""
_place = attrgetter("added")
_NOT_LATEST = bytes(flags for flags in range(256) if not flags & LATEST)
_MOST_RUNS = 512
"""Runs, and rows of what was revoked, that are read at once while looking for what a filter lets through."""


# -- what the projection keeps -----------------------------------------------------------------------------------------


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


def known(connection: Connection, numbers: Iterable[int]) -> dict[int, list[int]]:
    """Return which entries brought objects, by the first halves of their keys."""
    among, value = connection.among(numbers)
    found: dict[int, list[int]] = {}
    for okey, seq in connection.rows(
        f"SELECT okey, seq FROM exchange_taxii_name WHERE okey IN {among} ORDER BY okey, seq", (value,)
    ):
        found.setdefault(okey, []).append(seq)
    return found


def runs_with(connection: Connection, number: int, seqs: Iterable[int]) -> list[Run]:
    """Return the runs of a collection that may hold these positions: the last that begin at or before each."""
    among, value = connection.among(seqs)
    # PostgreSQL names the column of unnest after the function, SQLite calls json_each's "value".
    column = "value" if connection.dialect == "sqlite" else "unnest"
    return [Run.read(*row) for row in connection.rows(
        f"SELECT {_RUN} FROM exchange_taxii_run WHERE collection = ? AND seq IN (SELECT (SELECT max(r.seq) FROM "
        f"exchange_taxii_run r WHERE r.collection = ? AND r.seq <= wanted.{column}) FROM {among} AS wanted)",
        (number, number, value))]  # fmt: skip


def runs_between(connection: Connection, number: int, first: int, last: int, audience: int) -> list[Run]:
    """Return the runs of a collection between two positions whose readers are one audience."""
    return [Run.read(*row) for row in connection.rows(
        f"SELECT {_RUN} FROM exchange_taxii_run WHERE collection = ? AND seq >= coalesce((SELECT max(seq) FROM "
        "exchange_taxii_run WHERE collection = ? AND seq <= ?), 0) AND seq <= ? AND audience = ?",
        (number, number, first, last, audience))]  # fmt: skip


def gone_with(connection: Connection, number: int, seqs: Iterable[int]) -> list[Gone]:
    """Return what was revoked in a collection with these entries."""
    among, value = connection.among(seqs)
    return [_gone(row) for row in connection.rows(
        f"SELECT {_GONE} FROM exchange_taxii_revoked WHERE collection = ? AND seq IN {among}",
        (number, value))]  # fmt: skip


def _gone(row: Sequence[Any]) -> Gone:
    return (*row[:7], bytes(row[7]))


def keep_runs(connection: Connection, runs: Iterable[Run]) -> None:
    """Write runs that are new or changed. One at which nothing stands any more is let go."""
    added, flagged, dropped = [], [], []
    for one in runs:
        place = (one.collection, one.added)
        grown = len(one.flags) > one.stored
        if one.stored and (grown or (one.changed and not any(one.flags))):
            dropped.append(place)
        elif one.changed and not grown:
            flagged.append((bytes(one.flags), *place))
        if grown and any(one.flags):
            added.append(one.row())
    connection.run_many("DELETE FROM exchange_taxii_run WHERE collection = ? AND added = ?", dropped)
    connection.run_many("UPDATE exchange_taxii_run SET flags = ? WHERE collection = ? AND added = ?", flagged)
    connection.run_many(f"INSERT INTO exchange_taxii_run ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", added)


def add_names(connection: Connection, rows: Iterable[tuple[int, int]]) -> None:
    """Keep which entries brought objects: (first half of the key, position)."""
    connection.run_many("INSERT INTO exchange_taxii_name (okey, seq) VALUES (?, ?)", rows)


def drop_names(connection: Connection, rows: Iterable[tuple[int, int]]) -> None:
    """Forget entries with which nothing stands any more, not even that it was revoked."""
    connection.run_many(
        "DELETE FROM exchange_taxii_name WHERE okey = ? AND seq = ? AND NOT EXISTS (SELECT 1 FROM "
        "exchange_taxii_revoked r WHERE r.seq = exchange_taxii_name.seq)", rows)  # fmt: skip


def add_gone(connection: Connection, rows: Iterable[Gone]) -> None:
    """Keep what was revoked."""
    connection.run_many(f"INSERT INTO exchange_taxii_revoked ({_GONE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)


def drop_gone(connection: Connection, rows: Iterable[tuple[int, Instant]]) -> None:
    """Let what was revoked go, where the object came back: (collection, place)."""
    connection.run_many("DELETE FROM exchange_taxii_revoked WHERE collection = ? AND added = ?", rows)


# -- what is served ----------------------------------------------------------------------------------------------------


def head(connection: Connection, key: str) -> tuple[int, Instant, int] | None:
    """Return (number, last place, last change) of a collection; None for one that has not begun."""
    rows = connection.rows("SELECT number, last, changed FROM exchange_taxii_collection WHERE key = ?", (key,))
    return rows[0] if rows else None


def page(connection: Connection, number: int, ask: Ask, org: int, *, by_id: bool = False) -> tuple[list[Row], bool]:
    """Return the rows of a page and whether more follow. ``org``: hash of the contributor that is asked for."""
    rows = _of_ids(connection, number, ask, org, by_id) if ask.ids else _scan(connection, number, ask, org)
    more, size, cut = len(rows) > ask.limit, 0, min(len(rows), ask.limit)
    for index, row in enumerate(rows[:cut]):
        size += row.size
        if size > MAX_PAGE_BYTES and index:
            more, cut = True, index
            break
    return rows[:cut], more


def exists(connection: Connection, number: int, oid: str) -> bool:
    """Tell whether a collection holds something of an object that was not withdrawn."""
    return any(not row.revoked for row in _standing(connection, number, [key_of(oid)]).get(key_of(oid), ()))


def own(connection: Connection, number: int, oid: str, org: int, specs: Sequence[int]) -> list[tuple[int, Instant]]:
    """Return (position, version) of all that one contributor gave of an object, oldest version first."""
    rows = _standing(connection, number, [key_of(oid)]).get(key_of(oid), [])
    mine = [row for row in rows if row.org == org and not row.revoked and row.spec in specs]
    return [(row.seq, row.version) for row in sorted(mine, key=lambda row: (row.version, row.added))]


def _standing(connection: Connection, number: int, keys: Several[bytes]) -> dict[bytes, list[Row]]:
    """Return all that stands of objects in a collection, by their keys, in order."""
    entries = known(connection, sorted({number_of(key) for key in keys}))
    seqs = sorted({seq for found in entries.values() for seq in found})
    shelf = Shelf()
    if seqs:
        shelf.put(runs_with(connection, number, seqs))
    found: dict[bytes, list[Row]] = {}
    for seq in seqs:
        if (at := shelf.find(seq)) is not None and at[0].flags[at[1]] & PRESENT:
            found.setdefault(at[0].key(at[1]), []).extend(at[0].shown([at[1]]))
    for gone in gone_with(connection, number, seqs) if seqs else ():
        found.setdefault(gone[7], []).append(_row(gone))
    return found


def _row(gone: Gone) -> Row:
    return Row(gone[1], gone[2], gone[3], gone[4], gone[5], 0, 0, 1)


def _of_ids(connection: Connection, number: int, ask: Ask, org: int, by_id: bool) -> list[Row]:
    """Return what is asked of objects that are named, in order."""
    wanted = [key_of(oid) for oid in ask.ids if not ask.types or oid.partition("--")[0] in ask.types]
    standing = _standing(connection, number, wanted)
    found: list[Row] = []
    for key in wanted:
        rows = [row for row in standing.get(key, ()) if not (by_id and row.revoked)]
        found += [row for row in pick(ask, rows, org) if row.added > ask.after]
    return sorted(found, key=_place)


def _scan(connection: Connection, number: int, ask: Ask, org: int) -> list[Row]:
    """Look through a collection for what is asked, until a page is full."""
    types = frozenset(type_hash(type) for type in ask.types)
    found: list[Row] = []
    latest = is_latest_alone(ask, org)
    after, most = ask.after, min(ask.limit // _SMALL_RUN + 2, _MOST_RUNS)
    while len(found) <= ask.limit:
        runs = _runs_from(connection, number, after, most)
        gone = _gone_from(connection, number, after)
        ends = [runs[-1].added + len(runs[-1].flags) - 1] if len(runs) == most else []
        ends += [gone[-1][1]] if len(gone) == _MOST_RUNS else []
        until = min(ends, default=_NEVER)
        if latest and not types:
            runs, until = _enough(runs, after, until, ask.limit + 1 - len(found))
        rows = _of_runs(connection, number, runs, (after, until), ask, org, types)
        rows += [row for one in gone if one[1] <= until and (not types or one[6] in types)
                 for row in pick(ask, [_row(one)], org)]  # fmt: skip
        found += rows if latest and not gone else sorted(rows, key=_place)
        if until == _NEVER:
            break
        after, most = until, min(most * 2, _MOST_RUNS)
    return found


def _enough(runs: list[Run], after: Instant, until: Instant, wanted: int) -> tuple[list[Run], Instant]:
    """Return the first runs that bring so many places of latest versions, and the place to which they reach."""
    for index, one in enumerate(runs[:-1]):
        wanted -= len(one.flags[max(0, after - one.added + 1) :].translate(None, _NOT_LATEST))
        if wanted <= 0:
            return runs[: index + 1], min(until, one.added + len(one.flags) - 1)
    return runs, until


def _runs_from(connection: Connection, number: int, after: Instant, limit: int) -> list[Run]:
    rows = connection.rows(
        f"SELECT {_RUN} FROM exchange_taxii_run WHERE collection = ? AND added >= coalesce((SELECT max(added) FROM "
        "exchange_taxii_run WHERE collection = ? AND added <= ?), 0) ORDER BY added LIMIT ?",
        (number, number, after, limit),
    )
    return [Run.read(*row) for row in rows]


def _gone_from(connection: Connection, number: int, after: Instant) -> list[Gone]:
    return [_gone(row) for row in connection.rows(
        f"SELECT {_GONE} FROM exchange_taxii_revoked WHERE collection = ? AND added > ? ORDER BY added LIMIT ?",
        (number, after, _MOST_RUNS))]  # fmt: skip


def _of_runs(connection: Connection, number: int, runs: Sequence[Run], span: tuple[Instant, Instant], ask: Ask,
             org: int, types: frozenset[int]) -> list[Row]:  # fmt: skip
    """Return what is asked of runs, of the places after the first and up to the second of ``span``."""
    latest = is_latest_alone(ask, org)
    wanted = LATEST if latest else PRESENT
    found: list[Row] = []
    rivals: dict[bytes, list[Row]] = {}
    for one in runs:
        if org and one.org != org:
            continue
        begin, end = max(0, span[0] - one.added + 1), min(len(one.flags), span[1] - one.added + 1)
        places = [at for at in range(begin, end) if one.flags[at] & wanted]
        if types:
            places = [at for at in places if one.types[at] in types]
        if latest:
            found += one.shown(places)
            continue
        for at, row in zip(places, one.shown(places), strict=True):
            flags = one.flags[at]
            if flags & SHADOW and not org:
                continue
            if flags & ALONE:
                found += pick(ask, [row], org)
            else:
                rivals.setdefault(one.key(at), []).append(row)
    standing = _standing(connection, number, rivals) if rivals else {}
    for key, rows in rivals.items():
        chosen = pick(ask, standing.get(key, ()), org)
        found += [row for row in rows if row in chosen]
    return found
