"""TAXII 2.1 as its clients use it: taxii2-client reads and writes everything, and each habit of the others works.

The habits are those that were read in the clients' own code: Elastic, OpenCTI, XSOAR, MISP, Splunk, Sentinel.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from fusioncell.exchange.taxii import dress
from fusioncell.exchange.taxii.model import MEDIA
from fusioncell.kernel.marking import Tlp
from served import Party, ServedHub, eventually, new_hub

OLD, NEW = "2026-01-01T00:00:00.000Z", "2026-02-02T02:02:02.123456Z"
WHITE = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
AMBER_1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
RED_2 = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
GREEN_1, GREEN_2 = dress._TLP1[Tlp.GREEN], dress._TLP2[Tlp.GREEN]
_SCO = {"type": "domain-name", "value": "sco.example"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path_factory.mktemp("taxii") / "hub")) as served:
        yield served


@pytest.fixture
def party(hub: ServedHub) -> Party:
    """A party of its own, so that its own collections are empty."""
    return hub.party(f"Org {uuid.uuid4()}")


def key_of(party: Party) -> str:
    return str(party.http.headers["authorization"]).removeprefix("Bearer ")


def indicator(name: str = "", *, modified: str = OLD, **more: Any) -> dict[str, Any]:
    """An indicator with an id of its own, or of this name."""
    oid = f"indicator--{uuid.uuid5(uuid.NAMESPACE_URL, name) if name else uuid.uuid4()}"
    return {
        "type": "indicator", "spec_version": "2.1", "id": oid, "created": OLD, "modified": modified,
        "name": name or "one", "pattern": f"[domain-name:value = '{name or oid[11:]}.example']", "pattern_type": "stix",
        "valid_from": OLD, **more,
    }  # fmt: skip


class Door:
    """A collection, asked with plain HTTP."""

    def __init__(self, party: Party, root: str = "partnership", which: str = "own-amber") -> None:
        self.http = party.http
        self.url = f"/taxii2/{root}/collections/{which}/"

    def get(self, path: str = "objects/", **parameters: Any) -> httpx.Response:
        named = {name.replace("match_", "match[") + ("]" if name.startswith("match_") else ""): value
                 for name, value in parameters.items()}  # fmt: skip
        return self.http.get(self.url + path, params=named, headers={"Accept": MEDIA})

    def ids(self, path: str = "objects/", **parameters: Any) -> list[str]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["objects"]]

    def post(self, *objects: Any, media: str = MEDIA, path: str = "objects/", body: Any = None) -> httpx.Response:
        content = json.dumps({"objects": list(objects)} if body is None else body)
        return self.http.post(self.url + path, content=content, headers={"Content-Type": media, "Accept": MEDIA})

    def posts(self, *objects: Any) -> dict[str, Any]:
        answer = self.post(*objects)
        assert answer.status_code == 202, answer.text
        said: dict[str, Any] = answer.json()
        assert said["status"] == "complete"
        return said


# -- taxii2-client -----------------------------------------------------------------------------------------------------


def test_taxii2_client_reads_and_writes_everything_with_any_page_size(hub: ServedHub, party: Party) -> None:
    server = Server(f"{hub.url}/taxii2/", user="anything", password=key_of(party))
    assert [root.title for root in server.api_roots] == ["Partnership", "Public"]
    root = server.default
    assert root.versions == [MEDIA] and root.max_content_length > 0
    collection = next(one for one in root.collections if one.title == "Your organisation, TLP:AMBER")
    posted = [indicator() for _ in range(23)] + [{**_SCO, "id": f"domain-name--{uuid.uuid4()}"}]
    status = collection.add_objects({"objects": posted})
    assert (status.status, status.success_count, status.failure_count, status.pending_count) == ("complete", 24, 0, 0)
    again = root.get_status(status.id)
    assert again.success_count == 24 and {one["id"] for one in again.successes} == {one["id"] for one in posted}
    wanted = [one["id"] for one in posted]
    for size in (0, 1, 5, 23, 24, 25, 1000):
        found = [one for page in as_pages(collection.get_objects, per_request=size) for one in page["objects"]]
        assert [one["id"] for one in found] == wanted
        records = [one for page in as_pages(collection.get_manifest, per_request=size) for one in page["objects"]]
        assert [one["id"] for one in records] == wanted
        assert [one["date_added"] for one in records] == sorted({one["date_added"] for one in records})
    one = collection.get_object(wanted[0])["objects"][0]
    assert {key: one[key] for key in posted[0]} == posted[0]
    assert collection.object_versions(wanted[0])["versions"] == [OLD]
    collection.delete_object(wanted[0])
    with pytest.raises(requests.HTTPError, match="404"):
        collection.get_object(wanted[0])


def test_a_root_and_a_collection_are_reached_by_their_own_address(hub: ServedHub, party: Party) -> None:
    root = ApiRoot(f"{hub.url}/taxii2/public/", user=key_of(party), password="")
    assert [one.alias for one in root.collections] == ["public"]
    partnership = f"{hub.url}/taxii2/partnership/"
    listed = ApiRoot(partnership, user="x", password=key_of(party)).collections[1]
    by_id = Collection(f"{partnership}collections/{listed.id}/", user="x", password=key_of(party))
    assert by_id.title == listed.title and by_id.can_read and by_id.can_write
    by_alias = party.http.get(f"{partnership}collections/{listed.alias}/").json()
    assert by_alias["id"] == listed.id


def test_versions_filters_and_their_combinations(party: Party) -> None:
    door = Door(party)
    three = [indicator("x", modified=f"2026-0{month}-01T00:00:00.000Z") for month in (3, 1, 2)]
    old = {k: v for k, v in indicator("y", labels=["x"]).items() if k not in ("spec_version", "pattern_type")}
    door.posts(*three, indicator("z"), old)
    x, y, z = three[0]["id"], old["id"], indicator("z")["id"]
    assert door.ids() == [x, z, y]
    assert [one["modified"] for one in door.get(match_version="all").json()["objects"]][:3] == [
        one["modified"] for one in three]  # fmt: skip
    for asked, month in (("last", 3), ("first", 1), ("2026-02-01T00:00:00Z", 2), ("2026-02-01T01:00:00+01:00", 2)):
        found = door.get(f"objects/{x}/", match_version=asked).json()["objects"]
        assert [one["modified"][5:7] for one in found] == [f"0{month}"], asked
    both = door.get(f"objects/{x}/", match_version="first,last").json()["objects"]
    assert [one["modified"][5:7] for one in both] == ["03", "01"]
    assert door.get(f"objects/{x}/versions/").json()["versions"] == [one["modified"] for one in three]
    assert door.ids(match_id=f"{x},{y}") == [x, y] == door.ids("manifest/", match_id=f"{x},{y}")
    assert door.ids(match_type="malware,indicator", match_spec_version="2.1") == [x, z]
    assert door.ids(match_spec_version="2.0") == [y] and door.ids(match_type="tool") == []
    plain = door.get(match_spec_version="2.0").json()["objects"][0]
    assert "spec_version" not in plain and all("spec_version" in one for one in door.get().json()["objects"])
    media = {one["id"]: one["media_type"] for one in door.get("manifest/").json()["objects"]}
    assert media[y].endswith("2.0") and media[x].endswith("2.1")


def test_versions_and_manifest_are_paged_with_next_too(party: Party) -> None:
    door = Door(party)
    door.posts(*[indicator("x", modified=f"2026-01-0{day}T00:00:00.000Z") for day in range(1, 6)])
    oid = indicator("x")["id"]
    for path, name in ((f"objects/{oid}/versions/", "versions"), ("manifest/", "objects"), ("objects/", "objects")):
        found: list[Any] = []
        asked: dict[str, Any] = {"limit": 2} if name == "versions" else {"limit": 2, "match_version": "all"}
        while True:
            page = door.get(path, **asked).json()
            found += page[name]
            assert len(page[name]) <= 2 and page["more"] == ("next" in page)
            if not page["more"]:
                break
            asked["next"] = page["next"]
        assert len(found) == 5


def test_a_later_version_takes_the_place_of_the_earlier(party: Party) -> None:
    door = Door(party)
    door.posts(indicator("a"), indicator("b"))
    door.posts(indicator("a", modified=NEW))
    found = door.get().json()["objects"]
    assert [(one["name"], one["modified"]) for one in found] == [("b", OLD), ("a", NEW)]


def test_deleting_withdraws_ones_own_versions_one_by_one_or_all(party: Party) -> None:
    door = Door(party)
    years = [indicator("d", modified=f"{year}-01-01T00:00:00.000Z") for year in (2017, 2015, 2016, 2018, 2019)]
    door.posts(*years)
    one = f"objects/{years[0]['id']}/"
    for asked, left in (("2018-01-01T00:00:00Z", {2017, 2015, 2016, 2019}), ("first", {2017, 2016, 2019}),
                        ("last", {2017, 2016})):  # fmt: skip
        assert door.http.delete(door.url + one, params={"match[version]": asked}).status_code == 200
        assert {int(text[:4]) for text in door.get(one + "versions/").json()["versions"]} == left
    assert door.http.delete(door.url + one).status_code == 200
    assert door.get(one).status_code == door.get(one + "versions/").status_code == 404
    assert [(o["revoked"], o["pattern"]) for o in door.get().json()["objects"]] == [(True, "[file:name = 'withdrawn']")]
    assert door.http.delete(door.url + one).status_code == 404


def test_nobody_deletes_what_another_gave(hub: ServedHub, party: Party) -> None:
    mine, theirs = Door(party, which="partnership"), Door(hub.party("Another"), which="partnership")
    one = indicator()
    mine.posts(one)
    assert theirs.http.delete(f"{theirs.url}objects/{one['id']}/").status_code == 403
    assert one["id"] in theirs.ids(match_id=one["id"])


# -- habits of the clients ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [
    MEDIA, "application/taxii+json; version=2.1", "application/taxii+json", "*/*", "application/json, text/plain, */*",
    "application/taxii+json;version=2.0, application/taxii+json;version=2.1", "APPLICATION/TAXII+JSON;VERSION=2.1", "",
    "application/json", "application/json; charset=utf-8",
])  # fmt: skip
def test_every_way_to_accept_taxii_is_one(party: Party, accept: str) -> None:
    answer = party.http.get("/taxii2/", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA)


@pytest.mark.parametrize("accept", [
    "application/vnd.oasis.taxii+json; version=2.0", "application/taxii+json;version=2.0", "text/html",
    "application/xml", "application/taxii+json;version=2.1;q=0",
])  # fmt: skip
def test_what_is_truly_foreign_is_not_acceptable(party: Party, accept: str) -> None:
    answer = party.http.get("/taxii2/", headers={"Accept": accept})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == MEDIA and answer.json()["http_status"] == "406"


@pytest.mark.parametrize("media", [
    MEDIA, "application/taxii+json; version=2.1", "application/taxii+json", "application/stix+json;version=2.1",
    "application/json", "application/json; charset=utf-8",
])  # fmt: skip
def test_every_way_to_name_an_envelope_is_taken(party: Party, media: str) -> None:
    assert Door(party).post(indicator(), media=media).status_code == 202


@pytest.mark.parametrize("media", [
    "text/plain", "application/xml", "application/vnd.oasis.taxii+json; version=2.0", "",
])  # fmt: skip
def test_another_content_type_is_not(party: Party, media: str) -> None:
    answer = Door(party).post(indicator(), media=media)
    assert (answer.status_code, answer.json()["http_status"]) == (415, "415")


def test_a_bundle_and_a_missing_slash_are_taken(party: Party) -> None:
    """Splunk's app and a Sentinel playbook post whole bundles; the latter without the last slash."""
    one = indicator()
    bundle = {"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": [one]}
    assert Door(party).post(body=bundle, path="objects").status_code == 202
    assert Door(party).ids("objects") == [one["id"]]


