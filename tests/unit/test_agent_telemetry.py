"""Telemetry of resolvers: what is read of it, and that whatever bytes come, no address and no crash comes of it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.shield.agent.dnstap import Dnstap
from fusioncell.shield.agent.fields import BadFrame
from fusioncell.shield.agent.frames import CONTENT, FrameStream, ShortFrames
from fusioncell.shield.agent.logs import LOGS, labels_of, name_of
from fusioncell.shield.agent.model import MAX_FRAME, Hit
from fusioncell.shield.agent.powerdns import parse as parse_powerdns

CLIENT = "198.51.100.77"
UNBOUND = "[1795336406] unbound[24995:0] info: rpz: applied "
BIND = f"22-Nov-2026 08:33:26.491 rpz: info: client @0x7fbc8be1a098 {CLIENT}#50440 "

LINES = [
    ("unbound-log", UNBOUND + f"[hub] bad.example. rpz-nxdomain {CLIENT}@47115 bad.example. A IN",
     ("bad.example", True)),
    ("unbound-log", UNBOUND + f"[hub] *.bad.example. rpz-nxdomain {CLIENT}@4 www.BAD.example. A IN",
     ("bad.example", True)),
    ("unbound-log", UNBOUND + f"nodata.example. rpz-nodata {CLIENT}@43852 nodata.example. A IN",
     ("nodata.example", True)),
    ("unbound-log", UNBOUND + f"*.shady.example. rpz-disabled {CLIENT}@51338 sub.shady.example. A IN",
     ("shady.example", False)),
    ("unbound-log", UNBOUND + f"[hub] fine.bad.example. rpz-passthru {CLIENT}@59659 fine.bad.example. A IN", None),
    ("unbound-log", "[1795336403] unbound[24995:0] info: start of service (unbound 1.17.1).", None),
    ("bind-log", BIND + "(bad.example): rpz QNAME NXDOMAIN rewrite bad.example/A/IN via bad.example.rpz.fusioncell",
     ("bad.example", True)),
    ("bind-log", BIND + "(www.BAD.example): rpz QNAME Local-Data rewrite www.BAD.example/AAAA/IN via "
     "www.BAD.example.rpz.fusioncell (CNAME to: garden.isp.example)", ("www.bad.example", True)),
    ("bind-log", BIND + "(a.example): disabled rpz QNAME NXDOMAIN rewrite a.example/A/IN via a.example.rpz.fusioncell",
     ("a.example", False)),
    ("bind-log", BIND + "(a.example): rpz QNAME PASSTHRU rewrite a.example/A/IN via a.example.rpz.fusioncell", None),
    ("bind-log", BIND + "(a.example): rpz IP NXDOMAIN rewrite a.example/A/IN via 32.1.2.0.192.rpz-ip.x", None),
    ("knot-log", f"[rules ] => local data applied, user: {CLIENT}, name: www.bad.example.", ("www.bad.example", True)),
    ("knot-log", "[rules ] => local data dry-run, name: bad.example.", ("bad.example", False)),
    ("knot-log", "[rules ] => local data applied", None),
]


def _hit(found: Hit | None) -> tuple[str, bool] | None:
    return None if found is None else (name_of(found[0]), found[1])


@pytest.mark.parametrize(("kind", "line", "expected"), LINES)
def test_a_line_tells_the_name_and_what_was_done(kind: str, line: str, expected: tuple[str, bool] | None) -> None:
    found = LOGS[kind]()(line.encode() + b"\n")
    assert _hit(found) == expected
    assert CLIENT.encode() not in repr(found).encode()


def test_bind_logs_a_hit_of_a_disabled_zone_twice_and_it_counts_once() -> None:
    parse = LOGS["bind-log"]()
    said = "(a.example): disabled rpz QNAME NXDOMAIN rewrite a.example/A/IN via a.example.rpz.fusioncell"
    lines = [f"22-Nov-2026 08:33:26.{ms} rpz: info: client @0x1 {CLIENT}#{port} {said}".encode()
             for port, ms in ((1, 603), (2, 604), (1, 607), (2, 608), (1, 700), (1, 701))]  # fmt: skip
    assert sum(parse(line) is not None for line in lines) == 3
    applied = BIND + "(a.example): rpz QNAME NXDOMAIN rewrite a.example/A/IN via a.example.rpz.fusioncell"
    assert [parse(applied.encode()) is not None for _ in range(3)] == [True] * 3, "hits that block are logged once"


@given(st.sampled_from(sorted(LOGS)), st.binary(max_size=300), st.sampled_from([line for _, line, _ in LINES]),
       st.integers(0, 200))
def test_no_line_breaks_a_parser_and_names_are_whole(kind: str, noise: bytes, line: str, at: int) -> None:
    written = line.encode()
    found = LOGS[kind]()(written[:at] + noise + written[at:])
    if found is not None:
        name = name_of(found[0])
        assert labels_of(name.encode()) == found[0]


def _field(tag: int, content: bytes) -> bytes:
    size = bytes([len(content)]) if len(content) < 128 else bytes([len(content) & 127 | 128, len(content) >> 7])
    return bytes([tag]) + size + content


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


def dns_answer(name: str, code: int = 0, answers: int = 1) -> bytes:
    """An answer to a question for A."""
    return (struct.pack(">6H", 1, 0x8180 | code, 1, answers, 0, 0) + _wire(name) + b"\0\1\0\1"
            + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" * answers)  # fmt: skip


def tap(message: bytes, *, kind: int = 6, tag: int = 0x72, shuffled: bool = False) -> bytes:
    """A frame as Unbound sends it, with the client's address and port in it."""
    address = _field(0x22, bytes(int(part) for part in CLIENT.split(".")))
    parts = [bytes([0x08, kind, 0x10, 1, 0x18, 1]), address, b"\x30\xd2\xf0\x03", b"\x38\x35",
             b"\x40\xf0\x8a\xb5\xae\x06", b"\x4d\1\2\3\4", b"\x60\xf0\x8a\xb5\xae\x06", b"\x6d\1\2\3\4",
             _field(tag, message)]  # fmt: skip
    inner = b"".join(reversed(parts) if shuffled else parts)
    return _field(0x0A, b"resolver-1.isp.example") + _field(0x12, b"unbound 1.17.1") + _field(0x72, inner) + b"\x78\1"


