"""All the SQL of lifts: what was lifted, the bars that stand, and which blocks a lift means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

made = Table(
    "shield_lift_made",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("by_id", String(64), nullable=False),
    Column("chosen", String(16), nullable=False),
    Column("value", String(255), nullable=False),
    Column("reason", Text, nullable=False),
    Column("names", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
)
bar = Table(
    "shield_lift_bar",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("lift", String(64), nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("origins", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Index("shield_lift_bar_at", "at"),
)


def add_made(connection: Connection, row: Row) -> None:
    """Note a lift, in the order of the table's columns."""
    connection.run(f"INSERT INTO shield_lift_made VALUES ({', '.join('?' * 9)}) ON CONFLICT (id) DO NOTHING", row)


def set_bars(connection: Connection, rows: Iterable[Row]) -> None:
    """Set bars, in the order of the table's columns; a newer one takes the place of an older one of the name."""
    connection.run_many(
        "INSERT INTO shield_lift_bar (name, lift, by_id, reason, origins, at, audience) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET lift = excluded.lift, by_id = excluded.by_id, reason = excluded.reason, "
        "origins = excluded.origins, at = excluded.at, audience = excluded.audience",
        rows,
    )


def end_bar(connection: Connection, name: str) -> None:
    """Take a bar away."""
    connection.run("DELETE FROM shield_lift_bar WHERE name = ?", (name,))


def origins_barred(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return, by name, the barred origins as JSON."""
    sql, value = connection.among(names)
    return dict(connection.rows(f"SELECT name, origins FROM shield_lift_bar WHERE name IN {sql}", (value,)))


def bars(connection: Connection, audiences: Iterable[int], after: str, limit: int) -> list[Row]:
    """Return the bars in these audiences after a name: (name, lift, by, reason, at)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT name, lift, by_id, reason, at FROM shield_lift_bar WHERE name > ? AND audience IN {sql} "
        "ORDER BY name LIMIT ?",
        (after, value, limit),
    )


def bar_on(connection: Connection, name: str, audiences: Iterable[int]) -> Row | None:
    """Return the bar on a name, as :func:`bars` does."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT name, lift, by_id, reason, at FROM shield_lift_bar WHERE name = ? AND audience IN {sql}", (name, value)
    )
    return rows[0] if rows else None


def lifts(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the newest lifts in these audiences: (id, by, chosen, value, reason, names, at)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT id, by_id, chosen, value, reason, names, at FROM shield_lift_made WHERE audience IN {sql} "
        "ORDER BY seq DESC LIMIT ?",
        (value, limit),
    )


def freed_since(connection: Connection, at: int, limit: int) -> list[tuple[str, int]]:
    """Return (name, when) of blocks that a person ended since an instant and that no block covers by name now."""
    return connection.rows(
        "SELECT d.name, max(d.ended_at) FROM shield_decision d WHERE d.scope IS NULL AND d.state = 'withdrawn' "
        "AND d.ended_at >= ? AND d.published_at > 0 AND d.exercise = 0 AND d.ended_by NOT IN ('rule', 'rollback') "
        "AND NOT EXISTS "
        "(SELECT 1 FROM shield_decision n WHERE n.name = d.name AND n.state = 'published' AND n.exercise = 0) "
        "GROUP BY d.name ORDER BY max(d.ended_at), d.name LIMIT ?",
        (at, limit),
    )


_OPEN = "SELECT id, name, state, evidence FROM shield_decision WHERE state IN ('proposed', 'published')"


def open_on(connection: Connection, names: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return the open decisions on names: (id, name, state, evidence)."""
    which, wanted = connection.among(names)
    sql, value = connection.among(audiences)
    return connection.rows(f"{_OPEN} AND name IN {which} AND audience IN {sql} ORDER BY seq", (wanted, value))


def open_since(connection: Connection, at: int, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the open decisions that were proposed or published since an instant."""
    sql, value = connection.among(audiences)
    return connection.rows(
        # Each part by an index of its own, or all that stands would be looked at.
        f"{_OPEN} AND seq IN (SELECT seq FROM shield_decision WHERE serial > 0 AND published_at >= ? "
        "UNION SELECT seq FROM shield_decision WHERE exercise = 1 AND published_at >= ? AND state = 'published' "
        "UNION SELECT seq FROM shield_decision WHERE state = 'proposed' AND proposed_at >= ?) "
        f"AND audience IN {sql} ORDER BY seq LIMIT ?",
        (at, at, at, value, limit),
    )


def open_by_rule(connection: Connection, rule: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the open decisions that a rule made: the built-in one (``rule``), or a standing approval by its id."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"{_OPEN} AND (standing = ? OR proposed_by = ?) AND audience IN {sql} ORDER BY seq LIMIT ?",
        (rule, rule, value, limit),
    )


def open_citing(connection: Connection, text: str, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the open decisions whose citations hold a text as it stands; the caller looks closer."""
    sql, value = connection.among(audiences)
    plain = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return connection.rows(
        f"{_OPEN} AND evidence LIKE ? ESCAPE '!' AND audience IN {sql} ORDER BY seq LIMIT ?",
        (f"%{plain}%", value, limit),
    )
