"""Figures of probabilities against outcomes: AUC, Brier score, average precision, calibration. Pure.

Kept as counts by score, so that millions of answers take the room of the different ones among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learn.logit import Floats

BINS = 10


class Tally(NamedTuple):
    """Different scores in rising order, how many answers gave each, and how many of these came true."""

    scores: Floats
    true: Floats
    asked: Floats


def tally(scores: npt.NDArray[np.floating], outcomes: npt.NDArray[np.bool_]) -> Tally:
    """Count answers by score."""
    return _counted(np.asarray(scores, np.float64), outcomes.astype(np.float64), np.ones(len(scores)))


def together(tallies: Sequence[Tally]) -> Tally:
    """Join tallies."""
    if not tallies:
        return Tally(np.zeros(0), np.zeros(0), np.zeros(0))
    return _counted(*(np.concatenate(part) for part in zip(*tallies, strict=True)))


def _counted(scores: Floats, true: Floats, asked: Floats) -> Tally:
    values, inverse = np.unique(scores, return_inverse=True)
    # Of nothing, bincount returns integers.
    return Tally(values, *(np.bincount(inverse, w, len(values)).astype(np.float64) for w in (true, asked)))


def auc(t: Tally) -> float | None:
    """Return the chance that what came true scored above what did not, ties half; None where there is one kind."""
    yes, no = float(t.true.sum()), float((t.asked - t.true).sum())
    if not yes or not no:
        return None
    false = t.asked - t.true
    return float((t.true * (false.cumsum() - false / 2.0)).sum() / (yes * no))


def average_precision(t: Tally) -> float | None:
    """Return the mean precision over what came true, from the highest score down; None where nothing did."""
    yes = float(t.true.sum())
    if not yes:
        return None
    true, asked = t.true[::-1], t.asked[::-1]
    return float((true * true.cumsum() / asked.cumsum()).sum() / yes)


def brier(t: Tally, factor: float = 1.0) -> float | None:
    """Return the mean squared gap between ``factor · score`` and outcome."""
    if not len(t.scores):
        return None
    p = t.scores * factor
    return float((t.true * (1.0 - p) ** 2 + (t.asked - t.true) * p**2).sum() / t.asked.sum())


def calibration(t: Tally) -> list[dict[str, Any]]:
    """Return, for each tenth of the scale that was used: how many answers, what they said and what came true."""
    bins = np.minimum((t.scores * BINS).astype(np.int64), BINS - 1)
    asked, true, said = (np.bincount(bins, w, BINS) for w in (t.asked, t.true, t.asked * t.scores))
    return [
        {"from": b / BINS, "to": (b + 1) / BINS, "asked": int(asked[b]), "said": _short(said[b] / asked[b]),
         "came_true": _short(true[b] / asked[b])}
        for b in range(BINS) if asked[b]
    ]  # fmt: skip


def _short(value: float | None) -> float | None:
    return None if value is None else round(float(value), 6)


def figures(t: Tally, factor: float = 1.0) -> dict[str, Any]:
    """Return the figures of a tally; ``factor``: what scores are multiplied by to be probabilities."""
    asked = int(t.asked.sum())
    return {
        "auc": _short(auc(t)),
        "brier": _short(brier(t, factor)),
        "ap": _short(average_precision(t)),
        "base_rate": _short(float(t.true.sum()) / asked) if asked else None,
        "asked": asked,
    }
