"""Viewers remembered in this process, so that a known token costs microseconds and no query.

Correct at once on revocation:

1. Whoever loads a viewer notes the generation *before* it reads the store.
2. Every change that could make a viewer wrong moves the generation *after* its commit and before it is answered.
3. A remembered viewer of another generation, or past its time, is not used.

So a viewer that was read before a change and remembered after it is never served. Another process's changes show
when the generation in the vault is read again, at most :data:`LOOK_EVERY` later.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from fusioncell.kernel.clock import SECOND, Instant
from fusioncell.kernel.marking import Viewer

LOOK_EVERY = SECOND
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A viewer, the generation in which it was read, and the instants from and until which it holds."""

    viewer: Viewer
    generation: int
    since: Instant
    until: Instant


class Remembered:
    """A bounded memory from a token's keyed hash to its viewer."""

    def __init__(self) -> None:
        self.generation = 0
        self._known: dict[bytes, Known] = {}
        self._lock = threading.Lock()
        self._stored = -1
        self._looked = -LOOK_EVERY

    def get(self, mark: bytes, now: Instant) -> Viewer | None:
        """Return the viewer where it still holds."""
        known = self._known.get(mark)
        if known is None or known.generation != self.generation or not known.since <= now < known.until:
            return None
        return known.viewer

    def put(self, mark: bytes, known: Known) -> None:
        """Remember a viewer; the oldest gives way."""
        with self._lock:
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[mark] = known

    def forget(self) -> None:
        """Move the generation: nothing that was remembered holds any more."""
        with self._lock:
            self.generation += 1
            self._known.clear()

    def is_due(self, now: Instant) -> bool:
        """Tell whether it is time to look at the vault's generation."""
        return not self._looked <= now < self._looked + LOOK_EVERY

    def look(self, stored: int, now: Instant) -> None:
        """Take the vault's generation: where it moved, another process changed something."""
        self._looked = now
        if stored != self._stored:
            self._stored = stored
            self.forget()
