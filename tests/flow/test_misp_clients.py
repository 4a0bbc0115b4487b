"""The clients that members own, by the requests that they send: each must work against the MISP door unchanged.

What each sends was read in its public source: elastic/integrations (ti_misp), OpenCTI-Platform/connectors (misp,
misp-feed, misp-intel), TheHive-Project/TheHive and Cortex-Analyzers, remg427/misp42splunk, n8n-io/n8n,
certtools/intelmq, cudeso/misp2sentinel, scripts for Wazuh.
"""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.kernel.clock import SECOND, ManualClock, parse_instant
from hubs import MadeHub, app_of, make_hub
from pymisp import MISPEvent

NOW = parse_instant("2026-11-22T10:00:00Z")
AT = NOW // SECOND
UUID = "5e36b0a2-0000-4000-8000-0000000000{:02d}"


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


def event(number: int) -> dict[str, Any]:
    """An event of 3 attributes and an object, tagged, published."""
    return {"Event": {
        "info": f"Campaign {number}", "date": "2026-11-20", "distribution": "1", "threat_level_id": "2",
        "analysis": "1", "published": True, "uuid": UUID.format(number), "timestamp": str(AT - 1000 + number),
        "Tag": [{"name": "tlp:green"}, {"name": "workflow:state=\"complete\""}],
        "Attribute": [
            {"type": "domain", "category": "Network activity", "value": f"c{number}.example", "to_ids": True,
             "comment": "c2", "timestamp": str(AT - 900 + number), "Tag": [{"name": "kill-chain:Delivery"}],
             "first_seen": "2026-11-01T00:00:00.000000+00:00"},
            {"type": "ip-dst", "category": "Network activity", "value": f"192.0.2.{number}", "to_ids": True,
             "timestamp": str(AT - 900 + number)},
            {"type": "sha256", "category": "Payload delivery", "value": f"{number:064x}", "to_ids": True,
             "timestamp": str(AT - 900 + number)},
        ],
        "Object": [{"name": "file", "meta-category": "file", "template_uuid": "688c46fb-5edb-40a3-8273-1af7923e2215",
                    "template_version": "24", "Attribute": [
                        {"type": "filename", "category": "Payload delivery", "object_relation": "filename",
                         "value": f"mal{number}.exe", "to_ids": True}]}],
    }}  # fmt: skip


class World:
    """A hub, a client that shares and one that reads."""

    def __init__(self, folder: Path) -> None:
        self.made: MadeHub = make_hub(folder, clock=ManualClock(NOW))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Client]]:
    made = World(tmp_path_factory.mktemp("clients") / "hub").made
    with TestClient(app_of(made.hub), raise_server_exceptions=False) as client:
        sharing, reading = Client(client, made.provider.key), Client(client, made.ministry.key)
        for number in range(1, 8):
            sharing.post("events/add", event(number))
            sharing.post(f"events/publish/{UUID.format(number)}")
        yield sharing, reading
    made.hub.close()


@pytest.fixture
def reader(world: tuple[Client, Client]) -> Client:
    return world[1]


# -- Elastic ti_misp ---------------------------------------------------------------------------------------------------


def pages(client: Client, path: str, body: dict[str, Any], taken: Callable[[Any], list[Any]]) -> list[Any]:
    """Page as httpjson does: until what is to be split is empty."""
    found: list[Any] = []
    for page in range(1, 30):
        rows = taken(client.post(path, {**body, "page": str(page)}))
        if not rows:
            return found
        found += rows
    raise AssertionError("it never ends")


@pytest.mark.parametrize("start", ["Sat Nov 21 10:00:00 UTC 2026", str(AT - 86_400), "24h"])
def test_elastic_pages_events_until_none_is_left(reader: Client, start: str) -> None:
    body = {"limit": "3", "returnFormat": "json", "timestamp": start, "order": "timestamp"}
    path = f"events/restSearch?timestamp={start.replace(' ', '%20')}"
    found = pages(reader, path, body, lambda said: said["response"])
    times = [int(one["Event"]["timestamp"]) for one in found]
    assert len({one["Event"]["uuid"] for one in found}) == len(found) == 7
    assert times == sorted(times)


def test_elastic_pages_attributes_and_resumes_at_its_cursor(reader: Client) -> None:
    body = {"limit": "10", "returnFormat": "json", "timestamp": "7d", "order": "timestamp", "includeDecayScore": True,
            "includeContext": True}  # fmt: skip

    def taken(said: Any) -> list[Any]:
        return list(said["response"]["Attribute"])

    found = pages(reader, "attributes/restSearch", body, taken)
    assert len({one["uuid"] for one in found}) == len(found) == 28
    assert all(isinstance(one["timestamp"], str) and one["Event"]["uuid"] for one in found)
    last = found[-1]["timestamp"]
    again = pages(reader, "attributes/restSearch", {**body, "timestamp": last}, taken)
    assert {one["uuid"] for one in again} == {one["uuid"] for one in found if int(one["timestamp"]) >= int(last)}


