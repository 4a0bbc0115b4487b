"""Runs: neighbours of one block of the record, with consecutive places in one collection. Pure.

A run is one row, for what it holds was accepted at once by one contributor for one audience: the places follow from
the first one, and each column is a string of fixed widths. So keeping an object costs bytes, not rows.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2s

from fusioncell.exchange.taxii.model import STIX_20, STIX_21, Ask, Row
from fusioncell.intake import signed64
from fusioncell.kernel.clock import Instant

PRESENT, SPEC_20, SHADOW, LATEST, ALONE = 1, 2, 4, 8, 16
"""Flags of a place. PRESENT: an object stands at it. SHADOW: another copy of the same version came first. LATEST: of
its object's newest STIX version the newest. ALONE: nothing else of its object stands in the collection."""
KEY = 16
"""Bytes of the key of an object: what is of one key is taken for one object, whoever contributed it; so nobody may be
able to make an id of the key of another's, as they could of a quick 64-bit hash."""
NOTHING = bytes(KEY)
Columns = tuple[bytearray, "array[int]", "array[int]", "array[int]", bytearray]
"""Flags, and of each place: hash of the type, version (µs), size (bytes), key."""


def key_of(oid: str) -> bytes:
    """Return the key of an object by its id."""
    return blake2s(oid.encode("utf-8", "surrogatepass")).digest()[:KEY]


def number_of(key: bytes) -> int:
    """Return the first half of a key, by which it is looked up."""
    return array("q", key)[0]


@lru_cache(4096)
def type_hash(type: str) -> int:
    """Return what stands for a type in a column."""
    return signed64(type)


@dataclass(slots=True, eq=False)
class Run:
    """A run in memory, and what became of it. ``org``: hash of the contributor."""

    collection: int
    added: Instant
    seq: int
    audience: int
    org: int
    flags: bytearray = field(default_factory=bytearray)
    types: array[int] = field(default_factory=lambda: array("q"))
    versions: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("i"))
    keys: bytearray = field(default_factory=bytearray)
    stored: int = 0
    """Places that the stored row has; 0 where there is none."""
    changed: bool = False

    @classmethod
    def read(cls, collection: int, added: Instant, seq: int, audience: int, org: int, *columns: bytes) -> Run:
        """Make the value of a stored row."""
        flags, types, versions, sizes, keys = columns
        return cls(collection, added, seq, audience, org, bytearray(flags), array("q", bytes(types)),
                   array("q", bytes(versions)), array("i", bytes(sizes)), bytearray(keys), len(flags))  # fmt: skip

    def row(self) -> tuple[object, ...]:
        """Return the row, without places at its ends at which nothing stands."""
        first = len(self.flags) - len(self.flags.lstrip(b"\0"))
        last = len(self.flags.rstrip(b"\0"))
        return (self.collection, self.added + first, self.seq + first, self.audience, self.org,
                bytes(self.flags[first:last]), self.types[first:last].tobytes(), self.versions[first:last].tobytes(),
                self.sizes[first:last].tobytes(), bytes(self.keys[first * KEY : last * KEY]))  # fmt: skip

    def extend(self, gap: int, columns: Columns) -> None:
        """Go on after ``gap`` places at which nothing stands."""
        flags, types, versions, sizes, keys = columns
        self.flags += bytes(gap) + flags
        self.types += array("q", bytes(8 * gap)) + types
        self.versions += array("q", bytes(8 * gap)) + versions
        self.sizes += array("i", bytes(4 * gap)) + sizes
        self.keys += bytes(KEY * gap) + keys

    def clear(self, at: int) -> None:
        """Say that nothing ever stood at a place."""
        self.flags[at] = self.types[at] = self.versions[at] = self.sizes[at] = 0
        self.keys[at * KEY : (at + 1) * KEY] = NOTHING

    def key(self, at: int) -> bytes:
        """Return the key of the object at a place."""
        return bytes(self.keys[at * KEY : (at + 1) * KEY])

    def shown(self, places: Iterable[int]) -> list[Row]:
        """Return what stands at places."""
        added, seq, org, flags, versions, sizes = self.added, self.seq, self.org, self.flags, self.versions, self.sizes
        return [Row(added + at, seq + at, org, versions[at], STIX_20 if flags[at] & SPEC_20 else STIX_21, sizes[at],
                    int(flags[at] & SHADOW > 0), 0) for at in places]  # fmt: skip


class Shelf:
    """The runs of one collection that are in memory, by position."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}
        self._starts: list[int] | None = None

    def put(self, runs: Iterable[Run]) -> None:
        """Add runs; one that is here already stays as it became."""
        for run in runs:
            self._runs.setdefault(run.seq, run)
        self._starts = None

    def before(self, seq: int) -> Run | None:
        """Return the last run that begins at a position or before it."""
        if self._starts is None:
            self._starts = sorted(self._runs)
        index = bisect_right(self._starts, seq) - 1
        return self._runs[self._starts[index]] if index >= 0 else None

    def find(self, seq: int) -> tuple[Run, int] | None:
        """Return the run that holds a position, and where in it; None where none does."""
        run = self.before(seq)
        return (run, seq - run.seq) if run is not None and seq < run.seq + len(run.flags) else None

    def all(self) -> Iterable[Run]:
        """Give all of them, in order."""
        return [self._runs[seq] for seq in sorted(self._runs)]


def pick(ask: Ask, rows: Iterable[Row], org: int) -> list[Row]:
    """Return those of one object's rows that are asked for, whatever their type and place (TAXII 2.1 §3.4.1).

    ``org``: hash of the contributor of which alone is asked, 0 for none. Versions are looked for among the STIX
    versions that are named, else in the newest that the object has.
    """
    pool = [row for row in rows if (row.org == org if org else not row.shadow)]
    if ask.specs:
        pool = [row for row in pool if row.spec in ask.specs]
    elif pool:
        newest = max(row.spec for row in pool)
        pool = [row for row in pool if row.spec == newest]
    if ask.all or not pool:
        return pool
    chosen = []
    if ask.last:
        chosen.append(max(pool, key=_by_version))
    if ask.first:
        chosen.append(min(pool, key=lambda row: (row.version, row.spec, row.added)))
    return [row for row in pool if row in chosen or (row.version or row.added) in ask.versions]


def _by_version(row: Row) -> tuple[int, int, int]:
    # Of equal versions the first that came.
    return row.version, row.spec, -row.added


def is_latest_alone(ask: Ask, org: int) -> bool:
    """Tell whether only the latest version of each object is asked for."""
    return ask.last and not (ask.specs or ask.versions or ask.first or ask.all or org)


def flags_of(standing: Sequence[tuple[Instant, int]]) -> list[int]:
    """Return the flags of an object's places: (version, spec) of each, in order of their places.

    Of equal versions the first is served, the others are its shadows.
    """
    alone = ALONE if len(standing) == 1 else 0
    best = max(standing, key=lambda one: (one[1], one[0]))
    seen: set[tuple[Instant, int]] = set()
    flags = []
    for one in standing:
        rank = SHADOW if one in seen else LATEST if one == best else 0
        seen.add(one)
        flags.append(PRESENT | (SPEC_20 if one[1] == STIX_20 else 0) | alone | rank)
    return flags
