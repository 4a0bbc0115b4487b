"""Searching through the MISP door: parameters, scopes, formats, pages, old paths and the feed, each for whom it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.exchange.misp.search import write_csv
from fusioncell.kernel.clock import SECOND, ManualClock, parse_instant
from hubs import MadeHub, app_of, make_hub

NOW = parse_instant("2026-11-22T10:00:00Z")
AT = NOW // SECOND
FIRST, SECOND_ONE, THIRD = (f"5e36b0a2-0000-4000-8000-00000000000{n}" for n in range(1, 4))


def attribute(number: int, type: str, value: str, **more: Any) -> dict[str, Any]:
    """An attribute with a uuid of its own."""
    kind = {"text": "Other", "md5": "Payload delivery"}.get(type, "Network activity")
    return {"uuid": f"5e36b0a2-0000-4000-9000-{number:012d}", "type": type, "value": value, "category": kind,
            "to_ids": type != "text", "timestamp": str(AT - 1000 + number), "distribution": "5", **more}  # fmt: skip


EVENTS = [
    {"uuid": FIRST, "info": "First: phishing kit", "date": "2026-11-01", "distribution": "1", "threat_level_id": "1",
     "analysis": "0", "published": True, "publish_timestamp": str(AT - 500), "timestamp": str(AT - 600),
     "Tag": [{"name": "tlp:green"}, {"name": "kit"}],
     "Attribute": [
         attribute(1, "domain", "evil.example", Tag=[{"name": "c2"}], comment="seen by the SOC"),
         attribute(2, "ip-dst", "192.0.2.7"),
         attribute(3, "text", "a note of First"),
         attribute(4, "md5", "d41d8cd98f00b204e9800998ecf8427e", first_seen="2026-10-01T00:00:00+00:00"),
     ],
     "Object": [{"uuid": "5e36b0a2-0000-4000-a000-000000000001", "name": "domain-ip", "meta-category": "network",
                 "template_uuid": "43b3b146-77eb-4931-b4cc-b66c60f28734", "template_version": "11",
                 "timestamp": str(AT - 600), "distribution": "5",
                 "Attribute": [attribute(5, "domain", "second.example", object_relation="domain"),
                               attribute(6, "ip-dst", "192.0.2.8", object_relation="ip")]}]},
    {"uuid": SECOND_ONE, "info": "Second: botnet", "date": "2026-11-10", "distribution": "1", "threat_level_id": "3",
     "analysis": "2", "published": True, "publish_timestamp": str(AT - 50), "timestamp": str(AT - 60),
     "Attribute": [attribute(11, "domain", "evil.example"), attribute(12, "url", "http://evil.example/x?y=1"),
                   attribute(13, "ip-src|port", "192.0.2.9|8080"),
                   attribute(14, "domain", "gone.example", deleted=True)]},
]  # fmt: skip
HIDDEN = {"uuid": THIRD, "info": "Third: own organisation's", "date": "2026-11-11", "distribution": "0",
          "threat_level_id": "1", "analysis": "0", "published": True, "timestamp": str(AT - 30),
          "Attribute": [attribute(21, "domain", "evil.example"), attribute(22, "domain", "hidden.example")]
          }  # fmt: skip


class World:
    """A hub with two organisations; the provider shared two events and has one of its own."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOW)
        self.made: MadeHub = make_hub(folder, clock=self.clock)

    def share(self, client: TestClient[Any]) -> None:
        for event in (*EVENTS, HIDDEN):
            tlp = "amber%2Bstrict" if event is HIDDEN else "green"
            answer = client.post(f"/api/contributions?tlp={tlp}", json={"Event": event},
                                 headers={"authorization": f"Bearer {self.made.provider.key}",
                                          "content-type": "application/vnd.misp+json"})  # fmt: skip
            assert answer.status_code in (200, 201, 202), answer.text
        self.made.hub.settle()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    world = World(tmp_path_factory.mktemp("search") / "hub")
    with TestClient(app_of(world.made.hub), raise_server_exceptions=False) as client:
        world.share(client)
        yield Asking(client, world.made)
    world.made.hub.close()


