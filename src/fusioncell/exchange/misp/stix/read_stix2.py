"""Read a STIX 2.0 or 2.1 bundle as one MISP event: what is observable in it, its names and its markings. Pure.

1. The bundle is cut and read as every STIX contribution is (``intake``): per object its observables and their roles.
2. A report's or grouping's name is the event's; malware, tools, actors and campaigns become attributes of their names.
3. An object that MISP wrote is the attribute that it was made of (``of_misp``). What bears the same attribute again,
   the ``observed-data`` beside an indicator and the SCOs that it refers to, is passed over.
4. The strictest marking of all objects becomes the event's tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from fusioncell.exchange.misp.stix.name_type import attribute
from fusioncell.exchange.misp.stix.of_misp import Head, Sco, attribute_of
from fusioncell.intake import extract_entry, split_body
from fusioncell.intake.model import Item, Limits
from fusioncell.kernel.claim import Stance
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.marking import strictest

_NAMED = {"threat-actor": ("threat-actor", "Attribution"), "intrusion-set": ("threat-actor", "Attribution"),
          "campaign": ("campaign-name", "Attribution"), "malware": ("text", "Payload type"),
          "tool": ("text", "Payload type")}  # fmt: skip
_TITLES = ("report", "grouping")
_SCOS = frozenset({
    "artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr",
    "ipv6-addr", "mac-addr", "mutex", "network-traffic", "url", "user-account", "windows-registry-key",
    "x509-certificate",
})  # fmt: skip
_UNTOLD: dict[str, Any] = {}
_S = TypeVar("_S", Head, Sco)
MOST = 20_000
"""Most attributes of one upload."""


def read_stix2(body: bytes, limits: Limits) -> dict[str, Any]:
    """Return the event. Raises BadInput and TooLarge as intake does."""
    _, cut = split_body("application/stix+json", body, "upload.json", limits)
    event: dict[str, Any] = {"info": "", "Attribute": [], "Tag": []}
    heads = [(item, head) for item in cut.items if (head := _read(item, Head)) is not None]
    told = _told(heads)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for item, head in heads:
        if head.type in _TITLES and not event["info"]:
            event["info"], event["date"] = head.name[:1000], head.published[:10]
        own = told.get(head.id, _UNTOLD)
        for one in _attributes(item, head) if own is _UNTOLD else (own,):
            if one is not None and len(found) < MOST:
                standing = found.setdefault((one["type"], one["value"]), one)
                # An SCO that is named beside its indicator says no less for being read first.
                standing["to_ids"] = standing["to_ids"] or one["to_ids"]
    event["Attribute"] = list(found.values())
    event["info"] = event["info"] or cut.title or "STIX import"
    if not event.get("date"):
        event.pop("date", None)
    tlp = strictest(item.tlp for item in cut.items if item.tlp is not None)
    if tlp is not None:
        event["Tag"].append({"name": f"tlp:{tlp.value}"})
    return event


def _read(item: Item, shape: type[_S]) -> _S | None:
    try:
        return msgspec.json.decode(item.body, type=shape)
    except msgspec.DecodeError:
        return None  # It is one of intake's faults.


def _told(heads: Sequence[tuple[Item, Head]]) -> dict[str, dict[str, Any] | None]:
    """Return id → the attribute that an object of MISP's bears, None for what bears one that is told already."""
    scos = {head.id: sco for item, head in heads if head.type in _SCOS and (sco := _read(item, Sco)) is not None}
    told: dict[str, dict[str, Any] | None] = {}
    for _, head in sorted(heads, key=lambda one: one[1].type == "observed-data"):
        made = attribute_of(head, scos)
        if made is None:
            continue
        twin = f"indicator--{head.id.partition('--')[2]}"
        told[head.id] = None if head.type == "observed-data" and twin in told else made
        told.update(dict.fromkeys(head.object_refs) if head.type == "observed-data" else {})
    return told


def _attributes(item: Item, head: Head) -> Iterable[dict[str, Any]]:
    said = head.said()
    if head.type in _NAMED and head.name:
        kind, category = _NAMED[head.type]
        yield {"type": kind, "category": category, "value": head.name[:1000], "to_ids": False, "comment": head.type}
        return
    payload = Payload("", item.subject, item.version, item.place, item.body, item.meta)
    claims = extract_entry(Entry(0, 0, 0, "", item.kind, 0, "", b"", b"", payload)).claims
    one_of_misp = len(claims) == 1 and "|" not in said.get("type", "")
    for claim in claims:
        to_ids = said["to_ids"] == "True" if "to_ids" in said else head.type == "indicator" and (
            claim.stance in (Stance.MALICIOUS, Stance.SUSPICIOUS))  # fmt: skip
        made = attribute(
            claim.observable, to_ids=to_ids, comment=head.name or head.description,
            type=said.get("type", "") if one_of_misp else "", category=said.get("category", "") if one_of_misp else "",
        )  # fmt: skip
        if made is not None:
            yield made
