"""The source tree as the rule tests see it: modules with their room, their syntax tree and the names they import.

A rule is a function from a package folder to findings (``path:line: what is wrong``), so that each test can run it on
the real tree, which must be clean, and on a small tree with a seeded violation, which must not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "fusioncell"

NOT_ROOMS = frozenset({"", "kernel", "edges", "river", "bootstrap", "rebuild", "web", "cli"})
"""Top-level names that are no rooms; all others are."""


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    path: str
    """Relative to the package folder, with slashes: ``shield/store.py``."""
    tree: ast.Module
    source: str

    @property
    def top(self) -> str:
        """The top-level folder or module: ``shield``, ``bootstrap``; empty for the package's own ``__init__``."""
        first = self.path.split("/")[0].removesuffix(".py")
        return "" if first == "__init__" else first

    @property
    def is_room(self) -> bool:
        """Whether the module belongs to a room."""
        return self.top not in NOT_ROOMS

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return self.path.split("/")[-1].removesuffix(".py")

    @property
    def dotted(self) -> str:
        """The importable name: ``fusioncell.shield.store``."""
        parts = ["fusioncell", *self.path.removesuffix(".py").split("/")]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def at(self, node: ast.AST, message: str) -> str:
        """Return a finding at a node."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {message}"


def modules(package: Path) -> Iterator[Module]:
    """Parse every Python file under a package folder, in order of path."""
    for file in sorted(package.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        yield Module(file.relative_to(package).as_posix(), ast.parse(source, str(file)), source)


def imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield (statement, absolute dotted name) of every import, wherever in the file it stands.

    ``from a import b`` yields both ``a`` and ``a.b``: b may be a module.
    """
    package = module.dotted if module.stem == "__init__" else module.dotted.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            yield node, base
            for alias in node.names:
                yield node, f"{base}.{alias.name}"


def aliases(module: Module) -> Mapping[str, str]:
    """Return local name → dotted name for all that a module imports: ``{"dt": "datetime.datetime"}``."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def dotted_name(node: ast.expr, known: Mapping[str, str]) -> str | None:
    """Return the full dotted name that a chain of attributes means (``dt.now`` → ``datetime.datetime.now``)."""
    tail: list[str] = []
    while isinstance(node, ast.Attribute):
        tail.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return None
    return ".".join([known[node.id], *reversed(tail)])


def docstrings(tree: ast.Module) -> set[int]:
    """Return the ids of the constants that are docstrings, attribute docstrings included."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def literals(module: Module) -> Iterator[tuple[ast.expr, str]]:
    """Yield (node, text) of every string that is not a docstring; the holes of an f-string read as ``{}``."""
    skip = docstrings(module.tree)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.JoinedStr):
            parts = []
            for part in node.values:
                if isinstance(part, ast.Constant):
                    parts.append(str(part.value))
                    skip.add(id(part))
                else:
                    parts.append("{}")
            yield node, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skip:
            yield node, node.value


def seed(package: Path, files: Mapping[str, str]) -> Path:
    """Write files (path → source) below a package folder and return it."""
    for path, source in files.items():
        target = package / path
        target.parent.mkdir(parents=True, exist_ok=True)
        for folder in [target.parent, *target.parent.parents]:
            if folder == package.parent:
                break
            if not (folder / "__init__.py").exists():
                (folder / "__init__.py").write_text('"""Seeded."""\n', encoding="utf-8")
        target.write_text(source, encoding="utf-8")
    return package
