"""What all tests share: compiled modules, and the empty tables of a hub, made once a process and copied into each new
folder.

A hub's tables take 65 ms to make and 11 ms to copy; some two thousand tests open a hub. Whatever stands in a folder
already, and every hub on PostgreSQL, is opened as it is; ``tests/contract/test_migrations.py`` makes its tables by the
steps themselves.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

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

_NAMES = ("record", "vault", "projections")


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