def test_the_same_object_again_is_a_success(party: Party) -> None:
    """MISP sends the same SCOs and TLP markings with every push."""
    door = Door(party)
    many = [indicator("same"), {**_SCO, "id": f"domain-name--{uuid.uuid4()}"},
            {"type": "marking-definition", "spec_version": "2.1", "id": WHITE, "created": OLD, "definition_type": "tlp",
             "definition": {"tlp": "clear"}}]  # fmt: skip
    for _ in range(2):
        said = door.posts(*many)
        assert said["success_count"] == 3 and "failures" not in said
    assert door.ids() == [one["id"] for one in many]


def test_one_bad_object_never_refuses_the_good_ones(party: Party) -> None:
    good, bad = indicator(), {"type": "indicator", "id": "malware--not-an-id", "created": OLD, "modified": OLD}
    said = Door(party).posts(good, bad, {"no": "type"}, 5)
    assert (said["total_count"], said["success_count"], said["failure_count"]) == (4, 1, 3)
    assert said["failures"][0]["id"] == bad["id"] and "is no 'indicator' id" in said["failures"][0]["message"]
    assert [one["message"].split(":")[0] for one in said["failures"]] == [f"objects[{n}]" for n in (1, 2, 3)]
    assert Door(party).ids() == [good["id"]]
    worse = Door(party).posts(bad)
    assert (worse["success_count"], worse["failure_count"]) == (0, 1)


