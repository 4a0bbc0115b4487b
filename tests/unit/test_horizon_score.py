"""Horizon scanning: what papers come to, and what forecasts score."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.kernel.clock import DAY
from fusioncell.kernel.marking import Audience, Tlp
from fusioncell.picture.horizon import Item, Kind, Paper, What
from fusioncell.picture.horizon.derive import item_of
from fusioncell.picture.horizon.model import Written
from fusioncell.picture.horizon.score import brier, calibration, crowd_of, score, steps_of

GREEN = Audience(Tlp.GREEN)
OPEN = Paper(What.ITEM, kind=Kind.FORECAST, title="Will it come?", text="As the list says", deadline=100 * DAY)


def made(*papers: tuple[str, int, Paper]) -> Item:
    """An item of (by, day, paper); ids are p0, p1…"""
    rows = [Written(f"p{place}", by, "org", day * DAY, paper) for place, (by, day, paper) in enumerate(papers)]
    found = item_of(rows, GREEN)
    assert found is not None
    return found


def said(percent: int) -> Paper:
    return Paper(What.ESTIMATE, percent=percent)


def came(outcome: str) -> Paper:
    return Paper(What.OUTCOME, outcome=outcome, text="The list")


def test_nobody_confirms_their_own_outcome() -> None:
    papers = [("ada", 0, OPEN), ("ada", 101, came("no"))]
    alone = made(*papers, ("ada", 102, Paper(What.CONFIRM, about="p1")))
    assert alone.found is not None and not alone.resolved
    other = made(*papers, ("bo", 102, Paper(What.CONFIRM, about="p1")))
    assert other.resolved and other.found is not None and other.found.confirmed_by == "bo"


def test_a_confirmation_is_of_the_outcome_that_stands() -> None:
    late = made(("ada", 0, OPEN), ("ada", 101, came("no")), ("bo", 102, came("yes")),
                ("cy", 103, Paper(What.CONFIRM, about="p1")))  # fmt: skip
    assert not late.resolved and late.found is not None and late.found.outcome == "yes"
    settled = made(("ada", 0, OPEN), ("ada", 101, came("no")), ("bo", 102, Paper(What.CONFIRM, about="p1")),
                   ("cy", 103, came("yes")))  # fmt: skip
    assert settled.resolved and settled.found is not None and settled.found.outcome == "no"
    reopened = made(("ada", 0, OPEN), ("ada", 101, came("no")), ("bo", 102, Paper(What.CONFIRM, about="p1")),
                    ("cy", 103, Paper(What.REOPEN, text="the list was mended")))  # fmt: skip
    assert reopened.found is None


def test_estimates_count_while_the_question_is_open() -> None:
    one = made(("ada", 0, OPEN), ("bo", 1, said(40)), ("bo", 2, said(60)), ("cy", 50, came("yes")),
               ("bo", 51, said(99)), ("cy", 101, said(1)))  # fmt: skip
    assert [each.chance for each in one.estimates] == [0.4, 0.6]
    assert one.closes == 50 * DAY
    late = made(("ada", 0, OPEN), ("bo", 100, said(99)))
    assert late.estimates == ()


def test_links_are_taken_out_and_the_latest_rate_counts() -> None:
    driver = Paper(What.ITEM, kind=Kind.DRIVER, title="x")
    one = made(("a", 0, driver), ("a", 1, Paper(What.LINK, to="i1")), ("a", 2, Paper(What.LINK, to="i2")),
               ("a", 3, Paper(What.UNLINK, to="i1")), ("a", 4, Paper(What.RATE, impact=2, uncertainty=5)),
               ("b", 5, Paper(What.RATE, impact=4, uncertainty=1)))  # fmt: skip
    assert (one.links, one.impact, one.uncertainty) == (("i2",), 4, 1)
    assert item_of([Written("p", "a", "o", 1, Paper(What.NOTE, text="x"))], GREEN) is None


@pytest.mark.parametrize(("steps", "came_true", "score_is"), [
    ([(0, 0.7)], True, 0.09),
    ([(0, 0.0)], False, 0.0),
    ([(0, 0.5), (50, 1.0)], True, 0.125),  # half the time 0.25, half 0
    ([(0, 0.5), (75, 1.0)], True, 0.1875),
    ([(100, 0.2)], True, 0.64),  # given at the closing itself
])  # fmt: skip
def test_a_probability_counts_for_as_long_as_it_stood(
    steps: list[tuple[int, float]], came_true: bool, score_is: float
) -> None:
    assert brier(steps, 100, came_true) == pytest.approx(score_is)


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(0, 1)), min_size=1, max_size=8), st.booleans())
def test_brier_lies_between_the_best_and_the_worst_that_was_said(
    said_: list[tuple[int, float]], came_true: bool
) -> None:
    steps = sorted(said_, key=lambda pair: pair[0])
    found = brier(steps, 100, came_true)
    squares = [(chance - came_true) ** 2 for _, chance in steps]
    assert found is not None and min(squares) - 1e-9 <= found <= max(squares) + 1e-9


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 100)), max_size=12))
def test_the_crowd_is_the_median_of_the_latest(said_: list[tuple[str, int]]) -> None:
    one = made(("x", 0, OPEN), *((by, 1, said(percent)) for by, percent in said_))
    latest = sorted(dict(said_).values())
    middle = crowd_of(one.estimates)
    assert middle is None if not latest else min(latest) / 100 <= (middle or 0) <= max(latest) / 100
    steps = steps_of(one.estimates)
    assert len(steps) == len(said_) and all(a <= b for (a, _), (b, _) in pairwise(steps))
    if steps:
        assert steps[-1][1] == middle


def resolved(outcome: str, **chances: int) -> Item:
    return made(("x", 0, OPEN), *((by, 1, said(percent)) for by, percent in chances.items()),
                ("x", 101, came(outcome)),
                ("y", 102, Paper(What.CONFIRM, about=f"p{len(chances) + 1}")))  # fmt: skip


def test_scores_and_calibration_leave_out_what_is_void_or_open() -> None:
    items = [resolved("yes", ada=90, bo=80), resolved("no", ada=90), resolved("void", ada=1), made(("x", 0, OPEN))]
    own = score(items, "ada")
    assert (own.count, own.reference) == (2, 0.25) and own.brier == pytest.approx((0.01 + 0.81) / 2)
    crowd = score(items)
    assert crowd.count == 2 and crowd.brier == pytest.approx((0.15**2 + 0.81) / 2)
    assert score(items, "cy").brier is None
    assert [(one.count, round(one.said, 2), one.came) for one in calibration(items)] == [(1, 0.8, 1.0), (2, 0.9, 0.5)]
