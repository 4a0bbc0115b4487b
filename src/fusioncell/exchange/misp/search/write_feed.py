"""A MISP feed's files: ``manifest.json``, ``hashes.csv`` and one ``{uuid}.json`` an event. Pure.

As PyMISP's feed generator writes them, and OpenCTI, XSOAR and MISP itself read them: events without the instance's
ids, distribution or relay, so that a reader sets its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

Json = Mapping[str, Any]
_EVENT = ("info", "date", "threat_level_id", "analysis", "timestamp", "publish_timestamp", "published", "uuid",
          "extends_uuid")  # fmt: skip
_ATTRIBUTE = ("uuid", "type", "category", "value", "to_ids", "comment", "timestamp", "deleted", "object_relation",
              "disable_correlation", "first_seen", "last_seen", "data")  # fmt: skip
_OBJECT = ("uuid", "name", "meta-category", "description", "template_uuid", "template_version", "timestamp", "comment",
           "deleted", "first_seen", "last_seen")  # fmt: skip
_REFERENCE = ("uuid", "timestamp", "referenced_uuid", "relationship_type", "comment", "object_uuid")
_REPORT = ("uuid", "name", "content", "timestamp", "deleted")


def manifest_entry(event: Json) -> dict[str, Any]:
    """Return an event's entry of ``manifest.json``."""
    return {
        "Orgc": _org(event), "Tag": _tags(event), "info": event.get("info", ""), "date": event.get("date", ""),
        "analysis": event.get("analysis", "0"), "threat_level_id": event.get("threat_level_id", "4"),
        "timestamp": event.get("timestamp", "0"), "publish_timestamp": event.get("publish_timestamp", "0"),
    }  # fmt: skip


def event_file(event: Json) -> dict[str, Any]:
    """Return an event as its file holds it."""
    kept = _some(event, _EVENT)
    kept["Orgc"] = _org(event)
    kept["Tag"] = _tags(event)
    kept["Attribute"] = [_attribute(one) for one in event.get("Attribute") or ()]
    kept["Object"] = [_object(one) for one in event.get("Object") or ()]
    reports = [_some(one, _REPORT) for one in event.get("EventReport") or ()]
    if reports:
        kept["EventReport"] = reports
    return {"Event": kept}


def hash_lines(uuid: str, values: Iterable[tuple[str, str]]) -> list[str]:
    """Return the lines of ``hashes.csv`` of an event's (type, value): an MD5 of each, composite ones part by part."""
    found: dict[str, None] = {}
    for type, value in values:
        parts = value.split("|") if "|" in type or type == "malware-sample" else [value]
        for part in parts:
            found[hashlib.md5(part.encode(), usedforsecurity=False).hexdigest()] = None
    return [f"{digest},{uuid}" for digest in found]


def _some(thing: Json, names: Iterable[str]) -> dict[str, Any]:
    return {name: thing[name] for name in names if thing.get(name) not in (None, "")}


def _org(event: Json) -> dict[str, Any]:
    org = event.get("Orgc") or {}
    return {"name": org.get("name", ""), "uuid": org.get("uuid", "")}


def _tags(thing: Json) -> list[dict[str, Any]]:
    """Return the tags that leave an instance: none that is local, or not exportable."""
    return [
        {"name": tag.get("name"), "colour": tag.get("colour", "#5b5b5b")}
        for tag in thing.get("Tag") or () if not tag.get("local") and tag.get("exportable", True) is not False
    ]  # fmt: skip


def _attribute(one: Json) -> dict[str, Any]:
    kept = _some(one, _ATTRIBUTE)
    if tags := _tags(one):
        kept["Tag"] = tags
    return kept


def _object(one: Json) -> dict[str, Any]:
    kept = _some(one, _OBJECT)
    kept["Attribute"] = [_attribute(inner) for inner in one.get("Attribute") or ()]
    kept["ObjectReference"] = [_some(ref, _REFERENCE) for ref in one.get("ObjectReference") or ()]
    return kept
