"""SQLite and PostgreSQL behind one port.

SQLAlchemy pools the connections and creates the tables; statements go straight to the driver, because a point
look-up through Core costs three times the driver's (STACK.md). SQL is written with ``?`` marks and without ``%``.

SQLite: WAL, ``synchronous=FULL`` where the data is the truth (record, vault), ``NORMAL`` for projections, which can
be rebuilt; one writer at a time per file, many readers. PostgreSQL: one schema per database.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, MetaData, String, create_engine, event, text
from sqlalchemy.pool import QueuePool

from fusioncell.kernel.ports import storable

Row = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode


class SqliteConnection:
    """A transaction on SQLite."""

    dialect = "sqlite"

    def __init__(self, raw: Any) -> None:
        self._cursor = raw.cursor()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query and return its rows."""
        return self._cursor.execute(sql, parameters).fetchall()  # type: ignore[no-any-return]

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return the number of rows it touched."""
        return self._cursor.execute(sql, parameters).rowcount  # type: ignore[no-any-return]

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row."""
        self._cursor.executemany(sql, rows)

    def among(self, values: Iterable[int | str | bytes]) -> tuple[str, Any]:
        """One parameter for many values, by ``json_each``; bytes are not taken."""
        listed = _json_list(values) if isinstance(values, frozenset) else _json(list(values))
        return "(SELECT value FROM json_each(?))", listed


@lru_cache(maxsize=256)
def _json_list(values: frozenset[int | str | bytes]) -> str:
    """Write a set as JSON. Remembered, because the set of a viewer's audiences comes with nearly every query."""
    return _json(list(values))


def _json(values: list[int | str | bytes]) -> str:
    try:
        return _encode(values).decode() if not values or type(values[0]) is not bytes else json.dumps(values)
    except (UnicodeEncodeError, TypeError):  # a lone surrogate, which can only be escaped; a text of another class
        return json.dumps(values)


_SMALLINT = 21
"""The type ``int2`` in PostgreSQL's catalogue."""
_PG_TYPES = {int: "bigint", str: "text", bytes: "bytea"}


def _askable(parameters: Sequence[Any]) -> Sequence[Any]:
    """Let a look-up of a text with a NUL, which no PostgreSQL holds, find nothing rather than fail."""
    if any(type(value) is str and "\0" in value for value in parameters):
        return [storable(value) if isinstance(value, str) else value for value in parameters]
    return parameters


class PostgresConnection:
    """A transaction on PostgreSQL."""

    dialect = "postgresql"
    _translated: dict[str, str] = {}

    def __init__(self, raw: Any) -> None:
        self._cursor = raw.cursor()

    def _sql(self, sql: str) -> str:
        known = self._translated.get(sql)
        if known is None:
            known = sql.replace("?", "%s")
            if len(self._translated) < 2000:
                self._translated[sql] = known
        return known

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Run a query and return its rows."""
        self._cursor.execute(self._sql(sql), _askable(parameters))
        return self._cursor.fetchall()  # type: ignore[no-any-return]

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement and return the number of rows it touched."""
        self._cursor.execute(self._sql(sql), _askable(parameters))
        return self._cursor.rowcount  # type: ignore[no-any-return]

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row (pipelined by psycopg)."""
        self._cursor.executemany(self._sql(sql), list(rows))

    def among(self, values: Iterable[int | str | bytes]) -> tuple[str, Any]:
        """One array parameter for many values."""
        items = list(values)
        kind = _PG_TYPES[type(items[0])] if items else "bigint"
        return f"(SELECT unnest(?::{kind}[]))", items


class SqlDatabase:
    """One of the hub's databases."""

    def __init__(self, engine: Engine, dialect: str, *, writer_mb: int = 0) -> None:
        self._engine = engine
        self._writer_mb = writer_mb
        self.dialect = dialect
        self._writing = threading.Lock()
        self._readers: list[Any] = []
        self._writer: Any = None

    @contextmanager
    def read(self) -> Iterator[Any]:
        """Open a read transaction: one snapshot."""
        if self.dialect == "sqlite":
            # A checkout of the pool costs more than the look-up that it is for; a list is enough for readers.
            try:
                reader = self._readers.pop()
            except IndexError:  # asked and popped in one step: another thread may take the last one
                reader = self._new_connection()
            try:
                reader.execute("BEGIN")
                yield SqliteConnection(reader)
            finally:
                if reader.in_transaction:
                    reader.execute("ROLLBACK")
                self._readers.append(reader)
            return
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresConnection(raw)
        finally:
            self._end(raw, commit=False)

    def _new_connection(self) -> Any:
        checked_out = self._engine.raw_connection()
        checked_out.detach()
        return checked_out.dbapi_connection

    @contextmanager
    def write(self) -> Iterator[Any]:
        """Open a write transaction; durable when the block ends."""
        if self.dialect == "sqlite":
            with self._writing:
                # One writer for good: a page cache stays warm only in the connection that writes.
                if self._writer is None:
                    self._writer = self._new_connection()
                    self._writer.execute(f"PRAGMA cache_size=-{self._writer_mb * 1024}")
                writer, done = self._writer, False
                writer.execute("BEGIN IMMEDIATE")
                try:
                    yield SqliteConnection(writer)
                    done = True
                finally:
                    if writer.in_transaction:
                        writer.execute("COMMIT" if done else "ROLLBACK")
            return
        raw = self._engine.raw_connection()
        done = False
        try:
            yield PostgresConnection(raw)
            done = True
        finally:
            self._end(raw, commit=done)

    def _end(self, raw: Any, *, commit: bool) -> None:
        try:
            if commit:
                raw.commit()
            else:
                raw.rollback()
        finally:
            raw.close()

    def create(self, *tables: MetaData) -> None:
        """Create the tables that are missing; of several processes that start at once, one does it.

        Text sorts by code point on both databases, whatever locale a PostgreSQL was set up with.
        """
        with self._engine.begin() as connection:
            if self.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(1179863883)"))
                tables = tuple(_by_code_point(metadata) for metadata in tables)
            for metadata in tables:
                metadata.create_all(connection)

    def drop(self, *tables: MetaData) -> None:
        """Drop the tables, where they exist, the first ones last; on PostgreSQL all of them or none."""
        with self._engine.begin() as connection:
            for metadata in reversed(tables):
                metadata.drop_all(connection)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for migrations."""
        return self._engine

    def close(self) -> None:
        """Close all pooled connections."""
        while self._readers:
            self._readers.pop().close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._engine.dispose()

    def checkpoint(self) -> None:
        """Fold SQLite's write-ahead log into the file, so that it is short at rest."""
        if self.dialect == "sqlite":
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()


