"""All the SQL of hit counts: own tables, and which names the shield blocked when, read only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "shield_hits_report", metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("org", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("shield_hits_report_hour", "hour"),
)  # fmt: skip
Table(
    "shield_hits_line", metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("decision", String(64), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("shadow", BigInteger, nullable=False),
    Index("shield_hits_line_hour", "hour"),
    Index("shield_hits_line_decision", "decision"),
)  # fmt: skip
Table(
    "shield_hits_release", metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("organisations", Integer, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("shadow", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "shield_hits_sum", metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("decision", String(64), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("blocked", BigInteger, nullable=False),
    Column("shadow", BigInteger, nullable=False),
    Column("organisations", Integer, nullable=False),
    Index("shield_hits_sum_decision", "decision"),
)  # fmt: skip
Table(
    "shield_hits_override", metadata,
    Column("subscriber", String(64), primary_key=True),
    Column("decision", String(64), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("claim", String(64), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("shield_hits_override_decision", "decision"),
)  # fmt: skip
Table(
    "shield_hits_wait", metadata,
    Column("decision", String(64), primary_key=True),
    Column("audience", Integer, nullable=False),
    Column("reported", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False, index=True),
)  # fmt: skip


# -- what the record says ---------------------------------------------------------------------------------------------


def add_report(connection: Connection, row: Row) -> int:
    """Keep a report (subscriber, hour, org, audience, digest, at); 0 where the hour has one: the first stands."""
    return connection.run(
        "INSERT INTO shield_hits_report (subscriber, hour, org, audience, digest, at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (subscriber, hour) DO NOTHING",
        row,
    )


def add_lines(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep a report's lines: (subscriber, hour, decision, audience, blocked, shadow)."""
    connection.run_many(
        "INSERT INTO shield_hits_line (subscriber, hour, decision, audience, blocked, shadow) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscriber, hour, decision) DO NOTHING",
        rows,
    )


def add_release(connection: Connection, row: Row) -> int:
    """Keep a release (hour, audience, organisations, blocked, shadow); 0 where the hour has one."""
    return connection.run(
        "INSERT INTO shield_hits_release (hour, audience, organisations, blocked, shadow) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (hour) DO NOTHING",
        row,
    )


