"""What is known, by SHA-256 of ``type:value``: so that a member can look for a value without showing it.

* By range: all that begins with some hex digits, of which the asker keeps to itself which one it looks for.
* As a filter: the first 64 bits of the hash of all that the viewer may see, sorted, to be looked up elsewhere.

Columns as in ``memory``, made when they are first asked for: hash, id and profile of each observable. What changed
since stands beside them, with the position and audience of each change, so that a filter is kept up by what was added
and removed. A removal is told to those alone who could see what went; positions that others moved do not show.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.match.hash import Words
from fusioncell.exchange.match.index import Profiles
from fusioncell.exchange.match.memory import Source
from fusioncell.kernel.observable import TYPES_BY_CODE, Observable

TOO_MANY = 200_000
"""Changes from which on the columns are made anew when they are next asked for."""
SHORTEST, LONGEST_PREFIX = 3, 8
"""Hex digits of a range."""
MOST = 10_000
"""Values in one range; of more, a longer prefix must be asked."""


def digest(type: str, value: str) -> str:
    """Return the hash of an observable, in hex."""
    return sha256(f"{type}:{value}".encode()).hexdigest()


def short(type: str, value: str) -> int:
    """Return its first 64 bits."""
    return int.from_bytes(sha256(f"{type}:{value}".encode()).digest()[:8], "big")


@dataclass(slots=True)
class _Columns:
    hashes: Words
    ids: npt.NDArray[np.int64]
    profile: npt.NDArray[np.uint32]
    profiles: Profiles
    floor: int
    """The position as of which these columns are complete, at least."""
    changed: dict[int, Observable] = field(default_factory=dict)
    changes: list[tuple[int, int, int]] = field(default_factory=list)
    """(position, hash, audience) of each change since, in order."""


@dataclass(frozen=True, slots=True)
class Part:
    """Hashes with ids that stand in the columns for a viewer, and observables of which only the store can say."""

    hashes: Words
    ids: npt.NDArray[np.int64]
    ask: list[Observable]


class Blind:
    """The columns by SHA-256."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._columns: _Columns | None = None
        self._next: _Columns | None = None
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._position = 0

    def changed(self, position: int, what: Iterable[tuple[Observable, int]]) -> None:
        """Note, as the river goes: (observable, audience) of all of which something was said or ended."""
        held = [columns for columns in (self._columns, self._next) if columns is not None]
        self._position = position
        if not held:
            return
        rows = [(short(o.type.value, o.value), o, audience) for o, audience in what]
        with self._lock:
            for columns in held:
                columns.changed.update((key, o) for key, o, _ in rows)
                columns.changes += dict.fromkeys((position, key, audience) for key, _, audience in rows)
            if self._columns is not None and len(self._columns.changes) > TOO_MANY:
                self._columns = None

    def _loaded(self, position: int) -> _Columns:
        held = self._columns
        if held is not None:
            return held
        with self._loading:
            if self._columns is not None:
                return self._columns
            profiles = Profiles()
            empty: npt.NDArray[Any] = np.empty(0, np.int64)
            # What changes while this reads is noted in it.
            made = self._next = _Columns(np.empty(0, np.uint64), empty, np.empty(0, np.uint32), profiles, position)
            parts = [
                (short(TYPES_BY_CODE[item.profile.code].value, item.value), item.id, profiles.number(item.profile))
                for page in self._source.profiles()
                for item in page
            ]
            rows = np.array(parts, np.uint64).reshape(-1, 3)
            rows = rows[np.argsort(rows[:, 0])]
            made.hashes, made.ids = rows[:, 0].copy(), rows[:, 1].astype(np.int64)
            made.profile = rows[:, 2].astype(np.uint32)
            with self._lock:
                self._columns, self._next = made, None
            return made

    def seen(self, audiences: frozenset[int], position: int, first: int = 0, last: int = (1 << 64) - 1) -> Part:
        """Return what stands between two hashes for a viewer."""
        columns = self._loaded(position)
        with self._lock:
            changed = [(key, o) for key, o in columns.changed.items() if first <= key <= last]
        start, end = (
            int(np.searchsorted(columns.hashes, np.uint64(first))),
            int(np.searchsorted(columns.hashes, np.uint64(last), "right")),
        )
        hashes = columns.hashes[start:end]
        kept = columns.profiles.visible_to(audiences)[columns.profile[start:end]]
        if changed:
            kept &= ~np.isin(hashes, np.array([key for key, _ in changed], np.uint64))
        return Part(hashes[kept], columns.ids[start:end][kept], [o for _, o in changed])

    def since(self, audiences: frozenset[int], position: int, after: int) -> list[Observable] | None:
        """Return what changed for a viewer after a position; None where that is not known any more."""
        columns = self._loaded(position)
        if after < columns.floor:
            return None
        with self._lock:
            late = takewhile(lambda change: change[0] > after, reversed(columns.changes))
            keys = dict.fromkeys(key for _, key, audience in late if audience in audiences)
            return [columns.changed[key] for key in keys]

    def cursor(self, audiences: frozenset[int], position: int) -> int:
        """Return the position of the last change that a viewer could see: that of the columns, if there was none."""
        columns = self._loaded(position)
        with self._lock:
            mine = (place for place, _, audience in reversed(columns.changes) if audience in audiences)
            return next(mine, columns.floor)
