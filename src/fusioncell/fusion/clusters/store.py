"""All the SQL of clusters. A value's row carries its audience; what is joined is kept by tier, never by pair."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "fusion_clusters_value", metadata,
    Column("unit", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Index("fusion_clusters_value_of", "hash", "unit", "audience"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""A row a unit and feature, in order of arrival; what finds by feature is narrow, and holds all that it is asked for.
``unit``: position of the submission's first entry; ``uses``: how often its entries say it."""
Table(
    "fusion_clusters_unit", metadata,
    Column("unit", BigInteger, primary_key=True, autoincrement=False),
    Column("contribution", String(64), nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("fusion_clusters_unit_of", "contribution"),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "fusion_clusters_count", metadata,
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("clear", Integer, nullable=False),
    Column("green", Integer, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""How many units of each tier have a feature, so that nobody counts them again for each newcomer; of those alone that
several of the wider tier have, which are few."""
Table(
    "fusion_clusters_link", metadata,
    Column("tier", Integer, primary_key=True, autoincrement=False),
    Column("unit", BigInteger, primary_key=True, autoincrement=False),
    Column("head", BigInteger, nullable=False),
    Column("toward", BigInteger, nullable=False),
    Column("reach", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Index("fusion_clusters_link_head", "tier", "head", "unit"),
    Index("fusion_clusters_link_toward", "tier", "toward"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""Where each unit hangs; a head hangs at itself."""
Table(
    "fusion_clusters_head", metadata,
    Column("tier", Integer, primary_key=True, autoincrement=False),
    Column("head", BigInteger, primary_key=True, autoincrement=False),
    Column("members", Integer, nullable=False),
    Column("newest", BigInteger, nullable=False),
    Index("fusion_clusters_head_newest", "tier", "newest", "head"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""The clusters of two and more."""
Table(
    "fusion_clusters_act", metadata,
    Column("act", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("does", String(8), nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("other", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("org", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("undone_at", BigInteger, nullable=False),
    Column("undone_why", Text, nullable=False),
    Index("fusion_clusters_act_of", "contribution", "seq"),
    sqlite_with_rowid=False,
)  # fmt: skip
"""What analysts decided: split, join, name."""

# -- the index ---------------------------------------------------------------------------------------------------------


def add_units(connection: Connection, rows: Iterable[Row]) -> None:
    """Add units that are not there yet: (unit, contribution, org, at)."""
    connection.run_many(
        "INSERT INTO fusion_clusters_unit (unit, contribution, org, at) VALUES (?, ?, ?, ?) ON CONFLICT (unit) "
        "DO NOTHING",
        rows,
    )


def add_values(connection: Connection, rows: Iterable[Row]) -> None:
    """Add to the index: (hash, unit, audience, kind, text, uses). In order of hash they cost least."""
    connection.run_many(
        "INSERT INTO fusion_clusters_value (hash, unit, audience, kind, text, uses) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (unit, hash, audience) DO UPDATE SET uses = fusion_clusters_value.uses + excluded.uses",
        rows,
    )


def drop_values(connection: Connection, rows: Sequence[Row]) -> None:
    """Take out what is no longer said: the same, ``uses`` being how often it was."""
    connection.run_many(
        "UPDATE fusion_clusters_value SET uses = uses - ? WHERE unit = ? AND hash = ? AND audience = ?",
        [(uses, unit, hash64, audience) for hash64, unit, audience, _, _, uses in rows],
    )
    connection.run_many(
        "DELETE FROM fusion_clusters_value WHERE hash = ? AND unit = ? AND audience = ? AND uses <= 0",
        [row[:3] for row in rows],
    )


def drop_empty_units(connection: Connection, units: Iterable[int]) -> None:
    """Take out those of the units that nothing stands in any more."""
    which, value = connection.among(units)
    connection.run(
        f"DELETE FROM fusion_clusters_unit WHERE unit IN {which} AND NOT EXISTS "
        "(SELECT 1 FROM fusion_clusters_value v WHERE v.unit = fusion_clusters_unit.unit)",
        (value,),
    )


def values_of(connection: Connection, units: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return (unit, hash, kind, text) of what stands in units, as far as it stands in the audiences."""
    which, ids = connection.among(units)
    among, value = connection.among(audiences)
    return connection.rows(
        "SELECT DISTINCT unit, hash, kind, text FROM fusion_clusters_value "
        f"WHERE unit IN {which} AND audience IN {among} ORDER BY unit, hash",
        (ids, value),
    )


def last_unit(connection: Connection) -> int:
    """Return the greatest unit, 0 where there is none."""
    return int(connection.rows("SELECT coalesce(max(unit), 0) FROM fusion_clusters_unit")[0][0])


def sharers_before(
    connection: Connection, hash64: int, unit: int, audiences: Iterable[int], limit: int
) -> tuple[int, ...]:
    """Return the earliest units before ``unit`` that have a feature."""
    among, value = connection.among(audiences)
    rows = connection.rows(
        "SELECT DISTINCT unit FROM fusion_clusters_value "
        f"WHERE hash = ? AND unit < ? AND audience IN {among} ORDER BY unit LIMIT ?",
        (hash64, unit, value, limit),
    )
    return tuple(row[0] for row in rows)


def all_sharers_before(
    connection: Connection, hashes: Iterable[int], unit: int, audiences: Iterable[int]
) -> dict[int, list[int]]:
    """Return feature → all units before ``unit`` that have it, earliest first. For features that few have."""
    which, ids = connection.among(hashes)
    among, value = connection.among(audiences)
    found: dict[int, list[int]] = {}
    for hash64, other in connection.rows(
        "SELECT DISTINCT hash, unit FROM fusion_clusters_value "
        f"WHERE hash IN {which} AND unit < ? AND audience IN {among} ORDER BY hash, unit",
        (ids, unit, value),
    ):
        found.setdefault(hash64, []).append(other)
    return found


def sharers_from(connection: Connection, hashes: Iterable[int], unit: int, audiences: Iterable[int]) -> dict[int, int]:
    """Return feature → how many units from ``unit`` on have it."""
    which, ids = connection.among(hashes)
    among, value = connection.among(audiences)
    rows = connection.rows(
        "SELECT hash, count(DISTINCT unit) FROM fusion_clusters_value "
        f"WHERE hash IN {which} AND unit >= ? AND audience IN {among} GROUP BY hash",
        (ids, unit, value),
    )
    return {row[0]: int(row[1]) for row in rows}


def later_sharers(connection: Connection, hashes: Iterable[int], unit: int, audiences: Iterable[int]) -> list[int]:
    """Return the units after ``unit`` that have any of the features."""
    which, ids = connection.among(hashes)
    among, value = connection.among(audiences)
    rows = connection.rows(
        "SELECT DISTINCT unit FROM fusion_clusters_value "
        f"WHERE hash IN {which} AND unit > ? AND audience IN {among} ORDER BY unit",
        (ids, unit, value),
    )
    return [row[0] for row in rows]


def having(connection: Connection, hashes: Iterable[int], audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (hash, unit) of all that have any of the features, in order of unit."""
    which, ids = connection.among(hashes)
    among, value = connection.among(audiences)
    return connection.rows(
        "SELECT DISTINCT hash, unit FROM fusion_clusters_value "
        f"WHERE hash IN {which} AND audience IN {among} ORDER BY unit, hash LIMIT ?",
        (ids, value, limit),
    )


# -- tiers -------------------------------------------------------------------------------------------------------------


def places(connection: Connection, hashes: Iterable[int], audiences: Iterable[int]) -> list[Row]:
    """Return (hash, unit, audience) of all that have features, as far as it stands in the audiences. For features that
    few have."""
    which, ids = connection.among(hashes)
    among, value = connection.among(audiences)
    return connection.rows(
        f"SELECT hash, unit, audience FROM fusion_clusters_value WHERE hash IN {which} AND audience IN {among}",
        (ids, value),
    )


def several(connection: Connection, hashes: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return feature → how many units of each tier have it, of those that several of the wider tier have."""
    which, ids = connection.among(hashes)
    rows = connection.rows(f"SELECT hash, clear, green FROM fusion_clusters_count WHERE hash IN {which}", (ids,))
    return {hash64: (clear, green) for hash64, clear, green in rows}


def keep_counts(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep how many units of each tier have a feature: (hash, in CLEAR, in GREEN)."""
    connection.run_many(
        "INSERT INTO fusion_clusters_count (hash, clear, green) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET "
        "clear = excluded.clear, green = excluded.green",
        rows,
    )


def drop_counts(connection: Connection, hashes: Iterable[int]) -> None:
    """Forget how many have features: it is one, or none."""
    connection.run_many("DELETE FROM fusion_clusters_count WHERE hash = ?", [(hash64,) for hash64 in hashes])


def counts(connection: Connection, tier: int, hashes: Iterable[int]) -> dict[int, int]:
    """Return how many units of a tier have each feature, of those that several have."""
    return {hash64: both[tier] for hash64, both in several(connection, hashes).items() if both[tier] > 1}


def all_counts(connection: Connection, tier: int, hashes: Iterable[int], audiences: Iterable[int]) -> dict[int, int]:
    """Return the same of all that any unit has. ``audiences``: those of the tier."""
    wanted = list(hashes)
    known = several(connection, wanted)
    found = {hash64: both[tier] for hash64, both in known.items() if both[tier]}
    alone = places(connection, [hash64 for hash64 in wanted if hash64 not in known], audiences)
    return found | {hash64: 1 for hash64, _, _ in alone}


def links(connection: Connection, tier: int, units: Iterable[int]) -> dict[int, Row]:
    """Return unit → (head, toward, reach, weight)."""
    which, ids = connection.among(units)
    rows = connection.rows(
        f"SELECT unit, head, toward, reach, weight FROM fusion_clusters_link WHERE tier = ? AND unit IN {which}",
        (tier, ids),
    )
    return {row[0]: row[1:] for row in rows}


def set_link(connection: Connection, tier: int, unit: int, link: Row | None) -> None:
    """Say where a unit hangs: (head, toward, reach, weight), None for nowhere at all."""
    if link is None:
        connection.run("DELETE FROM fusion_clusters_link WHERE tier = ? AND unit = ?", (tier, unit))
        return
    connection.run(
        "INSERT INTO fusion_clusters_link (tier, unit, head, toward, reach, weight) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (tier, unit) DO UPDATE SET head = excluded.head, toward = excluded.toward, "
        "reach = excluded.reach, weight = excluded.weight",
        (tier, unit, *link),
    )


def hanging(connection: Connection, tier: int, unit: int) -> list[int]:
    """Return the units that hang at one."""
    rows = connection.rows(
        "SELECT unit FROM fusion_clusters_link WHERE tier = ? AND toward = ? AND unit <> ?", (tier, unit, unit)
    )
    return [row[0] for row in rows]


def recount_head(connection: Connection, tier: int, head: int) -> None:
    """Bring a cluster's figures up to date."""
    members, newest = connection.rows(
        "SELECT count(*), coalesce(max(unit), 0) FROM fusion_clusters_link WHERE tier = ? AND head = ?", (tier, head)
    )[0]
    if members < 2:
        connection.run("DELETE FROM fusion_clusters_head WHERE tier = ? AND head = ?", (tier, head))
        return
    connection.run(
        "INSERT INTO fusion_clusters_head (tier, head, members, newest) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (tier, head) DO UPDATE SET members = excluded.members, newest = excluded.newest",
        (tier, head, members, newest),
    )


# -- what analysts decided ---------------------------------------------------------------------------------------------


def add_act(connection: Connection, row: Row) -> None:
    """Add a decision: (act, seq, audience, does, contribution, other, name, reason, org, at)."""
    connection.run(
        "INSERT INTO fusion_clusters_act (act, seq, audience, does, contribution, other, name, reason, org, at, "
        "undone_at, undone_why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '') ON CONFLICT (act) DO NOTHING",
        row,
    )


def undo_act(connection: Connection, act: str, audience: int, at: int, why: str) -> None:
    """Take a decision back."""
    connection.run(
        "UPDATE fusion_clusters_act SET undone_at = ?, undone_why = ? WHERE act = ? AND audience = ? AND undone_at = 0",
        (at, why, act, audience),
    )


_ACT = "SELECT act, does, contribution, other, name, reason, org, at, undone_at, undone_why FROM fusion_clusters_act "


def acts_of(connection: Connection, contributions: Iterable[str], audiences: Iterable[int]) -> list[Row]:
    """Return what was decided of contributions, oldest first: (act, does, contribution, other, name, reason, org, at,
    undone_at, undone_why)."""
    which, ids = connection.among(contributions)
    among, value = connection.among(audiences)
    return connection.rows(f"{_ACT} WHERE contribution IN {which} AND audience IN {among} ORDER BY seq", (ids, value))


def act(connection: Connection, which: str, audiences: Iterable[int]) -> list[Row]:
    """Return one decision, in the same form."""
    among, value = connection.among(audiences)
    return connection.rows(f"{_ACT} WHERE act = ? AND audience IN {among}", (which, value))


# -- read --------------------------------------------------------------------------------------------------------------


def unit_of(connection: Connection, contribution: str, audiences: Iterable[int]) -> int:
    """Return the unit of a contribution of which something stands in the audiences, 0 for none."""
    among, value = connection.among(audiences)
    rows = connection.rows(
        "SELECT u.unit FROM fusion_clusters_unit u WHERE u.contribution = ? AND EXISTS (SELECT 1 FROM "
        f"fusion_clusters_value v WHERE v.unit = u.unit AND v.audience IN {among}) ORDER BY u.unit LIMIT 1",
        (contribution, value),
    )
    return int(rows[0][0]) if rows else 0


def units(connection: Connection, which: Iterable[int]) -> dict[int, Row]:
    """Return unit → (contribution, org, at)."""
    among, ids = connection.among(which)
    rows = connection.rows(
        f"SELECT unit, contribution, org, at FROM fusion_clusters_unit WHERE unit IN {among}", (ids,)
    )
    return {row[0]: row[1:] for row in rows}


def heads(
    connection: Connection, tier: int, before: tuple[int, int], limit: int, least: int = 0,
    among: Iterable[int] | None = None,
) -> list[Row]:  # fmt: skip
    """Return (head, members, newest) of the clusters of a tier, newest first, after a place (newest, head).

    ``least``: of so many members; ``among``: of these heads alone.
    """
    chosen, heads = ("", ()) if among is None else _of_heads(connection, among)
    return connection.rows(
        "SELECT head, members, newest FROM fusion_clusters_head WHERE tier = ? AND "
        f"(newest < ? OR (newest = ? AND head < ?)) AND members >= ?{chosen} ORDER BY newest DESC, head DESC LIMIT ?",
        (tier, before[0], before[0], before[1], least, *heads, limit),
    )


def _of_heads(connection: Connection, among: Iterable[int]) -> tuple[str, tuple[Any, ...]]:
    which, heads = connection.among(among)
    return f" AND head IN {which}", (heads,)


def names(connection: Connection, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (contribution, name) of the names that analysts gave and that stand, the latest first."""
    among, value = connection.among(audiences)
    return connection.rows(
        "SELECT contribution, name FROM fusion_clusters_act WHERE does = 'name' AND undone_at = 0 "
        f"AND audience IN {among} ORDER BY seq DESC LIMIT ?",
        (value, limit),
    )


def head(connection: Connection, tier: int, which: int) -> list[Row]:
    """Return (head, members, newest) of one cluster."""
    return connection.rows(
        "SELECT head, members, newest FROM fusion_clusters_head WHERE tier = ? AND head = ?", (tier, which)
    )


def members(connection: Connection, tier: int, which: int, before: int, limit: int) -> list[Row]:
    """Return (unit, toward, weight) of a cluster's members, newest first."""
    return connection.rows(
        "SELECT unit, toward, weight FROM fusion_clusters_link WHERE tier = ? AND head = ? AND unit < ? "
        "ORDER BY unit DESC LIMIT ?",
        (tier, which, before, limit),
    )


def shared_values(connection: Connection, tier: int, which: int, audiences: Iterable[int], limit: int) -> list[Row]:
    """Return (hash, kind, text, members) of what two and more members of a cluster have, the commonest first."""
    among, value = connection.among(audiences)
    return connection.rows(
        "SELECT v.hash, v.kind, v.text, count(DISTINCT v.unit) FROM fusion_clusters_link l "
        "JOIN fusion_clusters_value v ON v.unit = l.unit "
        f"WHERE l.tier = ? AND l.head = ? AND v.audience IN {among} GROUP BY v.hash, v.kind, v.text "
        "HAVING count(DISTINCT v.unit) > 1 ORDER BY count(DISTINCT v.unit) DESC, v.kind, v.text LIMIT ?",
        (tier, which, value, limit),
    )