def add_sums(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep a release's lines: (hour, decision, audience, blocked, shadow, organisations)."""
    connection.run_many(
        "INSERT INTO shield_hits_sum (hour, decision, audience, blocked, shadow, organisations) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hour, decision) DO NOTHING",
        rows,
    )


def override(connection: Connection, row: Row) -> None:
    """Note that a subscriber lets a decision's name pass: (subscriber, decision, audience, claim, since)."""
    connection.run(
        "INSERT INTO shield_hits_override (subscriber, decision, audience, claim, since, until) "
        "VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (subscriber, decision) DO UPDATE SET claim = excluded.claim, "
        "since = excluded.since, until = 0",
        row,
    )


def end_override(connection: Connection, subscriber: str, decision: str, at: Instant) -> None:
    """Note that a subscriber lets it pass no more."""
    connection.run(
        "UPDATE shield_hits_override SET until = ? WHERE subscriber = ? AND decision = ?", (at, subscriber, decision)
    )


def add_waits(connection: Connection, rows: Iterable[Row]) -> None:
    """Note when decisions were first reported and published; a renewal changes neither: (decision, audience, reported,
    published).
    """
    connection.run_many(
        "INSERT INTO shield_hits_wait (decision, audience, reported, published) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (decision) DO NOTHING",
        rows,
    )


# -- what is asked of it ----------------------------------------------------------------------------------------------


def digest_of(connection: Connection, subscriber: str, hour: Instant) -> str:
    """Return the digest of a subscriber's report of an hour, "" for none."""
    rows = connection.rows("SELECT digest FROM shield_hits_report WHERE subscriber = ? AND hour = ?",
                           (subscriber, hour))  # fmt: skip
    return str(rows[0][0]) if rows else ""


def blocked_between(connection: Connection, names: Iterable[str], begins: Instant, ends: Instant,
                    audiences: Iterable[int]) -> dict[str, str]:  # fmt: skip
    """Return, by name, the decision that blocked it at some time between two instants."""
    wanted = list(names)
    if not wanted:
        return {}  # PostgreSQL would take an empty list for one of numbers
    sql, value = connection.among(wanted)
    seen, seen_value = connection.among(audiences)
    return dict(connection.rows(
        f"SELECT name, id FROM shield_decision WHERE name IN {sql} AND audience IN {seen} AND published_at > 0 "
        "AND published_at < ? AND (ended_at = 0 OR ended_at > ?) AND exercise = 0 ORDER BY seq",
        (value, seen_value, ends, begins),
    ))  # fmt: skip


def to_release(connection: Connection, after: Instant, before: Instant, enough: int) -> list[Instant]:
    """Return the hours that began between two instants, have reports of enough organisations, and no release."""
    return [row[0] for row in connection.rows(
        "SELECT hour FROM shield_hits_report r WHERE hour > ? AND hour <= ? AND NOT EXISTS "
        "(SELECT 1 FROM shield_hits_release s WHERE s.hour = r.hour) GROUP BY hour HAVING count(DISTINCT org) >= ? "
        "ORDER BY hour", (after, before, enough),
    )]  # fmt: skip


def of_hour(connection: Connection, hour: Instant) -> list[tuple[str, str, int, int]]:
    """Return (organisation, decision, blocked, shadow) of an hour; decision "" where a report has no line."""
    return connection.rows(
        "SELECT r.org, coalesce(l.decision, ''), coalesce(l.blocked, 0), coalesce(l.shadow, 0) "
        "FROM shield_hits_report r LEFT JOIN shield_hits_line l ON l.subscriber = r.subscriber AND l.hour = r.hour "
        "WHERE r.hour = ?", (hour,),
    )  # fmt: skip


def released_hours(connection: Connection, begins: Instant, ends: Instant, audiences: Iterable[int]) -> list[Row]:
    """Return (hour, blocked, shadow) of the releases between two instants."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT hour, blocked, shadow FROM shield_hits_release WHERE hour >= ? AND hour < ? AND audience IN {sql} "
        "ORDER BY hour", (begins, ends, value),
    )  # fmt: skip


_OF_ONE = " AND decision = ?"
TABLES = {"released": "shield_hits_sum", "reported": "shield_hits_line"}
"""Where the lines of each circle stand."""


def hours(connection: Connection, circle: str, begins: Instant, ends: Instant, audiences: Iterable[int],
          decision: str = "") -> list[Row]:  # fmt: skip
    """Return (hour, blocked, shadow) of a circle's lines between two instants (of one decision)."""
    sql, value = connection.among(audiences)
    query = (
        f"SELECT hour, sum(blocked), sum(shadow) FROM {TABLES[circle]} WHERE hour >= ? AND hour < ? "
        f"AND audience IN {sql}{_OF_ONE if decision else ''} GROUP BY hour ORDER BY hour"
    )
    rows = connection.rows(query, (begins, ends, value, *([decision] if decision else [])))
    return [(row[0], int(row[1]), int(row[2])) for row in rows]


def by_decision(connection: Connection, circle: str, begins: Instant, ends: Instant, audiences: Iterable[int],
                limit: int) -> list[Row]:  # fmt: skip
    """Return (decision, blocked, shadow) of a circle's lines between two instants, most blocked first."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT decision, sum(blocked), sum(shadow) FROM {TABLES[circle]} WHERE hour >= ? AND hour < ? "
        f"AND audience IN {sql} GROUP BY decision ORDER BY sum(blocked) DESC, sum(shadow) DESC, decision LIMIT ?",
        (begins, ends, value, limit),
    )
    return [(row[0], int(row[1]), int(row[2])) for row in rows]


def reporters(connection: Connection, begins: Instant, ends: Instant, audiences: Iterable[int]) -> int:
    """Count the subscribers that reported an hour between two instants."""
    sql, value = connection.among(audiences)
    return int(connection.rows(
        f"SELECT count(DISTINCT subscriber) FROM shield_hits_report WHERE hour >= ? AND hour < ? AND audience IN {sql}",
        (begins, ends, value),
    )[0][0])  # fmt: skip


def waits(connection: Connection, begins: Instant, ends: Instant, audiences: Iterable[int], limit: int) -> list[int]:
    """Return how long each decision that was published between two instants had waited since it was first reported."""
    sql, value = connection.among(audiences)
    return [row[0] for row in connection.rows(
        "SELECT published - reported FROM shield_hits_wait WHERE published >= ? AND published < ? AND reported > 0 "
        f"AND audience IN {sql} ORDER BY published DESC LIMIT ?", (begins, ends, value, limit),
    )]  # fmt: skip


def wait_of(connection: Connection, decision: str) -> int | None:
    """Return how long a decision had waited; None where it was not published, or nothing was cited."""
    rows = connection.rows(
        "SELECT published - reported FROM shield_hits_wait WHERE decision = ? AND reported > 0", (decision,)
    )
    return int(rows[0][0]) if rows else None


def outcomes(connection: Connection, begins: Instant, ends: Instant, audiences: Iterable[int]) -> tuple[int, int]:
    """Return how many blocks began between two instants, and how many of those a person ended as wrong."""
    sql, value = connection.among(audiences)
    row = connection.rows(
        "SELECT count(*), coalesce(sum(CASE WHEN state = 'withdrawn' AND ended_by <> 'rule' "
        "AND reason_code NOT IN ('expired', 'superseded') THEN 1 ELSE 0 END), 0) "
        "FROM shield_decision WHERE serial > 0 AND published_at >= ? AND published_at < ? "
        f"AND audience IN {sql}",
        (begins, ends, value),
    )[0]
    return int(row[0]), int(row[1])


def overridden(connection: Connection, audiences: Iterable[int], decision: str = "") -> int:
    """Count the blocks in force (or this one's subscribers) that an ISP lets pass."""
    sql, value = connection.among(audiences)
    what = "count(DISTINCT o.decision)" if not decision else "count(*)"
    return int(connection.rows(
        # CROSS: from what is let pass to its block, or SQLite looks at each block.
        f"SELECT {what} FROM shield_hits_override o CROSS JOIN shield_decision d WHERE d.id = o.decision "
        f"AND d.state = 'published' AND o.until = 0 AND o.audience IN {sql}{' AND o.decision = ?' if decision else ''}",
        (value, *([decision] if decision else [])),
    )[0][0])  # fmt: skip


def overrides_of(connection: Connection, subscriber: str) -> dict[str, str]:
    """Return, by decision, the claim of what a subscriber lets pass now."""
    return dict(connection.rows(
        "SELECT decision, claim FROM shield_hits_override WHERE subscriber = ? AND until = 0", (subscriber,)
    ))  # fmt: skip


def decisions(connection: Connection, begins: Instant, ends: Instant, audiences: Iterable[int], limit: int
              ) -> list[Row]:  # fmt: skip
    """Return (id, name, category, state, published, ended, waited) of the blocks of a period, the newest first."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT d.id, d.name, d.category, d.state, d.published_at, d.ended_at, coalesce(w.published - w.reported, -1), "
        "coalesce(w.reported, 0) FROM shield_decision d LEFT JOIN shield_hits_wait w ON w.decision = d.id "
        "WHERE d.published_at > 0 AND d.published_at < ? AND (d.ended_at = 0 OR d.ended_at >= ?) AND d.exercise = 0 "
        f"AND d.audience IN {sql} ORDER BY d.seq DESC LIMIT ?", (ends, begins, value, limit),
    )  # fmt: skip
