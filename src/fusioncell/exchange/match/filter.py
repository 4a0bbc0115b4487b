"""The filter's file: what a member downloads to look values up offline (docs/match.md). Pure.

A line of JSON (the header), a line end, then the hashes: 8 bytes each, most significant first, in rising order. A hash
is the first 64 bits of SHA-256 of ``type:value``. So a value that is not in it is said to be with a chance of
``count / 2^64``, and none that is in it is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from fusioncell.kernel.errors import BadInput

FORMAT = "fusioncell-filter-1"
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Change:
    """A delta: hashes to add and to remove; either may name what is so already."""

    added: Hashes
    removed: Hashes


def filter_body(hashes: Hashes) -> bytes:
    """Write a whole filter."""
    return _written({"kind": "full", "count": len(hashes), "false_positive_rate": len(hashes) / 2.0**64}, hashes)


def delta_body(added: Hashes, removed: Hashes) -> bytes:
    """Write what changed in one."""
    return _written({"kind": "delta", "added": len(added), "removed": len(removed)}, added, removed)


def _written(header: dict[str, Any], *parts: Hashes) -> bytes:
    return b"".join(
        [msgspec.json.encode({"format": FORMAT, **header}), b"\n", *(part.astype(">u8").tobytes() for part in parts)]
    )


def read_filter(body: bytes) -> Hashes | Change:
    """Read a filter, or a change of one. Raises BadInput for what is neither, or was cut short."""
    head, _, rest = body.partition(b"\n")
    try:
        header = msgspec.json.decode(head, type=dict[str, Any])
        sizes = [int(header[name]) for name in (("count",) if header["kind"] == "full" else ("added", "removed"))]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        raise BadInput("that is no filter of a hub", hint="Fetch it anew.") from None
    if header.get("format") != FORMAT or len(rest) != 8 * sum(sizes):
        raise BadInput("the filter was cut short, or is of another version", hint="Fetch it anew.")
    hashes = np.frombuffer(rest, ">u8").astype(np.uint64)
    return hashes if len(sizes) == 1 else Change(hashes[: sizes[0]], hashes[sizes[0] :])


def changed(held: Hashes, change: Change) -> Hashes:
    """Return a filter as it stands after a change."""
    kept = held[~np.isin(held, change.removed)]
    result: Hashes = np.union1d(kept, change.added)
    return result


def holds(held: Hashes, asked: Hashes) -> npt.NDArray[np.bool_]:
    """Tell of each hash whether the filter holds it."""
    if not len(held):
        return np.zeros(len(asked), bool)
    at = np.minimum(np.searchsorted(held, asked), len(held) - 1)
    found: npt.NDArray[np.bool_] = held[at] == asked
    return found
