"""All the SQL of subscribers and their zones: own tables, and what the shield has published, read only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection
from fusioncell.shield.subscribers.model import Body, Subscriber

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")

Table(
    "shield_subscribers_subscriber", metadata,
    Column("id", String(64), primary_key=True),
    Column("org", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Index("shield_subscribers_org", "org"),
)  # fmt: skip
Table(
    "shield_subscribers_step", metadata,
    Column("seq", _key, primary_key=True),
    Column("subscriber", String(64), nullable=False, index=True),
    Column("audience", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("step", String(16), nullable=False),
    Column("reference", String(80), nullable=False),
)  # fmt: skip
Table(
    "shield_subscribers_mark", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("merge", Integer, nullable=False),
    Column("held", BigInteger, nullable=False),
)  # fmt: skip

_SUBSCRIBER = "SELECT id, body, audience, added_at, changed_at, ended_at FROM shield_subscribers_subscriber"
_decode = msgspec.json.Decoder(Body).decode
_encode = msgspec.json.Encoder().encode
_PAGE = 50_000


def _subscriber(row: tuple[Any, ...]) -> Subscriber:
    identifier, text, audience, added_at, changed_at, ended_at = row
    body = _decode(text)
    return Subscriber(identifier, body.org, body.label, body.choice, body.addresses, body.notify, body.keys, body.step,
                      body.reference, audience, added_at, changed_at, ended_at, body.certificates)  # fmt: skip


def add(connection: Connection, body: Body, audience: int, at: Instant) -> None:
    """Keep a new subscriber; one of the same id stands."""
    connection.run(
        "INSERT INTO shield_subscribers_subscriber (id, org, body, audience, added_at, changed_at, ended_at) "
        "VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING",
        (body.subscriber, body.org, _encode(body).decode(), audience, at, at),
    )


def change(connection: Connection, body: Body, at: Instant, *, ended: bool) -> None:
    """Keep a subscriber as it stands now; one that ended stays ended."""
    connection.run(
        "UPDATE shield_subscribers_subscriber SET body = ?, changed_at = ?, ended_at = ? "
        "WHERE id = ? AND ended_at = 0",
        (_encode(body).decode(), at, at if ended else 0, body.subscriber),
    )


def add_step(connection: Connection, seq: int, body: Body, audience: int, at: Instant) -> None:
    """Keep a step of adoption."""
    connection.run(
        "INSERT INTO shield_subscribers_step (seq, subscriber, audience, at, step, reference) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (seq, body.subscriber, audience, at, body.step.value, body.reference),
    )


def by_id(connection: Connection, identifier: str) -> Subscriber | None:
    """Return a subscriber, whoever may see it."""
    rows = connection.rows(f"{_SUBSCRIBER} WHERE id = ?", (identifier,))
    return _subscriber(rows[0]) if rows else None


def visible(connection: Connection, audiences: Iterable[int], limit: int, *, ended: bool) -> list[Subscriber]:
    """Return the subscribers in these audiences, the oldest first."""
    sql, value = connection.among(audiences)
    which = "" if ended else " AND ended_at = 0"
    query = f"{_SUBSCRIBER} WHERE audience IN {sql}{which} ORDER BY added_at, id LIMIT ?"
    rows = connection.rows(query, (value, limit))
    return [_subscriber(row) for row in rows]


def standing(connection: Connection, limit: int) -> list[Subscriber]:
    """Return all subscribers that have not ended, for who serves them."""
    rows = connection.rows(f"{_SUBSCRIBER} WHERE ended_at = 0 ORDER BY added_at, id LIMIT ?", (limit,))
    return [_subscriber(row) for row in rows]


def steps_of(connection: Connection, identifier: str, limit: int) -> list[tuple[Instant, str, str]]:
    """Return (when, step, reference) of a subscriber, the latest first."""
    return connection.rows(
        "SELECT at, step, reference FROM shield_subscribers_step WHERE subscriber = ? ORDER BY seq DESC LIMIT ?",
        (identifier, limit),
    )


# -- marks ------------------------------------------------------------------------------------------------------------


def add_mark(connection: Connection, seq: int, at: Instant, merge: bool, held: int) -> None:
    """Keep a mark behind the zone's steps of the entries before it."""
    connection.run(
        "INSERT INTO shield_subscribers_mark (number, seq, serial, at, merge, held) SELECT "
        "(SELECT count(*) FROM shield_subscribers_mark) + 1, "
        "?, (SELECT coalesce(max(serial), 0) FROM shield_change WHERE seq < ?), ?, ?, ?",
        (seq, seq, at, int(merge), held),
    )


def marks(connection: Connection) -> list[tuple[int, int, int, int, int]]:
    """Return (number, serial, at, merge, held) of all marks, in order."""
    return connection.rows("SELECT number, serial, at, merge, held FROM shield_subscribers_mark ORDER BY number")


# -- what the shield has published ------------------------------------------------------------------------------------

