"""All the SQL of intake: which items have arrived before, which submissions came, what was recalled.

``intake_item`` is keyed by a 64-bit hash of (contributor, audience, kind, id): a repeat needs the version and
the digest to agree as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")

item = Table(
    "intake_item",
    metadata,
    Column("idkey", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
ended = Table(
    "intake_ended",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Of the items, those that do not stand: superseded by a newer version, or outdated when they came."""
contribution = Table(
    "intake_contribution",
    metadata,
    Column("first_seq", _key, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("contribution", String(64), nullable=False, unique=True),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("meta", Text, nullable=False),
    Column("fresh", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("outdated", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("faults", Integer, nullable=False),
)
fault = Table(
    "intake_fault",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("contribution_seq", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("intake_fault_of", "contribution_seq"),
    sqlite_with_rowid=False,
)
note = Table(
    "intake_note",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("contribution_seq", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("intake_note_of", "contribution_seq"),
    sqlite_with_rowid=False,
)
recalled = Table(
    "intake_recalled",
    metadata,
    Column("first_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("recall_seq", BigInteger, nullable=False, unique=True),
    Column("moved", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What was withdrawn: the items of one audience within a range. ``moved``: they go on in another audience."""
moved = Table(
    "intake_moved",
    metadata,
    Column("recall_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("old", String(64), nullable=False),
    Column("old_audience", Integer, nullable=False),
    Column("new", String(64), nullable=False),
    Column("new_audience", Integer, nullable=False),
    Index("intake_moved_old", "old"),
    Index("intake_moved_new", "new"),
    sqlite_with_rowid=False,
)
"""Contributions that were narrowed or widened: the items of one audience go on as a contribution in another."""

Known = dict[int, list[tuple[int, int, int]]]


def known_items(connection: Connection, idkeys: Iterable[int]) -> Known:
    """Return, by idkey, the (seq, version, digest) of the items kept under it, oldest first."""
    sql, value = connection.among(idkeys)
    found: Known = {}
    for idkey, seq, version, digest in connection.rows(
        f"SELECT idkey, seq, version, digest FROM intake_item WHERE idkey IN {sql} ORDER BY idkey, seq", (value,)
    ):
        found.setdefault(idkey, []).append((seq, version, digest))
    return found


def add_items(connection: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Keep new items: (idkey, seq, version, digest)."""
    connection.run_many("INSERT INTO intake_item (idkey, seq, version, digest) VALUES (?, ?, ?, ?)", rows)


def end_items(connection: Connection, seqs: Iterable[int]) -> None:
    """Note that items no longer stand."""
    connection.run_many("INSERT INTO intake_ended (seq) VALUES (?) ON CONFLICT (seq) DO NOTHING", [(s,) for s in seqs])


def ended_among(connection: Connection, seqs: Iterable[int]) -> set[int]:
    """Return those of the items that do not stand."""
    sql, value = connection.among(seqs)
    return {row[0] for row in connection.rows(f"SELECT seq FROM intake_ended WHERE seq IN {sql}", (value,))}


def forget_items(connection: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Forget recalled items: (idkey, seq); sent again, they count as new."""
    connection.run_many("DELETE FROM intake_item WHERE idkey = ? AND seq = ?", rows)


def open_contribution(connection: Connection, first_seq: int, identifier: str, org: str, at: int, meta: str) -> None:
    """Note a submission at its first entry."""
    connection.run(
        "INSERT INTO intake_contribution (first_seq, last_seq, contribution, org, at, meta, fresh, duplicates, "
        "outdated, conflicts, faults) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0)",
        (first_seq, first_seq, identifier, org, at, meta),
    )


def count_items(
    connection: Connection,
    identifier: str,
    last_seq: int,
    fresh: int,
    duplicates: int,
    outdated: int,
    conflicts: int,
    faults: int,
) -> None:
    """Add to the counts of a submission."""
    connection.run(
        "UPDATE intake_contribution SET last_seq = ?, fresh = fresh + ?, duplicates = duplicates + ?, "
        "outdated = outdated + ?, conflicts = conflicts + ?, faults = faults + ? WHERE contribution = ?",
        (last_seq, fresh, duplicates, outdated, conflicts, faults, identifier),
    )


def add_faults(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep faults found on a closer look: (seq, position, first seq of the submission, place, reason)."""
    connection.run_many(
        "INSERT INTO intake_fault (seq, position, contribution_seq, place, reason) VALUES (?, ?, ?, ?, ?)", rows
    )


def add_notes(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Keep notes on what was kept but not read: (seq, position, first seq of the submission, place, reason)."""
    connection.run_many(
        "INSERT INTO intake_note (seq, position, contribution_seq, place, reason) VALUES (?, ?, ?, ?, ?)", rows
    )


def notes_of(connection: Connection, first_seq: int, limit: int) -> list[tuple[str, str]]:
    """Return the (place, reason) of what was kept but not read."""
    return connection.rows(
        "SELECT place, reason FROM intake_note WHERE contribution_seq = ? ORDER BY seq, position LIMIT ?",
        (first_seq, limit),
    )


def contribution_row(connection: Connection, identifier: str) -> tuple[Any, ...] | None:
    """Return (first_seq, last_seq, org, at, meta, fresh, duplicates, outdated, conflicts, faults)."""
    rows = connection.rows(
        "SELECT first_seq, last_seq, org, at, meta, fresh, duplicates, outdated, conflicts, faults "
        "FROM intake_contribution WHERE contribution = ?",
        (identifier,),
    )
    return rows[0] if rows else None


def faults_of(connection: Connection, first_seq: int, limit: int) -> list[tuple[str, str]]:
    """Return the (place, reason) of faults found on a closer look."""
    return connection.rows(
        "SELECT place, reason FROM intake_fault WHERE contribution_seq = ? ORDER BY seq, position LIMIT ?",
        (first_seq, limit),
    )


def add_recall(connection: Connection, row: Sequence[int]) -> bool:
    """Note that items are withdrawn: (first, last, audience, at, position of the recall, moved).

    False where that was done before: a recall that is sent again changes nothing.
    """
    return bool(
        connection.run(
            "INSERT INTO intake_recalled (first_seq, last_seq, audience, at, recall_seq, moved) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (first_seq, last_seq, audience) DO NOTHING",
            row,
        )
    )


def recalls_among(connection: Connection, seqs: Iterable[int]) -> set[int]:
    """Return those of the recalls (by position) that changed something."""
    sql, value = connection.among(seqs)
    return {row[0] for row in connection.rows(f"SELECT recall_seq FROM intake_recalled WHERE recall_seq IN {sql}",
                                              (value,))}  # fmt: skip


def recalled_at(connection: Connection, first: int, last: int) -> int:
    """Return when all entries from ``first`` to ``last`` were recalled at once, 0 where they were not."""
    rows = connection.rows(
        "SELECT coalesce(min(at), 0) FROM intake_recalled WHERE first_seq <= ? AND last_seq >= ? AND moved = 0",
        (first, last),
    )
    return int(rows[0][0])


def recalled_within(connection: Connection, first: int, last: int) -> list[tuple[int, int, int, int, int, int]]:
    """Return what was withdrawn between two positions: (first, last, audience, at, position of the recall, moved)."""
    return connection.rows(
        "SELECT first_seq, last_seq, audience, at, recall_seq, moved FROM intake_recalled "
        "WHERE first_seq <= ? AND last_seq >= ? ORDER BY recall_seq",
        (last, first),
    )


def recalls_after(connection: Connection, seq: int, limit: int) -> list[int]:
    """Return the positions of the recalls after a position, in order."""
    return [row[0] for row in connection.rows(
        "SELECT recall_seq FROM intake_recalled WHERE recall_seq > ? ORDER BY recall_seq LIMIT ?",
        (seq, limit))]  # fmt: skip


def moves_among(connection: Connection, seqs: Iterable[int]) -> dict[int, int]:
    """Return position of a recall → audience in which its items go on."""
    sql, value = connection.among(seqs)
    return dict(connection.rows(f"SELECT recall_seq, new_audience FROM intake_moved WHERE recall_seq IN {sql}",
                                (value,)))  # fmt: skip


def add_moved(connection: Connection, row: Sequence[object]) -> None:
    """Note where items go on: (position of the recall, old contribution, its audience, new contribution, audience)."""
    connection.run(
        "INSERT INTO intake_moved (recall_seq, old, old_audience, new, new_audience) VALUES (?, ?, ?, ?, ?)", row
    )


def went_on(connection: Connection, contribution: str, audiences: Iterable[int]) -> str:
    """Return the contribution as which one goes on, to who sees both; "" for none."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT new FROM intake_moved WHERE old = ? AND old_audience IN {sql} AND new_audience IN {sql} "
        "ORDER BY recall_seq DESC LIMIT 1",
        (contribution, value, value),
    )
    return str(rows[0][0]) if rows else ""


def came_from(connection: Connection, contribution: str, audiences: Iterable[int]) -> str:
    """Return the contribution that one was before, to who sees both; "" for none."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT old FROM intake_moved WHERE new = ? AND old_audience IN {sql} AND new_audience IN {sql} "
        "ORDER BY recall_seq LIMIT 1",
        (contribution, value, value),
    )
    return str(rows[0][0]) if rows else ""
