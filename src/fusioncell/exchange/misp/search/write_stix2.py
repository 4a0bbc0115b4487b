"""MISP events as STIX 2.1, built as plain dicts: the common attribute types; the rest as ``x-misp-attribute``. Pure.

The layout is misp-stix's, so that what reads MISP's own export reads this: an identity (Orgc), a report (grouping while
unpublished), per attribute an observed-data with its SCOs and, with ``to_ids``, an indicator that is ``based-on`` it.
Ids come from MISP's uuids, SCO ids are the deterministic ones (STIX 2.1 §2.9).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from fusioncell.exchange.misp.search.model import About
from fusioncell.intake import observables_of
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, sco
from fusioncell.kernel.sco import deterministic_id, uuid5

Json = Mapping[str, Any]
_T = ObservableType
_SPACE = uuid.UUID("34098fce-860f-48ae-8e50-ebd3cc5e41da")
_TRUE = frozenset((True, 1, "1", "true"))
_TLP = {
    "tlp:white": ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    "tlp:clear": ("613f2e26-407d-48c7-9eca-b8e91df99dc9", "white"),
    "tlp:green": ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "green"),
    "tlp:amber": ("f88d31f6-486f-44da-b317-01333bde0b82", "amber"),
    "tlp:red": ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "red"),
}
_STRICT = {
    "type": "marking-definition", "spec_version": "2.1", "created": "2022-10-01T00:00:00.000Z",
    "id": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "name": "TLP:AMBER+STRICT",
    "extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
        "extension_type": "property-extension", "tlp_2_0": "amber+strict"}},
}  # fmt: skip
_HASH = {
    _T.MD5: "MD5", _T.SHA1: "'SHA-1'", _T.SHA256: "'SHA-256'", _T.SHA512: "'SHA-512'", _T.SHA224: "'SHA-224'",
    _T.SHA384: "'SHA-384'", _T.SHA3_256: "'SHA3-256'", _T.SHA3_512: "'SHA3-512'", _T.SSDEEP: "SSDEEP", _T.TLSH: "TLSH",
    _T.IMPHASH: "IMPHASH", _T.AUTHENTIHASH: "AUTHENTIHASH",
}  # fmt: skip
_FILE_TYPES = frozenset((*_HASH, _T.FILENAME))
_RULES = frozenset(("yara", "sigma", "snort"))
"""Types whose value is a rule: an indicator in a language of its own (STIX 2.1 §10.18)."""


def _said(value: object) -> str:
    """Return a value as a string literal of the pattern language (STIX 2.1 §9.6)."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _address_pattern(side: str, found: list[Observable], port: str) -> str:
    value = found[0].value
    kind = "ipv6-addr" if ":" in value else "ipv4-addr"
    ref = f"network-traffic:{side}_ref"
    end = f" AND network-traffic:{side}_port = {port}" if port else ""
    return f"{ref}.type = '{kind}' AND {ref}.value = {_said(value)}{end}"


def _file_pattern(found: list[Observable]) -> str:
    return " AND ".join(
        f"file:name = {_said(one.value)}" if one.type is _T.FILENAME else f"file:hashes.{_HASH[one.type]} = "
        f"{_said(one.value)}" for one in found
    )  # fmt: skip


def _domain_pattern(found: list[Observable]) -> str:
    parts = [f"domain-name:value = {_said(found[0].value)}"]
    parts += [f"domain-name:resolves_to_refs[*].value = {_said(one.value)}" for one in found[1:]]
    return " AND ".join(parts)


