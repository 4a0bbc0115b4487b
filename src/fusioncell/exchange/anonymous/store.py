"""All the SQL of anonymous contribution: what waits, and which contribution each pseudonym made. In the vault."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, String, Table, Text

from fusioncell.exchange.anonymous.model import Held
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()
# Without row numbers: the place of a row tells nothing of when it came. ``due`` is random.
Table(
    "exchange_vault_anonymous", vault_metadata,
    Column("pseudonym", String(64), primary_key=True),
    Column("due", BigInteger, index=True),
    Column("held", LargeBinary, nullable=False),
    Column("contribution", String(64), nullable=False),
    Column("fault", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip

_decode = msgspec.msgpack.Decoder(Held).decode


def hold(connection: Connection, pseudonym: str, due: Instant, held: Held) -> None:
    """Keep a submission until it is due."""
    connection.run(
        "INSERT INTO exchange_vault_anonymous (pseudonym, due, held, contribution, fault) VALUES (?, ?, ?, '', '')",
        (pseudonym, due, msgspec.msgpack.encode(held)),
    )


def count_waiting(connection: Connection) -> int:
    """Return how many wait."""
    return int(connection.rows("SELECT count(*) FROM exchange_vault_anonymous WHERE due IS NOT NULL")[0][0])


def due(connection: Connection, now: Instant, limit: int) -> list[tuple[str, Held]]:
    """Return what is due, in the order of the pseudonyms, which is none."""
    return [(pseudonym, _decode(bytes(held))) for pseudonym, held in connection.rows(
        "SELECT pseudonym, held FROM exchange_vault_anonymous WHERE due <= ? ORDER BY pseudonym LIMIT ?", (now, limit))]


def released(connection: Connection, pseudonym: str, contribution: str, fault: str) -> None:
    """Note what became of it; what waited is forgotten."""
    connection.run(
        "UPDATE exchange_vault_anonymous SET due = NULL, held = ?, contribution = ?, fault = ? WHERE pseudonym = ?",
        (b"", contribution, fault, pseudonym),
    )


def drop(connection: Connection, pseudonym: str) -> bool:
    """Forget a submission that still waits; False where it is out already."""
    return bool(connection.run(
        "DELETE FROM exchange_vault_anonymous WHERE pseudonym = ? AND due IS NOT NULL", (pseudonym,)))


def of_pseudonym(connection: Connection, pseudonym: str) -> tuple[bool, str, str] | None:
    """Return (waiting, contribution, fault) of a pseudonym."""
    rows = connection.rows(
        "SELECT due IS NOT NULL, contribution, fault FROM exchange_vault_anonymous WHERE pseudonym = ?", (pseudonym,))
    return (bool(rows[0][0]), rows[0][1], rows[0][2]) if rows else None
