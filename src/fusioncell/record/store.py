"""All the SQL of the record. Tables change by migrations only; rows are appended, never updated (erasure apart)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, SmallInteger, String, Table, Text

from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.record import pack
from fusioncell.record.model import Block, Commit, Receipt, Submission

metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")

head = Table(
    "record_head",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("epoch", Integer, nullable=False),
)
audience = Table(
    "record_audience",
    metadata,
    Column("id", _key, primary_key=True),
    Column("text", Text, nullable=False, unique=True),
    Column("born", BigInteger, nullable=False),
)
audience_sets = Table(
    "record_audience_set",
    metadata,
    Column("number", _key, primary_key=True),
    Column("audiences", Text, nullable=False, unique=True),
)
commit = Table(
    "record_commit",
    metadata,
    Column("first_seq", _key, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("org", String(64), nullable=False),
    Column("contribution", String(64), nullable=False, unique=True),
)
block = Table(
    "record_block",
    metadata,
    Column("first_seq", _key, primary_key=True),
    Column("commit_seq", BigInteger, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("digests", LargeBinary, nullable=False),
    Column("nonces", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
)

GENESIS = bytes(32)
_BLOCK = (
    "b.first_seq, c.first_seq, c.at, c.org, c.contribution, b.chain, "
    "b.audience, b.count, b.kinds, b.digests, b.nonces, b.payload"
)


def open_head(connection: Connection) -> None:
    """Make the head row of a new record; another process may be doing so at the same time."""
    connection.run(
        "INSERT INTO record_head (id, last_seq, last_at, chain, epoch) VALUES (1, 0, 0, ?, 1) "
        "ON CONFLICT (id) DO NOTHING",
        (GENESIS,),
    )


def lock_head(connection: Connection) -> tuple[int, int, bytes]:
    """Read the head and hold it to the end of the transaction, so that commits are visible in order."""
    suffix = " FOR UPDATE" if connection.dialect == "postgresql" else ""
    last_seq, last_at, chain = connection.rows(
        f"SELECT last_seq, last_at, chain FROM record_head WHERE id = 1{suffix}"
    )[0]
    return last_seq, last_at, bytes(chain)


def append(connection: Connection, submissions: Iterable[Submission], now: int) -> list[tuple[Receipt, list[bytes]]]:
    """Give the submissions their places, in the order given, and write them. Positions never go back in time.

    Returns the receipt of each, and the chain value of each of its blocks.
    """
    seq, last_at, chain = lock_head(connection)
    at = max(now, last_at)
    receipts, commits, blocks = [], [], []
    for submission in submissions:
        first, chains = seq + 1, []
        for item in submission.blocks:
            chain = pack.chain_after(chain, seq + 1, at, submission.org, submission.contribution, item)
            chains.append(chain)
            blocks.append(
                (
                    seq + 1,
                    first,
                    1,
                    item.audience,
                    item.count,
                    item.kinds,
                    item.digests,
                    item.nonces,
                    item.payload,
                    chain,
                )
            )
            seq += item.count
        commits.append((first, seq, at, submission.org, submission.contribution))
        receipts.append((Receipt(first, seq, at), chains))
    connection.run_many(
        "INSERT INTO record_commit (first_seq, last_seq, at, org, contribution) VALUES (?, ?, ?, ?, ?)", commits
    )
    connection.run_many(
        "INSERT INTO record_block (first_seq, commit_seq, version, audience, count, kinds, digests, nonces, "
        "payload, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        blocks,
    )
    connection.run("UPDATE record_head SET last_seq = ?, last_at = ?, chain = ? WHERE id = 1", (seq, at, chain))
    return receipts


def intern_audience(connection: Connection, text: str) -> int:
    """Return the id of an audience, giving it one if it is new."""
    find = "SELECT id FROM record_audience WHERE text = ?"
    if found := connection.rows(find, (text,)):
        return int(found[0][0])
    last_seq, _, _ = lock_head(connection)
    # Another process may have interned it while we waited for the head.
    if found := connection.rows(find, (text,)):
        return int(found[0][0])
    number = int(connection.rows("SELECT coalesce(max(id), 0) + 1 FROM record_audience")[0][0])
    connection.run("INSERT INTO record_audience (id, text, born) VALUES (?, ?, ?)", (number, text, last_seq))
    return number


def intern_set(connection: Connection, text: str) -> int:
    """Return the number of an audience set (a text of its ids), giving it one if it is new."""
    find = "SELECT number FROM record_audience_set WHERE audiences = ?"
    if found := connection.rows(find, (text,)):
        return int(found[0][0])
    lock_head(connection)
    if found := connection.rows(find, (text,)):
        return int(found[0][0])
    number = int(connection.rows("SELECT coalesce(max(number), 0) + 1 FROM record_audience_set")[0][0])
    connection.run("INSERT INTO record_audience_set (number, audiences) VALUES (?, ?)", (number, text))
    return number


def audience_set(connection: Connection, number: int) -> str | None:
    """Return the text of an audience set."""
    rows = connection.rows("SELECT audiences FROM record_audience_set WHERE number = ?", (number,))
    return rows[0][0] if rows else None


def audiences(connection: Connection, after: int = 0) -> list[tuple[int, str]]:
    """Return the interned audiences with an id above ``after``, oldest first."""
    return connection.rows("SELECT id, text FROM record_audience WHERE id > ? ORDER BY id", (after,))


def read_head(connection: Connection) -> tuple[int, int, int]:
    """Return (last position, last instant, epoch)."""
    return connection.rows("SELECT last_seq, last_at, epoch FROM record_head WHERE id = 1")[0]


def open_epoch(connection: Connection, beyond: int = 0) -> int:
    """Start a new epoch (after a restore): old cursors no longer hold. Returns its number, the next but ``beyond``."""
    lock_head(connection)
    connection.run("UPDATE record_head SET epoch = epoch + ? WHERE id = 1", (1 + beyond,))
    return int(connection.rows("SELECT epoch FROM record_head WHERE id = 1")[0][0])


def _block_of(row: tuple[Any, ...]) -> Block:
    return Block(row[6], row[7], row[8], bytes(row[9]), bytes(row[10]), bytes(row[11]))


def _each(rows: list[tuple[Any, ...]], wanted: Collection[int] | None = None) -> Iterator[Entry]:
    for row in rows:
        first, commit_seq, at, org, contribution, chain = row[:6]
        yield from pack.unpack(first, commit_seq, at, org, contribution, bytes(chain), _block_of(row), wanted)


def _entries(rows: list[tuple[Any, ...]], wanted: Collection[int] | None = None) -> list[Entry]:
    return list(_each(rows, wanted))


def read_after(connection: Connection, seq: int, blocks: int, visible: Iterable[int] | None) -> list[Entry]:
    """Return entries after a position, in order, from at most ``blocks`` blocks; only of visible audiences."""
    where, parameters = "b.first_seq > ?", [seq]
    seen = None if visible is None else frozenset(visible)
    if seen is not None:
        sql, value = connection.among(seen)
        where, parameters = f"b.first_seq > ? AND b.audience IN {sql}", [seq, value]
    # The block that holds seq itself may go on after it.
    entries = _entries(
        connection.rows(
            f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
            "WHERE b.first_seq = (SELECT max(first_seq) FROM record_block WHERE first_seq <= ?) "
            "AND b.first_seq + b.count - 1 > ?",
            (seq, seq),
        )
    )
    entries = [entry for entry in entries if entry.seq > seq and (seen is None or entry.audience in seen)]
    return entries + _entries(
        connection.rows(
            f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
            f"WHERE {where} ORDER BY b.first_seq LIMIT ?",
            (*parameters, blocks),
        )
    )


def read_range(connection: Connection, first: int, last: int, visible: Iterable[int]) -> list[Entry]:
    """Return the entries from ``first`` to ``last``, both included, of visible audiences."""
    sql, value = connection.among(visible)
    rows = connection.rows(
        f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
        "WHERE b.first_seq >= (SELECT coalesce(max(first_seq), 0) FROM record_block WHERE first_seq <= ?) "
        f"AND b.first_seq <= ? AND b.audience IN {sql} ORDER BY b.first_seq",
        (first, last, value),
    )
    return [entry for entry in _entries(rows) if first <= entry.seq <= last]


def read_many(connection: Connection, seqs: Iterable[int]) -> list[Entry]:
    """Return the entries at these positions, in order. The caller has filtered them by audience."""
    return list(read_each(connection, seqs))


def read_each(connection: Connection, seqs: Iterable[int]) -> Iterator[Entry]:
    """Return the same; what was read is unpacked as it is taken, which may be after the transaction."""
    wanted = set(seqs)
    if not wanted:
        return iter(())
    first, last = min(wanted), max(wanted)
    if last - first < 2 * len(wanted):
        # Most of what lies between is asked for: to read it through is quicker than to look up each.
        return _each(connection.rows(
            f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq WHERE b.first_seq "
            ">= (SELECT coalesce(max(first_seq), 0) FROM record_block WHERE first_seq <= ?) AND b.first_seq <= ? "
            "ORDER BY b.first_seq", (first, last)), wanted)  # fmt: skip
    sql, value = connection.among(sorted(wanted))
    # PostgreSQL names the column of unnest after the function, SQLite calls json_each's "value".
    column = "value" if connection.dialect == "sqlite" else "unnest"
    rows = connection.rows(
        f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq WHERE b.first_seq IN "
        f"(SELECT (SELECT max(first_seq) FROM record_block WHERE first_seq <= wanted.{column}) FROM {sql} AS wanted) "
        "ORDER BY b.first_seq",
        (value,),
    )
    return _each(rows, wanted)


def read_kinds(connection: Connection, org: str, kinds: Iterable[str], after: int, blocks: int) -> list[Entry]:
    """Return what an organisation contributed whose kind begins with one of these, of at most so many blocks."""
    kinds = tuple(kinds)
    rows = connection.rows(
        f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
        f"WHERE c.org = ? AND b.first_seq > ? AND ({' OR '.join('b.kinds LIKE ?' for _ in kinds)}) "
        "ORDER BY b.first_seq LIMIT ?",
        (org, after, *(f"%{kind}%" for kind in kinds), blocks),
    )
    return [entry for entry in _entries(rows) if entry.kind.startswith(kinds)]


def commit_of(connection: Connection, contribution: str) -> Commit | None:
    """Return the submission with this public id."""
    rows = connection.rows(
        "SELECT contribution, org, at, first_seq, last_seq FROM record_commit WHERE contribution = ?", (contribution,)
    )
    return Commit(*rows[0]) if rows else None


def blocks_from(connection: Connection, seq: int, limit: int) -> list[tuple[int, int, str, str, bytes, Block]]:
    """Return stored blocks after a position, for verification: (first, at, org, contribution, chain, block)."""
    rows = connection.rows(
        f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
        "WHERE b.first_seq > ? ORDER BY b.first_seq LIMIT ?",
        (seq, limit),
    )
    return [(r[0], r[2], r[3], r[4], bytes(r[5]), _block_of(r)) for r in rows]


def read_end(connection: Connection) -> tuple[int, bytes]:
    """Return (last position, chain value) by the head."""
    last_seq, chain = connection.rows("SELECT last_seq, chain FROM record_head WHERE id = 1")[0]
    return int(last_seq), bytes(chain)


def verify_commits(connection: Connection) -> None:
    """Check that each submission holds exactly the blocks that name it. Raises RecordDamaged."""
    wrong = connection.rows(
        "SELECT c.first_seq FROM record_commit c LEFT JOIN (SELECT commit_seq, min(first_seq) AS low, "
        "max(first_seq + count - 1) AS high, sum(count) AS entries FROM record_block GROUP BY commit_seq) AS b "
        "ON b.commit_seq = c.first_seq WHERE b.low IS NULL OR b.low <> c.first_seq OR b.high <> c.last_seq "
        "OR b.entries <> c.last_seq - c.first_seq + 1 ORDER BY c.first_seq LIMIT 1"
    )
    if wrong:
        raise pack.damaged(f"the submission at position {wrong[0][0]} does not hold the entries that name it")


def erase(connection: Connection, seq: int) -> bool:
    """Erase the payload of one entry, keeping its header and digest. False where there is no such entry."""
    rows = connection.rows(
        f"SELECT {_BLOCK} FROM record_block b JOIN record_commit c ON c.first_seq = b.commit_seq "
        "WHERE b.first_seq = (SELECT max(first_seq) FROM record_block WHERE first_seq <= ?)",
        (seq,),
    )
    if not rows or seq >= rows[0][0] + rows[0][7]:
        return False
    item = pack.erase(_block_of(rows[0]), seq - rows[0][0])
    connection.run(
        "UPDATE record_block SET nonces = ?, payload = ? WHERE first_seq = ?", (item.nonces, item.payload, rows[0][0])
    )
    return True


# -- cursors: how far the projections are. These live in the projections' database. ----------------------------------

projection_metadata = MetaData()
cursor = Table(
    "record_cursor",
    projection_metadata,
    Column("name", String(32), primary_key=True),
    Column("seq", BigInteger, nullable=False),
)


def read_cursor(connection: Connection, name: str) -> int:
    """Return how far a projection has come, 0 where it has not begun."""
    rows = connection.rows("SELECT seq FROM record_cursor WHERE name = ?", (name,))
    return int(rows[0][0]) if rows else 0


def move_cursor(connection: Connection, name: str, seq: int) -> None:
    """Note how far a projection has come, within the transaction that brought it there."""
    connection.run(
        "INSERT INTO record_cursor (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
        (name, seq),
    )