@pytest.mark.parametrize(("body", "status"), [
    (indicator(), 422), ({}, 422), ({"objects": []}, 422), ([indicator()], 422), ({"objects": 5}, 422), ("text", 422),
])  # fmt: skip
def test_what_is_no_envelope_cannot_be_processed(party: Party, body: Any, status: int) -> None:
    answer = Door(party).post(body=body)
    assert answer.status_code == status
    said = answer.json()
    assert said["title"] == "ProcessingError" and said["http_status"] == str(status)
    assert "While processing supplied content, an error occurred" in said["description"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"objects":[{"type"'])
def test_malformed_json_is_a_bad_request(party: Party, body: bytes) -> None:
    answer = party.http.post(Door(party).url + "objects/", content=body, headers={"Content-Type": MEDIA})
    assert answer.status_code == 400 and answer.headers["content-type"] == MEDIA


def test_times_come_with_and_without_fraction_and_with_offsets(party: Party) -> None:
    door = Door(party)
    door.posts(indicator("plain", modified="2026-01-01T00:00:00Z"))
    door.posts(indicator("plain", modified="2026-01-01T00:00:00.000Z"))
    assert len(door.get(match_version="all").json()["objects"]) == 1, "the same instant, written otherwise"
    for text in ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:00+00:00",
                 "2020-01-01T02:00:00.5+02:00"):  # fmt: skip
        assert len(door.ids(added_after=text)) == 1, text
    raw = party.http.get(f"{door.url}objects/?added_after=2020-01-01T00:00:00+00:00")
    assert raw.status_code == 200 and raw.json()["objects"]


def test_headers_say_the_span_and_are_left_out_when_empty(party: Party) -> None:
    door = Door(party)
    door.posts(indicator(), indicator())
    page = door.get()
    first, last = page.headers["X-TAXII-Date-Added-First"], page.headers["X-TAXII-Date-Added-Last"]
    assert first < last and len(first) == len("2026-01-01T00:00:00.000000Z")
    empty = door.get(added_after=last)
    assert empty.json() == {"more": False, "objects": []}, "Elastic reads objects unguarded"
    assert not [name for name in empty.headers if name.lower().startswith("x-taxii")]
    assert door.get(f"objects/{door.ids()[0]}/versions/", added_after=last).json() == {}


def test_next_carries_the_filters_and_ends_with_the_last_page(party: Party) -> None:
    """Elastic drops added_after on page two, OpenCTI sends both, and both go on while there is a next."""
    door = Door(party)
    door.posts(*[indicator() for _ in range(5)], {**_SCO, "id": f"domain-name--{uuid.uuid4()}"})
    start = door.get(limit=1).headers["X-TAXII-Date-Added-Last"]
    first = door.get(limit=2, added_after=start, match_type="indicator").json()
    dropped = door.get(next=first["next"]).json()
    kept = door.get(next=first["next"], added_after=start, match_type="indicator", limit=2).json()
    assert dropped == kept and "next" not in kept and kept["more"] is False and len(kept["objects"]) == 2
    assert door.get(next=first["next"], match_type="malware").status_code == 400
    assert door.get(next=first["next"], added_after=start).json()["objects"] == kept["objects"]


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-20", "limit=x", "limit=1.5", "added_after=yesterday", "next=%00", "next=abc", "match[version]=5",
    "match[spec_version]=3", "match[nonsense]=1", "no_such=1",
])  # fmt: skip
def test_bad_parameters_are_refused_by_name(party: Party, query: str) -> None:
    answer = party.http.get(f"{Door(party).url}objects/?{query}")
    assert answer.status_code == 400 and answer.json()["title"] == "ProcessingError"


