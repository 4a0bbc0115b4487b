"""All the SQL of signing in. It stands in the vault (backed up, never rebuilt): hashes and sealed secrets alone.

Sessions, links and keys are tokens and stand with the membership, which asks at every request whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection, Row
from fusioncell.members.signing.model import Totp
from fusioncell.members.signing.passkeys import Passkey
from fusioncell.members.signing.slow_down import Attempts

vault_metadata = MetaData()
"""The vault's tables of signing in; changed by migrations only, never rebuilt."""

Table(
    "members_vault_password", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("changed", BigInteger, nullable=False),
)
Table(
    "members_vault_attempt", vault_metadata,
    Column("subject", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False, index=True),
)
Table(
    "members_vault_passkey", vault_metadata,
    Column("id", Text, primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)
Table(
    "members_vault_challenge", vault_metadata,
    Column("challenge", String(128), primary_key=True),
    Column("expires", BigInteger, nullable=False, index=True),
)
Table(
    "members_vault_totp", vault_metadata,
    Column("person", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("confirmed", BigInteger),
    Column("step", BigInteger, nullable=False),
)
Table(
    "members_vault_recovery", vault_metadata,
    Column("mark", String(64), primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("used", BigInteger),
)  # fmt: skip

MOST_ROWS = 1000
"""No listing is longer."""


# Passwords


def save_password(connection: Connection, person_id: str, stored: str, now: Instant) -> None:
    """Keep a person's password hash in place of an earlier one."""
    connection.run(
        "INSERT INTO members_vault_password (person, hash, changed) VALUES (?, ?, ?)"
        " ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, changed = excluded.changed",
        (person_id, stored, now))


def password_of(connection: Connection, person_id: str) -> str | None:
    """Return a person's password hash."""
    rows = connection.rows("SELECT hash FROM members_vault_password WHERE person = ?", (person_id,))
    return rows[0][0] if rows else None


# Passkeys

def _passkey(row: Row) -> Passkey:
    ident, person_id, public_key, uses, label, created = row
    return Passkey(ident, person_id, bytes(public_key), uses, label, created)


_PASSKEY = "SELECT id, person, public_key, uses, label, created FROM members_vault_passkey"


def save_passkey(connection: Connection, passkey: Passkey) -> bool:
    """Keep a new passkey; False where its id is taken."""
    return connection.run(
        "INSERT INTO members_vault_passkey (id, person, public_key, uses, label, created) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (passkey.id, passkey.person, passkey.public_key, passkey.uses, passkey.label, passkey.created)) == 1


def passkey_of_id(connection: Connection, identifier: str) -> Passkey | None:
    """Return the passkey with this credential id."""
    rows = connection.rows(f"{_PASSKEY} WHERE id = ?", (identifier,))
    return _passkey(rows[0]) if rows else None


def passkeys_of(connection: Connection, person_id: str) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return [_passkey(row) for row in connection.rows(
        f"{_PASSKEY} WHERE person = ? ORDER BY created LIMIT {MOST_ROWS}", (person_id,))]


def use_passkey(connection: Connection, identifier: str, uses: int) -> None:
    """Keep a passkey's new signature counter."""
    connection.run("UPDATE members_vault_passkey SET uses = ? WHERE id = ?", (uses, identifier))


def end_passkey(connection: Connection, identifier: str, person_id: str) -> int:
    """Delete one of a person's passkeys; 0 where there is none."""
    return connection.run("DELETE FROM members_vault_passkey WHERE id = ? AND person = ?", (identifier, person_id))


def use_challenge(connection: Connection, challenge: bytes, expires: Instant) -> bool:
    """Note a challenge as used; False where it was used before."""
    return connection.run("INSERT INTO members_vault_challenge (challenge, expires) VALUES (?, ?)"
                          " ON CONFLICT (challenge) DO NOTHING", (challenge.hex(), expires)) == 1


# Attempts

def attempts_of(connection: Connection, subject: str) -> Attempts:
    """Return the attempts counted for a subject and hold its row until the transaction ends."""
    connection.run("INSERT INTO members_vault_attempt (subject, count, last) VALUES (?, 0, 0)"
                   " ON CONFLICT (subject) DO UPDATE SET count = members_vault_attempt.count", (subject,))
    count, last = connection.rows("SELECT count, last FROM members_vault_attempt WHERE subject = ?", (subject,))[0]
    return Attempts(count, last)


def save_attempts(connection: Connection, subject: str, attempts: Attempts) -> None:
    """Keep the attempts counted for a subject."""
    connection.run("UPDATE members_vault_attempt SET count = ?, last = ? WHERE subject = ?",
                   (attempts.count, attempts.last, subject))


def forgive(connection: Connection, account: str, address: str) -> None:
    """The password was right: forget the account's failures and give the address its attempt back."""
    connection.run("DELETE FROM members_vault_attempt WHERE subject = ?", (account,))
    connection.run("UPDATE members_vault_attempt SET count = count - 1 WHERE subject = ? AND count > 0", (address,))


def take_back(connection: Connection, subject: str) -> None:
    """It was right after all: give the subject its attempt back."""
    connection.run("UPDATE members_vault_attempt SET count = count - 1 WHERE subject = ? AND count > 0", (subject,))


def forget_ended(connection: Connection, before: Instant) -> None:
    """Delete attempts whose last was, and challenges that expired, before an instant."""
    connection.run("DELETE FROM members_vault_attempt WHERE last < ?", (before,))
    connection.run("DELETE FROM members_vault_challenge WHERE expires < ?", (before,))


# Codes of an app


def save_totp(connection: Connection, person_id: str, sealed: bytes) -> bool:
    """Keep a new secret in place of one that was never confirmed; False where a confirmed one stands."""
    return connection.run(
        "INSERT INTO members_vault_totp (person, sealed, confirmed, step) VALUES (?, ?, NULL, 0)"
        " ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, step = 0"
        " WHERE members_vault_totp.confirmed IS NULL", (person_id, sealed)) == 1


def totp_of(connection: Connection, person_id: str) -> Totp | None:
    """Return a person's secret, confirmed or not."""
    rows = connection.rows("SELECT sealed, confirmed, step FROM members_vault_totp WHERE person = ?", (person_id,))
    return Totp(bytes(rows[0][0]), rows[0][1] is not None, rows[0][2]) if rows else None


def confirm_totp(connection: Connection, person_id: str, now: Instant) -> None:
    """Note that a code of the secret was given: from now on the password alone does not suffice."""
    connection.run("UPDATE members_vault_totp SET confirmed = ? WHERE person = ? AND confirmed IS NULL",
                   (now, person_id))


def use_step(connection: Connection, person_id: str, step: int) -> bool:
    """Use up the code of a step; False where it or a later one was used. Of two at once, one wins."""
    return connection.run("UPDATE members_vault_totp SET step = ? WHERE person = ? AND step < ?",
                          (step, person_id, step)) == 1


def end_totp(connection: Connection, person_id: str) -> int:
    """Delete a person's secret; 0 where there is none."""
    return connection.run("DELETE FROM members_vault_totp WHERE person = ?", (person_id,))


# Recovery codes


def save_recovery(connection: Connection, person_id: str, marks: Iterable[bytes]) -> None:
    """Keep new codes in place of all earlier ones."""
    connection.run("DELETE FROM members_vault_recovery WHERE person = ?", (person_id,))
    connection.run_many("INSERT INTO members_vault_recovery (mark, person) VALUES (?, ?)",
                        [(mark.hex(), person_id) for mark in marks])


def use_recovery(connection: Connection, person_id: str, mark: bytes, now: Instant) -> bool:
    """Use a code up; False where it is none or was used. Of two at once, one wins."""
    return connection.run("UPDATE members_vault_recovery SET used = ? WHERE mark = ? AND person = ? AND used IS NULL",
                          (now, mark.hex(), person_id)) == 1


def count_recovery(connection: Connection, person_id: str) -> int:
    """Count the codes that a person has left."""
    rows = connection.rows("SELECT count(*) FROM members_vault_recovery WHERE person = ? AND used IS NULL",
                           (person_id,))
    return int(rows[0][0])
