"""All the SQL of sealed identities: officers (a projection), boxes and cases (in the vault)."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection
from fusioncell.members.sealing.entries import OfficerNamed
from fusioncell.members.sealing.model import Box, Case

metadata = MetaData()
Table(
    "members_officer", metadata,
    Column("person", String(64), primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)  # fmt: skip

vault_metadata = MetaData()
# Without row numbers: a row's place tells nothing of when it came.
Table(
    "members_vault_sealed", vault_metadata,
    Column("pseudonym", String(64), primary_key=True),
    Column("box", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
Table(
    "members_vault_reveal", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("pseudonym", String(64), nullable=False, index=True),
    Column("contribution", String(64), nullable=False),
    Column("first", String(64), nullable=False),
    Column("second", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("shares", LargeBinary, nullable=False),
    Column("person", String(64), nullable=False, index=True),
)  # fmt: skip

_CASE = (
    "SELECT id, pseudonym, contribution, first, second, reason, basis, state, opened, ended FROM members_vault_reveal"
)
_box = msgspec.msgpack.Decoder(Box).decode
_shares = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def apply(connection: Connection, entry: Entry, change: OfficerNamed) -> None:
    """Apply one entry."""
    if not change.active:
        connection.run("DELETE FROM members_officer WHERE person = ?", (change.person,))
        return
    connection.run(
        "INSERT INTO members_officer (person, public_key, since, seq) VALUES (?, ?, ?, ?) ON CONFLICT (person) "
        "DO UPDATE SET public_key = excluded.public_key, since = excluded.since, seq = excluded.seq",
        (change.person, change.public_key, entry.at, entry.seq),
    )


def officers(connection: Connection) -> list[tuple[str, bytes, Instant]]:
    """Return (person, public key, since) of the officers, in order of their ids."""
    return [(person, bytes(key), since) for person, key, since in connection.rows(
        "SELECT person, public_key, since FROM members_officer ORDER BY person LIMIT 100")]


def keep_box(connection: Connection, pseudonym: str, box: Box) -> None:
    """Keep a sealed identity."""
    connection.run("INSERT INTO members_vault_sealed (pseudonym, box) VALUES (?, ?)",
                   (pseudonym, msgspec.msgpack.encode(box)))


def box_of(connection: Connection, pseudonym: str) -> Box | None:
    """Return the sealed identity of a pseudonym."""
    rows = connection.rows("SELECT box FROM members_vault_sealed WHERE pseudonym = ?", (pseudonym,))
    return _box(bytes(rows[0][0])) if rows else None


def open_case(connection: Connection, case: Case) -> None:
    """Write a new case."""
    connection.run(
        "INSERT INTO members_vault_reveal (id, pseudonym, contribution, first, second, reason, basis, state, opened, "
        "ended, shares, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, '')",
        (case.id, case.pseudonym, case.contribution, case.first, case.second, case.reason, case.basis, case.state,
         case.opened, msgspec.msgpack.encode({})),
    )


def case_of_id(connection: Connection, identifier: str) -> tuple[Case, dict[str, bytes]] | None:
    """Return a case and the shares that its first officer handed over, by the officer to whom each is sealed."""
    rows = connection.rows(f"{_CASE.replace(' FROM', ', shares FROM')} WHERE id = ?", (identifier,))
    return (_case(rows[0][:10]), _shares(bytes(rows[0][10]))) if rows else None


def cases(connection: Connection, limit: int) -> list[Case]:
    """Return the newest cases."""
    return [_case(row) for row in connection.rows(f"{_CASE} ORDER BY opened DESC, id LIMIT ?", (limit,))]


def cases_of_pseudonym(connection: Connection, pseudonym: str) -> list[Case]:
    """Return the cases on a pseudonym, for its author."""
    return [_case(row) for row in connection.rows(
        f"{_CASE} WHERE pseudonym = ? ORDER BY opened, id LIMIT 100", (pseudonym,))]


def cases_of_person(connection: Connection, person: str) -> list[Case]:
    """Return the cases in which a person was revealed."""
    return [_case(row) for row in connection.rows(
        f"{_CASE} WHERE person = ? ORDER BY opened, id LIMIT 100", (person,))]


def hand_shares(connection: Connection, identifier: str, shares: dict[str, bytes]) -> bool:
    """Note the shares that the first officer handed over; False where the case is not waiting for them."""
    return bool(connection.run(
        "UPDATE members_vault_reveal SET shares = ?, state = 'shared' WHERE id = ? AND state IN ('open', 'shared')",
        (msgspec.msgpack.encode(shares), identifier)))


def end_case(connection: Connection, identifier: str, state: str, second: str, person: str, at: Instant) -> bool:
    """End a case; False where it had ended."""
    return bool(connection.run(
        "UPDATE members_vault_reveal SET state = ?, second = ?, person = ?, ended = ?, shares = ? "
        "WHERE id = ? AND ended IS NULL",
        (state, second, person, at, msgspec.msgpack.encode({}), identifier)))


def _case(row: tuple[Any, ...]) -> Case:
    return Case(*row)
