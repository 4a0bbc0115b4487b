"""Judge what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.coverage.model import ALONE, LEAST, LONG, Gap, GapKind, Group, Kind, Tactic

FEWEST = 5
"""Values of a type that must be named before it is said that they rest on one contributor."""
STALE = 7
_ORDER = tuple(GapKind)


def together(sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Put sectors together so that each group has :data:`LEAST` members; the larger sectors stand alone.

    [] where all of them together have fewer.
    """
    order = sorted(sizes, key=lambda sector: (-sizes[sector], sector))
    groups: list[tuple[str, ...]] = [(sector,) for sector in order if sizes[sector] >= LEAST]
    small = tuple(sector for sector in order if sizes[sector] < LEAST)
    if not small:
        return groups
    if sum(sizes[sector] for sector in small) >= LEAST:
        return [*groups, small]
    # The small ones would still be told apart: they stand with the smallest of the large ones.
    return [*groups[:-1], (*groups[-1], *small)] if groups else []


def longest_silence(hours: Iterable[int]) -> int:
    """Return the longest run of hours without news."""
    longest = run = 0
    for count in hours:
        run = 0 if count else run + 1
        longest = max(longest, run)
    return longest


def carried_by(counts: Iterable[int], share: float = 0.8) -> int:
    """Return how many of the largest counts make this share of all."""
    ranked = sorted(counts, reverse=True)
    whole, sum_, number = sum(ranked), 0, 0
    for count in ranked:
        if sum_ >= share * whole:
            break
        sum_, number = sum_ + count, number + 1
    return number


def gaps_of(
    kinds: Sequence[Kind], groups: Sequence[Group], tactics: Sequence[Tactic], silence: int,
    expected: Iterable[ObservableType],
) -> tuple[Gap, ...]:  # fmt: skip
    """Return what is missing, what weighs most first. ``expected``: types that a partnership should hear of."""
    wanted = set(expected)
    found = [Gap(GapKind.SILENCE, (), silence)] if silence >= LONG else []
    for group in groups:
        if 2 * group.voices < group.members:
            found.append(Gap(GapKind.SECTOR, group.sectors, group.members - group.voices, group.members))
    for kind in kinds:
        name = (kind.type.value,)
        if kind.type in wanted and kind.ago is None:
            found.append(Gap(GapKind.TYPE, name))
        elif kind.type in wanted and kind.ago is not None and kind.ago >= STALE:
            found.append(Gap(GapKind.STALE, name, kind.ago))
        if kind.month >= FEWEST and kind.largest >= ALONE:
            found.append(Gap(GapKind.ALONE, name, round(100 * kind.largest)))
    found += [Gap(GapKind.TACTIC, (one.tactic,), 0, one.techniques) for one in tactics if not one.named]
    return tuple(sorted(found, key=lambda gap: _ORDER.index(gap.kind)))
