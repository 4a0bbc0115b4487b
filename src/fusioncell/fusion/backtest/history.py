"""What is known of every value up to a day, and the columns that the outlook reads of it. Steps day by day; pure.

Nothing here sees a day before it is handed in, so no column can look ahead.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.backtest.model import SILENT, Ints, Sightings

_LONG_AGO = -1_000_000
_HALVES = np.array([1.0, 3.0, 7.0, 21.0, 60.0])
"""Half-lives, in days, of the decayed counts of days on which a value was reported."""
_GROUP_HALF = 14.0
_SMOOTH = 50.0
"""Matured askings that a rate of a source, a context or a type leans on the overall one with."""
_ALONE = 400
COLUMNS = (
    "since", "days", "age", "count", "sources", "mean_gap", "last_gap", "overdue", "overdue_most", "run", "burst",
    "density", "missed", "source_silent", "source_density", "kin_since", "kin_days", "kin_values", "kin_lately",
    "d1", "d3", "d7", "d21", "d60",
)  # fmt: skip
"""What is known of a value at an asking. days: on which it was reported; overdue: silence in units of its mean gap;
run: days in a row up to the last; missed: days on which its source reported, but not it; kin: values of its group;
d…: days decayed by that half-life. Beside them stand, for each horizon, the log-odds at which matured askings of its
source, context and type came true (:class:`Rates`)."""


class Asked(NamedTuple):
    """An asking: the values, and what is known of each, without the learned rates."""

    day: int
    values: Ints
    columns: npt.NDArray[np.float32]
    keys: tuple[Ints, Ints, Ints]
    """Source, context and type of each."""


class History:
    """All that was seen so far."""

    def __init__(self, sightings: Sightings) -> None:
        values, sources, groups = len(sightings.types), sightings.sources_in_all, sightings.groups_in_all
        self._types, self._groups = sightings.types, sightings.groups
        self.first, self.last, self._before = (np.full(values, _LONG_AGO) for _ in range(3))
        self._count, self._days, self._sources, self._most, self._run, self._burst, self._at, self._source, \
            self._context = (np.zeros(values, np.int64) for _ in range(9))  # fmt: skip
        self._decayed = np.zeros((values, len(_HALVES)))
        self._source_first, self._source_last = (np.full(sources, _LONG_AGO) for _ in range(2))
        self._source_days = np.zeros(sources, np.int64)
        self._kin_last = np.full(groups, _LONG_AGO)
        self._kin_days, self._kin_values = (np.zeros(groups, np.int64) for _ in range(2))
        self._kin_lately = np.zeros(groups)

    def step(self, day: int, values: Ints, sources: Ints, contexts: Ints, firsts: npt.NDArray[np.bool_]) -> None:
        """Take in the sightings of a day; days come in order."""
        if not len(values):
            return
        active = np.unique(sources)
        self._source_days[active] += 1
        self._source_last[active] = day
        self._source_first[active] = np.where(self._source_first[active] < 0, day, self._source_first[active])
        seen, counts = np.unique(values, return_counts=True)
        new = self.first[seen] == _LONG_AGO
        gap = np.where(new, 0, day - self.last[seen])
        self._most[seen] = np.maximum(self._most[seen], gap)
        self._run[seen] = np.where(gap == 1, self._run[seen] + 1, 1)
        self._before[seen], self.last[seen] = self.last[seen], day
        self.first[seen] = np.where(new, day, self.first[seen])
        self._decayed[seen] = self._decayed[seen] * 2.0 ** (-gap[:, None] / _HALVES) + 1.0
        self._count[seen] += counts
        self._days[seen] += 1
        self._burst[seen] = counts
        self._source[values], self._context[values] = sources, contexts
        self._at[seen] = self._source_days[self._source[seen]]
        np.add.at(self._sources, values[firsts], 1)
        self._kin(day, self._groups[seen], new)

    def _kin(self, day: int, groups: Ints, new: npt.NDArray[np.bool_]) -> None:
        np.add.at(self._kin_values, groups[new], 1)
        active = np.unique(groups)
        since = np.minimum(day - self._kin_last[active], 10_000)
        self._kin_lately[active] *= 2.0 ** (-since / _GROUP_HALF)
        np.add.at(self._kin_lately, groups, 1.0)
        self._kin_days[active] += 1
        self._kin_last[active] = day

    def ask(self, day: int) -> Asked:
        """Return all values not silent for over :data:`SILENT` days, with what is known of them at the end of a day."""
        ids = np.flatnonzero(self.last >= day - SILENT)
        last, days, sources, groups = self.last[ids], self._days[ids], self._source[ids], self._groups[ids]
        since, age, again = day - last, day - self.first[ids], days > 1
        mean = np.where(again, (last - self.first[ids]) / np.maximum(days - 1, 1), 0.0)
        kin_since = day - self._kin_last[groups]
        columns = (
            since, days, age, self._count[ids], self._sources[ids], mean,
            np.where(again, last - self._before[ids], 0),
            np.where(again, since / np.maximum(mean, 1.0), -1.0),
            np.where(again, since / np.maximum(self._most[ids], 1), -1.0),
            self._run[ids], self._burst[ids], days / (age + 1.0),
            self._source_days[sources] - self._at[ids], day - self._source_last[sources],
            self._source_days[sources] / (day - self._source_first[sources] + 1.0),
            np.where(kin_since < since, kin_since, _ALONE), self._kin_days[groups], self._kin_values[groups],
            self._kin_lately[groups] * 2.0 ** (-kin_since / _GROUP_HALF),
        )  # fmt: skip
        out = np.empty((len(ids), len(COLUMNS)), np.float32)
        for place, column in enumerate(columns):
            out[:, place] = column
        out[:, len(columns) :] = self._decayed[ids] * 2.0 ** (-since[:, None] / _HALVES)
        return Asked(day, ids, out, (sources, self._context[ids], self._types[ids]))


class Rates:
    """How often matured askings came true, by source, context and type; for one horizon."""

    def __init__(self, sightings: Sightings) -> None:
        sizes = (sightings.sources_in_all, sightings.contexts_in_all, len(sightings.names))
        self._true = tuple(np.zeros(size) for size in sizes)
        self._asked = tuple(np.zeros(size) for size in sizes)

    def matured(self, asked: Asked, outcomes: npt.NDArray[np.bool_]) -> None:
        """Count what came of an asking."""
        for key, true, count in zip(asked.keys, self._true, self._asked, strict=True):
            true += np.bincount(key, outcomes, len(true))
            count += np.bincount(key, minlength=len(count))

    def of(self, asked: Asked) -> npt.NDArray[np.float32]:
        """Return the rates for the values of an asking, as three columns."""
        base = (self._true[0].sum() + 0.5) / (self._asked[0].sum() + 1.0)
        rates = []
        for key, true, count in zip(asked.keys, self._true, self._asked, strict=True):
            rate = (true + _SMOOTH * base) / (count + _SMOOTH)
            rates.append(np.log(rate / (1.0 - rate))[key])
        return np.stack(rates, 1).astype(np.float32)
