"""The warninglists' files: MISP's lists as the package ``pymispwarninglists`` brings them, and a cache of arrays.

The package is found, not imported: only its data is wanted. What the arrays hold is not known here.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.kernel.errors import Unavailable

PACKAGE = "pymispwarninglists"

_COMPLETE = "complete"


def package_version() -> str:
    """Return the version of the installed lists. Raises Unavailable where the package is missing."""
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise Unavailable(f"The package {PACKAGE} is not installed", hint="Run make setup.") from None


def package_lists() -> Iterator[tuple[str, bytes]]:
    """Yield (folder name, bytes of its list.json) for each list, sorted by name, one in memory at a time.

    Raises Unavailable where there are none.
    """
    spec = importlib.util.find_spec(PACKAGE)
    roots = list(spec.submodule_search_locations or ()) if spec else []
    files = sorted(f for root in roots for f in Path(root).glob("data/misp-warninglists/lists/*/list.json"))
    if not files:
        raise Unavailable(f"The package {PACKAGE} holds no lists", hint="Install it again: make setup.")
    for file in files:
        yield file.parent.name, file.read_bytes()


def open_arrays(
    cache: Path, stamp: str, build: Callable[[], Mapping[str, npt.NDArray[Any]]]
) -> dict[str, npt.NDArray[Any]]:
    """Open the arrays of this ``stamp`` in the folder ``cache`` memory-mapped; build and keep them where missing.

    Building takes seconds, opening milliseconds. A folder appears whole or not at all (renamed into place), so
    several processes may do this at once; one that was damaged is built anew. Older stamps are removed.
    """
    folder = cache / stamp
    found = _opened(folder)
    if found is None:
        cache.mkdir(parents=True, exist_ok=True)
        _keep(folder, build())
        _give_back_memory()
        found = _opened(folder)
    if found is None:
        raise Unavailable(f"What was compiled cannot be read back from {folder}", hint="Remove that folder and retry.")
    return found


def _give_back_memory() -> None:
    """Return what building left in the C library's heap to the system: 90 MB here, held for ever otherwise."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


def _opened(folder: Path) -> dict[str, npt.NDArray[Any]] | None:
    """Map the arrays of a complete folder; None where it is missing or damaged."""
    try:
        sizes = dict(line.split() for line in (folder / _COMPLETE).read_text().splitlines())
        arrays: dict[str, npt.NDArray[Any]] = {}
        for name, size in sizes.items():
            file = folder / f"{name}.npy"
            if file.stat().st_size != int(size):
                return None
            array = np.load(file, mmap_mode=None if int(size) <= 128 else "r", allow_pickle=False)
            # A plain view of the mapping: np.memmap's own __getitem__ costs microseconds.
            arrays[name] = np.asarray(array).view(np.ndarray)
    except (OSError, ValueError):
        return None
    return arrays


def _keep(folder: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write the arrays beside their place, make them durable, move them into place, drop other stamps."""
    work = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        lines = []
        for name, array in arrays.items():
            file = work / f"{name}.npy"
            with file.open("wb") as handle:
                np.save(handle, array, allow_pickle=False)
                handle.flush()
                os.fsync(handle.fileno())
            lines.append(f"{name} {file.stat().st_size}")
        with (work / _COMPLETE).open("w") as handle:
            handle.write("\n".join(lines))
            handle.flush()
            os.fsync(handle.fileno())
        if folder.exists() and _opened(folder) is None:
            shutil.rmtree(folder)
        try:
            work.rename(folder)
        except OSError:
            if _opened(folder) is None:  # else another process was first, with the same content
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for other in folder.parent.iterdir():
        if other != folder and (other / _COMPLETE).exists() and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)
