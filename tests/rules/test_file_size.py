"""Files of a few hundred lines, functions of a screen: a neighbour in the field grew a function of 1,748 lines.

A longer one is fine where it reads better for it; it then stands in ``LONGER`` with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

from rules.source_tree import PACKAGE, modules, seed

FILE_LINES = 600
FUNCTION_LINES = 70

LONGER: Mapping[str, str] = {
    "edges/migrations/vault/versions/m0001_first.py::upgrade": "Alembic's own list of the first tables; it never grows",
}
"""Path, or path::function → why it may be longer."""


def find_long(package: Path, longer: Mapping[str, str] = LONGER) -> list[str]:
    """Find files and functions (docstrings not counted) that are too long, and exceptions that are needed no more."""
    found, needed = [], set()
    for module in modules(package):
        lines = module.source.count("\n")
        if lines > FILE_LINES:
            needed.add(module.path)
            if module.path not in longer:
                found.append(f"{module.path}:1: {lines} lines; at most {FILE_LINES}")
        for node in ast.walk(module.tree):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            doc = node.body[0] if ast.get_docstring(node) else None
            length = (node.end_lineno or 0) - node.lineno + 1
            length -= ((doc.end_lineno or 0) - doc.lineno + 1) if doc is not None else 0
            name = f"{module.path}::{node.name}"
            if length > FUNCTION_LINES:
                needed.add(name)
                if name not in longer:
                    found.append(module.at(node, f"{node.name} has {length} lines; at most {FUNCTION_LINES}"))
    return found + [f"{name}: no longer too long; take it off the list" for name in longer if name not in needed]


def test_files_and_functions_are_short() -> None:
    assert find_long(PACKAGE) == []


def test_long_ones_are_seen(tmp_path: Path) -> None:
    seed(
        tmp_path,
        {"shield/a.py": "x = 1\n" * (FILE_LINES + 1), "shield/b.py": "def f():\n" + "    x = 1\n" * FUNCTION_LINES},
    )
    assert len(find_long(tmp_path, {})) == 2
    assert find_long(tmp_path, {"shield/a.py": "a table", "shield/b.py::f": "a table"}) == []
    assert len(find_long(tmp_path, {"shield/a.py": "", "shield/b.py::f": "", "shield/gone.py": ""})) == 1
