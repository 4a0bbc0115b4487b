"""Tiles: the Merkle tree as static files (C2SP tlog-tiles). Pure.

A hash tile of level L holds up to 256 hashes, each of a complete subtree of height 8·L; a full tile is 8,192 bytes,
and its root is one hash of the level above. An entry bundle holds up to 256 entries, each behind its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from fusioncell.shield.translog.merkle import Node, fold

WIDTH = 256
HASH = 32
MAX_LEVEL = 5
"""Levels that are kept: 256^6 leaves are more than a log can have."""
_INDEX = re.compile(r"(?:x\d{3}/)*\d{3}")
_PARTIAL = re.compile(r"[1-9]\d{0,2}")
Tile = tuple[int, int]
"""(level, index)."""


def index_path(index: int) -> str:
    """Return an index as path elements of three digits, all but the last marked: 1234067 is ``x001/x234/067``."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:])


def read_path(text: str) -> tuple[int, int] | None:
    """Read ``<N>[.p/<W>]`` as (index, width); None for what is not written as the specification has it."""
    whole, marked, partial = text.partition(".p/")
    if not _INDEX.fullmatch(whole) or len(whole) > 24:
        return None
    index = int(whole.replace("x", "").replace("/", ""))
    if index_path(index) != whole:
        return None
    if not marked:
        return index, WIDTH
    return (index, int(partial)) if _PARTIAL.fullmatch(partial) and int(partial) < WIDTH else None


def width_of(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile holds in a tree of ``size`` leaves: 0 where there is no such tile."""
    return max(0, min(WIDTH, (size >> (8 * level)) - index * WIDTH))


def grow(size: int, hashes: Iterable[bytes], edge: dict[int, bytes]) -> tuple[int, dict[Tile, bytes]]:
    """Append leaf hashes to a tree; return its new size and the tiles that changed.

    ``edge``: by level, the hashes of its last tile where that one is not full. It is brought to the new size.
    """
    open_tiles = {level: bytearray(edge.get(level, b"")) for level in range(MAX_LEVEL + 1)}
    changed: dict[Tile, bytes] = {}
    first = size
    for digest in hashes:
        size += 1
        level, rising = 0, digest
        while True:
            tile = open_tiles[level]
            tile += rising
            if len(tile) < WIDTH * HASH or level == MAX_LEVEL:
                break
            whole = bytes(tile)
            changed[level, (size >> (8 * (level + 1))) - 1] = whole
            rising = fold(split(whole))
            tile.clear()
            level += 1
    for level, tile in open_tiles.items():
        edge[level] = bytes(tile)
        if tile and size >> (8 * level) != first >> (8 * level):
            changed[level, (size >> (8 * level)) // WIDTH] = bytes(tile)
    return size, changed


def split(tile: bytes) -> list[bytes]:
    """Return a tile's hashes."""
    return [tile[i : i + HASH] for i in range(0, len(tile), HASH)]


def node_reader(read: Callable[[int, int], bytes]) -> Node:
    """Return a reader of the tree's nodes out of a reader of its tiles, ``read(level, index)``."""

    def node(height: int, index: int) -> bytes:
        level, rest = divmod(height, 8)
        first = index << rest
        tile = read(level, first // WIDTH)
        start = first % WIDTH * HASH
        return fold(split(tile[start : start + (HASH << rest)]))

    return node


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry behind its length as two bytes, the higher one first."""
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)
