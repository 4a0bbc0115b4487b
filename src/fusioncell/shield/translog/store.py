"""All the SQL of the transparency log: leaves, tiles, checkpoints, cosignatures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.shield.translog.tiles import Tile

metadata = MetaData()
Values = tuple[Any, ...]

leaf = Table(
    "shield_translog_leaf",
    metadata,
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("category", String(40), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("policy", String(128), nullable=False),
    Column("serial", BigInteger, nullable=False),
    Column("about", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("decision", String(64), nullable=False),
    Column("name", String(255), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("opens", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    # With the kind, or SQLite seeks by that alone, through a million leaves that added a name.
    Index("shield_translog_leaf_name", "name", "kind"),
    Index("shield_translog_leaf_decision", "decision", "kind"),
    Index("shield_translog_leaf_kind", "kind"),
)
tile = Table(
    "shield_translog_tile",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
hold = Table(
    "shield_translog_hold",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("due", BigInteger, nullable=False),
)
checkpoint = Table(
    "shield_translog_checkpoint",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("origin", String(255), nullable=False),
    Column("root", String(64), nullable=False),
    Column("holds", Integer, nullable=False),
)
cosignature = Table(
    "shield_translog_cosignature",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("witness", String(200), primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("line", Text, nullable=False),
)

COLUMNS = (
    "place, seq, kind, time, category, severity, policy, serial, about, ended, decision, name, audience, opens, text"
)


# -- the tree ----------------------------------------------------------------------------------------------------------


def size(connection: Connection) -> int:
    """Return how many leaves the tree has."""
    return int(connection.rows("SELECT coalesce(max(place), -1) + 1 FROM shield_translog_leaf")[0][0])


def last_serial(connection: Connection) -> int:
    """Return the serial of the newest leaf, 0 where there is none."""
    rows = connection.rows("SELECT serial FROM shield_translog_leaf ORDER BY place DESC LIMIT 1")
    return int(rows[0][0]) if rows else 0


def add_leaves(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Add leaves, in the order of :data:`COLUMNS`."""
    marks = ", ".join("?" * 15)
    connection.run_many(f"INSERT INTO shield_translog_leaf ({COLUMNS}) VALUES ({marks})", rows)