@pytest.mark.parametrize("shuffled", [False, True])
def test_dnstap_tells_the_name_and_whether_it_was_blocked(shuffled: bool) -> None:
    parse = Dnstap()
    for _ in range(2):  # the second frame begins as the first did
        for long in ("", ".".join(["x" * 60] * 3) + "."):
            asked = long + "www.Bad.example"
            assert _hit(parse(tap(dns_answer(asked, 3, 0), shuffled=shuffled))) == (asked.lower(), True)
            assert _hit(parse(tap(dns_answer(asked, 0, 0), shuffled=shuffled))) == (asked.lower(), True)
            assert _hit(parse(tap(dns_answer(asked), shuffled=shuffled))) == (asked.lower(), False)


def test_dnstap_of_other_messages_tells_nothing() -> None:
    parse = Dnstap()
    query = dns_answer("bad.example")
    assert parse(tap(query, kind=5, tag=0x52)) is None
    assert parse(tap(query, kind=4)) is None
    assert parse(tap(query[:2] + b"\x01" + query[3:])) is None, "a question stands where an answer should"
    assert parse(tap(b"")) is None
    assert parse(b"\x78\1") is None


def pdns(name: str, *, policy: int = 0, kind: int = 3, hit: str = "", message: int = 2) -> bytes:
    """A message of a PowerDNS Recursor, with the client's address in it."""
    response = b"\x08\x03"
    if policy:
        response += (_field(0x1A, b"hub") + bytes([0x38, policy]) + _field(0x42, b"*.bad.example.")
                     + _field(0x4A, (hit or name).encode()) + bytes([0x50, kind]))  # fmt: skip
    return (bytes([0x08, message]) + _field(0x12, b"0" * 16) + b"\x20\1\x28\1"
            + _field(0x32, bytes(int(part) for part in CLIENT.split("."))) + b"\x40\x40"
            + _field(0x62, _field(0x0A, name.encode()) + b"\x10\1\x18\1") + _field(0x6A, response))  # fmt: skip


