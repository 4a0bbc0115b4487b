"""What would change an assessment: each change told is what assessing anew gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.fusion import explain, sways, weigh
from fusioncell.fusion.assess import assess
from fusioncell.fusion.model import Evidence
from fusioncell.fusion.sway import LIKELY
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import Observable, ObservableType

ONE = Observable(ObservableType.DOMAIN, "evil.example")
NOW = weigh.LANDMARK + 100 * DAY


def _evidence(name: str, benign: bool, weight: float, age: int) -> Evidence:
    at = NOW - age * DAY
    latest = weigh.forward(weight, at, weigh.half_life(ONE.type))
    return Evidence(name, "", benign, weight, latest, at, at, True, frozenset(), 1, 1)


voices = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.4, 1.2, 1.8, 2.5, 3.0]), st.integers(0, 90)), max_size=5
).map(lambda rows: [_evidence(f"org{n}", *row) for n, row in enumerate(rows)])


@settings(deadline=None)
@given(voices)
def test_each_change_is_what_assessing_without_that_origin_gives(items: list[Evidence]) -> None:
    whole = assess(ONE, items, len(items), NOW)
    told = sways(whole)
    gone = [sway for sway in told if sway.origin is not None]
    assert len(gone) == len(whole.origins)
    for sway in gone:
        assert sway.origin is not None
        left = assess(ONE, [e for e in items if e.contributor != sway.origin.voice.contributor], 0, NOW)
        assert (sway.malicious, sway.active) == (pytest.approx(left.malicious), pytest.approx(left.active))
        assert sway.crosses == ((whole.malicious >= LIKELY) != (sway.malicious >= LIKELY))


@settings(deadline=None)
@given(voices)
def test_one_more_voice_is_what_assessing_with_it_gives(items: list[Evidence]) -> None:
    more = {sway.benign: sway for sway in sways(assess(ONE, items, 0, NOW)) if sway.origin is None}
    assert set(more) == ({True, False} if items else set())
    for benign, sway in more.items():
        after = assess(ONE, [*items, _evidence("another", benign, weigh.weight("F", 6), 0)], 0, NOW)
        assert (sway.malicious, sway.active) == (pytest.approx(after.malicious), pytest.approx(after.active))


@settings(deadline=None)
@given(voices)
def test_what_crosses_comes_first_then_what_changes_more(items: list[Evidence]) -> None:
    whole = assess(ONE, items, 0, NOW)
    told = sways(whole)
    keys = [(not s.crosses, -round(abs(s.malicious - whole.malicious), 9)) for s in told]
    assert keys == sorted(keys)


def test_the_explanation_tells_it() -> None:
    said = explain(assess(ONE, [_evidence("a", False, 2.5, 1), _evidence("b", False, 2.5, 2)], 2, NOW))
    changes = said["explanation"]["would_change"]
    assert said["malicious"] >= LIKELY
    assert changes[0]["change"] == "without this origin" and changes[0]["crosses_threshold"]
    assert {c["source"] for c in changes if c["change"] == "without this origin"} == {"a", "b"}
    assert explain(assess(ONE, [], 1, NOW))["explanation"]["would_change"] == []
