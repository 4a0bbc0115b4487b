"""Values of the backtest."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

HORIZONS = (7, 30)
"""Days within which a value is reported again, or not."""
ASKED_EVERY = 7
"""Days between askings."""
SILENT = 180
"""Days of silence after which a value is no longer asked about."""

Ints = npt.NDArray[np.int64]
Step = Callable[[int, int], None]
"""Told the days done, and the days in all."""


class Sighting(NamedTuple):
    """One report of one value. ``day``: UTC, counted from 1970-01-01."""

    day: int
    value: str
    type: str
    source: str
    context: str


class Sightings(NamedTuple):
    """All sightings, by day, as columns; values, sources, contexts, types and groups are numbers from 0.

    ``values``, ``sources``, ``contexts``: of each sighting. ``days``: of each. ``types``, ``groups``: of each value.
    ``firsts``: whether this is the first sighting of its value by its source. ``names``: of the types.
    """

    days: Ints
    values: Ints
    sources: Ints
    contexts: Ints
    firsts: npt.NDArray[np.bool_]
    types: Ints
    groups: Ints
    names: tuple[str, ...]
    sources_in_all: int
    contexts_in_all: int
    groups_in_all: int
