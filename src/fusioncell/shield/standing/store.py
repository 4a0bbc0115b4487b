"""All the SQL of standing approvals: the rules, and what people found of their decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.shield.standing.model import Rule, Standing

metadata = MetaData()
Table(
    "shield_standing", metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("rule", Text, nullable=False),
    Column("by_whom", String(64), nullable=False),
    Column("second", String(64), nullable=False),
    Column("proposed_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("stopped_at", BigInteger, nullable=False),
    Column("stopped_by", String(64), nullable=False),
    Column("stopped_why", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "shield_standing_review", metadata,
    Column("decision", String(64), primary_key=True),
    Column("standing", String(64), nullable=False, index=True),
    Column("by_whom", String(64), nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "shield_standing_sample", metadata,
    Column("standing", String(64), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("mark", String(64), primary_key=True),
    Column("decision", String(64), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False, index=True),
    sqlite_with_rowid=False,
)  # fmt: skip
_COLUMNS = "id, rule, by_whom, second, proposed_at, signed_at, until, stopped_at, stopped_by, stopped_why"


def _standing(row: tuple[Any, ...]) -> Standing:
    return Standing(*[row[0], msgspec.json.decode(row[1], type=Rule), *row[2:]])


def propose(connection: Connection, row: Sequence[Any]) -> None:
    """Add a rule that waits for its second signature: (seq, id, rule, by, proposed at, audience)."""
    connection.run(
        "INSERT INTO shield_standing (seq, id, rule, by_whom, second, proposed_at, signed_at, until, stopped_at, "
        "stopped_by, stopped_why, audience) VALUES (?, ?, ?, ?, '', ?, 0, 0, 0, '', '', ?) ON CONFLICT (id) DO NOTHING",
        row,
    )


def sign(connection: Connection, identifier: str, second: str, at: int, until: int) -> None:
    """Note that a second person signed; not the one who proposed it."""
    connection.run(
        "UPDATE shield_standing SET second = ?, signed_at = ?, until = ? "
        "WHERE id = ? AND second = '' AND by_whom <> ? AND stopped_at = 0",
        (second, at, until, identifier, second),
    )


def stop(connection: Connection, identifier: str, at: int, by: str, why: str) -> None:
    """Note that a rule was stopped, or is no longer proposed."""
    connection.run(
        "UPDATE shield_standing SET stopped_at = ?, stopped_by = ?, stopped_why = ? WHERE id = ? AND stopped_at = 0",
        (at, by, why, identifier),
    )


def review(connection: Connection, row: Sequence[Any]) -> None:
    """Note what a person found of a decision: (decision, standing, by, wrong, note, at). The last word counts."""
    connection.run(
        "INSERT INTO shield_standing_review (decision, standing, by_whom, wrong, note, at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (decision) DO UPDATE SET by_whom = excluded.by_whom, wrong = excluded.wrong, "
        "note = excluded.note, at = excluded.at",
        row,
    )


def one(connection: Connection, identifier: str, audiences: Iterable[int] | None = None) -> Standing | None:
    """Return a rule by its id, where these audiences (None: all) may see it."""
    rows = connection.rows(f"SELECT {_COLUMNS}, audience FROM shield_standing WHERE id = ?", (identifier,))
    return _standing(rows[0][:-1]) if rows and (audiences is None or rows[0][-1] in audiences) else None


def listed(connection: Connection, audiences: Iterable[int], limit: int) -> list[Standing]:
    """Return the rules that these audiences may see, newest first."""
    sql, value = connection.among(audiences)
    return [_standing(row) for row in connection.rows(
        f"SELECT {_COLUMNS} FROM shield_standing WHERE audience IN {sql} ORDER BY seq DESC LIMIT ?", (value, limit))]


def in_force(connection: Connection, now: int) -> list[Standing]:
    """Return the rules that decisions may cite now, the oldest first."""
    return [_standing(row) for row in connection.rows(
        f"SELECT {_COLUMNS} FROM shield_standing WHERE until > ? AND stopped_at = 0 ORDER BY seq LIMIT 100", (now,))]


def drawn(connection: Connection, standing: str, day: int) -> list[tuple[str, str, int]]:
    """Return what is drawn of a rule's decisions of a day: (mark, decision, at)."""
    return connection.rows(
        "SELECT mark, decision, at FROM shield_standing_sample WHERE standing = ? AND day = ?", (standing, day))


def draw(connection: Connection, standing: str, day: int, rows: Sequence[tuple[str, str, int]]) -> None:
    """Have these, and no others, drawn of a rule's decisions of a day: (mark, decision, at)."""
    connection.run("DELETE FROM shield_standing_sample WHERE standing = ? AND day = ?", (standing, day))
    connection.run_many(
        "INSERT INTO shield_standing_sample (standing, day, mark, decision, at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (decision) DO NOTHING",
        [(standing, day, *row) for row in rows])


def to_review(connection: Connection, standing: str, since: int) -> list[str]:
    """Return the decisions of a rule that were drawn since an instant and that nobody has looked at."""
    return [row[0] for row in connection.rows(
        "SELECT decision FROM shield_standing_sample s WHERE standing = ? AND at > ? AND NOT EXISTS "
        "(SELECT 1 FROM shield_standing_review r WHERE r.decision = s.decision) ORDER BY at, decision",
        (standing, since))]


def fared(connection: Connection, standing: str, since: int) -> tuple[int, int, int, int]:
    """Return of a rule's decisions how many: (since an instant, in all, looked at or undone by a person, wrong)."""
    undone = ("(d.state = 'withdrawn' AND d.ended_by NOT IN ('rule', 'rollback') "
              "AND d.reason_code NOT IN ('expired', 'superseded'))")
    row = connection.rows(
        "SELECT coalesce(sum(CASE WHEN d.published_at > ? THEN 1 ELSE 0 END), 0), count(*), "
        f"coalesce(sum(CASE WHEN r.decision IS NOT NULL OR {undone} THEN 1 ELSE 0 END), 0), "
        f"coalesce(sum(CASE WHEN r.wrong = 1 OR {undone} THEN 1 ELSE 0 END), 0) "
        "FROM shield_decision d LEFT JOIN shield_standing_review r ON r.decision = d.id "
        "WHERE d.standing = ? AND d.standing <> ''", (since, standing))[0]
    return int(row[0]), int(row[1]), int(row[2]), int(row[3])
