"""What all tests share: compiled modules, and the empty tables of a hub, made once a process and copied into each new
folder.

A hub's tables take 65 ms to make and 11 ms to copy; some two thousand tests open a hub. Whatever stands in a folder
already, and every hub on PostgreSQL, is opened as it is; ``tests/contract/test_migrations.py`` makes its tables by the
steps themselves.
"""

from __future__ import annotations

import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx._transports.default as httpx_transports
import pytest

import fusioncell.bootstrap.hub as bootstrap_hub
from databases import settings_for
from fusioncell.bootstrap import open_databases
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.folder import Folder
from fusioncell.kernel.settings import Settings

# Containers often forbid Python to keep what it has compiled: each process that a test starts would compile all again,
# which takes longer than what it is to do.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The folders of tests lie in memory where there is plenty: each commit of a hub waits for the disk, and no test pulls
# the plug. A folder goes when its test has passed (``tmp_path_retention_policy``), so that little is held at once.
_MEMORY, _PLENTY = Path("/dev/shm"), 6 << 30  # noqa: S108 (pytest makes a folder of its own in it)


def _free_memory() -> int:
    """Return how many bytes files in memory may take, 0 where there are none or it is not told."""
    try:
        told = dict(line.split(":") for line in Path("/proc/meminfo").read_text("ascii").splitlines())
        return min(shutil.disk_usage(_MEMORY).free, int(told["MemAvailable"].split()[0]) << 10)
    except (OSError, KeyError, ValueError):
        return 0


if os.access(_MEMORY, os.W_OK) and _free_memory() > _PLENTY:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

_NAMES = ("record", "vault", "projections")
_LONGEST = (
    "flow/test_non_interference.py", "browser/test_axe_samples.py", "flow/test_leak_matrix.py",
    "flow/test_leak_changes.py", "flow/test_cli.py", "contract/test_rooms.py", "flow/test_schemathesis.py",
    "flow/test_edge_privacy.py", "browser/test_tour.py", "browser/test_first_hour.py", "flow/test_rebuild.py",
    "flow/test_bad_input.py", "rules/test_catalogues.py", "flow/test_resolvers.py", "flow/test_kill.py",
    "flow/test_demo.py", "contract/test_talk.py", "contract/test_translog.py", "corpus/test_round_trip.py",
    "flow/test_anonymous.py", "contract/test_triage.py", "contract/test_review_machines.py", "unit/test_backtest.py",
)  # fmt: skip
"""Files that take longest, the longest first (``pytest --durations``)."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin: a worker takes whole files, and would run the last one while all others are idle."""
    here = Path(__file__).parent
    rank = {here / name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: rank.get(item.path, len(rank)))


@pytest.fixture(scope="session", autouse=True)
def empty_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let hubs in new folders begin with a copy of empty tables."""
    template = Folder(tmp_path_factory.mktemp("tables") / "hub")

    def opened(folder: Folder, settings: Settings) -> dict[str, SqlDatabase]:
        if not settings.database_url and not any((folder.path / f"{name}.db").exists() for name in _NAMES):
            if not template.exists:
                template.make("hub")
                for database in open_databases(template, settings_for(template.path, "")).values():
                    database.checkpoint()
                    database.close()
            for name in _NAMES:
                shutil.copyfile(template.path / f"{name}.db", folder.path / f"{name}.db")
        return open_databases(folder, settings)

    patch = pytest.MonkeyPatch()
    patch.setattr(bootstrap_hub, "open_databases", opened)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """Let httpx read the authorities that this machine trusts once a process: each client does, for 20 to 60 ms."""
    real = httpx_transports.create_ssl_context
    told = ("SSL_CERT_FILE", "SSL_CERT_DIR")

    @cache
    def trusting(trust_env: bool, *_: str | None) -> ssl.SSLContext:
        return real(trust_env=trust_env)

    def made(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
        if verify is True and cert is None:
            return trusting(trust_env, *map(os.environ.get, told))
        return real(verify, cert, trust_env)

    patch = pytest.MonkeyPatch()
    patch.setattr(httpx_transports, "create_ssl_context", made)
    yield
    patch.undo()
