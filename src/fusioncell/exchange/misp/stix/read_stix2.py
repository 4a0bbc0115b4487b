"""Read a STIX 2.0 or 2.1 bundle as one MISP event: what is observable in it, its names and its markings. Pure.

1. The bundle is cut and read as every STIX contribution is (``intake``): per object its observables and their roles.
2. A report's or grouping's name is the event's; malware, tools, actors and campaigns become attributes of their names.
3. An object that MISP wrote says its type, category and ``to_ids`` in its labels (``misp:type="ip-src"``): they hold.
4. The strictest marking of all objects becomes the event's tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from fusioncell.exchange.misp.stix.name_type import attribute
from fusioncell.intake import extract_entry, split_body
from fusioncell.intake.model import Item, Limits
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.marking import strictest

_SAID = re.compile(r'misp:([a-z_]+)="([^"]{1,100})"\Z')
_NAMED = {"threat-actor": ("threat-actor", "Attribution"), "intrusion-set": ("threat-actor", "Attribution"),
          "campaign": ("campaign-name", "Attribution"), "malware": ("text", "Payload type"),
          "tool": ("text", "Payload type")}  # fmt: skip
_TITLES = ("report", "grouping")
MOST = 20_000
"""Most attributes of one upload."""


class _Head(msgspec.Struct):
    type: str = ""
    name: str = ""
    description: str = ""
    pattern_type: str = ""
    published: str = ""
    labels: list[str] = []


def read_stix2(body: bytes, limits: Limits) -> dict[str, Any]:
    """Return the event. Raises BadInput and TooLarge as intake does."""
    _, cut = split_body("application/stix+json", body, "upload.json", limits)
    event: dict[str, Any] = {"info": "", "Attribute": [], "Tag": []}
    seen: set[tuple[str, str]] = set()
    for item in cut.items:
        try:
            head = msgspec.json.decode(item.body, type=_Head)
        except msgspec.DecodeError:
            continue  # It is one of intake's faults.
        if head.type in _TITLES and not event["info"]:
            event["info"], event["date"] = head.name[:1000], head.published[:10]
        for one in _attributes(item, head):
            key = (one["type"], one["value"])
            if key not in seen and len(seen) < MOST:
                seen.add(key)
                event["Attribute"].append(one)
    event["info"] = event["info"] or cut.title or "STIX import"
    if not event.get("date"):
        event.pop("date", None)
    tlp = strictest(item.tlp for item in cut.items if item.tlp is not None)
    if tlp is not None:
        event["Tag"].append({"name": f"tlp:{tlp.value}"})
    return event


def _attributes(item: Item, head: _Head) -> Iterable[dict[str, Any]]:
    said = {found[1]: found[2] for label in head.labels if (found := _SAID.match(label))}
    if head.type in _NAMED and head.name:
        kind, category = _NAMED[head.type]
        yield {"type": kind, "category": category, "value": head.name[:1000], "to_ids": False, "comment": head.type}
        return
    payload = Payload("", item.subject, item.version, item.place, item.body, item.meta)
    claims = extract_entry(Entry(0, 0, 0, "", item.kind, 0, "", b"", b"", payload)).claims
    one_of_misp = len(claims) == 1
    for claim in claims:
        to_ids = said["to_ids"] == "True" if "to_ids" in said else head.type == "indicator" and (
            claim.stance in (Stance.MALICIOUS, Stance.SUSPICIOUS))  # fmt: skip
        made = attribute(
            claim.observable, to_ids=to_ids, comment=head.name or head.description,
            type=said.get("type", "") if one_of_misp else "", category=said.get("category", "") if one_of_misp else "",
        )  # fmt: skip
        if made is not None:
            yield made
