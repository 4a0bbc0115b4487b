"""Events through the MISP door, with PyMISP as the client: who sees what when, and that nothing is lost or widened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pymisp import MISPAttribute, MISPEvent, MISPObject, PyMISP
from served import Party, ServedHub, eventually, new_hub

logging.getLogger("pymisp").setLevel(logging.CRITICAL)


def client(hub: ServedHub, party: Party) -> PyMISP:
    made = PyMISP(hub.url + "/misp/", party.http.headers["Authorization"].split()[1], False)
    made.toggle_global_pythonify()
    return made


class World:
    def __init__(self, hub: ServedHub) -> None:
        self.hub = hub
        self.a, self.b = hub.party("Alpha", "admin"), hub.party("Beta", "admin")
        self.alpha, self.beta = client(hub, self.a), client(hub, self.b)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ServedHub(new_hub(tmp_path_factory.mktemp("hub"))) as served:
        yield World(served)


def event_of(info: str, distribution: int = 1) -> MISPEvent:
    event = MISPEvent()
    event.info, event.distribution = info, distribution
    event.add_attribute("ip-dst", "198.51.100.7")
    event.add_attribute("domain", "seen.example", distribution=0)
    return event


def values(event: Any) -> set[str]:
    return {one.value for one in event.attributes}


def test_an_event_is_its_organisations_until_it_is_published(world: World) -> None:
    event = world.alpha.add_event(event_of("not yet"))
    assert not world.beta.event_exists(event.uuid)
    world.alpha.publish(event)
    seen = world.beta.get_event(event.uuid)
    assert values(seen) == {"198.51.100.7"}, "what is for the own organisation is not published"
    assert seen.published and values(world.alpha.get_event(event.uuid)) == {"198.51.100.7", "seen.example"}


def test_what_is_changed_after_a_publication_is_a_draft_until_the_next(world: World) -> None:
    event = world.alpha.add_event(event_of("drafts"))
    world.alpha.publish(event)
    before = world.beta.get_event(event.uuid)
    mine = world.alpha.get_event(event.uuid)
    mine.attributes[0].value = "198.51.100.8"
    mine.add_attribute("md5", "d41d8cd98f00b204e9800998ecf8427e")
    mine.unpublish()
    world.alpha.update_event(mine)
    assert world.beta.get_event(event.uuid).to_json() == before.to_json()
    assert "198.51.100.8" in values(world.alpha.get_event(event.uuid))
    world.alpha.publish(event)
    after = world.beta.get_event(event.uuid)
    assert values(after) == {"198.51.100.8", "d41d8cd98f00b204e9800998ecf8427e"}
    assert {one.id for one in before.attributes} < {one.id for one in after.attributes}, "ids are stable"


def test_what_is_narrowed_is_narrowed_at_once(world: World) -> None:
    event = world.alpha.add_event(event_of("narrowed"))
    world.alpha.publish(event)
    world.alpha.tag(event.uuid, "tlp:red")
    assert not world.beta.event_exists(event.uuid)
    assert world.alpha.event_exists(event.uuid)


def test_a_local_tag_stays_with_its_organisation(world: World) -> None:
    event = world.alpha.add_event(event_of("local tags"))
    world.alpha.publish(event)
    world.beta.tag(event.uuid, "beta:watching", local=True)
    assert [tag.name for tag in world.beta.get_event(event.uuid).tags] == ["beta:watching"]
    assert world.alpha.get_event(event.uuid).tags == []
    assert world.beta.untag(event.uuid, "beta:watching")["saved"]
    assert world.beta.get_event(event.uuid).tags == []


def test_an_unknown_and_a_hidden_event_are_the_same(world: World) -> None:
    event = world.alpha.add_event(event_of("hidden"))
    for path in ("events/view", "events/delete", "events/edit", "tags/attachTagToObject", "sightings/add"):
        hidden, unknown = (
            world.b.http.post(f"/misp/{path}/{uuid}", json={"info": "x", "uuid": uuid, "tag": "a:b"})
            for uuid in (event.uuid, "5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c11")
        )
        assert hidden.status_code == unknown.status_code >= 400, path
        assert hidden.text.replace(event.uuid, "") == unknown.text.replace("5b7b2e0a-0a6d-4b0e-9f0e-7f3d0a9f4c11", "")


def test_anothers_uuid_may_be_contributed_too(world: World) -> None:
    hidden = world.alpha.add_event(event_of("mine"))
    again = event_of("theirs")
    again.uuid = hidden.uuid
    made = world.beta.add_event(again)
    assert made.info == "theirs"
    assert world.alpha.get_event(hidden.uuid).info == "mine"


def test_numbers_differ_between_organisations_and_stay(world: World) -> None:
    event = world.alpha.add_event(event_of("numbers"))
    world.alpha.publish(event)
    seen = world.beta.get_event(event.uuid)
    assert seen.id != event.id
    assert world.beta.get_event(seen.id).uuid == event.uuid
    assert "errors" in world.beta.get_event(event.id) or world.beta.get_event(event.id).uuid != event.uuid


def test_a_native_recall_is_a_deleted_attribute_of_a_newer_event(world: World) -> None:
    body = {"Event": {"uuid": "0a7a3c6e-7a35-4f0a-9a59-0f54a3a6a001", "info": "native", "timestamp": "1700000000",
                      "published": True, "publish_timestamp": "1700000000", "Tag": [{"name": "tlp:green"}],
                      "Attribute": [{"uuid": f"0a7a3c6e-7a35-4f0a-9a59-0f54a3a6a10{n}", "type": "ip-dst",
                                     "category": "Network activity", "value": f"203.0.113.{n}", "to_ids": True,
                                     "timestamp": "1700000000"} for n in (1, 2)]}}  # fmt: skip
    contribution = world.a.posts(body)
    uuid = body["Event"]["uuid"]
    seen = world.beta.get_event(uuid)
    assert values(seen) == {"203.0.113.1", "203.0.113.2"}
    commit = world.hub.hub.record.commit_of(contribution)
    assert commit is not None
    entry = world.hub.hub.seal.entry_id(commit.first_seq + 2)  # the shell, the event, its first attribute
    answer = world.a.http.post(f"/api/contributions/{contribution}/recall", params={"entry": entry})
    assert answer.status_code < 300, answer.text

    def gone() -> bool:
        return values(world.beta.get_event(uuid)) == {"203.0.113.2"}

    assert eventually(gone)
    after = world.beta.get_event(uuid, deleted=True)
    deleted = [one for one in after.attributes if one.deleted]
    assert [(one.uuid, one.value) for one in deleted] == [("0a7a3c6e-7a35-4f0a-9a59-0f54a3a6a101", "")]
    assert after.timestamp > seen.timestamp and after.publish_timestamp > seen.publish_timestamp


def test_a_hard_deletion_leaves_nothing(world: World) -> None:
    event = world.alpha.add_event(event_of("hard"))
    world.alpha.publish(event)
    world.alpha.delete_attribute(event.attributes[0], hard=True)
    assert world.beta.get_event(event.uuid, deleted=True).attributes == []


def test_a_stranger_proposes_and_the_owner_answers(world: World) -> None:
    event = world.alpha.add_event(event_of("proposals"))
    world.alpha.publish(event)
    seen = world.beta.get_event(event.uuid)
    attribute = MISPAttribute()
    attribute.from_dict(type="ip-dst", value="192.0.2.9")
    proposal = world.beta.add_attribute(seen, attribute)
    assert proposal.value == "192.0.2.9" and "ShadowAttribute" in type(proposal).__name__
    asked = world.alpha.attribute_proposals(event)
    assert [one.value for one in asked] == ["192.0.2.9"]
    assert world.alpha.accept_attribute_proposal(asked[0])["message"] == "Proposed change accepted."
    assert "192.0.2.9" in values(world.alpha.get_event(event.uuid))
    assert world.alpha.attribute_proposals(event) == []
    assert world.beta.attribute_proposals() == []


def test_who_saw_what_is_told_to_the_contributor_alone(world: World) -> None:
    event = world.alpha.add_event(event_of("sightings"))
    world.alpha.publish(event)
    gamma = client(world.hub, world.hub.party("Gamma", "admin"))
    seen = world.beta.get_event(event.uuid).attributes[0]
    world.beta.add_sighting({"type": "0"}, seen)
    assert len(world.alpha.sightings(world.alpha.get_event(event.uuid))) == 1
    assert len(world.beta.sightings(world.beta.get_event(event.uuid))) == 1
    assert gamma.sightings(gamma.get_event(event.uuid)) == []


def test_unknown_fields_and_objects_come_back(world: World) -> None:
    body = {"info": "round trip", "distribution": "0", "x_unknown": {"a": [1, 2]}, "date": "2026-01-02",
            "Attribute": [{"type": "text", "category": "Other", "value": "v", "comment": "c", "x_more": "kept",
                           "uuid": "6a7a3c6e-7a35-4f0a-9a59-0f54a3a6b001"}]}  # fmt: skip
    made = world.a.http.post("/misp/events/add", json=body).json()["Event"]
    seen = world.a.http.get(f"/misp/events/view/{made['uuid']}").json()["Event"]
    assert seen == made and seen["x_unknown"] == {"a": [1, 2]}
    assert seen["Attribute"][0]["x_more"] == "kept" and seen["date"] == "2026-01-02"
    thing = MISPObject("file")
    thing.add_attribute("filename", "a.exe")
    made_object = world.alpha.add_object(made["uuid"], thing)
    assert world.alpha.get_object(made_object.uuid).attributes[0].value == "a.exe"


@pytest.mark.parametrize("broken", [
    {"info": ""}, {"info": "x", "date": "yesterday"}, {"info": "x", "distribution": "9"},
    {"info": "x", "distribution": "4"}, {"info": "x", "uuid": "no"}, {"info": "x", "analysis": "7"},
])  # fmt: skip
def test_what_is_not_in_order_is_refused_field_by_field(world: World, broken: dict[str, Any]) -> None:
    answer = world.a.http.post("/misp/events/add", json=broken)
    assert answer.status_code == 403 and isinstance(answer.json()["errors"], dict), answer.text


def test_each_of_several_attributes_has_its_own_errors(world: World) -> None:
    event = world.alpha.add_event(event_of("several"))
    given = [{"type": "ip-dst", "value": "198.51.100.7"}, {"type": "ip-dst", "value": "no address"},
             {"type": "nonsense", "value": "x"}, {"type": "md5", "value": "ff"},
             {"type": "ip-dst", "value": "192.0.2.1"}]
    answer = world.a.http.post(f"/misp/attributes/add/{event.uuid}", json=given).json()
    assert [one["value"] for one in answer["Attribute"]] == ["192.0.2.1"]
    assert sorted(answer["errors"]) == ["attribute_0", "attribute_1", "attribute_2", "attribute_3"]


def test_sample_bytes_come_back_locked(world: World, tmp_path: Path) -> None:
    import io

    event = world.alpha.add_event(event_of("sample"))
    sample = MISPAttribute()
    sample.from_dict(type="malware-sample", value="bad.exe", data=io.BytesIO(b"MZ not really"))
    made = world.alpha.add_attribute(event, sample)
    assert made.value.startswith("bad.exe|")
    assert made.malware_binary.read() == b"MZ not really"


def test_a_stix_contribution_reads_as_an_event_and_cannot_be_changed_here(world: World) -> None:
    indicator = {
        "type": "indicator", "spec_version": "2.1", "id": "indicator--7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b001",
        "created": "2026-01-02T03:04:05.000Z", "modified": "2026-01-02T03:04:05.000Z", "name": "beacon",
        "pattern": "[ipv4-addr:value = '203.0.113.99']", "pattern_type": "stix", "labels": ["c2"],
        "valid_from": "2026-01-02T03:04:05Z", "indicator_types": ["malicious-activity"],
    }  # fmt: skip
    two = indicator | {"id": "indicator--7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b002", "name": "both",
                       "pattern": "[ipv4-addr:value = '203.0.113.98' OR domain-name:value = 'both.example']"}
    bundle = {"type": "bundle", "id": "bundle--7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b003", "objects": [indicator, two]}
    contribution = world.a.posts(bundle, tlp="green")
    event = world.beta.get_event(contribution)
    shown = {one.value: (one.type, one.to_ids, one.comment) for one in event.attributes}
    assert shown["203.0.113.99"] == ("ip-dst", True, "beacon")
    assert shown[two["pattern"]][0] == "stix2-pattern"
    assert event.published and event.Org["name"] == "Alpha"
    found = world.b.http.post("/misp/attributes/restSearch", json={"value": "both.example"}).json()
    assert [one["uuid"] for one in found["response"]["Attribute"]] == ["7a7a3c6e-7a35-4f0a-9a59-0f54a3a6b002"]
    for path in ("events/delete", "events/edit", "events/publish"):
        answer = world.a.http.post(f"/misp/{path}/{contribution}", json={"info": "changed"})
        assert answer.status_code == 403, (path, answer.text)
    assert world.a.http.post(f"/api/contributions/{contribution}/recall").status_code == 202
    assert eventually(lambda: not world.beta.event_exists(contribution))


def test_what_came_by_another_door_is_never_widened_here(world: World) -> None:
    uuid = "0a7a3c6e-7a35-4f0a-9a59-0f54a3a6c001"
    body = {"Event": {"uuid": uuid, "info": "narrow", "timestamp": "1700000000",
                      "Attribute": [{"uuid": "0a7a3c6e-7a35-4f0a-9a59-0f54a3a6c002", "type": "ip-dst", "to_ids": True,
                                     "category": "Network activity", "value": "203.0.113.55"}]}}  # fmt: skip
    world.a.posts(body, tlp="amber")
    assert world.alpha.event_exists(uuid) and not world.beta.event_exists(uuid)
    world.alpha.add_attribute(uuid, {"type": "domain", "value": "added.example"})
    for level in ("1", "3"):
        assert world.a.http.post(f"/misp/events/edit/{uuid}", json={"info": "again", "distribution": level}).is_success
        world.alpha.publish(uuid)
        assert values(world.alpha.get_event(uuid)) == {"203.0.113.55", "added.example"}
        assert not world.beta.event_exists(uuid)
        assert not world.beta.attribute_exists("0a7a3c6e-7a35-4f0a-9a59-0f54a3a6c002")
        found = world.b.http.post("/misp/attributes/restSearch", json={"value": "added.example"}).json()
        assert found["response"]["Attribute"] == []
