"""Observables as STIX 2.1 Cyber-observable Objects, with their deterministic ids (STIX 2.1 §2.9, §6).

The id is UUIDv5 over the canonical JSON (RFC 8785) of the contributing properties. All of these are strings, lists
of strings or integers here, for which sorted compact JSON is canonical. Types without an SCO answer None.
"""

from __future__ import annotations

import json
import uuid
from hashlib import sha1
from typing import Any

from fusioncell.kernel.value import Observable, ObservableType

NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace that STIX 2.1 §2.9 names for SCO ids."""

_T = ObservableType

_SIMPLE: dict[ObservableType, tuple[str, str]] = {
    _T.IPV4: ("ipv4-addr", "value"),
    _T.IPV6: ("ipv6-addr", "value"),
    _T.DOMAIN: ("domain-name", "value"),
    _T.URL: ("url", "value"),
    _T.EMAIL: ("email-addr", "value"),
    _T.MAC: ("mac-addr", "value"),
    _T.MUTEX: ("mutex", "name"),
    _T.REGISTRY_KEY: ("windows-registry-key", "key"),
    _T.FILENAME: ("file", "name"),
    _T.DIRECTORY: ("directory", "path"),
    _T.USER_ACCOUNT: ("user-account", "account_login"),
    _T.JABBER: ("user-account", "account_login"),
    _T.SOCIAL: ("user-account", "account_login"),
}

_HASHES: dict[ObservableType, tuple[str, str]] = {
    _T.MD5: ("file", "MD5"),
    _T.SHA1: ("file", "SHA-1"),
    _T.SHA256: ("file", "SHA-256"),
    _T.SHA512: ("file", "SHA-512"),
    _T.SHA224: ("file", "SHA-224"),
    _T.SHA384: ("file", "SHA-384"),
    _T.SHA3_256: ("file", "SHA3-256"),
    _T.SHA3_512: ("file", "SHA3-512"),
    _T.SSDEEP: ("file", "SSDEEP"),
    _T.TLSH: ("file", "TLSH"),
    _T.IMPHASH: ("file", "IMPHASH"),
    _T.AUTHENTIHASH: ("file", "AUTHENTIHASH"),
    _T.X509_MD5: ("x509-certificate", "MD5"),
    _T.X509_SHA1: ("x509-certificate", "SHA-1"),
    _T.X509_SHA256: ("x509-certificate", "SHA-256"),
}


def _body(observable: Observable) -> tuple[str, dict[str, Any]] | None:
    """Return the SCO type and its contributing properties."""
    type, value = observable.type, observable.value
    if type in _SIMPLE:
        name, key = _SIMPLE[type]
        return name, {key: value}
    if type in _HASHES:
        name, algorithm = _HASHES[type]
        return name, {"hashes": {algorithm: value}}
    if type is _T.CIDR:
        return ("ipv6-addr" if ":" in value else "ipv4-addr"), {"value": value}
    if type is _T.ASN:
        return "autonomous-system", {"number": int(value)}
    return None


def stix_type(type: ObservableType) -> str | None:
    """Return the SCO type that carries observables of this type (a network is an ``ipv4-addr`` or ``ipv6-addr``)."""
    if type is _T.ASN:
        return "autonomous-system"
    if type is _T.CIDR:
        return "ipv4-addr"
    found = _SIMPLE.get(type) or _HASHES.get(type)
    return found[0] if found else None


_canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def uuid5(space: uuid.UUID, text: str) -> str:
    """Return what ``uuid.uuid5`` does (RFC 9562 §5.5), as text and at a third of the cost."""
    whole = bytearray(sha1(space.bytes + text.encode(), usedforsecurity=False).digest()[:16])
    whole[6], whole[8] = whole[6] & 0x0F | 0x50, whole[8] & 0x3F | 0x80
    digits = whole.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def deterministic_id(name: str, contributing: dict[str, Any]) -> str:
    """Mint the id of an SCO from its contributing properties (strings, integers, and lists and dicts of these)."""
    return f"{name}--{uuid5(NAMESPACE, _canonical(contributing))}"


def sco_id(observable: Observable) -> str | None:
    """Return the deterministic SCO id, None where STIX has no SCO for the type."""
    body = _body(observable)
    return deterministic_id(*body) if body else None


def sco(observable: Observable) -> dict[str, Any] | None:
    """Build the SCO as a JSON-ready dict, None where STIX has none for the type."""
    body = _body(observable)
    if body is None:
        return None
    name, properties = body
    return {"type": name, "spec_version": "2.1", "id": deterministic_id(name, properties), **properties}
