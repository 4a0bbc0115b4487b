"""The tables of what stands, one an audience set: made, mended where evidence moved, or only looked at.

1. Who takes an export needs the whole table: it is made once, then mended (:meth:`Tables.table`). A million values
   take some 14 CPU-s to make, and each mending copies the columns.
2. A page does not wait for that (:meth:`Tables.look`): it takes the table as it stands, and reads anew what it shows
   and what moved since, no more than :data:`MOST_READ` claims or values.
3. What is more than that is left to the next round (:meth:`Tables.round`), in a thread of its own. Until then a page
   has no sums, or those of the table as it stands.

Whether there are sums at once hangs on what the viewer sees alone, never on what others contributed.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.detect.follow import Moves
from fusioncell.exchange.detect.select import Tally, mended, rows_of, same, tally
from fusioncell.fusion.model import Standing
from fusioncell.fusion.service import Fusion

MAX_TABLES = 64
MOST_READ = 2000
"""Claims or moved values that a page reads beside what it shows."""
MOST_FADED = 100
"""Values that end today, the first by value, that are ready to be listed."""


_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Made:
    """A table as it was at a position. ``edition`` moves with its content, ``touched`` with any evidence."""

    table: Standing
    position: int
    edition: int
    touched: int


class Look(NamedTuple):
    """What a page is told. ``near``: the rows of what was asked for. ``counts``: how many values of each type's code an
    export holds, None until they are counted. ``faded``: what ends today, as far as the table is made; ``listed``:
    those of it, and maybe others, among which its first :data:`MOST_FADED` by value are."""

    near: Standing
    counts: Counter[int] | None = None
    faded: npt.NDArray[np.int64] = _NONE
    listed: npt.NDArray[np.int64] = _NONE


class _Sums(NamedTuple):
    """The sums of one edition of a table. ``first``: what ends on that day, the first by value."""

    edition: int
    tally: Tally
    first: npt.NDArray[np.int64]


@dataclass(slots=True)
class _Held:
    """The table of one audience set, and its sums of one day."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    made: Made | None = None
    sums: _Sums | None = None


class Tables:
    """All tables that are held. ``moves``: what evidence moved."""

    def __init__(self, fusion: Fusion, moves: Moves) -> None:
        self._fusion, self._moves = fusion, moves
        self._editions = count(1)
        # Of all tables: one that was let go and made again is not taken for the one that a body was made of.
        self._lock = threading.Lock()
        self._held: OrderedDict[frozenset[int], _Held] = OrderedDict()
        self._wanted: dict[frozenset[int], None] = {}

    def clear(self) -> None:
        """Let all tables go: they are made again when they are asked for."""
        with self._lock:
            self._held.clear()

    def table(self, audiences: frozenset[int]) -> Made:
        """Return the table of an audience set, as new as the river's last batch."""
        held = self._of(audiences)
        with held.lock:
            position, made = self._moves.position, held.made
            if made is not None and made.position == position:
                return made
            moved = self._moves.moved_since(made.position) if made is not None else None
            if made is None or moved is None:
                return self._keep(held, self._fusion.standing(audiences), position, position)
            if not moved:
                held.made = Made(made.table, position, made.edition, made.touched)
                return held.made
            ids = self._fusion.ids_of(list(moved))
            return self._keep(held, mended(made.table, ids, self._fusion.standing(audiences, ids)), position, position)

    def look(self, audiences: frozenset[int], named: Sequence[int], today: int) -> Look:
        """Return the rows of the ``named`` as of now, and the sums as far as they are known without long work."""
        held = self._of(audiences)
        made, moved = self._near(held, audiences, named)
        if made is None:
            return Look(self._fusion.standing(audiences, moved))
        sums = self._sums(held, made, today)
        fresh = self._fusion.standing(audiences, moved)
        gone, come = tally(rows_of(made.table, moved), today), tally(fresh, today)
        counts = sums.tally.counts.copy()
        counts.subtract(gone.counts)
        counts.update(come.counts)
        faded = np.union1d(np.setdiff1d(sums.tally.faded, np.array(moved, np.int64)), come.faded)
        near = mended(rows_of(made.table, named), moved, rows_of(fresh, named))
        return Look(near, +counts, faded, np.union1d(sums.first, come.faded))

    def round(self, today: int) -> None:
        """Make or mend the tables that pages have missed, and their sums of a day."""
        while (audiences := self._next()) is not None:
            self._sums(self._of(audiences), self.table(audiences), today)
            with self._lock:
                self._wanted.pop(audiences, None)

    def _next(self) -> frozenset[int] | None:
        with self._lock:
            return next(iter(self._wanted), None)

    def _sums(self, held: _Held, made: Made, today: int) -> _Sums:
        """Return the sums of a table: made once a day and edition, for they look at each row."""
        sums = held.sums
        if sums is None or (sums.edition, sums.tally.today) != (made.edition, today):
            found = tally(made.table, today)
            values = self._fusion.observables(found.faded.tolist())
            first = sorted(values, key=lambda one: (values[one].type.value, values[one].value))[:MOST_FADED]
            held.sums = sums = _Sums(made.edition, found, np.array(first, np.int64))
        return sums

    def _of(self, audiences: frozenset[int]) -> _Held:
        with self._lock:
            held = self._held.setdefault(audiences, _Held())
            self._held.move_to_end(audiences)
            while len(self._held) > MAX_TABLES:
                self._held.popitem(last=False)
            return held

    def _keep(self, held: _Held, table: Standing, position: int, touched: int) -> Made:
        """Keep a table in the place of the one that stands. The caller holds the lock."""
        before = held.made
        if before is not None and same(table, before.table):
            held.made = Made(before.table, position, before.edition, touched)
        else:
            held.made = Made(table, position, next(self._editions), touched)
        return held.made

    def _near(self, held: _Held, audiences: frozenset[int], named: Sequence[int]) -> tuple[Made | None, Sequence[int]]:
        """Return the table as it stands, and what to read beside it: what moved since, or at least what is shown."""
        made = held.made
        moved = self._moves.moved_since(made.position) if made is not None else None
        if made is not None and moved is not None and len(moved) <= MOST_READ:
            return made, self._fusion.ids_of(list(moved))
        if audiences not in self._wanted and (few := self._of_few(held, audiences)) is not None:
            return few, []
        with self._lock:
            if len(self._wanted) < MAX_TABLES:
                self._wanted[audiences] = None
        return made, named

    def _of_few(self, held: _Held, audiences: frozenset[int]) -> Made | None:
        """Make the table at once where the viewer sees little; None where it is not, or somebody makes it now."""
        if not held.lock.acquire(blocking=False):
            return None
        try:
            position = self._moves.position
            table = self._fusion.standing_of_few(audiences, MOST_READ)
            return None if table is None else self._keep(held, table, position, position)
        finally:
            held.lock.release()