def test_no_empty_page_stands_in_the_middle(party: Party) -> None:
    """XSOAR stops at the first envelope without objects."""
    door = Door(party)
    door.posts(indicator("first"), *[{**_SCO, "id": f"domain-name--{uuid.uuid4()}"} for _ in range(30)],
               indicator("last"))  # fmt: skip
    page = door.get(match_type="indicator", limit=1).json()
    assert len(page["objects"]) == 1 and page["more"]
    page = door.get(match_type="indicator", limit=1, next=page["next"]).json()
    assert [one["name"] for one in page["objects"]] == ["last"] and not page["more"]


@pytest.mark.parametrize("way", ["basic", "basic as user", "bearer", "token", "raw", "x-api-key"])
def test_every_way_to_show_a_key_opens_the_door(hub: ServedHub, party: Party, way: str) -> None:
    key = key_of(party)
    ways: dict[str, dict[str, Any]] = {
        "basic": {"auth": ("whoever", key)}, "basic as user": {"auth": (key, "")},
        "bearer": {"headers": {"Authorization": f"Bearer {key}"}},
        "token": {"headers": {"Authorization": f"Token {key}"}}, "raw": {"headers": {"Authorization": key}},
        "x-api-key": {"headers": {"X-API-Key": key}},
    }  # fmt: skip
    assert httpx.get(f"{hub.url}/taxii2/", **ways[way]).status_code == 200
    wrong = httpx.get(f"{hub.url}/taxii2/", auth=("whoever", key[:-3] + "xyz"))
    assert wrong.status_code == 401 and wrong.headers["www-authenticate"].startswith("Basic")
    assert wrong.headers["content-type"] == MEDIA and wrong.json()["http_status"] == "401"


