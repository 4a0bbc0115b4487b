"""Derive from a value the features under which reports that share it meet.

Names meet by host and by registered domain (what stands under a private suffix, like a free host's customers, has its
own); addresses by themselves, by socket and by /24; URLs by host and path; references by themselves, posts also by
the thread. Public suffixes, private addresses and bare ``/`` say nothing and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network

from fusioncell.fusion.clusters.model import MAX_VALUES, Feature, Kind
from fusioncell.intake import signed64
from fusioncell.kernel.names import registered_domain
from fusioncell.kernel.observable import Observable, ObservableType, guess
from fusioncell.kernel.ports import storable
from fusioncell.kernel.refang import refang

_T = ObservableType
_V4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?", re.ASCII)
_V4_NET = re.compile(r"(\d{1,3}\.\d{1,3}\.\d{1,3})\.(0|[1-9]\d{0,2})", re.ASCII)
_POST = re.compile(r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([^/?#]{1,64})/status/(\d{1,19})", re.ASCII)
_DIGEST = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-f])", re.ASCII)
_LOOKED_UP = re.compile(r"https?://(?:www\.)?virustotal\.com/gui/(ip-address|domain)/([^/?#]+)", re.ASCII)
_SNOWFLAKE = 22
"""Bits of a post's number below its time in milliseconds."""
_WITHIN = 240_000
_HASHES = frozenset((_T.MD5, _T.SHA1, _T.SHA256, _T.SHA512))
_INNER = tuple(ip_network(net) for net in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
))  # fmt: skip
"""Inside a network, or to many: what everybody has says nothing (RFC 6890)."""
_SAYS_NOTHING = frozenset((_T.CIDR, _T.ASN, _T.VULNERABILITY, _T.WEAKNESS, _T.PORT, _T.DIRECTORY))
MAX_TEXT = 512


Hashed = tuple[int, int, str]
"""(hash, kind, text) of a feature."""


def hashed(feature: Feature) -> Hashed:
    """Return a feature as it stands in the index."""
    kind, text = int(feature.kind), storable(feature.text)
    return signed64(f"{kind}:{text}".encode("utf-8", "replace")), kind, text


_EXACT = frozenset((Kind.HOST, Kind.ADDRESS, Kind.SOCKET, Kind.HASH, Kind.SENDER, Kind.OTHER))


def asked_for(text: str) -> list[int]:
    """Return the hashes of what a text, in any defanged form, asks for: the value itself, not what surrounds it."""
    plain = refang(text.strip())
    one = guess(plain)
    found = [Feature(Kind.PATH, plain), Feature(Kind.OTHER, plain)]
    if one is not None:
        found += [each for each in features_of(one) if each.kind in _EXACT or each.text == one.value]
    if plain.startswith(("http://", "https://")):
        found += [*features_of_reference(plain)]
    return [hashed(each)[0] for each in dict.fromkeys(found)]


def features_of(observable: Observable) -> Iterator[Feature]:
    """Give the features of an observable that an attacker's role is claimed of."""
    for part in parts_of(observable):
        yield from part


def parts_of(observable: Observable) -> tuple[tuple[Feature, ...], ...]:
    """Return the same by part: those of a URL's host apart from those of its path, which others share alone."""
    kind, value = observable.type, observable.value
    if kind is _T.DOMAIN:
        return (_of_host(value),)
    if kind is _T.URL:
        return _of_url(value)
    if kind in (_T.IPV4, _T.IPV6):
        return (_of_address(value),)
    if kind is _T.EMAIL:
        return ((Feature(Kind.SENDER, value[:MAX_TEXT]),),)
    if kind in _HASHES:
        return ((Feature(Kind.HASH, value),),)
    return () if kind in _SAYS_NOTHING else ((Feature(Kind.OTHER, f"{kind.value}:{value}"[:MAX_TEXT]),),)


def features_of_reference(address: str) -> Iterator[Feature]:
    """Give the features of an address that a report cites: itself, its thread, and a value that it looks up."""
    address = address.strip()
    yield Feature(Kind.REFERENCE, address[:MAX_TEXT])
    if post := _POST.match(address):
        yield Feature(Kind.THREAD, f"{post[1].lower()} {(int(post[2]) >> _SNOWFLAKE) // _WITHIN}")
    elif looked := _LOOKED_UP.match(address):
        yield from _of_address(looked[2]) if looked[1] == "ip-address" else _of_host(looked[2].lower())
    for digest in _DIGEST.findall(address.lower()):
        yield Feature(Kind.HASH, digest)


def features_of_report(indicators: Iterable[str], references: Iterable[str]) -> list[Feature]:
    """Return the distinct features of a published report whose indicators are plain texts: names, addresses with and
    without port, URLs with and without scheme, bare paths. In order of kind and text."""
    found: set[Feature] = set()
    for _, text in zip(range(MAX_VALUES), indicators, strict=False):
        found.update(_of_text(text.strip()))
    for _, text in zip(range(MAX_VALUES), references, strict=False):
        found.update(features_of_reference(text))
    return sorted(found)


def _of_text(text: str) -> Iterator[Feature]:
    rest = text.partition("://")[2] or text
    host, slash, path = rest.partition("/")
    if slash:
        yield from _of_path("/" + path)
    if address := _V4.fullmatch(host):
        yield from _of_socket(address)
    elif host:
        yield from _of_host(host.partition(":")[0].lower().rstrip("."))


def _of_url(url: str) -> tuple[tuple[Feature, ...], ...]:
    host, slash, path = url.partition("://")[2].partition("/")
    host = host.rpartition("@")[2].lower()
    if host.startswith("["):
        first = _of_address(host[1:].partition("]")[0])
    elif address := _V4.fullmatch(host):
        first = _of_socket(address)
    else:
        first = _of_host(host.partition(":")[0])
    return (first, _of_path("/" + path)) if path else (first,)


def _of_path(path: str) -> tuple[Feature, ...]:
    for mark in "?#":
        path = path.partition(mark)[0]
    return (Feature(Kind.PATH, path[:MAX_TEXT]),) if len(path) > 1 else ()


@lru_cache(maxsize=4096)
def _of_host(host: str) -> tuple[Feature, ...]:
    if "." not in host or len(host) > 253:
        return ()
    domain = registered_domain(host)
    return () if domain is None else (Feature(Kind.HOST, host), Feature(Kind.DOMAIN, domain))


def _of_socket(found: re.Match[str]) -> tuple[Feature, ...]:
    features = _of_address(found[1])
    return (*features, Feature(Kind.SOCKET, found[0])) if features and found[2] else features


def _of_address(text: str) -> tuple[Feature, ...]:
    short = _V4_NET.fullmatch(text)
    if short is not None and int(short[2]) < 256:
        net = short[1]
        return (Feature(Kind.ADDRESS, text), Feature(Kind.NET, net + ".0/24")) if _is_outer(net + ".0") else ()
    try:
        address = ip_address(text)
    except ValueError:
        return ()
    if not _is_outer(str(address)):
        return ()
    prefix = 24 if address.version == 4 else 64
    return Feature(Kind.ADDRESS, str(address)), Feature(Kind.NET, str(ip_network((address, prefix), strict=False)))


@lru_cache(maxsize=65_536)
def _is_outer(text: str) -> bool:
    """Tell whether an address (of a /24: its first) is one that strangers can share; what is no address is not.

    Those of documentation (RFC 5737) are: exercises report them.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not any(address in net for net in _INNER)
