"""Choose where a report hangs: at an earlier one that shares rare values with it, near enough to a cluster's head.

1. Each feature that earlier reports have gives its strength, less by the logarithm of how many had it (rarity).
2. What an earlier report shares adds up. Less than ``LEAST`` is chance.
3. A link costs one step, a weak one two; beyond ``REACH`` steps from the head nothing hangs. That bound does here what
   the resolution does in a constant Potts model: a chain of accidents cannot swallow the graph.
4. The nearest to a head wins, then the strongest, then the earliest; where none is left, the report is a head itself.

What a report is depends on earlier reports alone. So a new one moves none of them, and one that goes concerns only
later ones that share something with it. Whole numbers throughout: no order of adding can change a sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log2

from fusioncell.fusion.clusters.model import HUB, LEAST, REACH, STRENGTH, STRONG, Kind, Link, Sharers

_DIVISORS = (1.0, *(log2(count + 1) for count in range(1, HUB)))
_WORTH = {kind: tuple(int(strength / divisor) for divisor in _DIVISORS) for kind, strength in STRENGTH.items()}


def worth(kind: Kind, earlier: int) -> int:
    """Return what a shared feature counts (thousandths) where so many ``earlier`` reports have it."""
    return _WORTH[kind][earlier] if earlier < HUB else 0


def weigh(shared: Iterable[Sharers]) -> dict[int, int]:
    """Return the weight of what is shared with each earlier report that is asked."""
    weights: dict[int, int] = {}
    for kind, earlier, first in shared:
        value = worth(kind, earlier)
        if value:
            for other in first:
                weights[other] = weights.get(other, 0) + value
    return weights


def choose(weights: Mapping[int, int], reaches: Mapping[int, int]) -> Link | None:
    """Return where the report hangs, None for a head. ``reaches``: of each earlier report, its steps from its head."""
    best: tuple[int, int, int] | None = None
    for other, weight in weights.items():
        if weight < LEAST:
            continue
        reach = reaches[other] + (1 if weight >= STRONG else 2)
        if reach <= REACH and (best is None or (reach, -weight, other) < best):
            best = (reach, -weight, other)
    return None if best is None else Link(best[2], best[0], -best[1])
