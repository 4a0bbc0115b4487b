"""What an analyst judged waits for nobody's look, until somebody speaks of it anew."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fusioncell.fusion import machine_verdict, verdict, weigh
from fusioncell.fusion.assess import assess
from fusioncell.fusion.model import Assessment, Evidence
from fusioncell.fusion.overrides import WORDS, Override, Verdict
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.picture.triage import rank
from fusioncell.picture.triage.model import Why

EVIL = Observable(ObservableType.DOMAIN, "evil.example")
NOW = weigh.LANDMARK + 100 * DAY
LOOK = {Why.OVER, Why.CONTRADICTED}


def voice(who: str, benign: bool = False) -> Evidence:
    latest = weigh.forward(1.8, NOW - DAY, 30 * DAY)
    return Evidence(who, "", benign, 1.8, latest, NOW - DAY, NOW - DAY, True, frozenset(), 1, 1)


def judged(said: Verdict, at: int) -> Assessment:
    found = assess(EVIL, [voice("a"), voice("b"), voice("c"), voice("d", benign=True)], 4, NOW)
    return replace(found, override=Override("1", EVIL, said, "Why.", at, "ann", "cell", 1))


def asked(found: Assessment) -> set[Why]:
    reasons = rank.reasons_of(EVIL, found, rank.Named(), NOW, threshold=0.7, decided=False)
    return {each.why for each in reasons} & LOOK


def test_what_was_judged_waits_for_no_look_until_there_is_newer_evidence() -> None:
    assert asked(replace(judged(Verdict.BENIGN, 0), override=None)) == LOOK
    assert asked(judged(Verdict.BENIGN, NOW)) == set()
    assert asked(judged(Verdict.BENIGN, NOW - 2 * DAY)) == LOOK


@pytest.mark.parametrize("said", list(Verdict))
def test_the_word_goes_before_the_machines_and_erases_nothing(said: Verdict) -> None:
    found = judged(said, NOW)
    bare = replace(found, override=None)
    assert verdict(found) == WORDS[said] and machine_verdict(found) == verdict(bare)
    assert (found.malicious, found.active, found.origins) == (bare.malicious, bare.active, bare.origins)
    assert found.spared is (said in (Verdict.BENIGN, Verdict.UNCLEAR)) and not bare.spared
