"""Guarded names: two people by name, each with a reason; protected names come without their owner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.shield.model import State

GUARDED = "tax.gov.uk"


@pytest.fixture
def gov(hub: Hub) -> Viewer:
    for name in ("Gov", "Bank"):
        hub.members.add_organisation(name, name.lower(), "government")
    found = hub.members.operator_viewer("Gov")
    assert found is not None
    return found


def one(hub: Hub, viewer: Viewer, name: str) -> State:
    found = hub.shield.newest(name, viewer)
    assert found is not None
    return found.state


def report(hub: Hub, *names: str) -> None:
    for who in ("Gov", "Bank"):
        viewer = hub.members.operator_viewer(who)
        assert viewer is not None
        body = "\n".join(["domain,comment", *(f"{name},by {who}" for name in names)]).encode()
        hub.intake.accept(viewer, body, "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()


def test_a_guarded_name_takes_two_people_by_name_and_a_reason_of_each(hub: Hub, gov: Viewer) -> None:
    ann, ben = replace(gov, person="ann"), replace(gov, person="ben")
    hub.shield.propose(ann, GUARDED, "phishing", "seen")
    hub.settle()
    with pytest.raises(Conflict, match="guarded"):
        hub.shield.approve(ann, GUARDED)
    with pytest.raises(Conflict, match="guarded"):
        hub.shield.approve(ann, GUARDED, reason="   ")
    with pytest.raises(NotAllowed):
        hub.shield.approve(gov, GUARDED, reason="a key of an organisation is nobody")
    assert hub.shield.approve(ann, GUARDED, reason="the whole site is a fake").state is State.PROPOSED
    hub.settle()
    assert hub.shield.zone.image().count == 0
    with pytest.raises(Conflict, match="you have approved"):
        hub.shield.approve(ann, GUARDED, reason="I say it again")
    assert hub.shield.approve(ben, GUARDED, reason="I looked, too").state is State.PUBLISHED
    hub.settle()
    assert hub.shield.zone.image().count == 1
    [block] = hub.shield.decisions(gov, [State.PUBLISHED])
    assert block.approvers == ("ann", "ben")
    assert [(each.by, each.reason) for each in block.endorsed] == [("ann", "the whole site is a fake")]
    assert block.guards and block.reason == "I looked, too"


def test_who_approved_at_once_with_another_is_not_locked_out(hub: Hub, gov: Viewer) -> None:
    ann, ben = replace(gov, person="ann"), replace(gov, person="ben")
    hub.shield.propose(gov, GUARDED, "phishing", "seen")
    hub.settle()
    for who in (ann, ben):  # neither sees the other's yet
        assert hub.shield.approve(who, GUARDED, reason="so").state is State.PROPOSED
    hub.settle()
    assert hub.shield.approve(ann, GUARDED, reason="both are in").state is State.PUBLISHED


def test_a_rule_never_proposes_a_guarded_name(hub: Hub, gov: Viewer) -> None:
    report(hub, GUARDED, "evil.example")
    assert (one(hub, gov, GUARDED), one(hub, gov, "evil.example")) == (State.REFUSED, State.PROPOSED)


def test_a_guard_that_came_after_the_proposal_counts(hub: Hub, gov: Viewer) -> None:
    hub.shield.propose(gov, "login.bank.example", "phishing", "seen")
    hub.settle()
    hub.shield.guards.keep_protected(["bank.example"])
    hub.settle()
    with pytest.raises(Conflict, match="An organisation proved this name"):
        hub.shield.approve(gov, "login.bank.example")


def test_the_parent_of_many_known_names_takes_two_people(hub: Hub, gov: Viewer) -> None:
    report(hub, *(f"customer{n}.host.example" for n in range(12)))
    report(hub, "host.example")
    assert one(hub, gov, "host.example") is State.REFUSED
    assert one(hub, gov, "customer3.host.example") is State.PROPOSED
    assert hub.shield.guards.below("host.example", hub.record.visible_to(gov), 3)[1]


def test_what_was_recalled_makes_no_parent_of_many(hub: Hub, gov: Viewer) -> None:
    body = "\n".join(["domain", *(f"customer{n}.host.example" for n in range(12))]).encode()
    sent = hub.intake.accept(gov, body, "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()
    hub.intake.recall(gov, sent.contribution, "a mistake")
    report(hub, "host.example")
    assert one(hub, gov, "host.example") is State.PROPOSED
    assert hub.shield.guards.below("host.example", hub.record.visible_to(gov)) == ({}, False)


def test_protected_names_come_without_their_owner_and_go_with_the_proof(hub: Hub, gov: Viewer) -> None:
    bank = hub.members.operator_viewer("Bank")
    assert bank is not None
    bank = replace(bank, person="lead", permissions=bank.permissions | {"lead"})
    before = hub.record.head()[0]
    claimed = hub.assets.claim(bank, "bank.example")
    hub.settle()
    report(hub, "login.bank.example")
    assert one(hub, gov, "login.bank.example") is State.PROPOSED, "a claim that is not proved guards nothing"
    hub.assets.approve(replace(gov, person="op"), claimed.id, "we know them")
    hub.settle()
    entries = [entry for entry in hub.record.read_after(before, blocks=100) if entry.kind == "name.protected"]
    assert [(entry.org, entry.payload and entry.payload.body) for entry in entries] == [
        ("", b'{"name":"bank.example","asked":false}')]  # fmt: skip
    assert all((bank.org or "?").encode() not in (entry.payload.body if entry.payload else b"") for entry in entries)
    report(hub, "pay.bank.example")
    assert one(hub, gov, "pay.bank.example") is State.REFUSED
    hub.assets.release(bank, claimed.id)
    hub.settle()
    report(hub, "shop.bank.example")
    assert one(hub, gov, "shop.bank.example") is State.PROPOSED


def test_a_lead_asks_for_a_name_that_is_not_theirs(hub: Hub, gov: Viewer) -> None:
    lead = replace(gov, person="lead", permissions=gov.permissions | {"lead"})
    with pytest.raises(NotAllowed):
        hub.shield.guards.ask(replace(gov, permissions=frozenset({"read"})), "bank.cdn.example")
    with pytest.raises(BadInput):
        hub.shield.guards.ask(lead, "not a name")
    hub.shield.guards.ask(lead, "Bank.CDN.example.")
    hub.settle()
    report(hub, "bank.cdn.example")
    assert one(hub, gov, "bank.cdn.example") is State.REFUSED
    hub.shield.guards.keep_protected([])
    hub.shield.guards.release(gov, "bank.cdn.example")
    hub.shield.guards.release(gov, "never.asked.example")
    hub.settle()
    assert hub.shield.guards.fired("bank.cdn.example", hub.record.visible_to(gov)) == []


def test_a_name_that_someone_calls_a_sinkhole_waits_for_people(hub: Hub, gov: Viewer) -> None:
    # A table says so in its verdict; before, its plain listing was taken for an accusation.
    hub.intake.accept(gov, b"domain,verdict\nseized.example,sinkholed\n", "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()
    assert hub.shield.newest("seized.example", gov) is None
    report(hub, "seized.example")
    assert one(hub, gov, "seized.example") is State.REFUSED
    found = hub.shield.newest("seized.example", gov)
    assert found is not None and "sinkhole" in str(found.guards)
