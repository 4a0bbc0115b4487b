"""Check an attribute against MISP's types (describeTypes): category, type, value, times. Pure.

Faults are values: field → list of messages, as MISP's ``errors``. What is normalised is returned, nothing is refused
that a MISP would take: a value that no checker knows passes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from socket import AF_INET, inet_pton
from typing import Any

import msgspec

Errors = dict[str, list[str]]
MAX_VALUE = 65_535
"""Characters of a value (MISP's column)."""
_HEX = {
    "md5": 32, "imphash": 32, "telfhash": 70, "sha1": 40, "git-commit-id": 40, "x509-fingerprint-md5": 32,
    "x509-fingerprint-sha1": 40, "x509-fingerprint-sha256": 64, "ja3-fingerprint-md5": 32, "hassh-md5": 32,
    "hasshserver-md5": 32, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "sha512/224": 56,
    "sha512/256": 64, "sha3-224": 56, "sha3-256": 64, "sha3-384": 96, "sha3-512": 128, "authentihash": 64,
    "pehash": 40, "cdhash": 40,
}  # fmt: skip
"""Types that are so many hexadecimal digits."""
_HEXADECIMAL = re.compile(r"[0-9a-f]+\Z")
_DOMAIN = re.compile(r"[^\s/@:]+\.[^\s/@:.]{1,63}\.?\Z")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\Z")
_OTHER = "Please double check the value or select type \"other\"."
_PORTS = "Port numbers have to be integers between 1 and 65535."
_LOWER = frozenset({"domain", "hostname", *(_HEX.keys()), "email", "email-src", "email-dst", "email-reply-to"})


class _Describe(msgspec.Struct):
    sane_defaults: dict[str, dict[str, Any]]
    types: list[str]
    categories: list[str]
    category_type_mappings: dict[str, list[str]]


class _File(msgspec.Struct):
    result: _Describe


@dataclass(frozen=True, slots=True)
class Types:
    """The types: default category and ``to_ids`` of each, and which stand in which category."""

    defaults: Mapping[str, tuple[str, bool]]
    categories: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, describe: bytes) -> Types:
        """Read ``describeTypes.json``."""
        read = msgspec.json.decode(describe, type=_File).result
        defaults = {
            name: (str(said.get("default_category", "Other")), str(said.get("to_ids")) in ("1", "True"))
            for name, said in read.sane_defaults.items()
        }
        return cls(defaults, {name: frozenset(types) for name, types in read.category_type_mappings.items()})

    def take(self, given: Mapping[str, Any], standing: Mapping[str, Any] | None = None
             ) -> tuple[dict[str, Any], Errors]:  # fmt: skip
        """Return an attribute's fields checked and normalised (those of ``standing`` stay where none is given)."""
        made: dict[str, Any] = {**(standing or {}), **given}
        errors: Errors = {}
        type = made.get("type")
        known = self.defaults.get(type) if isinstance(type, str) else None
        if known is None:
            return made, {"type": ["Options depend on the selected category."] if type else ["Please select a type."]}
        category = plain(made.get("category"))
        made["category"] = category = category or known[0]
        if type not in self.categories.get(str(category), frozenset()):
            valid = "Options depend on the selected category." if category in self.categories else "Invalid category."
            errors["type" if category in self.categories else "category"] = [valid]
        made["to_ids"] = known[1] if made.get("to_ids") is None else is_true(made["to_ids"])
        value = plain(made.get("value"))
        if not value.strip():
            errors["value"] = ["Value not set."]
        elif len(value) > MAX_VALUE and type not in ("yara", "sigma", "other", "text", "comment"):
            errors["value"] = ["The entered string is too long and would get truncated."]
        else:
            made["value"], fault = checked(str(type), value)
            if fault:
                errors["value"] = [fault]
        _seen(made, errors)
        level = str(made.get("distribution", 5))
        if level not in ("0", "1", "2", "3", "4", "5"):
            errors["distribution"] = ["Options: 0, 1, 2, 3, 4, 5."]
        made["distribution"] = level
        made["disable_correlation"] = is_true(made.get("disable_correlation"))
        made["deleted"] = is_true(made.get("deleted"))
        made["comment"] = plain(made.get("comment") or "")
        return made, errors


def is_true(value: Any) -> bool:
    """Tell whether a flag is set, in any of the ways in which clients write one."""
    return value is True or (value is not False and value in (True, 1, "1", "true", "True"))


