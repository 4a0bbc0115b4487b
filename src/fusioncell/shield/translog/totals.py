"""Totals of the log, as the public page shows them. Pure: every figure can be counted again from the leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fusioncell.shield.translog.model import ENDS, Kind


@dataclass(frozen=True, slots=True)
class Category:
    """One category: how many blocks began, how many ended (by an act, by time), how many stand."""

    name: str
    added: int
    removed: int
    expired: int
    standing: int


@dataclass(frozen=True, slots=True)
class Month:
    """One month: its first day (ISO 8601, ``2026-11``), blocks that began, that ended, appeals."""

    name: str
    added: int
    ended: int
    appeals: int


@dataclass(frozen=True, slots=True)
class Totals:
    """All totals over the first ``size`` leaves. Medians in seconds, -1 where nothing is to be counted."""

    size: int
    categories: tuple[Category, ...]
    appeals: int
    upheld: int
    dismissed: int
    holds: int
    policies: int
    restores: int
    lift_median: int
    appeal_median: int
    months: tuple[Month, ...]


def total(
    counts: Iterable[tuple[str, str, int]], standing: Mapping[str, int], days: Iterable[tuple[int, str, int]],
    spans: tuple[Sequence[int], Sequence[int]], size: int, now: int,
) -> Totals:  # fmt: skip
    """Join what was counted. ``spans``: seconds from block to lift, and from appeal to outcome, shortest first."""
    by: dict[str, dict[str, int]] = {}
    whole: dict[str, int] = {}
    for kind, category, count in counts:
        whole[kind] = whole.get(kind, 0) + count
        by.setdefault(category, {})[kind] = count
    categories = tuple(
        Category(name, some.get(Kind.ADD, 0), some.get(Kind.REMOVE, 0), some.get(Kind.EXPIRE, 0), standing.get(name, 0))
        for name, some in sorted(by.items())
        if some.get(Kind.ADD)
    )
    return Totals(
        size, categories, whole.get(Kind.APPEAL, 0), whole.get(Kind.UPHELD, 0), whole.get(Kind.DISMISSED, 0),
        whole.get(Kind.HOLD, 0), whole.get(Kind.POLICY, 0), whole.get(Kind.RESTORED, 0), median(spans[0]),
        median(spans[1]), _months(days, now),
    )  # fmt: skip


def median(values: Sequence[int]) -> int:
    """Return the lower median of sorted values, -1 where there are none."""
    return values[(len(values) - 1) // 2] if values else -1


def _months(days: Iterable[tuple[int, str, int]], now: int) -> tuple[Month, ...]:
    """Sum days up to the last twelve months, the newest last; months without anything stand too."""
    last = datetime.fromtimestamp(now, UTC)
    names = []
    for back in range(11, -1, -1):
        year, month = divmod(last.year * 12 + last.month - 1 - back, 12)
        names.append(f"{year:04}-{month + 1:02}")
    made = {name: [0, 0, 0] for name in names}
    for day, kind, count in days:
        month_sums = made.get(datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m"))
        if month_sums is None:
            continue
        if kind == Kind.ADD:
            month_sums[0] += count
        elif kind in ENDS:
            month_sums[1] += count
        elif kind == Kind.APPEAL:
            month_sums[2] += count
    return tuple(Month(name, *sums) for name, sums in made.items())
