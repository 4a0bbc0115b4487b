"""Tables as ordered text, so that two databases can be compared: every row, by primary key, one canonical form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import MetaData, String, Table, Text, collate, inspect, select

from fusioncell.edges.database import SqlDatabase

_AT_ONCE = 10_000
MAX_SHOWN = 3


@dataclass(frozen=True, slots=True)
class TableDump:
    """A table's digest and number of rows."""

    table: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row in which two tables differ: its number from 0, and each side's row ("" where there is none)."""

    table: str
    row: int
    left: str
    right: str


def tables_of(metadata: Sequence[MetaData]) -> list[Table]:
    """Return all tables, by name."""
    return sorted((table for one in metadata for table in one.tables.values()), key=lambda table: table.name)


def rows_of(database: SqlDatabase, table: Table) -> Iterator[str]:
    """Yield a table's rows as text, ordered by primary key (all columns where it has none), a batch in memory."""
    keys = list(table.primary_key.columns) or list(table.columns)
    order: list[Any] = keys
    if database.dialect == "postgresql":  # bytes, not a language, decide: the same order on every machine
        order = [collate(key, "C") if isinstance(key.type, (String, Text)) else key for key in keys]
    if not inspect(database.engine).has_table(table.name):
        return
    with database.engine.connect() as connection:
        found = connection.execution_options(yield_per=_AT_ONCE).execute(select(*table.columns).order_by(*order))
        for part in found.partitions():
            for row in part:
                yield json.dumps([_plain(value) for value in row], ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, memoryview)):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, bool):
        return int(value)
    return value


def dump(database: SqlDatabase, metadata: Sequence[MetaData]) -> list[TableDump]:
    """Return the digest of every table."""
    made = []
    for table in tables_of(metadata):
        digest, count = hashlib.sha256(), 0
        for row in rows_of(database, table):
            digest.update(row.encode() + b"\n")
            count += 1
        made.append(TableDump(table.name, count, digest.hexdigest()))
    return made


def differences(left: SqlDatabase, right: SqlDatabase, metadata: Sequence[MetaData], name: str) -> list[Difference]:
    """Return the first rows in which a table differs between two databases."""
    table = next(one for one in tables_of(metadata) if one.name == name)
    found: list[Difference] = []
    for number, (a, b) in enumerate(zip_longest(rows_of(left, table), rows_of(right, table), fillvalue="")):
        if a != b:
            found.append(Difference(name, number, a, b))
            if len(found) == MAX_SHOWN:
                break
    return found