REAL = bytes.fromhex(
    "080262180a127375622e73686164792e6578616d706c652e100118011a02766d403e12108d26230d17e54b4f9d4f9abad8f3"
    "c81a2801200132047f000001a001e69b033a047f00000158e4be0148edf68ad80650c3d119a801d9c5016a6112200a127375"
    "622e73686164792e6578616d706c652e10011801203c2a04c000020108001a06736861646f77380242102a2e73686164792e"
    "6578616d706c652e4a117375622e73686164792e6578616d706c655001580128edf68ad80630e6b419"
)
"""What a PowerDNS Recursor 4.8 sent on loopback for a name under a policy that does not act."""


@pytest.mark.parametrize(("frame", "expected"), [
    (pdns("www.bad.example.", policy=2), ("www.bad.example", True)),
    (pdns("alias.example.", policy=2, hit="bad.example."), ("bad.example", True)),
    (pdns("bad.example.", policy=2, kind=1), ("bad.example", False)),
    (REAL, ("sub.shady.example", False)),
    (pdns("bad.example.", policy=4), None),
    (pdns("shady.example."), ("shady.example", False)),
    (pdns("bad.example.", policy=2, message=1), None),
    (b"", None),
])  # fmt: skip
def test_powerdns_tells_the_rule_it_met(frame: bytes, expected: tuple[str, bool] | None) -> None:
    assert _hit(parse_powerdns(frame)) == expected


@given(st.data())
def test_a_damaged_frame_is_refused_or_read_and_never_more(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([tap(dns_answer("a.example", 3, 0)), tap(dns_answer("b.example"), shuffled=True),
                                       pdns("www.bad.example.", policy=2)]))  # fmt: skip
    at = data.draw(st.integers(0, len(whole)))
    damaged = whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 4)):]
    reader = Dnstap()
    reader(tap(dns_answer("first.example")))
    for parse in (Dnstap(), reader, parse_powerdns):
        try:
            found = parse(damaged)
        except BadFrame as fault:
            assert CLIENT not in str(fault)
            continue
        assert found is None or isinstance(found[0], bytes) and len(found[0]) <= 255


@given(st.lists(st.binary(min_size=1, max_size=200), max_size=12), st.integers(1, 50))
def test_streams_are_cut_alike_however_they_arrive(frames: list[bytes], size: int) -> None:
    control = struct.pack(">IIIII", 0, 12 + len(CONTENT), 2, 1, len(CONTENT)) + CONTENT
    stream = control + b"".join(struct.pack(">I", len(one)) + one for one in frames)
    reader, found = FrameStream(), []
    for at in range(0, len(stream), size):
        found += reader.feed(stream[at:at + size])
    assert found == frames
    short, found = ShortFrames(), []
    stream = b"".join(struct.pack(">H", len(one)) + one for one in frames)
    for at in range(0, len(stream), size):
        found += short.feed(stream[at:at + size])
    assert found == frames


def test_a_stream_says_ready_and_is_accepted_and_finishes() -> None:
    reader = FrameStream()
    assert reader.feed(struct.pack(">IIIII", 0, 12 + len(CONTENT), 4, 1, len(CONTENT)) + CONTENT) == []
    assert reader.reply[8:12] == struct.pack(">I", 1) and CONTENT in reader.reply
    reader.feed(struct.pack(">III", 0, 4, 3))
    assert reader.finished and reader.reply.endswith(struct.pack(">III", 0, 4, 5))


@pytest.mark.parametrize("stream", [
    struct.pack(">I", MAX_FRAME + 1),
    struct.pack(">II", 0, 1 << 20),
    struct.pack(">II", 0, 2) + b"xx",
    struct.pack(">IIIII", 0, 15, 2, 1, 3) + b"xyz",
])
def test_what_is_no_frame_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(BadFrame):
        FrameStream().feed(stream)


@given(st.binary(max_size=600))
def test_no_bytes_break_a_stream(noise: bytes) -> None:
    for reader in (FrameStream(), ShortFrames()):
        try:
            assert sum(map(len, reader.feed(noise))) <= len(noise)
        except BadFrame:
            pass
