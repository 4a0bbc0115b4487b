"""Writers of plain forms: lists, tables, hosts, nftables, RPZ, Zeek. Pure: columns in, lines out.

Every writer gets values that have their type's strict shape (``model.SHAPES``) and escapes for its own form what that
shape leaves open. None writes the time, or anything else that moves while the content stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_network
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from fusioncell.exchange.detect.model import Rows
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, ObservableType

_T = ObservableType
_EPOCH = date(1970, 1, 1)
_PLAIN = re.compile(r"[A-Za-z0-9._~-]+\Z")
_encode = msgspec.json.Encoder().encode
SERIAL = "%SERIAL%!!"
"""Stands where a zone's serial goes: ten characters, as many as digits of a serial."""
RPZ_TTL = 300


class About(NamedTuple):
    """What a writer needs besides: the hub's address for links, and what the body is called."""

    base: str
    form: str


class Written(NamedTuple):
    """Lines, and how many values could not be held."""

    lines: list[str]
    left_out: int = 0


@lru_cache(maxsize=4096)
def day_text(day: int) -> str:
    """Write a day counted from 1970 as ISO 8601; what never ends as a far one."""
    return (_EPOCH + timedelta(days=min(day, 2_900_000))).isoformat()


def links(base: str, rows: Rows) -> Iterator[str]:
    """Give the address of each value's page; nothing of a value can leave its part of the path (RFC 3986 §2)."""
    heads = {code: f"{base}/observables/{type.value}/" for code, type in TYPES_BY_CODE.items()}
    for code, value in zip(rows.codes, rows.values, strict=True):
        yield heads[code] + (value if _PLAIN.match(value) else quote(value, safe=""))


def head(about: About, count: int, mark: str = "#") -> list[str]:
    """Return the comment at the top of a file."""
    return [f"{mark} Fusion Cell, {about.form}: {count} values. {about.base}/feeds"]


def write_list(rows: Rows, about: About) -> Written:
    """One value a line, and nothing else: firewalls take no comments."""
    return Written(list(rows.values))


def write_csv(rows: Rows, about: About) -> Written:
    """A table (RFC 4180), best first. No cell begins with ``= + - @``, which spreadsheets would run."""
    return Written(["type,value,malicious,expires,link", *csv_rows(rows, about)])


def csv_rows(rows: Rows, about: About) -> list[str]:
    """Return the rows of the table without its head."""
    names = {code: type.value for code, type in TYPES_BY_CODE.items()}
    return [
        f"{names[code]},{_cell(value)},{malicious:.4f},{day_text(day)},{link}"
        for code, value, malicious, day, link in zip(
            rows.codes, rows.values, rows.malicious, rows.days, links(about.base, rows), strict=True)
    ]  # fmt: skip


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if "," in value or '"' in value else value


class _Line(msgspec.Struct):
    """A row as JSON."""

    type: str
    value: str
    malicious: float
    expires: str
    link: str


def write_jsonl(rows: Rows, about: About) -> Written:
    """JSON lines, best first."""
    names = {code: type.value for code, type in TYPES_BY_CODE.items()}
    return Written([
        _encode(_Line(names[code], value, round(malicious, 4), day_text(day), link)).decode()
        for code, value, malicious, day, link in zip(
            rows.codes, rows.values, rows.malicious, rows.days, links(about.base, rows), strict=True)
    ])  # fmt: skip


def write_hosts(rows: Rows, about: About) -> Written:
    """A hosts file (hosts(5)): each name leads nowhere."""
    return Written(head(about, len(rows.values)) + [
        f"0.0.0.0 {value} # expires {day_text(day)} {link}"
        for value, day, link in zip(rows.values, rows.days, links(about.base, rows), strict=True)
    ])  # fmt: skip


def write_nftables(rows: Rows, about: About) -> Written:
    """Two sets of addresses and networks for ``nft -f``, replaced in one transaction; rules of yours may name them."""
    lines = head(about, len(rows.values)) + ["add table inet fusioncell"]
    elements: dict[str, list[str]] = {"4": [], "6": []}
    for value, day, link in zip(rows.values, rows.days, links(about.base, rows), strict=True):
        elements["6" if ":" in value else "4"].append(f"\t{value}, # expires {day_text(day)} {link}")
    for family, found in elements.items():
        name = f"inet fusioncell malicious_v{family}"
        lines.append(f"add set {name} {{ type ipv{family}_addr; flags interval; auto-merge; }}")
        lines.append(f"flush set {name}")
        if found:
            lines += [f"add element {name} {{", *found, "}"]
    return Written(lines)


_RESERVED = frozenset((
    "rpz-ip", "rpz-nsip", "rpz-nsdname", "rpz-client-ip", "rpz-passthru", "rpz-drop", "rpz-tcp-only",
))  # fmt: skip
RPZ_NAME = 210
"""Longest name that a zone takes: with ``*.`` and the zone's own name it must stay within 255 octets."""


