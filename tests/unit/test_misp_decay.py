"""MISP's decay of scores: the formula's fixed points, and the base score's tags."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusioncell.exchange.misp.library import MODELS, DecayModel
from fusioncell.exchange.misp.library.decay import DAY, Fading, base_score, score_after, tag_base

MODEL = DecayModel("u", "m", "", ("domain",), 100, 2, 30, 80, {"a:b": 0.5, "c": 0.25})
NUMBERS = {'a:b="high"': 100.0, 'a:b="low"': 20.0, "c:yes": 50.0}


def test_a_score_starts_at_its_base_and_ends_with_the_lifetime() -> None:
    assert score_after(MODEL, 80, 0) == 80
    assert score_after(MODEL, 80, 100 * DAY) == 0
    assert score_after(MODEL, 80, 1000 * DAY) == 0
    assert score_after(MODEL, 80, 25 * DAY) == pytest.approx(40)
    assert score_after(MODEL, 80, -1) == 0


def test_a_higher_speed_falls_sooner() -> None:
    slow = DecayModel("u", "m", "", (), 100, 0.5, 30, 80)
    assert score_after(slow, 80, 50 * DAY) == pytest.approx(60)
    assert score_after(slow, 80, 50 * DAY) > score_after(MODEL, 80, 50 * DAY)


@pytest.mark.parametrize(
    ("own", "event", "base"),
    [
        ([], [], 80), (["unknown:tag"], [], 80), (['a:b="high"'], [], 100), (['a:b="low"'], ['a:b="high"'], 20),
        ([], ['a:b="high"', "c:yes"], (100 * 0.5 + 50 * 0.25) / 0.75), (["c:yes"], ['a:b="high"'], 250 / 3),
        (['a:b="no number"'], [], 80),
    ],
)  # fmt: skip
def test_the_base_score_comes_from_tags_and_the_own_ones_win(own: list[str], event: list[str], base: float) -> None:
    assert base_score(MODEL, own, event, NUMBERS.get) == pytest.approx(base)


def test_a_tag_goes_by_namespace_and_predicate() -> None:
    assert [tag_base(tag) for tag in ('a:b="c"', "a:b", "plain", 'x:y="z=1"')] == ["a:b", "a", "plain", 'x:y="z=1"']


def test_the_suite_s_model_is_there() -> None:
    nids = next(model for model in MODELS if model.name == "NIDS Simple Decaying Model")
    assert (nids.lifetime, nids.speed, nids.threshold, nids.base) == (120, 2, 30, 80)
    assert "ip-dst" in nids.types


_NUMBERS = st.floats(-10, 200, allow_nan=False)


@given(st.lists(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS), max_size=2), st.integers(-1, 400 * DAY))
@example([(120, 2, 30, 80)], 46 * DAY)
@example([(3, 2.3, 30, 80), (120, 2, 90, 80)], 10)
@example([(3, 0.001, 30, 80)], 400 * DAY)
@example([(0, 2, 30, 80), (3, 2, 0, 80), (3, 2, 10, -5)], 5 * DAY)
def test_what_is_left_out_by_its_age_alone_is_decayed_and_nothing_else_is(
    numbers: list[tuple[float, float, float, float]], age: int
) -> None:
    now = 1_780_000_000
    rated = tuple(("1", DecayModel("u", "m", "", (), lifetime, speed, threshold, base), base)
                  for lifetime, speed, threshold, base in numbers)  # fmt: skip
    fading = Fading(now, rated)
    since = fading.fresh_since()
    for seen in (now - age, since - 1, since, since + 1, now + 5):
        if abs(seen) < 1 << 60:
            decayed = bool(rated) and all(row["decayed"] for row in fading.scores(seen))
            if seen < since:
                assert decayed
            elif all(base > 0 for *_, base in numbers):
                assert not decayed
