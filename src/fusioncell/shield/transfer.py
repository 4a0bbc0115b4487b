"""Zone transfers as DNS messages, without the length prefix of TCP: AXFR (RFC 5936) and IXFR (RFC 1995).

Each message repeats the question as it was asked, so that the image's blocks stand where their pointers expect them.
Signing and sending are the server's. A name server that holds no step from the client's serial sends the whole zone
(RFC 1995 §4); the message then begins with SOA and NS, so no reader takes it for "up to date".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import chain

from fusioncell.shield.zone import WHOLE, Block, Delta, ZoneImage, encode, newer, rule_code, rule_labels, wire_name

ANSWER = 0x8400
"""Header flags QR and AA."""

_MIN_CHANGES = 1_000
"""Up to this many changed names the steps are sent, whatever the zone's size."""


def message(query_id: int, question: bytes, block: Block, *, flags: int = ANSWER) -> bytes:
    """Put header and question before a block."""
    return struct.pack(">6H", query_id, flags, 1, block.records, 0, 0) + question + block.wire


def zone_question(image: ZoneImage, rdtype: int) -> bytes:
    """Encode the question for the zone's apex."""
    return wire_name(image.origin) + struct.pack(">HH", rdtype, 1)


def axfr(image: ZoneImage, query_id: int, question: bytes) -> Iterator[bytes]:
    """Give the messages of a full transfer: SOA and NS, the blocks, SOA."""
    yield message(query_id, question, image.apex())
    for block in image.blocks():
        yield message(query_id, question, block)
    yield soa_answer(image, query_id, question)


def soa_answer(image: ZoneImage, query_id: int, question: bytes) -> bytes:
    """Make the answer that holds the current SOA alone."""
    return message(query_id, question, Block(1, image.soa()))


def ixfr(image: ZoneImage, client_serial: int, deltas: Sequence[Delta] | None, query_id: int,
         question: bytes) -> Iterator[bytes]:
    """Give the messages for a client that holds ``client_serial``.

    1. Up to date (or ahead of us): the SOA alone (RFC 1995 §2).
    2. No unbroken way of steps from there to the image, or one longer than the zone: the whole zone.
    3. Else SOA, the steps (old SOA, removed, new SOA, added), SOA.

    Steps beyond the image's serial are passed over: the keeper may have moved on since the image was taken.
    """
    if not newer(image.serial, client_serial):
        yield soa_answer(image, query_id, question)
        return
    way = _way(deltas, client_serial, image.serial)
    if way is None or sum(len(d.added) + len(d.removed) for d in way) > max(_MIN_CHANGES, image.count):
        yield from axfr(image, query_id, question)
        return
    soa = (image.soa(), WHOLE)
    for block in encode(chain((soa,), _steps(image, way), (soa,)), image.start, image.garden):
        yield message(query_id, question, block)


def _way(deltas: Sequence[Delta] | None, start: int, end: int) -> list[Delta] | None:
    """Return the steps that lead from start to end without a gap, None where there is no such way."""
    at, way = start, []
    for delta in deltas or ():
        if delta.old_serial != at:
            return None
        way.append(delta)
        at = delta.new_serial
        if at == end:
            return way
    return None


def _steps(image: ZoneImage, way: Sequence[Delta]) -> Iterator[tuple[bytes, int]]:
    for delta in way:
        yield image.soa(delta.old_serial), WHOLE
        if image.heartbeat:
            yield image.pulse(delta.old_serial), WHOLE
        for rule in delta.removed:
            yield rule_labels(rule), rule_code(rule)
        yield image.soa(delta.new_serial), WHOLE
        if image.heartbeat:
            yield image.pulse(delta.new_serial), WHOLE
        for rule in delta.added:
            yield rule_labels(rule), rule_code(rule)
