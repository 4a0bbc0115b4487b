"""All the SQL of the MISP door's read model: what stands, found by id, event, value, tag, type and time.

A document is a narrow row of what it has alone; what it shares with its neighbours (event, contributor, audience, type,
tags …) stands once, in the ``common`` that its row names, and goes when the last such row goes. Conditions on what is
common are answered before any document is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text, text

from fusioncell.exchange.misp.model import Common, Document
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]
_key = BigInteger().with_variant(Integer, "sqlite")
_SOME, _MOVED = text("about <> ''"), text("number <> seq")
_NONE, _ZERO = text("''"), text("0")

Table(
    "exchange_misp_document", metadata,
    Column("seq", _key, primary_key=True, autoincrement=False),
    Column("common", BigInteger, nullable=False),
    Column("uuid", String(36), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("object", String(36), nullable=False),
    Column("said", Text),
    Column("about", String(36), nullable=False, server_default=_NONE),
    Column("published_at", BigInteger, nullable=False, server_default=_ZERO),
    Column("day", Integer, nullable=False, server_default=_ZERO),
    Column("seen", BigInteger, nullable=False, server_default=_ZERO),
    Column("extends", String(36), nullable=False, server_default=_NONE),
    Index("exchange_misp_document_common", "common"),
    Index("exchange_misp_document_uuid", "uuid"),
    Index("exchange_misp_document_time", "timestamp"),
    Index("exchange_misp_document_number", "number", sqlite_where=_MOVED, info={"where": _MOVED}),
    Index("exchange_misp_document_about", "about", sqlite_where=_SOME, info={"where": _SOME}),
)  # fmt: skip
Table(
    "exchange_misp_common", metadata,
    Column("id", _key, primary_key=True, autoincrement=False),
    Column("uses", Integer, nullable=False),
    Column("model", String(24), nullable=False),
    Column("org", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("event", String(36), nullable=False),
    Column("deleted", SmallInteger, nullable=False),
    Column("type", String(128), nullable=False),
    Column("category", String(128), nullable=False),
    Column("to_ids", SmallInteger, nullable=False),
    Column("published", SmallInteger, nullable=False),
    Column("distribution", SmallInteger, nullable=False),
    Column("shared", String(36), nullable=False),
    Column("orgc", String(64), nullable=False),
    Column("tags", Text, nullable=False),
    Index("exchange_misp_common_event", "event"),
    Index("exchange_misp_common_model", "model"),
)  # fmt: skip
Table(
    "exchange_misp_twice", metadata,
    Column("uuid", String(36), primary_key=True),
    sqlite_with_rowid=False,
)  # fmt: skip
"""The uuids under which more than one document stands: versions, and copies of several contributors. Who asks for one
row a uuid looks for others of these alone."""
Table(
    "exchange_misp_value", metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_misp_tag", metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("common", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Index("exchange_misp_tag_of", "common"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "exchange_misp_gone", metadata,
    Column("uuid", String(36), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("model", String(24), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("event", String(36), nullable=False),
    Column("object", String(36), nullable=False),
    Column("type", String(128), nullable=False),
    Column("category", String(128), nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Index("exchange_misp_gone_event", "event"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Attributes and objects that were recalled: clients learn of it as of something deleted."""

STANDING = (
    "(SELECT r.seq, c.model, r.uuid, c.org, c.audience, r.number, r.version, r.timestamp, c.deleted, c.event, "
    "r.object, r.about, c.type, c.category, c.to_ids, c.published, r.published_at, r.day, r.seen, c.distribution, "
    "c.shared, c.orgc, r.extends, r.common, r.said "
    "FROM exchange_misp_document r JOIN exchange_misp_common c ON c.id = r.common)"
)
"""Documents with all their columns, to be put after FROM or JOIN: ``STANDING d``."""
_COLUMNS = ", ".join(f"d.{name}" for name in Document.__struct_fields__)
_SELECT = f"SELECT {_COLUMNS} FROM {STANDING} d"
_COMMON = ["id", "uses", *Common._fields]
_MOST = ["seq", "common", "uuid", "number", "version", "timestamp", "object", "said"]
_REST = ["about", "published_at", "day", "seen", "extends"]


