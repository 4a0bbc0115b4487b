"""Logistic regression with a ridge, by Newton's steps (iteratively reweighted least squares). Pure, on arrays.

Columns are taken as ``sign(x) · log(1 + |x|)`` and set to mean 0 and deviation 1: days, counts and gaps act by their
order of magnitude. The ridge pulls towards the base rate, so that few examples say little.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 25
_ENOUGH = 1e-6
"""Steps end when one lowers the loss by less than this share."""


class Logit(NamedTuple):
    """A fitted regression. ``mean``, ``spread``: of the columns, after their logarithm. ``weights``: the first is the
    base, one for each column follows."""

    mean: Floats
    spread: Floats
    weights: Floats


def sigmoid(log_odds: Floats) -> Floats:
    """Return probabilities for log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))), np.float64)


def base_log_odds(outcomes: Floats, weights: Floats) -> float:
    """Return the log-odds of the weighted base rate, half an example added to each side."""
    yes = float(weights @ outcomes) + 0.5
    return float(np.log(yes / (float(weights.sum()) + 1.0 - yes)))


def _scaled(columns: npt.NDArray[np.floating]) -> Floats:
    return np.asarray(np.sign(columns) * np.log1p(np.abs(columns)), np.float64)


def fit_logit(columns: npt.NDArray[np.floating], outcomes: Floats, weights: Floats, ridge: float = 2.0) -> Logit:
    """Fit ``P(outcome)`` to columns (examples × columns). ``weights``: what each example counts."""
    scaled = _scaled(columns)
    total = max(float(weights.sum()), 1e-9)
    mean = weights @ scaled / total
    spread = np.sqrt(weights @ (scaled - mean) ** 2 / total) + 1e-6
    design = np.concatenate([np.ones((len(scaled), 1)), (scaled - mean) / spread], axis=1)
    pull = np.full(design.shape[1], ridge)
    pull[0] = 1e-6
    theta = np.zeros(design.shape[1])
    theta[0] = base_log_odds(outcomes, weights)

    def loss(at: Floats) -> float:
        z = design @ at
        return float(weights @ (np.logaddexp(0.0, z) - outcomes * z) + 0.5 * pull @ (at * at))

    now = loss(theta)
    for _ in range(_STEPS):
        p = sigmoid(design @ theta)
        slope = design.T @ (weights * (outcomes - p)) - pull * theta
        curvature = (design * (weights * p * (1.0 - p))[:, None]).T @ design + np.diag(pull)
        step, length = np.linalg.solve(curvature, slope), 1.0
        after = loss(theta + step)
        while after > now and length > 1e-3:
            length /= 2.0
            after = loss(theta + length * step)
        if after > now:
            break
        theta, gained, now = theta + length * step, now - after, after
        if gained <= _ENOUGH * abs(now):
            break
    return Logit(mean, spread, theta)


def log_odds(model: Logit, columns: npt.NDArray[np.floating]) -> Floats:
    """Return the log-odds for columns."""
    return np.asarray(model.weights[0] + ((_scaled(columns) - model.mean) / model.spread) @ model.weights[1:])