# -- OpenCTI -----------------------------------------------------------------------------------------------------------

TEXT, FLAG, NUMBER = (str, type(None)), (bool, type(None)), (int, float, type(None))
"""What pydantic takes without complaint for ``Optional[str]``, ``Optional[bool]``, ``Optional[float]``."""
ATTRIBUTE = {
    **dict.fromkeys(("id", "event_id", "object_id", "object_relation", "category", "type", "value", "uuid", "timestamp",
                     "distribution", "sharing_group_id", "comment", "first_seen", "last_seen", "data", "event_uuid"),
                    TEXT),
    **dict.fromkeys(("to_ids", "deleted", "disable_correlation"), FLAG),
}  # fmt: skip
TAG = {**dict.fromkeys(("id", "name", "colour", "org_id", "user_id", "numerical_value"), TEXT),
       **dict.fromkeys(("exportable", "hide_tag", "is_galaxy", "is_custom_galaxy"), FLAG)}  # fmt: skip
GALAXY = dict.fromkeys(("id", "uuid", "name", "type", "description", "version", "icon", "namespace"), TEXT)
OBJECT = {**dict.fromkeys(("id", "name", "meta-category", "description", "template_uuid", "template_version",
                           "event_id", "uuid", "timestamp", "distribution", "sharing_group_id", "comment", "first_seen",
                           "last_seen"), TEXT), "deleted": FLAG}  # fmt: skip
EVENT = {
    **dict.fromkeys(("id", "org_id", "distribution", "info", "orgc_id", "orgc_uuid", "uuid", "date", "analysis",
                     "attribute_count", "timestamp", "sharing_group_id", "threat_level_id", "publish_timestamp",
                     "sighting_timestamp", "extends_uuid", "event_creator_email"), TEXT),
    **dict.fromkeys(("published", "proposal_email_lock", "locked", "disable_correlation"), FLAG),
}  # fmt: skip
ORG = dict.fromkeys(("id", "name", "uuid"), TEXT)
INNER = {"Attribute": ATTRIBUTE, "ShadowAttribute": ATTRIBUTE, "Tag": TAG, "Galaxy": GALAXY, "Object": OBJECT}
ENUMS = {"analysis": "012", "distribution": "012345", "threat_level_id": "1234"}


def misfits(thing: dict[str, Any], model: dict[str, Any], where: str) -> list[str]:
    """Return where a thing does not fit OpenCTI's model: a value of another type, or outside an enumeration."""
    found = [f"{where}.{name}: {thing[name]!r}" for name, types in model.items()
             if name in thing and not isinstance(thing[name], types)]  # fmt: skip
    found += [f"{where}.{name}: {thing[name]!r}" for name, letters in ENUMS.items()
              if name in model and name in thing and thing[name] not in letters]  # fmt: skip
    for name, inner in INNER.items():
        listed = thing.get(name)
        if listed is not None and not isinstance(listed, list):
            found.append(f"{where}.{name} is no list")
        for place, one in enumerate(listed or ()):
            found += misfits(one, inner, f"{where}.{name}[{place}]")
    for name in ("Org", "Orgc"):
        if name in thing:
            found += misfits(thing[name], ORG, f"{where}.{name}")
    return found


def test_opencti_takes_every_event(reader: Client) -> None:
    found = []
    for page in range(1, 10):
        rows = reader.post("events/restSearch", {
            "returnFormat": "json", "page": page, "limit": 3, "order": "Event.timestamp ASC", "withAttachments": 0,
            "enforceWarninglist": 0, "tags": {"OR": ["tlp:green"], "NOT": ["tlp:red"]},
            "org": {"OR": ["Northern Broadband"]}, "timestamp": AT - 86_400.5})["response"]  # fmt: skip
        if not rows:
            break
        found += rows
    assert len(found) == 7
    assert [problem for one in found for problem in misfits(one["Event"], EVENT, "Event")] == []
    assert found[0]["Event"]["Orgc"]["name"] == "Northern Broadband"
    assert found[0]["Event"]["Object"][0]["Attribute"][0]["value"] == "mal1.exe"


def test_a_check_that_cannot_fail_is_none() -> None:
    assert misfits({"id": 5, "analysis": "7", "Attribute": [{"to_ids": "1"}], "Tag": {}}, EVENT, "Event") == [
        "Event.id: 5", "Event.analysis: '7'", "Event.Attribute[0].to_ids: '1'", "Event.Tag is no list"]  # fmt: skip


