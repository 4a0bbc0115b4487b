"""What is said of every observable, in columns in memory: 29 bytes each. Pure.

* ``keys`` holds the first hash of each (see ``hash``), sorted. In ``rest`` stand, in sixteen bytes so that one look at
  memory brings all three: the second hash but for its last bits; in place of these the number of the observable's
  :class:`~fusioncell.fusion.model.Profile`: whose audiences, how many mentions, how strong a voice; and ``latest``, the
  forward-decayed weight of its one voice. Few profiles exist, so "may this viewer see it" is one look-up in a small
  table per profile, and what is answered follows from a handful of floats.
* A look-up asks a bit map first (most values of a log end there), then a table of buckets, then the keys.
* Of an observable of many voices, or that changed since the columns were made, memory only says: ask the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.match.hash import LONGEST, Hasher, Words
from fusioncell.fusion import LANDMARK, ORIGIN_CAP, half_life, prior, probability
from fusioncell.fusion.learned import Line
from fusioncell.fusion.model import MANY, Profile, Profiled
from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.observable import TYPES_BY_CODE

Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
UNKNOWN, KNOWN, ASK = 0, 1, 2
"""What memory says of a value for a viewer: nothing that it sees mentions it; the answer stands here; ask the store."""
_BITS_EACH = 8
_KEYS_A_BUCKET = 1
_LIMIT = 1000.0
_END = (1 << 64) - 1


class Profiles:
    """All profiles, by number."""

    def __init__(self) -> None:
        self.all: list[Profile] = []
        self._numbers: dict[Profile, int] = {}
        self._visible: dict[frozenset[int], Bools] = {}
        self._columns: tuple[npt.NDArray[np.float64], ...] = ()

    def number(self, profile: Profile) -> int:
        """Return the number of a profile, a new one at the end."""
        found = self._numbers.get(profile)
        if found is None:
            found = self._numbers[profile] = len(self.all)
            self.all.append(profile)
        return found

    def visible_to(self, audiences: frozenset[int]) -> Bools:
        """Tell of each profile whether someone of these audiences sees something that it says."""
        known = self._visible.get(audiences)
        if known is None or len(known) < len(self.all):
            if len(self._visible) > 256:
                self._visible.clear()
            known = np.fromiter((not p.audiences.isdisjoint(audiences) for p in self.all), bool, len(self.all))
            self._visible[audiences] = known
        return known

    def active(self, numbers: npt.NDArray[Any], latest: npt.NDArray[np.float64], now: Instant) -> npt.NDArray[Any]:
        """Return P(active) of observables with these profiles and forward-decayed weights (as ``fusion.assess``)."""
        base, side, half = self._figures()
        exponent = np.maximum(latest - (now - LANDMARK) / half[numbers], -_LIMIT)
        odds = base[numbers] + side[numbers] * np.minimum(np.exp2(exponent), ORIGIN_CAP)
        result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
        return result

    def _figures(self) -> tuple[npt.NDArray[np.float64], ...]:
        if not self._columns or len(self._columns[0]) < len(self.all):
            types = [TYPES_BY_CODE[p.code] for p in self.all]
            self._columns = (
                np.array([prior(type) for type in types], np.float64),
                np.array([{1: 1.0, 2: -1.0}.get(p.side, 0.0) for p in self.all], np.float64),
                np.array([p.half * DAY or half_life(type) for p, type in zip(self.all, types, strict=True)],
                         np.float64),
            )
        return self._columns

    def malicious(self, number: int, line: Line) -> float:
        """Return P(malicious) of observables with this profile, as ``line`` calibrates it."""
        profile = self.all[number]
        weight = min(profile.weight, ORIGIN_CAP)
        score = prior(TYPES_BY_CODE[profile.code])
        score += {1: weight, 2: -weight}.get(profile.side, 0.0)
        return probability(line.says(score))


@dataclass(slots=True)
class Columns:
    """The index. Frozen but for the bit map, where bits are only ever set. Its last row is no observable's."""

    keys: Words
    rest: npt.NDArray[Any]
    """``said``: the second hash, its last bits the profile's number; ``latest``."""
    buckets: npt.NDArray[np.uint32]
    bits: npt.NDArray[np.uint8]
    profiles: Profiles
    many: Bools
    """Of each profile: whether the store must be asked."""
    width: int
    """Bits of a profile's number: 16 while there are so few, else 32."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return sum(each.nbytes for each in (self.keys, self.rest, self.buckets, self.bits))

    def __len__(self) -> int:
        return len(self.keys) - 1

    def profile(self, rows: npt.NDArray[Any]) -> Numbers:
        """Return the profiles' numbers of rows of ``rest``."""
        number: Words = rows["said"] & np.uint64((1 << self.width) - 1)
        return number.view(np.int64)

    def standing(self, audiences: frozenset[int], profile: Numbers) -> npt.NDArray[np.int8]:
        """Return UNKNOWN, KNOWN or ASK for someone of these audiences, by the profiles' numbers."""
        visible = self.profiles.visible_to(audiences)[: len(self.many)]
        table: npt.NDArray[np.int8] = np.where(visible, np.where(self.many, ASK, KNOWN), UNKNOWN).astype(np.int8)
        return table.take(profile)

    def perhaps(self, keys: Words) -> Numbers:
        """Return the places of the keys that may be held: all that are, and some others."""
        place = keys >> np.uint64(64 - _log2(8 * len(self.bits)))
        bit = self.bits.take((place >> np.uint64(3)).view(np.int64)) >> (place & np.uint64(7)).astype(np.uint8)
        return np.flatnonzero(bit & 1)

    def places(self, keys: Words) -> Numbers:
        """Return where each stands in the columns, or would stand."""
        at = self.buckets.take((keys >> np.uint64(64 - _log2(len(self.buckets)))).view(np.int64)).astype(np.int64)
        waiting, wanted, here = np.arange(len(keys)), keys, at
        # Each steps on from its bucket's first key to the first that is not smaller; the last row is smaller than none.
        while len(on := np.flatnonzero(self.keys.take(here) < wanted)):
            waiting, wanted, here = waiting.take(on), wanted.take(on), here.take(on) + 1
            at[waiting] = here
        return at

    def mark(self, key: int) -> None:
        """Let a key through the bit map from here on."""
        place = key >> (64 - _log2(8 * len(self.bits)))
        self.bits[place >> 3] |= np.uint8(1 << (place & 7))

    def without(self, keys: Words) -> Rows:
        """Return the rows as they stand, less those with these keys."""
        kept = np.ones(len(self.keys), bool)
        at = np.searchsorted(self.keys, keys)
        kept[at[self.keys[at] == keys]] = False
        kept[-1] = False
        rest = self.rest[kept]
        return Rows(
            [self.keys[kept]], [rest["said"]], [rest["latest"]], [self.profile(rest).astype(np.uint32)], self.profiles
        )


