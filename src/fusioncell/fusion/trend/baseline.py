"""What is usual for a series of daily counts: a mean that knows weekdays, and how far counts scatter around it. Pure.

Counts of reports scatter more than Poisson's, since one campaign brings many: they are taken as negative binomial with
mean m and size k (variance m + m²/k).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

LEAST_MEAN = 1 / 28
"""A day's mean is never below: of what was hardly ever seen, one report a month is usual."""
_MOST_SIZE, _LEAST_SIZE = 50.0, 0.1
_PRIOR_DAYS = 14.0
"""Weight of the common scatter beside a series' own, in days."""
_COMMON_SIZE = 1.0
_CAUTION = 1.0
"""Standard errors that are added to the mean: a baseline of few days is uncertain, and a false alarm costs trust."""


class Baseline(NamedTuple):
    """``mean``: of a usual day, weekdays apart; ``size``: the negative binomial's k; ``days``: it was learned from."""

    mean: float
    size: float
    days: int


def weekday_factors(series: Sequence[Sequence[int]], first_weekday: int) -> tuple[float, ...]:
    """Return how much of an average day each weekday (0 Monday) brings, over all series, which start on that weekday.

    Shrunk towards 1 by four weeks of average days.
    """
    totals, days = [0.0] * 7, [0] * 7
    for counts in series:
        for place, count in enumerate(counts):
            totals[(first_weekday + place) % 7] += count
            days[(first_weekday + place) % 7] += 1
    each = sum(totals) / max(1, sum(days))
    if not each:
        return (1.0,) * 7
    spread = 4 * each * max(1, len(series))
    return tuple((totals[day] + spread) / (each * days[day] + spread) for day in range(7))


def learn_baseline(counts: Sequence[int], factors: Sequence[float] = (1.0,)) -> Baseline:
    """Learn from the counts of consecutive days; ``factors``: of their weekdays, repeated as often as needed."""
    days = len(counts)
    if not days:
        return Baseline(LEAST_MEAN, _COMMON_SIZE, 0)
    level = [factors[place % len(factors)] for place in range(days)]
    mean = sum(counts) / sum(level)
    squares = sum((count - mean * factor) ** 2 for count, factor in zip(counts, level, strict=True))
    scatter = squares / days - mean
    # Method of moments, shrunk: k = m² / (variance - m).
    common = mean * mean / _COMMON_SIZE
    over = (days * max(scatter, 0.0) + _PRIOR_DAYS * common) / (days + _PRIOR_DAYS)
    size = min(max(mean * mean / over, _LEAST_SIZE), _MOST_SIZE) if over > 0 else _COMMON_SIZE
    error = sqrt((mean + mean * mean / size) / days)
    return Baseline(max(mean + _CAUTION * error, LEAST_MEAN), size, days)
