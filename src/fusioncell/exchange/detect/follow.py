"""What moved since a position: so that a table of many values is mended where evidence moved, and not made anew.

Bounded: beyond :data:`MOST` values the oldest is forgotten, and who asks for what was before makes the table anew.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.observable import Observable

MOST = 100_000
_SPEAKS = frozenset((int(Stance.MALICIOUS), int(Stance.SUSPICIOUS), int(Stance.BENIGN), int(Stance.END)))
_LOWERS = frozenset((int(Stance.BENIGN), int(Stance.END)))


@dataclass(frozen=True, slots=True)
class _Batch:
    """What the entries up to ``until`` brought. ``lowered``: (audience, observable) of what ended or was spoken for;
    ``entries``: (audience, position) of entries that ended."""

    until: int
    moved: frozenset[Observable]
    lowered: frozenset[tuple[int, Observable]]
    entries: frozenset[tuple[int, int]]

    @property
    def size(self) -> int:
        return 1 + len(self.moved) + len(self.lowered) + len(self.entries)


class Moves:
    """The latest moves, batch by batch. ``position``: up to where they are known."""

    def __init__(self, position: int) -> None:
        self.position = position
        self._floor = position
        self._batches: deque[_Batch] = deque()
        self._size = 0
        self._lock = threading.Lock()

    def add(self, cuts: Sequence[Arrived], position: int) -> None:
        """Note what a batch of the river brought."""
        moved: set[Observable] = set()
        lowered: set[tuple[int, Observable]] = set()
        entries: set[tuple[int, int]] = set()
        for cut in cuts:
            for arrival in cut.arrivals:
                for claim in arrival.extract.claims:
                    if claim.stance in _SPEAKS:
                        moved.add(claim.observable)
                        if claim.stance in _LOWERS:
                            lowered.add((arrival.entry.audience, claim.observable))
            moved.update(one for _, one in cut.judged)
            lowered.update(cut.judged)
            for entry, extract in cut.ended:
                entries.add((entry.audience, entry.seq))
                for claim in extract.claims:
                    moved.add(claim.observable)
                    lowered.add((entry.audience, claim.observable))
        if any(cut.relearned for cut in cuts):
            self._forget(position)
            return
        batch = _Batch(position, frozenset(moved), frozenset(lowered), frozenset(entries))
        with self._lock:
            self._batches.append(batch)
            self._size += batch.size
            while self._size > MOST:
                gone = self._batches.popleft()
                self._size -= gone.size
                self._floor = gone.until
            self.position = position

    def _forget(self, position: int) -> None:
        """Forget all moves: every value is judged otherwise from here on, so tables are made anew."""
        with self._lock:
            self._batches.clear()
            self._size, self._floor, self.position = 0, position, position

    def _since(self, position: int) -> list[_Batch] | None:
        with self._lock:
            if position < self._floor:
                return None
            return [batch for batch in self._batches if batch.until > position]

    def moved_since(self, position: int) -> set[Observable] | None:
        """Return the observables whose evidence moved after a position; None where that is not known any more."""
        batches = self._since(position)
        return None if batches is None else set().union(*(batch.moved for batch in batches))

    def lowered_since(self, position: int, audiences: Iterable[int], *, entries: bool) -> int | None:
        """Count the observables (or entries) against which less stands since a position, by what the audiences see."""
        batches = self._since(position)
        if batches is None:
            return None
        seen = frozenset(audiences)
        if entries:
            return len({seq for batch in batches for audience, seq in batch.entries if audience in seen})
        return len({o for batch in batches for audience, o in batch.lowered if audience in seen})
