"""Warninglists as sorted arrays: compiled from MISP's JSON, then read in place from memory-mapped files.

2.5 million entries as Python sets take about 270 MB; as sorted 64-bit hashes they take 25 MB that the operating
system shares between processes and drops when it needs room. A hash is believed without its text: among 2.4 million
keys a stranger is taken for a member once in 7·10¹² look-ups, and the result is an approval asked of a person.

Everything here is pure: bytes in, arrays out. ``edges.knowngood_files`` reads the package and keeps the arrays.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

Arrays = Mapping[str, npt.NDArray[Any]]
"""The compiled form: arrays by file name."""

FORMAT = 1
"""Version of the compiled form; move it with every change here, or an old cache would be read wrongly."""

EXACT_ONLY = 0x8000
"""The bit of an owner that says: the entry stands for itself, not for the names under it."""

_BUCKET_BITS = 16
_GRAM = 4
_LONGEST = 2048


class Applies(IntEnum):
    """The kinds of value that a list speaks of, from MISP's ``matching_attributes``; bits, kept as their sum.

    An IntEnum: in Python 3.11 each ``&`` of an IntFlag costs as much as a whole look-up.
    """

    NAME = 1
    ADDRESS = 2
    EMAIL = 4
    PHONE = 8
    TEXT = 16


class ListInfo(msgspec.Struct, frozen=True):
    """One list: its folder in the package, its title, MISP's matching type, version, number of entries."""

    name: str
    title: str
    matching: str
    version: int
    entries: int
    applies: int


class _About(msgspec.Struct):
    """What is small enough to be kept as JSON beside the arrays. ``skipped``: entries that cannot be read."""

    lists: list[ListInfo]
    needles: list[tuple[str, int]]
    patterns: list[tuple[str, bool, int]]
    skipped: list[tuple[str, str]]


class _File(msgspec.Struct):
    """A ``list.json`` of MISP/misp-warninglists, as far as it matters here."""

    name: str
    type: str
    version: int
    entries: list[str] = msgspec.field(name="list")
    matching_attributes: list[str] = []


_APPLIES = {
    Applies.NAME: {"hostname", "domain", "domain|ip", "url", "uri", "hostname|port"},
    Applies.ADDRESS: {"ip-src", "ip-dst", "domain|ip", "ip-src|port", "ip-dst|port"},
    Applies.EMAIL: {"email", "email-src", "email-dst", "target-email", "whois-registrant-email", "dns-soa-email"},
    Applies.PHONE: {"phone-number", "whois-registrant-phone"},
}


def fold(value: str) -> str:
    """Return the form in which entries and values are compared: no outer spaces or dots, lower case."""
    return value.strip().strip(".").lower()


def _applies(attributes: Iterable[str]) -> int:
    """Read MISP's attribute types as kinds of value; all that is no name, address or mailbox is text."""
    found = 0
    for attribute in attributes:
        kinds = [kind for kind, types in _APPLIES.items() if attribute in types]
        for kind in kinds or [Applies.TEXT]:
            found |= kind.value
    return found


def _hashes(entries: Iterable[str]) -> npt.NDArray[np.uint64]:
    """Return the hashes of entries, folded, in their order."""
    return np.fromiter((xxh3_64_intdigest(fold(entry).encode()) for entry in entries), np.uint64)


def compile_lists(files: Iterable[tuple[str, bytes]]) -> Arrays:
    """Compile ``(folder name, bytes of list.json)`` pairs to arrays, one list in memory at a time.

    Entries that cannot be read are skipped and named in :attr:`Compiled.skipped`. Raises
    ``msgspec.DecodeError`` where a file is no warninglist at all.
    """
    builder = _Builder()
    for name, body in files:
        builder.add(name, msgspec.json.decode(body, type=_File, strict=False))
    return builder.arrays()


