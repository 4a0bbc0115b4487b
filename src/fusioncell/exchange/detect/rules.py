"""Writers of rules: Suricata, its datasets, Snort. Pure.

Injection cannot happen by construction: a value goes into a rule as ``content`` whose bytes other than letters, digits,
``.``, ``-`` and ``_`` are written in hexadecimal between pipes; into ``msg`` goes a name, an address or a digest of
strict shape, or else our own id; the link is percent-encoded. A rule's ``sid`` is derived from its value, so that it
stays the same from day to day and hub to hub; its ``rev`` grows with its expiry.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable

from fusioncell.exchange.detect.model import Rows
from fusioncell.exchange.detect.text import About, Written, day_text, head, links
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, ObservableType

_T = ObservableType
SID_BASE = 1_000_000_000
"""Our rules' sids: one to two thousand million, where no public rule set has any."""
SID_SPAN = 1_000_000_000
SURICATA_TYPES = frozenset((_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL, _T.JA3, _T.X509_SHA1))
SNORT_TYPES = frozenset((_T.IPV4, _T.IPV6, _T.CIDR, _T.DOMAIN, _T.URL))
DATASET_TYPES = frozenset((_T.IPV4, _T.IPV6, _T.DOMAIN, _T.MD5, _T.SHA1, _T.SHA256, _T.JA3))
MAX_CONTENT = 2_000
"""Longest path that is written into a rule, in bytes."""
_HTTP = re.compile(r"https?://(?:[^/?#@]*@)?([a-z0-9._-]+)(?::[0-9]+)?(/[^#]*)?(?:#.*)?\Z")
_OPEN = re.compile(r"[A-Za-z0-9._-]+")
_LIMIT = "threshold:type limit, track by_src, seconds 3600, count 1; "


def content(text: str) -> str:
    """Write bytes as a rule's content: plain letters and digits stand, all else in hexadecimal between pipes."""
    if _OPEN.fullmatch(text):
        return text
    out: list[str] = []
    at = 0
    for found in _OPEN.finditer(text):
        if found.start() > at:
            out.append(_hex(text[at : found.start()]))
        out.append(found[0])
        at = found.end()
    if at < len(text):
        out.append(_hex(text[at:]))
    return "".join(out)


def _hex(text: str) -> str:
    return "|" + " ".join(f"{byte:02x}" for byte in text.encode()) + "|"


def sids(keys: Iterable[int]) -> list[int]:
    """Return a sid for each key (64 bits); two that meet are put apart, in their order."""
    taken: set[int] = set()
    made: list[int] = []
    for key in keys:
        place = (key & 0xFFFFFFFFFFFFFFFF) % SID_SPAN
        while place in taken:
            place = (place + 1) % SID_SPAN
        taken.add(place)
        made.append(SID_BASE + place)
    return made


def _tail(code: int, malicious: float, day: int, link: str, sid: int) -> str:
    reference = link.partition("://")[2]
    return (
        f"reference:url,{reference}; metadata:expires {day_text(day)}, malicious {malicious:.2f}, "
        f"value_type {TYPES_BY_CODE[code].value}; sid:{sid}; rev:{max(1, min(day, 2**31 - 1))};)"
    )


def _suricata(type: ObservableType, value: str) -> str:
    """Return a rule up to its reference; "" for a value that it cannot look for."""
    if type is _T.DOMAIN:
        return (
            f'alert dns any any -> any any (msg:"Fusion Cell: name {value}"; dns.query; dotprefix; '
            f'content:".{value}"; nocase; endswith; '
        )
    if type in (_T.IPV4, _T.IPV6, _T.CIDR):
        return f'alert ip any any <> {value} any (msg:"Fusion Cell: address {_shown(value)}"; {_LIMIT}'
    if type is _T.JA3:
        return (
            f'alert tls any any -> any any (msg:"Fusion Cell: JA3 {value}"; ja3.hash; content:"{value}"; {_LIMIT}'
        )
    if type is _T.X509_SHA1:
        octets = "|3a|".join(value[at : at + 2] for at in range(0, 40, 2))
        return (
            f'alert tls any any -> any any (msg:"Fusion Cell: certificate {value}"; '
            f'tls.cert_fingerprint; content:"{octets}"; '
        )
    found = _HTTP.match(value)
    if found is None or len(found[2] or "/") > MAX_CONTENT:
        return ""
    return (
        f'alert http any any -> any any (msg:"Fusion Cell: URL at {found[1]}"; flow:established,to_server; '
        f'http.host; content:"{found[1]}"; startswith; endswith; '
        f'http.uri.raw; content:"{content(found[2] or "/")}"; startswith; endswith; '
    )


