"""Bytes by their digest in a folder: one file each, whole and durable under its name, or not there at all.

All files are of the same instant: when one came would tell who sent it (anonymous contribution).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

NAME = re.compile(r"[0-9a-f]{64}\Z")


class FolderBlobs:
    """Implements ``kernel.ports.Blobs``. Files lie in 256 folders by the first two digits of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, digest: str) -> Path:
        if not NAME.match(digest):
            raise ValueError("no digest")
        return self._folder / digest[:2] / digest

    def keep(self, digest: str, data: bytes) -> None:
        """Keep bytes, on the disk before it returns."""
        target = self._path(digest)
        if target.exists():
            return
        for folder in (self._folder, target.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        temporary = target.with_suffix(".new")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.utime(out.fileno(), (0, 0))
            os.fsync(out.fileno())
        temporary.replace(target)
        for folder in (target.parent, self._folder, self._folder.parent):
            _sync(folder)

    def read(self, digest: str) -> bytes | None:
        """Return the bytes, None where there are none."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, digest: str) -> bool:
        """Let bytes go; tell whether there were any."""
        try:
            self._path(digest).unlink()
        except FileNotFoundError:
            return False
        return True

    def held(self) -> Iterator[str]:
        """Give the digests of all that is kept, in order."""
        if self._folder.is_dir():
            for folder in sorted(self._folder.iterdir()):
                yield from sorted(each.name for each in folder.iterdir() if NAME.match(each.name))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
