"""Rules for Suricata (6 and later) and Snort (2.9), one or more an attribute. Pure.

Into a rule go canonical values, our ids and fixed words, never free text: tags and titles stay out of ``msg``. Octets
that rules give a meaning to are written in hexadecimal. A rule's ``sid`` follows from the attribute's uuid, so that it
is the same in each export and a sensor's suppressions hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import urlsplit

from fusioncell.exchange.misp.search.model import About, Hit
from fusioncell.exchange.misp.search.write_lists import is_line, observables
from fusioncell.kernel.observable import Observable, ObservableType

_T = ObservableType
_PLAIN = re.compile(r"[^A-Za-z0-9 ._~/?&=%+,@*()#$^{}\[\]<>'`-]")
_BASE = re.compile(r"[^A-Za-z0-9.:/_-]")
_JA3 = re.compile(r"[0-9a-f]{32}\Z")
_HEAD = """# MISP export of IDS rules - optimized for {}
#
# These NIDS rules contain some variables that need to exist in your configuration.
# Make sure you have set:
#
# $HOME_NET     - Your internal network range
# $EXTERNAL_NET - The network considered as outside
# $SMTP_SERVERS - All your internal SMTP servers
# $HTTP_PORTS   - The ports used to contain HTTP traffic (not required with suricata export)
#
"""
TYPES = ("ip-src", "ip-dst", "ip-src|port", "ip-dst|port", "domain", "hostname", "domain|ip", "hostname|port", "url",
         "email", "email-src", "email-dst", "email-subject", "email-attachment", "user-agent", "ja3-fingerprint-md5",
         "snort")  # fmt: skip
"""Attribute types that become rules."""


class _Rule(NamedTuple):
    """One rule's head and content: ``match`` ends with ``;`` where it is not empty; ``about`` is fixed words."""

    head: str
    about: str
    match: str = ""
    tag: str = "tag:session,600,seconds;"


def write_suricata(hits: Iterable[Hit], about: About) -> bytes:
    """Rules for Suricata."""
    return _write("suricata", hits, about, _suricata)


def write_snort(hits: Iterable[Hit], about: About) -> bytes:
    """Rules for Snort; attributes of type ``snort`` as contributed, each on one line and with a sid of ours."""
    return _write("snort", hits, about, _snort)


def content(text: str) -> str:
    """Return a text as it may stand between the quotes of ``content``: what is not plain as ``|hex|``."""
    return _PLAIN.sub(lambda found: "|" + found[0].encode().hex(" ").upper() + "|", text)


def _write(name: str, hits: Iterable[Hit], about: About, make: Callable[[Hit, list[Observable]], Iterator[_Rule]]
           ) -> bytes:  # fmt: skip
    lines = [_HEAD.format(name)]
    taken: set[int] = set()
    base = _BASE.sub("", about.base)
    event: object = None
    head = tail = ""
    for hit in hits:
        uuid = str(hit.attribute.get("uuid"))
        if hit.event is not event:
            event, number = hit.event, _id(hit.event.get("id"))
            head = f'(msg:"MISP e{number} [] '
            tail = f"rev:1; priority:{_priority(hit)}; reference:url,{base}/events/view/{number};)\n"
        for turn, (traffic, words, match, tag) in enumerate(make(hit, observables(hit))):
            inner = " ".join(part for part in (match, tag) if part)
            lines.append(f'alert {traffic} {head}{words}"; {inner}{" " if inner else ""}classtype:trojan-activity; '
                         f"sid:{_sid(uuid, turn, taken)}; {tail}")  # fmt: skip
        if name == "snort" and hit.type == "snort" and (given := _as_given(hit, taken)):
            lines.append(given)
    return "".join(lines).encode()


def _id(given: object) -> int:
    text = str(given)
    return int(text) if text.isdigit() else 0


def _priority(hit: Hit) -> int:
    return min(max(_id(hit.event.get("threat_level_id")), 1), 4)


