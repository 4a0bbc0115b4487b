"""MISP's sync protocol, both ways: pulls, pushes, edits, sightings and deletions lose, widen and loop nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from served import Party, ServedHub, new_hub

ORG_C = {"name": "CERT Elsewhere", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"}
E = "5f000001-0000-4000-8000-000000000001"
A1, A2, A3 = (f"5f000001-1111-4000-8000-00000000000{n}" for n in (1, 2, 3))
VIEW = "deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/excludeLocalTags:1"


def event(stamp: int, *, uuid: str = E, distribution: str = "1", **more: Any) -> dict[str, Any]:
    """Make an event as a MISP pushes it."""
    return {"Event": {
        "uuid": uuid, "info": "Pushed", "date": "2026-11-01", "timestamp": str(stamp), "published": True,
        "analysis": "0", "threat_level_id": "2", "distribution": distribution, "Orgc": ORG_C,
        "Tag": [{"name": "tlp:green"}],
        "Attribute": [
            {"uuid": A1, "type": "domain", "category": "Network activity", "value": "one.example", "to_ids": True,
             "distribution": "5", "timestamp": str(stamp)},
            {"uuid": A2, "type": "domain", "category": "Network activity", "value": "two.example", "to_ids": True,
             "distribution": "5", "timestamp": str(stamp)}],
        **more}}  # fmt: skip


class World:
    """A hub, a relay whose MISP synchronises with a key of its own, and two members that read."""

    def __init__(self, hub: ServedHub) -> None:
        self.hub = hub
        self.relay, self.reader, self.other = hub.party("Relay"), hub.party("Reader"), hub.party("Other")

    def post(self, party: Party, path: str, body: Any, **headers: str) -> Any:
        return party.http.post(f"/misp/{path}", json=body, headers=headers)

    def push(self, made: dict[str, Any], party: Party | None = None) -> Any:
        """Push as ServerSyncTool::pushEvent does."""
        party, uuid = party or self.relay, made["Event"]["uuid"]
        there = party.http.head(f"/misp/events/view/{uuid}").status_code == 200
        return self.post(party, f"events/edit/{uuid}/metadata:1" if there else "events/add/metadata:1", made)

    def view(self, party: Party, uuid: str = E) -> dict[str, Any] | None:
        answer = party.http.get(f"/misp/events/view/{uuid}/{VIEW}")
        return answer.json()["Event"] if answer.status_code == 200 else None


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ServedHub(new_hub(tmp_path_factory.mktemp("hub"))) as served:
        yield World(served)


def values(shown: dict[str, Any] | None) -> set[str]:
    assert shown is not None
    return {one["value"] for one in shown["Attribute"] if not one["deleted"]}


def test_the_handshake_of_a_sync_user(world: World) -> None:
    version = world.relay.http.get("/misp/servers/getVersion").json()
    assert version["perm_sync"] and version["perm_sighting"] and version["perm_analyst_data"]
    assert version["filter_sightings"] is True
    me = world.relay.http.get("/misp/users/view/me.json").json()
    assert me["Role"]["perm_sync"]
    test = world.post(world.relay, "servers/postTest", {"testString": "ü✓"}).json()
    assert test["body"]["testString"] == "ü✓"


def test_a_push_keeps_its_origin_and_what_is_here_is_not_asked_for_again(world: World) -> None:
    asked = [{"Event": {"uuid": E, "timestamp": "1763000000"}}]
    assert world.post(world.relay, "events/filterEventIdsForPush", asked).json() == [E]
    answer = world.push(event(1_763_000_000))
    assert answer.status_code == 200, answer.text
    shown = world.view(world.reader)
    assert shown is not None and values(shown) == {"one.example", "two.example"}
    assert shown["Orgc"]["uuid"] == ORG_C["uuid"] and shown["Org"]["name"] == "Relay"
    assert world.post(world.relay, "events/filterEventIdsForPush", asked).json() == []
    assert world.post(world.other, "events/filterEventIdsForPush", asked).json() == [], "another relay need not send it"
    newer = [{"Event": {"uuid": E, "timestamp": "1763000001"}}]
    assert world.post(world.relay, "events/filterEventIdsForPush", newer).json() == [E]


def test_an_edit_is_pushed_with_what_was_deleted(world: World) -> None:
    made = event(1_763_000_100)
    made["Event"]["Attribute"][1] |= {"deleted": True}
    made["Event"]["Attribute"].append({**made["Event"]["Attribute"][0], "uuid": A3, "value": "three.example"})
    assert world.push(made).status_code == 200
    shown = world.view(world.reader)
    assert values(shown) == {"one.example", "three.example"}
    gone = [one["uuid"] for one in shown["Attribute"] if one["deleted"]]  # type: ignore[index]
    assert gone == [A2], "a puller learns of what was deleted"
    assert world.push(event(1_763_000_100)).status_code == 403, "what is not newer changes nothing"
    assert values(world.view(world.reader)) == {"one.example", "three.example"}


def test_an_unchanged_index_is_not_sent_again_and_a_sighting_changes_it(world: World) -> None:
    asked = {"minimal": 1, "published": 1}
    first = world.post(world.reader, "events/index", asked)
    row = next(one for one in first.json() if one["uuid"] == E)
    assert row["orgc_uuid"] == ORG_C["uuid"] and row["timestamp"] == "1763000100"
    again = world.post(world.reader, "events/index", asked, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    world.post(world.reader, "sightings/add/" + A1, {"type": "0"})
    after = world.post(world.reader, "events/index", asked, **{"If-None-Match": first.headers["etag"]})
    assert next(one for one in after.json() if one["uuid"] == E)["sighting_timestamp"] != "0"
    other = world.post(world.other, "events/index", asked).json()
    assert next(one for one in other if one["uuid"] == E)["sighting_timestamp"] == "0", "it is not theirs to see"


def test_what_a_member_made_here_does_not_come_back_by_a_relay(world: World) -> None:
    made = world.reader.http.post("/misp/events/add", json={"Event": {
        "info": "Made here", "distribution": "1", "published": True,
        "Attribute": [{"type": "domain", "value": "own.example"}]}}).json()["Event"]  # fmt: skip
    later = int(time.time()) + 100
    asked = [{"Event": {"uuid": made["uuid"], "timestamp": str(later)}}]
    assert world.post(world.relay, "events/filterEventIdsForPush", asked).json() == []
    back = event(later, uuid=made["uuid"], Orgc=made["Orgc"], info="Changed on the way")
    assert world.push(back).status_code == 403
    assert world.post(world.relay, "events/add", back).status_code == 403
    shown = world.view(world.other, made["uuid"])
    assert shown is not None and shown["info"] == "Made here"


def test_sightings_are_pushed_once_and_stay_between_relay_and_contributor(world: World) -> None:
    uuid = "5f000002-0000-4000-8000-000000000001"
    one = {"uuid": uuid, "attribute_uuid": A1, "date_sighting": "1763000050", "source": "honeypot", "type": "0",
           "org_id": "7", "Organisation": ORG_C}
    assert world.post(world.other, f"sightings/filterSightingUuidsForPush/{E}", [uuid]).json() == []
    assert world.post(world.other, f"sightings/bulkSaveSightings/{E}", [one]).json()["saved"] is True
    assert world.post(world.other, f"sightings/filterSightingUuidsForPush/{E}", [uuid]).json() == [uuid]
    assert world.post(world.other, f"sightings/bulkSaveSightings/{E}", [one]).json()["saved"] is False
    found = {"returnFormat": "json", "last": 0, "includeUuid": True, "uuid": [E]}
    seen = world.post(world.relay, "sightings/restSearch/event", found).json()["response"]
    mine = next(row["Sighting"] for row in seen if row["Sighting"]["uuid"] == uuid)
    assert mine["Organisation"]["uuid"] == ORG_C["uuid"] and mine["attribute_uuid"] == A1
    reader = world.post(world.reader, "sightings/restSearch/event", found).json()["response"]
    assert uuid not in {row["Sighting"]["uuid"] for row in reader}


def test_notes_are_pushed_by_what_is_newer_and_keep_their_time(world: World) -> None:
    uuid = "5f000003-0000-4000-8000-000000000001"
    note = {"uuid": uuid, "object_uuid": E, "object_type": "Event", "note": "seen before", "language": "en",
            "authors": "x@cert.example", "distribution": "1", "orgc_uuid": ORG_C["uuid"],
            "created": "2026-11-01 10:00:00", "modified": "2026-11-01 10:00:00"}
    asked = {"Note": {uuid: note["modified"]}}
    assert world.post(world.relay, "analyst_data/filterAnalystDataForPush", asked).json()["Note"] == asked["Note"]
    assert "1 imported" in world.post(world.relay, "analyst_data/pushAnalystData", {"Note": note}).json()["message"]
    assert world.post(world.relay, "analyst_data/filterAnalystDataForPush", asked).json()["Note"] == {}
    index = world.post(world.reader, "analyst_data/indexMinimal", {}).json()
    assert index["Note"] == {uuid: "2026-11-01 10:00:00"}
    named = f"analyst_data/index/Note/uuid[]:{uuid}.json"
    assert world.reader.http.get(f"/misp/{named}").json()[0]["Note"]["orgc_uuid"] == ORG_C["uuid"]
    newer = {**note, "note": "seen twice", "modified": "2026-11-02 10:00:00"}
    assert "1 imported" in world.post(world.relay, "analyst_data/pushAnalystData", {"Note": newer}).json()["message"]
    assert "0 imported" in world.post(world.relay, "analyst_data/pushAnalystData", {"Note": note}).json()["message"]
    assert world.reader.http.get(f"/misp/{named}").json()[0]["Note"]["note"] == "seen twice"


def test_what_is_unpublished_or_for_its_own_organisation_is_not_pulled(world: World) -> None:
    made = world.post(world.relay, "events/add", {"Event": {
        "info": "Not yet", "distribution": "3", "published": False,
        "Attribute": [{"type": "domain", "value": "draft.example"}]}}).json()["Event"]  # fmt: skip
    listed = {one["uuid"] for one in world.post(world.reader, "events/index", {"minimal": 1, "published": 1}).json()}
    assert made["uuid"] not in listed and world.view(world.reader, made["uuid"]) is None


def test_the_administration_of_servers(tmp_path_factory: pytest.TempPathFactory) -> None:
    hub = new_hub(tmp_path_factory.mktemp("near"), feed_allow="127.0.0.1")
    with ServedHub(new_hub(tmp_path_factory.mktemp("far"))) as far, ServedHub(hub) as near:
        key = far.party("Near hub").http.headers["Authorization"].split()[1]
        admin = near.party("Ministry", "admin")
        described = far.party("Near hub").http.get("/misp/servers/createSync").json()["Server"]
        assert described["Organisation"]["name"] == "Near hub"
        made = admin.http.post("/misp/servers/import", json={"Server": {
            **described, "url": far.url + "/misp", "authkey": key}}).json()["Server"]  # fmt: skip
        said = admin.http.post(f"/misp/servers/testConnection/{made['id']}").json()
        assert (said["status"], said["post"], said["info"]["perm_sync"]) == (1, 1, True)
        assert admin.http.get(f"/misp/servers/getRemoteUser/{made['id']}").json()["Sync flag"] == "Yes"
        assert admin.http.get(f"/misp/servers/previewIndex/{made['id']}").json() == []
        rules = admin.http.get(f"/misp/servers/queryAvailableSyncFilteringRules/{made['id']}").json()
        assert rules["error"] == "" and "Near hub" in rules["data"]["organisations"]
        admin.http.post(f"/misp/servers/edit/{made['id']}", json={"authkey": "x" * 40})
        assert admin.http.post(f"/misp/servers/testConnection/{made['id']}").json()["status"] == 4
        inside = admin.http.post("/misp/servers/add", json={"name": "Inside", "url": "http://10.0.0.1", "authkey": ""})
        refused = admin.http.post(f"/misp/servers/testConnection/{inside.json()['Server']['id']}").json()
        assert refused["status"] == 2 and "public" in refused["message"]
        assert near.party("Member").http.post(f"/misp/servers/testConnection/{made['id']}").status_code == 403
        assert admin.http.post(f"/misp/servers/pull/{made['id']}").status_code == 403, "it is no feed yet"
