"""MISP's common knowledge as the packages bring it: galaxies, taxonomies, object templates, types, warninglists' heads.

``pymispgalaxies``, ``pytaxonomies``, ``pymisp`` and ``pymispwarninglists`` are found, not imported: only their data is
wanted. What is made of it is not known here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from fusioncell.kernel.errors import NotFound, Unavailable

PACKAGES = ("pymispgalaxies", "pytaxonomies", "pymisp", "pymispwarninglists")

_FILES = (
    ("galaxy", "pymispgalaxies", "data/misp-galaxy/galaxies/*.json"),
    ("clusters", "pymispgalaxies", "data/misp-galaxy/clusters/*.json"),
    ("taxonomy", "pytaxonomies", "data/misp-taxonomies/*/machinetag.json"),
    ("template", "pymisp", "data/misp-objects/objects/*/definition.json"),
    ("types", "pymisp", "data/describeTypes.json"),
    ("warninglist", "pymispwarninglists", "data/misp-warninglists/lists/*/list.json"),
)


def packages_stamp() -> str:
    """Return the versions of the installed packages as one word. Raises Unavailable where one is missing."""
    try:
        return "-".join(importlib.metadata.version(package) for package in PACKAGES)
    except importlib.metadata.PackageNotFoundError as fault:
        raise Unavailable(f"The package {fault.name} is not installed", hint="Run make setup.") from None


def package_files() -> Iterator[tuple[str, str, bytes]]:
    """Yield (section, name, bytes) of each file, section by section, one in memory at a time."""
    for section, package, pattern in _FILES:
        for file in sorted(_root(package).glob(pattern)):
            yield section, file.parent.name if "*/" in pattern else file.stem, file.read_bytes()


def describe_types() -> bytes:
    """Return MISP's attribute types, ``describeTypes.json``. Raises Unavailable where the package is missing."""
    return (_root("pymisp") / "data/describeTypes.json").read_bytes()


def warninglist_file(name: str) -> bytes:
    """Return the whole file of one warninglist. NotFound where there is none of that name."""
    folder = _root("pymispwarninglists") / "data/misp-warninglists/lists"
    file = folder / name / "list.json"
    if file.parent.parent != folder or not file.is_file():
        raise NotFound(f"there is no warninglist {name[:80]!r}")
    return file.read_bytes()


def _root(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    for root in spec.submodule_search_locations or () if spec else ():
        return Path(root)
    raise Unavailable(f"The package {package} is not installed", hint="Run make setup.")
