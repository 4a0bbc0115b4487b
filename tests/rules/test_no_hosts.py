"""No committed file names a package registry's host, and lock files name no address at all.

Why: a lock file that names a host fetches from it, whatever mirror the reader's machine is told to use.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from rules.source_tree import REPOSITORY

# In parts, so that this file does not name them either.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("npmjs", "com"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("security", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("security", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("repo", "maven", "apache", "org"),
        ("registry-1", "docker", "io"),
        ("ghcr", "io"),
        ("conda", "anaconda", "org"),
        ("cdn", "jsdelivr", "net"),
        ("unpkg", "com"),
        ("cdnjs", "cloudflare", "com"),
    )
)
_NEEDLES = re.compile("|".join(rf"(?<![\w-]){re.escape(host)}(?![\w-])" for host in HOSTS).encode())
_ADDRESS = re.compile(rb"[a-z+]+://|--(?:extra-)?index-url|--find-links|\s@\s")


def committed(root: Path) -> Iterator[Path]:
    """Yield the files that git tracks or would track; without git, all files that are no one's cache."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 0:
        yield from (root / name for name in done.stdout.decode().split("\0") if name and (root / name).is_file())
        return
    skipped = {".git", ".venv", "node_modules", "__pycache__", "data"}
    yield from (file for file in sorted(root.rglob("*")) if file.is_file() and not skipped & set(file.parts))


def find_hosts(files: Iterable[Path]) -> list[str]:
    """Find files that name a registry's host."""
    return [
        f"{file}: names {found.group().decode()}"
        for file in files
        for found in [_NEEDLES.search(file.read_bytes())]
        if found
    ]


def find_addresses_in_locks(files: Iterable[Path]) -> list[str]:
    """Find Python locks with an address or an index option, and npm locks that say where a package was fetched."""
    found = []
    for file in files:
        if file.suffix == ".lock" and _ADDRESS.search(file.read_bytes()):
            found.append(f"{file}: has an address")
        if file.name in {"package-lock.json", "npm-shrinkwrap.json"}:
            packages = json.loads(file.read_bytes()).get("packages", {})
            found += [
                f"{file}: {name} says where it was fetched" for name, entry in packages.items() if "resolved" in entry
            ]
    return found


def test_no_committed_file_names_a_registry() -> None:
    assert find_hosts(committed(REPOSITORY)) == []


def test_lock_files_have_no_addresses() -> None:
    locks = [file for file in committed(REPOSITORY) if file.suffix == ".lock" or file.name == "package-lock.json"]
    assert {"requirements.lock", "requirements-dev.lock"} <= {file.name for file in locks}
    assert find_addresses_in_locks(locks) == []


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_is_seen(host: str, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(f"fetch it from https://{host}/simple\n")
    assert find_hosts(committed(tmp_path))


def test_the_walk_sees_new_files_and_not_ignored_ones(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=60)
    (tmp_path / ".gitignore").write_text("ignored\n")
    (tmp_path / "ignored").write_text("")
    (tmp_path / "fresh").write_text("")
    assert {file.name for file in committed(tmp_path)} == {".gitignore", "fresh"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.lock", "--index-url " + "https" + "://mirror.example/simple\nclick==8.1\n"),
        ("requirements.lock", "click @ " + "file" + ":///tmp/click.whl\n"),
        ("requirements.lock", "--find-links /opt/wheels\n"),
        ("package-lock.json", '{"packages": {"node_modules/htmx": {"resolved": "somewhere"}}}'),
    ],
)
def test_an_address_is_seen(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert find_addresses_in_locks([tmp_path / name])
