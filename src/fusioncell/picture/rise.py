"""Find what rises among mentions: what most contributors name, then what is named most, then what came last. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any, NamedTuple

from fusioncell.kernel.clock import DAY, Instant


class Risen(NamedTuple):
    """What rises: its number, contributors and mentions, contributors in the time before, contributors a day."""

    observable: int
    contributors: int
    mentions: int
    before: int
    series: tuple[int, ...]


def risen_in(named: Sequence[Sequence[Any]], now: Instant, days: int, limit: int) -> list[Risen]:
    """Return what rose most in the last days, from mentions (observable, contributor, at) of twice as many days."""
    most = rises_in([row for row in named if row[2] >= now - days * DAY], limit)
    daily: dict[int, set[tuple[str, int]]] = {number: set() for number, _, _ in most}
    for observable, org, at in named:
        if observable in daily:
            daily[observable].add((org, at // DAY))
    first, last = now // DAY - days + 1, now // DAY
    risen = []
    for number, contributors, mentions in most:
        days_of = daily[number]
        series = tuple(len({org for org, day in days_of if day == each}) for each in range(first, last + 1))
        risen.append(Risen(number, contributors, mentions, len({org for org, day in days_of if day < first}), series))
    return risen


def rises_in(mentions: Iterable[Sequence[Any]], limit: int) -> list[tuple[int, int, int]]:
    """Return (observable, contributors, mentions) of those that rise most, from mentions that come newest first.

    A mention is (observable's number, contributor, …).
    """
    named = [(row[0], row[1]) for row in mentions]
    times = Counter([observable for observable, _ in named])
    orgs = Counter([observable for observable, _ in set(named)])
    # Most are named by one contributor, and rank behind all that several name.
    several = [one for one in times if orgs[one] > 1]
    ranked = several if len(several) >= limit else list(times)
    # A counter keeps the order in which the keys came, and so does the choice: the newest stands first among equals.
    most = nsmallest(limit, ranked, key=lambda one: (-orgs[one], -times[one]))
    return [(one, orgs[one], times[one]) for one in most]
