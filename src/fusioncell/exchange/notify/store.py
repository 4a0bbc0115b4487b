"""All the SQL of notification. It stands in the vault: notices follow from watches too, which are in no record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.exchange.notify.model import SEQS_PER_NOTICE, Hit, Preferences, Row, Watch
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()

Table(
    "exchange_vault_notify_watch", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("org", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Index("exchange_vault_notify_watch_of", "owner", "kind", "value", unique=True),
)  # fmt: skip
Table(
    "exchange_vault_notice", vault_metadata,
    Column("owner", String(80), primary_key=True),
    Column("contribution", String(64), primary_key=True),
    Column("audience", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("org", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seqs", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("whys", Text, nullable=False),
    Column("own", SmallInteger, nullable=False),
    Column("thread", String(64), nullable=False),
    Column("read", BigInteger),
    Column("mailed", BigInteger),
    Index("exchange_vault_notice_of", "owner", "at"),
    Index("exchange_vault_notice_unmailed", "mailed", "read", "owner"),
)  # fmt: skip
Table(
    "exchange_vault_notify_preference", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("preferences", Text, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_notify_told", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("digest", String(10), nullable=False),
    Column("instant", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_notify_cursor", vault_metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
)  # fmt: skip

# -- watches -------------------------------------------------------------------------------------------------------

_WATCH = "SELECT id, owner, org, kind, value, created FROM exchange_vault_notify_watch"


def add_watch(connection: Connection, watch: Watch) -> None:
    """Keep a watch, once for an owner."""
    connection.run(
        "INSERT INTO exchange_vault_notify_watch (id, owner, org, kind, value, created) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (owner, kind, value) DO NOTHING",
        (watch.id, watch.owner, watch.org, watch.kind, watch.value, watch.created))


def watches_of(connection: Connection, owner: str, limit: int) -> list[Watch]:
    """Return what an owner watches, oldest first."""
    return [Watch(*row) for row in connection.rows(f"{_WATCH} WHERE owner = ? ORDER BY created, id LIMIT ?",
                                                   (owner, limit))]


def all_watches(connection: Connection, limit: int) -> list[Watch]:
    """Return all watches."""
    return [Watch(*row) for row in connection.rows(f"{_WATCH} ORDER BY created, id LIMIT ?", (limit,))]


def end_watch(connection: Connection, owner: str, id: str) -> int:
    """Delete a watch of an owner; return how many that were."""
    return connection.run("DELETE FROM exchange_vault_notify_watch WHERE owner = ? AND id = ?", (owner, id))


# -- notices -------------------------------------------------------------------------------------------------------

_ROW = "SELECT seq, owner, contribution, audience, org, at, seqs, count, whys, own, thread, read, mailed"
_ROW += " FROM exchange_vault_notice"


def _row(values: Sequence[Any]) -> Row:
    seq, owner, contribution, audience, org, at, seqs, count, whys, own, thread, read, mailed = values
    return Row(seq, owner, contribution, audience, org, at, tuple(int(one) for one in seqs.split()), count,
               tuple((kind, value) for kind, value in msgspec.json.decode(whys)), bool(own), thread, read, mailed)


def add_hits(connection: Connection, hits: Iterable[Hit]) -> None:
    """Keep what hit; more of the same contribution and audience adds to its notice, which is unread again."""
    connection.run_many(
        "INSERT INTO exchange_vault_notice"
        " (owner, contribution, audience, seq, org, at, seqs, count, whys, own, thread) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, contribution, audience) DO UPDATE SET"
        " at = excluded.at, count = exchange_vault_notice.count + excluded.count, read = NULL,"
        " own = CASE WHEN excluded.own = 1 THEN excluded.own ELSE exchange_vault_notice.own END,"
        f" seqs = CASE WHEN exchange_vault_notice.count < {SEQS_PER_NOTICE}"
        " THEN exchange_vault_notice.seqs || ' ' || excluded.seqs ELSE exchange_vault_notice.seqs END",
        [(hit.owner, hit.contribution, hit.audience, hit.seqs[0], hit.org, hit.at, " ".join(map(str, hit.seqs)),
          hit.count, msgspec.json.encode(hit.whys).decode(), int(hit.own), hit.thread) for hit in hits])


def add_once(connection: Connection, hits: Iterable[Hit]) -> int:
    """Keep notices of what is told once; return how many are new: of two with the same key the first stays."""
    return sum(connection.run(
        "INSERT INTO exchange_vault_notice"
        " (owner, contribution, audience, seq, org, at, seqs, count, whys, own, thread) VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (owner, contribution, audience) DO NOTHING",
        (hit.owner, hit.contribution, hit.audience, hit.seqs[0], hit.org, hit.at, " ".join(map(str, hit.seqs)),
         hit.count, msgspec.json.encode(hit.whys).decode(), hit.thread)) for hit in hits)


def notices(connection: Connection, owner: str, audiences: Iterable[int], *, before: tuple[Instant, int], limit: int,
            unread: bool = False, kind: str = "") -> list[Row]:
    """Return notices in these audiences, newest first, after a place in that order; ``kind``: of why."""
    sql, value = connection.among(audiences)
    where, values = f"owner = ? AND audience IN {sql} AND (at < ? OR (at = ? AND seq < ?))", [owner, value]
    values += [before[0], before[0], before[1]]
    if unread:
        where += " AND read IS NULL"
    if kind:
        where += " AND whys LIKE ?"
        values.append(f'%["{kind}",%')
    return [_row(row) for row in connection.rows(f"{_ROW} WHERE {where} ORDER BY at DESC, seq DESC LIMIT ?",
                                                 (*values, limit))]


def notice_at(connection: Connection, owner: str, audiences: Iterable[int], seq: int) -> Row | None:
    """Return the notice whose first entry stands at a position."""
    sql, value = connection.among(audiences)
    rows = connection.rows(f"{_ROW} WHERE owner = ? AND audience IN {sql} AND seq = ?", (owner, value, seq))
    return _row(rows[0]) if rows else None


def unread(connection: Connection, owner: str, audiences: Iterable[int], limit: int) -> int:
    """Count unread notices in these audiences, up to a limit."""
    sql, value = connection.among(audiences)
    rows = connection.rows(f"SELECT COUNT(*) FROM (SELECT 1 FROM exchange_vault_notice WHERE owner = ? AND read IS NULL"
                           f" AND audience IN {sql} LIMIT ?) AS t", (owner, value, limit))
    return int(rows[0][0])


def mark_read(connection: Connection, owner: str, audiences: Iterable[int], seqs: Iterable[int] | None,
              now: Instant) -> int:
    """Mark notices as read, by their first entries, or all (None); return how many that changed."""
    sql, value = connection.among(audiences)
    where, values = f"owner = ? AND read IS NULL AND audience IN {sql}", [now, owner, value]
    if seqs is not None:
        some, which = connection.among(seqs)
        where += f" AND seq IN {some}"
        values.append(which)
    return connection.run(f"UPDATE exchange_vault_notice SET read = ? WHERE {where}", values)


def unmailed_owners(connection: Connection, own: bool, limit: int) -> list[str]:
    """Return the owners who have unread notices of which no mail has told."""
    more = " AND own = 1" if own else ""
    return [row[0] for row in connection.rows(
        f"SELECT DISTINCT owner FROM exchange_vault_notice WHERE mailed IS NULL AND read IS NULL{more}"
        " ORDER BY owner LIMIT ?", (limit,))]


def unmailed(connection: Connection, owner: str, audiences: Iterable[int], until: Instant, own: bool,
             limit: int) -> list[Row]:
    """Return an owner's unread notices up to an instant of which no mail has told, newest first."""
    sql, value = connection.among(audiences)
    more = " AND own = 1" if own else ""
    return [_row(row) for row in connection.rows(
        f"{_ROW} WHERE owner = ? AND mailed IS NULL AND read IS NULL AND audience IN {sql} AND at <= ?{more}"
        " ORDER BY at DESC, seq DESC LIMIT ?", (owner, value, until, limit))]


