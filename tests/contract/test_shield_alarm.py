"""A block of a protected name is proposed: its owner is told, by the record, nobody else; the shield learns none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.exchange.notify import Notice
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.marking import Viewer


@pytest.fixture
def cell(hub: Hub) -> Viewer:
    """An approver of the hub's own office."""
    hub.members.add_organisation("Cell", "cell", "government")
    found = hub.members.operator_viewer("Cell")
    assert found is not None
    return replace(found, person="ann")


def party(hub: Hub, name: str, role: str = "lead") -> Viewer:
    found = hub.members.organisation_named(name) or hub.members.add_organisation(name, "x", "industry")
    who = hub.members.add_person(found.id, f"{name} {role}", f"{name}.{role}@x.example".lower(), [role])
    viewer = hub.members.viewer_of(f"person:{who.id}")
    assert viewer is not None
    return viewer


def prove(hub: Hub, viewer: Viewer, name: str, cell: Viewer) -> None:
    one = hub.assets.claim(viewer, name)
    hub.assets.approve(cell, one.id, "seen")
    hub.settle()


def told(hub: Hub, viewer: Viewer) -> list[Notice]:
    hub.settle()
    hub.tell()
    return [one for one in hub.notify.notices(viewer)[0] if one.whys[0][0] == "alert"]


def test_the_owner_alone_is_told_once(hub: Hub, cell: Viewer) -> None:
    bank, reader, shop = party(hub, "Bank"), party(hub, "Bank", "analyst"), party(hub, "Shop")
    prove(hub, bank, "bank.example", cell)
    hub.assets.claim(shop, "www.bank.example")  # claimed by anyone, proved by nobody
    hub.settle()
    decision = hub.shield.propose(cell, "login.bank.example", "phishing", "seen")
    [notice] = told(hub, bank)
    assert (notice.title, notice.whys, notice.standing) == (
        "login.bank.example", (("alert", "login.bank.example"),), True)
    [alert] = hub.assets.alerts(bank)
    assert (alert.decision, alert.name, alert.value, alert.category) == (
        decision, "login.bank.example", "bank.example", "phishing")
    assert hub.assets.alerts(reader) == [alert] and told(hub, reader) == []  # its leads are told
    assert hub.assets.alerts(shop) == [] and told(hub, shop) == []
    hub.notify.mark_read(bank, None)
    assert told(hub, bank)[0].read is not None, "told once"


def test_a_wildcard_above_several_names_concerns_each_owner(hub: Hub, cell: Viewer) -> None:
    owners = [party(hub, f"Bank{n}") for n in range(3)]
    for n, owner in enumerate(owners):
        prove(hub, owner, f"bank{n}.shared.example", cell)
    hub.shield.propose(cell, "shared.example", "phishing", "seen")
    hub.settle()
    assert [[one.value for one in hub.assets.alerts(owner)] for owner in owners] == [
        [f"bank{n}.shared.example"] for n in range(3)]


def test_who_asked_for_a_name_is_not_told_nor_is_anyone_of_an_exercise(hub: Hub, cell: Viewer) -> None:
    bank, provider = party(hub, "Bank"), party(hub, "Provider")
    prove(hub, provider, "provider.example", cell)
    hub.shield.guards.ask(bank, "pay.provider.example")
    hub.settle()
    hub.shield.propose(cell, "other.example", "phishing", "seen")
    hub.shield.propose(cell, "pay.provider.example", "phishing", "it is an exercise", exercise=True)
    hub.settle()
    assert hub.assets.alerts(provider) == []
    hub.shield.propose(cell, "pay.provider.example", "phishing", "seen")
    hub.settle()
    assert [one.name for one in hub.assets.alerts(provider)] == ["pay.provider.example"]
    assert hub.assets.alerts(bank) == [] and told(hub, bank) == []


def test_a_lapsed_proof_is_nobodys(hub: Hub, cell: Viewer) -> None:
    bank = party(hub, "Bank")
    one = hub.assets.claim(bank, "bank.example")
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    hub.assets._prove(bank, one, "dns", "", clock.now() + DAY)
    hub.settle()
    clock.advance(2 * DAY)
    hub.shield.propose(cell, "bank.example", "phishing", "seen")
    hub.settle()
    assert hub.assets.alerts(bank) == []


def test_the_entry_of_the_shield_names_no_owner_and_a_rebuild_alarms_nobody_again(hub: Hub, cell: Viewer) -> None:
    bank = party(hub, "Bank")
    prove(hub, bank, "bank.example", cell)
    before = hub.record.head()[0]
    hub.shield.propose(cell, "bank.example", "phishing", "seen")
    hub.settle()
    entries = {entry.kind: entry for entry in hub.record.read_after(before, blocks=100)}
    said, alerted = entries["name.endangered"], entries["asset.alerted"]
    assert said.payload is not None and (bank.org or "?").encode() not in said.payload.body
    assert said.audience not in hub.record.visible_to(bank) and said.audience not in hub.record.visible_to(cell)
    assert alerted.audience in hub.record.visible_to(bank) and alerted.audience not in hub.record.visible_to(cell)
    rows, head = dump(hub.databases["projections"]), hub.record.head()[0]
    rebuild(hub)
    hub.settle()
    assert (dump(hub.databases["projections"]), hub.record.head()[0]) == (rows, head)