_PATTERNS: dict[ObservableType, Callable[[Observable], str]] = {
    _T.URL: lambda one: f"url:value = {_said(one.value)}",
    _T.MAC: lambda one: f"mac-addr:value = {_said(one.value)}",
    _T.MUTEX: lambda one: f"mutex:name = {_said(one.value)}",
    _T.ASN: lambda one: f"autonomous-system:number = {int(one.value)}",
    _T.REGISTRY_KEY: lambda one: f"windows-registry-key:key = {_said(one.value)}",
    _T.EMAIL: lambda one: f"email-addr:value = {_said(one.value)}",
    _T.X509_MD5: lambda one: f"x509-certificate:hashes.MD5 = {_said(one.value)}",
    _T.X509_SHA1: lambda one: f"x509-certificate:hashes.'SHA-1' = {_said(one.value)}",
    _T.X509_SHA256: lambda one: f"x509-certificate:hashes.'SHA-256' = {_said(one.value)}",
    _T.DIRECTORY: lambda one: f"directory:path = {_said(one.value)}",
}


def pattern_of(type: str, value: str, found: list[Observable]) -> str:
    """Return the pattern of an attribute, with its brackets; "" for a type that has none here."""
    if not found:
        return ""
    first = found[0].type
    inner = ""
    if type.startswith(("ip-src", "ip-dst")) and first in (_T.IPV4, _T.IPV6, _T.CIDR):
        inner = _address_pattern(type[3:6], found, _port(type, value))
    elif first is _T.DOMAIN:
        port = _port(type, value)
        inner = _domain_pattern(found) + (f" AND network-traffic:dst_port = {port}" if port else "")
    elif all(one.type in _FILE_TYPES for one in found):
        inner = _file_pattern(found)
    elif type == "email-src":
        inner = f"email-message:from_ref.value = {_said(found[0].value)}"
    elif type == "email-dst":
        inner = f"email-message:to_refs[*].value = {_said(found[0].value)}"
    elif type == "github-username":
        inner = f"user-account:account_type = 'github' AND user-account:account_login = {_said(value)}"
    elif first in _PATTERNS and (len(found) == 1 or type == "regkey|value"):
        data = _registry_data(type, value)
        inner = _PATTERNS[first](found[0]) + (f" AND windows-registry-key:values.data = {_said(data)}" if data else "")
    return f"[{inner}]" if inner else ""


def _port(type: str, value: str) -> str:
    """Return the port that an attribute of a type with one names; "" for others, and for what is none."""
    port = value.rpartition("|")[2] if type.endswith("|port") else ""
    return port if port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65535 else ""


def _registry_data(type: str, value: str) -> str:
    """Return the data of a ``regkey|value``, "" for other types."""
    return value.partition("|")[2] if type == "regkey|value" else ""


def _scos(type: str, value: str, found: list[Observable]) -> list[dict[str, Any]]:
    """Return the SCOs that an attribute shows, in the order and with what misp-stix reads them back by."""
    made = [one for one in map(sco, found) if one is not None]
    if not made:
        return []
    port = _port(type, value)
    if made[0]["type"] == "user-account":  # of the other kinds misp-stix knows none
        return [_named("user-account", account_type="github", account_login=value)] if type == "github-username" else []
    if data := _registry_data(type, value):
        return [_named("windows-registry-key", key=made[0]["key"], values=[{"data": data}])]
    if type.startswith(("ip-src", "ip-dst")) and made[0]["type"] in ("ipv4-addr", "ipv6-addr"):
        return _traffic(type[3:6], port, made[0])
    if port and made[0]["type"] == "domain-name":
        return _traffic("dst", port, made[0])[::-1]
    if made[0]["type"] == "domain-name" and len(made) > 1:
        made[0] = {**made[0], "resolves_to_refs": [one["id"] for one in made[1:]]}
    elif len(made) > 1 and all(one["type"] == "file" for one in made):
        whole: dict[str, Any] = {}
        for one in made:
            whole.update({key: one[key] for key in ("name", "hashes") if key in one})
        return [_named("file", **whole)]
    return made


def _named(type: str, **said: Any) -> dict[str, Any]:
    return {"type": type, "spec_version": "2.1", "id": deterministic_id(type, said), **said}


