"""All the SQL of the shield: decisions, the zone's steps, and what is due.

The scope is closed by the database, too: a decision that waits or stands has a category of the policy in force, or no
row of it can be written (``shield_category`` and the constraints below).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection, storable
from fusioncell.shield.model import ACTOR, COMPROMISED, SEVERITIES, Body, Cited, Decision, Endorsement, State

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")
Row = tuple[Any, ...]

FIRST_SERIAL = 1 << 30
"""The serial of a zone without a step. A fixed one: the clock's would be beyond the first step where the river has yet
to catch up with the record. Steps follow the clock, and are newer than this by RFC 1982 until the year 2072."""

_OPEN = f"('{State.PROPOSED}', '{State.PUBLISHED}')"
category = Table(
    "shield_category",
    metadata,
    Column("id", String(40), primary_key=True),
)
"""The categories of the policy in force, and no others."""
PAGE = 10_000
"""Names that are read at once when the zone is built."""

_WAITS, _STANDS, _ENDED = text("state = 'proposed'"), text("state = 'published'"), text("scope IS NULL")
_BY_RULE, _BEGAN, _PLAYED = text("standing <> ''"), text("serial > 0"), text("exercise = 1")
"""Of which rows an index is. A query that is to use it says the same, word for word. Nearly all decisions stand, so an
index of all states would lead to each of them, and SQLite, which takes any state for rare, would choose it.
"""

decision = Table(
    "shield_decision",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("backwards", String(255), nullable=False),
    Column("category", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("malicious", Float, nullable=False),
    Column("active", Float, nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("proposed_by", String(64), nullable=False),
    Column("approver", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("guards", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("ended_by", String(64), nullable=False),
    Column("approvers", Text, nullable=False),
    Column("standing", String(64), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("exercise", Integer, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("reason_code", String(40), nullable=False),
    Column("contact", Text, nullable=False),
    Column("endorsed", Text, nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("scope", String(40), ForeignKey("shield_category.id")),
    CheckConstraint(
        f"(scope IS NOT NULL AND scope = category) OR (scope IS NULL AND state NOT IN {_OPEN})",
        name="shield_decision_in_policy",
    ),
    CheckConstraint(f"severity IN {SEVERITIES}", name="shield_decision_severity"),
    CheckConstraint(f"origin IN {(ACTOR, COMPROMISED)}", name="shield_decision_origin"),
    CheckConstraint("exercise = 0 OR serial = 0", name="shield_decision_exercise"),
    CheckConstraint("state <> 'published' OR expires_at > published_at", name="shield_decision_expires"),
    Index("shield_decision_name", "name"),
    Index("shield_decision_standing", "standing", "published_at", sqlite_where=_BY_RULE, info={"where": _BY_RULE}),
    Index("shield_decision_waiting", "state", sqlite_where=_WAITS, info={"where": _WAITS}),
    Index("shield_decision_ended", "state", "ended_at", sqlite_where=_ENDED, info={"where": _ENDED}),
    Index("shield_decision_expires", "expires_at", sqlite_where=_STANDS, info={"where": _STANDS}),
    Index("shield_decision_standing_name", "name", sqlite_where=_STANDS, info={"where": _STANDS}),
    # Found without a look at each of a million: what was published lately, and what is blocked under a name.
    Index("shield_decision_published", "serial", sqlite_where=_STANDS, info={"where": _STANDS}),
    Index("shield_decision_began", "published_at", sqlite_where=_BEGAN, info={"where": _BEGAN}),
    Index("shield_decision_played", "published_at", sqlite_where=_PLAYED, info={"where": _PLAYED}),
    Index("shield_decision_below", "backwards", sqlite_where=_STANDS, info={"where": _STANDS}),
)
change = Table(
    "shield_change",
    metadata,
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("added", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("shield_change_added", "added", "serial"),
)
due = Table(
    "shield_due",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("action", String(16), nullable=False),
)
sort = Table(
    "shield_sort",
    metadata,
    Column("category", String(40), primary_key=True),
    Column("severity", String(8), primary_key=True),
    Column("names", Integer, nullable=False),
)
"""How many names are blocked now, by category and severity."""

COLUMNS = (
    "id, name, category, state, malicious, active, proposed_at, published_at, expires_at, ended_at, evidence, "
    "proposed_by, approver, reason, guards, audience, approvers, standing, severity, origin, exercise, policy, "
    "reason_code, contact, endorsed"
)


_encode = msgspec.json.Encoder().encode
_words = msgspec.json.Decoder(list[str]).decode
_LISTS: dict[int, Callable[[str], list[Any]]] = {
    10: msgspec.json.Decoder(list[Cited]).decode, 14: _words, 16: _words,
    24: msgspec.json.Decoder(list[Endorsement]).decode,
}  # fmt: skip
"""By place among the columns."""


def decision_of(row: Row) -> Decision:
    """Read a decision back from its columns."""
    values: list[Any] = list(row)
    values[3], values[20] = State(row[3]), bool(row[20])
    for place, decode in _LISTS.items():
        values[place] = tuple(decode(row[place]))
    return Decision(*values)


def opening(seq: int, at: int, audience: int, state: State, body: Body) -> Row:
    """Make the row of a decision as it was proposed, or refused at once."""
    refused = state is State.REFUSED
    return (
        seq, body.decision, body.name, body.category, state.value, body.malicious, body.active, at, 0, 0,
        at if refused else 0, _text(body.evidence), body.by, "", storable(body.reason), _text(body.guards), audience,
        _text(body.approvers), body.standing, body.severity, body.origin, int(body.exercise), body.policy,
        storable(body.reason_code), storable(body.contact), "[]", None if refused else body.category, body.name[::-1],
    )  # fmt: skip


def open_decisions(connection: Connection, rows: Sequence[Row]) -> None:
    """Add decisions: rows of :func:`opening`."""
    connection.run_many(
        f"INSERT INTO shield_decision (seq, {COLUMNS}, scope, backwards, ended_by, serial) "
        f"VALUES ({', '.join('?' * len(rows[0]))}, '', 0)",
        rows,
    )


def _text(value: Sequence[object]) -> str:
    if not value:
        return "[]"
    return storable(_encode(value).decode())


def publication(seq: int, at: int, audience: int, serial: int, body: Body) -> Row:
    """Make the row of a decision's publication. ``seq``: its own; ``serial``: at which its name entered the zone."""
    return (
        at, body.expires, _text(body.evidence), body.by, storable(body.reason), audience, body.malicious, body.active,
        _text(body.guards), _text(body.approvers), body.standing, body.policy, storable(body.contact), body.origin,
        serial, seq,
    )  # fmt: skip


