"""Learn P(active): will a value be accused again within 7, within 30 days? Pure.

A logistic regression over what an assessment knows (days since the last word and the first, how often, which kind of
value), with the steps of the backtest (``fusion.learn``). It is fitted on the older questions and judged on the newest,
which it has not seen; what it says is set right by a line there, so that 0.2 means one in five.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learn import fit_logit, log_odds, recalibrate, sigmoid
from fusioncell.fusion.learned.asks import HORIZONS, Asked, Floats
from fusioncell.fusion.learned.foresee import CODES, foresee
from fusioncell.fusion.learned.model import Horizon, OutlookBody

ENOUGH, ENOUGH_OF_EACH = 500, 50
"""Questions, and answers of either kind, below which nothing is learned."""
MOST = 40_000
"""Questions that a fit reads, evenly chosen of all."""
_HELD = 4
"""One question in so many is kept from the fit, by blocks: the newest."""
MOVED = 0.02
"""How far what is said has to move for a new entry."""



def columns(code: npt.NDArray[np.int64], since: Floats, age: Floats, count: Floats) -> Floats:
    """Return what the regression reads, as ``foresee.row_of``."""
    kinds = [np.isin(code, list(codes)).astype(np.float64) for codes in CODES]
    return np.stack([since, age, count, (age - since) / np.maximum(count - 1, 1), *kinds], axis=1)


def look_out(tier: int, asked: Asked) -> OutlookBody:
    """Return what was learned for each horizon; without horizons where there is too little."""
    # Questions come newest week first (``asks``): the first are what the fit is judged by.
    step = max(1, len(asked.code) // MOST)
    read = columns(asked.code[::step], asked.since[::step], asked.age[::step], asked.often[::step])
    found = [_horizon(days, read, (asked.again[::step] <= days).astype(np.float64)) for days in HORIZONS]
    return OutlookBody(tier, tuple(each for each in found if each is not None))


def _horizon(days: int, read: Floats, back: Floats) -> Horizon | None:
    yes = int(back.sum())
    if len(back) < ENOUGH or min(yes, len(back) - yes) < ENOUGH_OF_EACH:
        return None
    cut = len(back) // _HELD
    ones = np.ones(len(back))
    fitted = fit_logit(read[cut:], back[cut:], ones[cut:])
    z = log_odds(fitted, read[:cut])
    line = recalibrate(z, back[:cut], ones[:cut])
    said, base = sigmoid(z), float(back[cut:].mean())
    return Horizon(
        days, _short(fitted.mean), _short(fitted.spread), _short(fitted.weights), round(line.shift, 6),
        round(line.slope, 6), len(back), yes, round(float(np.mean((said - back[:cut]) ** 2)), 6),
        round(float(np.mean((base - back[:cut]) ** 2)), 6),
    )  # fmt: skip


def _short(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), 6) for value in values)


def moved(body: OutlookBody, standing: OutlookBody | None) -> bool:
    """Tell whether what is said now differs from what stands, over a grid of values."""
    older = {} if standing is None else {each.days: each for each in standing.horizons}
    if older.keys() != {each.days for each in body.horizons}:
        return True
    before = [older[each.days] for each in body.horizons]
    return any(
        abs(one.probability - other.probability) > MOVED
        for since, span, count, codes in product((1.0, 5.0, 20.0, 90.0), (0.0, 10.0, 100.0), (1, 4, 20), CODES)
        for one, other in zip(foresee(body.horizons, min(codes), since, since + span, count),
                              foresee(before, min(codes), since, since + span, count), strict=True)
    )  # fmt: skip