class Asking:
    """Asks the door, as the ministry unless told otherwise."""

    def __init__(self, client: TestClient[Any], made: MadeHub) -> None:
        self.client, self.made = client, made

    def raw(self, path: str, body: Any = None, *, own: bool = False, status: int = 200) -> Any:
        key = (self.made.provider if own else self.made.ministry).key
        headers = {"authorization": key, "accept": "application/json"}
        answer = (self.client.get(f"/misp/{path}", headers=headers) if body is None else
                  self.client.post(f"/misp/{path}", headers=headers, json=body))  # fmt: skip
        assert answer.status_code == status, answer.text
        return answer

    def values(self, body: Any = None, path: str = "attributes/restSearch", **more: Any) -> list[str]:
        found = self.raw(path, body, **more).json()["response"]["Attribute"]
        return [one["value"] for one in found]

    def titles(self, body: Any = None, path: str = "events/restSearch", **more: Any) -> list[str]:
        return [one["Event"]["info"].partition(":")[0] for one in self.raw(path, body, **more).json()["response"]]


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ({"value": "evil.example"}, ["evil.example", "evil.example"]),
        ({"value": "EVIL.example"}, ["evil.example", "evil.example"]),
        ({"value": ["192.0.2.7", "192.0.2.8"]}, ["192.0.2.7", "192.0.2.8"]),
        ({"value": "192.0.2.9"}, ["192.0.2.9|8080"]),
        ({"value": "8080"}, ["192.0.2.9|8080"]),
        ({"value": "%cond.ex%"}, ["second.example"]),
        ({"value": "192.0.2.%"}, ["192.0.2.7", "192.0.2.8", "192.0.2.9|8080"]),
        ({"value": {"OR": ["%.example"], "NOT": ["evil%"]}}, ["second.example"]),
        ({"value": "!evil.example", "type": "domain"}, ["second.example"]),
        ({"value": "nothing.example"}, []),
        ({"type": "md5"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"type": {"OR": ["ip-dst", "md5"]}, "category": "Payload delivery"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"type": "ip-%"}, ["192.0.2.7", "192.0.2.8", "192.0.2.9|8080"]),
        ({"category": "Other"}, ["a note of First"]),
        ({"to_ids": 0}, ["a note of First"]),
        ({"to_ids": "1", "eventid": SECOND_ONE}, ["evil.example", "http://evil.example/x?y=1", "192.0.2.9|8080"]),
        ({"tags": "c2"}, ["evil.example"]),
        ({"tags": "C%"}, ["evil.example"]),
        ({"tags": {"OR": ["kit"], "NOT": ["c2"]}, "type": "domain"}, ["second.example"]),
        ({"tags": ["!kit"], "type": "domain"}, ["evil.example"]),
        ({"tags": {"AND": ["kit", "c2"]}}, ["evil.example"]),
        ({"event_tags": "kit", "type": "domain"}, ["evil.example", "second.example"]),
        ({"event_tags": "c2"}, []),
        ({"eventid": [FIRST], "type": "domain"}, ["evil.example", "second.example"]),
        ({"eventid": f"!{FIRST}", "type": "domain"}, ["evil.example"]),
        ({"uuid": "5e36b0a2-0000-4000-9000-000000000002"}, ["192.0.2.7"]),
        ({"uuid": SECOND_ONE.upper(), "type": "url"}, ["http://evil.example/x?y=1"]),
        ({"deleted": "only"}, ["gone.example"]),
        ({"deleted": [0, 1], "value": "gone.example"}, ["gone.example"]),
        ({"value": "gone.example"}, []),
        ({"object_relation": "domain"}, ["second.example"]),
        ({"object_name": "domain-ip", "type": "ip-dst"}, ["192.0.2.8"]),
        ({"threat_level_id": 3, "type": "domain"}, ["evil.example"]),
        ({"eventinfo": "%phishing%", "type": "md5"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"publish_timestamp": AT - 100, "type": "url"}, ["http://evil.example/x?y=1"]),
        ({"publish_timestamp": [AT - 600, AT - 400], "type": "domain"}, ["evil.example", "second.example"]),
        ({"event_timestamp": str(AT - 60), "type": "domain"}, ["evil.example"]),
        ({"timestamp": [AT - 998, AT - 997.5]}, ["192.0.2.7"]),
        ({"timestamp": "2m"}, []),
        ({"timestamp": "rubbish"}, []),
        ({"first_seen": "2026-09-01"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"from": "2026-11-05", "type": "domain"}, ["evil.example"]),
        ({"to": "2026-11-05", "type": "md5"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"org": "Northern Broadband", "type": "md5"}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"org": {"NOT": ["Northern Broadband"]}}, []),
        ({"org": "Nobody"}, []),
        ({"searchall": "%SOC%"}, ["evil.example"]),
        ({"published": 0}, []),
        ({"sharinggroup": 5}, []),
        ({"type": "domain", "order": "Attribute.timestamp DESC", "limit": 1}, ["evil.example"]),
        ({"type": "domain", "order": "value", "limit": 2, "page": 2}, ["second.example"]),
        ({"request": {"type": "md5"}}, ["d41d8cd98f00b204e9800998ecf8427e"]),
        ({"type": "md5", "cachebuster": "x", "nonsense": [1]}, ["d41d8cd98f00b204e9800998ecf8427e"]),
    ],
)  # fmt: skip
def test_attributes_by_each_parameter(client: Asking, asked: dict[str, Any], values: list[str]) -> None:
    assert client.values(asked) == values


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({}, ["First", "Second"]), ({"value": "evil.example"}, ["First", "Second"]),
        ({"value": "192.0.2.7"}, ["First"]),
        ({"value": "%x?y%"}, ["Second"]), ({"type": ["url", "md5"]}, ["First", "Second"]),
        ({"type": {"AND": ["url", "domain"]}}, ["Second"]), ({"tags": "kit"}, ["First"]), ({"tags": "c2"}, ["First"]),
        ({"tags": "!kit"}, ["Second"]), ({"uuid": [FIRST]}, ["First"]), ({"eventid": SECOND_ONE}, ["Second"]),
        ({"eventinfo": "%botnet%"}, ["Second"]), ({"date": ["2026-11-05", "2026-11-20"]}, ["Second"]),
        ({"threat_level_id": [1, 2]}, ["First"]), ({"published": True}, ["First", "Second"]), ({"published": 0}, []),
        ({"searchall": "%note of%"}, ["First"]), ({"searchall": "%botnet%"}, ["Second"]),
        ({"searchall": "kit"}, ["First"]), ({"order": "Event.id DESC"}, ["Second", "First"]),
        ({"order": "Event.timestamp desc", "limit": 1}, ["Second"]), ({"limit": 1, "page": 2}, ["Second"]),
        ({"limit": "1", "page": "3"}, []), ({"object_name": "domain-ip"}, ["First"]),
        ({"timestamp": str(AT - 100)}, ["Second"]), ({"timestamp": ["11m", "9m"]}, ["First"]),
        ({"last": "1m"}, ["Second"]),
        ({"to_ids": "0"}, ["First"]), ({"value": "hidden.example"}, []), ({"uuid": THIRD}, []),
    ],
)  # fmt: skip
def test_events_by_each_parameter(client: Asking, asked: dict[str, Any], titles: list[str]) -> None:
    assert client.titles(asked) == titles


