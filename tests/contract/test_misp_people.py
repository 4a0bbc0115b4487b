"""MISP's people on each database: counts of what is seen, names and addresses that change, and all of it rebuilt."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp import Call, MispRefused
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


def test_stix_is_uploaded_as_it_is_or_as_pymisp_sends_a_string(hub: Hub) -> None:
    mine = asker(hub, hub.members.add_organisation("Uploads", "isp", "isp").id)
    bundle = json.dumps({"type": "bundle", "id": "bundle--1", "objects": [{
        "type": "indicator", "spec_version": "2.1", "id": "indicator--4d8f3f1f-5e0c-4a4e-9a3c-0f2b8c9f1a11",
        "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "valid_from": "2026-01-01T00:00:00Z",
        "pattern": "[domain-name:value = 'up.example']", "pattern_type": "stix"}]})  # fmt: skip
    upload = hub.mispdoor.actions["events", "upload_stix"].run
    for raw in (bundle.encode(), json.dumps(bundle).encode(), json.dumps(f" {bundle}\n").encode()):
        made = upload(replace(mine, controller="events", action="upload_stix", arguments=("2",), raw=raw)).body["Event"]
        assert [(one["type"], one["value"]) for one in made["Attribute"]] == [("domain", "up.example")]
    for nothing in (b"", b'""', b' " " '):
        with pytest.raises(MispRefused, match="Nothing was uploaded"):
            upload(replace(mine, controller="events", action="upload_stix", arguments=("2",), raw=nothing))


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
