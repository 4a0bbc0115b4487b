"""Transfers over TLS (RFC 9103): what is spoken, who is known by a certificate, and real secondaries that take it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.xfr
import dns.zone
import pytest

from blocking import someone
from fusioncell.bootstrap import read_settings
from fusioncell.cli.hub import check_free
from fusioncell.edges.dns_request import Doorkeeper, Request, Shown
from fusioncell.edges.dns_server import Limits, NotifyTarget, TsigKey
from fusioncell.edges.dns_tls import certificate_name, xot, xot_context
from fusioncell.kernel.errors import BadInput, Conflict
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers.model import BY_CERTIFICATE
from fusioncell.shield.subscribers.service import Wanted
from fusioncell.shield.zone import ORIGIN, ZoneImage
from resolvers import ServedZone, UnboundResolver, free_port, unbound_installed, wait_until
from secondaries import Authority, BindSecondary, bind_installed
from served import ServedHub, new_hub

HOST = "127.0.0.1"
HUB = "xfr.hub.example"
CLIENT = "resolver.isp.example"
KEY = TsigKey("isp-one.key", b"0123456789abcdef0123456789abcdef")
NAMES = [f"n{number}.example" for number in range(2_000)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def hub(authority: Authority) -> Iterator[ServedZone]:
    """A primary that trusts no address: a key or the ISP's certificate."""
    context = xot_context(*authority.issue(HUB), authority.file)
    zone = LiveZone(ZoneImage.build(NAMES, 10))
    with ServedZone(zone, keys=[KEY], tls=(HOST, 0, context),
                    may_transfer=lambda _origin, who, _address: who in (KEY.name, "cert:" + CLIENT)) as served:
        yield served


def _context(authority: Authority, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.set_alpn_protocols(["dot"])
    if own is not None:
        context.load_cert_chain(*own)
    return context


def _ask(hub: ServedZone | ServedHub, context: ssl.SSLContext, rdtype: str = "SOA",
         key: TsigKey | None = None, *, origin: str = ORIGIN) -> list[dns.message.Message]:  # fmt: skip
    """Ask over TLS; return the messages of the answer, verified as one signed transfer."""
    query = dns.message.make_query(origin + ".", rdtype)
    port = hub.server.tls_port if isinstance(hub, ServedZone) else hub.tls_port
    if key is not None:
        query.use_tsig(key.for_dnspython())
    wire, answers, tsig = query.to_wire(), [], None
    with socket.create_connection((HOST, port), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname=HUB) as conn:
        conn.sendall(len(wire).to_bytes(2, "big") + wire)
        stream = conn.makefile("rb")
        while True:
            message = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")),
                                            keyring=query.keyring, request_mac=query.mac, xfr=True,
                                            tsig_ctx=tsig, multi=bool(answers) or rdtype == "AXFR")
            answers.append(message)
            tsig = message.tsig_ctx
            if rdtype != "AXFR" or message.rcode() or len(answers) > 1 and len(message.answer) == 1:
                return answers


def test_tls_13_and_dot_are_spoken(hub: ServedZone, authority: Authority) -> None:
    with socket.create_connection((HOST, hub.server.tls_port), timeout=5) as plain, \
            _context(authority).wrap_socket(plain, server_hostname=HUB) as conn:
        assert (conn.version(), conn.selected_alpn_protocol()) == ("TLSv1.3", "dot")
    old = _context(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection((HOST, hub.server.tls_port), timeout=5) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname=HUB)


@pytest.mark.parametrize(("how", "rcode"), [
    ("nothing", dns.rcode.REFUSED), ("key", dns.rcode.NOERROR), ("certificate", dns.rcode.NOERROR),
    ("both", dns.rcode.NOERROR), ("another's certificate", dns.rcode.REFUSED),
])
def test_who_may_have_the_zone(hub: ServedZone, authority: Authority, how: str, rcode: int) -> None:
    own = {"certificate": CLIENT, "both": CLIENT, "another's certificate": "resolver.other.example"}.get(how)
    context = _context(authority, authority.issue(own) if own else None)
    key = KEY if how in ("key", "both") else None
    assert _ask(hub, context, key=key)[0].rcode() == rcode
    answers = _ask(hub, context, "AXFR", key)
    assert answers[0].rcode() == rcode
    assert sum(len(each.answer) for each in answers) == (2 * len(NAMES) + 3 if rcode == dns.rcode.NOERROR else 0)


def test_a_certificate_of_an_unknown_authority_is_not_let_in(hub: ServedZone, authority: Authority,
                                                             tmp_path: Path) -> None:
    context = _context(authority, Authority(tmp_path / "other").issue(CLIENT))
    with pytest.raises((ssl.SSLError, ConnectionError, dns.exception.DNSException)):
        _ask(hub, context)


