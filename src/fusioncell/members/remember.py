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

from fusioncell.kernel.clock import DAY, SECOND, Instant
from fusioncell.kernel.marking import Viewer
from fusioncell.members.model import SESSION_IDLE, SessionInfo

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


class LastUsed:
    """When each session was last used, to the minute: in this process's memory and nowhere else.

    The vault knows the day alone, so that no row tells who was active when an anonymous contribution came in. What
    this process has not seen in use (it was restarted, or the memory gave way) stands for as long as the day lasts
    on which it was last seen.
    """

    def __init__(self) -> None:
        self._used: dict[str, Instant] = {}
        self._ends: dict[str, Instant] = {}
        self._lock = threading.Lock()

    def open(self, session: str, now: Instant, until: Instant) -> None:
        """Note that a session was opened, and when it ends however busy it is."""
        self.note(session, now)
        with self._lock:
            if len(self._ends) >= MOST:
                del self._ends[next(iter(self._ends))]
            self._ends[session] = until

    def end_of(self, session: str) -> Instant | None:
        """Return when a session ends that this process has opened; None for any other."""
        return self._ends.get(session)

    def note(self, session: str, now: Instant) -> None:
        """Note that a session is in use; the one that was noted longest ago gives way."""
        with self._lock:
            self._used.pop(session, None)
            if len(self._used) >= MOST:
                del self._used[next(iter(self._used))]
            self._used[session] = now

    def is_idle(self, session: SessionInfo, now: Instant) -> bool:
        """Tell whether a session was left alone for an hour, or its time is over."""
        if now >= self._ends.get(session.id, session.expires):
            return True
        used = self._used.get(session.id)
        return now >= used + SESSION_IDLE if used is not None else session.seen < now // DAY * DAY
