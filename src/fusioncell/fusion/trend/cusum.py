"""Watch counts against their baseline: a cumulative sum of log-likelihood ratios (CUSUM), and a smoothed level. Pure.

CUSUM asks each day how much better "twice as much as usual" explains what came than "as usual", adds that up, and never
falls below zero (Page 1954; for the negative binomial Hawkins and Olwell 1998). It warns above a threshold that is
worked out for each baseline so that, while all is as usual, a series warns falsely once in :data:`ALARM_DAYS` days on
average: the run length of the sum as a Markov chain (Brook and Evans 1972).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, floor, lgamma, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.trend.baseline import Baseline

ALARM_DAYS = 365.0
"""Days between two false alarms of one series, on average."""
RISE = 2.0
"""How many times the usual mean it is watched for."""
_STATES = 60
_GRID = 0.05
_MARGIN = 1.15
"""Counts are whole, so the run length jumps between neighbours on the grid: by this much it is aimed too long."""
_SMOOTH = 0.3
_MOST = 20.0
Floats = npt.NDArray[np.float64]


class Watched(NamedTuple):
    """``sums``: the CUSUM at the end of each watched day; ``threshold``: above it is a warning. ``level``: smoothed
    count at the end; ``since``: place of the day from which the sum has been above zero, None where it is not above the
    threshold at the end."""

    sums: tuple[float, ...]
    threshold: float
    level: float
    since: int | None

    @property
    def warns(self) -> bool:
        """Tell whether it warns at the end."""
        return self.since is not None


def _probabilities(mean: float, size: float) -> Floats:
    """Return P(count = n) for n = 0, 1, … until nearly all is covered."""
    most = int(mean + 12 * (mean + mean * mean / size) ** 0.5) + 12
    said = [
        exp(lgamma(n + size) - lgamma(size) - lgamma(n + 1) + size * log(size / (size + mean))
            + n * log(mean / (size + mean)))
        for n in range(most)
    ]  # fmt: skip
    found: Floats = np.array(said)
    found /= found.sum()
    return found


def _gain(mean: float, size: float) -> tuple[float, float]:
    """Return (per count, per day) of the log-likelihood ratio between ``RISE`` times the mean and the mean."""
    raised = RISE * mean
    return log(raised / mean * (size + mean) / (size + raised)), -size * log((size + raised) / (size + mean))


def arl(mean: float, size: float, limit: float) -> float:
    """Return the average days until the sum passes ``limit`` while all is as usual."""
    per_count, per_day = _gain(mean, size)
    chances = _probabilities(mean, size)
    steps = per_count * np.arange(len(chances)) + per_day
    width = limit / _STATES
    centres = (np.arange(_STATES) + 0.5) * width
    centres[0] = 0.0
    after = np.maximum(0.0, centres[:, None] + steps[None, :])
    place = np.minimum(np.floor(after / width).astype(np.int64), _STATES)
    cells = (np.arange(_STATES)[:, None] * (_STATES + 1) + place).ravel()
    moves = np.bincount(cells, np.tile(chances, _STATES), _STATES * (_STATES + 1)).reshape(_STATES, _STATES + 1)
    return float(np.linalg.solve(np.eye(_STATES) - moves[:, :_STATES], np.ones(_STATES))[0])


def threshold(baseline: Baseline) -> float:
    """Return the threshold at which a series with this baseline warns falsely once in ``ALARM_DAYS`` days."""
    # On a grid of five per cent, so that neighbours share one: the larger mean and the larger scatter.
    mean, size = ceil(log(baseline.mean) / _GRID) * _GRID, floor(log(baseline.size) / _GRID) * _GRID
    return _threshold(round(exp(mean), 6), round(exp(size), 6))


@lru_cache(maxsize=4096)
def _threshold(mean: float, size: float) -> float:
    low, high = 0.05, 1.0
    aim = _MARGIN * ALARM_DAYS
    while arl(mean, size, high) < aim and high < _MOST:
        low, high = high, high * 2
    for _ in range(20):
        middle = (low + high) / 2
        if arl(mean, size, middle) < aim:
            low = middle
        else:
            high = middle
    return high


def ewma(counts: Sequence[int], start: float) -> float:
    """Return the exponentially weighted mean at the end (Roberts 1959), from a level to start with."""
    level = start
    for count in counts:
        level += _SMOOTH * (count - level)
    return level


def watch(counts: Sequence[int], baseline: Baseline, factors: Sequence[float] = (1.0,)) -> Watched:
    """Watch the counts of consecutive days; ``factors``: of their weekdays, repeated as often as needed."""
    limit = threshold(baseline)
    sums: list[float] = []
    total, since = 0.0, None
    for place, count in enumerate(counts):
        per_count, per_day = _gain(baseline.mean * factors[place % len(factors)], baseline.size)
        before, total = total, max(0.0, total + per_count * count + per_day)
        if before == 0.0:
            since = place
        sums.append(total)
    return Watched(tuple(sums), limit, ewma(counts, baseline.mean), since if total > limit else None)
