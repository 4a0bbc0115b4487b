"""The response policy zone as wire bytes: an immutable image that knows how to become the next one.

A blocked name is two records, ``name.ORIGIN CNAME .`` and ``*.name.ORIGIN CNAME .`` (draft-vixie-dnsop-dns-rpz §3.1,
"NXDOMAIN" action); a name that must pass is the same with ``CNAME rpz-passthru.``, one that exists without records
with ``CNAME *.``, one that leads to the zone's walled garden with that host's name (§3.2, §3.3, §3.6).

A zone may hold a heartbeat: a name that answers (TXT) with the serial, so that an ISP's monitoring sees by one query
what a resolver holds. It moves with the SOA.

How a million names stay cheap (measured in docs of the shield):

1. Names are hashed into buckets, and each bucket is kept as *ready-made answer blocks*, nothing else: the names are
   read back from the block when it changes. A new name is written behind the others of its block; any other change
   re-encodes the buckets that it touches, and those only; the rest is shared.
2. A block starts at the same offset in every message (header and question stand before it), so its compression
   pointers (RFC 1035 §4.1.4) are right in any transfer. They reach 14 bits, hence no block ends beyond 16,383.
3. The SOA stands in messages of its own, so a new serial touches no block.
4. Buckets grow one at a time (linear hashing): no change pays for a rehash of the zone.

An image is never altered: a transfer under way keeps the one it began with. No I/O, no clock. What a name must be to
stand here (category, approval, shared platforms) is decided elsewhere; only what the wire cannot carry is refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from fusioncell.kernel.errors import BadInput

ORIGIN = "rpz.fusioncell"
"""The zone's name unless told otherwise."""

TTL = 30
"""Seconds that an answer made by this zone may be cached: a lift must show soon."""

# A resolver that gets no NOTIFY asks for the serial every few seconds: one small UDP query, and a lift still arrives.
REFRESH, RETRY, EXPIRE, MINIMUM = 5, 5, 7 * 86_400, 30
"""SOA timers in seconds: who lost every NOTIFY asks each five seconds, and fails open after a week of silence."""

MAX_OFFSET = 0x3FFF
"""The furthest place that a compression pointer reaches, thus the bound of an answer block."""

HEADER_SIZE = 12
_BUCKET_SIZE = 12_000
_CNAME_HEAD = struct.pack(">HHI", 5, 1, TTL)
_POINTER = struct.Struct(">H")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_TRIGGERS = frozenset({"rpz-ip", "rpz-nsip", "rpz-nsdname", "rpz-client-ip"})


class Action(IntEnum):
    """What a resolver does with a name."""

    BLOCK = 0
    """Answer NXDOMAIN."""
    PASSTHRU = 1
    """Answer as if no rule existed."""
    NODATA = 2
    """Answer that the name exists and has no such record."""
    GARDEN = 3
    """Answer with a CNAME to the zone's walled garden."""


class Rule(NamedTuple):
    """One name of the zone. ``subtree``: everything under it too."""

    name: str
    subtree: bool = True
    action: Action = Action.BLOCK


class Delta(NamedTuple):
    """The step between two serials, exact: what is removed stood there, what is added did not (RFC 1995 §4)."""

    old_serial: int
    new_serial: int
    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]


class Block(NamedTuple):
    """Answer records, ready to stand behind header and question of a message."""

    records: int
    wire: bytes


def fits(name: str, *, origin: str = ORIGIN) -> bool:
    """Tell whether the zone can carry a name and its wildcard: RFC 1035 §2.3.4 lengths (labels of 63, 255 octets in
    all), lower-case letters, digits, hyphens and underscores, and no ending that RPZ reads as another trigger.
    """
    if len(name) + 1 + 2 + len(wire_name(origin)) > 255 or _NAME.fullmatch(name) is None:
        return False
    return name.rpartition(".")[2] not in _TRIGGERS


@lru_cache(maxsize=64)
def wire_name(name: str) -> bytes:
    """Encode an absolute name (given without the last dot) as labels and root."""
    return _labels(name) + b"\0"


def newer(serial: int, than: int) -> bool:
    """Compare serials in the circle of RFC 1982 §3.2. Exactly half the circle apart, neither is newer."""
    return 0 < (serial - than) % 2**32 < 2**31


