"""What is learned: how far P(malicious) can be believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion import ORIGIN_CAP, prior, probability
from fusioncell.fusion.learned import ANCHOR, RAW, Line
from fusioncell.fusion.learned.calibration import calibrate, is_news
from fusioncell.kernel.observable import ObservableType
from fusioncell.shield import MALICIOUS_AT_LEAST

LINES = st.builds(Line, st.floats(-5, 5), st.floats(0.01, 3), st.integers(1, 1000))
SCORES = st.floats(-10, 15)


@given(LINES, SCORES, SCORES)
def test_a_calibration_never_turns_an_order_round(line: Line, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert line.says(low) <= line.says(high) + 1e-9


@given(LINES, st.sampled_from(list(ObservableType)), st.floats(0, ORIGIN_CAP))
def test_what_one_origin_says_alone_is_never_raised(line: Line, kind: ObservableType, weight: float) -> None:
    score = prior(kind) + weight
    assert score < ANCHOR and line.says(score) <= score
    assert probability(line.says(score)) < MALICIOUS_AT_LEAST


def test_uncalibrated_changes_nothing() -> None:
    assert [RAW.says(score) for score in (-3.0, 0.5, 4.0)] == [-3.0, 0.5, 4.0]


def test_too_few_verdicts_or_of_one_kind_alone_calibrate_nothing() -> None:
    for upheld, overturned in ((39, 0), (30, 9), (100, 4), (4, 100)):
        malicious = [True] * upheld + [False] * overturned
        body = calibrate(1, [2.0] * len(malicious), malicious)
        assert body.verdicts == (0 if min(upheld, overturned) < 5 or len(malicious) < 40 else len(malicious))
        assert body.verdicts or (body.shift, body.slope) == (0.0, 1.0)


def test_what_is_said_comes_nearer_to_what_holds() -> None:
    """The machine says 0.95 where three in five hold, and 0.8 where one in five does."""
    scores = [3.0, 1.4] * 100
    malicious = [(place // 2) % 5 < (3 if place % 2 == 0 else 1) for place in range(200)]
    body = calibrate(1, scores, malicious)
    line = Line(body.shift, body.slope, body.verdicts)
    assert body.verdicts == 200 and body.upheld == 80 and body.brier < body.brier_before
    assert abs(probability(line.says(3.0)) - 0.6) < 0.15 < abs(probability(3.0) - 0.6)
    assert probability(line.says(1.4)) < MALICIOUS_AT_LEAST
    assert [(each.held, each.count) for each in body.bins] == [(0.2, 100), (0.6, 100)]


def test_what_hardly_moved_is_no_news() -> None:
    body = calibrate(0, [3.0, 1.4] * 50, [True, False] * 50)
    assert is_news(body, None) and not is_news(body, body)
    few = calibrate(0, [], [])
    assert not is_news(few, None) and is_news(few, body) and is_news(body, few)
