"""From reports to what may be released, and from decisions to the headline figures. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fusioncell.kernel.clock import DAY, HOUR, Instant
from fusioncell.shield.hits.model import ENOUGH, K, Line, Pace, Released, Row, Spell

MOST = 50
"""Decisions that a series names."""


def is_taken(row: Row, k: int) -> bool:
    """Tell whether a row's counts may be kept: each is 0 or at least k, and one of them is."""
    least = max(k, K)
    return (row.blocked or row.shadow) > 0 and all(not count or count >= least for count in (row.blocked, row.shadow))


def release(hour: Instant, rows: Iterable[tuple[str, str, int, int]]) -> Released | None:
    """Make the sums of an hour out of (organisation, decision, blocked, shadow); "" is a report without a hit.

    None where too few organisations reported. A decision's line needs hits at as many of them, or a sum would be one
    organisation's own count; and so do the totals, which hold hits of at least as many.
    """
    everyone: set[str] = set()
    hit: set[str] = set()
    seen: dict[str, set[str]] = defaultdict(set)
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for org, decision, blocked, shadow in rows:
        everyone.add(org)
        if decision:
            hit.add(org)
            seen[decision].add(org)
            sums[decision][0] += blocked
            sums[decision][1] += shadow
    if len(everyone) < ENOUGH:
        return None
    lines = [Line(one, sums[one][0], sums[one][1], len(seen[one])) for one in sorted(sums) if len(seen[one]) >= ENOUGH]
    rest = {org for one, orgs in seen.items() if len(orgs) < ENOUGH for org in orgs}
    # The totals less the lines are the rest: it is told only where it, too, is of enough organisations.
    whole = len(hit) >= ENOUGH and (not rest or len(rest) >= ENOUGH)
    counted = sums.values() if whole else [[line.blocked, line.shadow] for line in lines]
    return Released(hour, len(everyone), sum(c[0] for c in counted), sum(c[1] for c in counted), lines)


def pace(waits: Sequence[int]) -> Pace:
    """Return median and 95th percentile (nearest rank) of waits."""
    if not waits:
        return Pace(0, None, None)
    ordered = sorted(waits)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) // 2
    return Pace(len(ordered), median, ordered[-(-95 * len(ordered) // 100) - 1])


def step_of(days: int) -> int:
    """Return the stretch by which a period is drawn: hours up to a week, then days."""
    return HOUR if days <= 7 else DAY


def spells(rows: Iterable[tuple[Instant, int, int]], begins: Instant, ends: Instant, step: int) -> tuple[Spell, ...]:
    """Sum (hour, blocked, shadow) by stretch of time, each one of the period, with nothing in it or not."""
    counts = {at: [0, 0] for at in range(begins - begins % step, ends, step)}
    for hour, blocked, shadow in rows:
        held = counts.get(hour - hour % step)
        if held is not None:
            held[0] += blocked
            held[1] += shadow
    return tuple(Spell(at, *counts[at]) for at in sorted(counts))
