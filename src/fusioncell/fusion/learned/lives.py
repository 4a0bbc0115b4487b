"""Learn half-lives: how fast the chance fades that a value is accused again within 30 days. Pure.

For each type, and each type and context, the chance at ``a`` days since the last word is taken as ``p · 2^(−a / h)``;
``h`` is the most likely one of a short list, so that there are few classes of half-lives (DESIGN §4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learned.asks import HORIZONS, SILENT, Asked
from fusioncell.fusion.learned.context import Context
from fusioncell.fusion.learned.model import Life, LivesBody
from fusioncell.fusion.weigh import half_life
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import TYPES_BY_CODE

DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 365)
"""Half-lives that may be learned."""
ENOUGH, ENOUGH_BACK = 200, 30
"""Questions, and among them values that came back, below which nothing is learned."""
GAIN = 4.0
"""How much likelier (natural logarithm) a half-life has to be than the one that stands."""
Counts = npt.NDArray[np.float64]
_CHANCES = np.exp(np.linspace(np.log(0.002), np.log(0.998), 80))


def live(tier: int, asked: Asked, standing: Mapping[tuple[int, int], int]) -> LivesBody:
    """Return what half-lives were learned. ``standing``: those learned before, in days, by type and context."""
    lives = []
    for code in np.unique(asked.code).tolist():
        own = half_life(TYPES_BY_CODE[code]) // DAY
        whole = standing.get((code, int(Context.ANY)), own)
        for context, which in _groups(asked, code):
            was = standing.get((code, context), whole)
            found = _life(asked, which, was)
            days = found.days if found else was
            if context == Context.ANY:
                whole = days
            if (code, context) in standing or (found is not None and days != whole) or (
                context == Context.ANY and days != own
            ):
                told = found or Life(0, 0, days, 0, 0)
                lives.append(Life(code, context, days, told.asked, told.back))
    known = {(one.type, one.context) for one in lives}
    lives += [Life(code, context, days, 0, 0) for (code, context), days in standing.items()
              if (code, context) not in known]  # fmt: skip
    return LivesBody(tier, tuple(sorted(lives, key=lambda one: (one.type, one.context))))


def _groups(asked: Asked, code: int) -> Iterator[tuple[int, np.ndarray[tuple[int], np.dtype[np.bool_]]]]:
    """Give the questions about a type as a whole, then those about each of its contexts that tells."""
    of = asked.code == code
    yield int(Context.ANY), of
    for context in np.unique(asked.context[of]).tolist():
        if context != Context.ANY:
            yield context, of & (asked.context == context)


def _life(asked: Asked, which: np.ndarray[tuple[int], np.dtype[np.bool_]], was: int) -> Life | None:
    """Return the likeliest half-life, None where there is too little to tell."""
    since, again = asked.since[which], asked.again[which] <= max(HORIZONS)
    count, back = len(since), int(again.sum())
    if count < ENOUGH or back < ENOUGH_BACK:
        return None
    age = np.minimum(since.astype(np.int64), SILENT)
    n, k = (np.asarray(np.bincount(age, of, SILENT + 1), np.float64) for of in (np.ones(count), again))
    likely = {days: _likelihood(n, k, days) for days in {*DAYS, was}}
    best = min(DAYS, key=lambda days: (-likely[days], abs(days - was), days))
    days = best if likely[best] > likely[was] + GAIN else was
    return Life(0, 0, days, count, back)


def _likelihood(n: Counts, k: Counts, days: int) -> float:
    """Return the logarithm of the likelihood of a half-life, with the chance at no age that suits it best."""
    ages = np.arange(len(n)) + 0.5
    chance = np.clip(_CHANCES[:, None] * np.exp2(-ages / days)[None, :], 1e-9, 0.999)
    return float((k * np.log(chance) + (n - k) * np.log1p(-chance)).sum(axis=1).max())
