"""Counts with small ones withheld: no figure below k, and none by taking one figure from another."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.shield.agent.model import HOUR, K, Report
from fusioncell.shield.agent.tally import Tally

NAMES = st.sampled_from(["a.example", "b.example", "c.example"])
HITS = st.lists(st.tuples(st.integers(0, 3 * HOUR - 1), NAMES, st.booleans(), st.integers(1, 2 * K)), max_size=40)


def _told(hits: list[tuple[int, str, bool, int]], k: int = K) -> list[Report]:
    tally, reports = Tally(0, k=k), []
    clock = [(now, "", False, 0) for now in range(HOUR, 5 * HOUR, HOUR)]  # the agent asks each second
    for now, name, blocked, count in sorted([*hits, *clock]):
        if (report := tally.close(now)) is not None:
            reports.append(report)
        for _ in range(count):
            tally.add(name, blocked)
    return reports


@given(HITS, st.integers(K, 25))
def test_each_hour_is_told_once_exactly_or_not_at_all(hits: list[tuple[int, str, bool, int]], k: int) -> None:
    reports = _told(hits, k)
    assert len({report.hour for report in reports}) == len(reports)
    true: Counter[tuple[int, str, bool]] = Counter()
    for now, name, blocked, count in hits:
        true[now - now % HOUR, name, blocked] += count
    told = {(report.hour, row.name, blocked): count for report in reports for row in report.rows
            for blocked, count in ((True, row.blocked), (False, row.shadow)) if count}  # fmt: skip
    assert told == {key: count for key, count in true.items() if count >= k}
    assert all(report.rows == sorted(report.rows, key=lambda row: row.name) for report in reports)


@given(HITS, st.data())
def test_no_difference_of_told_figures_is_a_small_count(hits: list[tuple[int, str, bool, int]],
                                                        data: st.DataObject) -> None:
    """Whoever adds up any rows of any hours and takes from it any part of the same never gets below k, but for 0."""
    figures = list(chain.from_iterable((row.blocked, row.shadow) for report in _told(hits) for row in report.rows))
    larger = [one for one in figures if data.draw(st.booleans())]
    smaller = [one for one in larger if data.draw(st.booleans())]
    difference = sum(larger) - sum(smaller)
    assert difference == 0 or difference >= K


@given(HITS, NAMES, st.booleans(), st.integers(0, 2))
def test_what_was_withheld_changes_nothing_that_is_told(hits: list[tuple[int, str, bool, int]], name: str,
                                                        blocked: bool, hour: int) -> None:
    """Taking a name's small count away altogether leaves every report as it was: it is carried into nothing."""
    at = hour * HOUR
    count = sum(one[3] for one in hits if (one[0] // HOUR, one[1], one[2]) == (hour, name, blocked))
    if count < K:
        without = [one for one in hits if (one[0] // HOUR, one[1], one[2]) != (hour, name, blocked)]
        assert _told(hits) == _told(without)
        assert _told([*without, (at, name, blocked, K - 1)]) == _told(without)


def test_a_clock_that_goes_back_opens_no_closed_hour() -> None:
    tally = Tally(2 * HOUR)
    for _ in range(K):
        tally.add("a.example", True)
    assert tally.close(HOUR) is None and tally.close(3 * HOUR - 1) is None
    report = tally.close(3 * HOUR)
    assert report is not None and report.hour == 2 * HOUR and report.rows[0].blocked == K
    assert tally.close(2 * HOUR) is None and tally.close(3 * HOUR) is None


def test_k_is_never_below_the_least() -> None:
    with pytest.raises(ValueError, match="at least"):
        Tally(0, k=K - 1)


def test_names_over_the_bound_are_not_counted() -> None:
    tally = Tally(0, most=1)
    for name in ("a.example", "b.example"):
        for _ in range(K):
            tally.add(name, False)
    assert tally.passed_over == K
    report = tally.close(HOUR)
    assert report is not None and [row.name for row in report.rows] == ["a.example"]
