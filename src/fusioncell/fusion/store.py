"""All the SQL of fusion: observables and the claims about them.

Claims are clustered by observable, so they are the postings list too. Sums per viewer are made when they are read, by
grouping (contributor, named source, stance) over the audiences that the viewer may see (ADR 0005).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, SmallInteger, String, Table, Text, text

from fusioncell.kernel.ports import Connection

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")

observable = Table(
    "fusion_observable",
    metadata,
    Column("id", _key, primary_key=True),
    Column("hash", BigInteger, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("value", Text, nullable=False),
    Index("fusion_observable_hash", "hash"),
)
party = Table(
    "fusion_party",
    metadata,
    Column("id", _key, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
)
_BENIGN = text("stance = 3")
claim = Table(
    "fusion_claim",
    metadata,
    Column("observable", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("contributor", Integer, nullable=False),
    Column("creator", Integer, nullable=False),
    Column("role", SmallInteger, nullable=False),
    Column("stance", SmallInteger, nullable=False),
    Column("weight", Float, nullable=False),
    Column("latest", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("fresh", SmallInteger, nullable=False),
    Column("keys", Text, nullable=False),
    Column("fade", SmallInteger, nullable=False),
    Index("fusion_claim_benign", "contributor", sqlite_where=_BENIGN, info={"where": _BENIGN}),
    sqlite_with_rowid=False,
)
"""The index holds what was called benign, which is little: sources are judged by it. ``fade``: how a claim
fades, and what it is about, in one number (``learned.fading``)."""

withdrawn = Table(
    "fusion_withdrawn",
    metadata,
    Column("observable", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("position", SmallInteger, primary_key=True, autoincrement=False),
    Column("audience", Integer, nullable=False),
    Column("contributor", Integer, nullable=False),
    Column("keys", Text, nullable=False),
    sqlite_with_rowid=False,
)

ADD_CLAIM = (
    "INSERT INTO fusion_claim (observable, seq, position, audience, contributor, creator, role, stance, weight, "
    "latest, at, fresh, keys, fade) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def stamps(connection: Connection) -> tuple[int, int, int]:
    """Return the positions of the newest join of sources, of what was learned last, and of the newest override; 0 for
    none. In one look, since each single look-up asks."""
    rows: list[tuple[int, int, int]] = connection.rows(
        "SELECT (SELECT coalesce(max(seq), 0) FROM fusion_origins_join), "
        "(SELECT coalesce(max(seq), 0) FROM fusion_learned), (SELECT coalesce(max(seq), 0) FROM fusion_overrides)"
    )
    return rows[0]


def ids_by_hash(connection: Connection, hashes: Iterable[int]) -> list[tuple[int, int, int, str]]:
    """Return (id, hash, type, value) of the observables with these hashes."""
    sql, value = connection.among(hashes)
    return connection.rows(
        f"SELECT id, hash, type, value FROM fusion_observable WHERE hash IN {sql} ORDER BY id", (value,)
    )


def find(connection: Connection, hash64: int, type_code: int, value: str) -> int | None:
    """Return the id of one observable."""
    rows = connection.rows(
        "SELECT id FROM fusion_observable WHERE hash = ? AND type = ? AND value = ?", (hash64, type_code, value)
    )
    return int(rows[0][0]) if rows else None


def last_observable(connection: Connection) -> int:
    """Return the highest id given."""
    return int(connection.rows("SELECT coalesce(max(id), 0) FROM fusion_observable")[0][0])


def add_observables(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Add observables: (id, hash, type, value)."""
    connection.run_many("INSERT INTO fusion_observable (id, hash, type, value) VALUES (?, ?, ?, ?)", rows)


def parties(connection: Connection) -> dict[str, int]:
    """Return all interned names of contributors and sources."""
    return dict(connection.rows("SELECT name, id FROM fusion_party"))


