"""Values of what changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.fusion.entities.model import Row

WATCHED = 7
"""Days that are watched, up to today."""
BASELINE = 56
"""Days before them from which the usual is learned."""


class How(StrEnum):
    """How something changes; an entity may do so in several ways, and the first of these is told."""

    RISING = "rising"
    NEW = "new"
    RETURNING = "returning"
    SECTOR = "sector"


@dataclass(frozen=True, slots=True)
class Change:
    """``counts``: contributions a day, oldest first, of which the last :data:`WATCHED` are watched. ``usual``: of a
    usual week. ``members``: contributors in the watched days. ``sectors``: those that it newly reached. ``since``: days
    ago that the rise began (0 today). ``strength``: the sum over its threshold, above 1 for a warning."""

    how: How
    entity: Row
    counts: tuple[int, ...]
    usual: float
    members: int
    sectors: tuple[str, ...] = ()
    since: int = 0
    strength: float = 0.0

    @property
    def week(self) -> int:
        """Return the contributions of the watched days."""
        return sum(self.counts[-WATCHED:])


@dataclass(frozen=True, slots=True)
class Changes:
    """``watched``: series that were looked at; ``false_alarms``: rises that chance alone brings in a week. ``young``:
    nothing that the viewer sees is older than the watched days, so all is new and nothing departs from a usual."""

    found: tuple[Change, ...]
    watched: int
    false_alarms: float
    young: bool = False
