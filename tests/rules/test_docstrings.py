"""Every module and every public class and function says what it means: ruff's D1 rules, seen to bite."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rules.source_tree import PACKAGE, REPOSITORY, seed


def find_silence(package: Path) -> list[str]:
    """Run ruff's docstring rules, with the project's settings, on a package folder."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--quiet",
        "--output-format",
        "concise",
        "--config",
        str(REPOSITORY / "pyproject.toml"),
        str(package),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return [line for line in done.stdout.splitlines() if re.search(r": D1\d\d ", line)]


def test_all_that_is_public_is_explained() -> None:
    assert find_silence(PACKAGE) == []


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        '"""Told."""\n\n\nclass Thing:\n    x = 1\n',
        '"""Told."""\n\n\ndef thing() -> None:\n    return None\n',
        '"""Told."""\n\n\nclass Thing:\n    """Told."""\n\n    def part(self) -> None:\n        return None\n',
    ],
)
def test_silence_is_seen(source: str, tmp_path: Path) -> None:
    assert find_silence(seed(tmp_path, {"shield/seeded.py": source}))
