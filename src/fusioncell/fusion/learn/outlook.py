"""The outlook of a value: P(it will be reported again within some days), learned as outcomes mature. Pure.

1. At each asking the columns of every value are handed in (:data:`COLUMNS`); once the days are over, what came of it.
2. Three experts are fitted to what has matured: a curve of recency alone, which needs little; trees; and trees on top
   of a regression over all columns, which reaches beyond what was seen. Their log-odds are averaged (:data:`BLEND`).
3. While little has matured, or of few days, the average leans on what is known sooner: the outlook for a shorter
   horizon, and for the shortest a fixed curve of recency (:func:`cold`), either set right by a line.
4. What was said before and has matured since recalibrates it, as a line on the log-odds.

Nothing is looked up ahead: :class:`Pupil` knows only what was handed to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learn.calibrate import Calibration, identity, recalibrate
from fusioncell.fusion.learn.logit import Floats, Logit, fit_logit, log_odds, sigmoid
from fusioncell.fusion.learn.trees import Forest, binned, climb, grow

SINCE, DAYS = 0, 1
"""Places of two columns that the experts on recency read: days since it was last seen, and days on which it was."""

BLEND = (0.2, 0.4, 0.4)
"""Weights of the experts: recency, trees, trees on the regression (measured: docs/fusion.md)."""
ROUNDS = 40
MOST = 40_000
"""Examples that a fit reads: with more, the commoner outcome is thinned and weighted up."""
KEPT = 20_000
"""Examples of one asking that are kept for fits."""
MEMORY_DAYS = 120.0
"""Examples count half after so many days."""
_COLD = 15.0
"""Examples of the rarer outcome after which the learned log-odds weigh as much as the fixed ones."""
_RECALIBRATION_ASKS = 8

Columns = npt.NDArray[np.float32]


class Outlook(NamedTuple):
    """What was learned as of a day: the experts; the line that sets right what they stand on, and how far to trust
    them rather than that."""

    day: int
    recency: Logit
    linear: Logit
    alone: Forest
    above: Forest
    under: Calibration
    trust: float


@dataclass(frozen=True, slots=True)
class Examples:
    """Matured examples of one asking. ``weights``: how many examples each stands for."""

    day: int
    columns: Columns
    outcomes: Floats
    weights: Floats


@dataclass(slots=True)
class Pupil:
    """One learner for one horizon, in days. ``elder``: that of a shorter one, which knows its outcomes sooner."""

    horizon: int
    elder: Pupil | None = None
    examples: list[Examples] = field(default_factory=list)
    said: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    line: Calibration = field(default_factory=identity)
    outlook: Outlook | None = None

    def matured(self, day: int, columns: Columns, outcomes: npt.NDArray[np.bool_]) -> None:
        """Take in what came of an asking of ``day``, thinned to :data:`KEPT`."""
        keep, weights = _thinned(outcomes, KEPT, day)
        self.examples.append(Examples(day, columns[keep], outcomes[keep].astype(np.float64), weights))

    def came_true(self, z: Floats, outcomes: npt.NDArray[np.bool_]) -> None:
        """Take in what came of log-odds that were said before, and recalibrate."""
        values, inverse = np.unique(np.round(z, 2), return_inverse=True)
        true, asked = (np.bincount(inverse, w).astype(np.float64) for w in (outcomes, np.ones(len(z))))
        self.said.append((values, true, asked))
        self.said = self.said[-_RECALIBRATION_ASKS:]
        self.line = recalibrate(*(np.concatenate(part) for part in zip(*self.said, strict=True)))

    def learn(self, day: int) -> None:
        """Fit anew to all that has matured by ``day``."""
        kept = [each for each in self.examples if len(each.outcomes)]
        if not kept:
            return
        columns = np.concatenate([each.columns for each in kept])
        outcomes = np.concatenate([each.outcomes for each in kept])
        weights = np.concatenate([each.weights * 0.5 ** ((day - each.day) / MEMORY_DAYS) for each in kept])
        rarer = min(float(outcomes.sum()), float((1 - outcomes).sum()))
        if len(outcomes) > MOST:
            keep, more = _thinned(outcomes > 0, MOST, day)
            columns, outcomes, weights = columns[keep], outcomes[keep], weights[keep] * more
        linear = fit_logit(columns, outcomes, weights)
        span = kept[-1].day - kept[0].day + 1
        self.outlook = Outlook(
            day,
            fit_logit(columns[:, [SINCE, DAYS]], outcomes, weights),
            linear,
            grow(columns, outcomes, weights, ROUNDS),
            grow(columns, outcomes, weights, ROUNDS, log_odds(linear, columns)),
            recalibrate(self.stands_on(columns), outcomes * weights, weights),
            rarer / (rarer + _COLD) * span**2 / (span**2 + self.horizon**2),
        )

    def stands_on(self, columns: Columns) -> Floats:
        """Return the log-odds that it leans on while it has learned little."""
        return cold(columns, self.horizon) if self.elder is None else self.elder.say(columns)

    def say(self, columns: Columns, under: Floats | None = None) -> Floats:
        """Return log-odds as learned so far, before they are recalibrated. ``under``: what it stands on, where that is
        known already."""
        under = self.stands_on(columns) if under is None else under
        learned = self.outlook
        if learned is None:
            return under
        linear = log_odds(learned.linear, columns)
        parts = (
            log_odds(learned.recency, columns[:, [SINCE, DAYS]]),
            learned.alone.base + _climbed(learned.alone, columns),
            linear + _climbed(learned.above, columns),
        )
        z = sum(share * part for share, part in zip(BLEND, parts, strict=True))
        under = learned.under.shift + learned.under.slope * under
        return np.asarray((1.0 - learned.trust) * under + learned.trust * z, np.float64)

    def probability(self, z: Floats) -> Floats:
        """Return P(reported again) for log-odds that were said."""
        return sigmoid(self.line.shift + self.line.slope * z)


def cold(columns: Columns, horizon: int) -> Floats:
    """Return log-odds by recency alone, for when nothing was learned: less each day, more for what came often."""
    often = np.log(np.maximum(columns[:, DAYS], 1.0))
    return np.asarray(np.log(horizon / 7.0) - 1.2 - 1.3 * np.log1p(columns[:, SINCE] / 2.0) + 0.8 * often, np.float64)


def _climbed(forest: Forest, columns: Columns) -> Floats:
    """Climb the trees once for all rows that fall into the same bins: of values seen once there are many alike."""
    bins = binned(forest.edges, columns)
    # Sixty-four bits for a row's bins: among a million rows, two that differ meet once in 36 million times.
    key = np.zeros(len(bins), np.uint64)
    for factor, column in zip(_factors(), bins.T, strict=False):
        key += column * factor
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return climb(forest, bins[first])[inverse]


@lru_cache(maxsize=1)
def _factors() -> npt.NDArray[np.uint64]:
    """Return odd numbers by which columns are joined into keys. When first asked for: a hub that learns nothing does
    not load numpy.random, which takes 7 MB."""
    return np.random.default_rng(1).integers(1, 2**63, 64, np.uint64) * np.uint64(2) + np.uint64(1)


def _thinned(outcomes: npt.NDArray[np.bool_], most: int, seed: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Choose at most about ``most`` examples, thinning the commoner outcome first; return places and weights."""
    count, yes = len(outcomes), int(outcomes.sum())
    if count <= most:
        return np.arange(count), np.ones(count)
    rarer, half = min(yes, count - yes), most // 2
    share_rare = min(1.0, half / max(rarer, 1))
    share_common = min(1.0, (most - rarer * share_rare) / (count - rarer))
    share = np.where(outcomes == (yes <= count - yes), share_rare, share_common)
    keep = np.flatnonzero(np.random.default_rng(seed).random(count) < share)
    return keep, 1.0 / share[keep]
