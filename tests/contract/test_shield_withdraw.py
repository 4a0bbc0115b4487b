"""Withdrawing: what a named person calls wrong is a lift with its bar; what is not needed any more sets none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.shield.model import State

NAME = "evil.example"


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    for name in ("Gov", "Bank"):
        hub.members.add_organisation(name, name.lower(), "government")
    found = hub.members.operator_viewer("Gov")
    assert found is not None
    return replace(found, person="ann")


def report(hub: Hub, *names: str, who: tuple[str, ...] = ("Gov", "Bank")) -> None:
    for one in who:
        viewer = hub.members.operator_viewer(one)
        assert viewer is not None
        body = "\n".join(["domain,comment", *(f"{name},by {one}" for name in names)]).encode()
        hub.intake.accept(viewer, body, "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()


def blocked(hub: Hub, gov: Viewer, name: str = NAME) -> str:
    report(hub, name)
    which = hub.shield.approve(gov, name).id
    hub.settle()
    return which


@pytest.mark.parametrize("code", ["", "wrong"])
def test_a_block_that_was_wrong_is_lifted_with_a_bar(hub: Hub, gov: Viewer, code: str) -> None:
    which = blocked(hub, gov)
    assert hub.shield.withdraw(gov, NAME, "a shop", code).reason_code == "wrong"
    hub.settle()
    ended = hub.shield.decision(gov, which)
    assert (ended.state, ended.reason_code, ended.reason) == (State.WITHDRAWN, "wrong", "a shop")
    lifts = hub.shielding.lifts
    assert [one.name for one in lifts.bars(gov)] == [NAME]
    assert [(one.by, one.chosen.value, one.names) for one in lifts.lifts(gov)] == [("ann", NAME, 1)]
    report(hub, NAME)  # the same say it again
    again = hub.shield.newest(NAME, gov)
    assert again is not None and again.id == which
    with pytest.raises(Conflict, match="lifted as wrong"):
        hub.shield.propose(gov, NAME, "phishing", "I say so")


@pytest.mark.parametrize("code", ["expired", "superseded"])
def test_a_block_that_is_not_needed_any_more_sets_no_bar(hub: Hub, gov: Viewer, code: str) -> None:
    which = blocked(hub, gov)
    hub.shield.withdraw(gov, which, "the campaign is over", code)
    hub.settle()
    ended = hub.shield.decision(gov, which)
    assert (ended.state, ended.reason_code) == (State.WITHDRAWN, code)
    assert hub.shield.zone.image().count == 0
    assert not hub.shielding.lifts.bars(gov) and not hub.shielding.lifts.lifts(gov)
    assert hub.shield.propose(gov, NAME, "phishing", "it is back")


def test_a_proposal_that_is_declined_sets_no_bar_and_one_that_is_wrong_does(hub: Hub, gov: Viewer) -> None:
    report(hub, NAME, "other.example")
    assert hub.shield.withdraw(gov, NAME, "not now").reason_code == "declined"
    assert hub.shield.withdraw(gov, "other.example", "a shop", "wrong").reason_code == "wrong"
    hub.settle()
    assert [one.name for one in hub.shielding.lifts.bars(gov)] == ["other.example"]


def test_an_exercise_bars_nothing_and_a_code_is_one_of_the_list(hub: Hub, gov: Viewer) -> None:
    which = hub.shield.propose(gov, NAME, "phishing", "we play", exercise=True)
    hub.settle()
    with pytest.raises(BadInput, match="reason code"):
        hub.shield.withdraw(gov, which, "over", "because")
    hub.shield.withdraw(gov, which, "over", "wrong")
    hub.settle()
    assert hub.shield.decision(gov, which).state is State.WITHDRAWN and not hub.shielding.lifts.bars(gov)


def test_what_was_superseded_is_no_mistake_of_a_rule(hub: Hub, gov: Viewer) -> None:
    for number, code in enumerate(("superseded", "wrong", "expired")):
        which = blocked(hub, gov, f"n{number}.example")
        hub.shield.withdraw(gov, which, "so", code)
        hub.settle()
    from fusioncell.shield.hits import store

    with hub.databases["projections"].read() as connection:
        assert store.outcomes(connection, 0, 1 << 60, hub.record.visible_to(gov)) == (3, 1)
