"""Find what an import is to read: files, folders with all below, packed files, addresses, stdin. One at a time in
memory.

Bounds: a file's size unpacked, a zip's members and ratio. Hidden files, and the index of a MISP feed, are left out.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fusioncell.intake import gunzip_bounded
from fusioncell.kernel.errors import FusionCellError, NotFound

MAX_MEMBERS = 10_000
MAX_RATIO = 200
PASSWORD = b"infected"
"""With which the field locks archives, so that scanners and careless clicks leave them alone."""
MAX_TOTAL = 2 << 30
"""Bytes that one zip may hold in all."""
STDIN = "-"
FEED_INDEX = frozenset({"manifest.json", "hashes.csv"})
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_MEDIA = re.compile(r"application/(?:[a-z0-9.]+\+)?json|text/(?:csv|plain|tab-separated-values)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """One body to take in: what to call it in messages, the file's name, and its media type where one was told."""

    name: str
    filename: str
    body: bytes
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One that could not be read, and why."""

    name: str
    reason: str


Note = Callable[[str], None]


def sources(paths: Iterable[str], limit: int, note: Note) -> Iterator[Source | Unreadable]:
    """Yield every body that the paths name, in order. Raises NotFound before anything is read."""
    named = list(paths)
    for path in named:
        if path != STDIN and not _ADDRESS.match(path) and not Path(path).exists():
            raise NotFound(f"there is no {path}", hint="Nothing was imported. Check the path.")
    return _sources(named, limit, note)


def _sources(named: list[str], limit: int, note: Note) -> Iterator[Source | Unreadable]:
    for path in named:
        try:
            if path == STDIN:
                yield from _stdin(limit)
            elif _ADDRESS.match(path):
                yield from _address(path, limit)
            elif Path(path).is_dir():
                yield from _folder(Path(path), limit, note)
            else:
                yield from _file(Path(path), limit)
        except (FusionCellError, OSError) as fault:
            yield Unreadable(path, _why(fault))


def _why(fault: Exception) -> str:
    if isinstance(fault, FusionCellError):
        return f"{fault.detail}{'; ' + fault.hint if fault.hint else ''}"
    return getattr(fault, "strerror", None) or str(fault) or type(fault).__name__


def _stdin(limit: int) -> Iterator[Source | Unreadable]:
    body = sys.stdin.buffer.read(limit + 1)
    if len(body) > limit:
        yield Unreadable("stdin", f"over {limit:,} bytes: split it, or raise FUSIONCELL_MAX_BODY_MB")
        return
    yield from _unpacked("stdin", "", body, limit)


def _address(url: str, limit: int) -> Iterator[Source | Unreadable]:
    from fusioncell.bootstrap import fetch

    fetched = fetch(url, limit)
    media = fetched.media_type.partition(";")[0].strip()
    for source in _unpacked(url, fetched.filename, fetched.body, limit):
        yield (
            source
            if isinstance(source, Unreadable) or not _MEDIA.fullmatch(media)
            else Source(source.name, source.filename, source.body, "" if media == "text/plain" else media)
        )


def _folder(folder: Path, limit: int, note: Note) -> Iterator[Source | Unreadable]:
    for file in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts) or not file.is_file():
            continue
        if file.name in FEED_INDEX:
            note(f"{file}: the index of a MISP feed, left out")
            continue
        try:
            yield from _file(file, limit)
        except (FusionCellError, OSError) as fault:
            yield Unreadable(str(file), _why(fault))


def _file(file: Path, limit: int) -> Iterator[Source | Unreadable]:
    if not file.is_file():
        yield Unreadable(str(file), "not a file")
        return
    if file.suffix.lower() == ".zip":
        yield from _zip(str(file), file, limit)
        return
    size = file.stat().st_size
    if size > limit:
        yield Unreadable(str(file), f"{size:,} bytes; at most {limit:,}: split it, or raise FUSIONCELL_MAX_BODY_MB")
        return
    yield from _unpacked(str(file), file.name, file.read_bytes(), limit)


def _unpacked(name: str, filename: str, body: bytes, limit: int) -> Iterator[Source | Unreadable]:
    if body[:2] == b"\x1f\x8b":
        filename = filename.removesuffix(".gz")
        body = gunzip_bounded(body, limit)
    yield Source(name, filename, body)


def _zip(name: str, file: Path, limit: int) -> Iterator[Source | Unreadable]:
    """Yield a zip's members, each within the limit; stops at the first sign of a bomb."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [
                m for m in archive.infolist() if not m.is_dir() and not PurePosixPath(m.filename).name.startswith(".")
            ]
            if len(members) > MAX_MEMBERS:
                yield Unreadable(name, f"{len(members):,} members; at most {MAX_MEMBERS:,}")
                return
            total = 0
            for member in members:
                place = f"{name}:{member.filename}"
                if PurePosixPath(member.filename).name in FEED_INDEX:
                    continue
                try:
                    with archive.open(member, pwd=PASSWORD) as opened:
                        body = opened.read(limit + 1)  # what the directory says of sizes is not trusted
                except (RuntimeError, NotImplementedError):
                    yield Unreadable(place, f"encrypted, and not with {PASSWORD.decode()!r}: unpack it first")
                    continue
                total += len(body)
                if len(body) > limit or len(body) > max(1 << 20, member.compress_size * MAX_RATIO) or total > MAX_TOTAL:
                    yield Unreadable(place, "the zip holds far more than its size says: unpack it and look")
                    return
                yield from _unpacked(place, PurePosixPath(member.filename).name, body, limit)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as fault:
        yield Unreadable(name, f"the zip file is broken: {fault}")
