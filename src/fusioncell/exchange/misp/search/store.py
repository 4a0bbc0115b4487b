"""The SQL of the MISP door's search, over the read model of ``exchange.misp`` (its tables are open to the door).

One statement a search: what the caller may see, all conditions, one row for each uuid (the first contributor visible,
of one contributor the newest version), order and page. Nothing is left out after the query but by what only a body
tells, which ``service`` asks of the bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from fusioncell.exchange.misp import STANDING
from fusioncell.exchange.misp.model import Common, Document
from fusioncell.exchange.misp.search.model import MOST_ROWS, On, Search
from fusioncell.exchange.misp.search.quick import Found, Hot
from fusioncell.kernel.ports import Connection

Row = tuple[Any, ...]
_COLUMNS = ", ".join(f"d.{name}" for name in Document.__struct_fields__)
_HOT = ", ".join(f"d.{name}" for name in Hot._fields)
_COMMON = ", ".join(Common._fields)
_PLAIN = frozenset({
    "uuid", "number", "org", "timestamp", "deleted", "event", "object", "about", "type", "category", "to_ids",
    "published", "published_at", "day", "seen", "distribution", "shared", "orgc", "extends", "seq",
})  # fmt: skip
ORDERS = frozenset({"number", "timestamp", "day", "published_at", "type", "category", "event", "seen", "uuid",
                    "distribution", "published", "to_ids", "orgc", "org"})  # fmt: skip


class _Sql:
    """A statement as it grows: its parameters in their order, the caller's audiences as one of them."""

    def __init__(self, connection: Connection, audiences: frozenset[int]) -> None:
        self.connection, self.audiences = connection, sorted(audiences)
        self.parameters: list[Any] = []

    def among(self, values: Iterable[int | str]) -> str:
        sql, value = self.connection.among(values)
        self.parameters.append(value)
        return sql

    def seen(self, alias: str) -> str:
        return f"{alias}.audience IN {self.among(self.audiences)}"

    def put(self, value: Any) -> str:
        self.parameters.append(value)
        return "?"

    # Each adds its parameters in the order in which its marks stand: left to right.

    def condition(self, alias: str, on: On) -> str:
        made = self._made(alias, on)
        return f"NOT ({made})" if on.negated else made

    def _made(self, alias: str, on: On) -> str:
        special = getattr(self, f"_{on.column}", None)
        if special is not None:
            return str(special(alias, on))
        if on.column not in _PLAIN:
            raise ValueError(on.column)
        parts = []
        if on.any_of and not (len(on.any_of) == 1 and not on.like):
            parts.append(f"{alias}.{on.column} IN {self.among(on.any_of)}")
        elif on.any_of:
            parts.append(f"{alias}.{on.column} = {self.put(on.any_of[0])}")
        parts += [f"lower({alias}.{on.column}) LIKE {self.put(pattern)} ESCAPE '\\'" for pattern in on.like]
        if on.low is not None or on.high is not None:
            bounds = [f"{alias}.{on.column} >= {self.put(on.low)}"] if on.low is not None else []
            bounds += [f"{alias}.{on.column} <= {self.put(on.high)}"] if on.high is not None else []
            parts.append(" AND ".join(bounds))
        return f"({' OR '.join(parts)})" if parts else "1 = 0"

    def _value(self, alias: str, on: On) -> str:
        return f"{alias}.seq IN (SELECT v.seq FROM exchange_misp_value v WHERE v.hash IN {self.among(on.any_of)})"

    def _number(self, alias: str, on: On) -> str:
        """A thing's number is its position, but for what took over another's: those few have an index of their own."""
        one = f"({alias}.seq IN {self.among(on.any_of)} AND {alias}.number = {alias}.seq)"
        return f"({one} OR ({alias}.number IN {self.among(on.any_of)} AND {alias}.number <> {alias}.seq))"

    def _tagged(self, column: str, on: On, models: str) -> str:
        return (f"SELECT {column} FROM exchange_misp_tag t JOIN {STANDING} a ON a.common = t.common "
                f"WHERE t.hash IN {self.among(on.any_of)} AND {self.seen('a')} AND a.model IN ({models})")  # fmt: skip

    def _tag(self, alias: str, on: On) -> str:
        named = "CASE WHEN a.model = 'LocalTag' THEN a.about ELSE a.uuid END"
        return f"{alias}.uuid IN ({self._tagged(named, on, _TAGGED)})"

    def _tag_around(self, alias: str, on: On) -> str:
        named = "CASE WHEN a.model = 'LocalTag' THEN a.about ELSE a.uuid END"
        one = f"{alias}.uuid IN ({self._tagged(named, on, _TAGGED)})"
        return f"({one} OR {alias}.event IN ({self._tagged(named, on, _TAGGED)}))"

    def _tag_holding(self, alias: str, on: On) -> str:
        named = "CASE WHEN a.model = 'LocalTag' THEN a.about ELSE a.uuid END"
        one = f"{alias}.uuid IN ({self._tagged('a.object', on, _TAGGED)})"
        return f"({one} OR {alias}.event IN ({self._tagged(named, on, _TAGGED)}))"

    def _tag_inside(self, alias: str, on: On) -> str:
        return f"{alias}.uuid IN ({self._tagged('a.event', on, _TAGGED)})"

    def _creator(self, alias: str, on: On) -> str:
        one = f"{alias}.orgc IN {self.among(on.any_of)}" if on.any_of else "1 = 0"
        two = f"({alias}.orgc = '' AND {alias}.org IN {self.among(on.also)})" if on.also else "1 = 0"
        return f"({one} OR {two})"

    def _shared_around(self, alias: str, on: On) -> str:
        one = f"{alias}.shared IN {self.among(on.any_of)}"
        two = f"SELECT a.uuid FROM {STANDING} a WHERE a.model = 'Event' AND a.shared IN "
        two += f"{self.among(on.any_of)} AND {self.seen('a')}"
        return f"({one} OR ({alias}.distribution = 5 AND {alias}.event IN ({two})))"

    def _uuid_or_event(self, alias: str, on: On) -> str:
        return f"({alias}.uuid IN {self.among(on.any_of)} OR {alias}.event IN {self.among(on.any_of)})"


