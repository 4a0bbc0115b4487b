"""Gather reports in memory, one by one as they arrive: what an evaluation runs on, and what tests compare the hub with.

The rules are those of :mod:`choose`; the index maps a feature to the reports that have it, in order of arrival, so
that what is kept grows with the features and never with the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fusioncell.fusion.clusters.choose import choose, weigh
from fusioncell.fusion.clusters.model import CANDIDATES, HUB, Feature, Link, Sharers

Common = Callable[[Sequence[Feature]], Iterable[bool]]


def _none(features: Sequence[Feature]) -> Iterable[bool]:
    return [False] * len(features)


class Gathering:
    """Reports that are joined as they come. ``common`` tells which features everybody has (known good)."""

    def __init__(self, common: Common = _none) -> None:
        self._common = common
        self._index: dict[Feature, list[int]] = {}
        self._counts: dict[Feature, int] = {}
        self.links: list[Link | None] = []
        """Of each report, by number, where it hangs."""
        self.heads: list[int] = []
        """Of each report its cluster's head; a head's is its own number."""
        self._reaches: dict[int, int] = {}

    def join(self, features: Sequence[Feature]) -> int:
        """Take the next report in, and return its number. Costs its features, times ``CANDIDATES`` at most."""
        number, counts = len(self.links), self._counts
        # Asked when they are shared for the first time: most values never are.
        once = [feature for feature in features if counts.get(feature) == 1]
        counts.update({each: HUB for each, common in zip(once, self._common(once), strict=True) if common})
        shared = []
        for feature in features:
            count = counts.get(feature, 0)
            if not count:
                self._index[feature] = [number]
            elif count < HUB:
                first = self._index[feature]
                shared.append(Sharers(feature.kind, count, tuple(first)))
                if count < CANDIDATES:
                    first.append(number)
            counts[feature] = count + 1
        link = choose(weigh(shared), self._reaches)
        self.links.append(link)
        self.heads.append(number if link is None else self.heads[link.to])
        self._reaches[number] = 0 if link is None else link.reach
        return number

    def clusters(self) -> dict[int, list[int]]:
        """Return the members of each cluster of two and more, by its head."""
        found: dict[int, list[int]] = {}
        for number, head in enumerate(self.heads):
            found.setdefault(head, []).append(number)
        return {head: members for head, members in found.items() if len(members) > 1}