def test_what_one_may_not_see_is_found_by_its_own_alone(client: Asking) -> None:
    assert client.titles({"value": "hidden.example"}, own=True) == ["Third"]
    assert client.values({"value": "evil.example"}, own=True) == ["evil.example"] * 3
    own = client.raw("attributes/restSearch", {"value": "evil.example", "includeCorrelations": 1}, own=True).json()
    other = client.raw("attributes/restSearch", {"value": "evil.example", "includeCorrelations": 1}).json()
    assert [len(one["RelatedAttribute"]) for one in own["response"]["Attribute"]] == [2, 2, 2]
    assert [len(one["RelatedAttribute"]) for one in other["response"]["Attribute"]] == [1, 1]


def test_a_get_needs_a_parameter(client: Asking) -> None:
    client.raw("attributes/restSearch", status=400)
    client.raw("events/restSearch/json", status=400)
    assert client.values(None, "attributes/restSearch/value:192.0.2.7") == ["192.0.2.7"]
    assert client.values(None, "attributes/restSearch?value=192.0.2.7&timestamp=1") == ["192.0.2.7"]
    assert client.values(None, "attributes/restSearch/json/type:md5/limit:1.json") != []
    assert client.raw("attributes/restSearch/returnFormat:text/value:192.0.2.7").text == "192.0.2.7\n"


def test_an_attribute_says_where_it_stands(client: Asking) -> None:
    asked = {"value": "second.example", "includeEventTags": 1, "includeContext": 1, "includeDecayScore": 1,
             "includeSightings": 1, "includeWarninglistHits": 1}  # fmt: skip
    (one,) = client.raw("attributes/restSearch", asked).json()["response"]["Attribute"]
    assert one["Event"]["uuid"] == one["event_uuid"] == FIRST
    assert one["Event"]["id"] == one["event_id"]
    assert one["object_id"] == one["Object"]["id"] != "0"
    assert {tag["name"] for tag in one["Tag"]} >= {"tlp:green", "kit"}
    assert one["decay_score"] == []
    assert one["to_ids"] is True
    assert isinstance(one["id"], str)
    assert isinstance(one["timestamp"], str)
    (again,) = client.raw("attributes/restSearch", {"id": one["id"]}).json()["response"]["Attribute"]
    assert again["uuid"] == one["uuid"]
    assert client.values({"eventid": one["event_id"], "type": "md5"}) == ["d41d8cd98f00b204e9800998ecf8427e"]