def end_leaves(connection: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
    """Note of blocks that they ended: (leaf that ended it, instant from which its name is public, its leaf)."""
    connection.run_many("UPDATE shield_translog_leaf SET ended = ?, opens = ? WHERE place = ?", rows)


def steps_after(connection: Connection, serial: int) -> list[Values]:
    """Return the zone's steps after a serial, in order: (serial, name, added, at, seq)."""
    return connection.rows(
        "SELECT serial, name, added, at, seq FROM shield_change WHERE serial > ? ORDER BY serial", (serial,)
    )


_BEGAN = "SELECT place, category, severity, policy, decision, name, audience, opens, ended FROM shield_translog_leaf "


def newest_adds(connection: Connection, names: Iterable[str]) -> list[Values]:
    """Return the leaves that added these names, oldest first.

    (place, category, severity, policy, decision, name, audience, opens, ended).
    """
    sql, value = connection.among(names)
    return connection.rows(
        f"{_BEGAN}WHERE name IN {sql} AND kind = 'add' ORDER BY place",
        (value,),
    )


def by_ids(connection: Connection, ids: Iterable[str]) -> list[Values]:
    """Return the leaves that began these blocks and appeals, by the ids of the hub; columns as above."""
    sql, value = connection.among(ids)
    return connection.rows(
        f"{_BEGAN}WHERE decision IN {sql} AND kind IN ('add', 'appeal') ORDER BY place",
        (value,),
    )


def add_hold(connection: Connection, seq: int, due: int) -> None:
    """Keep a hold that is to be told from an instant on."""
    connection.run("INSERT INTO shield_translog_hold (seq, due) VALUES (?, ?)", (seq, due))


def holds_waiting(connection: Connection) -> list[tuple[int, int]]:
    """Return the holds that are yet to be told: (entry, instant)."""
    return connection.rows("SELECT seq, due FROM shield_translog_hold ORDER BY seq")


def drop_hold(connection: Connection, seq: int) -> None:
    """Note that a hold was told."""
    connection.run("DELETE FROM shield_translog_hold WHERE seq = ?", (seq,))


def adopted_by(connection: Connection, seq: int) -> str:
    """Return the digest of the policy that came into force by an entry, empty where none did."""
    rows = connection.rows("SELECT digest FROM shield_charter WHERE adopted_seq = ?", (seq,))
    return str(rows[0][0]) if rows else ""


def put_tiles(connection: Connection, tiles: dict[Tile, bytes]) -> None:
    """Keep tiles as they now are."""
    connection.run_many(
        "INSERT INTO shield_translog_tile (level, place, hashes) VALUES (?, ?, ?) "
        "ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes",
        [(level, place, hashes) for (level, place), hashes in tiles.items()],
    )


def tile_at(connection: Connection, level: int, place: int) -> bytes:
    """Return a tile's hashes, as many as there are; empty where there is no such tile."""
    rows = connection.rows("SELECT hashes FROM shield_translog_tile WHERE level = ? AND place = ?", (level, place))
    return bytes(rows[0][0]) if rows else b""


def texts(connection: Connection, first: int, count: int) -> list[str]:
    """Return the exact text of leaves from a place on."""
    rows = connection.rows(
        "SELECT text FROM shield_translog_leaf WHERE place >= ? ORDER BY place LIMIT ?", (first, count)
    )
    return [row[0] for row in rows]


# -- checkpoints -------------------------------------------------------------------------------------------------------


def add_checkpoint(connection: Connection, row: tuple[int, int, str, str, int]) -> None:
    """Note a checkpoint that was signed: (size, at, origin, root, whether the tree holds to it)."""
    connection.run(
        "INSERT INTO shield_translog_checkpoint (size, at, origin, root, holds) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (size) DO UPDATE SET at = excluded.at, origin = excluded.origin, root = excluded.root, "
        "holds = excluded.holds",
        row,
    )


def newest_checkpoint(connection: Connection, most: int) -> tuple[int, int, str, str, int] | None:
    """Return the newest checkpoint of at most so many leaves: (size, at, origin, root, holds)."""
    rows = connection.rows(
        "SELECT size, at, origin, root, holds FROM shield_translog_checkpoint WHERE size <= ? "
        "ORDER BY size DESC LIMIT 1",
        (most,),
    )
    return (rows[0][0], rows[0][1], rows[0][2], rows[0][3], rows[0][4]) if rows else None


def first_origin(connection: Connection) -> str:
    """Return the origin that the log had at first, empty before its first checkpoint."""
    rows = connection.rows("SELECT origin FROM shield_translog_checkpoint ORDER BY size LIMIT 1")
    return str(rows[0][0]) if rows else ""


def broken(connection: Connection, after: int) -> int:
    """Return the size of the first checkpoint beyond ``after`` that the tree contradicts, 0 where none is."""
    rows = connection.rows(
        "SELECT coalesce(min(size), 0) FROM shield_translog_checkpoint WHERE holds = 0 AND size > ?", (after,)
    )
    return int(rows[0][0])


def newest_of(connection: Connection, kind: str, most: int) -> tuple[int, str] | None:
    """Return (place, text) of the newest leaf of a kind among the first ``most``."""
    rows = connection.rows(
        "SELECT place, text FROM shield_translog_leaf WHERE kind = ? AND place < ? ORDER BY place DESC LIMIT 1",
        (kind, most),
    )
    return (rows[0][0], rows[0][1]) if rows else None


def add_cosignature(connection: Connection, row: tuple[int, str, int, str]) -> None:
    """Keep a cosignature: (size, witness, time, line); the newest of a witness stays."""
    connection.run(
        "INSERT INTO shield_translog_cosignature (size, witness, time, line) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (size, witness) DO UPDATE SET time = excluded.time, line = excluded.line",
        row,
    )


def cosignatures(connection: Connection, tree: int) -> list[tuple[str, int, str]]:
    """Return the cosignatures of a checkpoint: (witness, time, line)."""
    return connection.rows(
        "SELECT witness, time, line FROM shield_translog_cosignature WHERE size = ? ORDER BY witness", (tree,)
    )


def last_cosigned(connection: Connection) -> list[tuple[str, int, int]]:
    """Return, by witness, the newest checkpoint that it cosigned: (witness, size, time)."""
    return connection.rows(
        "SELECT witness, max(size), max(time) FROM shield_translog_cosignature GROUP BY witness ORDER BY witness"
    )


# -- openings ----------------------------------------------------------------------------------------------------------

_OPENED = "SELECT l.place, l.kind, l.name, l.serial, l.decision FROM shield_translog_leaf l "


def openings(
    connection: Connection, audiences: Iterable[int], most: int, after: int, limit: int, name: str = ""
) -> list[Values]:
    """Return what opens the commitments after a place, for holders who may see these audiences."""
    sql, value = connection.among(audiences)
    which, more = ("AND l.name = ? ", (name,)) if name else ("AND l.name <> '' ", ())
    return connection.rows(
        f"{_OPENED}WHERE l.place > ? AND l.place < ? AND l.audience IN {sql} {which}ORDER BY l.place LIMIT ?",
        (after, most, value, *more, limit),
    )


def public_openings(
    connection: Connection, now: int, most: int, after: int, limit: int, name: str = ""
) -> list[Values]:
    """Return what opens the commitments after a place, for everyone: blocks whose time to be opened has come."""
    which, more = ("AND l.name = ? ", (name,)) if name else ("", ())
    return connection.rows(
        f"{_OPENED}JOIN shield_translog_leaf a ON a.place = CASE WHEN l.about < 0 THEN l.place ELSE l.about END "
        "WHERE l.place > ? AND l.place < ? AND l.kind IN ('add', 'remove', 'expire') AND l.name <> '' "
        f"AND a.opens <= ? {which}ORDER BY l.place LIMIT ?",
        (after, most, now, *more, limit),
    )


# -- totals ------------------------------------------------------------------------------------------------------------


def counts(connection: Connection, most: int) -> list[tuple[str, str, int]]:
    """Count the first ``most`` leaves: (kind, category, how many)."""
    return connection.rows(
        "SELECT kind, category, count(*) FROM shield_translog_leaf WHERE place < ? GROUP BY kind, category "
        "ORDER BY kind, category",
        (most,),
    )


def standing(connection: Connection, most: int) -> dict[str, int]:
    """Count, by category, the blocks that stood after the first ``most`` leaves."""
    return dict(
        connection.rows(
            "SELECT category, count(*) FROM shield_translog_leaf WHERE kind = 'add' AND place < ? "
            "AND (ended < 0 OR ended >= ?) GROUP BY category",
            (most, most),
        )
    )


def days(connection: Connection, most: int, since: int) -> list[tuple[int, str, int]]:
    """Count what happened by day since a second: (day, kind, how many)."""
    return connection.rows(
        "SELECT time / 86400 AS day, kind, count(*) FROM shield_translog_leaf WHERE place < ? AND time >= ? "
        "GROUP BY day, kind ORDER BY day, kind",
        (most, since),
    )


def spans(connection: Connection, kinds: Iterable[str], most: int, limit: int) -> list[int]:
    """Return the seconds from what an end is about to that end, of the newest of these kinds, shortest first."""
    sql, value = connection.among(kinds)
    rows = connection.rows(
        "SELECT e.time - b.time FROM (SELECT about, time, place FROM shield_translog_leaf "
        f"WHERE kind IN {sql} AND about >= 0 AND place < ? ORDER BY place DESC LIMIT ?) AS e "
        "JOIN shield_translog_leaf b ON b.place = e.about ORDER BY 1",
        (value, most, limit),
    )
    return [int(row[0]) for row in rows]