def test_opencti_reads_the_feed(reader: Client) -> None:
    basic = "Basic " + base64.b64encode(f"feed:{reader.headers['authorization']}".encode()).decode()
    for header in (reader.headers["authorization"], basic, f"Bearer {reader.headers['authorization']}"):
        manifest = reader.client.get("/misp/feed/manifest.json", headers={"authorization": header})
        assert manifest.status_code == 200, manifest.text
    assert len(manifest.json()) == 7
    newest = sorted(manifest.json().items(), key=lambda item: int(item[1]["timestamp"]))
    for uuid, said in newest[:2]:
        whole = MISPEvent()
        whole.load(reader.ask("GET", f"feed/{uuid}.json"))
        assert (whole.uuid, whole.info, len(whole.attributes), len(whole.objects)) == (uuid, said["info"], 3, 1)
        assert whole.orgc.name == "Northern Broadband"


# -- TheHive, Cortex, Splunk, Wazuh, Sentinel, IntelMQ, n8n ------------------------------------------------------------


def test_thehive_wraps_its_requests(reader: Client) -> None:
    assert reader.ask("GET", "users/view/me")["User"]
    assert reader.ask("GET", "servers/getVersion")["version"]
    rows = reader.post("events/index", {"searchtimestamp": str(AT - 86_400), "searchorg": "",
                                        "searchtag": "tlp:green"})  # fmt: skip
    assert len(rows) == 7
    given = rows[0]["id"]
    said = reader.post("attributes/restSearch/json", {"request": {
        "eventid": given, "timestamp": str(AT - 86_400), "includeEventTags": True, "withAttachments": 1}})  # fmt: skip
    assert {one["event_id"] for one in said["response"]["Attribute"]} == {given}
    assert reader.ask("GET", f"events/{given}")["Event"]["uuid"] == rows[0]["uuid"]


def test_cortex_and_splunk_look_values_up_through_events(reader: Client) -> None:
    found = reader.post("events/restSearch", {"value": "c3.example", "returnFormat": "json", "searchall": None})
    assert [one["Event"]["info"] for one in found["response"]] == ["Campaign 3"]
    assert reader.post("events/restSearch", {"value": "nothing.example"}) == {"response": []}
    rows = reader.post("attributes/restSearch", {
        "returnFormat": "json", "withAttachments": False, "value": ["c1.example", "192.0.2.2"], "to_ids": "1",
        "includeEventUuid": "1", "includeEventTags": "1", "includeSightings": "1", "limit": "1000", "page": "1",
        "deleted": "0", "enforceWarninglist": "0", "includeDecayScore": "0"})  # fmt: skip
    assert [one["value"] for one in rows["response"]["Attribute"]] == ["c1.example", "192.0.2.2"]
    assert rows["response"]["Attribute"][0]["event_uuid"] == UUID.format(1)


def test_wazuh_asks_by_get(reader: Client) -> None:
    found = reader.ask("GET", "attributes/restSearch/value:c2.example")
    assert [one["value"] for one in found["response"]["Attribute"]] == ["c2.example"]
    found = reader.ask("GET", "attributes/restSearch/value:" + f"{5:064x}")
    assert [one["type"] for one in found["response"]["Attribute"]] == ["sha256"]


def test_sentinel_filters_and_pages(reader: Client) -> None:
    body = {"returnFormat": "json", "published": 1, "to_ids": 1, "enforceWarninglist": True, "includeEventTags": True,
            "timestamp": "1d", "limit": 2, "tags": ["tlp:green", "!tlp:red"], "deleted": False,
            "type": ["domain", "ip-dst", "sha256"]}  # fmt: skip
    found = pages(reader, "events/restSearch", body, lambda said: said["response"])
    assert [one["Event"]["info"] for one in found] == [f"Campaign {number}" for number in range(1, 8)]


def test_intelmq_tags_what_it_has_taken(world: tuple[Client, Client]) -> None:
    sharing = world[0]
    made = sharing.post("events/add", {"Event": {"info": "from a bot", "distribution": "0", "Attribute": [
        {"type": "ip-src", "category": "Network activity", "value": "198.51.100.7"}]}})["Event"]  # fmt: skip
    sharing.post("tags/attachTagToObject", {"uuid": made["uuid"], "tag": "feed:taken"})
    found = sharing.post("events/restSearch", {"tags": ["feed:taken"]})["response"]
    assert [one["Event"]["uuid"] for one in found] == [made["uuid"]]
    sharing.post("tags/removeTagFromObject", {"uuid": made["uuid"], "tag": "feed:taken"})
    assert sharing.post("events/restSearch", {"tags": ["feed:taken"]})["response"] == []
    assert sharing.post("events/restSearch", {"tags": {"NOT": ["feed:taken"]}, "eventinfo": "from a bot"})["response"]


