"""Holds: an officer with a second keeps a name from being blocked; nobody else learns why, or that it is so."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from blocking import block
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.model import State

NAME = "watched.example"
WHY = "undercover account in the panel"


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    hub.members.add_organisation("Gov", "gov", "government")
    found = hub.members.operator_viewer("Gov")
    assert found is not None
    return replace(found, person="ann")


def officer(hub: Hub, name: str) -> Viewer:
    org = hub.members.organisations()[0].id
    person = hub.members.add_person(org, name, f"{name}@gov.example", ["officer"])
    found = hub.members.viewer_of(f"person:{person.id}")
    assert found is not None
    return found


def place(hub: Hub, one: Viewer, two: Viewer, name: str = NAME, days: int = 14) -> str:
    hold = hub.shielding.holds.ask(one, name, WHY, days)
    hub.settle()
    hub.shielding.holds.confirm(two, hold)
    hub.settle()
    return hold


def proposed(hub: Hub, gov: Viewer, name: str = NAME) -> None:
    hub.shield.propose(gov, name, "phishing", "seen")
    hub.settle()


@pytest.mark.parametrize("name", [NAME, "example.net", "www.held.example.org"])
def test_the_approver_of_a_held_name_learns_whom_to_call_and_no_more(hub: Hub, gov: Viewer, name: str) -> None:
    proposed(hub, gov, name)
    held = {NAME: NAME, "example.net": "below.example.net", "www.held.example.org": "held.example.org"}[name]
    place(hub, officer(hub, "Odd"), officer(hub, "Pia"), held)
    if hub.shield.newest(name, gov).state is not State.PROPOSED:  # type: ignore[union-attr]
        proposed(hub, gov, name)
    with pytest.raises(Conflict) as told:
        hub.shield.approve(gov, name)
    assert told.value.hint == "Call the duty officer." and WHY not in f"{told.value} {told.value.hint}"
    assert "hold" not in str(told.value).lower()
    hub.settle()
    assert hub.shield.zone.image().count == 0


def test_a_hold_takes_two_officers(hub: Hub, gov: Viewer) -> None:
    odd, pia = officer(hub, "Odd"), officer(hub, "Pia")
    proposed(hub, gov)
    for who, fault in ((gov, NotAllowed), (replace(odd, person=None), NotAllowed)):
        with pytest.raises(fault):
            hub.shielding.holds.ask(who, NAME, WHY, 3)
    for name, why, days in ((NAME, " ", 3), (NAME, WHY, 0), (NAME, WHY, 15), ("no name", WHY, 3)):
        with pytest.raises(BadInput):
            hub.shielding.holds.ask(odd, name, why, days)
    hold = hub.shielding.holds.ask(odd, NAME, WHY, 3)
    hub.settle()
    with pytest.raises(Conflict, match="you asked"):
        hub.shielding.holds.confirm(odd, hold)
    with pytest.raises(NotFound):
        hub.shielding.holds.confirm(pia, "no-such-hold")
    assert not hub.shielding.holds.held(NAME)
    hub.shielding.holds.confirm(pia, hold)
    hub.settle()
    assert hub.shielding.holds.held(NAME)
    with pytest.raises(Conflict, match="does not wait"):
        hub.shielding.holds.confirm(pia, hold)
    [seen] = hub.shielding.holds.holds(pia)
    assert (seen.by, seen.second, seen.reason) == (odd.person, pia.person, WHY)
    with pytest.raises(NotAllowed):
        hub.shielding.holds.holds(gov)


def test_a_hold_ends_by_itself_and_by_an_officer(hub: Hub, gov: Viewer) -> None:
    odd, pia = officer(hub, "Odd"), officer(hub, "Pia")
    place(hub, odd, pia, days=2)
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    clock.advance(2 * DAY - 1)
    assert hub.shielding.holds.held(NAME)
    clock.advance(1)
    assert not hub.shielding.holds.held(NAME)
    second = place(hub, pia, odd)
    hub.shielding.holds.lift(odd, second)
    hub.settle()
    assert not hub.shielding.holds.held(NAME)
    with pytest.raises(Conflict):
        hub.shielding.holds.lift(odd, second)
    proposed(hub, gov)
    assert hub.shield.approve(gov, NAME).state is State.PUBLISHED


def test_what_blocks_a_name_ends_when_it_is_held_and_nothing_says_why(hub: Hub, gov: Viewer) -> None:
    proposed(hub, gov)
    hub.shield.approve(gov, NAME)
    hub.settle()
    assert hub.shield.zone.image().count == 1
    place(hub, officer(hub, "Odd"), officer(hub, "Pia"))
    assert hub.shield.zone.image().count == 0
    [ended] = hub.shield.decisions(gov, [State.WITHDRAWN])
    assert ended.reason == "withdrawn"


def test_the_reason_stands_nowhere_in_clear_and_reaches_officers_alone(hub: Hub, gov: Viewer) -> None:
    place(hub, officer(hub, "Odd"), officer(hub, "Pia"))
    every = [entry for entry in hub.record.read_after(0, blocks=1000) if entry.payload is not None]
    assert {"deconfliction.asked", "deconfliction.placed"} <= {entry.kind for entry in every}
    for entry in every:
        assert entry.payload is not None
        assert WHY.encode() not in entry.payload.body
        if entry.kind.startswith("deconfliction."):
            assert entry.audience not in hub.record.visible_to(gov)
    with hub.databases["projections"].read() as connection:
        assert all(WHY.encode() not in bytes(row[0]) for row in connection.rows("SELECT sealed FROM shield_holds"))


def test_the_public_log_counts_holds_and_names_none(hub: Hub, gov: Viewer) -> None:
    """A hold is told two weeks after it was placed, with the next event and at its time."""

    def leaves() -> list[list[str]]:
        with hub.databases["projections"].read() as connection:
            found = connection.rows("SELECT kind, name, text FROM shield_translog_leaf ORDER BY place")
        return [list(map(str, row)) for row in found]

    assert isinstance(hub.clock, ManualClock)
    place(hub, officer(hub, "Odd"), officer(hub, "Pia"))
    hub.clock.advance(14 * DAY - 1)
    block(hub, "early.example")
    assert [kind for kind, _, _ in leaves()] == ["add"], "not before its time"
    hub.clock.advance(1)
    hub.settle()
    assert [kind for kind, _, _ in leaves()] == ["add"], "not by itself"
    block(hub, "late.example")
    told = leaves()
    assert [kind for kind, _, _ in told] == ["add", "hold", "add"]
    assert told[1][1] == "" and all(NAME not in text for _, _, text in told)
    leaf, event = (json.loads(text) for _, _, text in told[1:])
    assert leaf["time"] == event["time"]