_NARROW = frozenset({"value", "uuid", "number", "event", "object", "uuid_or_event", "tag", "seq", "about"})
"""Conditions that leave few rows, as does a time since when. Then the model is written so that no index answers it:
without statistics SQLite takes the one by model for as good as the one by uuid, and walks over all attributes
(measured: 77 ms for 0.3)."""


def _of_model(alias: str, model: str, on: Iterable[On]) -> str:
    narrow = any((one.column in _NARROW and not one.like) or (one.column == "timestamp" and one.low is not None)
                 for one in on if not one.negated)  # fmt: skip
    return f"{alias}.model || '' = {model}" if narrow else f"{alias}.model = {model}"


_TAGGED = "'Event', 'Attribute', 'LocalTag'"
_ATTRIBUTE = "'Attribute'"
_FIRST = (
    "(NOT EXISTS (SELECT 1 FROM exchange_misp_twice t WHERE t.uuid = d.uuid) OR "
    f"NOT EXISTS (SELECT 1 FROM {STANDING} o WHERE o.uuid = d.uuid AND o.seq <> d.seq "
    "AND o.model || '' = d.model AND {} AND ((o.org = d.org AND (o.version > d.version OR (o.version = d.version "
    "AND o.seq < d.seq))) OR (o.org <> d.org AND (o.number < d.number OR (o.number = d.number AND o.seq < d.seq))))))"
)


def _where(sql: _Sql, wanted: Search) -> str:
    narrow = [*wanted.here, *([On("value")] if any(on.column == "value" for on in _flat(wanted.inside)) else [])]
    parts = [_of_model("d", sql.put(wanted.model), narrow), sql.seen("d")]
    parts += [sql.condition("d", on) for on in wanted.here]
    if wanted.event:
        inner = [sql.seen("e"), *(sql.condition("e", on) for on in wanted.event)]
        parts.append(f"d.event IN (SELECT e.uuid FROM {STANDING} e WHERE e.model = 'Event' AND "
                     + " AND ".join(inner) + ")")  # fmt: skip
    for group in wanted.inside:
        inner = [sql.seen("i"), *(sql.condition("i", on) for on in group)]
        holder = "object" if wanted.model == "Object" else "event"
        parts.append(f"d.uuid IN (SELECT i.{holder} FROM {STANDING} i WHERE "
                     f"{_of_model('i', _ATTRIBUTE, group)} AND " + " AND ".join(inner) + ")")  # fmt: skip
    parts.append(_FIRST.format(sql.seen("o")))
    return " AND ".join(parts)


