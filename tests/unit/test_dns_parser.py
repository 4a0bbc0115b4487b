"""The reader of DNS requests against hostile bytes: it always decides, quickly, and never says more than it may.

Whatever comes: silence, or an answer with the request's id, the QR bit, no records of the zone, and no more octets than
the question plus what a TSIG and an OPT take. The fixed rows are the classic attacks on DNS parsers.
"""

from __future__ import annotations

import struct

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.edges.dns_notify import NotifyTarget, _acknowledges
from fusioncell.edges.dns_request import MAX_REQUEST, Doorkeeper, Refusal, Request, known_or_near
from fusioncell.edges.dns_tsig import TsigKey
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, ZoneImage, wire_name

KEY = TsigKey("isp-one.key", b"0123456789abcdef0123456789abcdef")
ZONE = LiveZone(ZoneImage.build(["bad.example"], 10))
DOOR = Doorkeeper({ORIGIN: ZONE}.get, [KEY], known_or_near(["127.0.0.1/32"]))
STRANGER, NEAR = "192.0.2.7", "127.0.0.1"
APEX = wire_name(ORIGIN)


def _head(flags: int = 0, qd: int = 1, an: int = 0, ns: int = 0, ar: int = 0) -> bytes:
    return struct.pack(">6H", 0x1234, flags, qd, an, ns, ar)


def _question(name: bytes = APEX, rdtype: int = 6, rdclass: int = 1) -> bytes:
    return name + struct.pack(">HH", rdtype, rdclass)


def _record(owner: bytes, rdtype: int, rdata: bytes, length: int | None = None) -> bytes:
    return owner + struct.pack(">HHIH", rdtype, 1, 0, len(rdata) if length is None else length) + rdata


def _seed(rdtype: str = "SOA", *, key: TsigKey | None = None, serial: int | None = None, edns: int = -1) -> bytes:
    query = dns.message.make_query(ORIGIN + ".", rdtype, use_edns=edns)
    if serial is not None:
        query.authority.append(dns.rrset.from_text(ORIGIN + ".", 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    if key is not None:
        query.use_tsig(key.for_dnspython())
    return query.to_wire()


SEEDS = [_seed(), _seed("AXFR"), _seed("IXFR", serial=3), _seed("NS", edns=0), _seed("AXFR", key=KEY),
         _seed("IXFR", serial=3, key=KEY, edns=0)]


def _judge(wire: bytes, address: str) -> int | None:
    """Read bytes; check what is said about them; return the code, None for silence."""
    found = DOOR.read(wire, address)
    if isinstance(found, Request):
        assert found.zone is ZONE and found.rdtype in (6, 2, 251, 252)
        assert address == NEAR or found.key == KEY
        return int(dns.rcode.NOERROR)
    assert isinstance(found, Refusal) and found.rcode != dns.rcode.NOERROR
    if found.reply is None:
        return None
    reply = found.reply
    assert reply[:2] == wire[:2] and reply[2] & 0x80 and reply[3] & 15 == found.rcode
    assert reply[6:10] == b"\0\0\0\0", "no answer, no authority"
    assert len(reply) <= len(wire) + 255 + 200
    return found.rcode


@given(st.binary(max_size=600), st.sampled_from([STRANGER, NEAR, "", "::1", "fe80::1%lo", "no address"]))
@settings(deadline=None)
def test_any_bytes_are_decided_on(wire: bytes, address: str) -> None:
    _judge(wire, address)


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """A good request with octets changed, cut out, put in twice, or its counts made up."""
    wire = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(wire) - 1))
        match draw(st.integers(0, 4)):
            case 0:
                wire[at] = draw(st.integers(0, 255))
            case 1:
                del wire[at:at + draw(st.integers(1, 20))]
            case 2:
                wire[at:at] = wire[draw(st.integers(0, len(wire) - 1)):]
            case 3:
                wire[at:at + 2] = struct.pack(">H", 0xC000 | draw(st.integers(0, len(wire))))
            case 4 if len(wire) >= 12:
                wire[draw(st.sampled_from([4, 6, 8, 10])) + 1] = draw(st.sampled_from([0, 1, 2, 255]))
        if not wire:
            return b""
    return bytes(wire)


@given(_mutated())
@settings(deadline=None)
def test_a_good_request_made_bad_is_decided_on(wire: bytes) -> None:
    _judge(wire, STRANGER)
    _judge(wire, NEAR)


@given(_mutated())
@settings(deadline=None)
def test_a_stranger_never_gets_a_zone_by_a_changed_request(wire: bytes) -> None:
    if wire[2:] not in [seed[2:] for seed in SEEDS]:  # a verified signature stands for what was signed, and that alone
        found = DOOR.read(wire, STRANGER)
        assert isinstance(found, Refusal) or found.key == KEY and dns.message.from_wire(
            wire, keyring={KEY.owner: KEY.for_dnspython()}).had_tsig


