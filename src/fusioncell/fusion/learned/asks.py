"""Ask of the past what became of values: each week, of each that was accused, was it accused again? Pure, on arrays.

What is asked about is what a viewer of the tier saw then. Values are in order of their hash, never of their id: an id
tells when something was first named, by whomever, and what is learned must not hang on what its readers may not see.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion.learned.fading import STEP
from fusioncell.kernel.clock import DAY

WEEK = 7
HORIZONS = (7, 30)
"""Days ahead."""
SILENT = 180
"""A value of which nobody spoke for so many days is not asked about."""
BACK = 26
"""Weeks that are asked about."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Asked(NamedTuple):
    """Questions and what came of them, one a row. ``since``, ``age``: days since the value was accused last, and first;
    ``often``: how many accusations by then; ``again``: days until the next time, :data:`NEVER` where there was none."""

    code: Ints
    context: Ints
    since: Floats
    age: Floats
    often: Floats
    again: Floats


NEVER = 1e9


def asked_of(rows: Sequence[tuple[Any, ...]], now: int) -> Asked:
    """Ask about accusations: (hash, type, fade, at), any order. ``now``: an instant; what is not over by then is not
    asked. A value's context at a time is that of its newest accusation by then."""
    if not rows:
        empty, none = np.empty(0), np.empty(0, np.int64)
        return Asked(none, none, empty, empty, empty, empty)
    hashes, codes, fades, ats = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    contexts = fades // STEP
    order = np.lexsort((contexts, ats, codes, hashes))
    hashes, codes, contexts, days = hashes[order], codes[order], contexts[order], ats[order] / DAY
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (codes[1:] != codes[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(hashes))
    last = now / DAY - max(HORIZONS)
    parts = [_at(last - WEEK * week, starts, ends, codes, contexts, days) for week in range(BACK)]
    return Asked(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _at(day: float, starts: Ints, ends: Ints, codes: Ints, contexts: Ints, days: Floats) -> Asked:
    count = np.add.reduceat((days <= day).astype(np.int64), starts)
    newest = starts + count - 1
    known = np.flatnonzero(count > 0)
    since = day - days[newest[known]]
    known, since = known[since <= SILENT], since[since <= SILENT]
    after = newest[known] + 1
    there = after < ends[known]
    again = np.where(there, days[np.minimum(after, len(days) - 1)] - day, NEVER)
    return Asked(codes[starts[known]], contexts[newest[known]], since, day - days[starts[known]],
                 count[known].astype(np.float64), again)  # fmt: skip