def test_no_session_opens_it_and_another_doors_key_header_does_not(hub: ServedHub, party: Party) -> None:
    assert httpx.get(f"{hub.url}/api/whoami", headers={"X-API-Key": key_of(party)}).json()["organisation"] is None


def test_visitors_read_the_public_root_alone(hub: ServedHub, party: Party) -> None:
    visitor = hub.visitor().http
    for path in ("/taxii2/", "/taxii2/partnership/", "/taxii2/partnership/collections/", "/taxii2/no/collections/x/"):
        assert visitor.get(path).status_code == 401, path
    clear = indicator(object_marking_refs=[WHITE])
    Door(party, which="partnership").posts(clear, indicator())
    listed = visitor.get("/taxii2/public/collections/").json()["collections"]
    assert [one["title"] for one in listed] == ["Public"]
    found = visitor.get(f"/taxii2/public/collections/{listed[0]['id']}/objects/").json()["objects"]
    assert clear["id"] in [one["id"] for one in found]
    assert all(one["object_marking_refs"] == [dress._TLP2[Tlp.CLEAR]] for one in found)
    posted = visitor.post(f"/taxii2/public/collections/{listed[0]['id']}/objects/", json={})
    assert posted.status_code == 401


@pytest.mark.parametrize("path", [
    "/taxii2/nowhere/", "/taxii2/nowhere/collections/", "/taxii2/partnership/collections/nowhere/",
    "/taxii2/partnership/collections/nowhere/objects/", "/taxii2/partnership/status/nothing/", "/taxii2/a/b/c/d",
    "/taxii2/partnership/collections/own-amber/objects/malware--00000000-0000-4000-8000-000000000000/",
])  # fmt: skip
def test_what_is_not_there_is_told_in_the_standards_form(party: Party, path: str) -> None:
    answer = party.http.get(path)
    assert answer.status_code == 404 and answer.headers["content-type"] == MEDIA
    assert answer.json()["http_status"] == "404" and answer.json()["title"]


