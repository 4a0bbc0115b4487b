"""Unit tests run without network: the guard in tests/unit covers each test there, with no test asking for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from rules.source_tree import REPOSITORY

_REACHING = "import socket\n\ndef test_it():\n    socket.socket().connect_ex(('127.0.0.1', 9))\n"


def run_unit_test(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run one test file in a folder that has the unit tests' conftest and nothing else."""
    shutil.copy(REPOSITORY / "tests" / "unit" / "conftest.py", folder / "conftest.py")
    (folder / "test_seeded.py").write_text(source)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(folder),
        str(folder),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)


def test_a_unit_test_that_reaches_out_fails(tmp_path: Path) -> None:
    done = run_unit_test(tmp_path, _REACHING)
    assert done.returncode == 1 and "unit tests have no network" in done.stdout, done.stdout


def test_it_would_pass_without_the_guard(tmp_path: Path) -> None:
    (tmp_path / "test_seeded.py").write_text(_REACHING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
