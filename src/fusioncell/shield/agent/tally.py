"""Counts of hits per listed name and hour, of which nothing below k is ever told.

What is promised, and why it holds:

1. **A count that is told is 0 or at least k**: blocked and shadow are held back each by itself, so that no two figures
   of a row differ by less than k of either.
2. **An hour is told once, when it is over, and never again**: a hit belongs to the hour in which it is read, not to the
   one in which it was asked, so a late line belongs to an open hour. No second version exists to take a first one from.
3. **What is held back is dropped at the close.** It enters no other figure: no total is told (a total less the rows
   told would be what was held back), and no later hour (hour and next hour together, less what was told, would be).
4. **A hit counts at one name, in one hour, of one kind**: every figure is of hits that no other figure counts.

From 1 and 4: whoever takes figures from figures gets sums of whole rows. Where one set of rows holds another, their
difference is 0 or at least k. (``tests/unit/test_agent_tally.py`` lets chance look for a difference that is not.)
A stop of the agent loses the open hour's counts: they stand in memory alone, as counts below k may stand nowhere else.

What is *not* promised: k questions may be one person's. Counts say that a name was asked for, not by how many; to know
that, the agent would have to remember who asked.
"""

from __future__ import annotations

from fusioncell.shield.agent.model import HOUR, MAX_NAMES, K, Report, Row


class Tally:
    """Counts the open hour. ``now`` is an instant (µs); time that runs backwards stays in the hour that is open."""

    def __init__(self, now: int, *, k: int = K, most: int = MAX_NAMES) -> None:
        if k < K:
            raise ValueError(f"k is at least {K}")
        self._k, self._most = k, most
        self._hour = now - now % HOUR
        self._counts: dict[str, list[int]] = {}
        self.passed_over = 0
        """Hits of the open hour for which there was no room. It is told to nobody but the health of this machine."""

    @property
    def hour(self) -> int:
        """The hour that is open."""
        return self._hour

    def add(self, name: str, blocked: bool) -> None:
        """Count a hit on a listed name in the open hour."""
        counts = self._counts.get(name)
        if counts is None:
            if len(self._counts) >= self._most:
                self.passed_over += 1
                return
            counts = self._counts[name] = [0, 0]
        counts[not blocked] += 1

    def close(self, now: int) -> Report | None:
        """Close the open hour if it is over: return its report, forget its counts. None while it is open."""
        began = now - now % HOUR
        if began <= self._hour:
            return None
        rows = []
        for name in sorted(self._counts):
            blocked, shadow = (count if count >= self._k else 0 for count in self._counts[name])
            if blocked or shadow:
                rows.append(Row(name, blocked, shadow))
        report = Report(self._hour, self._k, rows)
        self._hour, self._counts, self.passed_over = began, {}, 0
        return report
