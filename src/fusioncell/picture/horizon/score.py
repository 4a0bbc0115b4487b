"""Score forecasts. Pure.

Brier (1950), for one event: (p − o)², o being 1 if it came true, else 0. A probability that was changed counts for as
long as it stood, from its giver's first one until the question closed: so the last hour makes nobody a prophet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from fusioncell.kernel.clock import Instant
from fusioncell.picture.horizon.model import Bin, Estimate, Item, Score

BINS = 10
Steps = list[tuple[Instant, float]]
"""A probability over time: from when it stands, and what it is; in order."""


def standing(estimates: Iterable[Estimate]) -> dict[str, Estimate]:
    """Return the latest estimate of each who gave one."""
    return {one.by: one for one in estimates}


def crowd_of(estimates: Sequence[Estimate]) -> float | None:
    """Return the median of the latest estimates; None where there is none."""
    latest = standing(estimates)
    return median(one.chance for one in latest.values()) if latest else None


def steps_of(estimates: Sequence[Estimate], by: str = "") -> Steps:
    """Return how a person's probability went, or (``by`` "") the median of all."""
    chosen = [one for one in estimates if not by or one.by == by]
    if by:
        return [(one.at, one.chance) for one in chosen]
    now: dict[str, float] = {}
    made: Steps = []
    for one in chosen:
        now[one.by] = one.chance
        made.append((one.at, median(now.values())))
    return made


def brier(steps: Steps, closes: Instant, came: bool) -> float | None:
    """Return the mean of (p − o)² over the time from the first step to the closing; None where there is no step."""
    if not steps:
        return None
    ends = [at for at, _ in steps[1:]] + [max(closes, steps[-1][0])]
    squares = [(chance - came) ** 2 for _, chance in steps]
    whole = ends[-1] - steps[0][0]
    if not whole:
        return squares[-1]
    return sum(square * (end - at) for square, (at, _), end in zip(squares, steps, ends, strict=True)) / whole


def scored(items: Iterable[Item]) -> list[tuple[Item, bool]]:
    """Return the forecasts that count, with whether they came true: resolved, and not void."""
    return [(one, one.found.outcome == "yes") for one in items
            if one.found is not None and one.resolved and one.found.outcome != "void"]  # fmt: skip


def score(items: Sequence[Item], by: str = "") -> Score:
    """Score a person's forecasts, or (``by`` "") those of all together."""
    found = [(value, came) for one, came in scored(items)
             if (value := brier(steps_of(one.estimates, by), one.closes, came)) is not None]  # fmt: skip
    if not found:
        return Score(0, None, None)
    share = sum(came for _, came in found) / len(found)
    return Score(len(found), sum(value for value, _ in found) / len(found), share * (1 - share))


def calibration(items: Sequence[Item]) -> tuple[Bin, ...]:
    """Return the latest estimates of everybody by their size, in tenths, with how many of them came true."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for one, came in scored(items):
        for each in standing(one.estimates).values():
            held.setdefault(min(BINS - 1, int(each.chance * BINS)), []).append((each.chance, came))
    return tuple(
        Bin(len(rows), sum(said for said, _ in rows) / len(rows), sum(came for _, came in rows) / len(rows))
        for _, rows in sorted(held.items())
    )
