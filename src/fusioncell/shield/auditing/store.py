"""The SQL of the auditor's report, read only. The database counts each figure, over what the auditor may see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.ports import Connection
from fusioncell.shield.appeals.model import DECIDE_WITHIN
from fusioncell.shield.auditing.model import Day, Heard, Lifted, Lifts, Period, Sampled, Samples, Share, Sum

Row = tuple[Any, ...]
_WRONG = ("d.state = 'withdrawn' AND d.ended_by NOT IN ('rule', 'rollback') "
          "AND d.reason_code NOT IN ('expired', 'superseded')")  # fmt: skip
_WAY = ("CASE WHEN d.standing <> '' THEN 'standing' WHEN d.approver = 'rollback' THEN 'rollback' "
        "WHEN d.guards <> '[]' THEN 'guarded' ELSE 'person' END")  # fmt: skip


def _of(period: Period) -> tuple[str, tuple[Any, ...]]:
    """Return what chooses by category, to stand last in a condition, with its value."""
    return (" AND d.category = ?", (period.category,)) if period.category else ("", ())


def _began(connection: Connection, period: Period, seen: Iterable[int], exercise: bool = False) -> tuple[str, Row]:
    """Return from where the blocks of a period are read, with the values."""
    sql, value = connection.among(seen)
    more, values = _of(period)
    return (
        f"FROM shield_decision d WHERE {'d.exercise = 1' if exercise else 'd.serial > 0'} AND d.published_at >= ? "
        f"AND d.published_at < ? AND d.audience IN {sql}{more}",
        (period.since, period.until, value, *values),
    )


def sums(connection: Connection, period: Period, seen: Iterable[int]) -> list[Sum]:
    """Count the blocks of a period by category and way."""
    rest, values = _began(connection, period, seen)
    return [Sum(*row) for row in connection.rows(
        f"SELECT d.category, {_WAY} AS way, count(*), sum(CASE WHEN d.state = 'published' THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN {_WRONG} THEN 1 ELSE 0 END) {rest} GROUP BY d.category, way ORDER BY d.category, way", values)]


def shares(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[Share]:
    """Count the blocks of a period by who or what published them, most first."""
    rest, values = _began(connection, period, seen)
    return [Share(*row) for row in connection.rows(
        "SELECT d.standing, CASE WHEN d.standing <> '' THEN '' ELSE d.approver END AS who, count(*), "
        f"sum(CASE WHEN {_WRONG} THEN 1 ELSE 0 END) {rest} GROUP BY d.standing, who "
        "ORDER BY count(*) DESC, d.standing, who LIMIT ?", (*values, limit))]


def days(connection: Connection, period: Period, seen: Iterable[int]) -> list[Day]:
    """Count the blocks of a period by day."""
    rest, values = _began(connection, period, seen)
    return [Day(*row) for row in connection.rows(
        f"SELECT d.published_at / {DAY} AS day, sum(CASE WHEN d.standing = '' THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN d.standing <> '' THEN 1 ELSE 0 END) {rest} GROUP BY day ORDER BY day", values)]


def blocks(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[Row]:
    """Return the newest blocks of a period, exercises left out, as the table tells them."""
    rest, values = _began(connection, period, seen)
    return connection.rows(
        f"SELECT d.id, d.name, d.category, d.severity, d.state, d.origin, {_WAY}, d.published_at, d.expires_at, "
        "d.ended_at, d.approvers, d.standing, d.guards, d.policy, d.ended_by, d.reason_code, d.reason "
        f"{rest} ORDER BY d.published_at DESC, d.seq DESC LIMIT ?", (*values, limit))


def guarded(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[str]:
    """Return the ids of the newest blocks of a period that were published over a guard."""
    rest, values = _began(connection, period, seen)
    return [row[0] for row in connection.rows(
        f"SELECT d.id {rest} AND d.guards <> '[]' ORDER BY d.published_at DESC, d.seq DESC LIMIT ?", (*values, limit))]


def exercises(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> tuple[int, list[str]]:
    """Return how many exercises were published in a period, and the ids of the newest."""
    rest, values = _began(connection, period, seen, exercise=True)
    count = connection.rows(f"SELECT count(*) {rest}", values)[0][0]
    rows = connection.rows(f"SELECT d.id {rest} ORDER BY d.published_at DESC, d.seq DESC LIMIT ?", (*values, limit))
    return int(count), [row[0] for row in rows]


def _drawn(connection: Connection, period: Period, seen: Iterable[int]) -> tuple[str, Row]:
    sql, value = connection.among(seen)
    more, values = _of(period)
    return (
        "FROM shield_standing_sample s JOIN shield_decision d ON d.id = s.decision "
        "LEFT JOIN shield_standing_review r ON r.decision = s.decision "
        f"WHERE s.at >= ? AND s.at < ? AND d.audience IN {sql}{more}",
        (period.since, period.until, value, *values),
    )


def samples(connection: Connection, period: Period, seen: Iterable[int], late: Instant) -> Samples:
    """Count what the daily samples of a period drew. ``late``: what was drawn before it should have been looked at."""
    rest, values = _drawn(connection, period, seen)
    row = connection.rows(
        "SELECT count(*), coalesce(sum(CASE WHEN r.decision IS NOT NULL THEN 1 ELSE 0 END), 0), "
        "coalesce(sum(CASE WHEN r.wrong = 1 THEN 1 ELSE 0 END), 0), "
        f"coalesce(sum(CASE WHEN r.decision IS NULL AND s.at < ? THEN 1 ELSE 0 END), 0) {rest}", (late, *values))[0]
    return Samples(*(int(each) for each in row))


def sampled(connection: Connection, period: Period, seen: Iterable[int], late: Instant, limit: int) -> list[Sampled]:
    """Return what the daily samples of a period drew: first what is late or was wrong, then the newest."""
    rest, values = _drawn(connection, period, seen)
    rows = connection.rows(
        "SELECT d.id, d.name, d.category, s.standing, s.at, coalesce(r.at, 0), coalesce(r.by_whom, ''), "
        "coalesce(r.wrong, 0), coalesce(r.note, ''), "
        "CASE WHEN r.decision IS NULL AND s.at < ? THEN 1 ELSE 0 END AS late "
        f"{rest} ORDER BY CASE WHEN r.wrong = 1 THEN 0 WHEN r.decision IS NULL AND s.at < ? THEN 1 ELSE 2 END, "
        "s.at DESC, d.seq DESC LIMIT ?", (late, *values, late, limit))
    return [Sampled(decision, name, category, standing, drawn, at, by, bool(wrong), note, bool(overdue))
            for decision, name, category, standing, drawn, at, by, wrong, note, overdue in rows]


def _ended(connection: Connection, period: Period, seen: Iterable[int]) -> tuple[str, Row]:
    sql, value = connection.among(seen)
    more, values = _of(period)
    return (
        "FROM shield_decision d WHERE d.scope IS NULL AND d.state = 'withdrawn' AND d.ended_at >= ? AND d.ended_at < ? "
        f"AND d.published_at > 0 AND d.exercise = 0 AND d.ended_by NOT IN ('rule', 'rollback') AND d.audience IN {sql}"
        f"{more}",
        (period.since, period.until, value, *values),
    )


def lifts(connection: Connection, period: Period, seen: Iterable[int]) -> Lifts:
    """Count the blocks that people ended in a period, and say half of the wrong ones within how long."""
    rest, values = _ended(connection, period, seen)
    wrong = f"{rest} AND d.reason_code NOT IN ('expired', 'superseded')"
    ended, mistakes = (int(connection.rows(f"SELECT count(*) {which}", values)[0][0]) for which in (rest, wrong))
    if not mistakes:
        return Lifts(ended, 0, -1)
    span = connection.rows(
        f"SELECT d.ended_at - d.published_at AS span {wrong} ORDER BY span LIMIT 1 OFFSET ?",
        (*values, (mistakes - 1) // 2))  # fmt: skip
    return Lifts(ended, mistakes, int(span[0][0]))


def lifted(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[Lifted]:
    """Return the newest blocks that people ended in a period."""
    rest, values = _ended(connection, period, seen)
    return [Lifted(*row) for row in connection.rows(
        "SELECT d.id, d.name, d.category, d.published_at, d.ended_at, d.ended_by, d.reason, d.reason_code "
        f"{rest} ORDER BY d.ended_at DESC, d.seq DESC LIMIT ?", (*values, limit))]


def _appealed(connection: Connection, period: Period, seen: Iterable[int]) -> tuple[str, Row]:
    sql, value = connection.among(seen)
    more, values = _of(period)
    which = f" AND EXISTS (SELECT 1 FROM shield_decision d WHERE d.id = a.decision{more})" if more else ""
    return (f"FROM shield_appeals_appeal a WHERE a.at >= ? AND a.at < ? AND a.audience IN {sql}{which}",
            (period.since, period.until, value, *values))  # fmt: skip


def heard(connection: Connection, period: Period, seen: Iterable[int], now: Instant) -> Heard:
    """Count the appeals of a period by outcome, and those past their time (``shield.appeals.model.DECIDE_WITHIN``)."""
    rest, values = _appealed(connection, period, seen)
    within = " ".join(f"WHEN '{role}' THEN {span}" for role, span in DECIDE_WITHIN.items())
    end = "CASE WHEN a.ended_at > 0 THEN a.ended_at ELSE ? END"
    late = (f"{end} > a.at + CASE a.role {within} ELSE {DECIDE_WITHIN['other']} END "
            f"OR (a.proved_at > 0 AND {end} > a.proved_at + {DECIDE_WITHIN['proved']})")  # fmt: skip
    states = [f"a.state = '{each}'" for each in ("open", "upheld", "refused", "withdrawn")]
    row = connection.rows(f"SELECT {', '.join(_sum(each) for each in (*states, late))} {rest}", (now, now, *values))[0]
    return Heard(*(int(each) for each in row))


def _sum(condition: str) -> str:
    return f"coalesce(sum(CASE WHEN {condition} THEN 1 ELSE 0 END), 0)"


def appeals(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[Row]:
    """Return the newest appeals of a period, without what was written."""
    rest, values = _appealed(connection, period, seen)
    return connection.rows(
        "SELECT a.id, a.name, a.decision, a.role, a.language, a.at, a.proved_at, a.state, a.ended_at, a.ended_by, "
        f"a.reason {rest} ORDER BY a.seq DESC LIMIT ?", (*values, limit))


def acts(connection: Connection, period: Period, seen: Iterable[int], limit: int) -> list[str]:
    """Return the ids of the newest acts of the fuse that were asked for in a period."""
    sql, value = connection.among(seen)
    return [row[0] for row in connection.rows(
        f"SELECT id FROM shield_fuse_act WHERE at >= ? AND at < ? AND audience IN {sql} ORDER BY seq DESC LIMIT ?",
        (period.since, period.until, value, limit))]


def logged(connection: Connection, period: Period) -> dict[str, int]:
    """Count the log's leaves of a period that name no decision: holds, policies, restores. They are public."""
    return dict(connection.rows(
        "SELECT kind, count(*) FROM shield_translog_leaf WHERE kind IN ('hold', 'policy', 'restored') "
        "AND time >= ? AND time < ? GROUP BY kind", (period.since // 1_000_000, period.until // 1_000_000)))


def places(connection: Connection, ids: Iterable[str]) -> dict[str, int]:
    """Return the leaf that began each of these blocks and appeals, by its id."""
    sql, value = connection.among(ids)
    return dict(connection.rows(
        f"SELECT decision, min(place) FROM shield_translog_leaf WHERE decision IN {sql} AND kind IN ('add', 'appeal') "
        "GROUP BY decision", (value,)))
