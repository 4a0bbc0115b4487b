"""Backups of a data folder: one tar of the databases that cannot be rebuilt, the hub's key and its marker.

Written while the hub runs, by SQLite's own online backup; whole and durable under its name or not there at all. Read
back by known names alone: nothing in a tar decides where a file goes. Files of posts follow after the databases, each
under its digest, which is checked: a post that the record's copy holds has its files, unless it is withdrawn meanwhile.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import zstandard

from fusioncell.edges.blobs import NAME, FolderBlobs
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, TooLarge

DATABASES = ("vault.db", "record.db")
"""In this order: the record, copied last, knows every party that a credential of the vault names."""
FILES = ("hub.key", "fusioncell.json")
MANIFEST = "backup.json"
BLOBS = "files"
"""The folder of the files of posts (``edges.blobs``)."""
MAX_BYTES = 1 << 42
MAX_BLOB = 1 << 26
_STEP = 2048
_ZSTD = b"\x28\xb5\x2f\xfd"
_GZIP = b"\x1f\x8b"


def write_backup(folder: Path, target: Path, *, at: str, version: str, overwrite: bool = False) -> dict[str, Any]:
    """Back a folder up into a file (``.gz``: gzip, else zstd), mode 0600. Returns its manifest.

    Raises Conflict where the file exists or its folder cannot be written to, BadInput for another ending, NotFound
    where the folder holds no databases.
    """
    for name in (*DATABASES, *FILES):
        if not (folder / name).exists():
            raise NotFound(f"{folder / name} is missing", hint="Is this the data folder of a hub?")
    if target.suffix not in (".gz", ".zst"):
        raise BadInput(f"{target.name} does not end in .tar.zst or .tar.gz", hint="The ending says how it is packed.")
    if target.exists() and not overwrite:
        raise Conflict(f"{target} exists", hint="Choose another name, or overwrite it with --force.")
    if not target.parent.is_dir():
        raise NotFound(f"there is no folder {target.parent}", hint="Make it first.")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise Conflict(f"{target.parent} cannot be written to", hint="Choose a folder that is yours, with room for it.")
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as work:
        copies = Path(work)
        for name in DATABASES:
            _copy_database(folder / name, copies / name)
        for name in FILES:
            shutil.copyfile(folder / name, copies / name)
        manifest = {
            "format": 1,
            "at": at,
            "version": version,
            "files": {name: _digest(copies / name) for name in (*DATABASES, *FILES)},
        }
        (copies / MANIFEST).write_text(json.dumps(manifest, indent=1))
        whole = copies / "whole"
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
            with _packing(raw, target.suffix == ".gz") as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
                for name in (MANIFEST, *FILES, *DATABASES):
                    archive.add(copies / name, name, filter=_plain)
                for digest in FolderBlobs(folder / BLOBS).held():
                    with suppress(FileNotFoundError):  # withdrawn this instant
                        archive.add(folder / BLOBS / digest[:2] / digest, f"{BLOBS}/{digest}", filter=_plain)
            raw.flush()
            os.fsync(raw.fileno())
        whole.replace(target)
    _sync_folder(target.parent)
    return manifest


def _copy_database(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30.0)) as standing,
        closing(sqlite3.connect(target)) as copy,
    ):
        standing.backup(copy, pages=_STEP, sleep=0.001)
        # The copy stands alone: no write-ahead log beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


@contextmanager
def _packing(raw: IO[bytes], gzipped: bool) -> Iterator[Any]:
    if gzipped:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6) as packed:
            yield packed
    else:
        with zstandard.ZstdCompressor(level=3).stream_writer(raw, closefd=False) as packed:
            yield packed


def read_backup(source: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into a new folder (mode 0700) and check every file. Returns the manifest.

    Raises Conflict where the folder is not empty, BadInput where the file is no backup or is damaged. On any error
    nothing is left behind.
    """
    if not source.is_file():
        raise NotFound(f"there is no file {source}", hint="Check the path of the backup.")
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty", hint="Restore into a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".restore-", dir=folder.parent))
    try:
        manifest = _unpack(source, work)
        for name in DATABASES:
            with closing(sqlite3.connect(work / name)) as connection:
                if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise BadInput(f"{name} in {source} is damaged", hint="Take an older backup.")
        if folder.exists():
            folder.rmdir()
        work.replace(folder)
    except (tarfile.TarError, zstandard.ZstdError, EOFError, OSError, ValueError, sqlite3.Error) as fault:
        raise BadInput(f"{source} is no whole backup: {fault}", hint="Take another one.") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _sync_folder(folder.parent)
    return manifest


def _unpack(source: Path, work: Path) -> dict[str, Any]:
    wanted = {MANIFEST, *FILES, *DATABASES}
    with source.open("rb") as raw, _unpacking(raw) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
        for member in archive:
            blob = member.name.removeprefix(f"{BLOBS}/") if member.isreg() else ""
            if blob != member.name and NAME.match(blob):
                _unpack_blob(archive, member, work, blob)
                continue
            if member.name not in wanted or not member.isreg():
                raise BadInput(f"{source} holds {member.name[:80]!r}, which no backup of a hub does")
            wanted.discard(member.name)
            content = archive.extractfile(member)
            assert content is not None
            _write(work / member.name, content)
    if wanted:
        raise BadInput(
            f"{source} lacks {', '.join(sorted(wanted))}", hint="It is no backup of a hub, or not a whole one."
        )
    manifest: dict[str, Any] = json.loads((work / MANIFEST).read_text())
    for name in (*FILES, *DATABASES):
        if manifest.get("files", {}).get(name) != _digest(work / name):
            raise BadInput(f"{name} in {source} is damaged: its digest differs", hint="Take another backup.")
    (work / MANIFEST).unlink()
    return manifest


def _unpack_blob(archive: tarfile.TarFile, member: tarfile.TarInfo, work: Path, digest: str) -> None:
    content = archive.extractfile(member)
    data = content.read(MAX_BLOB + 1) if content is not None else b""
    if hashlib.sha256(data).hexdigest() != digest:
        raise BadInput(f"the file {digest} of a post is damaged: its digest differs", hint="Take another backup.")
    FolderBlobs(work / BLOBS).keep(digest, data)


@contextmanager
def _unpacking(raw: IO[bytes]) -> Iterator[Any]:
    start = raw.read(4)
    raw.seek(0)
    if start == _ZSTD:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw, closefd=False) as packed:
            yield io.BufferedReader(packed)
    elif start[:2] == _GZIP:
        with gzip.GzipFile(fileobj=raw) as packed:
            yield packed
    else:
        raise BadInput("the file is no backup of a hub", hint="fusioncell backup writes .tar.zst and .tar.gz files.")


def _write(target: Path, content: IO[bytes]) -> None:
    size = 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := content.read(1 << 20):
            size += len(chunk)
            if size > MAX_BYTES:
                raise TooLarge(f"{target.name} is over {MAX_BYTES:,} bytes")
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())


def _digest(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
