"""Lay a graph out in a plane: Fruchterman and Reingold's forces (1991), then nodes are kept apart. Pure.

Deterministic: nodes begin on a spiral in their order, which is the order in which they were found from the start, so
the same graph lies the same way each time. O(n²) a step in whole arrays (measured in ``benchmarks/workbench.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, pi, sqrt

import numpy as np
import numpy.typing as npt

APART = 34.0
"""Least distance between the middles of two nodes: 24 px of target (WCAG 2.5.8) and some air."""
MARGIN = 28.0
_STEPS = 60
_FEW = 200
"""Above so many nodes fewer steps are taken: the work goes with the square."""
_PARTINGS = 40
_TURN = pi * (3 - sqrt(5))

Points = npt.NDArray[np.float64]


def size_of(count: int) -> tuple[int, int]:
    """Return (width, height) in px for so many nodes."""
    side = max(520.0, 62.0 * sqrt(count))
    return int(side * 1.35), int(side)


def lay_out(count: int, edges: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """Return a position for each of the nodes, within :func:`size_of`."""
    if not count:
        return []
    width, height = size_of(count)
    points = _spiral(count)
    if count > 1:
        points = _moved(points, edges)
    points = _fitted(points, width, height)
    for _ in range(_PARTINGS):
        if not _part(points):
            break
        np.clip(points, MARGIN, (width - MARGIN, height - MARGIN), out=points)
    return [(round(float(x), 1), round(float(y), 1)) for x, y in points]


def _spiral(count: int) -> Points:
    place = np.arange(count)
    radius = np.sqrt(place + 0.5)
    return np.stack([radius * np.cos(place * _TURN), radius * np.sin(place * _TURN)], axis=1)


def _moved(points: Points, edges: Sequence[tuple[int, int]]) -> Points:
    """Let linked nodes pull and all push: distance 1 is the length that an edge would like to have."""
    count = len(points)
    pull = np.zeros((count, count))
    for one, other in edges:
        pull[one, other] = pull[other, one] = 1.0
    steps = _STEPS if count <= _FEW else max(8, _STEPS * _FEW * _FEW // (count * count))
    heat = sqrt(count) / 4
    for step in range(steps):
        squared = np.maximum(_squares(points), 1e-4)
        # Repulsion 1/d, attraction d², each along the line between the two: hence /d once more.
        force = 1.0 / squared
        force -= pull * np.sqrt(squared)
        # Σ force · (own place less the other's), and a little to the middle: what is linked to nothing stays.
        move = force.sum(axis=1)[:, None] * points - force @ points - 0.02 * points
        length = np.maximum(np.hypot(move[:, 0], move[:, 1]), 1e-9)[:, None]
        points = points + move / length * np.minimum(length, heat * (1 - step / steps))
    return points


def _squares(points: Points) -> Points:
    """Return the squared distances of all pairs; a little rounding leaves none below zero."""
    own = (points * points).sum(axis=1)
    squared: Points = own[:, None] + own[None, :] - 2.0 * (points @ points.T)
    return np.maximum(squared, 0.0, out=squared)


def _fitted(points: Points, width: int, height: int) -> Points:
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    room = np.array([width - 2 * MARGIN, height - 2 * MARGIN])
    if len(points) == 1:
        return np.array([[width / 2, height / 2]])
    placed: Points = (points - low) / span * room + MARGIN
    return placed


def _part(points: Points) -> bool:
    """Push nodes apart that lie too close, in place; tell whether any did. Only neighbours in x are compared."""
    order = np.argsort(points[:, 0], kind="stable")
    pairs = []
    for apart in range(1, len(order)):
        one, other = order[:-apart], order[apart:]
        line = points[one] - points[other]
        near = -line[:, 0] < APART
        if not near.any():
            break
        close = near & (np.hypot(line[:, 0], line[:, 1]) < APART - 0.5)
        pairs += list(zip(one[close].tolist(), other[close].tolist(), strict=True))
    for first, second in pairs:
        x, y = points[first] - points[second]
        distance = hypot(x, y)
        if distance < 1e-3:
            # Two in one place part by their order, so that no chance is needed.
            x, y, distance = 1.0, 0.5, hypot(1.0, 0.5)
        push = max(0.0, APART - distance) / 2 + 0.3
        points[first] += x / distance * push, y / distance * push
        points[second] -= x / distance * push, y / distance * push
    return bool(pairs)
