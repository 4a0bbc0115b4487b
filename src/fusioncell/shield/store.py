"""All the SQL of the shield: decisions, the zone's steps, and what is due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")
Row = tuple[Any, ...]

FIRST_SERIAL = 1 << 30
"""The serial of a zone without a step. A fixed one: the clock's would be beyond the first step where the river has yet
to catch up with the record. Steps follow the clock, and are newer than this by RFC 1982 until the year 2072."""

decision = Table(
    "shield_decision",
    metadata,
    Column("seq", _key, primary_key=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
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
    Column("serial", BigInteger, nullable=False),
    Index("shield_decision_name", "name"),
    Index("shield_decision_state", "state", "expires_at"),
)
change = Table(
    "shield_change",
    metadata,
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("added", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
due = Table(
    "shield_due",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("action", String(16), nullable=False),
)

COLUMNS = (
    "id, name, category, state, malicious, active, proposed_at, published_at, expires_at, ended_at, evidence, "
    "proposed_by, approver, reason, guards, audience, approvers, standing, severity, origin, exercise, policy, "
    "reason_code"
)


def open_decision(connection: Connection, row: Row) -> None:
    """Add a decision, in the order of the table's columns."""
    marks = ", ".join("?" * 23)
    connection.run(f"INSERT INTO shield_decision (seq, {COLUMNS}, ended_by, serial) VALUES (?, {marks}, '', 0)", row)


def publish(
    connection: Connection,
    identifier: str,
    at: int,
    expires: int,
    evidence: str,
    approver: str,
    reason: str,
    audience: int,
    malicious: float,
    active: float,
    approvers: str,
    standing: str,
    policy: str,
) -> int:
    """Note that a decision was approved and published."""
    return connection.run(
        "UPDATE shield_decision SET state = 'published', published_at = ?, expires_at = ?, evidence = ?, approver = ?, "
        "reason = ?, audience = ?, malicious = ?, active = ?, approvers = ?, standing = ?, policy = ? "
        "WHERE id = ? AND state = 'proposed'",
        (at, expires, evidence, approver, reason, audience, malicious, active, approvers, standing, policy, identifier),
    )


def set_serial(connection: Connection, identifier: str, serial: int) -> None:
    """Note the serial at which a decision's name entered the zone."""
    connection.run("UPDATE shield_decision SET serial = ? WHERE id = ?", (serial, identifier))


def end(connection: Connection, identifier: str, state: str, at: int, by: str, reason: str) -> None:
    """Note that a decision ended."""
    connection.run(
        "UPDATE shield_decision SET state = ?, ended_at = ?, ended_by = ?, reason = ? WHERE id = ? "
        "AND state IN ('proposed', 'published')",
        (state, at, by, reason, identifier),
    )


def by_id(connection: Connection, identifier: str) -> Row | None:
    """Return a decision's columns."""
    rows = connection.rows(f"SELECT {COLUMNS} FROM shield_decision WHERE id = ?", (identifier,))
    return rows[0] if rows else None


def by_ids(connection: Connection, identifiers: Iterable[str]) -> list[Row]:
    """Return the columns of several decisions, in order."""
    sql, value = connection.among(identifiers)
    return connection.rows(f"SELECT {COLUMNS} FROM shield_decision WHERE id IN {sql} ORDER BY seq", (value,))


def last_for(connection: Connection, names: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Return, by name, (state, proposed by, ended by) of its newest decision."""
    sql, value = connection.among(names)
    return {
        row[0]: (row[1], row[2], row[3])
        for row in connection.rows(
            f"SELECT name, state, proposed_by, ended_by FROM shield_decision WHERE name IN {sql} ORDER BY seq", (value,)
        )
    }


def newest_for(connection: Connection, name: str, audiences: Iterable[int]) -> Row | None:
    """Return the newest decision on a name that these audiences may see."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE name = ? AND audience IN {sql} ORDER BY seq DESC LIMIT 1",
        (name, value),
    )
    return rows[0] if rows else None


def listed(
    connection: Connection, states: Iterable[str], audiences: Iterable[int], limit: int, offset: int
) -> list[Row]:
    """Return decisions in these states, newest first."""
    which, states_value = connection.among(states)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {COLUMNS} FROM shield_decision WHERE state IN {which} AND audience IN {sql} "
        "ORDER BY seq DESC LIMIT ? OFFSET ?",
        (states_value, value, limit, offset),
    )


def tally(connection: Connection, audiences: Iterable[int]) -> dict[str, int]:
    """Count decisions by state."""
    sql, value = connection.among(audiences)
    return dict(
        connection.rows(f"SELECT state, count(*) FROM shield_decision WHERE audience IN {sql} GROUP BY state", (value,))
    )


def published_names(connection: Connection) -> list[str]:
    """Return all names that the zone holds; an exercise's are never among them."""
    return [
        row[0]
        for row in connection.rows(
            "SELECT DISTINCT name FROM shield_decision WHERE state = 'published' AND exercise = 0"
        )
    ]


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


def add_change(connection: Connection, serial: int, name: str, added: bool, at: int, seq: int) -> None:
    """Add a step of the zone."""
    connection.run(
        "INSERT INTO shield_change (serial, name, added, at, seq) VALUES (?, ?, ?, ?, ?)",
        (serial, name, int(added), at, seq),
    )


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
