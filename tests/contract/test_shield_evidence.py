"""What a block may rest on: evidence whose contributor allows it, by TLP, uses and PAP; compromised sites by people."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, ManualClock, format_instant
from fusioncell.kernel.errors import Conflict, NotAllowed
from fusioncell.kernel.marking import Tlp, Uses, Viewer
from fusioncell.shield.model import COMPROMISED, State

NAME = "evil.example"


def viewer_of(hub: Hub, name: str) -> Viewer:
    found = hub.members.operator_viewer(name)
    assert found is not None
    return found


@pytest.fixture
def partners(hub: Hub) -> Hub:
    for name in ("Gov", "Bank", "ISP"):
        hub.members.add_organisation(name, name.lower(), "industry")
    return hub


def ann(hub: Hub) -> Viewer:
    return replace(viewer_of(hub, "Gov"), person="ann")


def stix(hub: Hub, *, labels: tuple[str, ...] = (), types: tuple[str, ...] = ("malicious-activity",), n: int = 1,
         marking: str = "") -> tuple[str, bytes]:  # fmt: skip
    now = format_instant(hub.clock.now())
    one: dict[str, Any] = {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a{n:02}",
        "created": now, "modified": now, "valid_from": now, "name": "n", "pattern_type": "stix",
        "pattern": f"[domain-name:value = '{NAME}']", "indicator_types": list(types), "labels": list(labels),
    }  # fmt: skip
    objects = [one]
    if marking:
        pap = "marking-definition--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a99"
        one["object_marking_refs"] = [pap]
        objects.append({"type": "marking-definition", "spec_version": "2.1", "id": pap, "created": now,
                        "definition_type": "statement", "definition": {"statement": marking}})
    bundle = {"type": "bundle", "id": "bundle--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a00", "objects": objects}
    return "application/stix+json;version=2.1", json.dumps(bundle).encode()


def misp(hub: Hub, *, event: tuple[str, ...] = (), attribute: tuple[str, ...] = ()) -> tuple[str, bytes]:
    def tags(names: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"name": name} for name in names]

    at = str(hub.clock.now() // 1_000_000)
    return "application/json", json.dumps({"Event": {
        "uuid": "6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a50", "info": "event", "date": "2026-05-29", "timestamp": at,
        "Tag": tags(event), "Attribute": [{
            "uuid": "6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a51", "type": "domain", "category": "Network activity",
            "value": NAME, "to_ids": True, "timestamp": at, "Tag": tags(attribute)}]}}).encode()  # fmt: skip


def give(hub: Hub, who: str, sent: tuple[str, bytes], terms: Terms) -> None:
    hub.intake.accept(viewer_of(hub, who), sent[1], sent[0], terms)
    hub.settle()


GREEN, AMBER, RED = Terms(tlp=Tlp.GREEN), Terms(tlp=Tlp.AMBER), Terms(tlp=Tlp.RED)
WAYS: dict[str, tuple[bool, Terms, dict[str, Any]]] = {
    "GREEN": (True, GREEN, {}), "CLEAR": (True, Terms(tlp=Tlp.CLEAR), {}),
    "GREEN without blocking": (False, Terms(tlp=Tlp.GREEN, uses=Uses.ANALYSIS), {}),
    "AMBER": (False, AMBER, {}),
    "AMBER with blocking": (True, Terms(tlp=Tlp.AMBER, uses=Uses.ANALYSIS | Uses.BLOCKING), {}),
    "PAP:GREEN": (True, GREEN, {"labels": ("PAP:GREEN",)}), "PAP:CLEAR": (True, GREEN, {"labels": ("PAP:CLEAR",)}),
    "PAP:WHITE": (True, GREEN, {"labels": ("PAP:WHITE",)}), "pap:amber": (False, GREEN, {"labels": ("pap:amber",)}),
    "PAP:RED": (False, GREEN, {"labels": ("PAP:RED",)}), "PAP:PURPLE": (False, GREEN, {"labels": ("PAP:PURPLE",)}),
    "a marking PAP:AMBER": (False, GREEN, {"marking": "PAP:AMBER"}),
    "a marking PAP:GREEN": (True, GREEN, {"marking": "PAP:GREEN"}),
    "PAP:RED and said to be for blocking": (
        False, Terms(tlp=Tlp.GREEN, uses=Uses.ANALYSIS | Uses.BLOCKING), {"labels": ("PAP:RED",)}),
    "event PAP:RED": (False, GREEN, {"event": ("PAP:RED",)}),
    "attribute PAP:AMBER": (False, GREEN, {"attribute": ("PAP:AMBER",)}),
    "event PAP:GREEN": (True, GREEN, {"event": ("PAP:GREEN",), "attribute": ("PAP:WHITE",)}),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_only_what_allows_blocking_makes_a_block(partners: Hub, name: str) -> None:
    allowed, terms, how = WAYS[name]
    make = misp if "event" in how or "attribute" in how else stix
    for who in ("Gov", "Bank"):
        give(partners, who, make(partners, **how), terms)
    gov = ann(partners)
    found = partners.shield.decisions(gov, list(State))
    if allowed:
        if not found:  # MISP's word alone is not enough for a rule
            partners.shield.propose(gov, NAME, "phishing", "seen")
            partners.settle()
            found = partners.shield.decisions(gov, [State.PROPOSED])
        partners.shield.approve(gov, NAME)
        partners.settle()
        assert partners.shield.zone.image().count == 1
        return
    assert found == []
    with pytest.raises(Conflict, match="did not allow blocking"):
        partners.shield.propose(gov, NAME, "phishing", "I read it here")
    partners.settle()
    assert partners.shield.zone.image().count == 0


def test_red_without_permission_is_refused_to_its_reader(partners: Hub) -> None:
    gov = viewer_of(partners, "Gov").org or ""
    person = partners.members.add_person(gov, "Ann", "a@gov.example", ["administrator"])
    reader = partners.members.viewer_of(f"person:{person.id}")
    assert reader is not None
    give(partners, "Bank", stix(partners), Terms(tlp=Tlp.RED, people=(f"person:{person.id}",)))
    with pytest.raises(Conflict, match="did not allow blocking"):
        partners.shield.propose(reader, NAME, "phishing", "I read it")
    # Who may not read it is answered as if it were not there.
    partners.shield.propose(replace(viewer_of(partners, "ISP"), person="zed"), NAME, "phishing", "seen by us")
    partners.settle()
    assert len(partners.shield.decisions(reader, [State.PROPOSED])) == 1
    with pytest.raises(Conflict, match="did not allow blocking"):
        partners.shield.approve(reader, NAME)


# Compromised sites


def compromised(hub: Hub) -> None:
    give(hub, "ISP", stix(hub, types=("compromised",), n=7), GREEN)
    for n, who in enumerate(("Gov", "Bank")):
        give(hub, who, stix(hub, n=n), GREEN)


def test_a_compromised_site_is_blocked_by_a_person_for_three_days_at_most(partners: Hub) -> None:
    compromised(partners)
    gov = ann(partners)
    [item] = partners.shield.decisions(gov, [State.PROPOSED])
    assert item.origin == COMPROMISED
    with pytest.raises(NotAllowed):
        partners.shield.approve(viewer_of(partners, "Gov"), NAME, contact="owner@evil.example")
    with pytest.raises(Conflict, match="broken into"):
        partners.shield.approve(gov, NAME)
    assert not partners.shield.approve_standing(item, "s1", ["ann", "ben"], 30)
    partners.shield.approve(gov, NAME, days=80, contact="owner@evil.example")
    partners.settle()
    [block] = partners.shield.decisions(gov, [State.PUBLISHED])
    assert block.expires_at - block.published_at == 72 * HOUR and block.contact == "owner@evil.example"

    with pytest.raises(Conflict, match="nothing new"):
        partners.shield.renew(gov, NAME, "still bad")
    give(partners, "Bank", stix(partners, n=9), GREEN)
    clock = partners.clock
    assert isinstance(clock, ManualClock)
    clock.advance(DAY)
    partners.shield.renew(gov, NAME, "seen again")
    partners.settle()
    [longer] = partners.shield.decisions(gov, [State.PUBLISHED])
    assert longer.id == block.id and longer.expires_at == clock.now() + 72 * HOUR
    clock.advance(73 * HOUR)
    partners.settle()
    assert partners.shield.zone.image().count == 0


def test_a_block_of_an_actors_name_is_not_renewed(partners: Hub) -> None:
    gov = ann(partners)
    partners.shield.propose(gov, NAME, "phishing", "seen")
    partners.settle()
    partners.shield.approve(gov, NAME)
    partners.settle()
    with pytest.raises(Conflict, match="no standing block"):
        partners.shield.renew(gov, NAME, "longer")


# Exercises


def test_an_exercise_never_reaches_a_zone(partners: Hub) -> None:
    gov = ann(partners)
    partners.shield.propose(gov, NAME, "phishing", "we play", exercise=True)
    partners.settle()
    partners.shield.approve(gov, NAME)
    partners.settle()
    [played] = partners.shield.decisions(gov, [State.PUBLISHED])
    assert played.exercise and partners.shield.zone.image().count == 0
    with partners.databases["projections"].read() as connection:
        assert not connection.rows("SELECT name FROM shield_change WHERE name <> ''")
        assert not connection.rows("SELECT seq FROM fusion_verdicts")
    # It stands in nobody's way: the same name is blocked in earnest beside it.
    partners.shield.propose(gov, NAME, "phishing", "now for real")
    partners.settle()
    partners.shield.approve(gov, NAME)
    partners.settle()
    assert partners.shield.zone.image().count == 1
    partners.shield.withdraw(gov, played.id, "the exercise is over")
    partners.settle()
    assert partners.shield.zone.image().count == 1
