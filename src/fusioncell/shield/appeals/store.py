"""All the SQL of appeals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

appeal = Table(
    "shield_appeals_appeal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("mark", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("decision", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("language", String(8), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("proved_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("ended_by", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("forgotten_at", BigInteger, nullable=False),
    Index("shield_appeals_appeal_name", "name", "state"),
    Index("shield_appeals_appeal_state", "state", "seq"),
)
said = Table(
    "shield_appeals_said",
    metadata,
    Column("appeal", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", Text, nullable=False),
)
COLUMNS = (
    "a.id, a.name, a.decision, a.role, a.language, a.at, a.proved_at, a.state, a.ended_at, a.ended_by, a.reason, "
    "coalesce(s.text, ''), coalesce(s.contact, '')"
)
_FROM = "FROM shield_appeals_appeal a LEFT JOIN shield_appeals_said s ON s.appeal = a.id"


def lodge(connection: Connection, row: Row) -> None:
    """Note an appeal: (seq, id, mark, name, decision, role, language, at, audience)."""
    connection.run(
        "INSERT INTO shield_appeals_appeal (seq, id, mark, name, decision, role, language, at, audience, proved_at, "
        "state, ended_at, ended_by, reason, forgotten_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'open', 0, '', '', 0) "
        "ON CONFLICT (id) DO NOTHING",
        row,
    )


def say(connection: Connection, row: Row) -> None:
    """Note what an appellant wrote: (appeal, seq, text, contact)."""
    connection.run(
        "INSERT INTO shield_appeals_said (appeal, seq, text, contact) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (appeal) DO NOTHING",
        row,
    )


def prove(connection: Connection, appeal: str, at: int) -> None:
    """Note that the appellant has proved to hold the name."""
    connection.run("UPDATE shield_appeals_appeal SET proved_at = ? WHERE id = ? AND proved_at = 0", (at, appeal))


def end(connection: Connection, appeal: str, state: str, at: int, by: str, reason: str) -> None:
    """Note an appeal's end; the first stands."""
    connection.run(
        "UPDATE shield_appeals_appeal SET state = ?, ended_at = ?, ended_by = ?, reason = ? "
        "WHERE id = ? AND state = 'open'",
        (state, at, by, reason, appeal),
    )


def forget(connection: Connection, appeal: str, at: int) -> None:
    """Delete what an appellant wrote."""
    connection.run("DELETE FROM shield_appeals_said WHERE appeal = ?", (appeal,))
    connection.run("UPDATE shield_appeals_appeal SET forgotten_at = ? WHERE id = ?", (at, appeal))


def one(connection: Connection, identifier: str, audiences: Iterable[int]) -> Row | None:
    """Return an appeal, with what its appellant wrote."""
    sql, value = connection.among(audiences)
    rows = connection.rows(f"SELECT {COLUMNS} {_FROM} WHERE a.id = ? AND a.audience IN {sql}", (identifier, value))
    return rows[0] if rows else None


def of_mark(connection: Connection, mark: str) -> Row | None:
    """Return the appeal of the holder of a code."""
    rows = connection.rows(f"SELECT {COLUMNS} {_FROM} WHERE a.mark = ?", (mark,))
    return rows[0] if rows else None


def listed(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the appeals in these audiences: the open ones, the oldest first, then the newest of the others."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {COLUMNS} {_FROM} WHERE a.audience IN {sql} ORDER BY CASE WHEN a.state = 'open' THEN 0 ELSE 1 END, "
        "CASE WHEN a.state = 'open' THEN a.seq ELSE -a.seq END LIMIT ?",
        (value, limit),
    )


def open_on(connection: Connection, decision: str) -> list[str]:
    """Return the ids of the appeals against a decision that wait."""
    return [
        row[0]
        for row in connection.rows(
            "SELECT id FROM shield_appeals_appeal WHERE decision = ? AND state = 'open' ORDER BY seq", (decision,)
        )
    ]


def counts(connection: Connection, name: str, since: int) -> tuple[int, int]:
    """Return (appeals of a name that wait, all appeals since an instant)."""
    waits = "SELECT count(*) FROM shield_appeals_appeal WHERE name = ? AND state = 'open' AND proved_at = 0"
    lately = "SELECT count(*) FROM shield_appeals_appeal WHERE at > ?"
    return int(connection.rows(waits, (name,))[0][0]), int(connection.rows(lately, (since,))[0][0])


def waiting(connection: Connection) -> list[Row]:
    """Return all appeals that wait."""
    return connection.rows(f"SELECT {COLUMNS} {_FROM} WHERE a.state = 'open' ORDER BY a.seq")


def to_forget(connection: Connection, before: int) -> list[tuple[str, int]]:
    """Return (appeal, position of its words) of the appeals that ended before an instant and are not forgotten."""
    return connection.rows(
        "SELECT s.appeal, s.seq FROM shield_appeals_said s JOIN shield_appeals_appeal a ON a.id = s.appeal "
        "WHERE a.state <> 'open' AND a.ended_at < ? ORDER BY s.seq",
        (before,),
    )


def words_of(connection: Connection, appeal: str) -> int:
    """Return the position of what an appellant wrote; 0 for none."""
    rows = connection.rows("SELECT seq FROM shield_appeals_said WHERE appeal = ?", (appeal,))
    return int(rows[0][0]) if rows else 0


def blocks(connection: Connection, names: Iterable[str]) -> list[Row]:
    """Return what blocks any of these names: (name, id, category, published at, expires at, policy, origin, reason
    code)."""
    sql, value = connection.among(names)
    return connection.rows(
        "SELECT name, id, category, published_at, expires_at, policy, origin, reason_code FROM shield_decision "
        f"WHERE name IN {sql} AND state = 'published' AND exercise = 0",
        (value,),
    )