@dataclass(frozen=True, slots=True)
class Find:
    """Conditions on documents; what is None does not restrict. ``limit`` 0: all."""

    models: tuple[str, ...] = ()
    types: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    to_ids: bool | None = None
    deleted: bool | None = None
    published: bool | None = None
    since: int | None = None
    until: int | None = None
    """MISP's timestamp, in seconds, both ends included."""
    events: tuple[str, ...] | None = None
    orgs: tuple[str, ...] | None = None
    """Contributors."""
    shared: str | None = None
    order: str = "number"
    descending: bool = False
    limit: int = 0
    offset: int = 0


def _listed(names: Sequence[str]) -> str:
    return f"({', '.join(names)}) VALUES ({', '.join('?' for _ in names)})"


def add_common(connection: Connection, made: Mapping[int, tuple[Common, int]], tags: Iterable[Sequence[object]]
               ) -> None:  # fmt: skip
    """Add (id → what documents have in common, how many more have it), and (hash, id, name) of its tags."""
    rows = [(key, uses, *one) for key, (one, uses) in made.items()]
    connection.run_many(
        f"INSERT INTO exchange_misp_common {_listed(_COMMON)} ON CONFLICT (id) DO UPDATE SET "
        "uses = exchange_misp_common.uses + excluded.uses", rows,
    )  # fmt: skip
    connection.run_many(
        "INSERT INTO exchange_misp_tag (hash, common, name) VALUES (?, ?, ?) ON CONFLICT (hash, common) DO NOTHING",
        tags,
    )


def mark_twice(connection: Connection, uuids: Sequence[str]) -> None:
    """Mark those uuids of documents that are about to be added under which another stands, or comes with them."""
    known, twice = set(uuids), set()
    if not known:
        return
    if len(known) < len(uuids):
        twice = {uuid for uuid, count in Counter(uuids).items() if count > 1}
    sql, value = connection.among(known)
    twice.update(row[0] for row in connection.rows(
        f"SELECT uuid FROM exchange_misp_document WHERE uuid IN {sql}", (value,)))  # fmt: skip
    connection.run_many("INSERT INTO exchange_misp_twice (uuid) VALUES (?) ON CONFLICT (uuid) DO NOTHING",
                        [(uuid,) for uuid in sorted(twice)])  # fmt: skip