def next_serial(serial: int, step: int = 1) -> int:
    """Add to a serial (RFC 1982 §3.1); 0 is stepped over, as some secondaries take it for "none"."""
    if not 0 < step < 2**31:
        raise ValueError("a serial moves by 1 to 2**31 - 1")
    return (serial + step) % 2**32 or 1


class _Form(NamedTuple):
    """How a rule is written behind its labels: the owner's rest, the wildcard's rest, bytes and records in all."""

    tail: bytes
    wildcard: bytes
    size: int
    records: int


def _labels(name: str) -> bytes:
    return b"".join([_LENGTHS[len(label)] + label for label in name.encode("ascii").split(b".")])


_LENGTHS = [bytes([length]) for length in range(64)]
_ORIGIN_POINTER = struct.pack(">H", 0xC000 | HEADER_SIZE)
_TARGETS = (b"\0\x01\0", b"\0\x0e\x0crpz-passthru\0", b"\0\x03\x01*\0")


# A rule inside an image is (labels, code): code = action * 2 + subtree. WHOLE marks a record given as it stands.
WHOLE = 8


class _Codec(NamedTuple):
    """How the rules of zones with one walled garden are written and read."""

    forms: tuple[_Form, ...]
    pattern: re.Pattern[bytes]
    codes: dict[bytes, int]


@lru_cache(maxsize=64)
def _codec(garden: str) -> _Codec:
    targets = [*_TARGETS]
    if garden:
        host = wire_name(garden)
        targets.append(_POINTER.pack(len(host)) + host)
    forms = []
    for target in targets:
        tail, wildcard = _ORIGIN_POINTER + _CNAME_HEAD + target, _CNAME_HEAD + target
        forms += [_Form(tail, b"", len(tail), 1), _Form(tail, wildcard, len(tail) + 4 + len(wildcard), 2)]
    forms += [_Form(b"", b"", 0, 1)] * (WHOLE + 1 - len(forms))
    pattern = re.compile(
        rb"([^\xc0]+)" + re.escape(_ORIGIN_POINTER + _CNAME_HEAD) + b"(" + b"|".join(map(re.escape, targets)) + b")"
        rb"(\x01\*[\xc0-\xff]." + re.escape(_CNAME_HEAD) + rb"\2)?", re.DOTALL)
    return _Codec(tuple(forms), pattern, {target: action * 2 for action, target in enumerate(targets)})


def encode(rules: Iterable[tuple[bytes, int]], start: int, garden: str = "") -> Iterator[Block]:
    """Write rules to answer blocks that begin at offset ``start`` of their messages and end within MAX_OFFSET."""
    parts: list[bytes] = []
    offset, records = start, 0
    forms = _codec(garden).forms
    for labels, code in rules:
        tail, wildcard, size, count = forms[code]
        size += len(labels)
        if offset + size > MAX_OFFSET and parts:
            yield Block(records, b"".join(parts))
            parts, offset, records = [], start, 0
        if wildcard:
            parts += (labels, tail, b"\x01*", _POINTER.pack(0xC000 | offset), wildcard)
        else:
            parts += (labels, tail)
        offset += size
        records += count
    if parts:
        yield Block(records, b"".join(parts))


def _decode(blocks: Iterable[Block], garden: str) -> dict[bytes, int]:
    """Read the rules back from blocks. Labels are ASCII of at most 63: no byte of theirs looks like a pointer."""
    _, pattern, codes = _codec(garden)
    return {
        labels: codes[target] + bool(wildcard)
        for block in blocks for labels, target, wildcard in pattern.findall(block.wire)
    }


def rule_code(rule: Rule) -> int:
    """Return the form of a rule inside an image."""
    return rule.action * 2 + rule.subtree


def rule_labels(rule: Rule) -> bytes:
    """Return a rule's name as labels without root."""
    return _labels(rule.name)


def _rule(labels: bytes, code: int) -> Rule:
    names, at = [], 0
    while at < len(labels):
        end = at + 1 + labels[at]
        names.append(labels[at + 1:end].decode("ascii"))
        at = end
    return Rule(".".join(names), bool(code & 1), Action(code >> 1))


def _place(labels: bytes, buckets: int) -> int:
    """Find a name's bucket among any number of them (linear hashing)."""
    return _slot(crc32(labels), buckets)


