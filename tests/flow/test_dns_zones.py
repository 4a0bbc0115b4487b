"""Many zones on one primary: each subscriber has its own zones, its keys, its NOTIFY; all of it changes while running.

What one subscriber's key opens is its own zones and no more, and who may not have a zone cannot tell it from none.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.xfr
import dns.zone
import pytest

from fusioncell.edges.dns_notify import NotifyTarget
from fusioncell.edges.dns_server import TsigKey, start_dns_server
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ZoneImage
from resolvers import ServedZone, wait_until

HOST = "127.0.0.1"
ONE = TsigKey("isp-one.2026", b"1" * 32)
ONE_NEXT = TsigKey("isp-one.2027", b"n" * 32)
TWO = TsigKey("isp-two.2026", b"2" * 32, "hmac-sha512")
ORIGINS = ("main.isp-one.rpz", "fresh.isp-one.rpz", "main.isp-two.rpz")


class Zones:
    """Zones by name and a rule: a key has the zones of its subscriber, some zones go to an address without a key."""

    def __init__(self) -> None:
        self.zones = {origin: LiveZone(ZoneImage.build([f"only-in.{origin}.example"], 7, origin=origin),
                                       transferred=lambda client, serial, o=origin: self.taken.append((o, client)))
                      for origin in ORIGINS}
        self.taken: list[tuple[str, str]] = []
        self.by_address: set[str] = set()

    def find(self, origin: str) -> LiveZone | None:
        return self.zones.get(origin)

    def may_transfer(self, origin: str, key_name: str, address: str) -> bool:
        subscriber = key_name.partition(".")[0]
        return subscriber == origin.split(".")[1] if key_name else origin in self.by_address and address == HOST


@pytest.fixture
def zones() -> Zones:
    return Zones()


def _served(zones: Zones, **options: object) -> ServedZone:
    return ServedZone(zones.find, keys=[ONE, TWO], may_transfer=zones.may_transfer, **options)


def _take(hub: ServedZone, origin: str, key: TsigKey | None) -> set[str]:
    copy = dns.zone.Zone(origin + ".")
    query, _ = dns.xfr.make_query(copy)
    if key is not None:
        query.use_tsig(key.for_dnspython())
    dns.query.inbound_xfr(HOST, copy, query, port=hub.port, timeout=5)
    return {name.to_text() for name in copy.nodes} - {"@"}


def _refused(hub: ServedZone, origin: str, key: TsigKey | None) -> bytes:
    """Ask for the SOA; return the refusal's bytes behind its id, the zone's name taken out."""
    query = dns.message.make_query(origin + ".", "SOA")
    if key is not None:
        query.use_tsig(key.for_dnspython())
    answer = dns.query.udp(query, HOST, port=hub.port, timeout=5)
    assert answer.rcode() == dns.rcode.REFUSED and not answer.answer
    assert answer.had_tsig == (key is not None)
    answer.tsig = None
    return answer.to_wire()[2:].replace(query.question[0].name.to_wire(), b"")


def test_each_key_has_its_subscribers_zones_and_no_other(zones: Zones) -> None:
    with _served(zones) as hub:
        for origin in ORIGINS[:2]:
            assert f"only-in.{origin}.example" in _take(hub, origin, ONE)
        assert f"only-in.{ORIGINS[2]}.example" in _take(hub, ORIGINS[2], TWO)
        assert wait_until(lambda: len(zones.taken) == 3)
        assert zones.taken == [(ORIGINS[0], ONE.name), (ORIGINS[1], ONE.name), (ORIGINS[2], TWO.name)]
        for origin, key in ((ORIGINS[2], ONE), (ORIGINS[0], TWO), (ORIGINS[0], None)):
            with pytest.raises(dns.xfr.TransferError):
                _take(hub, origin, key)


@pytest.mark.parametrize("key", [None, ONE], ids=["unsigned", "signed"])
def test_a_zone_that_is_not_yours_looks_like_none(zones: Zones, key: TsigKey | None) -> None:
    with _served(zones) as hub:
        refusals = {_refused(hub, origin, key) for origin in (ORIGINS[2], "no.such.rpz", "com", "a\\.b.rpz", "ü.rpz")}
        assert len(refusals) == 1


def test_an_address_may_have_a_zone_without_a_key(zones: Zones) -> None:
    with _served(zones) as hub:
        _refused(hub, ORIGINS[1], None)
        zones.by_address.add(ORIGINS[1])
        assert f"only-in.{ORIGINS[1]}.example" in _take(hub, ORIGINS[1], None)
        assert wait_until(lambda: zones.taken == [(ORIGINS[1], HOST)])
        _refused(hub, ORIGINS[0], None)


def test_a_key_is_rotated_without_a_gap(zones: Zones) -> None:
    with _served(zones) as hub:
        hub.server.set_keys([ONE, ONE_NEXT, TWO])
        assert _take(hub, ORIGINS[0], ONE) == _take(hub, ORIGINS[0], ONE_NEXT)
        hub.server.set_keys([ONE_NEXT, TWO])
        assert _take(hub, ORIGINS[0], ONE_NEXT)
        with pytest.raises((dns.xfr.TransferError, dns.tsig.PeerError)):
            _take(hub, ORIGINS[0], ONE)


def test_a_key_that_is_taken_away_ends_the_transfer_under_way(zones: Zones) -> None:
    names = [f"{number}.a-rather-long-name-to-fill-buffers.example" for number in range(60_000)]
    zones.zones[ORIGINS[0]] = LiveZone(ZoneImage.build(names, 1, origin=ORIGINS[0]),
                                       transferred=lambda client, serial: zones.taken.append((ORIGINS[0], client)))
    query = dns.message.make_query(ORIGINS[0] + ".", "AXFR")
    query.use_tsig(ONE.for_dnspython())
    wire = query.to_wire()
    with _served(zones) as hub, socket.create_connection((HOST, hub.port), timeout=5) as conn:
        conn.sendall(len(wire).to_bytes(2, "big") + wire)
        assert conn.recv(10)
        hub.server.set_keys([TWO])
        got = 0
        try:
            while part := conn.recv(1 << 20):
                got += len(part)
        except ConnectionResetError:
            pass
        assert got < zones.zones[ORIGINS[0]].image().size
        assert hub.server.answered["key taken away"] == 1
        assert zones.taken == []


def test_zones_come_and_go_while_running(zones: Zones) -> None:
    with _served(zones) as hub:
        gone = zones.zones.pop(ORIGINS[1])
        _refused(hub, ORIGINS[1], ONE)
        zones.zones[ORIGINS[1]] = gone
        assert _take(hub, ORIGINS[1], ONE)


class Secondary:
    """Hears NOTIFY on a port of its own and answers each."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()
        self.order: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(0.1)
        self.target = NotifyTarget(HOST, self._socket.getsockname()[1])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                wire, sender = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            query = dns.message.from_wire(wire)
            self.order.append(query.question[0].name.to_text().rstrip("."))
            self.heard[self.order[-1]] += 1
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            self._socket.sendto(answer.to_wire(), sender)

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        self._socket.close()


