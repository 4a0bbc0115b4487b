"""The RPZ primary on real sockets: who may take the zone, what garbage does, how a slow or greedy client is bounded."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.zone
import pytest

from fusioncell.edges.dns_server import Limits, NotifyTarget, TsigKey
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, ZoneImage
from resolvers import ServedZone, wait_until

HOST = "127.0.0.1"
KEY = TsigKey("isp-one.key", b"0123456789abcdef0123456789abcdef")
KEY512 = TsigKey("isp-two.key", b"fedcba9876543210fedcba9876543210", "hmac-sha512")
STRANGER = TsigKey("nobody.key", b"x" * 32)
FORGED = TsigKey(KEY.name, b"y" * 32)
NAMES = [f"n{number}.example" for number in range(2_000)]


def _zone() -> LiveZone:
    return LiveZone(ZoneImage.build(NAMES, 10))


@pytest.fixture(scope="module")
def near() -> Iterator[ServedZone]:
    """A primary as resolvers on the same machine see it."""
    with ServedZone(_zone(), keys=[KEY, KEY512]) as hub:
        yield hub


@pytest.fixture(scope="module")
def far() -> Iterator[ServedZone]:
    """A primary as the rest of the world sees it: no network is trusted."""
    with ServedZone(_zone(), keys=[KEY, KEY512], trusted=()) as hub:
        yield hub


def _ask(rdtype: str = "SOA", *, key: TsigKey | None = None, name: str = ORIGIN + ".", edns: int = -1,
         serial: int | None = None) -> dns.message.Message:
    query = dns.message.make_query(name, rdtype, use_edns=edns)
    if serial is not None:
        query.authority.append(dns.rrset.from_text(name, 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    if key is not None:
        query.use_tsig(key.for_dnspython())
    return query


def _udp(hub: ServedZone, query: dns.message.Message) -> dns.message.Message:
    return dns.query.udp(query, HOST, port=hub.port, timeout=5)


def _tcp(hub: ServedZone, query: dns.message.Message) -> dns.message.Message:
    return dns.query.tcp(query, HOST, port=hub.port, timeout=5)


def _take(hub: ServedZone, copy: dns.zone.Zone, key: TsigKey | None = None) -> None:
    """Transfer as dnspython does: IXFR by TCP where the copy has a serial, else AXFR; signatures are verified."""
    query, _ = dns.xfr.make_query(copy)
    if key is not None:
        query.use_tsig(key.for_dnspython())
    dns.query.inbound_xfr(HOST, copy, query, port=hub.port, timeout=10)


def _names(copy: dns.zone.Zone) -> set[str]:
    return {name.to_text() for name in copy.nodes} - {"@"}


def _raw(hub: ServedZone, data: bytes, *, timeout: float = 5.0) -> bytes:
    """Send bytes to the TCP port and read until the other side closes or is silent."""
    got = b""
    with socket.create_connection((HOST, hub.port), timeout=timeout) as conn:
        conn.sendall(data)
        try:
            while part := conn.recv(65_536):
                got += part
        except OSError:
            pass
    return got


def test_soa_and_ns_at_the_apex(near: ServedZone) -> None:
    for ask in (_udp, _tcp):
        answer = ask(near, _ask("SOA", edns=0))
        assert answer.rcode() == dns.rcode.NOERROR and answer.flags & dns.flags.AA
        assert answer.answer[0][0].serial == 10
        assert answer.edns == 0, "RFC 6891 §6.1.1"
        assert ask(near, _ask("NS")).answer[0][0].target.to_text() == "localhost."
    assert _udp(near, _ask("SOA")).edns == -1


def test_letter_case_of_the_question_is_kept(near: ServedZone) -> None:
    answer = _udp(near, _ask(name="rPz.FUSIONcell."))
    assert answer.question[0].name.to_text() == "rPz.FUSIONcell."


@pytest.mark.parametrize(("rdtype", "name"), [
    ("A", ORIGIN + "."), ("TXT", ORIGIN + "."), ("CNAME", "n1.example." + ORIGIN + "."), ("SOA", "example."),
    ("AXFR", "other.zone."), ("A", "."),
])
def test_anything_else_is_refused(near: ServedZone, rdtype: str, name: str) -> None:
    assert _udp(near, _ask(rdtype, name=name)).rcode() == dns.rcode.REFUSED
    assert _tcp(near, _ask(rdtype, name=name)).rcode() == dns.rcode.REFUSED


def test_a_whole_transfer_by_udp_is_refused_and_an_ixfr_points_to_tcp(near: ServedZone) -> None:
    assert _udp(near, _ask("AXFR")).rcode() == dns.rcode.REFUSED
    answer = _udp(near, _ask("IXFR", serial=1))
    assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.SOA]
    assert _udp(near, _ask("IXFR")).rcode() == dns.rcode.FORMERR, "an IXFR without a serial"


@pytest.mark.parametrize("opcode", [dns.opcode.NOTIFY, dns.opcode.UPDATE, dns.opcode.STATUS, 15])
def test_other_opcodes_are_not_implemented(near: ServedZone, opcode: int) -> None:
    query = _ask()
    wire = bytearray(query.to_wire())
    wire[2] = opcode << 3
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(wire, (HOST, near.port))
        reply = sock.recv(512)
    assert reply[:2] == wire[:2] and reply[3] & 15 == dns.rcode.NOTIMP and (reply[2] >> 3) & 15 == opcode


@pytest.mark.parametrize("key", [None, KEY, KEY512], ids=["unsigned", "sha256", "sha512"])
def test_axfr_and_ixfr(key: TsigKey | None) -> None:
    heard: list[tuple[str, int]] = []
    zone = LiveZone(ZoneImage.build(NAMES, 10), transferred=lambda *what: heard.append(what))
    with ServedZone(zone, keys=[KEY, KEY512], trusted=() if key else ("127.0.0.1/32",)) as hub:
        copy = dns.zone.Zone(ORIGIN + ".")
        _take(hub, copy, key)
        assert _names(copy) == {*NAMES, *("*." + name for name in NAMES)}
        for number in range(3):
            zone.change([f"new{number}.example"], [NAMES[number]])
        _take(hub, copy, key)
        expected = {*NAMES[3:], "new0.example", "new1.example", "new2.example"}
        assert _names(copy) == {*expected, *("*." + name for name in expected)}
        assert int(copy.get_soa().serial) == 13
        _take(hub, copy, key)  # up to date: one SOA, and the connection goes on to serve
        assert (hub.server.answered["AXFR"], hub.server.answered["IXFR"]) == (1, 2)
        assert wait_until(lambda: len(heard) == 3)
        assert heard == [((key.name if key else HOST), serial) for serial in (10, 13, 13)]


def test_an_unknown_serial_gets_the_whole_zone(near: ServedZone) -> None:
    copy = dns.zone.from_text("@ 30 SOA . . 5 1 1 1 1\n@ 30 NS localhost.\nstale 30 CNAME .", origin=ORIGIN + ".")
    _take(near, copy)
    assert "stale" not in _names(copy)
    assert len(_names(copy)) == 2 * len(NAMES)


def test_a_stranger_must_sign(far: ServedZone) -> None:
    for rdtype in ("SOA", "NS", "AXFR", "A"):
        assert _tcp(far, _ask(rdtype)).rcode() == dns.rcode.REFUSED
    assert _udp(far, _ask("SOA")).rcode() == dns.rcode.REFUSED
    assert _udp(far, _ask("IXFR", serial=1)).rcode() == dns.rcode.REFUSED
    with pytest.raises(dns.xfr.TransferError):
        _take(far, dns.zone.Zone(ORIGIN + "."))


@pytest.mark.parametrize("key", [KEY, KEY512], ids=["sha256", "sha512"])
def test_signed_questions_get_signed_answers(far: ServedZone, key: TsigKey) -> None:
    for ask in (_udp, _tcp):
        for edns in (-1, 0):
            answer = ask(far, _ask("SOA", key=key, edns=edns))  # dnspython verifies our signature here
            assert answer.rcode() == dns.rcode.NOERROR and answer.had_tsig
    assert _tcp(far, _ask("A", key=key)).rcode() == dns.rcode.REFUSED


def _tsig_error(hub: ServedZone, query: dns.message.Message, *, at: float | None = None) -> tuple[int, int, bytes]:
    """Send a query; return the answer's code, TSIG error and MAC, unverified."""
    wire = query.to_wire() if at is None else _signed_at(query, at)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(wire, (HOST, hub.port))
        answer = dns.message.from_wire(sock.recv(1024), keyring=False)
    assert answer.tsig is not None and answer.id == query.id and not answer.answer
    return int(answer.rcode()), int(answer.tsig[0].error), answer.tsig[0].mac


