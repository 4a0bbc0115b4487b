"""Trends: the rate of false alarms that is stated is the one that comes, and rises are found in days."""

from __future__ import annotations

import numpy as np
import pytest

from fusioncell.fusion.trend import (
    ALARM_DAYS,
    Baseline,
    arl,
    ewma,
    learn_baseline,
    threshold,
    watch,
    weekday_factors,
)


def draw(rng: np.random.Generator, mean: float, size: float, days: int) -> list[int]:
    return [int(n) for n in rng.negative_binomial(size, size / (size + mean), days)]


def alarms(counts: list[int], baseline: Baseline) -> int:
    """Alarms of a sum that starts anew after each."""
    found, start = 0, 0
    for end in range(1, len(counts) + 1):
        # Only the newest day can raise it, so looking at each day's end finds the first.
        if watch(counts[start:end], baseline).warns:
            found, start = found + 1, end
    return found


@pytest.mark.parametrize(("mean", "size"), [(0.1, 0.5), (0.5, 1.0), (3.0, 2.0), (20.0, 5.0)])
def test_the_run_length_is_what_the_chain_says(mean: float, size: float) -> None:
    rng = np.random.default_rng(7)
    baseline = Baseline(mean, size, 1000)
    limit = threshold(baseline)
    assert arl(mean, size, limit) >= 0.95 * ALARM_DAYS
    lengths = []
    for _ in range(300):
        counts = draw(rng, mean, size, 3000)
        sums = np.array(watch(counts, baseline).sums)
        over = np.flatnonzero(sums > limit)
        lengths.append(int(over[0]) + 1 if len(over) else 3000)
    assert 0.8 * ALARM_DAYS < np.mean(lengths) < 1.6 * ALARM_DAYS


@pytest.mark.parametrize(("mean", "size"), [(0.1, 0.5), (1.0, 1.0), (6.0, 3.0)])
def test_a_baseline_of_eight_weeks_keeps_the_stated_rate(mean: float, size: float) -> None:
    rng = np.random.default_rng(11)
    found = sum(watch(draw(rng, mean, size, 7), learn_baseline(draw(rng, mean, size, 56))).warns for _ in range(2000))
    # Seven days after a quiet start: at most what 7 of ALARM_DAYS days bring, times two for what is not known.
    assert found / 2000 <= 2 * 7 / ALARM_DAYS


@pytest.mark.parametrize(("mean", "size"), [(0.5, 1.0), (3.0, 2.0), (10.0, 3.0)])
def test_a_rise_to_four_times_the_usual_is_found_within_two_weeks(mean: float, size: float) -> None:
    rng = np.random.default_rng(13)
    found = sum(
        watch(draw(rng, 4 * mean, size, 14), learn_baseline(draw(rng, mean, size, 56))).warns for _ in range(300)
    )
    assert found / 300 > 0.7


def test_what_never_was_warns_when_it_comes_at_once() -> None:
    baseline = learn_baseline([0] * 56)
    assert not watch([0] * 7, baseline).warns
    assert watch([0, 0, 0, 0, 3, 5, 4], baseline).warns
    assert watch([0, 0, 0, 0, 3, 5, 4], baseline).since == 4


def test_weekdays_are_no_rise() -> None:
    week = [10, 10, 10, 10, 10, 1, 1]
    factors = weekday_factors([week * 8], 0)
    assert factors[0] > 1.1 and factors[5] < 0.6
    baseline = learn_baseline(week * 8, factors)
    assert not watch(week, baseline, factors).warns
    assert not any(sum_ for sum_ in watch(week, baseline, factors).sums if sum_ > threshold(baseline))


def test_empty_and_smooth() -> None:
    assert weekday_factors([], 3) == (1.0,) * 7 and weekday_factors([[0, 0]], 0) == (1.0,) * 7
    assert learn_baseline([]).days == 0
    assert watch([], learn_baseline([])).sums == ()
    assert ewma([], 2.0) == 2.0 and 2.0 < ewma([4, 4, 4], 2.0) < 4.0