def _slot(number: int, buckets: int) -> int:
    high = 1 << (buckets - 1).bit_length()
    at = number & (high - 1)
    return at if at < buckets else at & ((high >> 1) - 1)


_PARTS = 1 << 10
_MARKS = [bytes((0, code)) for code in range(WHOLE)]
_MARKED = re.compile(rb"([^\0]+)\0(.)", re.DOTALL)
"""A rule while the zone is built: labels (no octet of theirs is 0) and code."""


_Bucket = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class ZoneImage:
    """The zone at one serial. Make one with :meth:`build`, the next with :meth:`change` or :meth:`step`."""

    origin: str
    serial: int
    count: int
    """Names in the zone."""
    size: int
    """Bytes of all blocks."""
    buckets: tuple[_Bucket, ...]
    garden: str = ""
    """Host to which rules with the action GARDEN lead; "" where there is none."""
    heartbeat: str = ""
    """Name that answers (TXT) with the serial; "" for none. No rule may stand on it."""

    @classmethod
    def build(cls, rules: Iterable[str | Rule], serial: int, *, origin: str = ORIGIN, garden: str = "",
              heartbeat: str = "") -> ZoneImage:
        """Make an image from names (block, with subtree) and rules. A name given twice counts as given last.

        Raises BadInput where a name does not fit the zone.
        """
        builder = ZoneBuilder(cls(origin, serial, 0, 0, ((),), garden, heartbeat))
        for rule in rules:
            builder.add(rule)
        return builder.image(serial)

    def __len__(self) -> int:
        return self.count

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def find(self, name: str) -> Rule | None:
        """Return the rule of exactly this name."""
        if not fits(name, origin=self.origin):
            return None
        labels = _labels(name)
        code = _decode(self.buckets[_place(labels, len(self.buckets))], self.garden).get(labels)
        return None if code is None else _rule(labels, code)

    def rules(self) -> Iterator[Rule]:
        """Give every rule, bucket by bucket."""
        for bucket in self.buckets:
            for labels, code in _decode(bucket, self.garden).items():
                yield _rule(labels, code)

    def blocks(self) -> Iterator[Block]:
        """Give every block, in the order of a transfer."""
        for bucket in self.buckets:
            yield from bucket

    @property
    def start(self) -> int:
        """Offset at which a block stands in its message: header, the zone's name, type and class."""
        return HEADER_SIZE + len(wire_name(self.origin)) + 4

    def change(self, serial: int, added: Iterable[str | Rule] = (), removed: Iterable[str | Rule] = ()) -> ZoneImage:
        """Return the image at the next serial. See :meth:`step`."""
        return self.step(serial, added, removed)[0]

    def step(self, serial: int, added: Iterable[str | Rule] = (),
             removed: Iterable[str | Rule] = ()) -> tuple[ZoneImage, Delta]:
        """Return the image at the next serial and the exact step to it.

        First what is removed goes (by name; unknown names are passed over), then what is added comes, in place of a
        rule of the same name. Raises ValueError where the serial is not newer, BadInput where a name does not fit.
        """
        if not newer(serial, self.serial):
            raise ValueError(f"serial {serial} is not newer than {self.serial} (RFC 1982)")
        wanted: dict[bytes, int | None] = {}
        for rule in removed:
            name = rule if isinstance(rule, str) else rule.name
            if fits(name, origin=self.origin):
                wanted[_labels(name)] = None
        for rule in added:
            labels, code = _check(rule, self)
            wanted[labels] = code
        buckets = list(self.buckets)
        difference = _Difference(self.count, self.size)
        if len(wanted) > self.count:
            everything = {labels: code for bucket in buckets
                          for labels, code in _decode(bucket, self.garden).items()}
            difference.apply(everything, wanted.items())
            image = _filled(self, serial, everything.items())
            return image, difference.delta(self.serial, serial)
        groups: dict[int, list[tuple[bytes, int | None]]] = {}
        for item in wanted.items():
            groups.setdefault(_place(item[0], len(buckets)), []).append(item)
        for at, items in groups.items():
            before = _size(buckets[at])
            longer = _appended(buckets[at], items, self)
            if longer is not None:
                difference.apply({}, items)
                buckets[at] = longer
            elif difference.apply(content := _decode(buckets[at], self.garden), items):
                buckets[at] = _bucket(content, self)
            difference.size += _size(buckets[at]) - before
        if difference.size * 8 < len(buckets) * _BUCKET_SIZE and len(buckets) > 1:
            everything = {labels: code for bucket in buckets
                          for labels, code in _decode(bucket, self.garden).items()}
            return _filled(self, serial, everything.items()), difference.delta(self.serial, serial)
        while len(buckets) * _BUCKET_SIZE < difference.size:
            _split(buckets, self)
        image = replace(self, serial=serial, count=difference.count, size=difference.size, buckets=tuple(buckets))
        return image, difference.delta(self.serial, serial)

    def soa(self, serial: int | None = None) -> bytes:
        """Encode the SOA record (of another serial, where one is given), its owner a pointer to the question."""
        content = (wire_name("localhost") + wire_name("hostmaster." + self.origin)
                   + struct.pack(">5I", self.serial if serial is None else serial, REFRESH, RETRY, EXPIRE, MINIMUM))
        return _ORIGIN_POINTER + struct.pack(">HHIH", 6, 1, TTL, len(content)) + content

    @property
    def ns(self) -> bytes:
        """The apex NS record: ``localhost.``, which needs no address (BIND refuses an in-zone NS without one)."""
        content = wire_name("localhost")
        return _ORIGIN_POINTER + struct.pack(">HHIH", 2, 1, TTL, len(content)) + content

    def pulse(self, serial: int | None = None) -> bytes:
        """Encode the heartbeat's TXT record at a serial; nothing where the zone has none."""
        if not self.heartbeat:
            return b""
        said = str(self.serial if serial is None else serial).encode()
        return (_labels(self.heartbeat) + _ORIGIN_POINTER
                + struct.pack(">HHIHB", 16, 1, TTL, len(said) + 1, len(said)) + said)

    def apex(self) -> Block:
        """Give what begins a whole transfer: SOA, NS, the heartbeat."""
        return Block(2 + bool(self.heartbeat), self.soa() + self.ns + self.pulse())


