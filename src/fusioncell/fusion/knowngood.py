"""Known-good lists: does a value stand on one of MISP's warninglists, and does that stop an automatic block?

Exact and parent matches are separate. ``google.com`` on a list of popular names is a reason to ask a person first;
``evil.duckdns.org`` under the entry ``duckdns.org`` is none: measured on real feeds, parent matches on one popularity
list would have exempted 28 % of the malicious names, nearly all through free-hosting parents. So parents, like
substrings, are shown and never guard; public suffixes are guarded by themselves (DESIGN §4).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress

import numpy as np
from xxhash import xxh3_64_intdigest

from fusioncell.fusion.knownindex import (
    EXACT_ONLY,
    Applies,
    Arrays,
    Compiled,
    ListInfo,
    compile_lists,
    fold,
)
from fusioncell.fusion.knownlists import Category, Class, category_of, class_of
from fusioncell.kernel.observable import Observable, ObservableType, is_public_suffix, may_be_suffixes, private_suffix


class Match(StrEnum):
    """How a value met an entry."""

    EXACT = "exact"
    PARENT = "parent"
    CIDR = "cidr"
    SUBSTRING = "substring"
    REGEX = "regex"


@dataclass(frozen=True, slots=True)
class Hit:
    """One list that a value met. ``value``: the entry it met, ``title``: the list's own words for itself."""

    list: str
    title: str
    kind: Match
    value: str
    category: Category

    @property
    def sort(self) -> Class:
        """Return what kind of thing the list is of."""
        return class_of(self.list)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a name stands on that belongs to many: it says nothing of the name, and the name nothing of it.

    ``value``: the value itself, or the name above it under which unrelated parties have theirs.
    """

    value: str
    own: bool
    sort: Class


@dataclass(frozen=True, slots=True)
class Guard:
    """A reason, in plain words, why a block of this value must not be automatic; ``lists`` that gave it."""

    reason: str
    category: Category
    lists: tuple[str, ...] = ()


STAND_INS = ("192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
"""Networks set aside for documentation and benchmarks: a demonstration uses them in place of real ones."""
_STOPS = (Match.EXACT, Match.CIDR, Match.REGEX)
_WORDS = {
    Category.POPULAR: "well-known or much-visited names",
    Category.INFRASTRUCTURE: "known infrastructure, reserved ranges and known-good files",
    Category.PLATFORM: "platforms shared by many customers",
    Category.SCANNER: "scanners, sinkholes and exercises run by researchers or defenders",
}


def guards(observable: Observable, hits: Sequence[Hit]) -> tuple[Guard, ...]:
    """Say which of the hits, and what else about the value, stops an automatic block; empty means nothing does.

    Parent and substring matches never do, nor do lists that are only informational. One guard for each category.
    """
    found = list(_own_nature(observable))
    for category, words in _WORDS.items():
        those = [hit for hit in hits if hit.category is category and hit.kind in _STOPS]
        if those:
            titles = tuple(dict.fromkeys(hit.title for hit in those))
            more = f" and {len(titles) - 1} more" if len(titles) > 1 else ""
            within = {
                Match.EXACT: "stands on", Match.CIDR: f"matches {those[0].value} on", Match.REGEX: "fits a pattern of",
            }[those[0].kind]
            reason = f"{_subject(observable)} {within} a list of {words}: {titles[0]}{more}."
            found.append(Guard(reason, category, titles))
    return tuple(found)


def _own_nature(observable: Observable) -> list[Guard]:
    """Return the guards that need no list: public suffixes and addresses that are not public."""
    kind, value = observable.type, observable.value
    if kind is ObservableType.URL:
        value = url_host(value)
        kind = _host_type(value)
    if kind is ObservableType.DOMAIN and is_public_suffix(value):
        return [Guard(f"{value} is a public suffix: anyone may register names under it.", Category.PLATFORM)]
    if kind in _ADDRESSES and not _is_public(value):
        return [Guard(f"{value} is a reserved or private address range, not one on the internet.",
                      Category.INFRASTRUCTURE)]
    return []


def ground(observable: Observable) -> Ground | None:
    """Return the suffix or shared platform that a name, URL or mailbox stands on, by the public suffix list.

    Of an ordinary registered name that is none: ``co.uk`` above ``shop.co.uk`` says nothing that a reader needs.
    """
    kind, value = observable.type, observable.value
    if kind is ObservableType.URL:
        value = url_host(value)
        kind = _host_type(value)
    elif kind is ObservableType.EMAIL:
        value, kind = value.rpartition("@")[2].lower(), ObservableType.DOMAIN
    if kind is not ObservableType.DOMAIN or "." not in value.strip("."):
        return None
    platform = private_suffix(value)
    if platform is not None:
        return Ground(platform, platform == value, Class.HOSTING)
    return Ground(value, True, Class.SUFFIX) if is_public_suffix(value) else None


def _is_public(value: str) -> bool:
    """Tell whether both ends of an address or network are public unicast (IANA's special-purpose registries)."""
    net = ipaddress.ip_network(value)
    return all(end.is_global and not end.is_multicast for end in {net.network_address, net.broadcast_address})


def _subject(observable: Observable) -> str:
    """Name the value in a sentence; of a URL its host, since that is what a DNS filter would block."""
    if observable.type is ObservableType.URL:
        return f"The URL's host {url_host(observable.value)}"
    return observable.value if len(observable.value) <= 80 else observable.value[:77] + "..."


def url_host(url: str) -> str:
    """Return the host of a canonical (WHATWG) URL, an IPv6 one without its brackets; "" where there is none."""
    rest = url.partition("://")[2]
    for mark in "/?#":
        rest = rest.partition(mark)[0]
    rest = rest.rpartition("@")[2].lower()
    return rest[1:].partition("]")[0] if rest.startswith("[") else rest.partition(":")[0]


def _host_type(host: str) -> ObservableType:
    """Tell what a URL's host is."""
    if ":" in host:
        return ObservableType.IPV6
    last = host.rpartition(".")[2]
    return ObservableType.IPV4 if last.isdigit() and host.count(".") == 3 else ObservableType.DOMAIN


_ADDRESSES = frozenset((ObservableType.IPV4, ObservableType.IPV6, ObservableType.CIDR))
_OWN_PATH = frozenset((ObservableType.IPV6, ObservableType.CIDR, ObservableType.EMAIL, ObservableType.PHONE))
_URL, _DOMAIN = ObservableType.URL, ObservableType.DOMAIN
_named = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]*[a-z])(?:[/?#]|\Z)").match
"""Finds the host of a canonical URL where it is a name at a glance, as nearly all are."""
_NONE: tuple[Hit, ...] = ()


def _v4_number(value: str) -> int:
    """Return a canonical IPv4 address as a number."""
    a, b, c, d = value.split(".")
    return int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)


def _above(name: str) -> list[str]:
    """Return all names above a name, nearest first, down to the single label."""
    found = []
    at = name.find(".") + 1
    while at:
        found.append(name[at:])
        at = name.find(".", at) + 1
    return found


class KnownGood:
    """The compiled lists, ready to be asked. Holds no text of the lists, only memory-mapped arrays."""

    def __init__(self, arrays: Arrays) -> None:
        self._compiled = Compiled(arrays)
        self._categories = tuple(category_of(known.name) for known in self._compiled.lists)
        self._name_needles = self._compiled.needles(Applies.NAME).texts
        self._spared: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def sparing(self, networks: Sequence[str]) -> KnownGood:
        """Return the same lists for a demonstration: what lies in these networks is on none, and nothing guards it."""
        spared = copy(self)
        spared._spared = tuple(map(ipaddress.ip_network, networks))
        return spared

    @classmethod
    def nothing(cls) -> KnownGood:
        """Make one that knows no list at all, for tests; a hub that has lost its lists must not use it."""
        return cls(compile_lists(()))

    @property
    def lists(self) -> tuple[ListInfo, ...]:
        """The lists, in order."""
        return self._compiled.lists

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """(list, entry) pairs that could not be read."""
        return self._compiled.skipped

    def guards(self, observable: Observable, hits: Sequence[Hit] | None = None) -> tuple[Guard, ...]:
        """Say what stops an automatic block of a value. ``hits``: the lists that it meets, where that is known."""
        if self._spares(observable):
            return ()
        return guards(observable, self.hits(observable) if hits is None else hits)

    def hits(self, observable: Observable) -> tuple[Hit, ...]:
        """Return every list that the value meets: exact matches first, then parents from near to far."""
        if self._spares(observable):
            return _NONE
        kind, value = observable.type, observable.value
        if kind is ObservableType.URL:
            value = url_host(value)
            kind = _host_type(value)
        if kind is ObservableType.DOMAIN:
            return self._name_hits(value)
        if kind in _ADDRESSES:
            return self._address_hits(value)
        if kind is ObservableType.EMAIL:
            return self._email_hits(value)
        return self._text_hits(observable)

    def batch_hits(self, observables: Sequence[Observable]) -> list[tuple[Hit, ...]]:
        """Return :meth:`hits` for many values; what meets no list costs some 2 CPU-µs."""
        suspects: set[int] = set()
        names: list[str] = []
        places: list[int] = []
        keys: list[int] = []
        parents = bytearray()
        owners: list[int] = []
        v4: list[int] = []
        v4_places: list[int] = []
        for place, observable in enumerate(observables):
            kind, value = observable.type, observable.value
            if kind is ObservableType.URL:
                value = url_host(value)
                kind = _host_type(value)
            if kind is ObservableType.IPV4:
                v4.append(_v4_number(value))
                v4_places.append(place)
                continue
            if kind in _OWN_PATH:
                suspects.add(place)
                continue
            packed = (value if kind is ObservableType.DOMAIN else fold(value)).encode()
            keys.append(xxh3_64_intdigest(packed))
            owners.append(place)
            parents.append(0)
            if kind is ObservableType.DOMAIN:
                names.append(value)
                places.append(place)
                at = packed.find(b".") + 1
                while at:
                    keys.append(xxh3_64_intdigest(packed[at:]))
                    owners.append(place)
                    parents.append(1)
                    at = packed.find(b".", at) + 1
        held = self._compiled.hashes.held(np.array(keys, np.uint64), np.frombuffer(parents, bool))
        suspects.update(np.array(owners, np.int64)[held].tolist())
        listed = self._compiled.v4.held(np.array(v4, np.uint64))
        suspects.update(np.array(v4_places, np.int64)[listed].tolist())
        everything = "\n".join(names)
        for needle in self._name_needles:
            if needle in everything:
                suspects.update(place for place, name in zip(places, names, strict=True) if needle in name)
        found: list[tuple[Hit, ...]] = [_NONE] * len(observables)
        for place in suspects:
            found[place] = self.hits(observables[place])
        return found

    def batch_guarded(self, observables: Sequence[Observable]) -> list[bool]:
        """Tell of many values whether anything guards each (:meth:`guards`). A URL's host is looked up once.

        Only what stands on a list by itself guards: no parent is hashed, and no substring sought.
        """
        suspects: list[int] = []
        texts, places = list[str](), list[int]()
        names: dict[str, None] = {}
        for place, observable in enumerate(observables):
            kind, value = observable.type, observable.value
            if kind is _URL:
                named = _named(value)
                if named is not None:
                    kind, value = _DOMAIN, named[1]
                else:
                    value = url_host(value)
                    kind = _host_type(value)
            if kind is _DOMAIN:
                names[value] = None
            elif kind in _ADDRESSES or kind in _OWN_PATH:
                suspects.append(place)
                continue
            else:
                value = fold(value)
            texts.append(value)
            places.append(place)
        asked = list(dict.fromkeys(texts))
        keys = np.array([xxh3_64_intdigest(text.encode()) for text in asked], np.uint64)
        listed = {*may_be_suffixes(names), *compress(asked, self._compiled.hashes.listed(keys).tolist())}
        suspects += [place for place, text in zip(places, texts, strict=True) if text in listed]
        hits = self.batch_hits([observables[place] for place in suspects])
        guarded = [False] * len(observables)
        for place, met in zip(suspects, hits, strict=True):
            guarded[place] = bool(self.guards(observables[place], met))
        return guarded

    def _spares(self, observable: Observable) -> bool:
        """Tell whether a value is an address or network, or a URL at one, that stands for a real one here."""
        if not self._spared:
            return False
        kind, value = observable.type, observable.value
        if kind is ObservableType.URL:
            value = url_host(value)
            kind = _host_type(value)
        if kind not in _ADDRESSES:
            return False
        net = ipaddress.ip_network(value, strict=False)
        return any(net.version == one.version and net.subnet_of(one) for one in self._spared)  # type: ignore[arg-type]

    def _hit(self, owner: int, kind: Match, value: str) -> Hit:
        """Make the hit of one list."""
        known = self._compiled.lists[owner]
        return Hit(known.name, known.title, kind, value, self._categories[owner])

    def _exact(self, value: str, applies: Applies) -> list[Hit]:
        """Return the lists that hold the value itself."""
        owners = (owner & ~EXACT_ONLY for owner in self._compiled.hashes.find(value))
        lists = self._compiled.lists
        return [self._hit(owner, Match.EXACT, value) for owner in owners if lists[owner].applies & applies]

    def _under(self, names: Sequence[str], applies: Applies) -> list[Hit]:
        """Return the lists that cover one of the names above; of one list the nearest entry only."""
        found: dict[int, Hit] = {}
        for name in names:
            for owner in self._compiled.hashes.find(name):
                if owner < EXACT_ONLY and owner not in found and self._compiled.lists[owner].applies & applies:
                    found[owner] = self._hit(owner, Match.PARENT, name)
        return list(found.values())

    def _needle_hits(self, value: str, applies: Applies, sofar: list[Hit]) -> list[Hit]:
        """Return the substring matches of lists that have not matched better already."""
        better = {hit.list for hit in sofar}
        found: dict[int, Hit] = {}
        for needle, owner in self._compiled.needles(applies).find(value):
            if self._compiled.lists[owner].name not in better:
                found.setdefault(owner, self._hit(owner, Match.SUBSTRING, needle))
        return list(found.values())

    def _name_hits(self, name: str) -> tuple[Hit, ...]:
        """Look up a domain name or a URL's host."""
        found = self._exact(name, Applies.NAME)
        found += self._under(_above(name), Applies.NAME)
        found += self._needle_hits(name, Applies.NAME, found)
        return tuple(found) or _NONE

    def _address_hits(self, value: str) -> tuple[Hit, ...]:
        """Look up an address or a network; a network meets each list that has an address in it."""
        net = ipaddress.ip_network(value, strict=False)
        index = self._compiled.v4 if net.version == 4 else self._compiled.v6
        first, last = int(net.network_address), int(net.broadcast_address)
        return tuple(
            self._hit(owner, Match.CIDR, _net_text(start, prefix, index.bits))
            for owner, start, prefix in index.find(first, last)
        )

    def _email_hits(self, value: str) -> tuple[Hit, ...]:
        """Look up a mailbox: by itself, by its domain (a parent match), by substring and by pattern."""
        value = fold(value)
        domain = value.rpartition("@")[2]
        found = self._exact(value, Applies.EMAIL)
        found += self._under([domain, *_above(domain)], Applies.EMAIL)
        found += self._needle_hits(value, Applies.EMAIL, found)
        found += [self._hit(owner, Match.REGEX, p) for p, owner in self._compiled.patterns(value, Applies.EMAIL)]
        return tuple(found)

    def _text_hits(self, observable: Observable) -> tuple[Hit, ...]:
        """Look up all else: digests, certificates, numbers."""
        value = fold(observable.value)
        if observable.type is not ObservableType.PHONE:
            return tuple(self._exact(value, Applies.TEXT)) or _NONE
        found = {owner: p for p, owner in reversed(list(self._compiled.patterns(value, Applies.PHONE)))}
        return tuple(self._hit(owner, Match.REGEX, p) for owner, p in found.items())


def _net_text(start: int, prefix: int, bits: int) -> str:
    """Write an entry as people do: a single address without its prefix length."""
    address = str(ipaddress.IPv4Address(start) if bits == 32 else ipaddress.IPv6Address(start))
    return address if prefix == bits else f"{address}/{prefix}"
