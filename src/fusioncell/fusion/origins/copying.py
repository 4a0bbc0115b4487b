"""Detect which sources repeat others, from who said what when. Pure.

Copying shows in rare values (a value that everybody names says nothing), in the order (the copier is nearly never
first) and in the delay: constant, or at least short while the overlap is far above what the original shares with the
others (compare Dong, Berti-Equille and Srivastava, "Integrating conflicting data: the role of source dependence", VLDB
2009, who find dependence in shared rare values too). Independent observers of the same campaigns overlap as well, but
each is first at times, and their delays scatter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from fusioncell.fusion.origins.model import Copying, Said
from fusioncell.kernel.clock import DAY, HOUR

RARE = 5
"""A value that more sources name tells nothing of who repeats whom."""
LEAST = 20
"""Fewer shared values are no ground for a join."""
ORDER = 0.9
"""In how many of the values of both the original has to be first."""
SHARE = 0.5
"""How much of what the copier says the original has to have said before, where the delay is constant."""
LARGE_SHARE = 0.8
"""The same where it is not: a copier that fetches once a day has any delay up to a day."""
ABOVE = 0.25
"""How far the overlap then has to be above that with the other sources."""
SOON = 2 * DAY
"""Then nine in ten of the delays are within this."""
_STEADY = 0.5
"""A delay is constant where its interquartile range is at most this share of its median, or an hour."""


def detect(said: Iterable[Said]) -> list[Copying]:
    """Return who copies whom, by copier and original. ``said``: in order of observable; one a source and observable."""
    values: dict[int, int] = defaultdict(int)
    lags: dict[tuple[int, int], list[int]] = defaultdict(list)
    for _, group in groupby(said, key=attrgetter("observable")):
        rows = sorted(group, key=lambda one: (one.at, one.seq))
        if len(rows) > RARE:
            continue
        for place, later in enumerate(rows):
            values[later.source] += 1
            for earlier in rows[:place]:
                lags[(earlier.source, later.source)].append(later.at - earlier.at)
    found = [one for pair in sorted(lags, key=lambda pair: (pair[1], pair[0])) if (one := _judge(pair, lags, values))]
    return list(_nearest(found))


def _judge(
    pair: tuple[int, int], lags: dict[tuple[int, int], list[int]], values: dict[int, int]
) -> Copying | None:
    original, copier = pair
    delays = sorted(lags[pair])
    shared, said = len(delays), values[copier]
    if shared < LEAST or shared < SHARE * said:
        return None
    order = shared / (shared + len(lags.get((copier, original), ())))
    if order < ORDER:
        return None
    others = [source for source in values if source not in pair]
    total = sum(values[source] for source in others)
    expected = sum(len(lags.get((original, source), ())) for source in others) / total if total else 0.0
    middle, spread = delays[shared // 2], delays[(3 * shared) // 4] - delays[shared // 4]
    steady = spread <= max(HOUR, _STEADY * middle)
    close = shared >= LARGE_SHARE * said and shared / said >= expected + ABOVE and delays[(9 * shared) // 10] <= SOON
    if not (steady or close):
        return None
    return Copying(copier, original, said, shared, order, expected, middle, spread)


def _nearest(found: Sequence[Copying]) -> Iterator[Copying]:
    """Of the originals of one copier keep that which it shares most with: a copy of a copy is a family all the same."""
    for _, group in groupby(found, key=attrgetter("copier")):
        yield max(group, key=lambda one: (one.shared, -one.lag, -one.original))
