"""Assessments: origins count once, shouting does not help, weights fade, and the moment of fading is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion import weigh
from fusioncell.fusion.assess import assess
from fusioncell.fusion.model import Assessment, Evidence
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import Observable, ObservableType

NAME = Observable(ObservableType.DOMAIN, "evil.example")
HALF = weigh.half_life(NAME.type)
NOW = weigh.LANDMARK + 300 * DAY


def said(
    contributor: str,
    *,
    creator: str = "",
    age: int = 0,
    weight: float = 1.8,
    benign: bool = False,
    keys: tuple[int, ...] = (),
    count: int = 1,
) -> Evidence:
    at = NOW - age
    return Evidence(
        contributor, creator, benign, weight, weigh.forward(weight, at, HALF), at, at, True, frozenset(keys), count, 1
    )


def of(*evidence: Evidence, now: int = NOW) -> Assessment:
    return assess(NAME, evidence, len(evidence), now)


def test_nothing_said_is_the_prior() -> None:
    found = of()
    assert found.score == found.decayed == weigh.prior(NAME.type) and found.fades_at is None


def test_two_origins_count_more_than_one() -> None:
    assert of(said("a"), said("b")).malicious > of(said("a")).malicious


def test_a_relay_adds_nothing() -> None:
    assert of(said("a", creator="K"), said("b", creator="K")).score == of(said("a", creator="K")).score


def test_a_repeat_of_one_object_adds_nothing() -> None:
    assert of(said("a", keys=(7,)), said("b", keys=(7, 9))).score == of(said("a", keys=(7,))).score


def test_one_contributor_is_one_origin_whatever_sources_it_names() -> None:
    many = [said("a", creator=f"K{i}") for i in range(10)]
    assert of(*many).score == of(many[0]).score


def test_a_relay_does_not_join_the_sources_that_it_relays() -> None:
    independent = of(said("a", creator="K1"), said("c", creator="K2"))
    relayed = of(said("a", creator="K1"), said("c", creator="K2"), said("b", creator="K1"), said("b", creator="K2"))
    assert relayed.score == independent.score


def test_no_single_origin_reaches_the_threshold() -> None:
    assert of(said("a", weight=99.0)).malicious < 0.7


def test_a_benign_claim_speaks_against() -> None:
    assert of(said("a"), said("b"), said("c", benign=True)).malicious < of(said("a"), said("b")).malicious


def test_weights_fade_by_half_in_the_half_life() -> None:
    fresh, old = of(said("a")), of(said("a", age=HALF))
    assert abs((old.decayed - old.prior) * 2 - (fresh.decayed - fresh.prior)) < 1e-6
    assert old.malicious == fresh.malicious


def test_the_moment_of_fading_is_known() -> None:
    both = (said("a"), said("b"))
    at = of(*both).fades_at
    assert at is not None and at > NOW
    assert of(*both, now=at - DAY).active > 0.5 > of(*both, now=at + DAY).active


def test_a_relay_that_is_newer_refreshes_its_origin() -> None:
    old, newer = said("a", creator="K", age=60 * DAY), said("b", creator="K", weight=1.0)
    assert of(old, newer).decayed > of(old).decayed


@given(
    st.lists(
        st.tuples(st.sampled_from("abcde"), st.sampled_from(["", "K", "L"]), st.integers(0, 400), st.booleans()),
        max_size=12,
    )
)
def test_order_of_arrival_never_shows(rows: list[tuple[str, str, int, bool]]) -> None:
    evidence = [said(c, creator=k, age=a * DAY, benign=b) for c, k, a, b in rows]
    assert of(*evidence) == of(*reversed(evidence))


@given(st.floats(0.01, 50), st.floats(-4, -0.5), st.integers(0, 3000))
def test_crossing_agrees_with_decay(decaying: float, base: float, days: int) -> None:
    at = weigh.crossing(decaying, base, 0.0, NOW, HALF)
    assert at is not None
    if decaying + base < 0:
        assert at == NOW
        return
    later = NOW + days * DAY
    value = base + decaying * 2.0 ** (-(later - NOW) / HALF)
    assert (value >= -1e-9) == (later <= at) or abs(value) < 1e-6


MOMENTS = st.tuples(st.floats(0.01, 2.5), st.integers(-400, 400))


@given(MOMENTS, MOMENTS)
def test_logarithms_order_as_the_direct_formula_does(one: tuple[float, int], other: tuple[float, int]) -> None:
    (w, d), (x, e) = one, other
    direct = w * 2.0 ** (d * DAY / HALF) - x * 2.0 ** (e * DAY / HALF)
    stored = weigh.forward(w, NOW + d * DAY, HALF) - weigh.forward(x, NOW + e * DAY, HALF)
    assert abs(direct) < 1e-9 or (direct > 0) == (stored > 0)


@pytest.mark.parametrize("years", [-500, 50, 5_000])
def test_instants_far_from_the_landmark_stay_finite(years: int) -> None:
    at = weigh.LANDMARK + years * 365 * DAY
    assert weigh.decayed(weigh.forward(2.0, at, HALF), at, HALF) == pytest.approx(2.0, abs=1e-6)
    assert weigh.decayed(weigh.forward(2.0, at, HALF), at + 100_000 * DAY, HALF) == pytest.approx(0.0, abs=1e-6)
