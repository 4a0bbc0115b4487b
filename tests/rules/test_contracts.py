"""The import contracts of pyproject.toml hold, and each of them fails when a violation is seeded."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rules.source_tree import PACKAGE, REPOSITORY, seed

CONTRACTS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# contract → (name of the case, files to add)
VIOLATIONS: list[tuple[str, str, dict[str, str]]] = [
    ("layers", "the kernel imports a room", {"kernel/seeded.py": "import fusioncell.intake\n"}),
    (
        "layers",
        "the record imports fusion",
        {"record/seeded.py": "from fusioncell.fusion import seeded\n", "fusion/seeded.py": ""},
    ),
    ("layers", "a room imports web", {"picture/seeded.py": "import fusioncell.web\n"}),
    (
        "layers",
        "bootstrap imports the command line",
        {"cli/seeded.py": "", "bootstrap.py": "import fusioncell.cli.seeded\n"},
    ),
    ("layers", "siblings of one layer", {"fusion/seeded.py": "import fusioncell.members\n"}),
    ("layers", "a folder that no layer names", {"utils/seeded.py": ""}),
    (
        "edges",
        "a room imports a driver of ours",
        {"picture/seeded.py": "import fusioncell.edges.seeded\n", "edges/seeded.py": ""},
    ),
    (
        "edges",
        "a command imports an edge",
        {"cli/seeded.py": "import fusioncell.edges.seeded\n", "edges/seeded.py": ""},
    ),
    ("edges-below", "an edge imports a room", {"edges/seeded.py": "import fusioncell.intake\n"}),
    ("no-io", "a room calls by HTTP", {"shield/seeded.py": "import httpx\n"}),
    (
        "no-io",
        "a room goes round by the kernel",
        {"intake/seeded.py": "import fusioncell.kernel.seeded\n", "kernel/seeded.py": "import sqlite3\n"},
    ),
    ("no-io", "a page calls out", {"web/seeded.py": "def page() -> None:\n    import httpx\n"}),
    ("privacy", "the shield imports members", {"shield/seeded.py": "import fusioncell.members\n"}),
    (
        "privacy",
        "the shield reaches members by another room",
        {"shield/seeded.py": "import fusioncell.picture.seeded\n", "picture/seeded.py": "import fusioncell.members\n"},
    ),
    (
        "verifier",
        "the verifier takes the hub's own tree",
        {"../fusioncell_verify/seeded.py": "from fusioncell.shield.translog import merkle\n"},
    ),
    ("verifier", "the verifier imports the kernel", {"../fusioncell_verify/log.py": "import fusioncell.kernel\n"}),
    ("verifier-apart", "the hub checks itself", {"shield/seeded.py": "import fusioncell_verify.tree\n"}),
    (
        "rooms",
        "a store imports its service",
        {"fusion/service.py": "", "fusion/store.py": "import fusioncell.fusion.service\n"},
    ),
    (
        "rooms",
        "a model imports its store",
        {"shield/store.py": "", "shield/model.py": "import fusioncell.shield.store\n"},
    ),
    (
        "acyclic",
        "two steps import each other",
        {
            "intake/seeded.py": "import fusioncell.intake.other\n",
            "intake/other.py": "import fusioncell.intake.seeded\n",
        },
    ),
]


def lint(tree: Path, *contracts: str) -> tuple[int, str]:
    """Run import-linter on a tree (a folder with pyproject.toml and src); return its exit code and what it says."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    for contract in contracts:
        command += ["--contract", contract]
    done = subprocess.run(
        command,
        cwd=tree,
        env={"PYTHONPATH": str(tree / "src"), "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def copy_of_tree(to: Path) -> Path:
    """Copy the tree with only its Python files, and with each room that a contract names; return its package folder."""
    shutil.copy(REPOSITORY / "pyproject.toml", to / "pyproject.toml")
    package = Path(
        shutil.copytree(
            PACKAGE, to / "src" / "fusioncell", ignore=shutil.ignore_patterns("static", "templates", "__pycache__")
        )
    )
    verifier = "fusioncell_verify"
    shutil.copytree(PACKAGE.parent / verifier, to / "src" / verifier, ignore=shutil.ignore_patterns("__pycache__"))
    named = ["cli", "web", "shield", "picture", "members", "fusion", "intake", "record", "edges"]
    seed(package, {f"{room}/__init__.py": "" for room in named if not (package / room / "__init__.py").exists()})
    if not (package / "bootstrap").exists() and not (package / "bootstrap.py").exists():
        seed(package, {"bootstrap.py": ""})
    return package


def test_the_contracts_hold(tmp_path: Path) -> None:
    copy_of_tree(tmp_path)
    code, said = lint(tmp_path)
    assert code == 0, said
    assert f"{len(CONTRACTS)} kept, 0 broken" in said, said


@pytest.mark.parametrize(("contract", "case", "files"), VIOLATIONS, ids=[f"{c}: {n}" for c, n, _ in VIOLATIONS])
def test_a_seeded_violation_is_seen(contract: str, case: str, files: dict[str, str], tmp_path: Path) -> None:
    package = copy_of_tree(tmp_path)
    # What is seeded is appended, so that the rest of the tree keeps importing what it needs.
    merged = {
        path: ((package / path).read_text() if (package / path).exists() else "") + "\n" + source
        for path, source in files.items()
    }
    seed(package, merged)
    code, said = lint(tmp_path, contract)
    assert code == 1, said
    assert "0 kept, 1 broken" in said, said
    assert "not present" not in said and "Could not find" not in said, said


def test_every_contract_has_a_seeded_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in VIOLATIONS}
