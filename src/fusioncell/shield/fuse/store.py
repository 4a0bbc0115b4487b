"""All the SQL of the fuse: acts, who agreed to them, which decisions they hold, whether the zones are frozen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.shield.fuse.model import Sort

metadata = MetaData()
Row = tuple[Any, ...]

act = Table(
    "shield_fuse_act",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("by_id", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("value", String(255), nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("ended_by", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Index("shield_fuse_act_state", "state"),
)
word = Table(
    "shield_fuse_word",
    metadata,
    Column("act", String(64), primary_key=True),
    Column("by_id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
held = Table(
    "shield_fuse_held",
    metadata,
    Column("decision", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("act", String(64), nullable=False),
    Index("shield_fuse_held_act", "act"),
)
frozen = Table(
    "shield_fuse_frozen",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)

_ACT = "id, kind, by_id, reason, value, count, at, state, ended_at, ended_by"


def add_act(connection: Connection, row: Row) -> None:
    """Note an act: (seq, id, kind, by, reason, value, count, at, audience)."""
    connection.run(
        "INSERT INTO shield_fuse_act (seq, id, kind, by_id, reason, value, count, at, audience, state, ended_at, "
        "ended_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, '') ON CONFLICT (id) DO NOTHING",
        row,
    )


def hold(connection: Connection, rows: Iterable[Row]) -> None:
    """Note which decisions an act holds: (decision, kind, act); the first that holds one keeps it."""
    connection.run_many(
        "INSERT INTO shield_fuse_held (decision, kind, act) VALUES (?, ?, ?) ON CONFLICT (decision, kind) DO NOTHING",
        rows,
    )


def add_word(connection: Connection, act: str, by: str, seq: int) -> int:
    """Note that a person agreed; return how many have."""
    connection.run(
        "INSERT INTO shield_fuse_word (act, by_id, seq) VALUES (?, ?, ?) ON CONFLICT (act, by_id) DO NOTHING",
        (act, by, seq),
    )
    return int(connection.rows("SELECT count(*) FROM shield_fuse_word WHERE act = ?", (act,))[0][0])


def newest_word(connection: Connection) -> int:
    """Return the position of the newest word on any act, 0 for none."""
    return int(connection.rows("SELECT coalesce(max(seq), 0) FROM shield_fuse_word")[0][0])


def move(connection: Connection, act: str, state: str, before: Iterable[str], at: int, by: str) -> int:
    """Move an act on, from one of these states; return whether it moved."""
    sql, value = connection.among(before)
    return connection.run(
        f"UPDATE shield_fuse_act SET state = ?, ended_at = ?, ended_by = ? WHERE id = ? AND state IN {sql}",
        (state, at, by, act, value),
    )


def acts(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return the acts in these audiences, those that wait first, then the newest."""
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT {_ACT} FROM shield_fuse_act WHERE audience IN {sql} "
        "ORDER BY CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, seq DESC LIMIT ?",
        (value, limit),
    )


def act_of(connection: Connection, identifier: str, audiences: Iterable[int]) -> Row | None:
    """Return one act."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT {_ACT} FROM shield_fuse_act WHERE id = ? AND audience IN {sql}", (identifier, value)
    )
    return rows[0] if rows else None


def waiting_for(connection: Connection, kind: str, value: str) -> str:
    """Return the id of the newest act of a kind and value that waits; "" for none."""
    rows = connection.rows(
        "SELECT id FROM shield_fuse_act WHERE kind = ? AND value = ? AND state = 'waiting' ORDER BY seq DESC LIMIT 1",
        (kind, value),
    )
    return str(rows[0][0]) if rows else ""


def to_carry(connection: Connection) -> list[Row]:
    """Return the acts that two people confirmed and that are to be carried out."""
    return connection.rows(
        f"SELECT {_ACT} FROM shield_fuse_act WHERE state = 'confirmed' AND kind IN ('rollback', 'unbar') ORDER BY seq"
    )


def words_on(connection: Connection, acts: Iterable[str]) -> list[tuple[str, str]]:
    """Return (act, person) of who agreed, in order."""
    sql, value = connection.among(acts)
    return connection.rows(f"SELECT act, by_id FROM shield_fuse_word WHERE act IN {sql} ORDER BY seq", (value,))


def count_waiting(connection: Connection, lapsed: int) -> int:
    """Count the acts that wait: a machine's, and those that people asked for after an instant."""
    return int(
        connection.rows(
            "SELECT count(*) FROM shield_fuse_act WHERE state = 'waiting' AND (by_id = 'rule' OR at > ?)", (lapsed,)
        )[0][0]
    )


def held_names(connection: Connection, act: str, limit: int) -> list[str]:
    """Return the names of the decisions that an act holds, in order."""
    return [
        row[0]
        for row in connection.rows(
            "SELECT d.name FROM shield_fuse_held h JOIN shield_decision d ON d.id = h.decision WHERE h.act = ? "
            "ORDER BY d.name LIMIT ?",
            (act, limit),
        )
    ]


