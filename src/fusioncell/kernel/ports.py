"""The ports: what a room may ask of the outside world. ``edges`` implements them, ``bootstrap`` joins the two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness

__all__ = ["Clock", "Connection", "Database", "Randomness", "storable"]

Row = tuple[Any, ...]


def storable(text: str) -> str:
    """Return a text as every database can hold it: PostgreSQL's has no NUL, which JSON's escapes and CSV can bring."""
    return text.replace("\0", "\ufffd")


class Connection(Protocol):
    """A transaction on one database. SQL is written with ``?`` marks and runs on SQLite and PostgreSQL alike."""

    dialect: str
    """``sqlite`` or ``postgresql``."""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query and return all its rows. Bound it in the SQL (LIMIT, or a key)."""
        ...

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return the number of rows it touched."""
        ...

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of parameters."""
        ...

    def among(self, values: Iterable[int | str | bytes]) -> tuple[str, Any]:
        """Return ``(sql, parameter)`` for "column IN sql" over many values of one type, with one parameter.

        >>> sql, value = connection.among(ids)
        >>> connection.rows(f"SELECT name FROM t WHERE id IN {sql}", (value,))
        """
        ...


class Database(Protocol):
    """One of the hub's databases: the record, the vault or the projections."""

    dialect: str

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read transaction: one consistent snapshot."""
        ...

    def write(self) -> AbstractContextManager[Connection]:
        """Open a write transaction: committed durably when the block ends, rolled back when it raises."""
        ...
