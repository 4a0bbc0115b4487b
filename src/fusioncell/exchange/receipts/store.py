"""All the SQL of receipts (in the vault) and of consents (a projection)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from fusioncell.exchange.receipts.model import Answer, Consent, Range
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()
Table(
    "exchange_vault_export", vault_metadata,
    Column("contribution", String(64), primary_key=True),
    Column("org", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("told_seq", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_value", vault_metadata,
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("org", String(64), primary_key=True),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_range", vault_metadata,
    Column("org", String(64), primary_key=True),
    Column("audience_set", BigInteger, primary_key=True),
    Column("first_seq", BigInteger, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("reached_seq", BigInteger, nullable=False),
    Column("open", SmallInteger, nullable=False),
)  # fmt: skip
Table(
    "exchange_vault_told", vault_metadata,
    Column("recall_seq", BigInteger, primary_key=True, autoincrement=False),
    Column("org", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)  # fmt: skip

metadata = MetaData()
Table(
    "exchange_consent", metadata,
    Column("id", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False, unique=True),
    Column("entry_audience", Integer, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("audience", Integer, nullable=False),
    Column("originator", String(64), nullable=False),
    Column("asker", String(64), nullable=False),
    Column("asker_person", String(64), nullable=False),
    Column("product", Text, nullable=False),
    Column("tlp", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", String(16), nullable=False),
    Column("answered", BigInteger, nullable=False),
    Column("answered_by", String(64), nullable=False),
    Column("answer_reason", Text, nullable=False),
    Column("lapsed", BigInteger, nullable=False),
    Column("proxy", Integer, nullable=False),
    Column("parties", Text, nullable=False),
    Index("exchange_consent_contribution", "contribution"),
)  # fmt: skip

_CONSENT = (
    "SELECT id, contribution, originator, asker, asker_person, product, tlp, reason, at, answer, answered, "
    "answered_by, answer_reason, lapsed, proxy, parties FROM exchange_consent"
)


# -- what left the hub ------------------------------------------------------------------------------------------------


def add_exports(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Note (contribution, organisation, position, position of being told; 0 for none): the first of each stays."""
    connection.run_many(
        "INSERT INTO exchange_vault_export (contribution, org, seq, told_seq) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (contribution, org) DO UPDATE SET "
        "seq = CASE WHEN exchange_vault_export.seq = 0 THEN excluded.seq ELSE exchange_vault_export.seq END, "
        "told_seq = CASE WHEN excluded.told_seq > exchange_vault_export.told_seq THEN excluded.told_seq "
        "ELSE exchange_vault_export.told_seq END",
        rows,
    )


