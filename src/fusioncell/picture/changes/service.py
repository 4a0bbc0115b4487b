"""Use cases of what changes: learn the usual of each entity from what the viewer sees, and say what departs from it.

Everything is counted from what was news when it came: an archive that somebody gives is no wave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fusioncell.fusion.entities import Entities
from fusioncell.fusion.entities.model import Row
from fusioncell.fusion.trend import ALARM_DAYS, learn_baseline, watch, weekday_factors
from fusioncell.kernel.clock import DAY, Clock
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.changes.model import BASELINE, WATCHED, Change, Changes, How

MOST = 400
"""Entities that are looked at, those named most in the watched days."""
_THURSDAY = 3
"""The weekday of day 0, 1970-01-01 (0 Monday)."""
_Said = list[tuple[str, int, int]]


class WhatChanges:
    """The front door. ``sectors``: organisation → the sector that it works in."""

    def __init__(self, entities: Entities, clock: Clock, sectors: Callable[[], Mapping[str, str]]) -> None:
        self._entities, self._clock, self._sectors = entities, clock, sectors

    def look(self, viewer: Viewer, *, sector: str = "") -> Changes:
        """Return what changes for a viewer, the strongest first; of one sector's contributors if named."""
        today = self._clock.now() // DAY
        first = today - BASELINE - WATCHED + 1
        sectors = self._sectors()
        said = self._entities.daily(viewer, since=first * DAY)
        young = not any(row[1] <= today - WATCHED for rows in said.values() for row in rows)
        if sector:
            said = {ref: [row for row in rows if sectors.get(row[0]) == sector] for ref, rows in said.items()}
        recent = {ref: sum(row[2] for row in rows if row[1] > today - WATCHED) for ref, rows in said.items()}
        chosen = sorted((ref for ref, count in recent.items() if count), key=lambda ref: (-recent[ref], ref))[:MOST]
        series = {ref: _counts(said[ref], first) for ref in chosen}
        factors = weekday_factors([counts[:BASELINE] for counts in series.values()], (_THURSDAY + first) % 7)
        named = self._entities.named(viewer, chosen)
        found: dict[str, Change] = {}
        watched: set[str] = set()
        for ref in chosen:
            entity = named.get(ref)
            if entity is not None and entity.id not in watched:
                # Of several references to one entity the one that is made most often speaks for it.
                watched.add(entity.id)
                change = self._judge(viewer, ref, entity, series[ref], factors, said[ref], first, sectors)
                if change is not None:
                    found[entity.id] = change
        order = {how: place for place, how in enumerate(How)}
        ranked = sorted(found.values(), key=lambda one: (order[one.how], -one.strength, -one.week, one.entity.name))
        return Changes(tuple(ranked), len(watched), len(watched) * WATCHED / ALARM_DAYS, young)

    def _judge(
        self, viewer: Viewer, ref: str, entity: Row, counts: tuple[int, ...], factors: tuple[float, ...], said: _Said,
        first: int, sectors: Mapping[str, str],
    ) -> Change | None:  # fmt: skip
        begin = first + BASELINE
        members = len({org for org, day, _ in said if day >= begin})
        usual = 7 * sum(counts[:BASELINE]) / BASELINE
        if not any(counts[:BASELINE]):
            # Never in the baseline: it is new, or was away for longer.
            before = self._entities.first_seen(viewer, ref)
            how = How.NEW if before is None or before >= begin * DAY else How.RETURNING
            return Change(how, entity, counts, 0.0, members)
        turned = factors[BASELINE % 7 :] + factors[: BASELINE % 7]
        seen = watch(counts[BASELINE:], learn_baseline(counts[:BASELINE], factors), turned)
        if seen.since is not None:
            return Change(How.RISING, entity, counts, usual, members, (), WATCHED - 1 - seen.since,
                          seen.sums[-1] / seen.threshold)  # fmt: skip
        reached = _sectors_reached(said, begin, sectors)
        return Change(How.SECTOR, entity, counts, usual, members, reached) if reached else None


def _counts(said: _Said, first: int) -> tuple[int, ...]:
    counts = [0] * (BASELINE + WATCHED)
    for _, day, count in said:
        if 0 <= day - first < len(counts):
            counts[day - first] += count
    return tuple(counts)


def _sectors_reached(said: _Said, begin: int, sectors: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sectors that name it in the watched days and did not before."""
    before = {sectors.get(org, "") for org, day, _ in said if day < begin}
    now = {sectors.get(org, "") for org, day, _ in said if day >= begin}
    return tuple(sorted(one for one in now - before if one))