def plain(value: Any) -> str:
    """Return a value as text, without NUL."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if value is None:
        return ""
    return "1" if value is True else "0" if value is False else str(value)[:MAX_VALUE]


def checked(type: str, value: str) -> tuple[str, str]:
    """Return (normalised value, what is wrong with it or "")."""
    value = value.strip() if type not in ("text", "comment", "other", "yara", "sigma", "snort", "email-body") else value
    if type in _LOWER or type in _HEX:
        value = value.lower()
    size = _HEX.get(type)
    if size is not None:
        good = len(value) == size and _HEXADECIMAL.match(value)
        said = f"Checksum has an invalid length or format (expected: {size} hexadecimal characters). {_OTHER}"
        return value, "" if good else said
    check = _CHECKS.get(type)
    if check is not None:
        return check(value)
    if type.startswith("filename|"):
        return _file_and(type.partition("|")[2], value)
    return value, ""


def _address(value: str) -> tuple[str, str]:
    try:
        inet_pton(AF_INET, value)
        return value, ""
    except (OSError, ValueError):
        pass
    try:
        if "/" in value:
            network = ipaddress.ip_network(value, strict=False)
            return value.lower() if network else value, ""
        return str(ipaddress.ip_address(value)), ""
    except ValueError:
        return value, "IP address has an invalid format."


def _address_and_port(value: str) -> tuple[str, str]:
    first, bar, port = value.rpartition("|")
    if not bar:
        first, bar, port = value.rpartition(":")
    address, fault = _address(first)
    if fault or not bar:
        return value, fault or "IP address has an invalid format."
    return (f"{address}|{port}", "") if _is_port(port) else (value, _PORTS)


def _host_and_port(value: str) -> tuple[str, str]:
    first, bar, port = value.rpartition("|")
    good = bar and _DOMAIN.match(first) and _is_port(port)
    return value.lower(), "" if good else "Hostname or port has an invalid format."


def _domain(value: str) -> tuple[str, str]:
    good = _DOMAIN.match(value)
    return value, "" if good else f"Domain name has an invalid format. {_OTHER}"


def _domain_and_ip(value: str) -> tuple[str, str]:
    name, bar, address = value.partition("|")
    address, fault = _address(address)
    good = bar and _DOMAIN.match(name) and not fault
    if not good:
        return value, "Domain name or IP address has an invalid format."
    return f"{name.lower()}|{address}", ""


def _email(value: str) -> tuple[str, str]:
    return value, "" if _EMAIL.match(value) else f"Email address has an invalid format. {_OTHER}"


def _file_and(type: str, value: str) -> tuple[str, str]:
    name, bar, rest = value.rpartition("|")
    if not bar or not name:
        return value, "Filename or checksum is missing: write filename|checksum."
    rest, fault = checked(type, rest)
    return f"{name}|{rest}", fault


def _port(value: str) -> tuple[str, str]:
    return value, "" if _is_port(value) else _PORTS


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536


def _number(value: str) -> tuple[str, str]:
    try:
        float(value)
    except ValueError:
        return value, "The value has to be a number."
    return value, ""


def _as_number(value: str) -> tuple[str, str]:
    text = value.upper().removeprefix("AS")
    good = text.isascii() and text.isdigit() and int(text[:11]) < 1 << 32
    return text if good else value, "" if good else "AS number have to be integer between 1 and 4294967295"


def _boolean(value: str) -> tuple[str, str]:
    text = value.strip().lower()
    if text in ("1", "true", "0", "false"):
        return ("1" if text in ("1", "true") else "0"), ""
    return value, "The value has to be either true or false."


_Check = Callable[[str], tuple[str, str]]
_CHECKS: dict[str, _Check] = {
    "ip-src": _address, "ip-dst": _address, "ip-src|port": _address_and_port, "ip-dst|port": _address_and_port,
    "hostname|port": _host_and_port, "domain": _domain, "hostname": _domain, "domain|ip": _domain_and_ip,
    "email": _email, "email-src": _email, "email-dst": _email, "email-reply-to": _email, "target-email": _email,
    "port": _port, "size-in-bytes": _number, "counter": _number, "float": _number, "integer": _number,
    "AS": _as_number, "boolean": _boolean,
    "malware-sample": lambda value: _file_and("md5", value) if "|" in value else (value, ""),
}  # fmt: skip


def _seen(made: dict[str, Any], errors: Errors) -> None:
    """Normalise first_seen and last_seen to MISP's form, in UTC with microseconds."""
    for name in ("first_seen", "last_seen"):
        given = made.get(name)
        if given in (None, ""):
            if name in made:
                made[name] = None
            continue
        instant = seen_at(given)
        if instant is None:
            errors[name] = ["Invalid ISO 8601 format."]
        else:
            made[name] = instant
    first, last = made.get("first_seen"), made.get("last_seen")
    if isinstance(first, str) and isinstance(last, str) and not errors and last < first:
        errors["last_seen"] = ["last_seen must be after first_seen."]


def seen_at(given: Any) -> str | None:
    """Return a time in ISO 8601 with microseconds in UTC; seconds (or µs) since the epoch are taken too."""
    try:
        if isinstance(given, (int, float)) or str(given).replace(".", "", 1).isdigit():
            number = float(given)
            moment = datetime.fromtimestamp(number / 1e6 if number > 1e12 else number, timezone.utc)
        else:
            moment = datetime.fromisoformat(str(given).strip())
    except (ValueError, OverflowError, OSError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    try:
        return moment.astimezone(timezone.utc).isoformat(timespec="microseconds")
    except OverflowError:
        return None
