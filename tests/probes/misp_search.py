"""Probes of the MISP door's search: each scope, format and flag that could tell of what a viewer may not see."""

from __future__ import annotations

from typing import Any

from probes.model import UNKNOWN, Answers, Ask, Probe

_FORMATS = ("csv", "text", "hashes", "hosts", "netfilter", "cache", "suricata", "snort", "rpz", "openioc", "yara",
            "yara-json", "stix2", "context", "context-markdown", "attack", "attack-sightings", "kunai", "xml",
            "count")  # fmt: skip
_ASKED: tuple[dict[str, Any], ...] = (
    {"type": "domain"}, {"type": {"OR": ["ip-%", "url"]}, "limit": 2, "page": 2}, {"value": "%e%", "limit": 3},
    {"to_ids": 0}, {"deleted": [0, 1]}, {"tags": "%"}, {"tags": {"NOT": ["tlp:amber"]}}, {"searchall": "%a%"},
    {"eventinfo": "%e%"}, {"order": "timestamp DESC", "limit": 4}, {"uuid": UNKNOWN}, {"eventid": UNKNOWN},
    {"published": 0}, {"org": "!nobody"}, {"event_tags": "tlp:green"}, {"first_seen": "2000-01-01"},
    {"object_name": "%"}, {"threat_level_id": [1, 2]}, {"sharinggroup": 1}, {"enforceWarninglist": 1, "limit": 5},
)  # fmt: skip
_AROUND = {"includeContext": 1, "includeEventTags": 1, "includeCorrelations": 1, "includeSightings": 1,
           "includeDecayScore": 1, "includeProposals": 1, "includeWarninglistHits": 1,
           "includeEventUuid": 1}  # fmt: skip


def _search(scope: str, formats: tuple[str, ...] = ()) -> Ask:
    async def ask(p: Probe) -> Answers:
        path = f"/misp/{scope}/restSearch"
        for body in ({}, *_ASKED):
            yield await p.ask("POST", path, json=body)
        yield await p.ask("POST", path, json=_AROUND)
        yield await p.get(f"{path}/type:domain/limit:2")
        for form in formats:
            yield await p.ask("POST", path, json={"returnFormat": form})
            if form in ("text", "suricata"):
                yield await p.ask("POST", path, json={"returnFormat": form, "published": [0, 1], "to_ids": [0, 1]})

    return ask


async def _sightings(p: Probe) -> Answers:
    for end in ("", "/event", "/attribute"):
        for body in ({"last": "3650d", "includeEvent": 1, "includeAttribute": 1}, {"id": UNKNOWN}, {"type": "1"},
                     {"returnFormat": "csv", "last": "3650d"}, {"returnFormat": "xml"}):  # fmt: skip
            yield await p.ask("POST", f"/misp/sightings/restSearch{end}", json=body)


def _asked(*paths: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        for path in paths:
            yield await p.get(f"/misp/{path}")

    return ask


async def _index(p: Probe) -> Answers:
    yield await p.get("/misp/events/index")
    for body in ({}, {"minimal": 1}, {"sort": "info", "direction": "desc", "limit": 2}, {"searchtag": "tlp:green"},
                 {"searchall": "a"}, {"limit": 1, "page": 2}):  # fmt: skip
        yield await p.ask("POST", "/misp/events/index", json=body)


async def _feed(p: Probe) -> Answers:
    answer = await p.client.get("/misp/feed/manifest.json")
    for uuid in [*(answer.json() if answer.status_code == 200 else ()), UNKNOWN]:
        yield await p.get(f"/misp/feed/{uuid}.json")


MISP_PROBES: dict[str, Ask] = {
    "GET events/restSearch": _search("events", _FORMATS),
    "GET attributes/restSearch": _search("attributes", _FORMATS),
    "GET objects/restSearch": _search("objects"),
    "GET sightings/restSearch": _sightings,
    "GET events/index": _index,
    "GET attributes/attributeStatistics": _asked("attributes/attributeStatistics/type",
                                                 "attributes/attributeStatistics/category/true"),
    "GET feed/manifest": _asked("feed/manifest.json"),
    "GET feed/hashes.csv": _asked("feed/hashes.csv"),
    "GET feed/view": _feed,
    "GET events/nids": _asked("events/nids/suricata/download", "events/nids/snort/download"),
    "GET events/hids": _asked("events/hids/md5/download", "events/hids/sha256/download"),
    "GET events/csv": _asked("events/csv/download", "events/csv/download/false/1"),
    "GET events/xml": _asked("events/xml/download"),
    "GET events/stix": _asked("events/stix/download/false"),
    "GET events/text": _asked("events/text/download"),
    "GET events/restDownload": _asked("events/restDownload/csv"),
    "GET attributes/text": _asked("attributes/text/download/all", "attributes/text/download/domain/false/false/1"),
    "GET attributes/rpz": _asked("attributes/rpz/download"),
    "GET attributes/bro": _asked("attributes/bro/download/all"),
}  # fmt: skip