class _Difference:
    """Collects what a change really changed, with the counts that go with it."""

    def __init__(self, count: int, size: int) -> None:
        self.count = count
        self.size = size
        self._added: list[Rule] = []
        self._removed: list[Rule] = []

    def apply(self, content: dict[bytes, int], items: Iterable[tuple[bytes, int | None]]) -> bool:
        """Put the items into a bucket's content; tell whether any differed."""
        changed = False
        for labels, code in items:
            before = content.get(labels)
            if before == code:
                continue
            changed = True
            if before is not None:
                self._removed.append(_rule(labels, before))
                self.count -= 1
                del content[labels]
            if code is not None:
                self._added.append(_rule(labels, code))
                self.count += 1
                content[labels] = code
        return changed

    def delta(self, old_serial: int, new_serial: int) -> Delta:
        """Return the step, sorted, so that equal changes are equal values."""
        return Delta(old_serial, new_serial, tuple(sorted(self._added)), tuple(sorted(self._removed)))


def _check(rule: str | Rule, image: ZoneImage) -> tuple[bytes, int]:
    name, code = (rule, 1) if isinstance(rule, str) else (rule.name, rule_code(rule))
    origin = image.origin
    if code >> 1 == Action.GARDEN and not image.garden:
        raise BadInput(f"the zone {origin} has no walled garden", hint="Name its host, or answer NXDOMAIN.")
    if name == image.heartbeat or not fits(name, origin=origin):
        raise BadInput(f"{name[:80]!r} cannot stand in the zone {origin}",
                       hint="Give a lower-case ASCII domain name without last dot, of at most "
                            f"{252 - len(wire_name(origin))} characters.")
    return _labels(name), code


def _bucket(content: dict[bytes, int], image: ZoneImage) -> _Bucket:
    return tuple(encode(((labels, content[labels]) for labels in sorted(content)), image.start, image.garden))


