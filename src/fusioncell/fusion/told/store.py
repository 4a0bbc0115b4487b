"""All the SQL of what is told against observables. It reads fusion's tables, and has none of its own."""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.kernel.ports import Connection


def last(connection: Connection) -> int:
    """Return the highest id that an observable has."""
    return int(connection.rows("SELECT coalesce(max(id), 0) FROM fusion_observable")[0][0])


def of_types(connection: Connection, codes: Iterable[int], after: int, until: int) -> list[tuple[int, int, str]]:
    """Return (id, type, value) of the observables of some types with ``after < id <= until``."""
    sql, value = connection.among(codes)
    return connection.rows(
        f"SELECT id, type, value FROM fusion_observable WHERE id > ? AND id <= ? AND type IN {sql} ORDER BY id",
        (after, until, value),
    )


_AGAINST = """
FROM fusion_claim c JOIN fusion_party p ON p.id = c.contributor
WHERE c.observable IN {which} AND c.audience IN {audiences} AND p.name <> ?
  AND (c.stance IN (1, 2) OR (c.stance = 0 AND c.role IN (2, 3, 4)))
  AND NOT EXISTS (SELECT 1 FROM fusion_withdrawn w WHERE w.observable = c.observable AND w.seq < c.seq
                  AND w.keys = c.keys AND w.contributor <> c.contributor AND w.audience IN {audiences})
"""


def statements(
    connection: Connection, ids: Iterable[int], audiences: Iterable[int], but: str, after: int, until: int, limit: int,
    *, newest: bool = False,
) -> list[tuple[int, int, int, int, int, int, int]]:  # fmt: skip
    """Return who accuses observables, or calls them compromised, abused or attacked, with ``after < seq <= until``:
    (seq, position, observable, audience, role, stance, at), in order, or the newest first. ``but``: whom to leave out.
    """
    which, ids_value = connection.among(ids)
    sql, value = connection.among(audiences)
    way = "DESC" if newest else "ASC"
    return connection.rows(
        f"SELECT c.seq, c.position, c.observable, c.audience, c.role, c.stance, c.at "
        f"{_AGAINST.format(which=which, audiences=sql)} AND c.seq > ? AND c.seq <= ? "
        f"ORDER BY c.seq {way}, c.position LIMIT ?",
        (ids_value, value, but, value, after, until, limit),
    )


def counts(connection: Connection, ids: Iterable[int], audiences: Iterable[int], but: str) -> list[tuple[int, int]]:
    """Return (observable, how many such statements stand of it)."""
    which, ids_value = connection.among(ids)
    sql, value = connection.among(audiences)
    return connection.rows(
        f"SELECT c.observable, count(*) {_AGAINST.format(which=which, audiences=sql)} GROUP BY c.observable",
        (ids_value, value, but, value),
    )