def publish(connection: Connection, rows: Sequence[Row]) -> None:
    """Note that decisions were approved and published: rows of :func:`publication`."""
    connection.run_many(
        "UPDATE shield_decision SET state = 'published', published_at = ?, expires_at = ?, evidence = ?, approver = ?, "
        "reason = ?, audience = ?, malicious = ?, active = ?, guards = ?, approvers = ?, standing = ?, policy = ?, "
        "contact = ?, origin = ?, serial = ? WHERE seq = ? AND state = 'proposed'",
        rows,
    )


def endorse(connection: Connection, identifier: str, endorsed: Iterable[Endorsement]) -> None:
    """Note who approved a decision that needs more than one."""
    connection.run("UPDATE shield_decision SET endorsed = ? WHERE id = ? AND state = 'proposed'",
                   (_text(list(endorsed)), identifier))


def renew(connection: Connection, body: Body) -> None:
    """Note that a decision stands longer, on fresh evidence."""
    connection.run(
        "UPDATE shield_decision SET expires_at = ?, evidence = ?, malicious = ?, active = ? "
        "WHERE id = ? AND state = 'published'",
        (body.expires, _text(body.evidence), body.malicious, body.active, body.decision),
    )


def set_categories(connection: Connection, identifiers: Iterable[str]) -> None:
    """Make these the categories in force. Decisions that are open in another must have ended."""
    kept = sorted(identifiers)
    connection.run_many("INSERT INTO shield_category (id) VALUES (?) ON CONFLICT (id) DO NOTHING",
                        [(one,) for one in kept])
    sql, value = connection.among(kept)
    connection.run(f"DELETE FROM shield_category WHERE id NOT IN {sql}", (value,))