@given(st.binary(max_size=300) | _mutated())
@settings(deadline=None)
def test_any_bytes_may_answer_a_notify(wire: bytes) -> None:
    assert _acknowledges(wire, 1, NotifyTarget("192.0.2.1"), b"") in (True, False)
    assert not _acknowledges(wire, 1, NotifyTarget("192.0.2.1", key=KEY), b"m" * 32), "nobody signed it"


REFUSED, FORMERR, NOTIMP, NOTAUTH = (int(getattr(dns.rcode, name)) for name in
                                     ("REFUSED", "FORMERR", "NOTIMP", "NOTAUTH"))
POINTER_TO_ITSELF = b"\xc0" + bytes([12 + len(APEX) + 4])
ATTACKS = {
    "nothing": (b"", None),
    "half a header": (_head()[:11], None),
    "an answer": (_head(0x8000) + _question(), None),
    "a header alone": (_head(), FORMERR),
    "no question": (_head(qd=0), FORMERR),
    "two questions": (_head(qd=2) + _question() * 2, FORMERR),
    "65,535 questions": (_head(qd=65_535) + _question(), FORMERR),
    "65,535 records that are not there": (_head(ar=65_535) + _question(), FORMERR),
    "a name without an end": (_head() + b"\x03rpz", FORMERR),
    "a label of 64": (_head() + _question(b"\x40" + b"x" * 64 + b"\0"), FORMERR),
    "a name of 300 octets": (_head() + _question((b"\x3b" + b"x" * 59) * 5 + b"\0"), FORMERR),
    "a question that points to itself": (_head() + _question(b"\xc0\x0c"), FORMERR),
    "a question that points ahead": (_head() + _question(b"\xc0\x20"), FORMERR),
    "a question that points into the header": (_head() + _question(b"\x03rpz\xc0\x00"), FORMERR),
    "a record that points to itself": (_head(ar=1) + _question() + _record(POINTER_TO_ITSELF, 1, b"\0" * 4), FORMERR),
    "two records that point to each other": (
        _head(ar=2) + _question() + _record(b"\xc0\x30", 1, b"\0" * 4) + _record(b"\xc0\x20", 1, b"\0" * 4), FORMERR),
    "a chain of pointers": (
        _head(ns=1) + _question() + b"".join(struct.pack(">H", 0xC000 | at) for at in range(40, 440, 2)), FORMERR),
    "rdata longer than the message": (_head(ns=1) + _question() + _record(APEX, 6, b"x", 65_535), FORMERR),
    "rdata cut off": (_head(ns=1) + _question(rdtype=251) + _record(APEX, 6, b"\0\0\0"), FORMERR),
    "an IXFR without a serial": (_head() + _question(rdtype=251), FORMERR),
    "class CHAOS": (_head() + _question(rdclass=3), REFUSED),
    "class ANY": (_head() + _question(rdclass=255), REFUSED),
    "type ANY": (_head() + _question(rdtype=255), REFUSED),
    "type TSIG": (_head() + _question(rdtype=250), REFUSED),
    "a subdomain": (_head() + _question(b"\x03bad" + APEX, 252), REFUSED),
    "the root": (_head() + _question(b"\0", 252), REFUSED),
    "a label with a dot in it": (_head() + _question(b"\x0erpz.fusioncell\0", 252), REFUSED),
    "a label that is not ASCII": (_head() + _question(b"\x04rp\xfcz\x0afusioncell\0", 252), REFUSED),
    "an update": (_head(5 << 11) + _question(), NOTIMP),
    "over 4,096 octets": (_head() + _question() + b"\0" * MAX_REQUEST, FORMERR),
    "octets behind the end": (_head() + _question() + b"more", FORMERR),
    "two OPT records": (_head(ar=2) + _question() + _record(b"\0", 41, b"") * 2, FORMERR),
    "a TSIG that is not last": (_head(ar=2) + _seed("SOA", key=KEY)[12:] + _record(b"\0", 41, b""), FORMERR),
    "a TSIG of noise": (_head(ar=1) + _question() + _record(b"\x01k\0", 250, b"\xff" * 40), FORMERR),
    "a TSIG cut off": (_seed("AXFR", key=KEY)[:-5], FORMERR),
}


@pytest.mark.parametrize(("wire", "code"), list(ATTACKS.values()), ids=list(ATTACKS))
def test_the_classic_attacks(wire: bytes, code: int | None) -> None:
    assert _judge(wire, NEAR) == code
    assert _judge(wire, STRANGER) in (code, REFUSED)


@pytest.mark.parametrize("at", range(len(_seed("AXFR", key=KEY))))
def test_a_signed_request_with_any_octet_changed_is_no_longer_signed(at: int) -> None:
    wire = bytearray(_seed("AXFR", key=KEY))
    wire[at] ^= 1
    found = DOOR.read(bytes(wire), STRANGER)
    # The id is signed as the "original id" within the TSIG, so a relay may change it; the TTL of a TSIG is signed as 0
    # whatever it says (RFC 8945 §4.2, §4.3.3). Neither means anything to us.
    ttl = 12 + len(APEX) + 4 + len(wire_name(KEY.name)) + 4
    assert isinstance(found, Request) if at < 2 or ttl <= at < ttl + 4 else isinstance(found, Refusal)
