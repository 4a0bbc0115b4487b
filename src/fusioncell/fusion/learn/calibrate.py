"""Calibration: what share of what was said with this probability came true, and how to say it better. Pure.

Two ways: Platt's, a line on the log-odds with two parameters, which needs few outcomes (:func:`recalibrate`), and an
increasing curve by pooling adjacent violators, which needs many (:func:`fit_curve`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fusioncell.fusion.learn.logit import Floats, sigmoid

_PRIOR = 20.0
"""Weight of "as it was said" in a line's fit, unless another is given: some hundred outcomes move it."""


class Calibration(NamedTuple):
    """A line on log-odds: ``a + b · z``."""

    shift: float
    slope: float


class Curve(NamedTuple):
    """An increasing step curve: ``values[i]`` for scores from ``scores[i]`` on."""

    scores: Floats
    values: Floats


def identity() -> Calibration:
    """Return the calibration that changes nothing."""
    return Calibration(0.0, 1.0)


def recalibrate(z: Floats, said_true: Floats, asked: Floats, *, prior: float = _PRIOR) -> Calibration:
    """Fit the line to log-odds, of each of which ``asked`` were said and ``said_true`` came true. ``prior``: weight of
    "as it was said", in units of curvature."""
    theta = np.array(identity(), np.float64)
    begun = theta.copy()
    for _ in range(20):
        p = sigmoid(theta[0] + theta[1] * z)
        gap, bend = said_true - asked * p, asked * p * (1.0 - p)
        slope = np.array([gap.sum(), gap @ z]) - prior * (theta - begun)
        cross = float(bend @ z)
        step = np.linalg.solve(
            np.array([[float(bend.sum()) + prior, cross], [cross, float(bend @ (z * z)) + prior]]), slope
        )
        theta = theta + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-6:
            break
    # A line that falls would turn the order round: then only the shift is believed.
    return Calibration(float(theta[0]), float(theta[1])) if theta[1] > 0 else identity()


def fit_curve(scores: Floats, said_true: Floats, asked: Floats) -> Curve:
    """Fit the increasing curve to scores, in rising order, of each of which ``said_true`` of ``asked`` came true.

    One outcome of each kind is added at the base rate to each step, so that none says never or always.
    """
    total = max(float(asked.sum()), 1.0)
    base = (float(said_true.sum()) + 0.5) / (total + 1.0)
    blocks: list[list[float]] = []
    for score, true, count in zip(scores, said_true, asked, strict=True):
        blocks.append([float(score), float(true), float(count)])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            _, more, counted = blocks.pop()
            blocks[-1][1] += more
            blocks[-1][2] += counted
    return Curve(np.array([b[0] for b in blocks]), np.array([(b[1] + base) / (b[2] + 1.0) for b in blocks]))


def calibrated(curve: Curve, scores: Floats) -> Floats:
    """Return the curve's value at scores; a score below all that were seen takes the lowest step."""
    if not len(curve.scores):
        return scores
    return np.asarray(curve.values[np.maximum(np.searchsorted(curve.scores, scores, side="right") - 1, 0)])
