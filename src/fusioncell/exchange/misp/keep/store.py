"""All the SQL of what the MISP door keeps. It stands in the vault: backed up, never rebuilt."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, UniqueConstraint

from fusioncell.kernel.ports import Connection

vault_metadata = MetaData()
Row = tuple[Any, ...]

Table(
    "exchange_vault_misp", vault_metadata,
    Column("model", String(32), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(255), nullable=False),
    Column("org", String(64), nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("model", "name", name="exchange_vault_misp_name"),
)  # fmt: skip
Table(
    "exchange_vault_misp_last", vault_metadata,
    Column("model", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)  # fmt: skip

_COLUMNS = "number, name, org, body"


def next_number(connection: Connection, model: str) -> int:
    """Return the next number of a model: one above every number that it ever gave."""
    connection.run(
        "INSERT INTO exchange_vault_misp_last (model, number) VALUES (?, 1) "
        "ON CONFLICT (model) DO UPDATE SET number = exchange_vault_misp_last.number + 1",
        (model,),
    )
    return int(connection.rows("SELECT number FROM exchange_vault_misp_last WHERE model = ?", (model,))[0][0])


def raise_last(connection: Connection, model: str, number: int) -> None:
    """Note that a number was given by hand, so that it is not given again."""
    connection.run(
        "INSERT INTO exchange_vault_misp_last (model, number) VALUES (?, ?) ON CONFLICT (model) DO UPDATE SET number = "
        "CASE WHEN exchange_vault_misp_last.number < excluded.number THEN excluded.number "
        "ELSE exchange_vault_misp_last.number END",
        (model, number),
    )


def add(connection: Connection, model: str, number: int, name: str, org: str, body: str) -> bool:
    """Keep a thing; False where that name is taken."""
    return bool(
        connection.run(
            "INSERT INTO exchange_vault_misp (model, number, name, org, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (model, name) DO NOTHING",
            (model, number, name, org, body),
        )
    )


def change(connection: Connection, model: str, number: int, org: str, body: str) -> bool:
    """Put another body in place of what is kept; False where there is nothing."""
    return bool(
        connection.run(
            "UPDATE exchange_vault_misp SET org = ?, body = ? WHERE model = ? AND number = ?",
            (org, body, model, number),
        )
    )


def drop(connection: Connection, model: str, number: int) -> bool:
    """Let a thing go; False where there is none."""
    return bool(connection.run("DELETE FROM exchange_vault_misp WHERE model = ? AND number = ?", (model, number)))


def by_number(connection: Connection, model: str, number: int) -> list[Row]:
    """Return the thing with this number."""
    return connection.rows(
        f"SELECT {_COLUMNS} FROM exchange_vault_misp WHERE model = ? AND number = ?", (model, number)
    )


def by_name(connection: Connection, model: str, name: str) -> list[Row]:
    """Return the thing with this name."""
    return connection.rows(f"SELECT {_COLUMNS} FROM exchange_vault_misp WHERE model = ? AND name = ?", (model, name))


def of_model(connection: Connection, model: str, limit: int) -> list[Row]:
    """Return the things of a model in order of their numbers."""
    return connection.rows(
        f"SELECT {_COLUMNS} FROM exchange_vault_misp WHERE model = ? ORDER BY number LIMIT ?", (model, limit)
    )


def count(connection: Connection, model: str) -> int:
    """Return how many things of a model are kept."""
    return int(connection.rows("SELECT count(*) FROM exchange_vault_misp WHERE model = ?", (model,))[0][0])
