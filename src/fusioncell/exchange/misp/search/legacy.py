"""MISP's export paths of before ``restSearch``, with their positional parameters, read as a search. Pure.

``events/nids/suricata/download/…``, ``attributes/text/download/domain``, ``attributes/bro/download/ip`` … are what
Suricata, Zeek and DNS scripts still fetch. ``false``, ``null`` and ``0`` mean that a position is not given; a tag's
colon may be written ``;``, for CakePHP takes ``tlp:green`` in a path for a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.search.model import ATTRIBUTES, EVENTS
from fusioncell.exchange.misp.search.write_lists import ZEEK, write_zeek
from fusioncell.exchange.misp.search.write_lists import zeek_types as _zeek_types

__all__ = ["Legacy", "read_path", "write_zeek", "zeek_types"]

_ABSENT = frozenset({"", "0", "false", "null", "none", "all"})
_POSITIONS: dict[str, tuple[str, ...]] = {
    "nids": ("eventid", "frame", "tags", "from", "to", "last", "type", "enforceWarninglist"),
    "hids": ("tags", "from", "to", "last", "enforceWarninglist"),
    "csv": ("eventid", "ignore", "tags", "category", "type", "includeContext", "from", "to", "last", "headerless",
            "enforceWarninglist"),
    "xml": ("eventid", "withAttachments", "tags", "from", "to", "last"),
    "stix": ("eventid", "withAttachments", "tags", "from", "to", "last"),
    "text": ("type", "tags", "eventid", "allowNonIDS", "from", "to", "last", "enforceWarninglist"),
    "rpz": ("tags", "eventid", "from", "to", "policy", "walled_garden", "ns", "email", "serial", "refresh", "retry",
            "expiry", "minimum_ttl", "ttl", "enforceWarninglist"),
    "bro": ("group", "tags", "eventid", "from", "to", "last", "enforceWarninglist"),
}  # fmt: skip
_HIDS = {"md5": ["md5", "filename|md5", "malware-sample"], "sha1": ["sha1", "filename|sha1"],
         "sha256": ["sha256", "filename|sha256"]}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Legacy:
    """A search that an old path means. ``zeek``: the group of Zeek intel, "" for any other format."""

    scope: str
    parameters: Mapping[str, Any]
    zeek: str = ""


def zeek_types(group: str) -> tuple[str, ...]:
    """Return the attribute types of a group of Zeek intel."""
    return tuple(_zeek_types(group))


def read_path(controller: str, action: str, arguments: Sequence[str], named: Mapping[str, Any]) -> Legacy:
    """Read a path's arguments and named parameters. MispRefused for a form that there is not."""
    rest = list(arguments)
    form = rest.pop(0) if action in ("nids", "hids") and rest else ""
    if action == "restDownload":
        action, form = "stix2" if not rest else rest[0], ""
    if rest and rest[0] == "download":
        rest.pop(0)
    given: dict[str, Any] = {}
    for name, value in zip(_POSITIONS.get(action, ()), rest, strict=False):
        if value.lower() not in _ABSENT or (name == "group" and value.lower() == "all"):
            given[name] = value
    given |= {name: value for name, value in named.items() if str(value).lower() not in ("", "null", "none")}
    if isinstance(given.get("tags"), str):
        given["tags"] = given["tags"].replace(";", ":")
    return _meant(action, form, given)


def _meant(action: str, form: str, given: dict[str, Any]) -> Legacy:
    if action == "nids":
        if form not in ("suricata", "snort"):
            raise MispRefused(404, "NIDS rules are for suricata or snort.")
        return Legacy(ATTRIBUTES, {**given, "returnFormat": form})
    if action == "hids":
        if form not in _HIDS:
            raise MispRefused(404, "HIDS lists are of md5, sha1 or sha256.")
        return Legacy(ATTRIBUTES, {**given, "returnFormat": "hashes", "type": _HIDS[form]})
    if action == "bro":
        group = str(given.pop("group", given.pop("type", "all")))
        if group not in ("all", *ZEEK):
            raise MispRefused(404, f"Zeek intel is of: all, {', '.join(ZEEK)}.")
        return Legacy(ATTRIBUTES, given, group)
    if action == "csv":
        restrict = {} if str(given.pop("ignore", "0")).lower() not in ("0", "false") else {"published": 1, "to_ids": 1}
        return Legacy(ATTRIBUTES, {**restrict, **given, "returnFormat": "csv"})
    if action == "text":
        every = str(given.pop("allowNonIDS", "0")).lower() not in ("0", "false")
        loose = {"to_ids": [0, 1], "published": [0, 1]} if every else {}
        return Legacy(ATTRIBUTES, {**given, **loose, "returnFormat": "text"})
    if action == "rpz":
        return Legacy(ATTRIBUTES, {**given, "returnFormat": "rpz"})
    return Legacy(EVENTS, {**given, "returnFormat": {"xml": "xml", "stix": "stix"}.get(action, "stix2")})