def _by_code_point(metadata: MetaData) -> MetaData:
    """Return tables as PostgreSQL makes them.

    Which rows an index is of stands in its ``info``: said to the index itself, it would load PostgreSQL's dialect, with
    a driver that nobody uses, into each hub on SQLite (6 MB).
    """
    copied = MetaData()
    for table in metadata.sorted_tables:
        parts = {index.name: index.info["where"] for index in table.indexes if "where" in index.info}
        made = table.to_metadata(copied)
        for column in made.columns:
            if isinstance(column.type, String):
                column.type = type(column.type)(column.type.length, collation="C")
        for index in made.indexes:
            if index.name in parts:
                index.dialect_options["postgresql"]["where"] = parts[index.name]
    return copied


def open_sqlite(path: Path | str, *, durable: bool = True, cache_mb: int = 16) -> SqlDatabase:
    """Open (or make) an SQLite database in WAL mode. ``durable``: every commit is on disk before it returns.

    ``cache_mb``: of the writer's pages. A reader has a quarter: each thread that reads has its own.
    """
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=60,
        connect_args={"check_same_thread": False, "isolation_level": None, "timeout": 30.0, "cached_statements": 512},
    )

    @event.listens_for(engine, "connect")
    def _set(raw: Any, _record: Any) -> None:
        cursor = raw.cursor()
        for pragma in (
            "page_size=8192",
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "wal_autocheckpoint=5000",
            f"cache_size=-{cache_mb * 256}",
            "temp_store=MEMORY",
            # What is deleted is overwritten, so that no file holds what was erased (DESIGN rule 13).
            "secure_delete=ON",
            "foreign_keys=ON",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return SqlDatabase(engine, "sqlite", writer_mb=cache_mb)


@cache
def _flag_dumper() -> Any:
    """Return what writes a bool as 0 or 1, as SQLite does: flags are small integers in every table.

    Made when first asked for: a hub on SQLite does not carry PostgreSQL's driver (9 MB).
    """
    from psycopg.adapt import Dumper

    class FlagDumper(Dumper):
        oid = _SMALLINT

        def dump(self, obj: Any) -> bytes:
            return b"1" if obj else b"0"

    return FlagDumper


def open_postgres(url: str, schema: str) -> SqlDatabase:
    """Open one schema of a PostgreSQL database, making the schema where it is missing."""
    address = url.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(
        address, pool_size=4, max_overflow=28, pool_pre_ping=True, connect_args={"options": f"-csearch_path={schema}"}
    )

    @event.listens_for(engine, "connect")
    def _set(raw: Any, _record: Any) -> None:
        raw.adapters.register_dumper(bool, _flag_dumper())

    with engine.begin() as connection:
        # IF NOT EXISTS alone does not hold against another process that is making it too.
        connection.execute(text("SELECT pg_advisory_xact_lock(1179863883)"))
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    return SqlDatabase(engine, "postgresql")