class _Builder:
    """Collects the entries of all lists."""

    def __init__(self) -> None:
        self.about = _About([], [], [], [])
        self.keys: list[npt.NDArray[np.uint64]] = []
        self.owners: list[npt.NDArray[np.uint16]] = []
        self.nets: dict[int, list[tuple[int, int, int]]] = {4: [], 6: []}

    def add(self, name: str, file: _File) -> None:
        """Take in one list."""
        number = len(self.about.lists)
        applies = _applies(file.matching_attributes)
        self.about.lists.append(ListInfo(name, file.name, file.type, file.version, len(file.entries), applies))
        if file.type == "cidr":
            for entry in file.entries:
                self._add_net(name, number, entry)
        elif file.type == "regex":
            for entry in file.entries:
                self._add_pattern(name, number, entry)
        elif file.type in ("string", "hostname", "substring"):
            self._add_strings(name, number, file)
        else:
            self.about.skipped.append((name, f"unknown type {file.type}"))

    def _add_strings(self, name: str, number: int, file: _File) -> None:
        """Hash the entries; rows of what covers the names under it come without the bit :data:`EXACT_ONLY`."""
        wide = file.type != "string"
        covering = _hashes(e for e in file.entries if wide or e.startswith("."))
        plain = np.zeros(0, np.uint64) if wide else _hashes(e for e in file.entries if not e.startswith("."))
        only = plain[~np.isin(plain, covering)] if len(covering) else plain
        self.keys += [covering, only]
        self.owners += [np.full(len(covering), number, np.uint16), np.full(len(only), number | EXACT_ONLY, np.uint16)]
        if file.type == "substring":
            self.about.needles.extend((fold(e), number) for e in file.entries if fold(e))
        for entry in file.entries if _applies(file.matching_attributes) & Applies.ADDRESS else ():
            if entry[-1:].isdigit() and entry.count(".") == 3 and not entry.strip("0123456789."):
                self._add_net(name, number, entry)

    def _add_net(self, name: str, number: int, entry: str) -> None:
        """Take in an address or a network as first and last address."""
        try:
            net = ipaddress.ip_network(entry.strip(), strict=False)
        except ValueError:
            self.about.skipped.append((name, entry))
            return
        first, last, family = int(net.network_address), int(net.broadcast_address), net.version
        if family == 6 and first >> 32 == 0xFFFF and last >> 32 == 0xFFFF:
            first, last, family = first & 0xFFFFFFFF, last & 0xFFFFFFFF, 4
        self.nets[family].append((first, last, number))

    def _add_pattern(self, name: str, number: int, entry: str) -> None:
        """Take in a pattern in PHP's form, ``/…/flags``; only ``i`` means anything for a single test."""
        found = re.fullmatch(r"/(.+)/([a-z]*)", entry, re.DOTALL)
        pattern, flags = found.groups() if found else (entry, "")
        try:
            re.compile(pattern)
        except re.error:
            self.about.skipped.append((name, entry))
            return
        self.about.patterns.append((pattern, "i" in flags, number))

    def arrays(self) -> Arrays:
        """Sort all by key and owner (so a key's covering rows come first), each row once; cut networks up."""
        keys = np.concatenate(self.keys) if self.keys else np.zeros(0, np.uint64)
        owners = np.concatenate(self.owners) if self.owners else np.zeros(0, np.uint16)
        self.keys.clear()
        self.owners.clear()
        order = np.lexsort((owners, keys))
        keys, owners = keys[order], owners[order]
        fresh = np.ones(len(keys), bool)
        fresh[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
        keys, owners = keys[fresh], owners[fresh]
        edges = np.arange(1 << _BUCKET_BITS, dtype=np.uint64) << np.uint64(64 - _BUCKET_BITS)
        buckets = np.append(np.searchsorted(keys, edges), len(keys)).astype(np.uint32)
        result: dict[str, npt.NDArray[Any]] = {
            "about": np.frombuffer(msgspec.json.encode(self.about), np.uint8), "keys": keys, "owners": owners,
            "buckets": buckets,
        }
        for family, nets in self.nets.items():
            result |= {f"v{family}_{part}": array for part, array in _segments(sorted(
                nets, key=lambda net: (net[0], -net[1], net[2])), 32 if family == 4 else 128).items()}
        return result


def _segments(nets: list[tuple[int, int, int]], bits: int) -> dict[str, npt.NDArray[Any]]:
    """Cut nested networks into segments that do not overlap, each with the networks that cover it.

    ``nets``: (first, last, list), sorted by first and then the widest first, so that a stack holds the cover.
    Networks are either apart or nested, never crossing: that is what CIDR means.
    """
    starts: list[int] = []
    covers: list[tuple[int, ...]] = []

    def cut(at: int, cover: list[int]) -> None:
        if starts and starts[-1] == at:
            covers[-1] = tuple(cover)
        elif at >> bits == 0:
            starts.append(at)
            covers.append(tuple(cover))

    stack: list[int] = []
    for number, (first, _, _) in enumerate(nets):
        while stack and nets[stack[-1]][1] < first:
            end = nets[stack.pop()][1]
            cut(end + 1, stack)
        stack.append(number)
        cut(first, stack)
    while stack:
        end = nets[stack.pop()][1]
        cut(end + 1, stack)
    offsets = np.zeros(len(covers) + 1, np.uint32)
    np.cumsum([len(cover) for cover in covers], out=offsets[1:])
    mask = (1 << 64) - 1
    return {
        "high": np.fromiter((s >> 64 for s in starts), np.uint64, len(starts)),
        "low": np.fromiter((s & mask for s in starts), np.uint64, len(starts)),
        "offsets": offsets,
        "members": np.fromiter((n for cover in covers for n in cover), np.uint32, int(offsets[-1])),
        "net_high": np.fromiter((n[0] >> 64 for n in nets), np.uint64, len(nets)),
        "net_low": np.fromiter((n[0] & mask for n in nets), np.uint64, len(nets)),
        "owner": np.fromiter((net[2] for net in nets), np.uint16, len(nets)),
        "prefix": np.fromiter((bits - (n[1] - n[0]).bit_length() for n in nets), np.uint8, len(nets)),
    }


class HashIndex:
    """Sorted 64-bit hashes with the lists that hold them; rows of one hash stand together.

    A table of the first 16 bits narrows a search to some 35 keys, so a look-up touches one or two memory pages.
    """

    def __init__(self, arrays: Arrays) -> None:
        self._keys = arrays["keys"]
        self._owners = arrays["owners"]
        self._key = arrays["keys"].data
        self._owner = arrays["owners"].data
        self._bucket = arrays["buckets"].data

    def find(self, value: str) -> list[int]:
        """Return the owners of a folded value: list numbers, with :data:`EXACT_ONLY` where that holds."""
        key = xxh3_64_intdigest(value.encode())
        bucket = key >> (64 - _BUCKET_BITS)
        end = self._bucket[bucket + 1]
        at = bisect_left(self._key, key, self._bucket[bucket], end)
        found: list[int] = []
        while at < end and self._key[at] == key:
            found.append(self._owner[at])
            at += 1
        return found

    def held(
        self, hashes: npt.NDArray[np.uint64], parents: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Tell for each hash whether any list holds it; where it is a parent's, whether as one that covers."""
        if not len(self._keys):
            return np.zeros(len(hashes), bool)
        at = np.minimum(np.searchsorted(self._keys, hashes), len(self._keys) - 1)
        held: npt.NDArray[np.bool_] = (self._keys[at] == hashes) & (~parents | (self._owners[at] < EXACT_ONLY))
        return held

    def listed(self, hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Tell for each hash whether any list holds it. In their order, which touches each memory page once."""
        order = np.argsort(hashes)
        listed = np.zeros(len(hashes), bool)
        listed[order] = self.held(hashes[order], listed)
        return listed


class NetIndex:
    """The networks of one address family (4 or 6), as segments; ``bits`` is 32 or 128."""

    def __init__(self, arrays: Arrays, family: int) -> None:
        self.bits = 32 if family == 4 else 128
        self._lows = arrays[f"v{family}_low"]
        self._high = arrays[f"v{family}_high"].data
        self._low = self._lows.data
        self._offsets = arrays[f"v{family}_offsets"]
        self._offset = self._offsets.data
        self._members = arrays[f"v{family}_members"]
        self._owner = arrays[f"v{family}_owner"].data
        self._prefix = arrays[f"v{family}_prefix"].data
        self._net_high = arrays[f"v{family}_net_high"].data
        self._net_low = arrays[f"v{family}_net_low"].data

    def _locate(self, address: int) -> int:
        """Return the segment that holds the address, -1 before the first."""
        if self.bits == 32:
            return bisect_right(self._low, address) - 1
        high, low = address >> 64, address & ((1 << 64) - 1)
        start = bisect_left(self._high, high)
        end = bisect_right(self._high, high, start)
        return bisect_right(self._low, low, start, end) - 1

    def find(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return (list, first address, prefix length) of the networks that share an address with ``first``…``last``.

        One row for each list, by its narrowest network there, in the order of the lists.
        """
        start, end = max(self._locate(first), 0), self._locate(last)
        if end < 0 or self._offset[start] == self._offset[end + 1]:
            return []
        narrowest: dict[int, tuple[int, int]] = {}
        # Where nothing covers ``first``, the segment that it falls into has no rows: nothing is taken in by mistake.
        for net in np.unique(self._members[self._offset[start]:self._offset[end + 1]]).tolist():
            owner, prefix = self._owner[net], self._prefix[net]
            if prefix > narrowest.get(owner, (0, -1))[1]:
                narrowest[owner] = (net, prefix)
        return sorted((owner, self._first(net), prefix) for owner, (net, prefix) in narrowest.items())

    def _first(self, net: int) -> int:
        """Return the first address of a network."""
        return self._net_high[net] << 64 | self._net_low[net]

    def held(self, addresses: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Tell for each IPv4 address whether any list holds it. Only for family 4."""
        if not len(self._lows):
            return np.zeros(len(addresses), bool)
        at = np.searchsorted(self._lows, addresses, side="right") - 1
        covered = np.diff(self._offsets) > 0
        held: npt.NDArray[np.bool_] = (at >= 0) & covered[at]
        return held


class Needles:
    """Substrings to look for in a value, found by their first four characters rather than one by one."""

    def __init__(self, needles: Iterable[tuple[str, int]]) -> None:
        self._short: list[tuple[str, int]] = []
        self._by_gram: dict[str, list[tuple[str, int]]] = {}
        self.texts: list[str] = []
        for needle, owner in needles:
            self.texts.append(needle)
            if len(needle) < _GRAM:
                self._short.append((needle, owner))
            else:
                self._by_gram.setdefault(needle[:_GRAM], []).append((needle, owner))

    def find(self, value: str) -> Iterator[tuple[str, int]]:
        """Yield (needle, list) for each needle that stands in the value; long values are read to a bound."""
        value = value[:_LONGEST]
        for needle, owner in self._short:
            if needle in value:
                yield needle, owner
        for at in range(len(value) - _GRAM + 1):
            for needle, owner in self._by_gram.get(value[at:at + _GRAM], ()):
                if value.startswith(needle, at):
                    yield needle, owner


class Compiled:
    """All lists, opened for reading. ``skipped``: (list, entry) pairs that could not be read when compiled."""

    def __init__(self, arrays: Arrays) -> None:
        about = msgspec.json.decode(arrays["about"].tobytes(), type=_About)
        self.lists = tuple(about.lists)
        self.skipped = tuple(about.skipped)
        self.hashes = HashIndex(arrays)
        self.v4 = NetIndex(arrays, 4)
        self.v6 = NetIndex(arrays, 6)
        # A list of mail domains meets names exactly or as a parent; its 4,900 substrings are for mailboxes alone.
        self._needles = {
            kind: Needles((n, o) for n, o in about.needles
                          if self._speaks(o, kind)
                          and not (kind is Applies.NAME and self._speaks(o, Applies.EMAIL)))
            for kind in Applies
        }
        self._patterns = {
            kind: [(re.compile(p, re.IGNORECASE if folded else 0), o) for p, folded, o in about.patterns
                   if self._speaks(o, kind)]
            for kind in Applies
        }

    def _speaks(self, owner: int, kind: Applies) -> bool:
        """Tell whether a list speaks of this kind of value."""
        return bool(self.lists[owner].applies & kind)

    def needles(self, kind: Applies) -> Needles:
        """Return the substrings of the lists that speak of this kind of value."""
        return self._needles[kind]

    def patterns(self, value: str, kind: Applies) -> Iterator[tuple[str, int]]:
        """Yield (pattern, list) for each pattern found in the value; longer values than a mailbox are not tried."""
        if len(value) > 320:
            return
        for pattern, owner in self._patterns[kind]:
            if pattern.search(value):
                yield pattern.pattern, owner
