"""Gather reports in memory, one by one as they arrive: what an evaluation runs on, and what tests compare the hub with.

The rules are those of :mod:`choose`; the index maps a feature to the reports that have it, in order of arrival, so
that what is kept grows with the features and never with the pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fusioncell.fusion.clusters.choose import choose, weigh
from fusioncell.fusion.clusters.model import CANDIDATES, HUB, Feature, Link, Sharers

PARTS = 256
"""Parts of the index: a dict of a million features takes a tenth of a second to grow, a part less than a hundredth."""
Common = Callable[[Sequence[Feature]], Iterable[bool]]


def _none(features: Sequence[Feature]) -> Iterable[bool]:
    return [False] * len(features)


class Gathering:
    """Reports that are joined as they come. ``common`` tells which features everybody has (known good)."""

    def __init__(self, common: Common = _none) -> None:
        self._common = common
        self._index: tuple[dict[Feature, list[int]], ...] = tuple({} for _ in range(PARTS))
        """Of each feature how many have it, and behind that the earliest of them."""
        self.links: list[Link | None] = []
        """Of each report, by number, where it hangs."""
        self.heads: list[int] = []
        """Of each report its cluster's head; a head's is its own number."""
        self._reaches: dict[int, int] = {}

    def join(self, features: Sequence[Feature]) -> int:
        """Take the next report in, and return its number. Costs its features, times ``CANDIDATES`` at most."""
        number = len(self.links)
        known: list[tuple[Feature, list[int]]] = []
        for feature in features:
            part = self._index[hash(feature) % PARTS]
            if (row := part.get(feature)) is None:
                part[feature] = [1, number]
            else:
                known.append((feature, row))
        # Asked when they are shared for the first time: most values never are.
        once = [(feature, row) for feature, row in known if row[0] == 1]
        for (_, row), common in zip(once, self._common([feature for feature, _ in once]), strict=True):
            row[0] = HUB if common else 1
        shared = []
        for feature, row in known:
            if row[0] < HUB:
                shared.append(Sharers(feature.kind, row[0], tuple(row[1:])))
                if row[0] < CANDIDATES:
                    row.append(number)
            row[0] += 1
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