def test_events_show_what_was_asked(client: Asking) -> None:
    (event,) = client.raw("events/restSearch", {"eventid": FIRST, "metadata": 1}).json()["response"]
    assert event["Event"]["Attribute"] == event["Event"]["Object"] == []
    (event,) = client.raw("events/restSearch", {"eventid": FIRST, "to_ids": 0}).json()["response"]
    assert [one["value"] for one in event["Event"]["Attribute"]] == ["a note of First"]
    (event,) = client.raw("events/restSearch", {"eventid": FIRST, "tags": {"NOT": ["c2"]}}).json()["response"]
    assert "evil.example" not in [one["value"] for one in event["Event"]["Attribute"]]


@pytest.mark.parametrize("scope", ["events", "attributes"])
@pytest.mark.parametrize("form", ["csv", "text", "hashes", "hosts", "netfilter", "cache", "suricata", "snort", "rpz",
                                  "openioc", "yara", "yara-json", "stix2", "context", "context-markdown", "attack",
                                  "attack-sightings", "kunai", "xml", "count"])  # fmt: skip
def test_every_format_in_both_scopes(client: Asking, scope: str, form: str) -> None:
    answer = client.raw(f"{scope}/restSearch", {"returnFormat": form, "eventid": [FIRST, SECOND_ONE]})
    assert answer.headers["x-response-format"] == form
    assert int(answer.headers["x-result-count"]) > 0
    assert answer.content
    assert "hidden.example" not in answer.text
    if form in ("suricata", "snort", "text", "rpz", "hosts"):
        assert "evil.example" in answer.text
        assert "a note of First" not in answer.text
    if form == "count":
        assert answer.text == {"events": "2", "attributes": "9"}[scope]


def test_unknown_formats_are_refused_clearly(client: Asking) -> None:
    client.raw("events/restSearch", {"returnFormat": "nonsense"}, status=404)
    client.raw("attributes/restSearch", {"returnFormat": "opendata"}, status=405)
    client.raw("attributes/restSearch", {"returnFormat": "cache", "hash_type": "rot13"}, status=405)


def test_csv_columns(client: Asking) -> None:
    text = client.raw("attributes/restSearch", {"returnFormat": "csv", "eventid": FIRST, "includeContext": 1}).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 6
    assert {row["event_info"] for row in rows} == {"First: phishing kit"}
    assert {row["object_name"] for row in rows} == {"", "domain-ip"}
    assert rows[0]["attribute_tag"] == "c2"
    asked = {"returnFormat": "csv", "value": "192.0.2.7", "requested_attributes": ["value", "event_uuid"],
             "headerless": 1}  # fmt: skip
    assert client.raw("attributes/restSearch", asked).text == f'"192.0.2.7","{FIRST}"\n\n'


def test_objects(client: Asking) -> None:
    for asked in ({"object_name": "domain-ip"}, {"value": "second.example"}, {"object_name": "%-ip"}, {},
                  {"object_template_uuid": "43b3b146-77eb-4931-b4cc-b66c60f28734"}, {"eventid": FIRST}):  # fmt: skip
        (found,) = client.raw("objects/restSearch", asked).json()["response"]
        assert [one["value"] for one in found["Object"]["Attribute"]] == ["second.example", "192.0.2.8"]
    assert client.raw("objects/restSearch", {"object_name": "file"}).json()["response"] == []
    assert client.raw("objects/restSearch", {"eventid": SECOND_ONE}).json()["response"] == []


def test_the_index(client: Asking) -> None:
    rows = client.raw("events/index").json()
    assert [row["info"].partition(":")[0] for row in rows] == ["First", "Second"]
    assert rows[0]["attribute_count"] == "6"
    assert rows[0]["Orgc"]["name"] == "Northern Broadband"
    assert {tag["Tag"]["name"] for tag in rows[0]["EventTag"]} == {"tlp:green", "kit"}
    for asked, titles in (
        ({"eventinfo": "botnet"}, ["Second"]), ({"searchinfo": "PHISH"}, ["First"]), ({"searchtag": "kit"}, ["First"]),
        ({"searchorg": "Northern Broadband"}, ["First", "Second"]), ({"searchpublished": 2}, ["First", "Second"]),
        ({"searchtimestamp": str(AT - 100)}, ["Second"]), ({"sort": "info", "direction": "desc"}, ["Second", "First"]),
        ({"limit": 1, "page": 2}, ["Second"]), ({"threatlevel": "1|2"}, ["First"]),
        ({"attribute": "192.0.2.7"}, ["First"]),
        ({"published": 0}, []), ({"datefrom": "2026-11-05"}, ["Second"]), ({"tags": ["!kit"]}, ["Second"]),
    ):  # fmt: skip
        found = client.raw("events/index", asked).json()
        assert [row["info"].partition(":")[0] for row in found] == titles, asked
    row = client.raw("events/index", {"minimal": 1, "limit": 1}).json()[0]
    assert row.keys() == {"id", "timestamp", "sighting_timestamp", "published", "uuid", "orgc_uuid"}


