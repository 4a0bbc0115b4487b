"""What goes wrong between a primary and its resolvers, row by row (issue 6, check 3), with real secondaries.

| fault | what holds |
|---|---|
| the hub is killed in mid-transfer | the last good zone stands, nothing of the half one; all is taken when it is back |
| the hub is back with an older serial | the last good zone stands; a newer serial is taken |
| wrong key, unsigned request | the last good zone stands; all is taken when the key is right |
| a recorded request is played again | no record is given |
| a clock that is wrong | refused with our time; taken when the clock is right |
| a reader who does not read | cut off; others are served meanwhile (``test_dns_primary.py``) |
| ten thousand connections | a subscriber's transfer goes through |

Disk full, and a hub's clock that goes back: ``tests/contract/test_shield_serial.py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.xfr
import dns.zone
import pytest

from fusioncell.edges.dns_server import Limits, NotifyTarget, TsigKey
from fusioncell.edges.dns_tsig import FUDGE, Replays
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, ZoneImage
from resolvers import ServedZone, UnboundResolver, free_port, unbound_installed, wait_until
from secondaries import BindSecondary, bind_installed

HOST = "127.0.0.1"
KEY = TsigKey("isp-one.key", b"0123456789abcdef0123456789abcdef")
FORGED = TsigKey(KEY.name, b"y" * 32)
needs_bind = pytest.mark.skipif(not bind_installed(), reason="no BIND is installed")

DYING = textwrap.dedent("""
    import asyncio, os, signal, sys
    from fusioncell.edges.dns_server import NotifyTarget, start_dns_server
    from fusioncell.shield.live_zone import LiveZone
    from fusioncell.shield.zone import ZoneImage

    class Dying(LiveZone):
        def axfr(self, query_id, question):
            serial, messages = super().axfr(query_id, question)
            return serial, self.until_death(messages)

        ixfr = lambda self, since, query_id, question: self.axfr(query_id, question)

        def until_death(self, messages):
            for number, message in enumerate(messages):
                if number == 6:
                    os.kill(os.getpid(), signal.SIGKILL)
                yield message

    async def main(port, secondary):
        zone = Dying(ZoneImage.build([f"{n}.half.example" for n in range(5_000)], 2))
        await start_dns_server(zone, "127.0.0.1", port, notify=[NotifyTarget("127.0.0.1", secondary)])
        print("up", flush=True)
        await asyncio.sleep(60)

    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