def test_the_port_of_tls_speaks_no_plain_tcp_but_udp(hub: ServedZone) -> None:
    query = dns.message.make_query(ORIGIN + ".", "SOA")
    query.use_tsig(KEY.for_dnspython())
    answer = dns.query.udp(query, HOST, port=hub.server.tls_port, timeout=5)
    assert answer.answer[0][0].serial == 10, "an Unbound asks for the SOA there before it transfers by TLS"
    transfer = dns.message.make_query(ORIGIN + ".", "AXFR")
    transfer.use_tsig(KEY.for_dnspython())
    assert dns.query.udp(transfer, HOST, port=hub.server.tls_port, timeout=5).rcode() == dns.rcode.REFUSED
    with pytest.raises((EOFError, OSError, dns.exception.DNSException)):
        dns.query.tcp(query, HOST, port=hub.server.tls_port, timeout=5)


def test_noise_and_silence_instead_of_a_handshake_are_cut_off(authority: Authority) -> None:
    context = xot_context(*authority.issue(HUB))
    with ServedZone(LiveZone(ZoneImage.build(NAMES, 10)), tls=(HOST, 0, context), limits=Limits(idle=0.5)) as served:
        for sent in (b"", b"\x16\x03\x01", b"GET / HTTP/1.0\r\n\r\n", b"\xff" * 2_000):
            with socket.create_connection((HOST, served.server.tls_port), timeout=5) as conn:
                conn.sendall(sent)
                try:
                    while conn.recv(4_096):
                        pass
                except ConnectionResetError:
                    pass
        assert wait_until(lambda: served.server.connections == 0)
        assert _ask(served, _context(authority))[0].rcode() == dns.rcode.NOERROR


def test_a_renewed_certificate_is_shown_without_a_restart(authority: Authority, tmp_path: Path) -> None:
    certificate, key = (Path(shutil.copy(each, tmp_path)) for each in authority.issue(HUB))
    context = xot_context(certificate, key)
    with ServedZone(LiveZone(ZoneImage.build([], 1)), tls=(HOST, 0, context)) as served:

        def shown() -> bytes | None:
            with socket.create_connection((HOST, served.server.tls_port), timeout=5) as plain, \
                    _context(authority).wrap_socket(plain, server_hostname=HUB) as conn:
                return conn.getpeercert(binary_form=True)

        first = shown()
        certificate.write_bytes(b"half written")
        os.utime(certificate, ns=(1, 1))
        assert shown() == first, "what cannot be read is not used"
        renewed = authority.issue(HUB)
        shutil.copy(renewed[1], key)
        shutil.copy(renewed[0], certificate)
        os.utime(certificate, ns=(2, 2))
        second = shown()
        assert second != first and ssl.DER_cert_to_PEM_cert(second or b"").strip() == renewed[0].read_text().strip()