def add_parties(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Intern names: (id, name)."""
    connection.run_many("INSERT INTO fusion_party (id, name) VALUES (?, ?)", rows)


def add_claims(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Add claims, in the order of the table's columns."""
    connection.run_many(ADD_CLAIM, rows)


def withdraw_claims(connection: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Note what an originator withdrew, (observable, seq), so that later copies of it no longer count."""
    connection.run_many(
        "INSERT INTO fusion_withdrawn (observable, seq, position, audience, contributor, keys) "
        "SELECT observable, seq, position, audience, contributor, keys FROM fusion_claim "
        "WHERE observable = ? AND seq = ? AND stance IN (1, 2, 3) AND keys <> ''",
        rows,
    )


def end_claims(connection: Connection, rows: Iterable[Sequence[int]]) -> None:
    """Remove the claims that an ended entry made: (observable, seq)."""
    connection.run_many("DELETE FROM fusion_claim WHERE observable = ? AND seq = ?", rows)


def end_party_claims(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """End what one party said so far about an observable: (observable, contributor, audience, before seq)."""
    connection.run_many(
        "UPDATE fusion_claim SET stance = 0 WHERE observable = ? AND contributor = ? AND audience = ? "
        "AND seq < ? AND stance IN (1, 2)",
        rows,
    )


_EVIDENCE = """
SELECT c.observable, p.name, coalesce(q.name, ''), c.stance = 3, max(c.weight), max(c.latest), min(c.at), max(c.at),
       max(c.fresh), count(*), max(c.seq), min(c.keys), max(c.keys), c.fade
FROM fusion_claim c JOIN fusion_party p ON p.id = c.contributor LEFT JOIN fusion_party q ON q.id = c.creator
WHERE c.observable {which} AND c.stance IN (1, 2, 3) AND c.audience IN {audiences} {stands}
GROUP BY c.observable, p.id, q.id, c.stance = 3, c.fade
ORDER BY c.observable
"""


@cache
def _evidence(which: str, audiences: str, withdrawn: bool = True) -> str:
    return _EVIDENCE.format(which=which, audiences=audiences, stands=_STANDS.format(audiences) if withdrawn else "")


def evidence_of(connection: Connection, observable_id: int, audiences: Iterable[int]) -> list[tuple[object, ...]]:
    """Return grouped evidence about one observable in the audiences given."""
    sql, value = connection.among(audiences)
    return connection.rows(_evidence("= ?", sql), (observable_id, value, value))


def evidence_of_many(connection: Connection, ids: Iterable[int], audiences: Iterable[int]) -> list[tuple[object, ...]]:
    """Return grouped evidence about many observables."""
    which, ids_value = connection.among(ids)
    sql, value = connection.among(audiences)
    gone = _any_withdrawn(connection, f"IN {which}", (ids_value,))
    seen = (value, value) if gone else (value,)
    return connection.rows(_evidence(f"IN {which}", sql, gone), (ids_value, *seen))


_STANDS = """
  AND NOT EXISTS (SELECT 1 FROM fusion_withdrawn w WHERE w.observable = c.observable AND w.seq < c.seq
                  AND w.keys = c.keys AND w.contributor <> c.contributor AND w.audience IN {})
"""


def _any_withdrawn(connection: Connection, which: str, asked: tuple[Any, ...]) -> bool:
    """Tell whether anything was withdrawn of these observables. Little ever is, and to look for it claim by claim is a
    sixth of the whole."""
    return bool(connection.rows(f"SELECT 1 FROM fusion_withdrawn c WHERE c.observable {which} LIMIT 1", asked))


def claims_between(
    connection: Connection, after: int, until: int, audiences: Iterable[int]
) -> list[tuple[Any, ...]]:
    """Return what counts about the observables with ``after < id <= until``, claim by claim, by observable:
    (observable, type, stance, weight, latest, fade)."""
    return _claims(connection, "c.stance, c.weight, c.latest, c.fade", "> ? AND c.observable <= ?", (after, until),
                   audiences)  # fmt: skip


def claims_of_many(connection: Connection, ids: Iterable[int], audiences: Iterable[int]) -> list[tuple[Any, ...]]:
    """Return what counts about many observables, and who said it, by observable:
    (observable, type, contributor, creator, stance, weight, latest, at, keys, fade)."""
    which, value = connection.among(ids)
    return _claims(
        connection, "c.contributor, c.creator, c.stance, c.weight, c.latest, c.at, c.keys, c.fade", f"IN {which}",
        (value,), audiences,
    )  # fmt: skip


def _claims(
    connection: Connection, columns: str, which: str, asked: tuple[Any, ...], audiences: Iterable[int]
) -> list[tuple[Any, ...]]:
    sql, value = connection.among(audiences)
    gone = _any_withdrawn(connection, which, asked)
    return connection.rows(
        f"SELECT c.observable, o.type, {columns} "
        f"FROM fusion_claim c JOIN fusion_observable o ON o.id = c.observable WHERE c.observable {which} "
        f"AND c.stance IN (1, 2, 3) AND c.audience IN {sql} {_STANDS.format(sql) if gone else ''}"
        "ORDER BY c.observable",
        (*asked, value, value) if gone else (*asked, value),
    )


def claims_before(
    connection: Connection, asked: Iterable[int], audiences: Iterable[int]
) -> list[tuple[Any, ...]]:
    """Return what counts about observables, as :func:`claims_of_many`, with the position of each claim at the end."""
    which, ids_value = connection.among(asked)
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT c.observable, o.type, c.contributor, c.creator, c.stance, c.weight, c.latest, c.at, c.keys, c.fade, "
        "c.seq FROM fusion_claim c JOIN fusion_observable o ON o.id = c.observable "
        f"WHERE c.observable IN {which} AND c.stance IN (1, 2, 3) AND c.audience IN {sql} "
        "ORDER BY c.observable, c.seq",
        (ids_value, value),
    )


def mentions_of(
    connection: Connection, observable_id: int, audiences: Iterable[int], limit: int
) -> list[tuple[object, ...]]:
    """Return the newest claims and mentions: (seq, position, audience, contributor, creator, role, stance, weight,
    latest, fade, at, fresh)."""
    sql, value = connection.among(audiences)
    return connection.rows(
        "SELECT c.seq, c.position, c.audience, p.name, coalesce(q.name, ''), c.role, c.stance, c.weight, c.latest, "
        "c.fade, c.at, c.fresh FROM fusion_claim c JOIN fusion_party p ON p.id = c.contributor "
        f"LEFT JOIN fusion_party q ON q.id = c.creator WHERE c.observable = ? AND c.audience IN {sql} "
        "ORDER BY c.seq DESC, c.position DESC LIMIT ?",
        (observable_id, value, limit),
    )


def entries_naming(connection: Connection, observable_id: int, audiences: Iterable[int], limit: int) -> list[int]:
    """Return the positions of the first entries in the audiences that name an observable."""
    sql, value = connection.among(audiences)
    rows = connection.rows(
        f"SELECT DISTINCT seq FROM fusion_claim WHERE observable = ? AND audience IN {sql} ORDER BY seq LIMIT ?",
        (observable_id, value, limit),
    )
    return [row[0] for row in rows]


def find_mentioned(
    connection: Connection, hash64: int, type_code: int, value: str, audiences: Iterable[int]
) -> tuple[int, int]:
    """Return the id of one observable and how many claims and mentions of it stand in the audiences given; (0, 0)
    where it is not known."""
    sql, seen = connection.among(audiences)
    rows = connection.rows(
        f"SELECT o.id, (SELECT count(*) FROM fusion_claim c WHERE c.observable = o.id AND c.audience IN {sql}) "
        "FROM fusion_observable o WHERE o.hash = ? AND o.type = ? AND o.value = ?",
        (seen, hash64, type_code, value),
    )
    return rows[0] if rows else (0, 0)


def observables(connection: Connection, ids: Iterable[int]) -> list[tuple[int, int, str]]:
    """Return (id, type, value) of observables."""
    sql, value = connection.among(ids)
    return connection.rows(f"SELECT id, type, value FROM fusion_observable WHERE id IN {sql} ORDER BY id", (value,))


def visible_among(connection: Connection, ids: Iterable[int], audiences: Iterable[int]) -> set[int]:
    """Return those of the observables that something in the audiences mentions."""
    which, ids_value = connection.among(ids)
    sql, value = connection.among(audiences)
    return {
        row[0]
        for row in connection.rows(
            f"SELECT DISTINCT observable FROM fusion_claim WHERE observable IN {which} AND audience IN {sql}",
            (ids_value, value),
        )
    }


def values_of_type(connection: Connection, code: int) -> list[str]:
    """Return the values of all observables of a type: a full scan."""
    rows = connection.rows("SELECT value FROM fusion_observable WHERE type = ? ORDER BY id", (code,))
    return [row[0] for row in rows]


_PROFILES = """
SELECT o.id, o.type, o.value, min(c.audience), max(c.audience),
       count(CASE WHEN c.stance IN (1, 2, 3) THEN 1 END),
       min(CASE WHEN c.stance IN (1, 2, 3) THEN c.contributor END),
       max(CASE WHEN c.stance IN (1, 2, 3) THEN c.contributor END),
       min(CASE WHEN c.stance IN (1, 2, 3) THEN c.creator END),
       max(CASE WHEN c.stance IN (1, 2, 3) THEN c.creator END),
       min(CASE WHEN c.stance IN (1, 2) THEN 1 WHEN c.stance = 3 THEN 2 END),
       max(CASE WHEN c.stance IN (1, 2) THEN 1 WHEN c.stance = 3 THEN 2 END),
       max(CASE WHEN c.stance IN (1, 2, 3) THEN c.weight END),
       max(CASE WHEN c.stance IN (1, 2, 3) THEN c.latest END),
       min(CASE WHEN c.stance IN (1, 2, 3) THEN c.fade END),
       max(CASE WHEN c.stance IN (1, 2, 3) THEN c.fade END)
FROM fusion_observable o JOIN fusion_claim c ON c.observable = o.id
WHERE o.id {which} GROUP BY o.id, o.type, o.value ORDER BY o.id
"""


def profiles_between(connection: Connection, after: int, last: int) -> list[tuple[Any, ...]]:
    """Return what the claims about each observable with ``after < id <= last`` come to, whoever may see them:

    (id, type, value, least and greatest audience, claims that count, and of these least and greatest contributor,
    source, side (1: against it, 2: for it), then the greatest weight and forward-decayed weight, and
    least and greatest number of fading).
    """
    return connection.rows(_PROFILES.format(which="BETWEEN ? AND ?"), (after + 1, last))


def profiles_of(connection: Connection, ids: Iterable[int]) -> list[tuple[Any, ...]]:
    """Return the same of some observables."""
    which, value = connection.among(ids)
    return connection.rows(_PROFILES.format(which=f"IN {which}"), (value,))


def withdrawn_among(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Return those of the observables (ids in order) of which something was withdrawn: copies of it may not count."""
    if not ids:
        return set()
    rows = connection.rows(
        "SELECT DISTINCT observable FROM fusion_withdrawn WHERE observable BETWEEN ? AND ?", (ids[0], ids[-1])
    )
    return {row[0] for row in rows}


def audiences_among(connection: Connection, ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return (observable, audience) of all that mentions these observables."""
    which, value = connection.among(ids)
    return connection.rows(
        f"SELECT DISTINCT observable, audience FROM fusion_claim WHERE observable IN {which} ORDER BY observable",
        (value,),
    )
