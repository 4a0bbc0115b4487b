"""Plain lists of values: text, hashes, hosts, netfilter, Zeek intel, kunai, caches of hashes, counts. Pure.

Into lists that tools act upon go canonical values only, by the attribute's type; what is none is left out. A value of
several lines, or with another control character, stands in no list.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator

import msgspec

from fusioncell.exchange.misp import MispRefused
from fusioncell.exchange.misp.search.model import About, Hit
from fusioncell.intake import observables_of
from fusioncell.kernel.observable import BadValue, Observable, ObservableType

_T = ObservableType
NOWHERE = str(ipaddress.IPv4Address(0))
"""Where a hosts file sends names, as MISP's does."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]")
_DIGESTS = frozenset(
    "md5 sha1 sha256 sha224 sha384 sha512 sha512/224 sha512/256 sha3-224 sha3-256 sha3-384 sha3-512 ssdeep imphash "
    "tlsh x509-fingerprint-sha1 x509-fingerprint-md5 x509-fingerprint-sha256 pehash authentihash impfuzzy".split()
)
"""MISP's types whose whole value is a digest; with ``filename|`` before it the second part is."""
_HASHES = frozenset(("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b"))
_ACTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,27}\Z")
_SEVERITY = {"md5": 10, "sha1": 10, "sha256": 10, "sha512": 10, "domain": 7, "hostname": 7, "ip-dst": 5}
_KUNAI_PART = {"domain|ip": "ip-dst", "filename|md5": "md5", "malware-sample": "md5", "filename|sha1": "sha1",
               "filename|sha256": "sha256", "filename|sha512": "sha512"}  # fmt: skip

ZEEK = {
    "ip": (("ip-src", 0, "ADDR"), ("ip-dst", 0, "ADDR"), ("domain|ip", 1, "ADDR")),
    "url": (("url", 0, "URL"),),
    "domain": (("hostname", 0, "DOMAIN"), ("domain", 0, "DOMAIN"), ("domain|ip", 0, "DOMAIN")),
    "email": (("email", 0, "EMAIL"), ("email-src", 0, "EMAIL"), ("email-dst", 0, "EMAIL")),
    "filename": (("filename", 0, "FILE_NAME"), ("email-attachment", 0, "FILE_NAME"), ("attachment", 0, "FILE_NAME"),
                 ("filename|md5", 0, "FILE_NAME"), ("filename|sha1", 0, "FILE_NAME"),
                 ("filename|sha256", 0, "FILE_NAME"), ("malware-sample", 0, "FILE_NAME")),
    "filehash": (("md5", 0, "FILE_HASH"), ("sha1", 0, "FILE_HASH"), ("sha256", 0, "FILE_HASH"),
                 ("filename|md5", 1, "FILE_HASH"), ("filename|sha1", 1, "FILE_HASH"),
                 ("filename|sha256", 1, "FILE_HASH"), ("malware-sample", 1, "FILE_HASH")),
    "certhash": (("x509-fingerprint-sha1", 0, "CERT_HASH"),),
    "software": (("user-agent", 0, "SOFTWARE"),),
}  # fmt: skip
"""MISP's groups of Zeek intel: (attribute type, part of the value, Zeek's indicator type)."""


def observables(hit: Hit) -> list[Observable]:
    """Return the canonical values that an attribute holds; none where it holds none."""
    try:
        return observables_of(hit.type, hit.value)
    except (BadValue, ValueError):
        return []


def is_line(text: str) -> bool:
    """Tell whether a text can stand as one line of a list."""
    return bool(text) and not _CONTROL.search(text)


def _lines(texts: Iterable[str]) -> bytes:
    """Return each text once, a line each."""
    return ("\n".join(dict.fromkeys(text for text in texts if is_line(text))) + "\n").encode()


def write_text(hits: Iterable[Hit], about: About) -> bytes:
    """The values, each once."""
    return _lines(hit.value for hit in hits)


def write_hashes(hits: Iterable[Hit], about: About) -> bytes:
    """The digests of files and certificates."""
    return _lines(found for hit in hits if (found := _digest_of(hit)))


def _digest_of(hit: Hit) -> str:
    if hit.type in _DIGESTS:
        return hit.value
    if hit.type == "malware-sample" or hit.type.startswith("filename|"):
        return hit.value.rpartition("|")[2]
    return ""