def add(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Add attributes and objects: (seq, common, uuid, number, version, timestamp, object, said)."""
    connection.run_many(f"INSERT INTO exchange_misp_document {_listed(_MOST)}", rows)


def add_whole(connection: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Add other documents: the same, then about, published_at, day, seen, extends."""
    connection.run_many(f"INSERT INTO exchange_misp_document {_listed([*_MOST, *_REST])}", rows)


def add_values(connection: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Add (hash, seq)."""
    connection.run_many("INSERT INTO exchange_misp_value (hash, seq) VALUES (?, ?) ON CONFLICT (hash, seq) DO NOTHING",
                        rows)  # fmt: skip


def drop(connection: Connection, seqs: Sequence[int], values: Iterable[Sequence[int]]) -> None:
    """Let documents go, with these of their values (hash, seq), and with what no other document has in common."""
    sql, value = connection.among(seqs)
    counted = connection.rows(
        f"SELECT common, count(*) FROM exchange_misp_document WHERE seq IN {sql} GROUP BY common", (value,)
    )
    marked = connection.rows(
        "SELECT uuid FROM exchange_misp_twice WHERE uuid IN "
        f"(SELECT uuid FROM exchange_misp_document WHERE seq IN {sql})", (value,)
    )  # fmt: skip
    connection.run_many("DELETE FROM exchange_misp_value WHERE hash = ? AND seq = ?", values)
    connection.run_many("DELETE FROM exchange_misp_document WHERE seq = ?", [(seq,) for seq in seqs])
    connection.run_many(
        "DELETE FROM exchange_misp_twice WHERE uuid = ? AND "
        "(SELECT count(*) FROM exchange_misp_document d WHERE d.uuid = exchange_misp_twice.uuid) < 2", marked
    )  # fmt: skip
    connection.run_many("UPDATE exchange_misp_common SET uses = uses - ? WHERE id = ?",
                        [(count, key) for key, count in counted])  # fmt: skip
    sql, value = connection.among([key for key, _ in counted])
    spent = connection.rows(f"SELECT id FROM exchange_misp_common WHERE id IN {sql} AND uses <= 0", (value,))
    connection.run_many("DELETE FROM exchange_misp_tag WHERE common = ?", spent)
    connection.run_many("DELETE FROM exchange_misp_common WHERE id = ?", spent)


def add_gone(connection: Connection, seqs: Iterable[int], second: int) -> None:
    """Note that attributes and objects (by position) are recalled; their events were changed at that second."""
    sql, value = connection.among(seqs)
    connection.run(
        "INSERT INTO exchange_misp_gone (uuid, org, audience, model, number, event, object, type, category, timestamp) "
        "SELECT uuid, org, audience, model, min(number), min(event), min(object), min(type), min(category), "
        f"CAST(? AS BIGINT) FROM {STANDING} d WHERE seq IN {sql} AND model IN ('Attribute', 'Object') "
        "GROUP BY uuid, org, audience, model ON CONFLICT (uuid, org, audience) DO NOTHING",
        (second, value),
    )
    published = "(SELECT published FROM exchange_misp_common c WHERE c.id = exchange_misp_document.common) = 1"
    connection.run(
        f"UPDATE exchange_misp_document SET timestamp = ?, published_at = CASE WHEN {published} THEN ? "
        f"ELSE published_at END WHERE seq IN (SELECT d.seq FROM {STANDING} d WHERE d.model = 'Event' "
        "AND d.timestamp < ? AND EXISTS (SELECT 1 FROM exchange_misp_gone g WHERE g.event = d.event AND g.org = d.org "
        "AND g.audience = d.audience AND g.timestamp = ?) "
        f"AND d.event IN (SELECT event FROM {STANDING} e WHERE seq IN {sql}))",
        (second, second, second, second, value),
    )


def hollow(connection: Connection, contributions: Iterable[str]) -> list[int]:
    """Return the positions of the events that STIX contributions are, of whose objects nothing is left."""
    sql, value = connection.among(sorted(contributions))
    return [row[0] for row in connection.rows(
        f"SELECT d.seq FROM {STANDING} d WHERE d.event IN {sql} AND d.seq < 0 AND NOT EXISTS (SELECT 1 "
        f"FROM {STANDING} c WHERE c.event = d.event AND c.org = d.org AND c.audience = d.audience AND c.seq > 0)",
        (value,))]  # fmt: skip


def any_gone(connection: Connection) -> bool:
    """Tell whether anything at all was recalled."""
    return bool(connection.rows("SELECT 1 FROM exchange_misp_gone LIMIT 1"))


def drop_gone(connection: Connection, again: Sequence[Sequence[object]]) -> None:
    """Forget that things (uuid, contributor, audience) were recalled: they are there again, for the same readers."""
    connection.run_many("DELETE FROM exchange_misp_gone WHERE uuid = ? AND org = ? AND audience = ?", again)


def gone(connection: Connection, events: Sequence[str], audiences: frozenset[int]) -> list[Document]:
    """Return what was recalled of events, each as a deleted thing at a position below zero."""
    sql, value = connection.among(events)
    allowed, sight = connection.among(audiences)
    rows: list[Row] = [] if not events else connection.rows(
        "SELECT model, uuid, org, audience, number, timestamp, event, object, type, category FROM exchange_misp_gone "
        f"WHERE event IN {sql} AND audience IN {allowed} ORDER BY number",
        (value, sight),
    )
    return [
        Document(-r[4], r[0], r[1], r[2], r[3], r[4], 0, r[5], True, r[6], r[7], "", r[8], r[9], False, False, 0, 0, 0,
                 5, "", "", "")
        for r in rows
    ]  # fmt: skip


def numbers(connection: Connection, uuids: Iterable[str]) -> dict[tuple[str, str, str, int], int]:
    """Return (model, uuid, contributor, audience) → number of what stands under these uuids."""
    sql, value = connection.among(uuids)
    found: dict[tuple[str, str, str, int], int] = {}
    for model, uuid, org, audience, number in connection.rows(
        f"SELECT model, uuid, org, audience, number FROM {STANDING} d WHERE uuid IN {sql}", (value,)
    ):
        key = (model, uuid, org, audience)
        found[key] = min(number, found.get(key, number))
    return found


def _documents(rows: Iterable[Row]) -> list[Document]:
    return [
        Document(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], bool(r[8]), r[9], r[10], r[11], r[12], r[13],
                 bool(r[14]), bool(r[15]), *r[16:])
        for r in rows
    ]  # fmt: skip


def _where(connection: Connection, column: str, values: Iterable[int | str], audiences: frozenset[int], more: str = ""
           ) -> list[Document]:  # fmt: skip
    values = list(values)
    if not values:
        return []  # PostgreSQL asks of which type nothing is
    sql, value = connection.among(values)
    allowed, sight = connection.among(audiences)
    return _documents(
        connection.rows(
            f"{_SELECT} WHERE d.{column} IN {sql} AND d.audience IN {allowed}{more} ORDER BY d.number, d.seq",
            (value, sight),
        )
    )


def by_uuids(connection: Connection, uuids: Iterable[str], audiences: frozenset[int]) -> list[Document]:
    """Return what stands under these uuids."""
    return _where(connection, "uuid", uuids, audiences)


def by_numbers(connection: Connection, wanted: Iterable[int], audiences: frozenset[int]) -> list[Document]:
    """Return what stands under these numbers."""
    wanted = list(wanted)
    first = _where(connection, "seq", wanted, audiences, " AND d.number = d.seq")
    moved = _where(connection, "number", wanted, audiences, " AND d.number <> d.seq")
    return sorted([*first, *moved], key=lambda one: (one.number, one.seq)) if moved else first


def by_seqs(connection: Connection, seqs: Iterable[int], audiences: frozenset[int]) -> list[Document]:
    """Return what stands at these positions."""
    return _where(connection, "seq", seqs, audiences)


def of_events(connection: Connection, events: Iterable[str], audiences: frozenset[int]) -> list[Document]:
    """Return the events with these uuids and all that stands in them."""
    return _where(connection, "event", events, audiences)


def about(connection: Connection, uuids: Iterable[str], audiences: frozenset[int]) -> list[Document]:
    """Return what is about the things with these uuids."""
    return _where(connection, "about", uuids, audiences, " AND d.about <> ''")


def extending(connection: Connection, events: Iterable[str], audiences: frozenset[int]) -> list[Document]:
    """Return the events that extend these."""
    return _where(connection, "extends", events, audiences, " AND d.model = 'Event'")


def of_values(connection: Connection, hashes: Iterable[int], audiences: frozenset[int]) -> list[Document]:
    """Return the attributes and proposals with these values, by hash; the caller compares the values themselves."""
    sql, value = connection.among(hashes)
    allowed, sight = connection.among(audiences)
    return _documents(
        connection.rows(
            f"SELECT DISTINCT {_COLUMNS} FROM exchange_misp_value v JOIN {STANDING} d ON d.seq = v.seq "
            f"WHERE v.hash IN {sql} AND d.audience IN {allowed} ORDER BY d.number, d.seq",
            (value, sight),
        )
    )


def hashes_of_values(connection: Connection, hashes: Iterable[int], event: str, audiences: frozenset[int]
                     ) -> list[tuple[int, Document]]:  # fmt: skip
    """Return (hash, document) of an event's standing attributes with these values."""
    sql, value = connection.among(hashes)
    allowed, sight = connection.among(audiences)
    rows = connection.rows(
        f"SELECT v.hash, {_COLUMNS} FROM exchange_misp_value v JOIN {STANDING} d ON d.seq = v.seq "
        f"WHERE v.hash IN {sql} AND d.audience IN {allowed} AND d.event = ? AND d.model = 'Attribute'",
        (value, sight, event),
    )
    return [(row[0], document) for row, document in zip(rows, _documents(r[1:] for r in rows), strict=True)]


_ORDERS = frozenset({"number", "timestamp", "seq", "day", "published_at", "seen", "type", "category"})


def find(connection: Connection, wanted: Find, audiences: frozenset[int]) -> list[Document]:
    """Return what meets the conditions."""
    allowed, sight = connection.among(audiences)
    where, parameters = [f"d.audience IN {allowed}"], [sight]
    lists: list[tuple[str, tuple[str, ...] | None]] = [
        ("model", wanted.models or None), ("type", wanted.types), ("category", wanted.categories),
        ("event", wanted.events), ("org", wanted.orgs),
    ]  # fmt: skip
    if any(values == () for _, values in lists):
        return []
    for column, values in lists:
        if values is not None and len(values) == 1:
            where.append(f"d.{column} = ?")
            parameters.append(values[0])
        elif values is not None:
            sql, value = connection.among(values)
            where.append(f"d.{column} IN {sql}")
            parameters.append(value)
    flags = (("to_ids", wanted.to_ids), ("deleted", wanted.deleted), ("published", wanted.published))
    for column, flag in flags:
        if flag is not None:
            where.append(f"d.{column} = ?")
            parameters.append(int(flag))
    for sign, instant in ((">=", wanted.since), ("<=", wanted.until)):
        if instant is not None:
            where.append(f"d.timestamp {sign} ?")
            parameters.append(instant)
    if wanted.shared is not None:
        where.append("d.shared = ?")
        parameters.append(wanted.shared)
    order = wanted.order if wanted.order in _ORDERS else "number"
    end = " DESC" if wanted.descending else ""
    tail = ""
    if wanted.limit:
        tail = " LIMIT ? OFFSET ?"
        parameters += [wanted.limit, wanted.offset]
    return _documents(
        connection.rows(
            f"{_SELECT} WHERE {' AND '.join(where)} ORDER BY d.{order}{end}, d.number{end}, d.seq{end}{tail}",
            parameters,
        )
    )


def shared_with(connection: Connection, group: str) -> list[Document]:
    """Return all that is shared with a sharing group, whoever may see it: for its move to other readers."""
    return _documents(connection.rows(f"{_SELECT} WHERE d.shared = ? ORDER BY d.seq", (group,)))


def standing_between(connection: Connection, first: int, last: int, audience: int) -> list[int]:
    """Return the positions of what stands between two positions in an audience."""
    return [row[0] for row in connection.rows(
        f"SELECT seq FROM {STANDING} d WHERE seq >= ? AND seq <= ? AND audience = ?",
        (first, last, audience))]  # fmt: skip


def said(connection: Connection, seqs: Iterable[int]) -> dict[int, str]:
    """Return what these documents say beside their columns (``project``), by position; not of those without."""
    sql, value = connection.among(seqs)
    return dict(connection.rows(
        f"SELECT seq, said FROM exchange_misp_document WHERE seq IN {sql} AND said IS NOT NULL", (value,)))


def tags_of(connection: Connection, seqs: Iterable[int]) -> list[tuple[int, str]]:
    """Return (position, tag) of these documents."""
    sql, value = connection.among(seqs)
    return connection.rows(
        "SELECT d.seq, t.name FROM exchange_misp_document d JOIN exchange_misp_tag t ON t.common = d.common "
        f"WHERE d.seq IN {sql} ORDER BY d.seq, t.name", (value,))  # fmt: skip
