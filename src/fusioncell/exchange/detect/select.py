"""Tables of what stands for one audience set: mended, and selected from. Pure; columns in, columns out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.exchange.detect.model import DEFAULT_PROBABILITY, TYPES
from fusioncell.fusion.model import Standing
from fusioncell.kernel.observable import TYPE_CODES

CODES = tuple(TYPE_CODES[type] for type in TYPES)
"""The codes of the types that are exported."""


class Tally(NamedTuple):
    """Sums of a table on a day: how many values of each type's code a plain export holds, and which end on that day."""

    today: int
    counts: Counter[int]
    faded: npt.NDArray[np.int64]


def mended(table: Standing, moved: Iterable[int], fresh: Standing) -> Standing:
    """Return the table with the rows of ``moved`` observables replaced by those in ``fresh`` (there or not)."""
    gone = np.fromiter(moved, np.int64)
    both = Standing.of((table.at(~np.isin(table.ids, gone)), fresh))
    return both.at(np.argsort(both.ids, kind="stable"))


def same(one: Standing, other: Standing) -> bool:
    """Tell whether two tables hold the same."""
    return (
        np.array_equal(one.ids, other.ids)
        and np.array_equal(one.days, other.days)
        and np.array_equal(one.malicious, other.malicious)
    )


def chosen(table: Standing, codes: Iterable[int], min_probability: float, today: int) -> npt.NDArray[np.bool_]:
    """Tell which rows are of these types, likely enough, and do not end before or on this day."""
    wanted = np.zeros(1 << 15, np.bool_)
    wanted[list(codes)] = True
    picked: npt.NDArray[np.bool_] = (table.malicious >= min_probability) & (table.days > today) & wanted[table.codes]
    return picked


def rows_of(table: Standing, ids: Iterable[int]) -> Standing:
    """Return the rows of these observables, those that the table holds."""
    wanted = np.unique(np.fromiter(ids, np.int64))
    places = np.searchsorted(table.ids, wanted)
    within = places < len(table.ids)
    places = places[within][table.ids[places[within]] == wanted[within]]
    return table.at(places)


def tally(table: Standing, today: int) -> Tally:
    """Return the sums of a table on a day."""
    now = chosen(table, CODES, DEFAULT_PROBABILITY, today)
    faded = table.ids[chosen(table, CODES, DEFAULT_PROBABILITY, today - 1) & ~now]
    codes, numbers = np.unique(table.codes[now], return_counts=True)
    return Tally(today, Counter(dict(zip(codes.tolist(), numbers.tolist(), strict=True))), faded)


def moved(
    now: npt.NDArray[np.int64], had: npt.NDArray[np.int64], faded: npt.NDArray[np.int64], named: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return what an export gained and what it lost since a moment, as ids.

    ``now``: in it now; ``named``: named since, and ``had``: those of them that were in it then; ``faded``: what ends
    today, so was in it yesterday unless it was only named since. ``now`` may be millions, and is not sorted again.
    """
    gained = np.setdiff1d(now[np.isin(now, named)], had)
    lost = np.union1d(had[~np.isin(had, now)], np.setdiff1d(faded, np.setdiff1d(named, had)))
    return gained, lost


def best(table: Standing, picked: npt.NDArray[np.bool_], values: dict[int, str], limit: int) -> list[int]:
    """Return the places of the best so many of the picked rows, 0 for all.

    The likeliest first, then what lasts longest, then by value. Never by id, which tells of what others contributed.
    """
    places = np.flatnonzero(picked)
    if limit and len(places) > limit:
        # Only the likeliest need be told apart by their values.
        edge = np.partition(table.malicious[places], len(places) - limit)[len(places) - limit]
        places = places[table.malicious[places] >= edge]
    ids, malicious, days, codes = (column.tolist() for column in (
        table.ids[places], table.malicious[places], table.days[places], table.codes[places]))  # fmt: skip
    rank = sorted(
        range(len(places)), key=lambda at: (-malicious[at], -days[at], codes[at], values.get(ids[at], ""))
    )
    chosen_places = places[np.array(rank, np.int64)] if rank else places
    kept: list[int] = (chosen_places[:limit] if limit else chosen_places).tolist()
    return kept
