"""Calls that widely used clients still make beside ``restSearch`` and ``objects/add``, as their public code sends them.

Read in: TheHive-Project/TheHive (MispClient.scala), the MISP integration of Google SecOps (formerly Siemplify), the Go
and Elixir clients, MISP's own API documentation and its Server::syncProposals.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from hubs import app_of, make_hub

SAMPLE = b"a harmless sample"


class Client:
    """One organisation's client of the door."""

    def __init__(self, client: TestClient[Any], key: str) -> None:
        self.client, self.headers = client, {"authorization": key, "accept": "application/json"}

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.client.request(method, f"/misp/{path}", headers=self.headers, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("POST", path, body, **more)

    def event(self, info: str = "Case", **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.post("events/add", {"info": info, "distribution": "1", **more})["Event"]
        return made

    def view(self, event: str) -> dict[str, Any]:
        seen: dict[str, Any] = self.ask("GET", f"events/{event}")["Event"]
        return seen


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    made = make_hub(tmp_path_factory.mktemp("older") / "hub")
    with TestClient(app_of(made.hub), raise_server_exceptions=False) as client:
        yield Client(client, made.provider.key), Client(client, made.ministry.key)
    made.hub.close()


@pytest.fixture
def own(world: tuple[Client, Client]) -> Client:
    return world[0]


def uploaded(name: str = "invoice.exe", content: bytes = SAMPLE) -> dict[str, str]:
    return {"filename": name, "data": base64.b64encode(content).decode()}


def test_thehive_uploads_the_files_of_a_case(own: Client) -> None:
    event = own.event()
    said = own.post(f"events/upload_sample/{event['id']}", {"request": {
        "category": "Payload delivery", "type": "malware-sample", "comment": "from a case", "files": [uploaded()]}})
    assert said == {"name": "Success", "message": "Success, saved all attributes.",
                    "url": f"/events/view/{event['id']}", "id": event["id"]}  # fmt: skip
    held = own.view(event["id"])["Object"]
    assert [one["name"] for one in held] == ["file"]
    rows = {one["type"]: one for one in held[0]["Attribute"]}
    assert rows["sha256"]["value"] == hashlib.sha256(SAMPLE).hexdigest()
    assert rows["size-in-bytes"]["value"] == str(len(SAMPLE))
    assert {one["comment"] for kind, one in rows.items() if kind != "size-in-bytes"} == {"from a case"}
    name, _, digest = rows["malware-sample"]["value"].partition("|")
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(rows["malware-sample"]["data"]))) as archive:
        assert (name, archive.read(digest, pwd=b"infected")) == ("invoice.exe", SAMPLE)


def test_an_upload_without_an_event_makes_one_and_a_bad_file_none(own: Client) -> None:
    before = len(own.ask("GET", "events/index"))
    own.post("events/upload_sample", {"request": {"files": [uploaded(), {"filename": "x", "data": "é"}]}}, status=403)
    own.post("events/upload_sample/", {"files": [uploaded()], "category": "Nonsense"}, status=403)
    assert len(own.ask("GET", "events/index")) == before
    number = own.post("events/upload_sample/", {"request": {
        "files": [uploaded("a"), uploaded("b", b"another")], "info": "Two", "distribution": 0, "to_ids": False}})["id"]
    event = own.view(number)
    assert (event["info"], event["distribution"], len(event["Object"])) == ("Two", "0", 2)
    assert not any(one["to_ids"] for each in event["Object"] for one in each["Attribute"])


def test_what_is_too_much_to_lock_is_refused_before_anything_is_made(own: Client) -> None:
    large = base64.b64encode(b"x" * (5 * 1024 * 1024 + 1)).decode()
    own.post("events/upload_sample", {"files": [{"filename": "big", "data": large}]}, status=413)
    many = [uploaded(str(number), b"%d" % number + b"x" * 4_500_000) for number in range(6)]
    own.post("events/upload_sample", {"files": many}, status=413)