def _sid(uuid: str, turn: int, taken: set[int]) -> int:
    """Return the rule's number, over 4,000,000 and below 2³²; the next free one where two uuids meet."""
    digest = int.from_bytes(blake2b(f"{uuid}|{turn}".encode(), digest_size=8).digest(), "big")
    sid = 4_000_000 + digest % (2**32 - 4_000_001)
    while sid in taken:
        sid += 1
    taken.add(sid)
    return sid


def _addresses(hit: Hit, kind: str, found: list[Observable]) -> Iterator[_Rule]:
    addresses = [one.value for one in found if one.type in (_T.IPV4, _T.IPV6, _T.CIDR)]
    if not addresses:
        return
    port = hit.value.rpartition("|")[2] if kind.endswith("|port") else ""
    port = port if port.isdigit() and 0 < int(port) < 65536 else "any"
    out = kind in ("ip-dst", "ip-dst|port", "domain|ip")
    into = kind in ("ip-src", "ip-src|port", "domain|ip")
    proto = "ip" if port == "any" else "tcp"
    for address in addresses:
        if out:
            yield _Rule(f"{proto} $HOME_NET any -> {address} {port}", f"Outgoing To IP: {content(address)}", tag="")
        if into:
            yield _Rule(f"{proto} {address} {port} -> $HOME_NET any", f"Incoming From IP: {content(address)}", tag="")


def _mail(hit: Hit, kind: str, values: list[Observable]) -> Iterator[_Rule]:
    head = "tcp $EXTERNAL_NET any -> $SMTP_SERVERS 25"
    end = 'content:"|0D 0A 0D 0A|"; within:8192;'
    for found in values:
        if found.type is _T.EMAIL:
            value = content(found.value)
            for word, about in (("MAIL FROM", "Source"), ("RCPT TO", "Destination")):
                if kind != ("email-dst" if about == "Source" else "email-src"):
                    yield _Rule(head, f"{about} Email Address: {value}",
                                f'flow:established,to_server; content:"{word}|3A|"; nocase; content:"{value}"; '
                                f"fast_pattern; nocase; {end}")  # fmt: skip
    if kind in ("email-subject", "email-attachment") and is_line(hit.value) and len(hit.value) <= 200:
        subject = kind == "email-subject"
        word = "Subject|3A|" if subject else "Content-Disposition|3A| attachment|3B| filename|3D 22|"
        yield _Rule(head, "Bad Email Subject" if subject else "Bad Email Attachment",
                    f'flow:established,to_server; content:"{word}"; nocase; content:"{content(hit.value)}"; '
                    f"fast_pattern; nocase; {end}")  # fmt: skip


def _names(kind: str, found: list[Observable]) -> list[str]:
    named = kind in ("domain", "hostname", "domain|ip", "hostname|port")
    return [one.value for one in found if one.type is _T.DOMAIN] if named else []


def _suricata(hit: Hit, found: list[Observable]) -> Iterator[_Rule]:
    kind = hit.type
    yield from _mail(hit, kind, found)
    if names := _names(kind, found):
        exact = kind.startswith("hostname")
        for name in names:
            value, what = content(name), "Hostname" if exact else "Domain"
            bound = ("startswith; " if exact else "") + "endswith;"
            low = "" if exact else f' pcre:"/(?:^|\\.){re.escape(name)}$/";'
            dot = low.replace('$/";', '$/i";')
            yield _Rule("dns any any -> any any", f"{what}: {value}",
                        f'dns.query; content:"{value}"; nocase; {bound}{dot}', tag="")  # fmt: skip
            yield _Rule("http $HOME_NET any -> $EXTERNAL_NET any", f"Outgoing HTTP {what}: {value}",
                        f'flow:to_server,established; http.host; content:"{value}"; fast_pattern; {bound}{low}'
                        )  # fmt: skip
            yield _Rule("tls $HOME_NET any -> $EXTERNAL_NET any", f"Outgoing TLS {what}: {value}",
                        f'flow:to_server,established; tls.sni; content:"{value}"; nocase; {bound}{dot}')  # fmt: skip
    yield from _addresses(hit, kind, found)
    if kind == "url":
        yield from _url(found)
    if kind == "user-agent" and is_line(hit.value) and 4 < len(hit.value) <= 250:
        yield _Rule("http $HOME_NET any -> $EXTERNAL_NET any", "Outgoing User-Agent",
                    f'flow:to_server,established; http.user_agent; content:"{content(hit.value)}"; fast_pattern;'
                    )  # fmt: skip
    if kind == "ja3-fingerprint-md5" and _JA3.match(hit.value.lower()):
        yield _Rule("tls any any -> any any", f"JA3 Hash: {hit.value.lower()}",
                    f'ja3.hash; content:"{hit.value.lower()}";', tag="")  # fmt: skip


