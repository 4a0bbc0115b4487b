"""What is learned: how far P(malicious) can be believed, how fast values fade, which come back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion import ORIGIN_CAP, prior, probability
from fusioncell.fusion.learned import ANCHOR, RAW, Line
from fusioncell.fusion.learned.asks import NEVER, asked_of
from fusioncell.fusion.learned.calibration import calibrate, is_news
from fusioncell.fusion.learned.context import Context, context_of
from fusioncell.fusion.learned.fading import STEP
from fusioncell.fusion.learned.foresee import foresee
from fusioncell.fusion.learned.lives import live
from fusioncell.fusion.learned.model import FORESEEN, KINDS
from fusioncell.fusion.learned.outlook import look_out, moved
from fusioncell.intake.project import cuts
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import TYPE_CODES, ObservableType
from fusioncell.shield import MALICIOUS_AT_LEAST

LINES = st.builds(Line, st.floats(-5, 5), st.floats(0.01, 3), st.integers(1, 1000))
DOMAIN, URL = (TYPE_CODES[type] for type in (ObservableType.DOMAIN, ObservableType.URL))
PHISHING = 30 + STEP * Context.PHISHING
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


def lives_of(chance: float, half: float, seed: int, values: int = 400, code: int = DOMAIN) -> list[tuple[Any, ...]]:
    """Play values that are accused again each day with a chance that halves in ``half`` days of silence."""
    dice = np.random.default_rng(seed)
    rows = []
    for value in range(values):
        first = last = int(dice.integers(0, 330))
        rows.append((value * 7919 % 1_000_003, code, PHISHING, first * DAY))
        for day in range(first + 1, 360):
            if dice.random() < chance * 0.5 ** ((day - last) / half):
                rows.append((value * 7919 % 1_000_003, code, PHISHING, day * DAY))
                last = day
    return rows


def test_questions_know_nothing_of_what_came_later() -> None:
    rows = [(1, DOMAIN, 0, 100 * DAY), (1, DOMAIN, 0, 120 * DAY), (2, DOMAIN, PHISHING, 130 * DAY + 1)]
    asked = asked_of(rows, 160 * DAY)
    newest = asked.since[:1]
    assert len(asked.code) == 5 and newest[0] == 10, "the second value was accused after the last question"
    assert asked.again.tolist()[:2] == [NEVER, NEVER] and set(asked.context) == {0}
    first = [place for place in range(5) if asked.often[place] == 1]
    assert [(asked.since[p], asked.age[p], asked.again[p]) for p in first] == [(16, 16, 4), (9, 9, 11), (2, 2, 18)]


def test_nothing_asked_is_nothing_learned() -> None:
    asked = asked_of([], 0)
    assert live(0, asked, {}).lives == () and look_out(0, asked).horizons == ()


def test_a_half_life_is_learned_from_what_came_back() -> None:
    for chance, half, low, high in ((0.5, 2.0, 1, 7), (0.02, 60.0, 45, 365)):
        body = live(1, asked_of(lives_of(chance, half, 3), 360 * DAY), {})
        (whole,) = [one for one in body.lives if one.context == Context.ANY]
        assert low <= whole.days <= high and whole.asked > 1000 < whole.asked and whole.back > 30, whole
        again = live(1, asked_of(lives_of(chance, half, 3), 360 * DAY), {(DOMAIN, 0): whole.days})
        assert [one.days for one in again.lives if one.context == 0] == [whole.days], "what stands, stands"


def test_the_order_in_which_values_were_first_named_teaches_nothing() -> None:
    rows = lives_of(0.3, 5.0, 4)
    mixed = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    one, other = (asked_of(each, 360 * DAY) for each in (rows, mixed))
    assert live(1, one, {}) == live(1, other, {}) and look_out(1, one) == look_out(1, other)


def test_what_is_foreseen_tells_the_lively_from_the_quiet_and_beats_the_base_rate() -> None:
    rows = lives_of(0.6, 6.0, 5) + lives_of(0.01, 1.0, 6, code=URL)
    asked = asked_of(rows, 360 * DAY)
    body = look_out(1, asked)
    assert [each.days for each in body.horizons] == [7, 30]
    assert all(each.brier < 0.8 * each.brier_base for each in body.horizons)
    fresh = foresee(body.horizons, DOMAIN, 1.0, 30.0, 12)
    stale = foresee(body.horizons, DOMAIN, 90.0, 120.0, 12)
    assert fresh[0].probability > 0.5 > 0.05 > stale[0].probability
    assert fresh[0].probability <= fresh[1].probability
    assert foresee(body.horizons, DOMAIN, 1e6, 1e6, 1)[0].probability >= 0.4 / body.horizons[0].asked
    assert not moved(body, body) and moved(body, None)


@pytest.mark.parametrize("labels, context", [
    (("rsit:phishing",), Context.PHISHING), (("Cobalt Strike", "beacon"), Context.CONTROL), ((), Context.ANY),
    (("ssh brute-force",), Context.SCANNING), (("RedLine stealer",), Context.MALWARE), (("T1566",), Context.ANY),
])  # fmt: skip
def test_a_context_is_read_from_labels(labels: tuple[str, ...], context: Context) -> None:
    assert context_of(labels) == context


def test_what_is_learned_cuts_a_batch_where_claims_weigh_by_it() -> None:
    """Else a claim that came before it would fade by it, in a hub whose batches are larger."""

    def entry(seq: int, kind: str) -> Entry:
        return Entry(seq, seq, 0, "", kind, 1, "c", b"", b"", None)

    for kind in KINDS - {FORESEEN}:
        made = list(cuts([entry(1, "x"), entry(2, kind), entry(3, "x")]))
        assert [[each.seq for each in cut.entries] for cut in made] == [[1], [2, 3]]
