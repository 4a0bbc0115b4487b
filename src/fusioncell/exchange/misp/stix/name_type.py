"""Which MISP type an observable has when it comes from STIX. Pure."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.observable import Observable

_DELIVERY, _NETWORK = "Payload delivery", "Network activity"
TYPES: dict[str, tuple[str, str]] = {
    "ipv4-addr": ("ip-dst", _NETWORK), "ipv6-addr": ("ip-dst", _NETWORK), "cidr": ("ip-dst", _NETWORK),
    "domain-name": ("domain", _NETWORK), "url": ("url", _NETWORK), "email-addr": ("email-src", _DELIVERY),
    "vulnerability": ("vulnerability", "External analysis"), "autonomous-system": ("AS", _NETWORK),
    "x509-sha1": ("x509-fingerprint-sha1", _NETWORK), "btc": ("btc", "Financial fraud"),
    "mutex": ("mutex", "Artifacts dropped"), "user-agent": ("user-agent", _NETWORK),
    "mac-addr": ("mac-address", _NETWORK), "windows-registry-key": ("regkey", "Persistence mechanism"),
    **{name: (name, _DELIVERY) for name in (
        "md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ssdeep", "imphash", "tlsh", "authentihash", "pehash",
        "impfuzzy", "vhash", "telfhash", "cdhash", "filename",
    )},
}  # fmt: skip
"""Type of observable → (MISP type, category) (MISP's describeTypes)."""


def attribute(observable: Observable, *, to_ids: bool, comment: str = "", type: str = "", category: str = ""
              ) -> dict[str, Any] | None:  # fmt: skip
    """Return an observable as a MISP attribute; None for a type that MISP has no plain one for."""
    known = TYPES.get(observable.type.value)
    if known is None:
        return None
    made: dict[str, Any] = {"type": type or known[0], "category": category or known[1], "value": observable.value,
                            "to_ids": to_ids}  # fmt: skip
    if comment:
        made["comment"] = comment[:1000]
    return made