def categories(connection: Connection) -> frozenset[str]:
    """Return the categories in force; none before the first decision."""
    return frozenset(row[0] for row in connection.rows("SELECT id FROM shield_category"))


def open_outside(connection: Connection, identifiers: Iterable[str]) -> list[Row]:
    """Return the open decisions of other categories than these."""
    sql, value = connection.among(identifiers)
    return connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE scope IS NOT NULL AND scope NOT IN {sql} ORDER BY seq", (value,)
    )


def waiting_by_rule(connection: Connection, after: int, limit: int) -> list[tuple[int, Decision]]:
    """Return what a rule proposed on an actor's name, unguarded, with its position, after one."""
    return [(row[0], decision_of(row[1:])) for row in connection.rows(
        f"SELECT seq, {COLUMNS} FROM shield_decision WHERE state = 'proposed' AND proposed_by = 'rule' "
        "AND guards = '[]' AND origin = 'actor' AND exercise = 0 AND seq > ? ORDER BY seq LIMIT ?", (after, limit))]


def end(connection: Connection, rows: Sequence[Row]) -> None:
    """Note that decisions ended: (state, at, by, reason, reason code, the decision's seq)."""
    connection.run_many(
        "UPDATE shield_decision SET state = ?, scope = NULL, ended_at = ?, ended_by = ?, reason = ?, reason_code = ? "
        "WHERE seq = ? AND state IN ('proposed', 'published')",
        rows,
    )


def standing_of(connection: Connection, ids: Iterable[str]) -> list[Row]:
    """Return (id, seq, name, category, severity, state, exercise, reason code) of decisions."""
    sql, value = connection.among(ids)
    return connection.rows(
        "SELECT id, seq, name, category, severity, state, exercise, reason_code FROM shield_decision "
        f"WHERE id IN {sql}",
        (value,),
    )


def by_id(connection: Connection, identifier: str) -> Row | None:
    """Return a decision's columns."""
    rows = connection.rows(f"SELECT {COLUMNS} FROM shield_decision WHERE id = ?", (identifier,))
    return rows[0] if rows else None


def by_ids(connection: Connection, identifiers: Iterable[str]) -> list[Row]:
    """Return the columns of several decisions, in order."""
    sql, value = connection.among(identifiers)
    return connection.rows(f"SELECT {COLUMNS} FROM shield_decision WHERE id IN {sql} ORDER BY seq", (value,))


def last_for(
    connection: Connection, names: Iterable[str], *, exercise: bool = False
) -> dict[str, tuple[str, str, str]]:
    """Return, by name, (state, proposed by, ended by) of its newest decision; of exercises, or of all else."""
    sql, value = connection.among(names)
    return {
        row[0]: (row[1], row[2], row[3])
        for row in connection.rows(
            f"SELECT name, state, proposed_by, ended_by FROM shield_decision WHERE name IN {sql} AND exercise = ? "
            "ORDER BY seq",
            (value, int(exercise)),
        )
    }


def open_for(connection: Connection, names: Iterable[str]) -> list[Row]:
    """Return the columns of the open decisions on these names, in order."""
    sql, value = connection.among(names)
    return connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE name IN {sql} AND state IN ('proposed', 'published') "
        "ORDER BY seq",
        (value,),
    )


