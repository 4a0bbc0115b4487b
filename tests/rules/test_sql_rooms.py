"""SQL stands only in a room's ``store.py`` and names only its own room's tables, ``<room>_…``.

Why: elsewhere "all queries in repositories" was written down but not run, and 26 of 56 services broke it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from rules.source_tree import PACKAGE, Module, literals, modules, seed

_STATEMENT = re.compile(
    r"\bSELECT\s[^;]*\sFROM\s|\bINSERT\s+(?:OR\s+\w+\s+)?INTO\s|\bUPDATE\s+\S+\s+SET\s|\bDELETE\s+FROM\s"
    r"|\bCREATE\s+(?:TEMP\w*\s+|UNLOGGED\s+)?(?:UNIQUE\s+)?(?:TABLE|INDEX|VIEW|TRIGGER|VIRTUAL|SCHEMA)\s"
    r"|\b(?:DROP|ALTER|TRUNCATE)\s+(?:TABLE|INDEX|VIEW|SCHEMA)\s|^\s*(?:PRAGMA|VACUUM|COPY)\s",
    re.DOTALL,
)
_LOWER = re.compile(
    r"^\s*(?:select\s[^;]*\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s"
    r"|(?:create|drop|alter)\s+table\s|pragma\s)",
    re.DOTALL,
)
_NAMED = re.compile(
    r"\b(?:(?<!DISTINCT )FROM|JOIN|INTO|UPDATE(?!\s+SET\b)|TABLE(?:\s+IF\s+(?:NOT\s+)?EXISTS)?)\s+([\w{}.\"]+)(\s*\()?",
    re.IGNORECASE,
)
_INDEXED = re.compile(r"\bINDEX\s[\w\s{}]*?\bON\s+([\w{}.\"]+)", re.IGNORECASE)
_COMMON = re.compile(r"\b(\w+)\s*(?:\([^()]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s*)?\(", re.IGNORECASE)
_WORDS = frozenset({"set", "select", "values", "lateral", "only", "unnest", "json_each", "generate_series", "excluded"})


def is_sql(text: str) -> bool:
    """Whether a string reads as an SQL statement (upper case anywhere, lower case at its start)."""
    return bool(_STATEMENT.search(text) or _LOWER.search(text))


def tables(text: str) -> Iterator[str]:
    """Yield the tables that a statement names; common table expressions, functions and holes are none."""
    common = {name.lower() for name in _COMMON.findall(text)}
    named = [(name, called) for name, called in _NAMED.findall(text)] + [(name, "") for name in _INDEXED.findall(text)]
    for name, called in named:
        plain = name.strip('"').lower()
        if plain in common or plain in _WORDS or plain.startswith("{}") or plain.isdigit():
            continue
        if called and re.search(rf"\b(?:FROM|JOIN)\s+{re.escape(name)}\s*\(", text, re.IGNORECASE):
            continue
        yield plain


def find_stray_sql(package: Path) -> list[str]:
    """Find statements outside ``store.py``. ``edges`` holds the drivers, whose own statements (pragmas) stay there."""
    return [
        module.at(node, f"SQL outside a room's store.py: {text.strip()[:60]!r}")
        for module in modules(package)
        if module.top != "edges" and not (module.is_room and module.stem == "store")
        for node, text in literals(module)
        if is_sql(text)
    ]


def described(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield the tables that a store describes with SQLAlchemy: ``Table("shield_rule", …)``."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Table":
            first = node.args[0] if node.args else None
            yield node, str(first.value) if isinstance(first, ast.Constant) else "(computed)"


def find_foreign_tables(package: Path) -> list[str]:
    """Find statements and descriptions in a store that name a table of another room."""
    found = []
    for module in modules(package):
        if not module.is_room or module.stem != "store":
            continue
        named = [(node, name) for node, text in literals(module) if is_sql(text) for name in tables(text)]
        found += [
            module.at(node, f"table {name!r} does not begin with {module.top}_")
            for node, name in [*named, *described(module)]
            if not name.startswith(f"{module.top}_")
        ]
    return found


def test_sql_stands_in_stores_only() -> None:
    assert find_stray_sql(PACKAGE) == []


def test_a_store_names_its_own_tables_only() -> None:
    assert find_foreign_tables(PACKAGE) == []


@pytest.mark.parametrize(
    "source",
    [
        'rows("SELECT a FROM shield_rule WHERE b = ?")',
        'rows(f"SELECT a FROM {table}\\n WHERE b = ?")',
        'rows("""\n  WITH x AS (SELECT 1 AS a FROM y) SELECT a FROM x""")',
        'run("insert into shield_rule values (?)")',
        'run("UPDATE shield_rule SET a = 1")',
        'run("DELETE FROM shield_rule")',
        'run("CREATE TABLE shield_rule (a INTEGER)")',
        'run("PRAGMA user_version")',
    ],
)
@pytest.mark.parametrize("path", ["shield/service.py", "web/page.py", "kernel/store.py"])
def test_stray_sql_is_seen(path: str, source: str, tmp_path: Path) -> None:
    assert find_stray_sql(seed(tmp_path, {path: source}))


def test_prose_is_no_sql(tmp_path: Path) -> None:
    prose = '"""SELECT a FROM b"""\nx = "Select a file from the list"\ny = "updates since"\nz = "CREATE an account"\n'
    assert find_stray_sql(seed(tmp_path, {"shield/service.py": prose})) == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a FROM fusion_claim",
        "SELECT a FROM shield_rule r JOIN members_person p ON p.id = r.id",
        "INSERT INTO claim (a) VALUES (?)",
        "INSERT INTO shield_rule (a) SELECT a FROM fusion_claim WHERE a > 1",
        "CREATE TABLE IF NOT EXISTS rule (a INTEGER)",
        "CREATE INDEX shield_by_a ON rule (a)",
        "UPDATE rule SET a = 1",
        "DELETE FROM rule",
    ],
)
def test_a_foreign_table_is_seen(statement: str, tmp_path: Path) -> None:
    assert find_foreign_tables(seed(tmp_path, {"shield/store.py": f"rows({statement!r})"}))


def test_a_foreign_description_is_seen(tmp_path: Path) -> None:
    source = 'import sqlalchemy as sa\na = sa.Table("shield_rule", m)\nb = sa.Table("members_person", m)\n'
    assert len(find_foreign_tables(seed(tmp_path, {"shield/store.py": source}))) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "WITH due(a) AS (SELECT a FROM shield_rule), x AS MATERIALIZED (SELECT 1 FROM due) SELECT a FROM x JOIN due",
        "INSERT INTO shield_rule (a) VALUES (?) ON CONFLICT (a) DO UPDATE SET a = excluded.a",
        "SELECT value FROM json_each(?)",
        "SELECT a FROM shield_rule WHERE a IS DISTINCT FROM b",
        "CREATE UNIQUE INDEX IF NOT EXISTS by_a ON shield_rule (a)",
        "SELECT a FROM (SELECT a FROM shield_rule) AS t",
    ],
)
def test_own_tables_pass(statement: str, tmp_path: Path) -> None:
    assert find_foreign_tables(seed(tmp_path, {"shield/store.py": f"rows({statement!r})"})) == []