def test_what_is_not_written_to_says_so(party: Party) -> None:
    assert Door(party, "public", "public").post(indicator()).status_code == 403
    assert Door(party, which="own-red").post(indicator()).status_code == 403


def test_a_body_over_the_limit_is_refused_and_no_other(party: Party) -> None:
    most = party.http.get("/taxii2/partnership/").json()["max_content_length"]
    answer = party.http.post(Door(party).url + "objects/", content=b" " * (most + 1), headers={"Content-Type": MEDIA})
    assert answer.status_code == 413 and answer.json()["http_status"] == "413"


# -- markings ----------------------------------------------------------------------------------------------------------


def test_markings_go_out_as_tlp_2_and_those_who_know_only_tlp_1_get_that(party: Party) -> None:
    other = f"marking-definition--{uuid.uuid4()}"
    Door(party, which="partnership").posts(indicator("m1", object_marking_refs=[other, GREEN_1]), indicator("m2"))
    ids = ",".join(indicator(name)["id"] for name in ("m1", "m2"))
    for root, green in (("partnership", GREEN_2), ("partnership-tlp1", GREEN_1)):
        found = Door(party, root, "partnership").get(match_id=ids).json()["objects"]
        assert [one["object_marking_refs"] for one in found] == [[other, green], [green]]
    assert Door(party, "partnership-tlp1", "own-amber").get().status_code == 200
    assert Door(party, "partnership-tlp1", "own-amber-strict").get().status_code == 404, "TLP 1.0 has no such marking"


def test_a_marking_stricter_than_the_collection_goes_to_fewer_and_a_looser_one_to_no_more(
    hub: ServedHub, party: Party
) -> None:
    shared = Door(party, which="partnership")
    amber, red, clear = (indicator(object_marking_refs=[mark]) for mark in (AMBER_1, RED_2, WHITE))
    assert shared.posts(amber, red)["success_count"] == 2
    Door(party).posts(clear)
    assert not shared.ids(match_id=",".join(one["id"] for one in (amber, red, clear)))
    assert set(Door(party).ids()) == {amber["id"], clear["id"]}
    assert Door(party, which="own-red").ids() == [red["id"]]
    other = hub.party("Another")
    for which in ("partnership", "own-amber", "own-red"):
        assert not set(Door(other, which=which).ids()) & {amber["id"], red["id"]}


def test_a_posted_marking_never_overrides_a_built_in_one(party: Party) -> None:
    door = Door(party)
    door.posts({"type": "marking-definition", "spec_version": "2.1", "id": AMBER_1, "created": OLD,
                "definition_type": "statement", "definition": {"statement": "mine now"}})  # fmt: skip
    found = door.get().json()["objects"]
    assert [one.get("definition") for one in found] == [{"tlp": "amber"}]