def _signed_at(query: dns.message.Message, at: float) -> bytes:
    real, time.time = time.time, lambda: at
    try:
        return query.to_wire()
    finally:
        time.time = real


@pytest.mark.parametrize("hub_name", ["near", "far"])
@pytest.mark.parametrize(("key", "error"), [
    (STRANGER, dns.rcode.BADKEY), (FORGED, dns.rcode.BADSIG),
    (TsigKey(KEY.name, KEY.secret, "hmac-sha512"), dns.rcode.BADKEY),
], ids=["unknown key", "wrong secret", "other algorithm"])
def test_a_bad_signature_is_not_authorised_from_anywhere(request: pytest.FixtureRequest, hub_name: str, key: TsigKey,
                                                         error: int) -> None:
    hub = request.getfixturevalue(hub_name)
    assert _tsig_error(hub, _ask(key=key)) == (dns.rcode.NOTAUTH, error, b"")
    with pytest.raises((dns.xfr.TransferError, dns.tsig.PeerError, dns.exception.DNSException)):
        _take(hub, dns.zone.Zone(ORIGIN + "."), key)


@pytest.mark.parametrize("drift", [-3_600, 3_600])
def test_an_old_signature_is_refused_with_our_time_signed(far: ServedZone, drift: int) -> None:
    code, error, mac = _tsig_error(far, _ask(key=KEY), at=time.time() + drift)
    assert (code, error, len(mac)) == (dns.rcode.NOTAUTH, dns.rcode.BADTIME, 32)