def fates(connection: Connection, decisions: Iterable[str], kind: str) -> dict[str, str]:
    """Return, by decision, the state of the act that holds it."""
    sql, value = connection.among(decisions)
    return dict(
        connection.rows(
            "SELECT h.decision, a.state FROM shield_fuse_held h JOIN shield_fuse_act a ON a.id = h.act "
            f"WHERE h.kind = ? AND h.decision IN {sql}",
            (kind, value),
        )
    )


def to_end(connection: Connection, limit: int) -> list[str]:
    """Return the ids of blocks that a rule is due to end, and that no act holds."""
    return [
        row[0]
        for row in connection.rows(
            # CROSS: from what is due to its block, or SQLite looks at each block.
            "SELECT d.id FROM shield_due u CROSS JOIN shield_decision d WHERE d.name = u.name "
            "AND d.state = 'published' AND u.action = 'end' AND d.exercise = 0 AND NOT EXISTS "
            "(SELECT 1 FROM shield_fuse_held h WHERE h.decision = d.id AND h.kind = 'remove') ORDER BY d.seq LIMIT ?",
            (limit,),
        )
    ]


def names_by_sort(connection: Connection) -> dict[Sort, int]:
    """Return how many names are blocked now, by (category, severity)."""
    rows = connection.rows("SELECT category, severity, names FROM shield_sort")
    return {(category, severity): names for category, severity, names in rows}


def sorts_of(connection: Connection, decisions: Iterable[str]) -> dict[str, Sort]:
    """Return (category, severity) of decisions, by id."""
    sql, value = connection.among(decisions)
    rows = connection.rows(f"SELECT id, category, severity FROM shield_decision WHERE id IN {sql}", (value,))
    return {row[0]: (row[1], row[2]) for row in rows}


def done_by_machine(connection: Connection, since: int) -> tuple[dict[str, Sort], dict[str, Sort]]:
    """Return (added, removed) since an instant by machine, by id, without what two people confirmed.

    Added by machine is what cites a standing approval; removed, what a rule ended before its time.
    """
    free = (
        "AND NOT EXISTS (SELECT 1 FROM shield_fuse_held h JOIN shield_fuse_act a ON a.id = h.act AND a.state = "
        "'confirmed' WHERE h.decision = d.id AND h.kind = ?)"
    )
    added = connection.rows(
        "SELECT d.id, d.category, d.severity FROM shield_decision d WHERE d.published_at >= ? AND d.standing <> '' "
        f"AND d.exercise = 0 {free}",
        (since, "add"),
    )
    removed = connection.rows(
        "SELECT d.id, d.category, d.severity FROM shield_decision d WHERE d.scope IS NULL AND d.state = 'withdrawn' "
        f"AND d.ended_at >= ? AND d.published_at > 0 AND d.ended_by = 'rule' AND d.exercise = 0 {free}",
        (since, "remove"),
    )
    return {row[0]: (row[1], row[2]) for row in added}, {row[0]: (row[1], row[2]) for row in removed}


def freeze(connection: Connection, seq: int, at: int) -> None:
    """Freeze the zones."""
    connection.run("INSERT INTO shield_fuse_frozen (seq, at) VALUES (?, ?)", (seq, at))


def thaw(connection: Connection) -> None:
    """Let the zones move again."""
    connection.run("DELETE FROM shield_fuse_frozen")


def frozen_since(connection: Connection) -> int:
    """Return since when the zones are frozen; 0 where they are not."""
    return int(connection.rows("SELECT coalesce(min(at), 0) FROM shield_fuse_frozen")[0][0])


def steps_after(connection: Connection, serial: int) -> list[tuple[str, bool]]:
    """Return (name, whether it was added) of the zone's steps after a serial, in order."""
    return [
        (name, bool(added))
        for name, added in connection.rows(
            "SELECT name, added FROM shield_change WHERE serial > ? AND name <> '' ORDER BY serial", (serial,)
        )
    ]


def serials(connection: Connection) -> tuple[int, int]:
    """Return the first and the last serial of which the zone is known; zeros before the first step."""
    first, last = connection.rows("SELECT coalesce(min(serial), 0), coalesce(max(serial), 0) FROM shield_change")[0]
    return first, last


def published(connection: Connection) -> dict[str, str]:
    """Return the names in the zone, with the decision that blocks each."""
    return dict(connection.rows("SELECT name, id FROM shield_decision WHERE state = 'published' AND exercise = 0"))


def last_blocks(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Return, by name, the newest decision that was published and has ended."""
    sql, value = connection.among(names)
    return dict(
        connection.rows(
            f"SELECT name, id FROM shield_decision WHERE name IN {sql} AND published_at > 0 AND ended_at > 0 "
            "AND exercise = 0 ORDER BY seq",
            (value,),
        )
    )
