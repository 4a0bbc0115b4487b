"""All the SQL of providers' accounts. It stands in the vault: backed up, never rebuilt."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text

from fusioncell.kernel.ports import Connection
from fusioncell.members.oidc.model import Identity

vault_metadata = MetaData()

Table(
    "members_vault_identity", vault_metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("label", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)  # fmt: skip

_IDENTITY = "SELECT issuer, subject, person, label, created FROM members_vault_identity"


def save(connection: Connection, identity: Identity) -> bool:
    """Link an account; False where it is linked already."""
    return connection.run(
        "INSERT INTO members_vault_identity (issuer, subject, person, label, created) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (issuer, subject) DO NOTHING",
        (identity.issuer, identity.subject, identity.person, identity.label, identity.created)) == 1


def find(connection: Connection, issuer: str, subject: str) -> Identity | None:
    """Return a linked account."""
    rows = connection.rows(f"{_IDENTITY} WHERE issuer = ? AND subject = ?", (issuer, subject))
    return Identity(*rows[0]) if rows else None


def of_person(connection: Connection, person: str) -> list[Identity]:
    """Return the accounts that are linked with a person, the oldest first."""
    return [Identity(*row) for row in connection.rows(
        f"{_IDENTITY} WHERE person = ? ORDER BY created, subject LIMIT 100", (person,))]


def end(connection: Connection, issuer: str, subject: str, person: str) -> int:
    """Unlink an account of a person; 0 where there is none."""
    return connection.run("DELETE FROM members_vault_identity WHERE issuer = ? AND subject = ? AND person = ?",
                          (issuer, subject, person))