def _traffic(side: str, port: str, end: dict[str, Any]) -> list[dict[str, Any]]:
    """Return traffic from ("src") or to ("dst") an address or a name, and that."""
    traffic: dict[str, Any] = {f"{side}_ref": end["id"], "protocols": ["tcp"]}
    if port:
        traffic[f"{side}_port"] = int(port)
    return [_named("network-traffic", **traffic), end]


@lru_cache(maxsize=4096)
def _time(given: str | int | None) -> str:
    try:
        return datetime.fromtimestamp(int(str(given or 0)), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (ValueError, OverflowError, OSError):
        return "1970-01-01T00:00:00.000Z"


def _seen(given: object, default: str) -> str:
    """Return MISP's first_seen or last_seen as STIX writes instants."""
    try:
        moment = datetime.fromisoformat(str(given)) if given else None
    except ValueError:
        return default
    if moment is None:
        return default
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class _Bundle:
    """The objects of one bundle, each id once."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        self.seen: set[str] = set()

    def add(self, thing: dict[str, Any]) -> str:
        if thing["id"] not in self.seen:
            self.seen.add(thing["id"])
            self.objects.append(thing)
        return str(thing["id"])


def write_stix2(events: Iterable[Json], about: About) -> bytes:
    """Write events as one bundle."""
    bundle = _Bundle()
    names = []
    for event in events:
        names.append(str(event.get("uuid")))
        _event(event, bundle)
    named = uuid5(_SPACE, "bundle|" + "|".join(names))
    return msgspec.json.encode({"type": "bundle", "id": f"bundle--{named}", "objects": bundle.objects})


def _event(event: Json, bundle: _Bundle) -> None:
    at = _time(event.get("timestamp"))
    org = event.get("Orgc") or {}
    name = str(org.get("uuid") or uuid5(_SPACE, str(org.get("name"))))
    author = bundle.add({
        "type": "identity", "spec_version": "2.1", "id": f"identity--{name}", "created": at, "modified": at,
        "name": str(org.get("name") or "unknown"), "identity_class": "organization",
    })  # fmt: skip
    marked = _marked(event, bundle)
    place = len(bundle.objects)
    common = {"created_by_ref": author, "spec_version": "2.1"}
    refs: list[str] = []
    for attribute, inner in _attributes(event):
        refs += _attribute(attribute, inner, common, bundle)
    published = event.get("published") in _TRUE
    kind = "report" if published else "grouping"
    whole: dict[str, Any] = {
        "type": kind, "spec_version": "2.1", "id": f"{kind}--{event.get('uuid')}", "created_by_ref": author,
        "created": f"{event.get('date') or '1970-01-01'}T00:00:00.000Z", "modified": at,
        "name": str(event.get("info") or ""), "labels": ["Threat-Report", *_labels(event)],
        "object_refs": list(dict.fromkeys(refs)) or [author], **marked,
    }  # fmt: skip
    if published:
        whole["published"] = _time(event.get("publish_timestamp") or event.get("timestamp"))
    else:
        whole["context"] = "suspicious-activity"
    if whole["id"] not in bundle.seen:
        bundle.seen.add(whole["id"])
        bundle.objects.insert(place, whole)


def _attributes(event: Json) -> Iterator[tuple[Json, Json | None]]:
    for attribute in event.get("Attribute") or ():
        yield attribute, None
    for inner in event.get("Object") or ():
        for attribute in inner.get("Attribute") or ():
            yield attribute, inner


def _labels(thing: Json) -> list[str]:
    return [str(tag.get("name")) for tag in thing.get("Tag") or () if tag.get("name") and not tag.get("local")]


def _marked(thing: Json, bundle: _Bundle) -> dict[str, Any]:
    refs = []
    for name in _labels(thing):
        plain = name.lower()
        if plain in _TLP:
            named, label = _TLP[plain]
            refs.append(bundle.add({
                "type": "marking-definition", "spec_version": "2.1", "id": f"marking-definition--{named}",
                "created": "2017-01-20T00:00:00.000Z", "definition_type": "tlp", "name": f"TLP:{label.upper()}",
                "definition": {"tlp": label},
            }))  # fmt: skip
        elif plain in ("tlp:amber+strict", "tlp:amber-strict"):
            refs.append(bundle.add(dict(_STRICT)))
    return {"object_marking_refs": refs} if refs else {}


def _attribute(of: Json, inner: Json | None, common: Json, bundle: _Bundle) -> list[str]:
    type, value = str(of.get("type") or ""), str(of.get("value") or "")
    try:
        found = observables_of(type, value)
    except (BadValue, ValueError):
        found = []
    at = _time(of.get("timestamp"))
    ids = of.get("to_ids") in _TRUE
    labels = [f'misp:type="{type}"', f'misp:category="{of.get("category") or ""}"', f'misp:to_ids="{ids}"']
    if inner is not None:
        labels.append(f'misp:name="{inner.get("name") or ""}"')
    labels += _labels(of)
    made = _scos(type, value, found)
    shared = {**common, "created": at, "modified": at, "labels": labels, **_marked(of, bundle)}
    name = str(of.get("uuid"))
    if type == "vulnerability" and found:
        return [bundle.add(_vulnerability(of, name, found[0].value, shared))]
    if type in _RULES and ids:
        return _indicator(of, name, value, {**shared, "pattern_type": type}, False, bundle)
    pattern = pattern_of(type, value, found) if ids else ""
    if not made and not pattern:
        custom: dict[str, Any] = {
            **shared, "type": "x-misp-attribute", "id": f"x-misp-attribute--{name}", "x_misp_type": type,
            "x_misp_category": of.get("category") or "", "x_misp_value": value,
        }  # fmt: skip
        if of.get("comment"):
            custom["x_misp_comment"] = of["comment"]
        return [bundle.add(custom)]
    refs = []
    if made:
        first = _seen(of.get("first_seen"), at)
        refs.append(bundle.add({
            **shared, "type": "observed-data", "id": f"observed-data--{name}", "first_observed": first,
            "last_observed": max(_seen(of.get("last_seen"), first), first), "number_observed": 1,
            "object_refs": [one["id"] for one in made],
        }))  # fmt: skip
        refs += [bundle.add(one) for one in made]
    if pattern:
        refs += _indicator(of, name, pattern, shared, bool(made), bundle)
    return refs


def _vulnerability(of: Json, name: str, cve: str, shared: Json) -> dict[str, Any]:
    """Return an attribute that names a CVE as the object for it (STIX 2.1 §4.18)."""
    described = {"description": of["comment"]} if of.get("comment") else {}
    return {**shared, "type": "vulnerability", "id": f"vulnerability--{name}", "name": cve, **described,
            "external_references": [{"source_name": "cve", "external_id": cve}]}  # fmt: skip


def _indicator(of: Json, name: str, pattern: str, shared: Json, observed: bool, bundle: _Bundle) -> list[str]:
    at = str(shared["created"])
    stix = {} if "pattern_type" in shared else {"pattern_type": "stix", "pattern_version": "2.1"}
    indicator: dict[str, Any] = {
        **shared, "type": "indicator", "id": f"indicator--{name}", "pattern": pattern, **stix,
        "valid_from": _seen(of.get("first_seen"), at), "indicator_types": ["unknown"],
        "kill_chain_phases": [{"kill_chain_name": "misp-category", "phase_name": of.get("category") or "Other"}],
    }  # fmt: skip
    if of.get("comment"):
        indicator["description"] = of["comment"]
    refs = [bundle.add(indicator)]
    if observed:
        refs.append(bundle.add({
            "type": "relationship", "spec_version": "2.1", "created": at, "modified": at,
            "created_by_ref": shared["created_by_ref"], "relationship_type": "based-on",
            "id": f"relationship--{uuid5(_SPACE, f'{name}|based-on')}",
            "source_ref": f"indicator--{name}", "target_ref": f"observed-data--{name}",
        }))  # fmt: skip
    return refs
