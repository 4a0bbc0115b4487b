"""Find what a free text names, as MISP's free text import answers it. Pure."""

from __future__ import annotations

from typing import Any

from fusioncell.intake import find_observables
from fusioncell.kernel.observable import ObservableType

MAX_FOUND = 2000
"""Attributes of one text."""
_T = ObservableType
_TYPES: dict[ObservableType, tuple[str, ...]] = {
    _T.IPV4: ("ip-dst", "ip-src", "ip-src/ip-dst"), _T.IPV6: ("ip-dst", "ip-src", "ip-src/ip-dst"),
    _T.DOMAIN: ("domain", "hostname", "link", "url"), _T.URL: ("url", "link"),
    _T.EMAIL: ("email-src", "email", "email-dst", "target-email", "whois-registrant-email"), _T.MD5: ("md5", "imphash"),
    _T.SHA1: ("sha1", "pehash"), _T.SHA224: ("sha224",), _T.SHA256: ("sha256", "authentihash"), _T.SHA384: ("sha384",),
    _T.SHA512: ("sha512",), _T.VULNERABILITY: ("vulnerability",), _T.ASN: ("AS",),
}  # fmt: skip
"""Observable → the MISP types that it may be, the default first."""


def found_in(text: str) -> list[dict[str, Any]]:
    """Return what a text names: ``value``, ``default_type``, ``types`` (type → itself), in order, each once."""
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for one in find_observables(text):
        types = _TYPES.get(one.observable.type)
        if types is None or len(made) >= MAX_FOUND:
            continue
        value = one.observable.value
        if one.observable.type is _T.DOMAIN and value.count(".") > 1:
            types = ("hostname", "domain", "link", "url")
        made.setdefault((types[0], value), {
            "default_type": types[0], "value": value, "types": {name: name for name in types}, "comment": "",
        })  # fmt: skip
    return list(made.values())
