"""The messages of a zone transfer as records, walked by hand: dnspython reads 20,000 records a second, this ten times
as many, and a zone has up to two million.

Signatures are not looked at here: the reader in ``edges`` verifies each message, for which it is told where the TSIG
record begins. Whatever the bytes are, an answer comes in time linear in them, or BadTransfer.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

NS, CNAME, SOA, TXT, TSIG = 2, 5, 6, 16, 250
_HEADER = struct.Struct(">6H")
_MAX_LABELS, _MAX_HOPS = 128, 16
_FAULTS = {
    1: "the hub did not understand the request (FORMERR)", 2: "the hub cannot serve the zone now (SERVFAIL)",
    5: "the hub refuses the zone: may this key take it?", 9: "the hub does not take the key or its signature (NOTAUTH)",
}  # fmt: skip


class BadTransfer(ValueError):
    """A transfer that cannot be taken. It repeats nothing of it."""


class Record(NamedTuple):
    """A record: owner as labels with the root, type, its data (of a CNAME the target, of a SOA the five numbers)."""

    owner: bytes
    rdtype: int
    data: bytes


def walk_name(wire: bytes, at: int, seen: dict[int, bytes]) -> tuple[bytes, int]:
    """Read a name (RFC 1035 §4.1.4): return it uncompressed, lower case, with the root; and where it ends.

    ``seen``: names of this message by the place at which each begins. A pointer leads backwards only, and at most
    some times, so none loops. Raises BadTransfer.
    """
    parts: list[bytes] = []
    places: list[int] = []
    name, end, hops, limit = b"\0", 0, 0, len(wire)
    while at < limit:
        if end and at in seen:
            name = seen[at]
            break
        size = wire[at]
        if size == 0:
            end = end or at + 1
            break
        if size >= 0xC0 and at + 1 < limit:
            target, hops = (size & 0x3F) << 8 | wire[at + 1], hops + 1
            if target >= at or hops > _MAX_HOPS:
                raise BadTransfer("a name's pointer leads nowhere")
            end, at = end or at + 2, target
            continue
        if size > 63 or at + 1 + size > limit or len(parts) > _MAX_LABELS:
            raise BadTransfer("a name is broken")
        places.append(at)
        parts.append(wire[at : at + 1 + size].lower())
        at += 1 + size
    else:
        raise BadTransfer("a name runs over the end")
    for place, part in zip(reversed(places), reversed(parts), strict=True):
        name = part + name
        seen[place] = name
    if len(name) > 255:
        raise BadTransfer("a name is too long")
    return name, end


class Message(NamedTuple):
    """An answer: its id, the records of its answer section, and where its TSIG record begins (0: unsigned)."""

    query_id: int
    records: list[Record]
    tsig_at: int
    tsig_rdata: int


def read_message(wire: bytes) -> Message:
    """Read an answer of a transfer. Raises BadTransfer for what is none, or says that there is none to give."""
    if len(wire) < 12:
        raise BadTransfer("an answer is cut off")
    query_id, flags, questions, answers, authority, additional = _HEADER.unpack_from(wire)
    if flags & 0xFA00 != 0x8000:
        raise BadTransfer("an answer is none, or cut off")
    if flags & 15:
        raise BadTransfer(_FAULTS.get(flags & 15, f"the hub answers with code {flags & 15}"))
    at = 12
    seen: dict[int, bytes] = {}
    for _ in range(min(questions, 2)):
        at = walk_name(wire, at, seen)[1] + 4
    records: list[Record] = []
    for _ in range(answers):
        at = _record(wire, at, seen, records)
    tsig_at = tsig_rdata = 0
    for _ in range(authority + additional):
        began = at
        at = _record(wire, at, seen, records)
        last = records.pop()
        tsig_at, tsig_rdata = (began, at - len(last.data)) if last.rdtype == TSIG else (0, 0)
    return Message(query_id, records, tsig_at, tsig_rdata)


def _record(wire: bytes, at: int, seen: dict[int, bytes], into: list[Record]) -> int:
    owner, at = walk_name(wire, at, seen)
    if at + 10 > len(wire):
        raise BadTransfer("a record runs over the end")
    rdtype: int = int.from_bytes(wire[at : at + 2], "big")
    size = int.from_bytes(wire[at + 8 : at + 10], "big")
    at += 10
    end = at + size
    if end > len(wire):
        raise BadTransfer("a record runs over the end")
    data = wire[at:end]
    if rdtype == CNAME:
        data = walk_name(wire, at, seen)[0] if size > 1 else data
    elif rdtype == SOA:
        if size < 22:
            raise BadTransfer("a SOA record is too short")
        data = wire[end - 20 : end]
    into.append(Record(owner, rdtype, data))
    return end
