"""Rooms do no I/O of their own, file by file: the parts that import-linter cannot say.

It knows packages; ``urllib.request`` (but not ``urllib.parse``), ``dns.query`` (but not ``dns.name``), ``inet_pton``
(but no socket), tables described in a store (but no engine), ``open``, and the places where a framework may be imported
need the syntax tree.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rules.source_tree import PACKAGE, Module, aliases, dotted_name, imports, modules, seed

_FORBIDDEN = (
    "aiohttp",
    "apsw",
    "asyncpg",
    "dns.asyncquery",
    "dns.asyncresolver",
    "dns.query",
    "dns.resolver",
    "ftplib",
    "http.client",
    "http.server",
    "httpx",
    "imaplib",
    "mmap",
    "multiprocessing",
    "poplib",
    "psycopg",
    "requests",
    "select",
    "selectors",
    "shutil",
    "smtplib",
    "socket",
    "socketserver",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "urllib.request",
    "urllib3",
    "uvicorn",
)
_PURE = frozenset(
    f"socket.{name}" for name in ("AF_INET", "AF_INET6", "inet_aton", "inet_ntoa", "inet_ntop", "inet_pton")
)
"""What of ``socket`` touches no network; to be imported by name."""
_ENGINES = (
    "sqlalchemy.create_engine",
    "sqlalchemy.Engine",
    "sqlalchemy.engine",
    "sqlalchemy.event",
    "sqlalchemy.orm",
    "sqlalchemy.pool",
    "sqlalchemy.ext",
)
_CALLS = frozenset(
    {
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "asyncio.open_connection",
        "asyncio.open_unix_connection",
        "asyncio.start_server",
        "io.open",
        "os.fdopen",
        "os.listdir",
        "os.makedirs",
        "os.open",
        "os.popen",
        "os.remove",
        "os.rename",
        "os.replace",
        "os.scandir",
        "os.system",
        "os.unlink",
        "os.walk",
    }
)
_FILES = frozenset(
    {"read_bytes", "read_text", "write_bytes", "write_text", "iterdir", "rglob", "unlink", "mkdir", "touch"}
)


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _packaged(node: ast.expr) -> bool:
    """Whether an expression starts at ``importlib.resources.files(…)``: what ships with the package may be read."""
    return any(
        isinstance(part, ast.Call) and getattr(part.func, "id", getattr(part.func, "attr", "")) == "files"
        for part in ast.walk(node)
    )


def _reaches_out(module: Module, statement: ast.stmt, name: str) -> bool:
    """Whether an imported name is one of the forbidden ones, and none of the exceptions of its file."""
    if isinstance(statement, ast.ImportFrom) and statement.module == "socket":
        return name != "socket" and name not in _PURE
    if module.is_room and module.stem == "store" and _within(name, "sqlalchemy"):
        return any(_within(name, engine) for engine in _ENGINES)
    return any(_within(name, bad) for bad in _FORBIDDEN)


def _io_calls(module: Module) -> list[str]:
    known = aliases(module)
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted_name(node.func, known)
        if isinstance(node.func, ast.Name) and node.func.id == "open" and "open" not in known:
            found.append(module.at(node, "open(): files are an edge"))
        elif name in _CALLS:
            found.append(module.at(node, f"{name}(): an edge's work"))
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _FILES and not _packaged(node.func.value):
            found.append(module.at(node, f".{node.func.attr}(): files are an edge"))
    return found


def find_io(package: Path) -> list[str]:
    """Find imports and calls that reach outside, in the kernel, the rooms and the pages."""
    found = []
    for module in modules(package):
        if module.top in {"edges", "bootstrap", "cli"}:
            continue
        found += [
            module.at(node, f"{name} is imported outside edges")
            for node, name in imports(module)
            if _reaches_out(module, node, name)
        ]
        if module.top != "web":
            found += _io_calls(module)
    return found


def find_stray_frameworks(package: Path) -> list[str]:
    """Find the web framework outside ``routes.py`` and ``web``, templates and terminals outside theirs."""
    found = []
    for module in modules(package):
        route = module.is_room and module.stem == "routes"
        allowed = {
            "litestar": route or module.top in {"web", "bootstrap", "edges"},
            "jinja2": module.top == "web",
            "govuk_frontend_jinja": module.top == "web",
            "click": module.top == "cli",
            "rich": module.top == "cli",
        }
        found += [
            module.at(node, f"{framework} has no business here")
            for node, name in imports(module)
            for framework, fine in allowed.items()
            if not fine and _within(name, framework)
        ]
    return found


def test_rooms_do_no_io() -> None:
    assert find_io(PACKAGE) == []


def test_frameworks_stay_in_their_place() -> None:
    assert find_stray_frameworks(PACKAGE) == []


@pytest.mark.parametrize(
    "source",
    [
        "import urllib.request\n",
        "from urllib import request\n",
        "import dns.query\n",
        "from dns import query\n",
        "from http.client import HTTPConnection\n",
        "def f():\n    import socket\n",
        "import asyncio\nasync def f():\n    await asyncio.open_connection('a', 1)\n",
        "x = open('a')\n",
        "import os\nos.remove('a')\n",
        "from pathlib import Path\nx = Path('a').read_text()\n",
        "import sqlite3\n",
        "from socket import AF_INET, create_connection\n",
        "from sqlalchemy import Column\n",
    ],
)
@pytest.mark.parametrize("path", ["shield/serve.py", "kernel/seeded.py"])
def test_io_is_seen(path: str, source: str, tmp_path: Path) -> None:
    assert find_io(seed(tmp_path, {path: source}))


def test_a_store_with_an_engine_is_seen(tmp_path: Path) -> None:
    assert find_io(seed(tmp_path, {"shield/store.py": "from sqlalchemy import Table, create_engine\n"}))


def test_pure_neighbours_pass(tmp_path: Path) -> None:
    source = (
        "import urllib.parse\nimport dns.name\nfrom http import HTTPStatus\nfrom importlib.resources import files\n"
        "x = files('fusioncell.record').joinpath('a.dict').read_bytes()\n"
    )
    files = {
        "shield/serve.py": source,
        "edges/files.py": "x = open('a')\n",
        "kernel/names.py": "from socket import AF_INET, inet_pton\n",
        "shield/store.py": "from sqlalchemy import Table\n",
    }
    assert find_io(seed(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shield/service.py", "from litestar import get\n"),
        ("shield/routes.py", "import jinja2\n"),
        ("kernel/seeded.py", "import litestar.exceptions\n"),
        ("fusion/weigh.py", "import rich.progress\n"),
        ("web/page.py", "import click\n"),
    ],
)
def test_a_stray_framework_is_seen(path: str, source: str, tmp_path: Path) -> None:
    assert find_stray_frameworks(seed(tmp_path, {path: source}))