def _appended(bucket: _Bucket, items: Sequence[tuple[bytes, int | None]], image: ZoneImage) -> _Bucket | None:
    """Return the bucket with new names behind its last block, which leaves all that stands there as it is; None where
    it takes more than that: something goes, something is there (or ends as a longer name there does), no room is left.
    """
    new = [(labels, code) for labels, code in items if code is not None
           and not any(labels + _ORIGIN_POINTER in block.wire for block in bucket)]
    if not bucket or len(new) < len(items):
        return None
    last = bucket[-1]
    start = image.start + len(last.wire)
    more = list(encode(new, start, image.garden))
    if len(more) != 1 or start + len(more[0].wire) > MAX_OFFSET:
        return None
    return *bucket[:-1], Block(last.records + more[0].records, last.wire + more[0].wire)


def _size(bucket: _Bucket) -> int:
    return sum(len(block.wire) for block in bucket)


class ZoneBuilder:
    """Makes a zone, all that ``start`` holds and the rules that come one by one; of two on one name the later counts.

    They are kept as bytes, apart by the hash of their names, until it is known how many buckets they need: a million
    names so cost 25 MB beside the zone itself, where a dictionary of them costs 150.
    """

    def __init__(self, start: ZoneImage) -> None:
        self._blank = start
        self._forms = _codec(start.garden).forms
        self._parts: dict[int, bytearray] = {}
        self._size = 0
        for bucket in start.buckets:
            for labels, code in _decode(bucket, start.garden).items():
                self.take(labels, code)

    def add(self, rule: str | Rule) -> None:
        """Take a rule. Raises BadInput where its name does not fit the zone."""
        self.take(*_check(rule, self._blank))

    def take(self, labels: bytes, code: int) -> None:
        """Take a rule as an image holds it."""
        part = self._parts.setdefault(crc32(labels) % _PARTS, bytearray())
        part += labels
        part += _MARKS[code]
        self._size += len(labels) + self._forms[code].size

    def image(self, serial: int) -> ZoneImage:
        """Return the zone at a serial. The builder is empty then."""
        parts, self._parts = self._parts, {}
        number = max(1, -(-self._size // _BUCKET_SIZE))
        together: dict[int, list[int]] = {}
        for at in sorted(parts):  # up to _PARTS buckets are some parts each, more are some to a part
            together.setdefault(_slot(at, min(number, _PARTS)), []).append(at)
        buckets: list[_Bucket] = [()] * number
        count = size = 0
        for sources in together.values():
            groups: dict[int, dict[bytes, int]] = {}
            for at in sources:
                for labels, mark in _MARKED.findall(parts.pop(at)):
                    groups.setdefault(_place(labels, number), {})[labels] = mark[0]
            for at, content in groups.items():
                buckets[at] = _bucket(content, self._blank)
                count += len(content)
                size += _size(buckets[at])
        return replace(self._blank, serial=serial, count=count, size=size, buckets=tuple(buckets))


def _filled(image: ZoneImage, serial: int, rules: Iterable[tuple[bytes, int]]) -> ZoneImage:
    """Return the zone as it is, with these rules and no others."""
    builder = ZoneBuilder(replace(image, buckets=()))
    for labels, code in rules:
        builder.take(labels, code)
    return builder.image(serial)


def _split(buckets: list[_Bucket], image: ZoneImage) -> None:
    """Add one bucket, filled from the one that it halves."""
    number = len(buckets) + 1
    source = number - 1 - (1 << (number - 1).bit_length() >> 1)
    halves: dict[int, dict[bytes, int]] = {source: {}, number - 1: {}}
    for labels, code in _decode(buckets[source], image.garden).items():
        halves[_place(labels, number)][labels] = code
    buckets[source] = _bucket(halves[source], image)
    buckets.append(_bucket(halves[number - 1], image))


def zone_text(image: ZoneImage) -> Iterator[str]:
    """Write the zone as a master file (RFC 1035 §5), line by line; rules in the order of their names."""
    yield f"$ORIGIN {image.origin}.\n"
    yield f"$TTL {TTL}\n"
    yield f"@ SOA localhost. hostmaster {image.serial} {REFRESH} {RETRY} {EXPIRE} {MINIMUM}\n"
    yield "@ NS localhost.\n"
    if image.heartbeat:
        yield f'{image.heartbeat} TXT "{image.serial}"\n'
    targets = (".", "rpz-passthru.", "*.", f"{image.garden}.")
    for rule in sorted(image.rules()):
        target = targets[rule.action]
        yield f"{rule.name} CNAME {target}\n"
        if rule.subtree:
            yield f"*.{rule.name} CNAME {target}\n"
