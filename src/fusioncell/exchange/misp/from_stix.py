"""STIX contributions as MISP shows them: each an event, what names observables an attribute in it. Pure; read only.

One STIX object is one attribute. One that names a single observable has its MISP type; one that names several stands
as its pattern, or as text, and is found by each of its values. Nothing of it is stored: it is made when it is read.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fusioncell.exchange.misp.model import Document
from fusioncell.intake.model import Extract
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.clock import SECOND, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import ObservableType

_T = ObservableType
_TYPES: dict[ObservableType, tuple[str, str]] = {
    _T.IPV4: ("ip-dst", "Network activity"), _T.IPV6: ("ip-dst", "Network activity"),
    _T.DOMAIN: ("domain", "Network activity"), _T.URL: ("url", "Network activity"),
    _T.EMAIL: ("email-src", "Payload delivery"), _T.MD5: ("md5", "Payload delivery"),
    _T.SHA1: ("sha1", "Payload delivery"), _T.SHA256: ("sha256", "Payload delivery"),
    _T.SHA512: ("sha512", "Payload delivery"), _T.SHA224: ("sha224", "Payload delivery"),
    _T.SHA384: ("sha384", "Payload delivery"), _T.SSDEEP: ("ssdeep", "Payload delivery"),
    _T.TLSH: ("tlsh", "Payload delivery"), _T.IMPHASH: ("imphash", "Payload delivery"),
    _T.FILENAME: ("filename", "Payload delivery"), _T.MUTEX: ("mutex", "Artifacts dropped"),
    _T.REGISTRY_KEY: ("regkey", "Artifacts dropped"), _T.VULNERABILITY: ("vulnerability", "External analysis"),
    _T.WEAKNESS: ("weakness", "External analysis"), _T.ASN: ("AS", "Network activity"),
    _T.MAC: ("mac-address", "Network activity"), _T.USER_AGENT: ("user-agent", "Network activity"),
    _T.PHONE: ("phone-number", "Person"), _T.BTC: ("btc", "Financial fraud"), _T.XMR: ("xmr", "Financial fraud"),
    _T.IBAN: ("iban", "Financial fraud"), _T.JA3: ("ja3-fingerprint-md5", "Network activity"),
}  # fmt: skip
"""Observable → MISP type and category; what is not here is shown as text."""
KIND = "stix"
_UUID = 36


class _Head(msgspec.Struct):
    pattern: str | None = None
    pattern_type: str | None = None
    name: str | None = None
    description: str | None = None


_HEAD = msgspec.json.Decoder(_Head)


def uuid_of(entry: Entry) -> str:
    """Return the uuid in an object's STIX id, "" where it has none."""
    subject = entry.payload.subject if entry.payload is not None else ""
    uuid = subject.rpartition("--")[2].lower()
    return uuid if len(uuid) == _UUID and uuid.count("-") == 4 else ""


def values_in(extract: Extract) -> list[str]:
    """Return the values that an object names."""
    return list(dict.fromkeys(claim.observable.value for claim in extract.claims))


def attribute_of(entry: Entry, extract: Extract) -> dict[str, Any] | None:
    """Return an object as an attribute; None for one that names no observable."""
    if entry.payload is None or not extract.claims or not uuid_of(entry):
        return None
    observables = list(dict.fromkeys(claim.observable for claim in extract.claims))
    head = _HEAD.decode(entry.payload.body)
    if len(observables) == 1:
        value = observables[0].value
        type, category = _TYPES.get(observables[0].type, ("text", "Other"))
    elif head.pattern and head.pattern_type in (None, "stix"):
        type, category, value = "stix2-pattern", "Network activity", head.pattern
    else:
        type, category, value = "text", "Other", ", ".join(each.value for each in observables)[:60_000]
    guilty = any(claim.role is Role.ATTACKER and claim.stance in (Stance.MALICIOUS, Stance.SUSPICIOUS)
                 for claim in extract.claims)  # fmt: skip
    return {
        "uuid": uuid_of(entry), "type": type, "category": category, "value": value, "to_ids": guilty,
        "timestamp": str((entry.payload.version or entry.at) // SECOND), "comment": (head.name or "")[:1000],
        "deleted": any(claim.stance is Stance.END for claim in extract.claims), "distribution": "5",
        **({"Tag": [{"name": name} for name in extract.labels[:50]]} if extract.labels else {}),
    }  # fmt: skip


def event_of(entry: Entry) -> dict[str, Any]:
    """Return the event that a contribution is, by the first of its objects that is shown."""
    second = str(entry.at // SECOND)
    day = format_instant(entry.at)[:10]
    return {
        "uuid": entry.contribution, "info": f"STIX objects contributed on {day}", "date": day, "threat_level_id": "4",
        "analysis": "2", "timestamp": second, "published": True, "publish_timestamp": second,
    }  # fmt: skip


def is_shell(document: Document) -> bool:
    """Tell whether a document is such an event: it stands below zero, where no entry of its own is."""
    return document.seq < 0 and document.model == "Event"