def newest_for(connection: Connection, name: str, audiences: Iterable[int]) -> Row | None:
    """Return the newest decision on a name that these audiences may see."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE name = ? AND audience IN {sql} "
        "ORDER BY exercise, seq DESC LIMIT 1",
        (name, value),
    )
    return rows[0] if rows else None


def listed(
    connection: Connection, states: Iterable[str], audiences: Iterable[int], limit: int, offset: int
) -> list[Row]:
    """Return decisions in these states, newest first."""
    wanted = set(states)
    which, states_value = connection.among(sorted(wanted))
    sql, value = connection.among(audiences)
    rest = ""
    if wanted == {State.PROPOSED}:
        rest = " AND state = 'proposed'"
    elif not wanted & {State.PROPOSED, State.PUBLISHED}:
        rest = " AND scope IS NULL"
    return connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE state IN {which} AND audience IN {sql}{rest} "
        "ORDER BY seq DESC LIMIT ? OFFSET ?",
        (states_value, value, limit, offset),
    )


def count_names(connection: Connection, rows: Sequence[tuple[str, str, int]]) -> None:
    """Note how many names of a (category, severity) came to the zone, or, less than none, left it."""
    connection.run_many(
        "INSERT INTO shield_sort (category, severity, names) VALUES (?, ?, ?) "
        "ON CONFLICT (category, severity) DO UPDATE SET names = shield_sort.names + excluded.names",
        rows,
    )


def tally(connection: Connection, audiences: Iterable[int]) -> dict[str, int]:
    """Count decisions by state."""
    sql, value = connection.among(audiences)
    return dict(
        connection.rows(f"SELECT state, count(*) FROM shield_decision WHERE audience IN {sql} GROUP BY state", (value,))
    )


def published_names(connection: Connection) -> Iterator[str]:
    """Give all names that the zone holds, in order; an exercise's are never among them. Never more than a page of them
    is in memory: a million at once would cost more than the zone itself.
    """
    last = ""
    while True:
        rows = connection.rows(
            "SELECT DISTINCT name FROM shield_decision WHERE state = 'published' AND exercise = 0 AND name > ? "
            "ORDER BY name LIMIT ?",
            (last, PAGE),
        )
        yield from (row[0] for row in rows)
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def published_rows(connection: Connection) -> list[tuple[str, str, str, int, int]]:
    """Return (name, category, severity, published at, serial at which it entered) of what is blocked, by name."""
    return connection.rows(
        "SELECT name, category, severity, published_at, serial FROM shield_decision "
        "WHERE state = 'published' AND exercise = 0 ORDER BY name, serial"
    )


def run_out(connection: Connection, now: int, limit: int) -> list[Row]:
    """Return published decisions whose time is over: an index range scan."""
    return connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE state = 'published' AND expires_at <= ? "
        "ORDER BY expires_at LIMIT ?",
        (now, limit),
    )


def last_serial(connection: Connection) -> int:
    """Return the newest serial, :data:`FIRST_SERIAL` before the first step."""
    return int(connection.rows("SELECT coalesce(max(serial), ?) FROM shield_change", (FIRST_SERIAL,))[0][0])


def last_change(connection: Connection) -> Instant:
    """Return when the zone's newest step was made, 0 before the first."""
    rows = connection.rows("SELECT at FROM shield_change ORDER BY serial DESC LIMIT 1")
    return int(rows[0][0]) if rows else 0


def add_changes(connection: Connection, rows: Sequence[Row]) -> None:
    """Add steps of the zone: (serial, name, added, at, seq)."""
    connection.run_many("INSERT INTO shield_change (serial, name, added, at, seq) VALUES (?, ?, ?, ?, ?)", rows)


def last_changes(connection: Connection, limit: int) -> tuple[int, list[tuple[int, str, int]]]:
    """Return the serial before the zone's last steps, and these: (serial, name, added), in order."""
    rows = connection.rows("SELECT serial, name, added FROM shield_change ORDER BY serial DESC LIMIT ?", (limit + 1,))
    rows.reverse()
    return (rows[0][0], rows[1:]) if len(rows) > limit else (FIRST_SERIAL, rows)


def changes_after(connection: Connection, serial: int, limit: int) -> list[tuple[int, str, int, int]]:
    """Return (serial, name, added, at) after a serial, in order."""
    return connection.rows(
        "SELECT serial, name, added, at FROM shield_change WHERE serial > ? ORDER BY serial LIMIT ?", (serial, limit)
    )


def set_due(connection: Connection, name: str, action: str) -> None:
    """Note what is due for a name; nothing where the action is empty."""
    if action:
        connection.run(
            "INSERT INTO shield_due (name, action) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
            "action = excluded.action",
            (name, action),
        )
    else:
        connection.run("DELETE FROM shield_due WHERE name = ?", (name,))


def due_for(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return what is due, by name, for these names."""
    sql, value = connection.among(names)
    return dict(connection.rows(f"SELECT name, action FROM shield_due WHERE name IN {sql}", (value,)))


def all_due(connection: Connection, after: str, limit: int) -> list[tuple[str, str]]:
    """Return (name, action) of what is due for the names after one, in order of name."""
    return connection.rows("SELECT name, action FROM shield_due WHERE name > ? ORDER BY name LIMIT ?", (after, limit))
