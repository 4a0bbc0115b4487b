"""All the SQL of accounts: who was told that theirs is idle, when people last used theirs, and what ends with one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, MetaData, String, Table

from fusioncell.kernel.clock import DAY, Instant, parse_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.members.accounts.entries import changes_in

metadata = MetaData()
"""The projection's table. ``noticed``: 0 where the count starts anew at ``since``."""

Table(
    "members_idle", metadata,
    Column("person", String(64), primary_key=True),
    Column("noticed", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip

MOST_ROWS = 100_000
"""No more people are looked at."""


def project(connection: Connection, entries: Sequence[Entry]) -> None:
    """Apply a batch of entries, in ``seq`` order; what is not of accounts is passed over."""
    for entry, change in changes_in(entries):
        connection.run(
            "INSERT INTO members_idle (person, noticed, since, seq) VALUES (?, ?, ?, ?) ON CONFLICT (person)"
            " DO UPDATE SET noticed = excluded.noticed, since = CASE WHEN excluded.since > members_idle.since THEN"
            " excluded.since ELSE members_idle.since END, seq = excluded.seq",
            (change.person, entry.at if change.told else 0, 0 if change.told else entry.at, entry.seq))


def noticed(connection: Connection) -> dict[str, tuple[Instant, Instant]]:
    """Return person → (when they were told, since when the count runs)."""
    return {person: (told, since) for person, told, since in connection.rows(
        f"SELECT person, noticed, since FROM members_idle LIMIT {MOST_ROWS}")}


def suspensions(connection: Connection) -> list[tuple[str, str, Instant]]:
    """Return (party, reason, since) of all who are suspended, the newest first."""
    return [(party, reason, since) for party, reason, since in connection.rows(
        f"SELECT party, reason, since FROM members_suspended ORDER BY seq DESC LIMIT {MOST_ROWS}")]


def last_days(connection: Connection) -> dict[str, Instant]:
    """Return person → the beginning of the day on which they last used a session or a key of theirs."""
    found: dict[str, Instant] = {}
    for person, day in connection.rows(f"SELECT person, day FROM members_vault_last LIMIT {MOST_ROWS}"):
        found[person] = day * DAY
    for person, seen in connection.rows(
            f"SELECT person, max(seen) FROM members_vault_session GROUP BY person LIMIT {MOST_ROWS}"):
        found[person] = max(found.get(person, 0), seen // DAY * DAY)
    for person, day in connection.rows(
            "SELECT person, max(used_day) FROM members_vault_key WHERE person IS NOT NULL AND used_day IS NOT NULL"
            f" GROUP BY person LIMIT {MOST_ROWS}"):
        found[person] = max(found.get(person, 0), parse_instant(day))
    return found


def end_credentials(connection: Connection, person: str, now: Instant) -> None:
    """End all by which a person could come in: keys, passkeys, password, codes. Sessions and links: see Members."""
    connection.run("UPDATE members_vault_key SET ended = ? WHERE person = ? AND ended IS NULL", (now, person))
    connection.run("DELETE FROM members_vault_passkey WHERE person = ?", (person,))
    connection.run("DELETE FROM members_vault_password WHERE person = ?", (person,))
    connection.run("DELETE FROM members_vault_totp WHERE person = ?", (person,))
    connection.run("DELETE FROM members_vault_recovery WHERE person = ?", (person,))
    connection.run("DELETE FROM members_vault_identity WHERE person = ?", (person,))
