"""What outcomes say of a source: a beta posterior, and the Admiralty letter that it suggests. Pure.

The prior, Beta(4, 1), is a vetted member's word: four in five hold. A letter is suggested only where the outcomes are
enough to tell it from its neighbours, and it never takes the place of an analyst's grade by itself (DESIGN §4).
"""

from __future__ import annotations

from math import sqrt

from fusioncell.fusion.origins.model import Posterior

PRIOR = (4.0, 1.0)
ENOUGH = 5
"""Outcomes below which a source cannot be judged (Admiralty F)."""
_Z = 1.6449
_BANDS = ((0.85, "B"), (0.7, "C"), (0.5, "D"), (0.0, "E"))
"""Least share of claims that hold, for each letter; judged by the cautious end for praise and the mean for blame."""


def posterior(upheld: int, overturned: int) -> Posterior:
    """Return the posterior after so many claims that held and so many that did not. Both ≥ 0."""
    a, b = PRIOR[0] + upheld, PRIOR[1] + overturned
    mean = a / (a + b)
    # Wilson's interval: close to the beta's quantiles, and never outside of 0 to 1.
    n = a + b
    centre = (mean + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z * sqrt(mean * (1 - mean) / n + _Z * _Z / (4 * n * n)) / (1 + _Z * _Z / n)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Posterior(upheld, overturned, a, b, mean, low, high, _letter(upheld + overturned, mean, low))


def _letter(outcomes: int, mean: float, low: float) -> str:
    if outcomes < ENOUGH:
        return "F"
    praised = next(letter for least, letter in _BANDS if low >= least)
    blamed = next(letter for least, letter in _BANDS if mean >= least)
    # With few outcomes the two lie far apart: then it is the one that says less, but no worse than the mean says. A,
    # "completely reliable", is a person's word: outcomes come of what was looked at, the better part of what is said.
    return max(blamed, min(praised, "C"))