def test_samples_are_fetched_by_hash_by_those_who_see_them(world: tuple[Client, Client]) -> None:
    own, other = world
    content = b"fetched by hash"
    event = own.event(published=True, Tag=[{"name": "tlp:green"}])
    own.post(f"events/upload_sample/{event['id']}", {"files": [uploaded("f.bin", content)]})
    md5, sha256 = hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()  # noqa: S324
    asked = {"request": {"hash": md5}}
    assert other.post("attributes/downloadSample/", asked)["result"] == []
    own.post(f"events/publish/{event['id']}")
    found = other.post("attributes/downloadSample/", asked)["result"]
    assert [(one["md5"], one["filename"]) for one in found] == [(md5, "f.bin")]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[0]["base64"]))) as archive:
        assert archive.read(md5, pwd=b"infected") == content
    assert own.post("attributes/downloadSample/", {"hash": sha256})["result"] == []
    for body in ({"hash": sha256, "allSamples": 1}, {"allSamples": 1, "eventID": event["id"]}):
        assert [one["md5"] for one in own.post("attributes/downloadSample/", {"request": body})["result"]] == [md5]
    assert len(own.ask("GET", f"attributes/downloadSample/{md5}/0/{event['id']}")["result"]) == 1
    own.post("attributes/downloadSample/", {}, status=403)


def test_several_attributes_are_deleted_in_one_request(world: tuple[Client, Client]) -> None:
    own, other = world
    event = own.event(published=True, Attribute=[{"type": "domain", "category": "Network activity",
                                                  "value": f"d{n}.example"} for n in range(5)])  # fmt: skip
    ids = {one["value"]: one["id"] for one in event["Attribute"]}
    path = f"attributes/deleteSelected/{event['id']}"

    def left() -> set[str]:
        return {one["value"] for one in own.view(event["id"])["Attribute"]}

    assert own.post(path, {"id": [ids["d0.example"]], "event_id": event["id"]})["message"] == "1 attribute deleted."
    said = own.post("attributes/deleteSelected", {"id": f"{ids['d1.example']} {ids['d2.example']}",
                                                  "event_id": event["id"]})  # fmt: skip
    assert (said["message"], left()) == ("2 attributes deleted.", {"d3.example", "d4.example"})
    said = own.post(path, {"id": [ids["d3.example"], "99999"]}, status=403)
    assert said["message"] == "1 attribute deleted, but 1 attribute could not be deleted."
    other.post(path, {"id": "all"}, status=404)
    own.post(path, {"id": "all", "allow_hard_delete": True})
    assert left() == set()
    gone = own.ask("GET", f"events/view/{event['id']}/deleted:only")["Event"]["Attribute"]
    assert [one["value"] for one in gone] == ["d4.example"], "those deleted before are gone for good"
    own.post(path, {"id": []}, status=404)


def test_one_field_of_an_attribute_is_edited(own: Client) -> None:
    event = own.event(Attribute=[{"type": "domain", "category": "Network activity", "value": "f.example"}])
    path = f"attributes/editField/{event['Attribute'][0]['id']}"
    assert own.post(path, {"to_ids": 0}) == {"saved": True, "success": "Field updated.", "check_publish": True}
    assert own.view(event["id"])["Attribute"][0]["to_ids"] is False
    own.post(path, {"uuid": "x"}, status=403)


def test_google_secops_adds_an_object_by_the_number_of_its_template(own: Client) -> None:
    event = own.event()
    templates = own.ask("GET", "objectTemplates/")
    number = next(one["ObjectTemplate"]["id"] for one in templates if one["ObjectTemplate"]["name"] == "ip-port")
    field = {"category": "Network activity", "to_ids": "0", "disable_correlation": "0", "distribution": "5"}
    made = own.post(f"objects/add/{event['id']}/{number}", {
        "Object": {"distribution": "5", "comment": ""}, "Attribute": {
            "0": {"object_relation": "dst-port", "type": "port", "value": 443, **field},
            "5": {"object_relation": "ip-dst", "type": "ip-dst", "value": "192.0.2.7", **field}},
    })["Object"]  # fmt: skip
    assert (made["name"], made["meta-category"], len(made["template_uuid"])) == ("ip-port", "network", 36)
    assert {one["object_relation"]: one["value"] for one in made["Attribute"]} == {
        "dst-port": "443", "ip-dst": "192.0.2.7"}  # fmt: skip
    own.post(f"objects/add/{event['id']}/{number}", {"Object": {}, "Attribute": {}}, status=403)


@pytest.mark.parametrize("value", [["192.0.2.11", "192.0.2.12"], "192.0.2.11\r\n192.0.2.12\n\n"])
def test_an_attribute_of_several_values_is_one_each(own: Client, value: Any) -> None:
    event = own.event()
    body = {"type": "ip-dst", "category": "Network activity", "value": value, "comment": "both",
            "batch_import": isinstance(value, str)}  # fmt: skip
    made = own.post(f"attributes/add/{event['id']}", body)["Attribute"]
    assert [(one["value"], one["comment"]) for one in made] == [("192.0.2.11", "both"), ("192.0.2.12", "both")]


