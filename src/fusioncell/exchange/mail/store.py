"""All the SQL of the outbox. It stands in the vault: backed up, never rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

from fusioncell.exchange.mail.model import Bounce
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection, Letter

vault_metadata = MetaData()

Table(
    "exchange_vault_mail", vault_metadata,
    Column("id", String(64), primary_key=True),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("about", String(64), nullable=False),
    Column("once", Text, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    Index("exchange_vault_mail_due", "state", "due"),
)  # fmt: skip
Table(
    "exchange_vault_mail_bounce", vault_metadata,
    Column("address", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
)  # fmt: skip


def add(connection: Connection, letter: Letter, about: str, once: str | None) -> None:
    """Keep a mail, due at once; of several with one key the first stays."""
    connection.run(
        "INSERT INTO exchange_vault_mail (id, recipient, subject, text, about, once, at, state, due, tries, fault)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, 0, '') ON CONFLICT (once) DO NOTHING",
        (letter.id, letter.to, letter.subject, letter.text, about, once, letter.at, letter.at),
    )


def take_due(connection: Connection, now: Instant, lease: Instant, limit: int) -> list[tuple[Letter, int]]:
    """Take the mails that are due, each with its tries so far; until ``lease`` no other process takes them."""
    rows = connection.rows(
        "SELECT id, recipient, subject, text, at, tries, due FROM exchange_vault_mail"
        " WHERE state = 'waiting' AND due <= ? ORDER BY due, id LIMIT ?", (now, limit))
    return [
        (Letter(*row[:5]), row[5]) for row in rows
        if connection.run("UPDATE exchange_vault_mail SET due = ? WHERE id = ? AND due = ? AND state = 'waiting'",
                          (lease, row[0], row[6]))
    ]  # fmt: skip


def sent(connection: Connection, id: str, now: Instant) -> None:
    """Note that a mail was sent; its text is deleted, its key stays."""
    connection.run("UPDATE exchange_vault_mail SET state = 'sent', text = '', due = ?, fault = '' WHERE id = ?",
                   (now, id))


def again(connection: Connection, id: str, due: Instant, tries: int, fault: str) -> None:
    """Note when a mail is due again, and why."""
    connection.run("UPDATE exchange_vault_mail SET due = ?, tries = ?, fault = ? WHERE id = ?",
                   (due, tries, fault, id))


def dead(connection: Connection, id: str, now: Instant, fault: str) -> None:
    """Note that a mail is not tried any more, and why."""
    connection.run("UPDATE exchange_vault_mail SET state = 'dead', due = ?, fault = ? WHERE id = ?", (now, fault, id))


def revive(connection: Connection, id: str, now: Instant) -> int:
    """Make a dead letter due again; its age counts from now."""
    return connection.run("UPDATE exchange_vault_mail SET state = 'waiting', due = ?, at = ?, tries = 0"
                          " WHERE id = ? AND state = 'dead'", (now, now, id))


def counts(connection: Connection) -> dict[str, int]:
    """Return how many mails stand in each state."""
    return dict(connection.rows("SELECT state, COUNT(*) FROM exchange_vault_mail GROUP BY state"))


def dead_letters(connection: Connection, limit: int) -> list[Sequence[object]]:
    """Return the newest dead letters: (id, recipient, about, at, fault)."""
    return list(connection.rows(
        "SELECT id, recipient, about, at, fault FROM exchange_vault_mail WHERE state = 'dead'"
        " ORDER BY due DESC, id LIMIT ?", (limit,)))


def mark(connection: Connection, bounce: Bounce) -> None:
    """Mark an address as refused."""
    connection.run("INSERT INTO exchange_vault_mail_bounce (address, at, reason) VALUES (?, ?, ?)"
                   " ON CONFLICT (address) DO UPDATE SET at = excluded.at, reason = excluded.reason",
                   (bounce.address, bounce.at, bounce.reason))


def unmark(connection: Connection, address: str) -> None:
    """Take the mark off an address."""
    connection.run("DELETE FROM exchange_vault_mail_bounce WHERE address = ?", (address,))


def bounce(connection: Connection, address: str) -> Bounce | None:
    """Return the mark of an address, if it has one."""
    rows = connection.rows("SELECT address, at, reason FROM exchange_vault_mail_bounce WHERE address = ?", (address,))
    return Bounce(*rows[0]) if rows else None


def forget(connection: Connection, address: str) -> None:
    """Delete all that stands here of an address (erasure, DESIGN rule 13)."""
    connection.run("DELETE FROM exchange_vault_mail WHERE recipient = ?", (address,))
    unmark(connection, address)


def tidy(connection: Connection, before: Instant) -> None:
    """Delete what was sent or given up before an instant."""
    connection.run("DELETE FROM exchange_vault_mail WHERE state <> 'waiting' AND due < ?", (before,))