def test_a_signature_covers_the_whole_request(far: ServedZone) -> None:
    wire = bytearray(_ask("SOA", key=KEY).to_wire())
    wire[12 + len(ORIGIN) + 2 + 1] = dns.rdatatype.NS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(wire, (HOST, far.port))
        answer = dns.message.from_wire(sock.recv(1024), keyring=False)
    assert answer.rcode() == dns.rcode.NOTAUTH and answer.tsig is not None
    assert answer.tsig[0].error == dns.rcode.BADSIG


def test_a_weak_key_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="fewer than"):
        TsigKey("k", b"short")
    with pytest.raises(ValueError, match="algorithm"):
        TsigKey("k", b"0" * 32, "hmac-md5.sig-alg.reg.int")
    assert "0123" not in repr(KEY)


def _mutations(count: int) -> Iterator[bytes]:
    """Valid requests with bytes changed, cut or added, and pure noise; the same each time."""
    rng = random.Random(2)
    seeds = [_ask().to_wire(), _ask("IXFR", serial=3, edns=0).to_wire(), _ask("AXFR", key=KEY).to_wire()]
    for _ in range(count):
        wire = bytearray(rng.choice(seeds))
        for _ in range(rng.choice((1, 2, 8))):
            wire[rng.randrange(len(wire))] = rng.randrange(256)
        cut = rng.choice((len(wire), rng.randrange(len(wire))))
        yield rng.choice((bytes(wire[:cut]), bytes(wire) + rng.randbytes(20), rng.randbytes(rng.randrange(60))))