def add_gone(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Note that those who took a contribution asked again and were told: (position, contribution, organisation)."""
    connection.run_many("UPDATE exchange_vault_export SET told_seq = ? WHERE contribution = ? AND org = ?", rows)


def exports_of(connection: Connection, contribution: str) -> list[tuple[str, int, int]]:
    """Return (organisation, position, position of being told) of those who took a contribution or were told."""
    return connection.rows(
        "SELECT org, seq, told_seq FROM exchange_vault_export WHERE contribution = ? ORDER BY org", (contribution,)
    )


def add_values(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Note (mark, organisation, first position, last position) of values that were answered as known."""
    connection.run_many(
        "INSERT INTO exchange_vault_value (mark, org, first_seq, last_seq) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (mark, org) DO UPDATE SET last_seq = excluded.last_seq",
        rows,
    )


def values_among(connection: Connection, marks: Iterable[int]) -> list[tuple[str, int, int]]:
    """Return (organisation, first position, last position) of those of the marks that were answered."""
    sql, value = connection.among(marks)
    return connection.rows(
        f"SELECT org, first_seq, last_seq FROM exchange_vault_value WHERE mark IN {sql} ORDER BY org, mark", (value,)
    )


def orgs_with_values(connection: Connection) -> list[tuple[str, int, int]]:
    """Return (organisation, first position, last position) over all its values."""
    return connection.rows(
        "SELECT org, min(first_seq), max(last_seq) FROM exchange_vault_value GROUP BY org ORDER BY org"
    )


def save_ranges(connection: Connection, ranges: Iterable[Range]) -> None:
    """Write ranges as they stand."""
    connection.run_many(
        "INSERT INTO exchange_vault_range (org, audience_set, first_seq, last_seq, reached_seq, open) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (org, audience_set, first_seq) DO UPDATE SET "
        "last_seq = excluded.last_seq, reached_seq = excluded.reached_seq, open = excluded.open",
        [(r.org, r.audience_set, r.first, r.last, r.reached, int(r.open)) for r in ranges],
    )


def drop_ranges(connection: Connection, keys: Iterable[Sequence[object]]) -> None:
    """Remove ranges that were merged into others: (organisation, audience set, first)."""
    connection.run_many("DELETE FROM exchange_vault_range WHERE org = ? AND audience_set = ? AND first_seq = ?", keys)


def ranges(connection: Connection) -> list[Range]:
    """Return all ranges, in order."""
    return [Range(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in connection.rows(
        "SELECT org, audience_set, first_seq, last_seq, reached_seq, open FROM exchange_vault_range "
        "ORDER BY org, audience_set, first_seq")]  # fmt: skip


def add_told(connection: Connection, recall: int, org: str, at: Instant) -> bool:
    """Note that an organisation is told of a recall; False where it was."""
    return bool(connection.run(
        "INSERT INTO exchange_vault_told (recall_seq, org, at) VALUES (?, ?, ?) "
        "ON CONFLICT (recall_seq, org) DO NOTHING", (recall, org, at)))  # fmt: skip


def told_of(connection: Connection, recalls: Iterable[int]) -> dict[str, Instant]:
    """Return organisation → when it was told of one of the recalls first."""
    sql, value = connection.among(recalls)
    return {row[0]: int(row[1]) for row in connection.rows(
        f"SELECT org, min(at) FROM exchange_vault_told WHERE recall_seq IN {sql} AND org <> '' GROUP BY org",
        (value,))}  # fmt: skip


def told_until(connection: Connection) -> int | None:
    """Return the last recall of which all were told who are to be; None where none ever was looked at."""
    rows = connection.rows("SELECT max(recall_seq) FROM exchange_vault_told WHERE org = ''")
    return None if not rows or rows[0][0] is None else int(rows[0][0])


def told_all(connection: Connection, recall: int, at: Instant) -> None:
    """Note that all were told who are to be, up to a recall."""
    connection.run("DELETE FROM exchange_vault_told WHERE org = ''")
    add_told(connection, recall, "", at)


# -- consents ---------------------------------------------------------------------------------------------------------


def add_consent(connection: Connection, row: Sequence[Any]) -> None:
    """Keep a request, or a consent that nobody asked for: (id, seq, entry's audience, contribution, audience,
    originator, asker, the asker's person, product, tlp, reason, at, answer, answered, by whom, why, proxy, groups)."""
    connection.run(
        "INSERT INTO exchange_consent (id, seq, entry_audience, contribution, audience, originator, asker, "
        "asker_person, product, tlp, reason, at, answer, answered, answered_by, answer_reason, proxy, parties, lapsed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING",
        row,
    )


def answer(connection: Connection, identifier: str, originator: str, row: Sequence[Any]) -> int:
    """Note an answer by the originator: (answer, instant, person, reason); the newest stands."""
    return connection.run(
        "UPDATE exchange_consent SET answer = ?, answered = ?, answered_by = ?, answer_reason = ? "
        "WHERE id = ? AND originator = ?",
        (*row, identifier, originator),
    )


def lapse(connection: Connection, contribution: str, audience: int, at: Instant) -> None:
    """End the consents on what was withdrawn from an audience."""
    connection.run(
        "UPDATE exchange_consent SET lapsed = ? WHERE contribution = ? AND audience = ? AND lapsed = 0",
        (at, contribution, audience),
    )


def consents(connection: Connection, audiences: Iterable[int], limit: int, contribution: str = "",
             identifier: str = "") -> list[Consent]:
    """Return consents that the audiences may read, the newest first: of a contribution, one, or all."""
    sql, value = connection.among(audiences)
    where, more = f"entry_audience IN {sql}", [value]
    if contribution:
        where, more = f"{where} AND contribution = ?", [*more, contribution]
    if identifier:
        where, more = f"{where} AND id = ?", [*more, identifier]
    return [
        Consent(*row[:6], Tlp(row[6]), *row[7:9], Answer(row[9]), *row[10:14],  # type: ignore[call-arg]
                bool(row[14]), tuple(row[15].split()))  # fmt: skip
        for row in connection.rows(f"{_CONSENT} WHERE {where} ORDER BY seq DESC LIMIT ?", (*more, limit))
    ]


def audience_of(connection: Connection, identifier: str) -> int:
    """Return the audience on whose items a consent rests, 0 for no such consent."""
    rows = connection.rows("SELECT audience FROM exchange_consent WHERE id = ?", (identifier,))
    return int(rows[0][0]) if rows else 0
