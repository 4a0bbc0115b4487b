"""What stands in MISP's terms is the same on each database, and the same when it is rebuilt in one go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp import Call, MispRole
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.rebuild import check

STIX = b"""{"type": "bundle", "id": "bundle--7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b003", "objects": [
 {"type": "indicator", "spec_version": "2.1", "id": "indicator--7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b001",
  "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z", "name": "beacon", "labels": ["c2"],
  "pattern": "[ipv4-addr:value = '203.0.113.99']", "pattern_type": "stix", "valid_from": "2026-01-02T03:04:05Z"}]}"""


def _ask(call: Call, path: str, body: Any = None) -> Any:
    controller, action, *arguments = path.split("/")
    actions = call.body  # the door's actions ride along
    return actions[controller, action].run(
        replace(call, controller=controller, action=action, arguments=tuple(arguments), body=body)
    ).body


def test_edits_drafts_moves_and_deletions_rebuild_to_the_same_rows(hub: Hub) -> None:
    org = hub.members.add_organisation("One", "isp", "industry")
    other = hub.members.add_organisation("Two", "isp", "industry")
    viewer, stranger = hub.members.operator_viewer(org.id), hub.members.operator_viewer(other.id)
    assert viewer is not None and stranger is not None
    caller = replace(hub.mispdoor.whoami(viewer), role=MispRole(4, "Publisher", frozenset({"perm_publish"})))
    mine = Call(caller, "POST", "", "", body=hub.mispdoor.actions)
    theirs = replace(mine, caller=replace(hub.mispdoor.whoami(stranger), role=caller.role))
    made = _ask(mine, "events/add", {
        "info": "one", "distribution": "1", "Tag": [{"name": "a:b"}],
        "Attribute": [{"type": "ip-dst", "value": "192.0.2.1"}, {"type": "domain|ip", "value": "a.example|192.0.2.2"}],
        "Object": [{"name": "file", "Attribute": [{"type": "filename", "value": "x", "object_relation": "filename"}],
                    "ObjectReference": [{"referenced_uuid": "5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c12"}]}],
        "Note": [{"note": "look"}], "EventReport": [{"name": "r", "content": "c"}],
    })["Event"]  # fmt: skip
    uuid, first = made["uuid"], made["Attribute"][0]["uuid"]
    _ask(mine, f"events/publish/{uuid}")
    assert len(_ask(theirs, f"events/view/{uuid}")["Event"]["Attribute"]) == 2
    _ask(mine, f"attributes/edit/{first}", {"value": "192.0.2.9"})
    _ask(theirs, f"sightings/add/{first}", {"type": "1"})
    _ask(theirs, f"shadow_attributes/add/{uuid}", {"type": "ip-dst", "value": "192.0.2.77"})
    assert _ask(theirs, f"attributes/view/{first}")["Attribute"]["value"] == "192.0.2.1"
    assert _ask(mine, f"attributes/view/{first}")["Attribute"]["value"] == "192.0.2.9"
    _ask(mine, f"attributes/delete/{made['Attribute'][1]['uuid']}")
    _ask(mine, f"events/publish/{uuid}")
    shown = _ask(theirs, f"events/view/{uuid}")["Event"]
    assert [one["value"] for one in shown["Attribute"]] == ["192.0.2.9"]
    assert shown["Note"][0]["note"] == "look" and shown["EventReport"][0]["name"] == "r"
    assert shown["Object"][0]["ObjectReference"] and shown["Attribute"][0]["Sighting"][0]["type"] == "1"
    accepted = hub.intake.accept(viewer, STIX, "application/stix+json", Terms(tlp=Tlp.GREEN))
    hub.settle()
    stix = _ask(theirs, f"events/view/{accepted.contribution}")["Event"]
    assert [one["value"] for one in stix["Attribute"]] == ["203.0.113.99"]
    _ask(mine, f"tags/attachTagToObject/{uuid}/tlp:red")
    assert hub.mispdoor.actions["events", "index"].run(replace(theirs, method="GET", body=None)).status == 200
    hub.intake.recall(viewer, accepted.contribution)
    hub.settle()
    found = check(hub)
    assert found.equal, found.rows


def test_what_stands_twice_is_known_as_long_as_it_does(hub: Hub) -> None:
    """Copies of two contributors: the first is shown, and the second when the first is gone."""
    made = []
    for name in ("One", "Two"):
        viewer = hub.members.operator_viewer(hub.members.add_organisation(name, "isp", "industry").id)
        assert viewer is not None
        made.append(viewer)
    event = {"Event": {"uuid": "0d2b6b0e-6f4e-4f0c-9d0a-1f3b5a7c9e01", "info": "copied", "date": "2026-01-01",
                       "published": True, "timestamp": "1760000000", "Tag": [{"name": "tlp:green"}]}}  # fmt: skip
    stands = []
    for number, viewer in enumerate((*made, made[0])):
        event["Event"]["Attribute"] = [
            {"uuid": f"0d2b6b0e-6f4e-4f0c-9d0a-1f3b5a7c9e1{n}", "type": "ip-dst", "category": "Network activity",
             "value": f"192.0.2.{n}", "to_ids": True, "timestamp": "1760000000", "comment": f"by {number}"}
            for n in range(number == 2, 3)
        ]  # fmt: skip
        event["Event"]["timestamp"] = str(1_760_000_000 + number)
        accepted = hub.intake.accept(viewer, msgspec.json.encode(event), "application/json", Terms(tlp=Tlp.GREEN))
        stands.append((viewer, accepted.contribution))
        hub.settle()
        assert _twice(hub) == (4 if number else 0)
    caller = replace(hub.mispdoor.whoami(made[1]), role=MispRole(4, "Publisher", frozenset({"perm_publish"})))
    mine = Call(caller, "POST", "", "", body=hub.mispdoor.actions)
    for shown in (b"by 0", b"by 1"):
        body = _ask(mine, "attributes/restSearch", {"returnFormat": "json", "value": "192.0.2.1"})
        assert shown in body and body.count(b'"value":"192.0.2.1"') == 1
        for viewer, contribution in stands:
            if viewer is made[0]:
                hub.intake.recall(viewer, contribution)
        hub.settle()
        assert _twice(hub) == 0
    found = check(hub)
    assert found.equal, found.rows


def _twice(hub: Hub) -> int:
    """Return how many uuids stand twice, after a look that they are those that are marked."""
    with hub.databases["projections"].read() as connection:
        marked = connection.rows("SELECT uuid FROM exchange_misp_twice ORDER BY uuid")
        counted = connection.rows(
            "SELECT uuid FROM exchange_misp_document GROUP BY uuid HAVING count(*) > 1 ORDER BY uuid")  # fmt: skip
    assert marked == counted
    return len(marked)