def _log2(size: int) -> int:
    return size.bit_length() - 1


@dataclass(slots=True)
class Rows:
    """Columns in the making."""

    keys: list[Words] = field(default_factory=list)
    checks: list[Words] = field(default_factory=list)
    latest: list[npt.NDArray[np.float64]] = field(default_factory=list)
    profile: list[npt.NDArray[Any]] = field(default_factory=list)
    profiles: Profiles = field(default_factory=Profiles)

    def add(self, hasher: Hasher, found: Iterable[Profiled]) -> None:
        """Add observables with their profiles; those that are too long are asked of the store each time."""
        items = [(item, item.value.encode()) for item in found if len(item.value) <= LONGEST // 4]
        if not items:
            return
        # Of one page, equal profiles are mostly one object.
        numbers: dict[int, int] = {}
        profile = np.empty(len(items), np.uint32)
        for place, (item, _) in enumerate(items):
            number = numbers.get(id(item.profile))
            if number is None:
                number = numbers[id(item.profile)] = self.profiles.number(item.profile)
            profile[place] = number
        codes = np.fromiter((item.profile.code for item, _ in items), np.uint8, len(items))
        keys, checks = hasher.texts([value for _, value in items], codes)
        self.keys.append(keys)
        self.checks.append(checks)
        self.latest.append(np.fromiter((item.latest for item, _ in items), np.float64, len(items)))
        self.profile.append(profile)

    def columns(self) -> Columns:
        """Sort what was added, and make the tables for finding it."""
        keys = np.concatenate([*self.keys, np.array([_END], np.uint64)])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        size = max(len(keys), 64)
        bits = np.zeros(1 << (_log2(size * _BITS_EACH) + 1) >> 3, np.uint8)
        place = keys >> np.uint64(64 - _log2(8 * len(bits)))
        byte, bit = (place >> np.uint64(3)).astype(np.int64), np.uint8(1) << (place & np.uint64(7)).astype(np.uint8)
        starts = np.flatnonzero(np.concatenate([[True], byte[1:] != byte[:-1]]))
        bits[byte[starts]] = np.bitwise_or.reduceat(bit, starts)
        shift = _log2(size // _KEYS_A_BUCKET)
        edges = np.arange(1 << shift, dtype=np.uint64) << np.uint64(64 - shift)
        width = 16 if len(self.profiles.all) < 1 << 16 else 32
        rest = np.empty(len(keys), [("said", np.uint64), ("latest", np.float64)])
        rest["said"] = np.concatenate([*self.checks, np.zeros(1, np.uint64)])[order]
        rest["said"] &= np.uint64(-1 << width & _END)
        rest["said"] |= np.concatenate([*self.profile, np.zeros(1, np.uint32)])[order]
        rest["latest"] = np.concatenate([*self.latest, np.zeros(1)])[order]
        return Columns(
            keys,
            rest,
            np.searchsorted(keys, edges).astype(np.uint32),
            bits,
            self.profiles,
            np.fromiter((p.side == MANY for p in self.profiles.all), bool, len(self.profiles.all)),
            width,
        )
