"""A log as its checkpoint commits to it: tiles, proofs made of them, entries that are checked against the root."""

from __future__ import annotations

from collections.abc import Iterator

from fusioncell_verify.faults import Failed, Unreadable
from fusioncell_verify.notes import Checkpoint
from fusioncell_verify.source import Source
from fusioncell_verify.tree import Peaks, check_growth, check_inclusion, of_leaf, of_pair, path_up, proof_of_growth

FULL = 256
HASH = 32


def place_path(index: int) -> str:
    """Return a tile's index as tlog-tiles writes it: three digits an element, ``x`` before all but the last."""
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03}")
    return "/".join(parts)


class Log:
    """A log's tree up to one checkpoint."""

    def __init__(self, source: Source, checkpoint: Checkpoint) -> None:
        self._source = source
        self.head = checkpoint
        self._tiles: dict[tuple[int, int], bytes] = {}

    def _file(self, kind: str, index: int, width: int) -> tuple[bytes, int]:
        """Read a tile or a bundle; the full one where the partial one is gone. Returns it and its width."""
        path = f"tile/{kind}/{place_path(index)}"
        if width == FULL:
            return self._source.read(path), FULL
        try:
            return self._source.read(f"{path}.p/{width}"), width
        except Unreadable:
            return self._source.read(path), FULL

    def tile(self, level: int, index: int) -> bytes:
        """Return a tile's hashes, as many as the checkpoint's tree has. Raises Failed where it has another length."""
        known = self._tiles.get((level, index))
        if known is None:
            width = min(FULL, (self.head.size >> (8 * level)) - index * FULL)
            data, came = self._file(str(level), index, width)
            if len(data) != came * HASH:
                raise Failed("tile", f"tile {index} of level {level} has {len(data)} bytes, not {came * HASH}")
            known = self._tiles[level, index] = data[: width * HASH]
        return known

    def node(self, height: int, index: int) -> bytes:
        """Return the hash of a complete subtree, made of one tile's hashes."""
        level, above = divmod(height, 8)
        tile_index, start = divmod(index << above, FULL)
        tile = self.tile(level, tile_index)
        hashes = [tile[(start + i) * HASH : (start + i + 1) * HASH] for i in range(1 << above)]
        while len(hashes) > 1:
            hashes = [of_pair(*hashes[i : i + 2]) for i in range(0, len(hashes), 2)]
        return hashes[0]

    def bundle(self, index: int) -> list[bytes]:
        """Return the entries of a bundle, as many as the checkpoint's tree has. Raises Failed for a torn one."""
        width = min(FULL, self.head.size - index * FULL)
        data, came = self._file("entries", index, width)
        found, at = [], 0
        while at < len(data):
            length = int.from_bytes(data[at : at + 2], "big")
            found.append(data[at + 2 : at + 2 + length])
            at += 2 + length
        if at != len(data) or len(found) != came:
            raise Failed("bundle", f"bundle {index} holds {len(found)} whole entries, not {came}")
        return found[:width]

    def entry(self, index: int) -> bytes:
        """Return one entry, proved to stand in the signed tree. Raises Failed."""
        if not 0 <= index < self.head.size:
            raise Failed("inclusion", f"leaf {index} is beyond the checkpoint's {self.head.size} leaves")
        data = self.bundle(index // FULL)[index % FULL]
        path = path_up(self.node, 0, index, self.head.size)
        check_inclusion(of_leaf(data), index, self.head.size, path, self.head.root)
        return data

    def entries(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield entries from a place on; they are not proved one by one."""
        for index in range(first // FULL, -(-self.head.size // FULL)):
            for offset, data in enumerate(self.bundle(index)):
                if index * FULL + offset >= first:
                    yield index * FULL + offset, data

    def check_entries(self, entries: list[bytes]) -> None:
        """Check that these are all entries of the signed tree, and that its level-0 tiles say the same."""
        peaks = Peaks()
        for index in range(-(-len(entries) // FULL)):
            hashes = [of_leaf(data) for data in entries[index * FULL : (index + 1) * FULL]]
            if b"".join(hashes) != self.tile(0, index):
                raise Failed("tile", f"tile {index} of level 0 is not that of its entries")
            for digest in hashes:
                peaks.add(digest)
        if peaks.size != self.head.size or peaks.root() != self.head.root:
            raise Failed("root", f"the entries do not make the signed root of {self.head.size} leaves")

    def check_grew_from(self, old: Checkpoint) -> None:
        """Check that this log's tree begins with that of an earlier checkpoint. Raises Failed."""
        if old.origin != self.head.origin:
            raise Failed("origin", f"{old.origin!r} and {self.head.origin!r} are two logs")
        proof = proof_of_growth(self.node, old.size, self.head.size) if 0 < old.size < self.head.size else []
        check_growth(old.size, old.root, self.head.size, self.head.root, proof)