_PUBLISHED = "SELECT name, category, severity, serial FROM shield_decision WHERE state = 'published' AND exercise = 0"


def published_for(connection: Connection, names: Collection[str]) -> dict[str, tuple[str, str, int]]:
    """Return (category, severity, serial) of those of the names that are blocked."""
    if not names:
        return {}
    sql, value = connection.among(names)
    rows = connection.rows(f"{_PUBLISHED} AND name IN {sql} ORDER BY serial", (value,))
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def stood_at(connection: Connection, low: int, high: int) -> Iterator[tuple[str, str, str, int]]:
    """Give (name, category, severity, serial) of what was published at ``low < serial <= high`` and stood at
    ``high``: what was removed by a later step, and, page by page, what is blocked still.
    """
    removed = (
        "SELECT d.name, d.category, d.severity, d.serial FROM shield_change c JOIN shield_decision d "
        "ON d.name = c.name AND d.ended_at = c.at WHERE c.serial > ? AND c.added = 0 AND d.serial > ? "
        "AND d.serial > 0 AND d.serial <= ? AND d.state <> 'published'"
    )
    yield from connection.rows(removed, (high, low, high))
    while True:
        rows = connection.rows(f"{_PUBLISHED} AND serial > ? AND serial <= ? ORDER BY serial LIMIT ?",
                               (max(low, 0), high, _PAGE))
        yield from rows
        if len(rows) < _PAGE:
            return
        low = rows[-1][3]


def decided(connection: Connection, names: Collection[str]) -> dict[str, dict[int, tuple[str, str, int]]]:
    """Return, by name and serial of publication, (category, severity, serial) of all that was ever decided on them."""
    if not names:
        return {}
    sql, value = connection.among(names)
    rows = connection.rows(
        f"SELECT name, category, severity, serial FROM shield_decision WHERE serial > 0 AND name IN {sql}", (value,)
    )
    found: dict[str, dict[int, tuple[str, str, int]]] = {}
    for name, category, severity, serial in rows:
        found.setdefault(name, {})[serial] = (category, severity, serial)
    return found


def count_since(connection: Connection, serial: int, most: int) -> int:
    """Count what is blocked and was published after a serial, up to a bound."""
    rows = connection.rows(
        "SELECT count(*) FROM (SELECT 1 FROM shield_decision WHERE state = 'published' AND exercise = 0 "
        "AND serial > ? LIMIT ?) AS found", (serial, most))  # fmt: skip
    return int(rows[0][0])


def lifted_after(connection: Connection, serial: int, limit: int) -> list[tuple[str, str, str, int]]:
    """Return (name, category, severity, serial of its end) of what was withdrawn after a serial and is not blocked now,
    the latest first.
    """
    return connection.rows(
        # CROSS and "+ 0": from each step to its name by their indexes, or SQLite compares each with each.
        "SELECT d.name, d.category, d.severity, max(c.serial) FROM shield_change c CROSS JOIN shield_decision d "
        "WHERE d.name = c.name AND d.ended_at = c.at AND c.serial > ? AND c.added = 0 AND d.serial + 0 > 0 "
        "AND d.state = 'withdrawn' AND NOT EXISTS "
        "(SELECT 1 FROM shield_decision p WHERE p.name = d.name AND p.state = 'published' AND p.exercise = 0) "
        "GROUP BY d.name, d.category, d.severity ORDER BY max(c.serial) DESC, d.name LIMIT ?",
        (serial, limit),
    )


def blocked_below(connection: Connection, name: str) -> bool:
    """Tell whether any name under this one is blocked."""
    above = name[::-1]
    return bool(connection.rows(
        "SELECT 1 FROM shield_decision WHERE state = 'published' AND exercise = 0 AND backwards > ? AND backwards < ? "
        "LIMIT 1", (above + ".", above + "/")))  # fmt: skip


def last_step(connection: Connection) -> int:
    """Return the serial of the zone's last step, 0 before the first."""
    return int(connection.rows("SELECT coalesce(max(serial), 0) FROM shield_change")[0][0])


def is_frozen(connection: Connection) -> bool:
    """Tell whether the hub was restored, and nobody has confirmed its zones (``shield.fuse``)."""
    return bool(connection.rows("SELECT 1 FROM shield_fuse_frozen LIMIT 1"))


def has_steps(connection: Connection, most: int) -> bool:
    """Tell whether there are more steps of the zone than so many."""
    rows = connection.rows("SELECT count(*) FROM (SELECT 1 FROM shield_change LIMIT ?) AS found", (most + 1,))
    return int(rows[0][0]) > most


def steps_after(connection: Connection, serial: int) -> Iterator[tuple[int, str, int]]:
    """Give (serial, name, added) of the zone's steps after a serial, in order."""
    while True:
        rows = connection.rows(
            "SELECT serial, name, added FROM shield_change WHERE serial > ? ORDER BY serial LIMIT ?",
            (serial, _PAGE),
        )
        yield from rows
        if len(rows) < _PAGE:
            return
        serial = rows[-1][0]