def write_rpz(rows: Rows, about: About) -> Written:
    """A response policy zone (draft-vixie-dnsop-dns-rpz): NXDOMAIN for each name and what is under it.

    Owners are relative, so it loads under any name. Addresses are written as ``rpz-ip`` triggers (§4.1.2 there).
    """
    lines = [
        *head(about, len(rows.values), ";"),
        f"$TTL {RPZ_TTL}",
        f"@ SOA localhost. hostmaster.localhost. ( {SERIAL} 300 60 604800 {RPZ_TTL} )",
        "@ NS localhost.",
    ]
    left_out, domain = 0, TYPE_CODES[_T.DOMAIN]
    for code, value, day, link in zip(rows.codes, rows.values, rows.days, links(about.base, rows), strict=True):
        if code != domain:
            lines.append(f"{rpz_ip(value)} CNAME . ; expires {day_text(day)} {link}")
        elif len(value) > RPZ_NAME or value.rpartition(".")[2] in _RESERVED:
            left_out += 1
        else:
            lines.append(f"{value} CNAME . ; expires {day_text(day)} {link}")
            lines.append(f"*.{value} CNAME .")
    return Written(lines, left_out)


def rpz_ip(value: str) -> str:
    """Write an address or network as the owner of an ``rpz-ip`` trigger: the prefix length, then reversed."""
    net = ip_network(value)
    if net.version == 4:
        return f"{net.prefixlen}.{'.'.join(reversed(str(net.network_address).split('.')))}.rpz-ip"
    words = [f"{int(word, 16):x}" for word in IPv6Address(int(net.network_address)).exploded.split(":")]
    return f"{net.prefixlen}.{'.'.join(_longest_zeros(words)[::-1])}.rpz-ip"


def _longest_zeros(words: list[str]) -> list[str]:
    """Write the longest run of two or more zero words as ``zz``."""
    best, at = (0, 0), 0
    while at < len(words):
        end = at
        while end < len(words) and words[end] == "0":
            end += 1
        if end - at > best[1] - best[0]:
            best = (at, end)
        at = max(end, at + 1)
    start, end = best
    return [*words[:start], "zz", *words[end:]] if end - start > 1 else words


_ZEEK: dict[ObservableType, str] = {
    _T.IPV4: "Intel::ADDR", _T.IPV6: "Intel::ADDR", _T.CIDR: "Intel::SUBNET", _T.DOMAIN: "Intel::DOMAIN",
    _T.URL: "Intel::URL", _T.EMAIL: "Intel::EMAIL", _T.MD5: "Intel::FILE_HASH", _T.SHA1: "Intel::FILE_HASH",
    _T.SHA256: "Intel::FILE_HASH", _T.X509_SHA1: "Intel::CERT_HASH",
}  # fmt: skip
ZEEK_TYPES = frozenset(_ZEEK)


def write_zeek(rows: Rows, about: About) -> Written:
    """A file of Zeek's intelligence framework: tab-separated; URLs without their scheme, as Zeek compares them.

    Zeek's reader takes ``\\x..`` for an escape and a tab for a separator: a value with a backslash is left out.
    """
    kinds = {TYPE_CODES[type]: name for type, name in _ZEEK.items()}
    lines = ["#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url"]
    left_out = 0
    for code, value, malicious, day, link in zip(
        rows.codes, rows.values, rows.malicious, rows.days, links(about.base, rows), strict=True
    ):
        indicator = value.partition("://")[2] if kinds[code] == "Intel::URL" else value
        if "\\" in indicator:
            left_out += 1
            continue
        lines.append(
            f"{indicator}\t{kinds[code]}\tFusion Cell\tmalicious {malicious:.2f}, expires {day_text(day)}\t{link}"
        )
    return Written(lines, left_out)


def joined(lines: Sequence[str]) -> bytes:
    """Return lines as a body; every line ends."""
    return "".join([line + "\n" for line in lines]).encode("ascii")


def delta_lines(form: str, rows: Rows, removed: Sequence[tuple[str, str]], about: About) -> list[str]:
    """Write what was added or changed, and what is gone, as the same form with an ``op`` in front of each row."""
    if form == "csv":
        added = [f"add,{line}" for line in csv_rows(rows, about)]
        return ["op,type,value,malicious,expires,link", *added,
                *(f"remove,{type},{_cell(value)},,," for type, value in removed)]  # fmt: skip
    added = ['{"op":"add",' + line[1:] for line in write_jsonl(rows, about).lines]
    return [*added, *(_encode({"op": "remove", "type": type, "value": value}).decode() for type, value in removed)]