def test_n8n_edits_by_put_and_deletes_by_delete(world: tuple[Client, Client]) -> None:
    sharing = world[0]
    made = sharing.post("events", {"info": "from a workflow", "distribution": 0})["Event"]
    changed = sharing.ask("PUT", f"events/edit/{made['id']}", {"info": "from another"})["Event"]
    assert (changed["id"], changed["info"]) == (made["id"], "from another")
    one = sharing.post(f"attributes/add/{made['id']}", {"type": "domain", "value": "n8n.example",
                                                       "category": "Network activity"})["Attribute"]  # fmt: skip
    assert sharing.ask("PUT", f"attributes/edit/{one['id']}", {"comment": "seen"})["Attribute"]["comment"] == "seen"

    def found(**more: Any) -> list[Any]:
        return list(sharing.post("attributes/restSearch", {"value": "n8n.example", **more})["response"]["Attribute"])

    assert [each["comment"] for each in found()] == ["seen"]
    sharing.ask("DELETE", f"attributes/delete/{one['id']}")
    assert found() == []
    assert len(found(deleted="only")) == 1
    sharing.ask("DELETE", f"events/delete/{made['id']}")
    assert sharing.post("events/restSearch", {"uuid": made["uuid"]})["response"] == []


def test_suricata_and_zeek_fetch_by_url(reader: Client) -> None:
    for path, held in (
        ("events/nids/suricata/download", "c4.example"), ("attributes/bro/download/all", "Intel:DOMAIN"),
        ("attributes/text/download/domain", "c7.example\n"), ("attributes/rpz/download", "CNAME ."),
    ):  # fmt: skip
        answer = reader.client.get(f"/misp/{path}", headers=reader.headers)
        assert answer.status_code == 200
        assert held in answer.text


# -- scripts -----------------------------------------------------------------------------------------------------------


def test_thehive_downloads_attachments_and_locked_samples(world: tuple[Client, Client]) -> None:
    sharing, reading = world
    data = base64.b64encode(b"harmless").decode()
    made = sharing.post("events/add", {
        "info": "Files", "distribution": "1", "published": True, "Tag": [{"name": "tlp:green"}], "Attribute": [
            {"type": "attachment", "category": "Payload delivery", "value": "a b.txt", "data": data},
            {"type": "malware-sample", "category": "Payload delivery", "value": "x.exe", "data": data, "encrypt": True},
            {"type": "domain", "category": "Network activity", "value": "no-file.example"},
        ]})["Event"]  # fmt: skip
    file, sample, plain = (next(one for one in made["Attribute"] if one["type"] == type)
                           for type in ("attachment", "malware-sample", "domain"))  # fmt: skip
    for path in (f"attributes/download/{file['uuid']}", f"attributes/downloadAttachment/download/{file['uuid']}"):
        answer = reading.client.get(f"/misp/{path}", headers=reading.headers)
        assert (answer.status_code, answer.content) == (200, b"harmless")
        assert 'filename="a b.txt"' in answer.headers["content-disposition"]
    locked = reading.client.get(f"/misp/attributes/download/{sample['uuid']}", headers=reading.headers).content
    with zipfile.ZipFile(io.BytesIO(locked)) as archive:
        assert archive.read(sample["value"].partition("|")[2], pwd=b"infected") == b"harmless"
    reading.ask("GET", f"attributes/download/{plain['uuid']}", status=404)
    hidden = sharing.post("events/add", {"info": "Own", "distribution": "0", "published": True, "Attribute": [
        {"type": "attachment", "category": "Payload delivery", "value": "own.txt", "data": data}]})  # fmt: skip
    reading.ask("GET", f"attributes/download/{hidden['Event']['Attribute'][0]['uuid']}", status=404)
    sharing.post(f"events/delete/{made['uuid']}")


def test_scripts_search_by_position_and_never_with_a_filter_passed_over(reader: Client) -> None:
    found = reader.ask("GET", "attributes/restSearch/json/c1.example")["response"]["Attribute"]
    assert [one["value"] for one in found] == ["c1.example"]
    assert len(reader.ask("GET", "events/restSearch/json/192.0.2.2")["response"]) == 1
    for places in ("", "/null", "/null/url"):
        reader.ask("GET", f"attributes/restSearch/json{places}", status=400)


def test_sightings_are_listed_by_event(reader: Client) -> None:
    reader.post("sightings/add", {"value": "c3.example"})
    listed = reader.ask("GET", f"sightings/index/{UUID.format(3)}")
    assert len(listed) == 1
    assert reader.ask("GET", f"sightings/index/{UUID.format(4)}") == []


@pytest.mark.parametrize("number", [10**30, "9" * 30, "²", -1, {"NOT": [10**30]}])
def test_a_number_that_no_database_takes_finds_nothing(reader: Client, number: Any) -> None:
    answer = reader.client.post("/misp/events/restSearch", headers=reader.headers, json={"distribution": number})
    assert answer.status_code == 200, answer.text
