"""Inside a room: routes > service > store > steps > model; and a room is entered by its front door.

``service.py`` and ``project.py`` (what follows the record by cursor) are the two that may call the room's store. A
step is every other module: a pure function's home, which knows nothing of stores and services.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from rules.source_tree import NOT_ROOMS, PACKAGE, Module, aliases, imports, modules, seed

_CALLERS = frozenset({"service", "project", "__init__"})
"""Of its own room. The package's ``__init__`` is the front door: it hands on the tables and what follows the record."""
_FURNITURE = frozenset({"__init__", "routes", "service", "project", "store", "model"})


def _part(package: Path, name: str) -> tuple[str, str, bool]:
    """Split a dotted name into home, module, and whether it goes on (``from store import rows`` yields that too).

    ``fusioncell.shield.store.rows`` → ``("shield", "store", True)``. The home is the room, or the package in it:
    ``fusioncell.exchange.talk.store`` → ``("exchange/talk", "store", False)``; a package may hold packages.
    """
    parts = name.split(".")[1:]
    deep = 1
    while deep < len(parts) and package.joinpath(*parts[: deep + 1], "__init__.py").exists():
        deep += 1
    return "/".join(parts[:deep]), parts[deep] if len(parts) > deep else "", len(parts) > deep + 1


def _home(module: Module) -> str:
    """Return the room of a module, or the package in the room."""
    return module.path.rpartition("/")[0] or module.top


def _only_describes(module: Module) -> bool:
    """Whether all that a module takes of stores is the description of their tables, ``…metadata``."""
    local = {name for name, meant in aliases(module).items() if meant.endswith(".store")}
    used = [
        node.attr
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in local
    ]
    taken = [
        alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".store")
        for alias in node.names
    ]
    plain = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        and any(alias.name.endswith(".store") and not alias.asname for alias in node.names)
    ]
    return not plain and all(name.endswith("metadata") for name in used + taken)


def find_foreign_store_callers(package: Path) -> list[str]:
    """Find imports of a store by anything but its own room's front door, service or projection.

    One exception: ``bootstrap`` takes ``metadata``, the description of the tables, to create them.
    """
    found = []
    for module in modules(package):
        if module.top == "bootstrap" and _only_describes(module):
            continue
        for node, name in imports(module):
            home, part, goes_on = _part(package, name)
            if not name.startswith("fusioncell.") or home in NOT_ROOMS or part != "store" or goes_on:
                continue
            if _home(module) != home or module.stem not in _CALLERS:
                found.append(
                    module.at(node, f"{name} is called by {module.dotted}; only its own service or project may")
                )
    return found


def find_knowing_steps(package: Path) -> list[str]:
    """Find steps that import their room's store, service, projection or routes, and models that import steps."""
    found = []
    for module in modules(package):
        if not module.is_room or not module.path.count("/"):
            continue
        for node, name in imports(module):
            home, part, goes_on = _part(package, name)
            if not name.startswith("fusioncell.") or home != _home(module) or goes_on or not part:
                continue
            step = module.stem not in _FURNITURE
            if step and part in {"routes", "service", "project", "store"}:
                found.append(module.at(node, f"a step imports {name}"))
            if module.stem == "model" and (package / home / f"{part}.py").exists() and part != "model":
                found.append(module.at(node, f"a model imports {name}"))
    return found


def find_side_entrances(package: Path) -> list[str]:
    """Find imports of another room's inside: its package, ``model``, ``service`` and ``project`` are its front door.

    (A projection downstream reads what the one upstream has just found.) ``web`` may take routes; ``bootstrap`` and
    ``river`` join rooms together and may take all but stores.
    """
    found = []
    for module in modules(package):
        if module.top in {"bootstrap", "river"}:
            continue
        doors = {"model", "service", "project"} | ({"routes"} if module.top == "web" else set())
        for node, name in imports(module):
            home, part, goes_on = _part(package, name)
            if not name.startswith("fusioncell.") or home in NOT_ROOMS or home == _home(module) or goes_on:
                continue
            inside = (package / home / f"{part}.py").exists() or (package / home / part / "__init__.py").exists()
            if part and inside and part not in doors and not _is_of_one_room(module, home, part):
                found.append(
                    module.at(node, f"{name} is inside the room {home}; enter by package, model, service, project")
                )
    return found