def test_a_tag_is_named_in_the_path(own: Client) -> None:
    event = own.event(Attribute=[{"type": "domain", "category": "Network activity", "value": "t.example"}])
    attribute = event["Attribute"][0]

    def tags(thing: dict[str, Any]) -> set[tuple[str, bool]]:
        return {(one["name"], one["local"]) for one in thing.get("Tag", ())}

    for path in (f"tags/attachTagToObject/{event['uuid']}/tlp:green", f"events/addTag/{event['id']}/osint:mine/local:1",
                 f"attributes/addTag/{attribute['id']}/a%3Ab%3D%22c%2Fd%22",
                 f"tags/attachTagToObject/{attribute['uuid']}/kill-chain:Delivery"):  # fmt: skip
        own.post(path)
    seen = own.view(event["id"])
    assert tags(seen) == {("tlp:green", False), ("osint:mine", True)}
    assert tags(seen["Attribute"][0]) == {('a:b="c/d"', False), ("kill-chain:Delivery", False)}
    own.post(f"events/removeTag/{event['id']}/tlp:green")
    own.post(f"tags/removeTagFromObject/{attribute['uuid']}/kill-chain:Delivery")
    seen = own.view(event["id"])
    assert (tags(seen), tags(seen["Attribute"][0])) == ({("osint:mine", True)}, {('a:b="c/d"', False)})
    own.post(f"events/addTag/{event['id']}", status=404)


def test_google_secops_lists_the_tags_by_post_and_tags_by_number(own: Client) -> None:
    event = own.event(Tag=[{"name": "tlp:green"}])
    number = next(one["id"] for one in own.post("tags")["Tag"] if one["name"] == "tlp:green")
    other = own.event()
    own.post("events/addTag/", {"request": {"Event": {"id": other["id"], "tag": number}}})
    assert [one["name"] for one in own.view(other["id"])["Tag"]] == ["tlp:green"]
    assert event["Tag"][0]["name"] == "tlp:green"


def test_thehive_finds_the_name_of_what_it_downloads(own: Client) -> None:
    rows = own.event(Attribute=[{"type": "attachment", "category": "Payload delivery", "value": name,
                                 "data": uploaded()["data"]} for name in ("a b.txt", 'q"uote.txt', "é.txt")]
                     )["Attribute"]  # fmt: skip
    told = []
    for one in rows:
        answer = own.client.get(f"/misp/attributes/download/{one['id']}", headers=own.headers)
        assert answer.content == SAMPLE
        told.append(answer.headers["content-disposition"])
    named = re.fullmatch(r'attachment; filename="(.*)"', told[0])
    assert named is not None and named[1] == "a b.txt"
    assert told[1:] == ["attachment; filename*=UTF-8''q%22uote.txt", "attachment; filename*=UTF-8''%C3%A9.txt"]


def test_a_misp_pushes_its_proposals_and_no_push_doubles_them(world: tuple[Client, Client]) -> None:
    other, own = world  # the provider's MISP pushes, to what the ministry made
    event = own.event("Proposed to", published=True, Tag=[{"name": "tlp:green"}], Attribute=[
        {"type": "domain", "category": "Network activity", "value": f"p{n}.example"} for n in range(2)])  # fmt: skip
    first, second = event["Attribute"]
    new = {"old_id": "0", "uuid": "5e36b0a2-0000-4000-8000-00000000aa01", "type": "domain", "deleted": False,
           "category": "Network activity", "value": "proposed.example", "to_ids": True, "proposal_to_delete": False}
    sent = [new, {**new, "old_id": "7", "uuid": first["uuid"], "value": "p0.example", "comment": "parked"},
            {**new, "old_id": "8", "uuid": second["uuid"], "value": "p1.example", "proposal_to_delete": True},
            {**new, "type": "nonsense"}, "nothing"]  # fmt: skip
    said = other.post(f"events/pushProposals/{event['uuid']}", sent)
    assert (said["success"], said["counter"]) == (True, 3)
    assert other.post(f"events/pushProposals/{event['uuid']}", sent)["counter"] == 0
    seen = [one["ShadowAttribute"] for one in own.ask("GET", f"shadowAttributes/index/{event['id']}")]
    assert sorted((one["value"], one["proposal_to_delete"]) for one in seen) == [
        ("p0.example", False), ("p1.example", True), ("proposed.example", False)]  # fmt: skip
    other.post("events/pushProposals/5e36b0a2-0000-4000-8000-00000000ffff", sent, status=404)
