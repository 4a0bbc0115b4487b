"""The values of the situation over time."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.fusion.entities.model import Row
from fusioncell.kernel.clock import Instant

SPANS = (7, 30, 90)
"""Days that a situation may span."""


@dataclass(frozen=True, slots=True)
class Course:
    """How something went: its name, how much each day brought (today last), and how much the same time before did."""

    name: str
    days: tuple[int, ...]
    before: int
    entity: Row | None = None

    @property
    def total(self) -> int:
        """How much all the days brought."""
        return sum(self.days)


@dataclass(frozen=True, slots=True)
class Situation:
    """A situation. ``since``: the start of its first day. ``news``: items that were news; ``voices``: who gave them.

    ``voices`` counts contributors a day; ``active``, ``active_before``: those within the span, and within the one
    before. ``types`` is empty for a sector: of types it is not counted who named them.
    """

    days: int
    sector: str
    since: Instant
    news: Course
    voices: Course
    active: int
    active_before: int
    sectors: tuple[Course, ...]
    types: tuple[Course, ...]
    entities: tuple[Course, ...]
