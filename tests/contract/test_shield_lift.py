"""A lift ends wrong blocks at once, and its bar keeps them from coming back on the same word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blocking import accuse, block, blocked, someone
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import MINUTE, ManualClock, format_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Uses
from fusioncell.shield.model import State


def states(hub: Hub, value: str) -> list[str]:
    return [item.state.value for item in hub.shield.decisions(someone(hub, "Gov"), list(State)) if item.name == value]


def test_a_lift_by_name_frees_it_and_says_so(hub: Hub) -> None:
    block(hub, "wrong.example")
    block(hub, "right.example")
    lifts, gov = hub.shielding.lifts, someone(hub, "Gov")
    began = hub.clock.now()
    found = lifts.preview(gov, {"name": "WRONG.example."})
    assert found.blocks == ("wrong.example",) and blocked(hub) == {"wrong.example", "right.example"}
    done = lifts.lift(gov, {"name": "wrong.example"}, "a shop, not a fraud")
    hub.settle()
    assert done.names == 1 and blocked(hub) == {"right.example"}
    decision = hub.shield.newest("wrong.example")
    assert decision is not None and decision.state is State.WITHDRAWN and decision.reason == "a shop, not a fraud"
    assert [name for name, _ in lifts.lifted_since(began)] == ["wrong.example"]
    assert [(one.id, one.names, one.by) for one in lifts.lifts(gov)] == [(done.id, 1, "person-of-Gov")]
    assert [(one.name, one.reason) for one in lifts.bars(gov)] == [("wrong.example", "a shop, not a fraud")]


def test_many_names_end_in_one_commit(hub: Hub) -> None:
    for at in range(5):
        accuse(hub, f"n{at}.example", "Gov", "Bank")
    hub.settle()
    gov = someone(hub, "Gov")
    for at in range(4):
        hub.shield.approve(gov, f"n{at}.example")
    hub.settle()
    before = hub.record.head()[0]
    done = hub.shielding.lifts.lift(gov, {"source": someone(hub, "Bank").org or ""}, "that feed was broken")
    entries = hub.record.read_after(before)
    assert len({entry.contribution for entry in entries}) == 1, "one commit: all or nothing"
    assert done.names == 5, "what waits for approval ends as well"
    hub.settle()
    assert blocked(hub) == set() and hub.shield.tally(gov).keys() == {"withdrawn"}


def test_since_and_rule_choose_what_they_say(hub: Hub) -> None:
    block(hub, "old.example")
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(MINUTE)
    cut = hub.clock.now()
    block(hub, "new.example")
    lifts, gov = hub.shielding.lifts, someone(hub, "Gov")
    assert lifts.preview(gov, {"since": format_instant(cut)}).blocks == ("new.example",)
    assert lifts.preview(gov, {"rule": "rule"}).blocks == ("old.example", "new.example")
    assert lifts.preview(gov, {"rule": "another"}).blocks == ()


def test_a_source_that_may_not_be_read_chooses_nothing(hub: Hub) -> None:
    """Whose hidden word stands behind a block is not to be found out by asking what a lift would end."""
    accuse(hub, "secret.example", "Gov")
    accuse(hub, "secret.example", "Cert", tlp=Tlp.AMBER_STRICT, uses=Uses.BLOCKING)
    hub.settle()
    cert, gov = someone(hub, "Cert"), someone(hub, "Gov")
    hub.shield.approve(gov, "secret.example")
    hub.settle()
    assert hub.shielding.lifts.preview(gov, {"source": cert.org or ""}).blocks == ()
    assert hub.shielding.lifts.preview(cert, {"source": cert.org or ""}).blocks == ("secret.example",)
    assert hub.shielding.lifts.preview(gov, {"source": gov.org or ""}).blocks == ("secret.example",)


def test_no_rule_proposes_it_again_on_the_word_of_those_who_were_wrong(hub: Hub) -> None:
    block(hub, "shop.example")
    gov = someone(hub, "Gov")
    hub.shielding.lifts.lift(gov, {"name": "shop.example"}, "a shop")
    hub.settle()
    for _ in range(3):
        accuse(hub, "shop.example", "Gov", "Bank")
        hub.settle()
    assert states(hub, "shop.example") == ["withdrawn"]
    with pytest.raises(Conflict, match="lifted as wrong"):
        hub.shield.propose(gov, "shop.example", "phishing", "I still think so")


def test_only_new_origins_and_two_people_block_it_again(hub: Hub) -> None:
    block(hub, "shop.example")
    gov = someone(hub, "Gov")
    hub.shielding.lifts.lift(gov, {"name": "shop.example"}, "a shop")
    hub.settle()
    accuse(hub, "shop.example", "Isp")
    hub.settle()
    assert states(hub, "shop.example") == ["withdrawn"], "one new voice is too little for a rule, with the old ones too"
    accuse(hub, "shop.example", "Cert")
    hub.settle()
    assert states(hub, "shop.example")[0] == "refused", "a rule shows that it came up, and leaves it to people"
    hub.shield.propose(gov, "shop.example", "phishing", "it was sold, and is a fraud now")
    hub.settle()
    hub.shield.approve(gov, "shop.example", reason="I am sure")
    hub.settle()
    with pytest.raises(Conflict):
        hub.shield.approve(gov, "shop.example", reason="I am still sure")
    assert "shop.example" not in blocked(hub)
    hub.shield.approve(someone(hub, "Bank"), "shop.example", reason="seen by two who had not spoken before")
    hub.settle()
    assert "shop.example" in blocked(hub)


@pytest.mark.parametrize(("asked", "kind"), [
    ({}, BadInput), ({"name": "a.example", "rule": "rule"}, BadInput), ({"name": "not a name"}, BadInput),
    ({"since": "yesterday"}, BadInput), ({"name": "nobody.example"}, NotFound), ({"source": "%"}, NotFound),
    ({"name": "www.wrong.example"}, NotFound),
])  # fmt: skip
def test_what_cannot_be_lifted_is_said(hub: Hub, asked: dict[str, str], kind: type[Exception]) -> None:
    block(hub, "wrong.example")
    with pytest.raises(kind):
        hub.shielding.lifts.lift(someone(hub, "Gov"), asked, "wrong")
    assert blocked(hub) == {"wrong.example"}


def test_a_lift_is_by_a_named_person_who_may(hub: Hub) -> None:
    block(hub, "wrong.example")
    gov = someone(hub, "Gov")
    for viewer in (replace(gov, person=None, local=False), replace(gov, permissions=frozenset({"read"}))):
        with pytest.raises(NotAllowed):
            hub.shielding.lifts.lift(viewer, {"name": "wrong.example"}, "wrong")
    assert blocked(hub) == {"wrong.example"}