def _flat(groups: Iterable[Iterable[On]]) -> Iterator[On]:
    for group in groups:
        yield from group


def search(connection: Connection, wanted: Search, audiences: frozenset[int]) -> list[Document]:
    """Return the rows that meet the conditions, in order, a page of them."""
    return documents(_rows(connection, wanted, audiences, _COLUMNS))


def hot(connection: Connection, wanted: Search, audiences: frozenset[int]) -> Found:
    """Return the same rows with the few columns that the hot path needs."""
    by_number = wanted.limit > MOST_ROWS and wanted.order == "number"
    rows = _rows(connection, wanted, audiences, _HOT, sort=not by_number)
    if by_number:  # all there is: sorted here, without a copy of each row in the database
        rows.sort(key=itemgetter(0), reverse=wanted.descending)
        rows.sort(key=itemgetter(1), reverse=wanted.descending)
    return _found(connection, rows)


def of_plain_event(connection: Connection, event: Document, audiences: frozenset[int]) -> Found | None:
    """Return the attributes of an event in their order; None where anything else stands in it, or one of them stands
    twice, as far as these audiences see. What is deleted is left out."""
    sql = _Sql(connection, audiences)
    models = connection.rows(
        f"SELECT DISTINCT model FROM exchange_misp_common c WHERE event = {sql.put(event.uuid)} AND {sql.seen('c')}",
        sql.parameters,
    )
    if {row[0] for row in models} - {"Event", "Attribute"}:
        return None
    sql = _Sql(connection, audiences)
    own = (f"FROM {STANDING} d WHERE d.event = {sql.put(event.uuid)} AND d.model || '' = 'Attribute' "
           f"AND d.org || '' = {sql.put(event.org)} AND {sql.seen('d')}")  # fmt: skip
    rows = connection.rows(f"SELECT {_HOT} {own} AND d.deleted = 0 ORDER BY d.number, d.seq", sql.parameters)
    twice = connection.rows(
        f"SELECT 1 {own} AND EXISTS (SELECT 1 FROM exchange_misp_twice t WHERE t.uuid = d.uuid) AND EXISTS (SELECT 1 "
        f"FROM {STANDING} o WHERE o.uuid = d.uuid AND o.seq <> d.seq AND o.model || '' = 'Attribute' "
        f"AND o.org || '' = d.org AND {sql.seen('o')}) LIMIT 1", sql.parameters,
    )  # fmt: skip
    return None if twice else _found(connection, rows)


def _found(connection: Connection, rows: list[Row]) -> Found:
    at = Hot._fields.index("common")
    sql, value = connection.among({row[at] for row in rows})
    common = connection.rows(f"SELECT id, {_COMMON} FROM exchange_misp_common WHERE id IN {sql}", (value,))
    return Found(rows, {row[0]: Common._make(row[1:]) for row in common})


def _rows(connection: Connection, wanted: Search, audiences: frozenset[int], columns: str, *, sort: bool = True
          ) -> list[Row]:  # fmt: skip
    sql = _Sql(connection, audiences)
    where = _where(sql, wanted)
    order = wanted.order if wanted.order in ORDERS else "number"
    way = " DESC" if wanted.descending else ""
    tail = ""
    if wanted.limit:
        tail = f" LIMIT {sql.put(wanted.limit)} OFFSET {sql.put(wanted.offset)}"
    by = f"d.{order}{way}, " if order != "number" else ""
    ordered = f" ORDER BY {by}d.number{way}, d.seq{way}" if sort else ""
    return connection.rows(f"SELECT {columns} FROM {STANDING} d WHERE {where}{ordered}{tail}", sql.parameters)


