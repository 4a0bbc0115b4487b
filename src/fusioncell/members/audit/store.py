"""All the SQL of the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection
from fusioncell.members.audit.model import Line

vault_metadata = MetaData()
_key = BigInteger().with_variant(Integer, "sqlite")

Table(
    "members_vault_audit", vault_metadata,
    Column("number", _key, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("org", String(64), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("members_vault_audit_of", "org", "number"),
    Index("members_vault_audit_by", "actor", "number"),
)  # fmt: skip

_LINE = "SELECT number, at, org, actor, action, subject, detail FROM members_vault_audit"


def add(connection: Connection, line: Line) -> None:
    """Write a line; the database numbers it."""
    connection.run(
        "INSERT INTO members_vault_audit (at, org, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (line.at, line.org, line.actor, line.action, line.subject, line.detail),
    )


def lines(connection: Connection, org: str | None, before: int, limit: int, action: str) -> list[Line]:
    """Return lines before a number, the newest first: of one organisation (None: all), of one action ("": all)."""
    where, values = ["number < ?"], [before]
    more: list[object] = []
    if org is not None:
        where.append("org = ?")
        more.append(org)
    if action:
        where.append("action = ?")
        more.append(action)
    return [Line(*row) for row in connection.rows(
        f"{_LINE} WHERE {' AND '.join(where)} ORDER BY number DESC LIMIT ?", (*values, *more, limit))]


def lines_of(connection: Connection, actor: str, limit: int) -> list[Line]:
    """Return the newest lines of what one party did."""
    return [Line(*row) for row in connection.rows(
        f"{_LINE} WHERE actor = ? ORDER BY number DESC LIMIT ?", (actor, limit))]


def forget_actor(connection: Connection, actor: str, subject: str) -> None:
    """Take a person's id out of all lines: they stay, and name nobody (erasure, DESIGN rule 13)."""
    connection.run("UPDATE members_vault_audit SET actor = 'person:erased' WHERE actor = ?", (actor,))
    connection.run("UPDATE members_vault_audit SET subject = 'erased', detail = '' WHERE subject = ?", (subject,))


def forget_before(connection: Connection, at: Instant) -> None:
    """Delete lines that are older than their retention."""
    connection.run("DELETE FROM members_vault_audit WHERE at < ?", (at,))
