"""MISP's people on each database: counts of what is seen, names and addresses that change, and all of it rebuilt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp import Call
from fusioncell.kernel.errors import Conflict
from fusioncell.rebuild import check


def asker(hub: Hub, org: str) -> Call:
    viewer = hub.members.operator_viewer(org)
    assert viewer is not None
    return Call(hub.mispdoor.whoami(viewer), "POST", "", "")


def ask(hub: Hub, call: Call, controller: str, action: str, *arguments: str, **body: Any) -> Any:
    made = replace(call, controller=controller, action=action, arguments=arguments, body=body)
    return hub.mispdoor.actions[controller, action].run(made).body


def test_statistics_count_what_each_sees(hub: Hub) -> None:
    one, two = (hub.members.add_organisation(name, "isp", "isp") for name in ("One", "Two"))
    mine, theirs = asker(hub, one.id), asker(hub, two.id)
    for value in ("a.example", "b.example"):
        ask(hub, mine, "events", "add", info="own", distribution=0, Attribute=[
            {"type": "domain", "category": "Network activity", "value": value}])  # fmt: skip
    assert ask(hub, mine, "users", "statistics", "data")["stats"]["event_count"] == 2
    assert ask(hub, mine, "users", "statistics", "orgs")["One"]["eventCount"] == 2
    told = ask(hub, mine, "users", "statistics", "data")["stats"]
    assert {"user_count", "org_count", "correlation_count", "proposal_count"} <= set(told), "PyMISP's stats_report asks"
    assert (told["contributing_org_count"], told["user_count"]) == (1, 0), "people are counted for administrators alone"
    assert ask(hub, mine, "users", "statistics", "attributehistogram") == [{"name": "One", "data": {"domain": 2}}]
    assert ask(hub, theirs, "users", "statistics", "data")["stats"]["event_count"] == 0
    assert ask(hub, theirs, "users", "statistics", "attributehistogram") == []


def test_a_name_and_an_address_change_and_nobody_takes_anothers(hub: Hub) -> None:
    members = hub.members
    one, two = (members.add_organisation(name, "isp", "isp") for name in ("First", "Second"))
    ada = members.add_person(one.id, "Ada", "ada@first.example", ["member"])
    bob = members.add_person(two.id, "Bob", "bob@second.example", ["member"])
    members.name_organisation(one.id, "Renamed")
    members.give_address(ada.id, "Ada@Renamed.example")
    assert members.organisation_named("renamed") is not None and members.organisation_named("First") is None
    found = members.person_of_email("ada@renamed.example")
    assert found is not None and found.id == ada.id and members.person_of_email("ada@first.example") is None
    with pytest.raises(Conflict):
        members.name_organisation(two.id, "RENAMED")
    with pytest.raises(Conflict):
        members.give_address(bob.id, "ada@renamed.example")
    actions = [line.action for line in hub.audit.lines(one.id)]
    assert "organisation.named" in actions and "address.given" in actions
    assert check(hub).equal


def test_a_sharing_group_on_each_database(hub: Hub) -> None:
    one, two = (hub.members.add_organisation(name, "isp", "isp") for name in ("Maker", "Joins"))
    mine, theirs = asker(hub, one.id), asker(hub, two.id)
    group = ask(hub, mine, "sharing_groups", "add", name="Both")["SharingGroup"]
    assert ask(hub, theirs, "sharing_groups", "index") == {"response": []}
    ask(hub, mine, "sharing_groups", "addOrg", sg_id=group["uuid"], org_id=two.id)
    (seen,) = ask(hub, theirs, "sharing_groups", "index")["response"]
    assert seen["SharingGroup"]["uuid"] == group["uuid"] and seen["SharingGroup"]["id"] != group["id"]
    assert (seen["editable"], [entry["Organisation"]["name"] for entry in seen["SharingGroupOrg"]]) == (
        False, ["Joins"])  # fmt: skip