def test_each_zone_tells_its_own_secondaries_and_they_may_change(zones: Zones) -> None:
    one, two = Secondary(), Secondary()
    try:
        with _served(zones) as hub:
            server = hub.server
            server.set_notify(ORIGINS[0], [one.target])
            server.set_notify(ORIGINS[2], [two.target])
            assert wait_until(lambda: one.heard == {ORIGINS[0]: 1} and two.heard == {ORIGINS[2]: 1}), "told at once"
            server.zone_changed(ORIGINS[0])
            assert wait_until(lambda: one.heard == {ORIGINS[0]: 2})
            server.set_notify(ORIGINS[0], [one.target, two.target])
            assert wait_until(lambda: two.heard == {ORIGINS[0]: 1, ORIGINS[2]: 1})
            server.set_notify(ORIGINS[0], [two.target])
            server.zone_changed()
            assert wait_until(lambda: two.heard == {ORIGINS[0]: 2, ORIGINS[2]: 2})
            assert one.heard == {ORIGINS[0]: 2}, "who was there before is not told again, who left is not told"
    finally:
        one.close()
        two.close()


def test_a_big_zone_waits_until_the_small_one_was_told(zones: Zones) -> None:
    one, big, small = Secondary(), ORIGINS[0], ORIGINS[1]
    try:
        with _served(zones) as hub:
            for origin in (big, small):
                hub.server.set_notify(origin, [one.target])
            assert wait_until(lambda: one.heard == {big: 1, small: 1})
            hub.server.zone_changed(big, after=1.0)
            hub.server.zone_changed(small)
            assert wait_until(lambda: one.heard == {big: 2, small: 2})
            assert one.order[-2:] == [small, big]
    finally:
        one.close()


def test_many_zones_need_a_rule(zones: Zones) -> None:
    with pytest.raises(ValueError, match="may_transfer"):
        asyncio.run(start_dns_server(zones.find, HOST, 0, keys=[ONE]))
