"""Gradient-boosted trees of fixed depth on binned columns, for logistic loss. Pure, on arrays; no randomness.

Each tree is grown level by level, all nodes of a level at once from histograms of gradient and curvature, and each leaf
takes a Newton step, shrunk by ``_RATE`` (Friedman 2001; Chen and Guestrin 2016 for the gain).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learn.logit import Floats, base_log_odds, sigmoid

BINS = 32
DEPTH = 3
_RATE = 0.1
_RIDGE = 5.0
_LEAST = 1.0
"""Curvature that each side of a split keeps."""

Binned = npt.NDArray[np.uint8]


class Tree(NamedTuple):
    """A tree: for each level, the column and the last bin to the left of each node; then the leaves' log-odds."""

    levels: tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], ...]
    leaves: Floats


class Forest(NamedTuple):
    """Boosted trees. ``edges``: the upper ends of each column's bins. ``base``: where no start is handed in."""

    edges: tuple[Floats, ...]
    base: float
    trees: tuple[Tree, ...]


def edges_of(columns: npt.NDArray[np.floating]) -> tuple[Floats, ...]:
    """Cut each column at its quantiles; between each two values where it has few."""
    edges = []
    for column in columns.T:
        values = np.unique(column)
        if len(values) > BINS:
            values = np.unique(np.quantile(column, np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
        else:
            values = values[:-1]
        edges.append(np.asarray(values, np.float64))
    return tuple(edges)


def binned(edges: tuple[Floats, ...], columns: npt.NDArray[np.floating]) -> Binned:
    """Return the bin of each value."""
    out = np.empty(columns.shape, np.uint8)
    for place, edge in enumerate(edges):
        out[:, place] = np.searchsorted(edge, columns[:, place], side="left")
    return out


def grow(
    columns: npt.NDArray[np.floating], outcomes: Floats, weights: Floats, rounds: int, start: Floats | None = None
) -> Forest:
    """Fit ``rounds`` trees, from the base rate, or from log-odds that another model gives each example."""
    edges = edges_of(columns)
    bins = binned(edges, columns)
    rows = [np.ascontiguousarray(column).astype(np.int64) for column in bins.T]
    base = base_log_odds(outcomes, weights)
    z = np.full(len(bins), base) if start is None else start.copy()
    trees = []
    for _ in range(rounds):
        p = sigmoid(z)
        slope, curvature = weights * (outcomes - p), weights * p * (1.0 - p)
        tree, node = _tree(rows, bins, slope, curvature)
        trees.append(tree)
        z += tree.leaves[node]
    return Forest(edges, base, tuple(trees))


def _tree(
    rows: list[npt.NDArray[np.int64]], bins: Binned, slope: Floats, curvature: Floats
) -> tuple[Tree, npt.NDArray[np.int64]]:
    node = np.zeros(len(bins), np.int64)
    levels = []
    for depth in range(DEPTH):
        column, cut = _split(rows, node, 2**depth, slope, curvature)
        levels.append((column, cut))
        node = node * 2 + (bins[np.arange(len(bins)), column[node]] > cut[node])
    leaves = 2**DEPTH
    steepness = np.bincount(node, curvature, leaves) + _RIDGE
    return Tree(tuple(levels), _RATE * np.bincount(node, slope, leaves) / steepness), node


def _split(
    rows: list[npt.NDArray[np.int64]], node: npt.NDArray[np.int64], nodes: int, slope: Floats, curvature: Floats
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Choose for each node the column and the cut that gain most; a node that gains nothing keeps all to the left."""
    best = np.full(nodes, 1e-6)
    column, cut = np.zeros(nodes, np.int64), np.full(nodes, BINS, np.int64)
    for place, row in enumerate(rows):
        at = node * BINS + row
        left = np.bincount(at, slope, nodes * BINS).reshape(nodes, BINS).cumsum(1)
        heavy = np.bincount(at, curvature, nodes * BINS).reshape(nodes, BINS).cumsum(1)
        whole, weight = left[:, -1:], heavy[:, -1:]
        rest, light = whole - left, weight - heavy
        gain = left**2 / (heavy + _RIDGE) + rest**2 / (light + _RIDGE) - whole**2 / (weight + _RIDGE)
        gain[(heavy < _LEAST) | (light < _LEAST)] = -1.0
        where = gain.argmax(1)
        value = gain[np.arange(nodes), where]
        better = value > best
        best[better], column[better], cut[better] = value[better], place, where[better]
    return column, cut


def climb(forest: Forest, bins: Binned) -> Floats:
    """Return what the trees add for binned rows, the base left out."""
    z, every = np.zeros(len(bins)), np.arange(len(bins))
    for tree in forest.trees:
        node = np.zeros(len(bins), np.int64)
        for column, cut in tree.levels:
            node = node * 2 + (bins[every, column[node]] > cut[node])
        z += tree.leaves[node]
    return z
