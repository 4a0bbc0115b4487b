"""The index in memory, kept up with the river: columns as of some moment, and what changed since.

What changed is not looked up in memory at all until it is merged: the store is asked. So an answer never depends on
how far the memory has come. Nothing is held before the first request that needs it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.match.hash import LONGEST, Hasher, Words
from fusioncell.exchange.match.index import ASK, KNOWN, UNKNOWN, Columns, Rows
from fusioncell.exchange.match.nets import Nets
from fusioncell.fusion.model import Profiled
from fusioncell.kernel.observable import TYPE_CODES, Observable, ObservableType

MERGE_AT = 4096
"""Changed observables from which on they are merged."""
TOO_MANY = 400_000
"""Changed observables from which on the columns are made anew when they are next needed."""


@dataclass(frozen=True, slots=True)
class Found:
    """What memory says of many values, for one viewer: for each a state; and of those that are KNOWN, in order, what
    stands in ``rest`` of the columns."""

    state: npt.NDArray[np.int8]
    rows: npt.NDArray[Any]
    columns: Columns | None


class Source(Protocol):
    """Where the columns come from (``fusion``)."""

    def profiles(self) -> Iterator[list[Profiled]]:
        """Give the profile of every observable, in pages."""
        ...

    def profiles_of(self, observables: Sequence[Observable]) -> list[Profiled]:
        """Return those of some."""
        ...

    def nets(self) -> list[str]:
        """Return all networks."""
        ...


class Memory:
    """The columns and what changed since."""

    def __init__(self, fusion: Source, key: bytes) -> None:
        self._fusion = fusion
        self.hasher = Hasher(key)
        self._nets: Nets | None = None
        self._columns: Columns | None = None
        self._changed: dict[int, Observable] = {}
        self._merging: dict[int, Observable] = {}
        self._sorted: Words | None = None
        self._recording = False
        self._loading = threading.Lock()
        self._lock = threading.Lock()

    @property
    def columns(self) -> Columns | None:
        """The columns, None before they are needed."""
        return self._columns

    def load(self) -> None:
        """Read all columns, where they are not held. Takes some 5 s a million observables, once."""
        with self._loading:
            if self._columns is not None:
                return
            with self._lock:
                # What changes while this reads is asked of the store until the next merge.
                self._recording, self._changed, self._sorted = True, {}, None
            rows = Rows()
            for page in self._fusion.profiles():
                rows.add(self.hasher, page)
            columns = rows.columns()
            with self._lock:
                for key in self._changed:
                    columns.mark(key)
                self._columns = columns

    def nets(self) -> Nets:
        """Return all networks, reading them where they are not held."""
        held = self._nets
        if held is None:
            # What comes meanwhile is added to it, too.
            held = self._nets = Nets()
            held.add(self._fusion.nets())
        return held

    def changed(self, observables: Iterable[Observable]) -> None:
        """Note that what is said of these may have changed."""
        if not self._recording and self._nets is None:
            return
        fresh = list(dict.fromkeys(o for o in observables if len(o.value) <= LONGEST // 4))
        if self._nets is not None:
            self._nets.add(o.value for o in fresh if o.type is ObservableType.CIDR)
        if not self._recording:
            return
        keys = self._hashes(fresh)[0].tolist()
        with self._lock:
            self._changed.update(zip(keys, fresh, strict=True))
            self._sorted = None
            if self._columns is not None:
                for key in keys:
                    self._columns.mark(key)
            if len(self._changed) > TOO_MANY:
                self._columns, self._recording, self._changed = None, False, {}

    def merge(self, *, least: int = MERGE_AT) -> bool:
        """Take what changed into the columns, if it is so many; tell whether that was done."""
        with self._loading:
            with self._lock:
                columns = self._columns
                if columns is None or len(self._changed) < max(least, 1):
                    return False
                self._merging, self._changed, self._sorted = self._changed, {}, None
            merging = list(self._merging.items())
            rows = columns.without(np.array([key for key, _ in merging], np.uint64))
            for at in range(0, len(merging), 10_000):
                rows.add(self.hasher, self._fusion.profiles_of([o for _, o in merging[at : at + 10_000]]))
            made = rows.columns()
            with self._lock:
                if self._columns is not None:
                    for key in self._changed:
                        made.mark(key)
                    self._columns = made
                self._merging, self._sorted = {}, None
            return True

    def _hashes(self, observables: list[Observable]) -> tuple[Words, Words]:
        codes = np.fromiter((TYPE_CODES[o.type] for o in observables), np.uint8, len(observables))
        return self.hasher.texts([o.value.encode() for o in observables], codes)

    def look_for(self, observables: list[Observable], audiences: frozenset[int]) -> Found:
        """Look many observables up."""
        long = np.fromiter((len(o.value) > LONGEST // 4 for o in observables), bool, len(observables))
        if not long.any():
            return self.look_up(*self._hashes(observables), audiences)
        short = [o if len(o.value) <= LONGEST // 4 else Observable(o.type, "") for o in observables]
        found = self.look_up(*self._hashes(short), audiences)
        found.state[long] = ASK
        return found

    def look_up(self, keys: Words, checks: Words, audiences: frozenset[int]) -> Found:
        """Look many hashes up: what these audiences do not see is UNKNOWN, like what nobody ever mentioned."""
        with self._lock:
            columns, changed = self._columns, self._changed_keys()
        if columns is None or not columns.profiles.all:
            # Nothing was loaded, or there was nothing to load: the store knows what came since.
            return Found(np.full(len(keys), ASK, np.int8), np.empty(0), None)
        perhaps = columns.perhaps(keys)
        some = keys.take(perhaps)
        at = columns.places(some)
        rows = columns.rest.take(at)
        # By audience first; what is left of it is what is really there.
        said = columns.standing(audiences, columns.profile(rows))
        said *= columns.keys.take(at) == some
        said *= (rows["said"] ^ checks.take(perhaps)) >> np.uint64(columns.width) == 0
        if len(changed):
            near = np.minimum(np.searchsorted(changed, some), len(changed) - 1)
            said[changed[near] == some] = ASK
        state = np.full(len(keys), UNKNOWN, np.int8)
        state[perhaps] = said
        known = said == KNOWN
        return Found(state, rows if known.all() else rows.take(np.flatnonzero(known)), columns)

    def _changed_keys(self) -> Words:
        if self._sorted is None:
            together = [*self._changed, *self._merging]
            self._sorted = np.sort(np.array(together, np.uint64))
        return self._sorted
