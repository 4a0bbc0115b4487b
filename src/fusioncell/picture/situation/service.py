"""Use cases of the situation over time: count what a viewer sees, day by day, beside the same time before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fusioncell.fusion.entities import Entities
from fusioncell.fusion.entities.model import Row
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.service import Picture
from fusioncell.picture.situation.model import SPANS, Course, Situation

MOST = 8
"""Types, and entities, of one situation."""


class Situations:
    """The front door. ``sectors``: organisation → the sector that it works in."""

    def __init__(
        self, picture: Picture, entities: Entities, clock: Clock, sectors: Callable[[], Mapping[str, str]]
    ) -> None:
        self._picture, self._entities, self._clock, self._sectors = picture, entities, clock, sectors

    def show(self, viewer: Viewer, *, days: int = 30, sector: str = "") -> Situation:
        """Return the situation of the last days, of one sector's contributors if named. Raises BadInput."""
        if days not in SPANS:
            raise BadInput(f"choose {', '.join(str(span) for span in SPANS[:-1])} or {SPANS[-1]} days", place="days")
        sectors = self._sectors()
        by_org = self._picture.daily(viewer, "org", days=2 * days)
        by_sector: dict[str, list[list[int]]] = {}
        for org, counts in by_org.items():
            by_sector.setdefault(sectors.get(org, "") or "other", []).append(counts)
        if sector:
            by_org = {org: counts for org, counts in by_org.items() if sectors.get(org) == sector}
        news = _sum(by_org.values(), 2 * days)
        active = [any(counts[days:]) for counts in by_org.values()]
        before = [any(counts[:days]) for counts in by_org.values()]
        voices = [sum(counts[day] > 0 for counts in by_org.values()) for day in range(2 * days)]
        types = {} if sector else self._picture.daily(viewer, "type", days=2 * days)
        return Situation(
            days, sector, (self._clock.now() // DAY - days + 1) * DAY, _course("", news), _course("", voices),
            sum(active), sum(before),
            () if sector else _ranked(_course(name, _sum(each, 2 * days)) for name, each in by_sector.items()),
            _ranked(_course(name, counts) for name, counts in types.items())[:MOST],
            self._named(viewer, days, sector, sectors),
        )  # fmt: skip

    def _named(self, viewer: Viewer, days: int, sector: str, sectors: Mapping[str, str]) -> tuple[Course, ...]:
        """Return how the actors, malware, techniques and vulnerabilities went that are named most."""
        first = self._clock.now() // DAY - 2 * days + 1
        counted: dict[str, list[int]] = {}
        for ref, rows in self._entities.daily(viewer, since=first * DAY).items():
            counts = counted[ref] = [0] * (2 * days)
            for org, day, count in rows:
                if 0 <= day - first < 2 * days and (not sector or sectors.get(org) == sector):
                    counts[day - first] += count
        order = sorted(counted, key=lambda ref: (-sum(counted[ref][days:]), ref))[: 4 * MOST]
        named = self._entities.named(viewer, order)
        made: dict[str, Course] = {}
        for ref in order:
            entity = named.get(ref)
            # Of several references to one entity the one that is made most often speaks for it.
            if entity is not None and entity.id not in made and any(counted[ref][days:]):
                made[entity.id] = _course(entity.name, counted[ref], entity)
        return _ranked(made.values())[:MOST]


def _course(name: str, counts: list[int], entity: Row | None = None) -> Course:
    half = len(counts) // 2
    return Course(name, tuple(counts[half:]), sum(counts[:half]), entity)


def _sum(rows: Iterable[list[int]], length: int) -> list[int]:
    found = [0] * length
    for counts in rows:
        for day, count in enumerate(counts):
            found[day] += count
    return found


def _ranked(courses: Iterable[Course]) -> tuple[Course, ...]:
    return tuple(sorted((one for one in courses if one.total), key=lambda one: (-one.total, one.name)))