def _is_of_one_room(module: Module, home: str, part: str) -> bool:
    """Whether a package of a room takes a step of its own room: its words and pure steps are the whole room's."""
    return home.split("/")[0] == module.top and part not in {"store", "routes"}


def test_a_store_is_called_by_its_own_room_only() -> None:
    assert find_foreign_store_callers(PACKAGE) == []


def test_steps_are_pure() -> None:
    assert find_knowing_steps(PACKAGE) == []


def test_rooms_are_entered_by_the_front_door() -> None:
    assert find_side_entrances(PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("picture/service.py", "from fusioncell.fusion import store\n"),
        ("picture/service.py", "from fusioncell.fusion.store import rows\n"),
        ("picture/service.py", "import fusioncell.fusion.store\n"),
        ("fusion/weigh.py", "from . import store\n"),
        ("fusion/routes.py", "from fusioncell.fusion import store\n"),
        ("bootstrap.py", "from fusioncell.fusion import store\nstore.rows()\n"),
        ("bootstrap.py", "import fusioncell.fusion.store\n"),
        ("bootstrap.py", "from fusioncell.fusion.store import metadata, rows\n"),
        ("river.py", "from fusioncell.fusion import store as cursors\n"),
        ("web/page.py", "def page():\n    from fusioncell.fusion.store import rows\n"),
        ("fusion/deep/service.py", "from fusioncell.fusion import store\n"),
        ("fusion/service.py", "from fusioncell.fusion.deep.store import rows\n"),
        ("fusion/deep/service.py", "from fusioncell.fusion.deep.deeper.store import rows\n"),
    ],
)
def test_a_foreign_caller_is_seen(path: str, source: str, tmp_path: Path) -> None:
    stores = {"fusion/store.py": "", "fusion/deep/store.py": "", "fusion/deep/deeper/store.py": ""}
    assert find_foreign_store_callers(seed(tmp_path, {**stores, path: source}))


def test_its_own_service_passes(tmp_path: Path) -> None:
    files = {
        "fusion/store.py": "",
        "fusion/service.py": "from fusioncell.fusion import store\n",
        "fusion/project.py": "from . import store\n",
        "bootstrap.py": "from fusioncell.fusion import store as fusion_store\ntables = fusion_store.metadata\n",
    }
    assert find_foreign_store_callers(seed(tmp_path, files)) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fusion/weigh.py", "from fusioncell.fusion import store\n"),
        ("fusion/weigh.py", "from .service import run\n"),
        ("fusion/model.py", "from fusioncell.fusion import weigh\n"),
        ("fusion/deep/sum.py", "from fusioncell.fusion.deep.service import run\n"),
    ],
)
def test_a_knowing_step_is_seen(path: str, source: str, tmp_path: Path) -> None:
    files = {"fusion/store.py": "", "fusion/service.py": "", "fusion/weigh.py": "", "fusion/deep/service.py": "",
             path: source}
    assert find_knowing_steps(seed(tmp_path, files))


@pytest.mark.parametrize("path", ["picture/service.py", "web/page.py", "cli/main.py"])
def test_a_side_entrance_is_seen(path: str, tmp_path: Path) -> None:
    assert find_side_entrances(
        seed(tmp_path, {"fusion/weigh.py": "", path: "from fusioncell.fusion.weigh import weigh\n"})
    )


def test_the_front_door_passes(tmp_path: Path) -> None:
    files = {
        "fusion/model.py": "",
        "fusion/service.py": "",
        "picture/service.py": "from fusioncell.fusion import X\nfrom fusioncell.fusion.model import Y\n",
    }
    assert find_side_entrances(seed(tmp_path, files)) == []
