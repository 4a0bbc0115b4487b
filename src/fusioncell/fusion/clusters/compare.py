"""Measure clusters against labels that were never shown to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec


class Figures(msgspec.Struct, frozen=True):
    """How good clusters are.

    ``share``: of the reports, those in a cluster of two and more. ``purity``: of those clustered, those of their
    cluster's commonest label. ``precision``: of the pairs in one cluster, those of one label; ``recall``: of the pairs
    of one label, those in one cluster. None where nothing is left to divide by. ``largest``: members of the largest.
    """

    reports: int
    clustered: int
    clusters: int
    largest: int
    share: float | None
    purity: float | None
    precision: float | None
    recall: float | None


def measure(clusters: Iterable[Sequence[int]], labels: Mapping[int, str], reports: int) -> Figures:
    """Compare clusters (numbers of reports) with labels; reports without a label count as clustered or not alone."""
    clustered = count = largest = labelled = common = alike = pairs = 0
    for members in clusters:
        count += 1
        clustered += len(members)
        largest = max(largest, len(members))
        of = Counter(labels[number] for number in members if number in labels)
        labelled += of.total()
        common += max(of.values(), default=0)
        alike += sum(_pairs(each) for each in of.values())
        pairs += _pairs(of.total())
    true = sum(_pairs(each) for each in Counter(labels.values()).values())
    return Figures(
        reports, clustered, count, largest, _over(clustered, reports), _over(common, labelled), _over(alike, pairs),
        _over(alike, true),
    )  # fmt: skip


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _over(part: int, whole: int) -> float | None:
    return part / whole if whole else None