def test_statistics(client: Asking) -> None:
    assert client.raw("attributes/attributeStatistics/type").json() == {
        "domain": "3", "ip-dst": "2", "ip-src|port": "1", "md5": "1", "text": "1", "url": "1"}  # fmt: skip
    assert client.raw("attributes/attributeStatistics/category/true").json() == {
        "Network activity": "77.778%", "Other": "11.111%", "Payload delivery": "11.111%"}  # fmt: skip
    client.raw("attributes/attributeStatistics/comment", status=400)


@pytest.mark.parametrize(
    ("path", "held"),
    [
        ("events/nids/suricata/download", "dns.query"), ("events/nids/snort/download/false/false/c2", "evil"),
        ("events/hids/md5/download", "d41d8cd98f00b204e9800998ecf8427e"), ("events/csv/download", "evil.example"),
        ("events/csv/download/false/1/false/Network%20activity/domain", "evil.example"),
        ("events/xml/download", "<info>First: phishing kit</info>"),
        ("attributes/text/download/domain", "evil.example"), ("attributes/text/download/md5.json", "d41d8cd98f"),
        ("attributes/text/download/type:domain", "evil.example"),
        ("attributes/rpz/download/policy:DROP", "evil.example CNAME rpz-drop."),
        ("attributes/rpz/download/tags:c2/ns:ns1.example.", "SOA ns1.example."),
        ("attributes/bro/download/all", "evil.example\tIntel:DOMAIN"), ("attributes/bro/download/ip", "Intel:ADDR"),
        ("attributes/restSearch/returnFormat:text/type:domain||md5/published:1||0", "d41d8cd98f"),
        ("events/csv/download/0/1/0/0/domain/0/0/0/0/0", "uuid,event_id"),
    ],
)  # fmt: skip
def test_old_paths(client: Asking, path: str, held: str) -> None:
    text = client.raw(path).text
    assert held in text
    assert "hidden" not in text


def test_the_feed(client: Asking) -> None:
    answer = client.raw("feed/manifest.json")
    assert answer.json().keys() == {FIRST, SECOND_ONE}
    assert answer.json()[FIRST]["info"] == "First: phishing kit"
    assert answer.headers["etag"] == client.raw("feed/manifest.json").headers["etag"]
    headers = {"authorization": client.made.ministry.key, "if-none-match": answer.headers["etag"]}
    unchanged = client.client.get("/misp/feed/manifest.json", headers=headers)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    lines = client.raw("feed/hashes.csv").text.split()
    assert {line.partition(",")[2] for line in lines} == {FIRST, SECOND_ONE}
    event = client.raw(f"feed/{FIRST}.json").json()["Event"]
    assert [one["value"] for one in event["Attribute"]][:2] == ["evil.example", "192.0.2.7"]
    assert len(event["Object"][0]["Attribute"]) == 2
    assert "id" not in event
    client.raw(f"feed/{THIRD}.json", status=404)
    assert client.raw("feed/manifest.json", own=True).json().keys() == {FIRST, SECOND_ONE, THIRD}
    assert client.client.get("/misp/feed/manifest.json").status_code == 403


@pytest.mark.parametrize("asked", [{}, {"includeContext": 1}, {"includeEventUuid": 1}, {"deleted": [0, 1]},
                                   {"eventid": FIRST}, {"limit": 3, "page": 2}])  # fmt: skip
def test_the_hot_path_says_what_the_general_one_says(client: Asking, asked: dict[str, Any]) -> None:
    """includeSightings asks the general way; no attribute has any, so that all else must be the same."""
    hot = client.raw("attributes/restSearch", asked)
    general = client.raw("attributes/restSearch", {**asked, "includeSightings": 1})
    assert hot.json() == general.json()
    assert hot.headers["x-result-count"] == general.headers["x-result-count"]
    asked = {"returnFormat": "csv", **asked}
    if "includeContext" not in asked:
        columns = [*write_csv.COLUMNS, *write_csv.OBJECT]
        general = client.raw("attributes/restSearch", {**asked, "requested_attributes": columns})
        assert client.raw("attributes/restSearch", asked).text == general.text