def test_garbage_by_udp_never_stops_the_server(near: ServedZone) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.002)
        for wire in _mutations(600):
            sock.sendto(wire, (HOST, near.port))
            try:
                reply = sock.recv(1024)
            except TimeoutError:
                continue
            assert len(reply) >= 12 and reply[2] & 0x80, "only answers, never echoes of an answer"
    assert _udp(near, _ask()).answer[0][0].serial == 10


def test_garbage_by_tcp_never_stops_the_server(near: ServedZone) -> None:
    for wire in _mutations(60):
        _raw(near, len(wire).to_bytes(2, "big") + wire, timeout=0.05)
    assert _raw(near, b"\xff\xff" + b"x" * 100) == b"", "a request of 65,535 bytes is hung up on"
    assert _raw(near, b"\0\x03abc") == b""
    assert _tcp(near, _ask()).answer[0][0].serial == 10


def test_an_answer_gets_no_answer(near: ServedZone) -> None:
    query = _ask()
    query.flags |= dns.flags.QR
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.3)
        sock.sendto(query.to_wire(), (HOST, near.port))
        with pytest.raises(TimeoutError):
            sock.recv(512)


def test_many_questions_on_one_connection(near: ServedZone) -> None:
    with socket.create_connection((HOST, near.port), timeout=5) as conn:
        queries = [_ask(rdtype) for rdtype in ("SOA", "NS", "A", "SOA")]
        conn.sendall(b"".join(len(wire).to_bytes(2, "big") + wire for wire in (q.to_wire() for q in queries)))
        codes = []
        stream = conn.makefile("rb")
        for query in queries:
            answer = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")))
            assert answer.id == query.id
            codes.append(answer.rcode())
        assert codes == [dns.rcode.NOERROR, dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOERROR]


def test_connections_are_bounded_and_idle_ones_closed() -> None:
    limits = Limits(connections=5, connections_per_address=3, idle=0.5)
    with ServedZone(_zone(), limits=limits) as hub:
        held = [socket.create_connection((HOST, hub.port), timeout=5) for _ in range(6)]
        assert wait_until(lambda: hub.server.answered["over the limit"] == 3)
        for conn in held:
            try:
                assert conn.recv(1) == b""  # refused at once or closed when idle
            except ConnectionResetError:
                pass
            conn.close()
        assert _tcp(hub, _ask()).rcode() == dns.rcode.NOERROR, "their places are free again"


def test_a_reader_who_does_not_read_is_cut_off_and_others_are_served_meanwhile() -> None:
    heard: list[object] = []
    zone = LiveZone(ZoneImage.build((f"{n}.a-rather-long-name-to-fill-buffers.example" for n in range(60_000)), 1),
                    transferred=lambda *what: heard.append(what))
    with ServedZone(zone, limits=Limits(write=0.5)) as hub, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        lazy.connect((HOST, hub.port))
        wire = _ask("AXFR").to_wire()
        lazy.sendall((len(wire).to_bytes(2, "big") + wire) * 4)
        assert _udp(hub, _ask()).answer[0][0].serial == 1
        assert wait_until(lambda: hub.server.connections == 0, 8)
        assert heard == [], "nobody is said to hold what was not taken"


def test_a_long_transfer_lets_others_in_and_keeps_its_zone() -> None:
    """The zone changes in the middle of a transfer: the reader gets the zone as it was when it asked."""
    zone = LiveZone(ZoneImage.build((f"{n}.a-rather-long-name-to-fill-buffers.example" for n in range(60_000)), 1))
    with ServedZone(zone) as hub, socket.create_connection((HOST, hub.port), timeout=5) as conn:
        wire = _ask("AXFR").to_wire()
        conn.sendall(len(wire).to_bytes(2, "big") + wire)
        stream = conn.makefile("rb")
        records = int.from_bytes(stream.read(int.from_bytes(stream.read(2), "big"))[6:8], "big")
        zone.change(["new.example"], [f"{n}.a-rather-long-name-to-fill-buffers.example" for n in range(30_000)])
        assert _tcp(hub, _ask()).answer[0][0].serial == 2
        while True:
            message = stream.read(int.from_bytes(stream.read(2), "big"))
            records += int.from_bytes(message[6:8], "big")
            if message[6:8] == b"\0\x01":
                break
        assert records == 2 * 60_000 + 3
        assert dns.message.from_wire(message).answer[0][0].serial == 1


