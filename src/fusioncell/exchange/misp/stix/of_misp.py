"""Read back the attribute that an object written by MISP's converter (misp-stix) bears. Pure.

Its type and category stand in labels (``misp:type="ip-dst|port"``); its value in the comparisons of a pattern, in the
SCOs that an ``observed-data`` refers to, or, where STIX has no form for it, in an ``x-misp-attribute``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_SAID = re.compile(r'misp:([a-z_]+)="([^"]{1,100})"\Z')
_COMPARED = re.compile(r"([\w:.'*\[\]-]{1,200}) = (?:'((?:[^'\\]|\\.)*)'|(\d{1,20}))", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BESIDE = (".type", "account_type", "protocols[*]", "is_multipart")
"""Ends of paths that say what a thing is, not which."""
_DATA = "payload_bin"


class Head(msgspec.Struct):
    """What of an object is read here. ``x_misp_…``: of MISP's own kind of object."""

    type: str = ""
    id: str = ""
    name: str = ""
    description: str = ""
    pattern: str = ""
    pattern_type: str = ""
    published: str = ""
    labels: list[str] = []
    object_refs: list[str] = []
    x_misp_type: str = ""
    x_misp_category: str = ""
    x_misp_value: Any = None
    x_misp_comment: str = ""

    def said(self) -> dict[str, str]:
        """Return what MISP said in the labels: ``type``, ``category``, ``to_ids``."""
        return {found[1]: found[2] for label in self.labels if (found := _SAID.match(label))}


class Sco(msgspec.Struct):
    """The properties of observables that values of attributes are made of."""

    value: str = ""
    name: str = ""
    hashes: dict[str, str] = {}
    number: int | None = None
    key: str = ""
    values: list[dict[str, Any]] = []
    subject: str = ""
    account_login: str = ""
    user_id: str = ""
    src_port: int | None = None
    dst_port: int | None = None
    size: int | None = None
    payload_bin: str = ""

    def parts(self) -> Iterator[str]:
        """Yield the values, in the order of MISP's composite types; ports are told by ``attribute_of``."""
        yield from (self.value, self.key, *(str(one.get("data", "")) for one in self.values), self.name)
        yield from self.hashes.values()
        yield from (self.subject, self.account_login or self.user_id)
        yield from (str(one) for one in (self.number, self.size) if one is not None)


def attribute_of(head: Head, scos: Mapping[str, Sco]) -> dict[str, Any] | None:
    """Return the attribute, None where the object is none of MISP's attributes or cannot be read back whole."""
    said = head.said()
    kind = head.x_misp_type or said.get("type", "")
    if not kind:
        return None
    values, data = _values(head, scos)
    if kind in ("attachment", "malware-sample") and not data:
        return None
    if len(values) != kind.count("|") + (2 if kind == "malware-sample" else 1):
        return None
    to_ids = said.get("to_ids", str(head.type == "indicator")) == "True"
    value = "|".join(values)
    made = {"type": kind, "category": head.x_misp_category or said.get("category", ""), "to_ids": to_ids,
            "value": f"AS{value}" if kind == "AS" and value.isdigit() else value,
            "comment": (head.x_misp_comment or head.description)[:1000]}  # fmt: skip
    return made | ({"data": data} if data else {})


def _values(head: Head, scos: Mapping[str, Sco]) -> tuple[list[str], str]:
    """Return the parts of the value, and the bytes of a file in base64."""
    if head.x_misp_value is not None:
        whole = head.x_misp_value
        return [whole if isinstance(whole, str) else str(whole.get("value", "")) if isinstance(whole, dict) else ""], ""
    if head.type == "indicator" and head.pattern_type not in ("", "stix"):
        # The converter puts brackets around rules as around patterns.
        bare = head.pattern[1:-1] if head.pattern[:1] == "[" and head.pattern[-1:] == "]" else head.pattern
        return [bare], ""
    if head.type == "indicator":
        told = [(path, _ESCAPED.sub(r"\1", text) or number) for path, text, number in _COMPARED.findall(head.pattern)]
        data = next((value for path, value in told if path.endswith(_DATA)), "")
        # Backslashes before % are the converter's own; MISP has none there.
        return [value.replace("\\%", "%") for path, value in told if not path.endswith((*_BESIDE, _DATA))], data
    if head.type != "observed-data":
        return [head.name] if head.name else [], ""
    found = [scos[one] for one in head.object_refs if one in scos]
    parts = [part for sco in found for part in sco.parts() if part]
    ports = [str(port) for sco in found for port in (sco.src_port, sco.dst_port) if port is not None]
    return parts + ports, next((sco.payload_bin for sco in found if sco.payload_bin), "")
