"""The formats in which the partners speak: values of the story, written as STIX 2.1, MISP, CSV or text.

Ids are UUIDv5 of the piece's key, so that a story told again is the same story; its times are those of its telling.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from dataclasses import dataclass

from fusioncell.kernel.clock import DAY, SECOND, Instant, format_day, format_instant
from fusioncell.kernel.marking import Tlp

_NAMESPACE = uuid.UUID("5d6f5a9e-0c1b-4b59-9a53-3f4e3d1c7a10")
"""The demonstration's own namespace for ids."""

Value = tuple[str, str, str]
"""(type, value, what is said of it); types: domain, url, ip, sha256, email."""


@dataclass(frozen=True, slots=True)
class Prose:
    """A text: its first line is its title; defanged values in it are the attacker's."""

    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """A CSV file of indicators. ``spoiled``: lines as they came out of somebody's spreadsheet, which cannot be read."""

    filename: str
    values: tuple[Value, ...]
    tags: str
    confidence: int = 75
    verdict: str = "malicious"
    spoiled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A MISP event. ``context``: values that are only mentioned (``to_ids: false``); ``days_old``: the report's age."""

    info: str
    values: tuple[Value, ...]
    tags: tuple[str, ...]
    context: tuple[Value, ...] = ()
    days_old: int = 0


@dataclass(frozen=True, slots=True)
class Bundle:
    """A STIX 2.1 bundle: a report, an indicator for each value, the ATT&CK techniques and what else it names."""

    name: str
    description: str
    values: tuple[Value, ...]
    techniques: tuple[str, ...] = ()
    malware: str = ""
    campaign: str = ""
    kind: str = "malicious-activity"
    confidence: int = 75


Piece = Prose | Rows | Event | Bundle


def made_id(*words: object) -> str:
    """Return the UUIDv5 of the words."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, words))))


def write(piece: Piece, partner: tuple[str, str], key: str, now: Instant, tlp: Tlp) -> tuple[bytes, str, str]:
    """Write a piece as its author's tools would: (body, media type, file name). MISP events carry their marking.

    ``partner``: the organisation's id, by which its own tools name it too, and its name.
    """
    match piece:
        case Prose():
            return piece.text.strip().encode(), "text/markdown", ""
        case Rows():
            return _csv(piece, now), "text/csv", piece.filename
        case Event():
            return _misp(piece, partner, key, now, tlp), "application/vnd.misp+json", ""
        case Bundle():
            return _stix(piece, key, now), "application/stix+json;version=2.1", ""


# -- CSV ----------------------------------------------------------------------------------------------------------

_CSV_TYPES = {"domain": "domain", "url": "url", "ip": "ip", "sha256": "sha256", "email": "email"}


def _csv(piece: Rows, now: Instant) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("value", "type", "last_seen", "confidence", "verdict", "tags", "comment"))
    for index, (type, value, comment) in enumerate(piece.values):
        seen = format_instant(now - (index * 47 + 30) * SECOND)
        writer.writerow((value, _CSV_TYPES[type], seen, piece.confidence, piece.verdict, piece.tags, comment))
    return (out.getvalue() + "".join(line + "\n" for line in piece.spoiled)).encode()


# -- MISP ---------------------------------------------------------------------------------------------------------

_MISP_TYPES = {"domain": ("domain", "Network activity"), "url": ("url", "Network activity"),
               "ip": ("ip-dst", "Network activity"), "sha256": ("sha256", "Payload delivery"),
               "email": ("email-src", "Payload delivery")}


def _attribute(key: str, value: Value, to_ids: bool, stamp: str) -> dict[str, object]:
    type, text, comment = value
    kind, category = _MISP_TYPES[type]
    return {"uuid": made_id(key, kind, text), "type": kind, "category": category, "value": text, "to_ids": to_ids,
            "timestamp": stamp, "comment": comment, "distribution": "5"}


def _misp(piece: Event, partner: tuple[str, str], key: str, now: Instant, tlp: Tlp) -> bytes:
    at = now - piece.days_old * DAY
    stamp = str(at // SECOND)
    made_by = {"name": partner[1], "uuid": partner[0]}
    attributes = [_attribute(key, value, True, stamp) for value in piece.values]
    attributes += [_attribute(key, value, False, stamp) for value in piece.context]
    return json.dumps({"Event": {
        "uuid": made_id("event", key), "info": piece.info, "date": format_day(at), "timestamp": stamp,
        "threat_level_id": "2", "analysis": "1", "distribution": "3", "published": True,
        "Orgc": made_by, "Org": made_by,
        "Tag": [{"name": name} for name in (f"tlp:{tlp.value}", *piece.tags)], "Attribute": attributes,
    }}).encode()


# -- STIX ---------------------------------------------------------------------------------------------------------

_PATTERNS = {"domain": "[domain-name:value = '{}']", "url": "[url:value = '{}']", "ip": "[ipv4-addr:value = '{}']",
             "sha256": "[file:hashes.'SHA-256' = '{}']", "email": "[email-addr:value = '{}']"}


def _pattern(type: str, value: str) -> str:
    if type == "ip" and ":" in value:
        return f"[ipv6-addr:value = '{value}']"
    return _PATTERNS[type].format(value)


def _stix(piece: Bundle, key: str, now: Instant) -> bytes:
    at = format_instant(now)
    common = {"spec_version": "2.1", "created": at, "modified": at}
    said = [{"source_name": "mitre-attack", "external_id": technique} for technique in piece.techniques]
    things: list[dict[str, object]] = [
        {"type": "indicator", "id": f"indicator--{made_id(key, type, value)}", **common,
         "name": comment or value, "description": piece.name, "indicator_types": [piece.kind],
         "pattern": _pattern(type, value), "pattern_type": "stix", "valid_from": at, "confidence": piece.confidence,
         **({"external_references": said} if said else {})}
        for type, value, comment in piece.values]
    for kind, name, more in (("malware", piece.malware, {"is_family": True}), ("campaign", piece.campaign, {})):
        if name:
            thing = f"{kind}--{made_id(kind, name)}"
            things += [{"type": "relationship", "id": f"relationship--{made_id(key, kind, one['id'])}", **common,
                        "relationship_type": "indicates", "source_ref": one["id"], "target_ref": thing}
                       for one in things if one["type"] == "indicator"]
            things.append({"type": kind, "id": thing, **common, "name": name, **more})
    report = {"type": "report", "id": f"report--{made_id('report', key)}", **common, "name": piece.name,
              "description": piece.description, "report_types": ["threat-report"], "published": at,
              "object_refs": [thing["id"] for thing in things]}
    bundle = {"type": "bundle", "id": f"bundle--{made_id('bundle', key)}", "objects": [report, *things]}
    return json.dumps(bundle).encode()