def test_settings_say_where_and_with_what(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue(HUB)
    given = {"dns_tls_listen": f"{HOST}:853", "dns_tls_certificate": str(certificate), "dns_tls_key": str(key)}
    assert xot(read_settings(data=str(tmp_path))) is None
    assert (xot(read_settings(data=str(tmp_path), **given)) or ())[:2] == (HOST, 853)
    with pytest.raises(BadInput, match="same port"):
        xot(read_settings(data=str(tmp_path), dns_listen=f"{HOST}:853", **given))
    with socket.create_server((HOST, 0)) as taken, pytest.raises(Conflict):
        check_free(f"{HOST}:0", f"{HOST}:0", f"{HOST}:{taken.getsockname()[1]}")
    for wrong in ("", str(tmp_path / "missing.pem"), str(key)):
        with pytest.raises(BadInput):
            xot(read_settings(data=str(tmp_path), **{**given, "dns_tls_certificate": wrong}))


def test_a_hub_serves_its_zone_by_tls(authority: Authority, tmp_path: Path) -> None:
    certificate, key = authority.issue(HUB)
    with ServedHub(new_hub(tmp_path / "hub", dns_tls_listen=f"{HOST}:0", dns_tls_certificate=str(certificate),
                           dns_tls_key=str(key))) as served:
        context = _context(authority)
        query = dns.message.make_query(ORIGIN + ".", "SOA")
        answer = dns.query.tls(query, HOST, port=served.tls_port, timeout=5, ssl_context=context,
                               server_hostname=HUB)
        assert answer.answer[0][0].serial == served.hub.shield.zone.serial


# -- subscribers that are known by their certificates (mutual TLS, RFC 9103) -------------------------------------------


class Mutual:
    """A hub that knows who issues its subscribers' certificates, and two subscribers, each with one."""

    def __init__(self, served: ServedHub, authority: Authority) -> None:
        self.served, self.authority = served, authority
        self.subscribers = served.hub.shielding.subscribers
        self.viewer = someone(served.hub, "Isp")
        self.one, self.other = authority.issue("one.isp.example"), authority.issue("other.isp.example")
        self.first = self.subscribe(Choice(Kind.BIND), self.one)
        self.second = self.subscribe(Choice(Kind.UNBOUND, categories=("phishing",)), self.other)

    def subscribe(self, choice: Choice, own: tuple[Path, Path], *, addresses: tuple[str, ...] = ()) -> str:
        wanted = Wanted(label="Leeds", choice=choice, certificates=(fingerprint(own),), addresses=addresses)
        made = self.subscribers.add(self.viewer, "", wanted)
        assert wait_until(lambda: any(one.id == made.id for one in self.subscribers.listed(self.viewer)), 60)
        self.subscribers.change(self.viewer, made.id, Wanted(step=Step.SHADOW, reference="CHG1"))
        serving = self.subscribers.serving
        assert wait_until(lambda: serving.view_of(self.subscribers.one(self.viewer, made.id)) is not None, 60)
        return made.id

    def zone(self, which: str, label: str = "fresh") -> str:
        return f"{label}.{self.subscribers.serving.base(self.subscribers.one(self.viewer, which).choice)}"

    def asks(self, own: tuple[Path, Path] | None, zone: str, rdtype: str = "AXFR") -> int:
        """Return the code of the answer over TLS; of a whole transfer, after reading all of it."""
        answers = _ask(self.served, _context(self.authority, own), rdtype, origin=zone)
        whole = len(answers[0].answer) > 0
        assert whole == (answers[0].rcode() == dns.rcode.NOERROR)
        return int(answers[0].rcode())


@pytest.fixture
def mutual(authority: Authority, tmp_path: Path) -> Iterator[Mutual]:
    certificate, key = authority.issue(HUB)
    with ServedHub(new_hub(tmp_path / "hub", dns_tls_listen=f"{HOST}:0", dns_tls_certificate=str(certificate),
                           dns_tls_key=str(key), dns_tls_clients=str(authority.file))) as served:
        yield Mutual(served, authority)


def fingerprint(own: tuple[Path, Path]) -> str:
    """As ``openssl x509 -noout -fingerprint -sha256`` prints it."""
    digest = sha256(ssl.PEM_cert_to_DER_cert(own[0].read_text())).hexdigest().upper()
    return "sha256 Fingerprint=" + ":".join(digest[at:at + 2] for at in range(0, 64, 2))


def test_a_certificate_takes_its_subscribers_zones_and_no_others(mutual: Mutual) -> None:
    mine, theirs = mutual.zone(mutual.first), mutual.zone(mutual.second)
    for rdtype in ("SOA", "AXFR"):
        assert mutual.asks(mutual.one, mine, rdtype) == mutual.asks(mutual.other, theirs, rdtype) == dns.rcode.NOERROR
        assert mutual.asks(mutual.one, theirs, rdtype) == mutual.asks(mutual.other, mine, rdtype) == dns.rcode.REFUSED
        assert mutual.asks(None, mine, rdtype) == dns.rcode.REFUSED
        assert mutual.asks(mutual.one, "main.unknown.rpz.fusioncell", rdtype) == dns.rcode.REFUSED
    taken = {each.label: each for each in mutual.subscribers.serving.taken(
        mutual.subscribers.one(mutual.viewer, mutual.first))}  # fmt: skip
    assert taken["fresh"].holds == taken["fresh"].serial and taken["allow"].holds is None, "it is seen who took what"


def test_the_same_name_in_another_certificate_is_another_certificate(mutual: Mutual) -> None:
    mine = mutual.zone(mutual.first)
    again = mutual.authority.issue("one.isp.example")  # by the same authority, for the same host
    assert mutual.asks(again, mine) == dns.rcode.REFUSED
    both = (fingerprint(again), *mutual.subscribers.one(mutual.viewer, mutual.first).certificates)
    mutual.subscribers.change(mutual.viewer, mutual.first, Wanted(certificates=both))
    assert wait_until(lambda: len(mutual.subscribers.serving.certificates()) == 3, 60)
    assert mutual.asks(again, mine) == dns.rcode.NOERROR


def test_an_expired_or_foreign_certificate_is_refused_at_the_handshake(mutual: Mutual, tmp_path: Path) -> None:
    expired = mutual.authority.issue("late.isp.example", days=-1)
    foreign = Authority(tmp_path / "foreign").issue("one.isp.example")
    for number, own in enumerate((expired, foreign)):
        which = mutual.subscribe(Choice(Kind.KNOT, severities=(("low", "high")[number],)), own)
        with pytest.raises((ssl.SSLError, ConnectionError, dns.exception.DNSException)):
            mutual.asks(own, mutual.zone(which))


def test_a_registered_certificate_takes_the_addresss_place_and_an_address_bounds_it(mutual: Mutual) -> None:
    near = mutual.authority.issue("near.isp.example")
    which = mutual.subscribe(Choice(Kind.KNOT), near, addresses=("127.0.0.0/8",))
    assert mutual.asks(None, mutual.zone(which)) == dns.rcode.REFUSED, "its address alone says nothing any more"
    assert mutual.asks(near, mutual.zone(which)) == dns.rcode.NOERROR
    far = mutual.authority.issue("far.isp.example")
    which = mutual.subscribe(Choice(Kind.KNOT, severities=("high",)), far, addresses=("192.0.2.0/24",))
    assert mutual.asks(far, mutual.zone(which)) == dns.rcode.REFUSED


@pytest.mark.parametrize("how", ["removed", "ended"])
def test_a_removed_certificate_stops_at_once_on_an_open_connection_too(mutual: Mutual, how: str) -> None:
    mine, serving = mutual.zone(mutual.first), mutual.subscribers.serving
    query = dns.message.make_query(mine + ".", "SOA")
    context = _context(mutual.authority, mutual.one)
    with socket.create_connection((HOST, mutual.served.tls_port), timeout=15) as plain, \
            context.wrap_socket(plain, server_hostname=HUB) as conn:
        dns.query.send_tcp(conn, query)
        assert dns.query.receive_tcp(conn)[0].rcode() == dns.rcode.NOERROR
        if how == "removed":
            mutual.subscribers.change(mutual.viewer, mutual.first, Wanted(certificates=()))
        else:
            mutual.subscribers.end(mutual.viewer, mutual.first, "gone")
        assert wait_until(lambda: len(serving.certificates()) == 1, 60)
        dns.query.send_tcp(conn, query)
        assert dns.query.receive_tcp(conn)[0].rcode() == dns.rcode.REFUSED
    assert mutual.asks(mutual.one, mine) == dns.rcode.REFUSED


def test_a_removed_certificate_ends_the_transfer_that_it_began(authority: Authority) -> None:
    """As a key that is taken away does: the server asks before each message."""
    zone, own = LiveZone(ZoneImage.build(NAMES, 10)), authority.issue("one.isp.example")
    shown = sha256(ssl.PEM_cert_to_DER_cert(own[0].read_text())).hexdigest()
    door = Doorkeeper({ORIGIN: zone}.get, [], lambda _origin, who, _address: who == BY_CERTIFICATE + shown)
    request = door.read(dns.message.make_query(ORIGIN + ".", "AXFR").to_wire(), HOST, Shown("one.isp.example", shown))
    assert isinstance(request, Request) and door.still_valid(request) and request.client == BY_CERTIFICATE + shown
    door.set_certificates([shown])
    assert door.still_valid(request)
    door.set_certificates([])
    assert not door.still_valid(request)


def test_a_certificates_name() -> None:
    assert certificate_name(None) == certificate_name({}) == ""
    names = (("IP Address", "::1"), ("DNS", "A.example"), ("DNS", "b.example"))
    assert certificate_name({"subjectAltName": names}) == "a.example"


@pytest.mark.skipif(not unbound_installed(), reason="no Unbound is installed")
def test_a_real_unbound_takes_the_zone_by_tls(authority: Authority, tmp_path: Path) -> None:
    zone = LiveZone(ZoneImage.build(["old.example"], 1))
    port = free_port()
    context = xot_context(*authority.issue(HUB))
    with ServedZone(zone, tls=(HOST, 0, context), notify=[NotifyTarget(HOST, port)]) as served, \
            UnboundResolver(served.server.tls_port, tmp_path, port=port, tls=(authority.file, HUB)) as unbound:
        assert unbound.blocks("old.example"), unbound.log()
        zone.change(["new.example"], ["old.example"])
        served.server.zone_changed()
        assert unbound.blocks("new.example") and unbound.frees("old.example"), unbound.log()
        assert served.server.answered["IXFR"] == 1


@pytest.mark.skipif(not bind_installed(), reason="no BIND is installed")
@pytest.mark.parametrize("how", ["key", "certificate"])
def test_a_real_bind_takes_the_zone_by_tls(hub: ServedZone, authority: Authority, tmp_path: Path, how: str) -> None:
    key, own = (KEY, None) if how == "key" else (None, authority.issue(CLIENT))
    with BindSecondary(hub.server.tls_port, tmp_path, zone=ORIGIN, key=key, tls=(authority.file, HUB),
                       own=own) as bind:
        assert bind.reaches(10), bind.log()
        assert bind.holds("n7.example") and bind.holds("*.n1999.example") and not bind.holds("n2000.example")