def write_cache(hits: Iterable[Hit], about: About) -> bytes:
    """The digest of each value, by the hash that ``hash_type`` names. MispRefused for an unknown one."""
    name = str(about.options.get("hashtype") or "md5").lower().replace("-", "_")
    if name not in _HASHES:
        raise MispRefused(405, "Invalid hashing algo")
    return _lines(hashlib.new(name, hit.value.encode(), usedforsecurity=False).hexdigest() for hit in hits)


def write_hosts(hits: Iterable[Hit], about: About) -> bytes:
    """A hosts file: names to 0.0.0.0, or to ``ip_address``."""
    try:
        target = str(ipaddress.ip_address(str(about.options.get("ipaddress") or NOWHERE)))
    except ValueError:
        raise MispRefused(400, "ip_address is no IP address.") from None
    names = dict.fromkeys(
        found.value for hit in hits if hit.type in ("domain", "hostname")
        for found in observables(hit) if found.type is _T.DOMAIN
    )  # fmt: skip
    return "".join(["# Blocklist in the HOSTS format\n", *(f"{target} {name}\n" for name in names)]).encode()


def write_netfilter(hits: Iterable[Hit], about: About) -> bytes:
    """A line of iptables for each address or network; ``netfilter_action`` in place of DROP."""
    action = str(about.options.get("netfilteraction") or "DROP")
    if not _ACTION.match(action):
        raise MispRefused(400, "netfilter_action is no target of iptables.")
    found = dict.fromkeys(
        seen.value for hit in hits for seen in observables(hit) if seen.type in (_T.IPV4, _T.IPV6, _T.CIDR)
    )
    return "".join(
        f"{'ip6tables' if ':' in address else 'iptables'} -A INPUT -s {address} -j {action}\n" for address in found
    ).encode()


def write_zeek(group: str, hits: Iterable[Hit], about: About) -> bytes:
    """Zeek's intel framework: what ``attributes/bro/download/{group}`` gives; ``all`` is every group."""
    chosen = [row for name, rows in ZEEK.items() if group in ("all", name) for row in rows]
    lines = ["#fields indicator\tindicator_type\tmeta.source\tmeta.url\tmeta.do_notice\tmeta.if_in"]
    seen: set[str] = set()
    for hit in hits:
        source = f"MISP\t{about.base}/events/view/{hit.event.get('id', '')}\tT\t-"
        for type, part, kind in chosen:
            if type == hit.type and (value := _zeek_value(hit, part, kind)):
                line = f"{value}\tIntel:{_zeek_kind(kind, value)}\t{source}"
                if line not in seen:
                    seen.add(line)
                    lines.append(line)
    return ("\n".join(lines) + "\n").encode()


def _zeek_value(hit: Hit, part: int, kind: str) -> str:
    parts = hit.value.split("|") if "|" in hit.type or hit.type == "malware-sample" else [hit.value]
    value = parts[part].strip() if part < len(parts) else ""
    if kind == "URL":
        value = value.partition("://")[2] or value
    return value if is_line(value) else ""


def _zeek_kind(kind: str, value: str) -> str:
    return "SUBNET" if kind == "ADDR" and "/" in value else kind


def zeek_types(group: str) -> list[str]:
    """Return the attribute types of a group of Zeek intel."""
    return sorted({type for name, rows in ZEEK.items() if group in ("all", name) for type, _, _ in rows})


def write_kunai(hits: Iterable[Hit], about: About) -> bytes:
    """Indicators for Kunai (kunai-project): one JSON list."""
    return b"[" + b", ".join(msgspec.json.encode(row) for hit in hits for row in _kunai(hit, about)) + b"]"


def _kunai(hit: Hit, about: About) -> Iterator[dict[str, object]]:
    type = _KUNAI_PART.get(hit.type, hit.type)
    if type not in _SEVERITY:
        return
    value = hit.value.split("|")[1] if hit.type in _KUNAI_PART and "|" in hit.value else hit.value
    yield {"type": hit.type, "uuid": hit.attribute.get("uuid"), "source": about.instance, "value": value,
           "event_uuid": hit.event.get("uuid"), "severity": _SEVERITY[type]}  # fmt: skip


def write_opendata(hits: Iterable[Hit], about: About) -> bytes:
    """MISP's opendata export uploads to a portal by itself; a hub does not. Raises MispRefused."""
    raise MispRefused(405, "This hub uploads to no open data portal: fetch csv or json and upload that.")