def test_unknown_properties_and_extensions_come_back_as_they_were(party: Party) -> None:
    one = indicator(x_mine={"deep": [1, None, 1.50]}, extensions={f"extension-definition--{uuid.uuid4()}": {"a": "ü"}})
    Door(party).posts(one)
    found = Door(party).get().json()["objects"][0]
    assert {name: found[name] for name in one} == one
    assert found.keys() - one.keys() == {"object_marking_refs"}


def test_a_given_sco_id_is_kept_whatever_the_rule_says(party: Party) -> None:
    one = {**_SCO, "id": f"domain-name--{uuid.uuid4()}"}
    Door(party).posts(one)
    found = Door(party).get().json()["objects"]
    assert [(each["id"], each["value"], each["spec_version"]) for each in found] == [(one["id"], "sco.example", "2.1")]


# -- one record --------------------------------------------------------------------------------------------------------


def test_what_came_by_another_door_and_in_another_format_is_here(party: Party) -> None:
    attribute = str(uuid.uuid4())
    party.posts({"Event": {"uuid": str(uuid.uuid4()), "info": "from MISP", "date": "2026-01-01", "Attribute": [
        {"uuid": attribute, "type": "ip-dst", "category": "Network activity", "value": "198.51.100.7", "to_ids": True,
         "timestamp": "1767225600"}]}})  # fmt: skip
    party.posts("indicator,type\nrow.example,domain\n", "text/csv")
    found = {one["id"]: one for one in Door(party).get().json()["objects"]}
    assert found[f"indicator--{attribute}"]["pattern"] == "[ipv4-addr:value = '198.51.100.7']"
    assert "[domain-name:value = 'row.example']" in [one.get("pattern") for one in found.values()]


def test_a_group_has_a_root_of_its_own_which_others_do_not_know(hub: ServedHub, party: Party) -> None:
    friend, stranger = hub.party("Friend"), hub.party("Stranger")
    group = hub.hub.circles.make_group("Energy circle", [f"org:{party.org}", f"org:{friend.org}"])
    hub.hub.settle()
    roots = party.http.get("/taxii2/").json()["api_roots"]
    assert any(root.endswith(f"/{group.id}/") for root in roots)
    assert friend.http.get(f"/taxii2/{group.id}/").json()["title"] == "Energy circle"
    one = indicator(object_marking_refs=[GREEN_2])
    Door(party, group.id, "amber").posts(one)
    assert Door(friend, group.id, "amber").ids() == [one["id"]]
    assert Door(friend, group.id, "amber-strict").ids() == []
    assert stranger.http.get(f"/taxii2/{group.id}/").status_code == 404
    assert Door(stranger, group.id, "amber").get().status_code == 404
    assert not Door(stranger, which="partnership").ids(match_id=one["id"])


def test_those_who_join_a_group_later_get_a_collection_of_their_own(hub: ServedHub, party: Party) -> None:
    later = hub.party("Later")
    circles = hub.hub.circles
    group = circles.make_group("Growing circle", [f"org:{party.org}"])
    Door(party, group.id, "amber").posts(indicator("before"))
    circles.join_group(group.id, [f"org:{later.org}"])
    hub.hub.settle()
    Door(later, group.id, "amber").posts(indicator("after"))
    assert Door(later, group.id, "amber").ids() == [indicator("after")["id"]]
    listed = party.http.get(f"/taxii2/{group.id}/collections/").json()["collections"]
    older = [one["alias"] for one in listed if "generation" in one["title"]]
    assert older == ["amber-1", "amber-strict-1"] and len({one["title"] for one in listed}) == len(listed)
    assert Door(party, group.id, "amber-1").ids() == [indicator("before")["id"]]


