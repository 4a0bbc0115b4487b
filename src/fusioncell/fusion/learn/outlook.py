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
"""Weights of the experts, where many are asked of: recency, trees, trees on the regression (docs/fusion.md)."""
FEW = 2_000
"""With fewer values asked of at once, the trees' share is tried: askings of one value, day after day, are much alike,
so that of few values trees may learn by heart what a curve of recency does not."""
_TRIED = (0.0, 0.2, 0.4, 0.6, 0.8)
ROUNDS = 40
MOST = 40_000
"""Examples that a fit reads: with more, the commoner outcome is thinned and weighted up."""
KEPT = 20_000
"""Examples of one asking that are kept for fits."""
MEMORY_DAYS = 120.0
"""Examples count half after so many days."""
_COLD = 15.0
"""Examples of the rarer outcome after which the learned log-odds weigh as much as the fixed ones."""
_RECALIBRATION_ASKS = 16
_STEADY = 300.0
"""What holds the recalibrating line: one that moves from week to week sets what is asked in one week above what is
asked in another, and so costs more of the ranking than it mends of the level."""

_SCATTER = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ over the golden ratio, odd: the top bit of a number times it halves any run of numbers (Knuth, TAOCP 6.4)."""

Columns = npt.NDArray[np.float32]


class Experts(NamedTuple):
    """The three, fitted."""

    recency: Logit
    linear: Logit
    alone: Forest
    above: Forest

    def say(self, columns: Columns) -> tuple[Floats, ...]:
        """Return the log-odds of each."""
        linear = log_odds(self.linear, columns)
        return (
            log_odds(self.recency, columns[:, [SINCE, DAYS]]),
            self.alone.base + _climbed(self.alone, columns),
            linear + _climbed(self.above, columns),
        )


class Outlook(NamedTuple):
    """What was learned as of a day: the experts, and the weights of their log-odds; the line that sets right what they
    stand on, and how far to trust them rather than that."""

    day: int
    experts: Experts
    shares: tuple[float, ...]
    under: Calibration
    trust: float


@dataclass(frozen=True, slots=True)
class Examples:
    """Matured examples of one asking. ``weights``: how many examples each stands for; ``asked``: how many there were;
    ``halves``: which half of all values each belongs to."""

    day: int
    columns: Columns
    outcomes: Floats
    weights: Floats
    asked: int
    halves: npt.NDArray[np.bool_]


@dataclass(slots=True)
class Pupil:
    """One learner for one horizon, in days. ``elder``: that of a shorter one, which knows its outcomes sooner."""

    horizon: int
    elder: Pupil | None = None
    examples: list[Examples] = field(default_factory=list)
    said: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)
    line: Calibration = field(default_factory=identity)
    outlook: Outlook | None = None

    def matured(
        self, day: int, columns: Columns, outcomes: npt.NDArray[np.bool_], values: npt.NDArray[np.int64]
    ) -> None:
        """Take in what came of an asking of ``day``, thinned to :data:`KEPT`. ``values``: the number of each value."""
        keep, weights = _thinned(outcomes, KEPT, day)
        halves = values[keep].astype(np.uint64) * _SCATTER >> np.uint64(63) > 0
        self.examples.append(
            Examples(day, columns[keep], outcomes[keep].astype(np.float64), weights, len(outcomes), halves)
        )

    def came_true(self, z: Floats, outcomes: npt.NDArray[np.bool_], apart: int) -> None:
        """Take in what came of log-odds that were said before, and recalibrate. ``apart``: days between askings; those
        whose days overlap tell of the same sightings, so they share what one of them would count."""
        own = min(apart / self.horizon, 1.0)
        values, inverse = np.unique(np.round(z, 2), return_inverse=True)
        true, asked = (np.bincount(inverse, w * own).astype(np.float64) for w in (outcomes, np.ones(len(z))))
        self.said.append((values, true, asked))
        self.said = self.said[-_RECALIBRATION_ASKS:]
        self.line = recalibrate(*(np.concatenate(part) for part in zip(*self.said, strict=True)), prior=_STEADY)

    def learn(self, day: int) -> None:
        """Fit anew to all that has matured by ``day``."""
        kept = [each for each in self.examples if len(each.outcomes)]
        if not kept:
            return
        columns = np.concatenate([each.columns for each in kept])
        outcomes = np.concatenate([each.outcomes for each in kept])
        weights = np.concatenate([each.weights * 0.5 ** ((day - each.day) / MEMORY_DAYS) for each in kept])
        halves = np.concatenate([each.halves for each in kept])
        rarer = min(float(outcomes.sum()), float((1 - outcomes).sum()))
        if len(outcomes) > MOST:
            keep, more = _thinned(outcomes > 0, MOST, day)
            columns, outcomes, weights, halves = columns[keep], outcomes[keep], weights[keep] * more, halves[keep]
        few = max(each.asked for each in kept) < FEW
        span = kept[-1].day - kept[0].day + 1
        self.outlook = Outlook(
            day,
            _fitted(columns, outcomes, weights),
            _tried(columns, outcomes, weights, halves) if few else BLEND,
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
        z = _blended(learned.shares, learned.experts.say(columns))
        under = learned.under.shift + learned.under.slope * under
        return np.asarray((1.0 - learned.trust) * under + learned.trust * z, np.float64)

    def probability(self, z: Floats) -> Floats:
        """Return P(reported again) for log-odds that were said."""
        return sigmoid(self.line.shift + self.line.slope * z)


def _fitted(columns: Columns, outcomes: Floats, weights: Floats) -> Experts:
    linear = fit_logit(columns, outcomes, weights)
    return Experts(
        fit_logit(columns[:, [SINCE, DAYS]], outcomes, weights),
        linear,
        grow(columns, outcomes, weights, ROUNDS),
        grow(columns, outcomes, weights, ROUNDS, log_odds(linear, columns)),
    )


def _blended(shares: tuple[float, ...], parts: tuple[Floats, ...]) -> Floats:
    return np.asarray(sum(share * part for share, part in zip(shares, parts, strict=True)), np.float64)


def _tried(columns: Columns, outcomes: Floats, weights: Floats, halves: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    """Return the weights of the experts with which what is learned of half of the values tells most of the others."""
    losses = np.zeros(len(_TRIED))
    for half in (halves, ~halves):
        if half.all() or not half.any():
            return BLEND
        parts = _fitted(columns[half], outcomes[half], weights[half]).say(columns[~half])
        for place, share in enumerate(_TRIED):
            z = _blended(_shares(share), parts)
            losses[place] += weights[~half] @ (np.logaddexp(0.0, z) - outcomes[~half] * z)
    return _shares(_TRIED[int(losses.argmin())])


def _shares(trees: float) -> tuple[float, ...]:
    return (1.0 - trees, trees / 2.0, trees / 2.0)


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