def _snort(type: ObservableType, value: str) -> str:
    """Return a rule for Snort 2.9 (and 3, by snort2lua) up to its reference; "" for what it cannot look for."""
    if type is _T.DOMAIN:
        labels = "".join(f"|{len(label):02x}|{label}" for label in value.split("."))
        return (
            f'alert udp any any -> any 53 (msg:"Fusion Cell: name {value}"; content:"|01 00 00 01|"; offset:2; '
            f'depth:4; content:"{labels}|00|"; nocase; distance:0; fast_pattern; '
        )
    if type in (_T.IPV4, _T.IPV6, _T.CIDR):
        target = f"[{value}]" if ":" in value else value
        return f'alert ip any any <> {target} any (msg:"Fusion Cell: address {_shown(value)}"; '
    found = _HTTP.match(value)
    if found is None or len(found[2] or "/") > MAX_CONTENT:
        return ""
    return (
        f'alert tcp any any -> any any (msg:"Fusion Cell: URL at {found[1]}"; flow:to_server,established; '
        f'content:"Host|3a 20|{found[1]}"; http_header; nocase; content:"{content(found[2] or "/")}"; http_raw_uri; '
    )


def _shown(value: str) -> str:
    """Show an address in a message; some readers end an option at a colon."""
    return value.replace(":", ".") if ":" in value else value


def write_suricata(rows: Rows, about: About) -> Written:
    """Rules for Suricata 6 and newer, one a value."""
    return _write(rows, about, _suricata)


def write_snort(rows: Rows, about: About) -> Written:
    """Rules for Snort 2.9."""
    return _write(rows, about, _snort)


def _write(rows: Rows, about: About, rule: object) -> Written:
    assert callable(rule)
    lines = head(about, len(rows.values))
    left_out = 0
    for code, value, malicious, day, link, sid in zip(
        rows.codes, rows.values, rows.malicious, rows.days, links(about.base, rows), sids(rows.keys), strict=True
    ):
        start = rule(TYPES_BY_CODE[code], value)
        if start:
            lines.append(start + _tail(code, malicious, day, link, sid))
        else:
            left_out += 1
    return Written(lines, left_out)


_STRINGS = frozenset((TYPE_CODES[_T.DOMAIN], TYPE_CODES[_T.JA3]))


def write_dataset(rows: Rows, about: About) -> Written:
    """The file of one Suricata dataset: strings in Base64, all else as it is, one a line."""
    return Written([
        b64encode(value.encode()).decode() if code in _STRINGS else value
        for code, value in zip(rows.codes, rows.values, strict=True)
    ])  # fmt: skip


_DATASET_RULES: tuple[tuple[ObservableType, str, str, str], ...] = (
    (_T.DOMAIN, "dns", "name asked", "dns.query; to_lowercase; dataset:isset,{set},type string,load {file}; "),
    (_T.DOMAIN, "tls", "name in TLS", "tls.sni; to_lowercase; dataset:isset,{set},type string,load {file}; "),
    (_T.DOMAIN, "http", "name in HTTP", "http.host; dataset:isset,{set},type string,load {file}; "),
    (_T.IPV4, "ip", "IPv4 target", "ip.dst; dataset:isset,{set},type ipv4,load {file}; " + _LIMIT),
    (_T.IPV4, "ip", "IPv4 source", "ip.src; dataset:isset,{set},type ipv4,load {file}; " + _LIMIT),
    (_T.IPV6, "ip", "IPv6 target", "ip.dst; dataset:isset,{set},type ip,load {file}; " + _LIMIT),
    (_T.IPV6, "ip", "IPv6 source", "ip.src; dataset:isset,{set},type ip,load {file}; " + _LIMIT),
    (_T.JA3, "tls", "JA3", "ja3.hash; dataset:isset,{set},type string,load {file}; "),
    (_T.MD5, "http", "file by MD5", "filemd5:{file}; "),
    (_T.SHA1, "http", "file by SHA-1", "filesha1:{file}; "),
    (_T.SHA256, "http", "file by SHA-256", "filesha256:{file}; "),
)


def write_dataset_rules(types: frozenset[ObservableType], about: About) -> list[str]:
    """Return the rules that load the datasets ``fusioncell-TYPE.lst``: they stay, whatever the lists hold."""
    lines = [
        f"# Fusion Cell, {about.form}: put each list beside it as fusioncell-TYPE.lst. {about.base}/feeds",
    ]
    reference = f"{about.base}/feeds".partition("://")[2]
    for number, (type, protocol, what, keywords) in enumerate(_DATASET_RULES):
        if type in types:
            name = f"fusioncell-{type.value}"
            lines.append(
                f'alert {protocol} any any -> any any (msg:"Fusion Cell: {what}"; '
                f"{keywords.format(set=name, file=name + '.lst')}reference:url,{reference}; "
                f"sid:{SID_BASE + SID_SPAN + number}; rev:1;)"
            )
    return lines
