"""The resolvers' own checkers, for tests and benchmarks: where a program stands, and what it says of our files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
PACKAGES = {"unbound-checkconf": "unbound", "unbound": "unbound", "named-checkconf": "bind9-utils", "named": "bind9",
            "named-checkzone": "bind9-utils", "pdns_recursor": "pdns-recursor", "kresd": "knot-resolver",
            "dnsperf": "dnsperf", "dig": "bind9-dnsutils"}  # fmt: skip


def program(name: str) -> str | None:
    """Return where a program stands, None where this machine lacks it."""
    return shutil.which(name, path=PATH)


def needs(name: str) -> pytest.MarkDecorator:
    """Skip a test, with a plain word, where the program is missing."""
    return pytest.mark.skipif(program(name) is None, reason=f"no {name} on this machine (apt: {PACKAGES[name]})")


def run(*words: str | Path, folder: Path | None = None) -> str:
    """Run a checker and return what it said; a test fails with that where it finds fault."""
    found = program(str(words[0]))
    assert found is not None
    done = subprocess.run([found, *map(str, words[1:])], cwd=folder, capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def check_zone(text: str, origin: str, folder: Path) -> str:
    """Let BIND's checker read a zone's text."""
    file = folder / f"{origin}.text"
    file.write_text(text)
    # -i none: rules of a policy zone lead out of it; -k fail -n fail: names must be sound all the same.
    return run("named-checkzone", "-i", "local", "-n", "fail", origin, file)
