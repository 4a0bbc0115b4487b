"""Say of one value how likely it is accused again, by what was learned. Pure; plain floats: a look-up asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, log1p

from fusioncell.fusion.learned.model import Again, Horizon
from fusioncell.kernel.observable import TYPE_CODES, ObservableType

_T = ObservableType
_KINDS = ((_T.IPV4, _T.IPV6, _T.CIDR), (_T.DOMAIN,), (_T.URL,), (_T.MD5, _T.SHA1, _T.SHA256, _T.SHA512))
CODES = tuple(frozenset(TYPE_CODES[type] for type in kind) for kind in _KINDS)
"""Kinds of values that the regression tells apart."""


def row_of(code: int, since: float, age: float, count: float) -> list[float]:
    """Return what the regression reads of one value: days since it was accused last and first, how often, its kind."""
    return [since, age, count, (age - since) / max(count - 1, 1), *(float(code in codes) for codes in CODES)]


def foresee(horizons: Sequence[Horizon], code: int, since: float, age: float, count: int) -> tuple[Again, ...]:
    """Return P(accused again) for each horizon, the nearest first: never less for a farther one.

    Nothing is said with more certainty than the questions behind it allow: one in twice as many.
    """
    read = [log1p(value) for value in row_of(code, since, age, count)]
    found: list[Again] = []
    for one in horizons:
        z = one.weights[0] + sum(
            weight * (value - mean) / spread
            for weight, value, mean, spread in zip(one.weights[1:], read, one.mean, one.spread, strict=True)
        )
        far = log(2.0 * max(one.asked, 2))
        z = max(-far, min(far, one.shift + one.slope * z))
        nearer = found[-1].probability if found else 0.0
        found.append(Again(one.days, max(nearer, 1.0 / (1.0 + exp(-z)))))
    return tuple(found)
