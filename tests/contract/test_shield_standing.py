"""Standing approvals: two people sign a rule, each decision cites it, and it stops itself above its bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.shield.model import State

RULE: dict[str, Any] = {"title": "Feeds we trust", "categories": ["phishing", "malware"], "probability": 0.81,
                        "daily_cap": 5, "sample": 2, "longest_days": 7, "days": 30, "false_positives": 0.1}  # fmt: skip


def viewer_of(hub: Hub, name: str) -> Viewer:
    found = hub.members.operator_viewer(name)
    assert found is not None
    return found


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    for name in ("Gov", "Bank", "ISP"):
        hub.members.add_organisation(name, name.lower(), "industry")
    return replace(viewer_of(hub, "Gov"), person="ann")


def report(hub: Hub, *names: str, by: tuple[str, ...] = ("Gov", "Bank")) -> None:
    for who in by:
        body = "\n".join(["domain,comment", *(f"{name},phishing seen by {who}" for name in names)]).encode()
        hub.intake.accept(viewer_of(hub, who), body, "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()


def sign(hub: Hub, gov: Viewer, **more: Any) -> str:
    standing = hub.shielding.standing.propose(gov, {**RULE, **more})
    hub.settle()
    hub.shielding.standing.sign(replace(gov, person="ben"), standing)
    hub.settle()
    return standing


def published(hub: Hub, gov: Viewer) -> list[str]:
    return sorted(item.name for item in hub.shield.decisions(gov, [State.PUBLISHED]))


def test_a_rule_of_two_people_publishes_and_each_decision_cites_it(hub: Hub, gov: Viewer) -> None:
    report(hub, "early.example")
    assert published(hub, gov) == []
    standing = hub.shielding.standing.propose(gov, RULE)
    hub.settle()
    report(hub, "one.example")
    assert published(hub, gov) == [], "one signature approves nothing"
    with pytest.raises(Conflict, match="you proposed"):
        hub.shielding.standing.sign(gov, standing)
    with pytest.raises(NotAllowed):
        hub.shielding.standing.sign(viewer_of(hub, "Bank"), standing)
    hub.shielding.standing.sign(replace(gov, person="ben"), standing)
    hub.settle()
    assert published(hub, gov) == ["early.example", "one.example"]
    for item in hub.shield.decisions(gov, [State.PUBLISHED]):
        assert (item.standing, item.approvers, item.approver) == (standing, ("ann", "ben"), "rule")
        assert item.expires_at - item.published_at == 7 * DAY
    assert hub.shield.zone.image().count == 2
    assert hub.fusion.known_good.lists == ()
    with hub.databases["projections"].read() as connection:
        assert not connection.rows("SELECT seq FROM fusion_verdicts"), "a rule's block is no person's word"


MISSES: dict[str, dict[str, Any]] = {
    "another category": {"categories": ["dga"]}, "surer": {"probability": 0.9}, "more origins": {"origins": 3},
    "other sources": {"sources": ["nobody-1", "nobody-2"]},
}  # fmt: skip


@pytest.mark.parametrize("name", MISSES)
def test_what_a_rule_does_not_say_it_does_not_approve(hub: Hub, gov: Viewer, name: str) -> None:
    sign(hub, gov, **MISSES[name])
    report(hub, "one.example")
    assert published(hub, gov) == []
    assert [item.name for item in hub.shield.decisions(gov, [State.PROPOSED])] == ["one.example"]


def test_only_the_named_sources_speak_for_a_rule(hub: Hub, gov: Viewer) -> None:
    ids = {one.name: one.id for one in hub.members.organisations()}
    sign(hub, gov, sources=[ids["Bank"], ids["ISP"]])
    report(hub, "one.example", by=("Gov", "Bank"))
    assert published(hub, gov) == []
    report(hub, "one.example", by=("ISP",))
    assert published(hub, gov) == ["one.example"]


@pytest.mark.parametrize("name", ["tax.gov.uk", "held.example", "hacked.example"])
def test_guarded_held_and_hacked_names_wait_for_people(hub: Hub, gov: Viewer, name: str) -> None:
    sign(hub, gov)
    if name == "held.example":
        hub.shield.held = lambda one: one == name
    if name == "hacked.example":
        body = (b'{"type": "bundle", "id": "bundle--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a09", "objects": [{'
                b'"type": "indicator", "id": "indicator--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a01", "spec_version": "2.1",'
                b'"created": "2026-05-31T00:00:00Z", "modified": "2026-05-31T00:00:00Z", "pattern_type": "stix",'
                b'"valid_from": "2026-05-31T00:00:00Z", "pattern": "[domain-name:value = \'hacked.example\']",'
                b'"indicator_types": ["compromised"]}]}')
        hub.intake.accept(viewer_of(hub, "ISP"), body, "application/stix+json", Terms(tlp=Tlp.GREEN))
    report(hub, name, "free.example")
    assert published(hub, gov) == ["free.example"]


def test_a_rule_stops_above_its_cap(hub: Hub, gov: Viewer) -> None:
    standing = sign(hub, gov)
    report(hub, *(f"n{number}.example" for number in range(8)))
    assert len(published(hub, gov)) == 5
    one = hub.shielding.standing.one(gov, standing)
    assert one.stopped_by == "rule" and "more than 5 names in a day" in one.stopped_why
    report(hub, "later.example")
    assert len(published(hub, gov)) == 5


def test_a_rule_stops_when_it_is_wrong_too_often(hub: Hub, gov: Viewer) -> None:
    standing = sign(hub, gov)
    report(hub, *(f"n{number}.example" for number in range(4)))
    sample = hub.shielding.standing.sample(gov, standing)
    assert len(sample) == 2
    hub.shielding.standing.review(gov, sample[0].id, wrong=True, note="a shop")
    hub.settle()
    assert not hub.shielding.standing.one(gov, standing).stopped_at, "one mistake is no rate"
    assert sample[0].id not in {item.id for item in hub.shielding.standing.sample(gov, standing)}
    other = next(item for item in hub.shield.decisions(gov, [State.PUBLISHED]) if item.id != sample[0].id)
    hub.shield.withdraw(gov, other.id, "wrong")
    hub.settle()
    one = hub.shielding.standing.one(gov, standing)
    assert one.stopped_by == "rule" and one.stopped_why == "2 of 2 decisions looked at were wrong"
    report(hub, "later.example")
    assert "later.example" not in published(hub, gov)


def test_a_rule_ends_with_its_time_and_by_one_person(hub: Hub, gov: Viewer) -> None:
    sign(hub, gov)
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(30 * DAY)
    report(hub, "late.example")
    assert published(hub, gov) == []
    second = sign(hub, gov)
    assert published(hub, gov) == ["late.example"]
    with pytest.raises(BadInput):
        hub.shielding.standing.stop(gov, second, " ")
    hub.shielding.standing.stop(gov, second, "enough")
    hub.settle()
    report(hub, "later.example")
    assert published(hub, gov) == ["late.example"]


BAD: dict[str, dict[str, Any]] = {
    "one origin": {"origins": 1}, "a coin's throw": {"probability": 0.5}, "a year": {"days": 365},
    "no cap": {"daily_cap": 10**9}, "often wrong": {"false_positives": 0.5}, "for ever": {"longest_days": 1000},
    "outside the policy": {"categories": ["copyright"]}, "nothing": {"categories": []}, "no title": {"title": " "},
    "an unknown word": {"colour": "red"}, "fewer sources than origins": {"sources": ["a"]},
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_rule_is_refused(hub: Hub, gov: Viewer, name: str) -> None:
    with pytest.raises(BadInput):
        hub.shielding.standing.propose(gov, {**RULE, **BAD[name]})
    with pytest.raises(NotAllowed):
        hub.shielding.standing.propose(replace(gov, person=None), RULE)