class _Secondary:
    """Hears NOTIFY; stays silent for the first ``deaf`` of them."""

    def __init__(self, deaf: int = 0, key: TsigKey | None = None) -> None:
        self.heard: list[dns.message.Message] = []
        self._deaf = deaf
        self._keyring = {key.owner: key.for_dnspython()} if key else None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.target = NotifyTarget(HOST, self._socket.getsockname()[1], key)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            wire, address = self._socket.recvfrom(4096)
            if wire == b"stop":
                return
            message = dns.message.from_wire(wire, keyring=self._keyring)
            self.heard.append(message)
            if len(self.heard) > self._deaf:
                self._socket.sendto(b"noise", address)
                self._socket.sendto(dns.message.make_response(message).to_wire(), address)

    def __enter__(self) -> _Secondary:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.sendto(b"stop", self._socket.getsockname())
        self._thread.join(5)
        self._socket.close()


@pytest.mark.parametrize("key", [None, KEY], ids=["unsigned", "signed"])
def test_notify_is_sent_until_it_is_heard(key: TsigKey | None) -> None:
    zone = _zone()
    with _Secondary(deaf=2, key=key) as secondary, \
            ServedZone(zone, notify=[secondary.target], limits=Limits(notify_patience=(0.5,) * 8)) as hub:
        assert wait_until(lambda: len(secondary.heard) == 3), "sent at the start, twice more for want of an answer"
        message = secondary.heard[0]
        assert message.opcode() == dns.opcode.NOTIFY
        assert (message.question[0].name.to_text(), message.question[0].rdtype) == (ORIGIN + ".", dns.rdatatype.SOA)
        assert message.had_tsig is (key is not None)
        assert not wait_until(lambda: len(secondary.heard) > 3, 0.8), "heard is heard"
        zone.change(["a.example"])
        hub.server.zone_changed()
        assert wait_until(lambda: len(secondary.heard) == 4)


def test_a_silent_secondary_is_given_up_and_told_of_the_next_change() -> None:
    with _Secondary(deaf=99) as silent, _Secondary() as other, \
            ServedZone(_zone(), notify=[silent.target, other.target],
                       limits=Limits(notify_patience=(0.05, 0.05))) as hub:
        assert wait_until(lambda: len(silent.heard) == 2)
        assert not wait_until(lambda: len(silent.heard) > 2, 0.4)
        hub.server.zone_changed()
        assert wait_until(lambda: len(silent.heard) == 4)
        assert len(other.heard) >= 2


def test_a_burst_of_changes_costs_few_messages() -> None:
    with _Secondary() as secondary, ServedZone(_zone(), notify=[secondary.target]) as hub:
        for _ in range(200):
            hub.server.zone_changed()
        assert wait_until(lambda: len(secondary.heard) >= 1)
        time.sleep(0.4)
        assert len(secondary.heard) <= 6


def test_a_taken_port_is_told() -> None:
    with ServedZone(_zone()) as hub, pytest.raises(OSError, match="in use"):
        ServedZone(_zone(), port=hub.port)


def test_close_ends_what_is_open() -> None:
    hub = ServedZone(_zone())
    conn = socket.create_connection((HOST, hub.port), timeout=5)
    wire = _ask().to_wire()
    conn.sendall(len(wire).to_bytes(2, "big") + wire)
    assert conn.recv(1_000)
    hub.close()
    try:
        assert conn.recv(1) == b""
    except ConnectionResetError:
        pass
    conn.close()
    with pytest.raises(OSError):
        socket.create_connection((HOST, hub.port), timeout=1)