""")


def _dies_in_mid_transfer(port: int, secondary: int) -> None:
    """Serve serial 2 until the process is killed, six messages into the first transfer; it is told by NOTIFY."""
    killed = subprocess.Popen([sys.executable, "-c", DYING, str(port), str(secondary)], stdout=subprocess.PIPE)
    try:
        assert killed.wait(40) == -9, "nobody took a transfer"
    finally:
        killed.kill()
        killed.communicate()


def _whole(serial: int, name: str) -> LiveZone:
    return LiveZone(ZoneImage.build([name, *(f"{n}.whole.example" for n in range(500))], serial))


@pytest.mark.skipif(not unbound_installed(), reason="no Unbound is installed")
def test_killed_in_mid_transfer_unbound_keeps_the_last_good_zone(tmp_path: Path) -> None:
    port, primary = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        with ServedZone(_whole(1, "good.example"), port=primary):
            unbound = stack.enter_context(UnboundResolver(primary, tmp_path, port=port))
            assert unbound.blocks("good.example"), unbound.log()
        _dies_in_mid_transfer(primary, port)
        assert unbound.query("good.example") == unbound.query("499.whole.example") == "NXDOMAIN"
        assert {unbound.query(f"{n}.half.example") for n in range(0, 5_000, 500)} == {"NOERROR"}, "nothing of the half"
        with ServedZone(_whole(3, "next.example"), port=primary, notify=[NotifyTarget(HOST, port)]):
            assert unbound.blocks("next.example", 30) and unbound.frees("good.example"), unbound.log()


@needs_bind
def test_killed_in_mid_transfer_bind_keeps_the_last_good_zone(tmp_path: Path) -> None:
    primary = free_port()
    with contextlib.ExitStack() as stack:
        with ServedZone(_whole(1, "good.example"), port=primary):
            bind = stack.enter_context(BindSecondary(primary, tmp_path, zone=ORIGIN))
            assert bind.reaches(1), bind.log()
        _dies_in_mid_transfer(primary, bind.port)
        assert bind.serial() == 1 and bind.holds("good.example")
        assert not any(bind.holds(f"{n}.half.example") for n in range(0, 5_000, 500))
        with ServedZone(_whole(3, "next.example"), port=primary, notify=[NotifyTarget(HOST, bind.port)]):
            assert bind.reaches(3, 30), bind.log()
            assert bind.holds("next.example") and not bind.holds("good.example")


@needs_bind
def test_an_older_serial_is_not_taken_and_a_newer_one_is(tmp_path: Path) -> None:
    primary = free_port()
    with contextlib.ExitStack() as stack:
        with ServedZone(_whole(50, "good.example"), port=primary):
            bind = stack.enter_context(BindSecondary(primary, tmp_path, zone=ORIGIN))
            assert bind.reaches(50), bind.log()
        lost = _whole(7, "forgotten.example")
        with ServedZone(lost, port=primary, notify=[NotifyTarget(HOST, bind.port)]) as hub:
            assert wait_until(lambda: hub.server.answered["SOA by UDP"] + hub.server.answered["SOA"] > 0, 20)
            assert bind.serial() == 50 and bind.holds("good.example") and not bind.holds("forgotten.example")
            lost.replace(_whole(51, "found.example").image())
            hub.server.zone_changed()
            assert bind.reaches(51, 30) and bind.holds("found.example"), bind.log()


@needs_bind
@pytest.mark.parametrize("wrong", [[], [FORGED]], ids=["unknown key", "wrong secret"])
def test_a_wrong_key_changes_nothing_at_the_secondary(tmp_path: Path, wrong: list[TsigKey]) -> None:
    zone = _whole(1, "good.example")
    with ServedZone(zone, keys=[KEY], trusted=()) as hub, \
            BindSecondary(hub.port, tmp_path, zone=ORIGIN, key=KEY) as bind:
        assert bind.reaches(1), bind.log()
        hub.server.set_keys(wrong)
        hub.server.set_notify(ORIGIN, [NotifyTarget(HOST, bind.port)])
        zone.change(["new.example"])
        hub.server.zone_changed()
        assert wait_until(lambda: hub.server.answered["NOTAUTH"] > 0, 20), hub.server.answered
        assert bind.serial() == 1 and bind.holds("good.example") and not bind.holds("new.example")
        hub.server.set_keys([KEY])
        hub.server.zone_changed()
        assert bind.reaches(2, 30) and bind.holds("new.example"), bind.log()


@needs_bind
def test_an_unsigned_request_gets_nothing(tmp_path: Path) -> None:
    with ServedZone(_whole(1, "good.example"), keys=[KEY], trusted=()) as hub, \
            BindSecondary(hub.port, tmp_path, zone=ORIGIN) as bind:
        assert wait_until(lambda: hub.server.answered["REFUSED"] > 0, 20)
        assert bind.serial() is None
        assert set(hub.server.answered) == {"REFUSED"}


def _signed(rdtype: str = "AXFR", at: float | None = None) -> bytes:
    """Make a signed request behind its length."""
    query = dns.message.make_query(ORIGIN + ".", rdtype)
    if rdtype == "IXFR":
        query.authority.append(dns.rrset.from_text(ORIGIN + ".", 0, "IN", "SOA", ". . 1 0 0 0 0"))
    query.use_tsig(KEY.for_dnspython())
    real = time.time
    if at is not None:
        time.time = lambda: at
    try:
        wire = query.to_wire()
    finally:
        time.time = real
    return len(wire).to_bytes(2, "big") + wire


def _first_answer(hub: ServedZone, request: bytes) -> dns.message.Message:
    """Send a request as it stands; return the first message of the answer, unverified."""
    with socket.create_connection((HOST, hub.port), timeout=5) as conn:
        conn.sendall(request)
        stream = conn.makefile("rb")
        return dns.message.from_wire(stream.read(int.from_bytes(stream.read(2), "big")), keyring=False, xfr=True)


@pytest.mark.parametrize("rdtype", ["AXFR", "IXFR"])
def test_a_recorded_request_is_not_answered_again(rdtype: str) -> None:
    with ServedZone(_whole(2, "good.example"), keys=[KEY], trusted=()) as hub:
        recorded = _signed(rdtype)
        assert _first_answer(hub, recorded).answer
        for _ in range(2):
            again = _first_answer(hub, recorded)
            assert (again.rcode(), again.answer) == (dns.rcode.NOTAUTH, [])
            assert again.tsig is not None and again.tsig[0].error == dns.rcode.BADTIME
        assert _first_answer(hub, _signed(rdtype)).answer, "a new request is"


@pytest.mark.parametrize("wrong", [-FUDGE - 60, FUDGE + 60])
def test_a_wrong_clock_is_refused_with_our_time(wrong: int) -> None:
    with ServedZone(_whole(2, "good.example"), keys=[KEY], trusted=()) as hub:
        refused = _first_answer(hub, _signed(at=time.time() + wrong))
        assert (refused.rcode(), refused.answer) == (dns.rcode.NOTAUTH, [])
        assert refused.tsig is not None and refused.tsig[0].error == dns.rcode.BADTIME
        told = int.from_bytes(refused.tsig[0].other, "big")
        assert abs(told - time.time()) < 60
        assert _first_answer(hub, _signed()).answer


def test_signatures_are_remembered_for_their_time_and_in_bounds() -> None:
    now = [0.0]
    seen = Replays(most=3, clock=lambda: now[0])
    assert [seen.first_time(mac) for mac in (b"a", b"b", b"a")] == [True, True, False]
    now[0] = 2.0 * FUDGE
    assert not seen.first_time(b"b"), "at either end of the fudge its time may still be taken"
    now[0] = 2.0 * FUDGE + 1
    assert seen.first_time(b"a"), "by now its own time refuses it"
    for mac in (b"c", b"d", b"e"):
        assert seen.first_time(mac)
    assert seen.first_time(b"a") and not seen.first_time(b"e")


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process hold 12,000 connections, where the machine allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 12_000:
        pytest.skip("this machine allows a process fewer than 12,000 descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (12_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _knock(port: int, number: int, few: asyncio.Semaphore) -> None:
    """Open a connection from one of 250 addresses, ask for nothing, and wait until it is closed."""
    async with few:
        try:
            async with asyncio.timeout(5):
                local = (f"127.0.{1 + number % 250}.7", 0)
                reader, writer = await asyncio.open_connection(HOST, port, local_addr=local)
                await reader.read()
                writer.close()
        except (OSError, TimeoutError):
            pass


async def _flood(port: int, many: int) -> None:
    few = asyncio.Semaphore(600)
    await asyncio.gather(*(_knock(port, number, few) for number in range(many)))


@pytest.mark.usefixtures("many_files")
def test_ten_thousand_connections_keep_no_subscriber_out() -> None:
    """They come from many addresses and ask for nothing: the oldest of them make room, the subscriber keeps its own."""
    limits = Limits(connections=100, connections_per_address=20, idle=60)
    zone = LiveZone(ZoneImage.build([f"{n}.example" for n in range(50)], 1))
    with ServedZone(zone, keys=[KEY], trusted=(), limits=limits) as hub, \
            socket.create_connection((HOST, hub.port), timeout=30) as held:
        held.sendall(_signed("SOA"))
        stream = held.makefile("rb")
        assert stream.read(int.from_bytes(stream.read(2), "big"))
        flood = subprocess.Popen([sys.executable, "-c", "import asyncio, sys; sys.path[:0] = sys.argv[2:]; "
                                  "from flow.test_dns_faults import _flood; "
                                  "asyncio.run(_flood(int(sys.argv[1]), 10_000))",
                                  str(hub.port), *sys.path])
        try:
            assert wait_until(lambda: hub.server.answered["over the limit"] > 100, 20)
            transfers = 0
            while flood.poll() is None or not transfers:
                copy = dns.zone.Zone(ORIGIN + ".")
                query, _ = dns.xfr.make_query(copy)
                query.use_tsig(KEY.for_dnspython())
                dns.query.inbound_xfr(HOST, copy, query, port=hub.port, timeout=20)
                assert len(copy.nodes) == 2 * 50 + 1
                transfers += 1
                assert hub.server.connections <= limits.connections
                time.sleep(0.1)  # on a machine of two cores the flood wants one
        finally:
            flood.kill()
            flood.wait()
        held.sendall(_signed("SOA"))
        assert stream.read(int.from_bytes(stream.read(2), "big")), "who was known before is still connected"
        assert hub.server.answered["over the limit"] > 5_000
        assert wait_until(lambda: hub.server.connections <= 1, 10)