def test_a_recall_by_any_door_leaves_this_one_within_two_seconds(hub: ServedHub, party: Party) -> None:
    reader = Door(hub.party("Reader"), which="partnership")
    sco = {**_SCO, "id": f"domain-name--{uuid.uuid4()}", "value": "gone.example"}
    one = indicator("recalled", confidence=80)
    relation = {"type": "relationship", "spec_version": "2.1", "id": f"relationship--{uuid.uuid4()}", "created": OLD,
                "modified": OLD, "relationship_type": "indicates", "source_ref": one["id"], "target_ref": one["id"]}
    contribution = Door(party, which="partnership").posts(one, sco, relation)["id"]
    since = reader.get(match_id=one["id"]).headers["X-TAXII-Date-Added-Last"]
    ids = f"{one['id']},{sco['id']},{relation['id']}"
    assert len(reader.ids(match_id=ids)) == 3
    assert party.http.post(f"/api/contributions/{contribution}/recall").status_code == 202
    assert eventually(lambda: sco["id"] not in reader.ids(match_id=ids), 2.0)
    left = reader.get(match_id=ids, added_after=since).json()["objects"]
    assert {each["id"]: each["revoked"] for each in left} == {one["id"]: True, relation["id"]: True}
    assert "recalled" not in json.dumps(left) and all(each["modified"] > OLD for each in left)
    assert [reader.get(f"objects/{oid}/").status_code for oid in ids.split(",")] == [404] * 3
    Door(party, which="partnership").posts(indicator("recalled", modified="2026-12-01T00:00:00.000Z"))
    assert [each.get("revoked") for each in reader.get(match_id=one["id"]).json()["objects"]] == [None]


def test_the_originator_learns_who_took_it_by_taxii_and_who_learnt_of_the_recall(hub: ServedHub, party: Party) -> None:
    taker, poller, other = (hub.party(f"{name} {uuid.uuid4()}") for name in ("Taker", "Poller", "Other"))
    one = indicator()
    given = Door(party, which="partnership").posts(one)["id"]
    for each in (taker, poller):
        assert Door(each, which="partnership").ids(match_id=one["id"]) == [one["id"]]
    assert party.http.post(f"/api/contributions/{given}/recall").status_code == 202
    door = Door(poller, which="partnership")
    assert eventually(lambda: door.get(match_id=one["id"]).json()["objects"][0].get("revoked") is True)
    rows = party.http.get(f"/api/contributions/{given}/receipts").json()["organisations"]
    states = {row["organisation"]: row["state"] for row in rows}
    assert states[taker.org] == "exported" and states[poller.org] not in ("exported", states.get(other.org)), rows


def test_of_two_contributors_of_one_object_the_first_is_served_and_a_recall_leaves_the_other(
    hub: ServedHub, party: Party
) -> None:
    other = hub.party("Second")
    first, second = Door(party, which="partnership"), Door(other, which="partnership")
    one = indicator()
    mine = first.posts({**one, "name": "mine"})["id"]
    second.posts({**one, "name": "theirs"})

    def names(**more: Any) -> list[str]:
        return [each["name"] for each in first.get(match_id=one["id"], **more).json()["objects"]]

    assert names() == ["mine"] and names(contributor=other.org) == ["theirs"] and names(match_version="all") == ["mine"]
    assert party.http.post(f"/api/contributions/{mine}/recall").status_code == 202
    assert eventually(lambda: names() == ["theirs"])


def test_a_status_stands_as_long_as_the_record_and_is_its_own_organisations(hub: ServedHub, party: Party) -> None:
    said = Door(party).posts(indicator("s"), {"type": "tool", "id": "x"})
    hub.hub.taxii._reports.clear()
    again = party.http.get(f"/taxii2/partnership/status/{said['id']}/").json()
    assert (again["success_count"], again["failure_count"], again["successes"]) == (1, 1, said["successes"])
    assert hub.party("Another").http.get(f"/taxii2/partnership/status/{said['id']}/").status_code == 404


def test_what_came_by_another_door_has_a_status_here_too(party: Party) -> None:
    given = party.posts("indicator,type\nversionless.example,domain\n", "text/csv")
    said = party.http.get(f"/taxii2/partnership/status/{given}/").json()
    assert (said["status"], said["success_count"]) == ("complete", 1)