def documents(rows: Iterable[Row]) -> list[Document]:
    """Return rows as documents."""
    return [
        Document(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], bool(r[8]), r[9], r[10], r[11], r[12], r[13],
                 bool(r[14]), bool(r[15]), *r[16:])
        for r in rows
    ]  # fmt: skip


def count(connection: Connection, wanted: Search, audiences: frozenset[int]) -> int:
    """Return how many rows meet the conditions, whatever the page."""
    sql = _Sql(connection, audiences)
    where = _where(sql, wanted)
    return int(connection.rows(f"SELECT count(*) FROM {STANDING} d WHERE {where}", sql.parameters)[0][0])


def count_by(connection: Connection, column: str, audiences: frozenset[int]) -> list[tuple[str, int]]:
    """Return (type or category, how many attributes that are not deleted), by name."""
    if column not in ("type", "category"):
        raise ValueError(column)
    sql = _Sql(connection, audiences)
    where = _where(sql, Search("Attribute", (On("deleted", (0,)),)))
    return [(row[0], int(row[1])) for row in connection.rows(
        f"SELECT d.{column}, count(*) FROM {STANDING} d WHERE {where} GROUP BY d.{column} "
        f"ORDER BY d.{column}", sql.parameters)]  # fmt: skip


def counts_of_events(connection: Connection, events: Sequence[str], audiences: frozenset[int]) -> dict[str, int]:
    """Return event → how many standing attributes."""
    sql = _Sql(connection, audiences)
    where = _where(sql, Search("Attribute", (On("deleted", (0,)), On("event", tuple(events) or ("",)))))
    rows = connection.rows(f"SELECT d.event, count(*) FROM {STANDING} d WHERE {where} GROUP BY d.event",
                           sql.parameters)  # fmt: skip
    return {row[0]: int(row[1]) for row in rows}


def tags_like(connection: Connection, patterns: Sequence[str]) -> list[int]:
    """Return the hashes of all tags like these patterns (lower case). They say nothing until they meet visible rows."""
    found: set[int] = set()
    for pattern in patterns:
        rows = connection.rows(
            "SELECT DISTINCT hash FROM exchange_misp_tag WHERE lower(name) LIKE ? ESCAPE '\\'", (pattern,)
        )
        found.update(row[0] for row in rows)
    return sorted(found)


def correlated(connection: Connection, hashes: Sequence[int], audiences: frozenset[int], limit: int
               ) -> list[tuple[int, Document]]:  # fmt: skip
    """Return (hash, attribute) of visible attributes that hold these values, at most ``limit``."""
    sql = _Sql(connection, audiences)
    rows = connection.rows(
        f"SELECT v.hash, {_COLUMNS} FROM exchange_misp_value v JOIN {STANDING} d ON d.seq = v.seq "
        f"WHERE v.hash IN {sql.among(hashes)} AND d.model || '' = 'Attribute' AND d.deleted = 0 AND {sql.seen('d')} "
        f"AND {_FIRST.format(sql.seen('o'))} ORDER BY d.number, d.seq LIMIT {sql.put(limit)}",
        sql.parameters,
    )
    return [(row[0], found) for row, found in zip(rows, documents(row[1:] for row in rows), strict=True)]


def locally_tagged(connection: Connection, audiences: frozenset[int]) -> frozenset[str]:
    """Return what local tags are about, whichever version of them and whoever put them first."""
    seen, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT d.about FROM {STANDING} d WHERE d.model = 'LocalTag' AND d.deleted = 0 AND d.audience IN {seen}",
        (value,),
    )
    return frozenset(row[0] for row in rows)


def last_sighted(connection: Connection, events: Sequence[str], audiences: frozenset[int]) -> dict[str, int]:
    """Return event → timestamp of the newest sighting in it."""
    seen, audience = connection.among(sorted(audiences))
    among, value = connection.among(events)
    return dict(connection.rows(
        f"SELECT event, MAX(timestamp) FROM {STANDING} d WHERE model = 'Sighting' AND deleted = 0"
        f" AND audience IN {seen} AND event IN {among} GROUP BY event", (audience, value)))