def _url(values: list[Observable]) -> Iterator[_Rule]:
    for found in values:
        if found.type is not _T.URL:
            continue
        split = urlsplit(found.value)
        host = content(split.hostname or "")
        path = content((split.path or "/") + (f"?{split.query}" if split.query else ""))
        if not host:
            continue
        if split.scheme == "https":
            yield _Rule("tls $HOME_NET any -> $EXTERNAL_NET any", f"Outgoing URL: host {host}",
                        f'flow:to_server,established; tls.sni; content:"{host}"; nocase; startswith; endswith;'
                        )  # fmt: skip
        elif split.scheme == "http" and len(path) <= 250:
            yield _Rule("http $HOME_NET any -> $EXTERNAL_NET any", f"Outgoing URL: host {host}",
                        f'flow:to_server,established; http.host; content:"{host}"; startswith; endswith; http.uri; '
                        f'content:"{path}"; fast_pattern; nocase;')  # fmt: skip


def _snort(hit: Hit, values: list[Observable]) -> Iterator[_Rule]:
    kind = hit.type
    yield from _mail(hit, kind, values)
    for name in _names(kind, values):
        value = content(name)
        what = "Hostname" if kind.startswith("hostname") else "Domain"
        asked = "".join(f"|{len(label):02X}|{label}" for label in name.split(".")) + "|00|"
        match = f'content:"|01 00 00 01 00 00 00 00 00|"; depth:9; offset:2; content:"{asked}"; nocase;'
        yield _Rule("udp any any -> any 53", f"{what}: {value}", match, tag="")
        yield _Rule("tcp any any -> any 53", f"{what}: {value}", f"flow:established; {match}", tag="")
        yield _Rule("tcp $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS", f"Outgoing HTTP {what}: {value}",
                    f'flow:to_server,established; content:"Host|3A|"; nocase; http_header; content:"{value}"; '
                    "nocase; http_header;")  # fmt: skip
    yield from _addresses(hit, kind, values)
    head = "tcp $HOME_NET any -> $EXTERNAL_NET $HTTP_PORTS"
    if hit.type == "url":
        for found in values:
            split = urlsplit(found.value)
            if found.type is _T.URL and split.scheme == "http" and split.hostname and len(split.path) <= 200:
                yield _Rule(head, f"Outgoing HTTP URL: host {content(split.hostname)}",
                            f'flow:to_server,established; content:"{content(split.hostname)}"; nocase; http_header; '
                            f'content:"{content(split.path or "/")}"; nocase; http_uri;')  # fmt: skip
    if hit.type == "user-agent" and is_line(hit.value) and 4 < len(hit.value) <= 250:
        yield _Rule(head, "Outgoing User-Agent",
                    f'flow:to_server,established; content:"{content(hit.value)}"; http_header;')  # fmt: skip


_OPTION = re.compile(r"\b(?:sid|gid|rev|classtype|priority)\s*:[^;\"]*;", re.IGNORECASE)
_SHAPE = re.compile(r"alert\s[^()]{1,400}\(.{3,8000}\)\Z", re.DOTALL)


def _as_given(hit: Hit, taken: set[int]) -> str:
    """Return a contributed rule on one line, its number ours; "" for what has not a rule's shape."""
    text = " ".join(hit.value.split())
    if not _SHAPE.match(text):
        return ""
    sid = _sid(str(hit.attribute.get("uuid")), 9, taken)
    body = _OPTION.sub("", text[:-1]).rstrip()
    return f"{body}{'' if body.endswith(';') else ';'} classtype:trojan-activity; sid:{sid}; rev:1;)\n"
