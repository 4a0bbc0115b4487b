"""Fit the line on verdicts, and say how far it can be believed. Pure."""

from __future__ import annotations

import numpy as np

from fusioncell.fusion.learn import recalibrate, sigmoid
from fusioncell.fusion.learned.model import ENOUGH, ENOUGH_OF_EACH, RAW, Bin, CalibrationBody, Line

_BINS = 10
_SHIFT, _SLOPE = 0.05, 0.02
"""A line that moved less than this is not said anew."""


def calibrate(tier: int, scores: list[float], malicious: list[bool]) -> CalibrationBody:
    """Fit the line to the log-odds of what was judged, and to whether it was upheld; RAW where there is too little.

    What it gains is measured on verdicts that it did not see: each is said by the line of the other half.
    """
    z, held = np.array(scores, np.float64), np.array(malicious, np.float64)
    upheld = int(held.sum())
    if len(z) < ENOUGH or min(upheld, len(z) - upheld) < ENOUGH_OF_EACH:
        return CalibrationBody(tier, RAW.shift, RAW.slope, 0, upheld)
    one = np.ones(len(z))
    fitted = recalibrate(z, held, one)
    line = Line(round(fitted.shift, 4), round(fitted.slope, 4), len(z), tier)
    odd = np.arange(len(z)) % 2 == 1
    unseen = np.empty(len(z))
    for half in (odd, ~odd):
        other = recalibrate(z[~half], held[~half], one[~half])
        unseen[half] = [Line(other.shift, other.slope, 1).says(score) for score in z[half].tolist()]
    before, after = (float(np.mean((sigmoid(each) - held) ** 2)) for each in (z, unseen))
    return CalibrationBody(tier, line.shift, line.slope, len(z), upheld, round(before, 4), round(after, 4),
                           _bins(z, held))  # fmt: skip


def _bins(z: np.ndarray[tuple[int], np.dtype[np.float64]], held: np.ndarray[tuple[int], np.dtype[np.float64]]
          ) -> tuple[Bin, ...]:  # fmt: skip
    said = sigmoid(z)
    place = np.minimum((said * _BINS).astype(int), _BINS - 1)
    return tuple(
        Bin(round(float(said[place == each].mean()), 4), round(float(held[place == each].mean()), 4),
            int((place == each).sum()))
        for each in range(_BINS) if (place == each).any()
    )  # fmt: skip


def is_news(body: CalibrationBody, standing: CalibrationBody | None) -> bool:
    """Tell whether what was learned differs from what stands."""
    if standing is None:
        return body.verdicts > 0
    if (body.verdicts > 0) != (standing.verdicts > 0):
        return True
    moved = abs(body.shift - standing.shift) > _SHIFT or abs(body.slope - standing.slope) > _SLOPE
    # The figures of how well it does are worth a new entry once there is a good deal more to go by.
    return moved or body.verdicts > 2 * standing.verdicts