def mark_mailed(connection: Connection, owner: str, until: Instant, own: bool, now: Instant) -> None:
    """Note that a mail has told of an owner's notices up to an instant."""
    more = " AND own = 1" if own else ""
    connection.run("UPDATE exchange_vault_notice SET mailed = ? WHERE owner = ? AND mailed IS NULL AND at <= ?" + more,
                   (now, owner, until))


def tidy(connection: Connection, before: Instant) -> None:
    """Delete notices that are older than their retention."""
    connection.run("DELETE FROM exchange_vault_notice WHERE at < ?", (before,))


# -- preferences, what was told, the cursor --------------------------------------------------------------------------


def preferences(connection: Connection, person: str) -> Preferences | None:
    """Return how a person wants to be told, None where they have not said."""
    rows = connection.rows("SELECT preferences FROM exchange_vault_notify_preference WHERE person = ?", (person,))
    return msgspec.json.decode(rows[0][0], type=Preferences) if rows else None


def save_preferences(connection: Connection, person: str, asked: Preferences) -> None:
    """Keep how a person wants to be told."""
    connection.run("INSERT INTO exchange_vault_notify_preference (person, preferences) VALUES (?, ?)"
                   " ON CONFLICT (person) DO UPDATE SET preferences = excluded.preferences",
                   (person, msgspec.json.encode(asked).decode()))


def told(connection: Connection, person: str) -> tuple[str, Instant]:
    """Return (local day of the last digest, instant of the last mail at once)."""
    rows = connection.rows("SELECT digest, instant FROM exchange_vault_notify_told WHERE person = ?", (person,))
    return (rows[0][0], rows[0][1]) if rows else ("", 0)


def save_told(connection: Connection, person: str, digest: str, instant: Instant) -> None:
    """Keep when a person was last told."""
    connection.run("INSERT INTO exchange_vault_notify_told (person, digest, instant) VALUES (?, ?, ?)"
                   " ON CONFLICT (person) DO UPDATE SET digest = excluded.digest, instant = excluded.instant",
                   (person, digest, instant))


def cursor(connection: Connection) -> int | None:
    """Return how far arrivals have been matched, None where they never were."""
    rows = connection.rows("SELECT position FROM exchange_vault_notify_cursor WHERE one = 1")
    return int(rows[0][0]) if rows else None


def move_cursor(connection: Connection, position: int) -> None:
    """Note how far arrivals have been matched."""
    connection.run("INSERT INTO exchange_vault_notify_cursor (one, position) VALUES (1, ?)"
                   " ON CONFLICT (one) DO UPDATE SET position = excluded.position", (position,))


def forget(connection: Connection, owner: str, person: str) -> None:
    """Delete all that stands here of a person (erasure, DESIGN rule 13)."""
    connection.run("DELETE FROM exchange_vault_notify_watch WHERE owner = ?", (owner,))
    connection.run("DELETE FROM exchange_vault_notice WHERE owner = ?", (owner,))
    connection.run("DELETE FROM exchange_vault_notify_preference WHERE person = ?", (person,))
    connection.run("DELETE FROM exchange_vault_notify_told WHERE person = ?", (person,))


def all_of(connection: Connection, owner: str, limit: int) -> list[Row]:
    """Return all notices of an owner, newest first: for the export of what is held on a person."""
    return [_row(row) for row in connection.rows(f"{_ROW} WHERE owner = ? ORDER BY at DESC, seq DESC LIMIT ?",
                                                 (owner, limit))]
