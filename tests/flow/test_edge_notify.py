"""The agent hears its primary's NOTIFY and asks at once; nobody else's, and none with a wrong signature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import pytest

from edges import KEY, RunningEdge, config_file
from fusioncell.edges.dns_notify import NotifyTarget
from fusioncell.edges.dns_tsig import TsigKey
from fusioncell.edges.edge_notify import NotifyListener, heard
from fusioncell.kernel.errors import BadInput
from fusioncell.shield.agent.config import read_config
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, ZoneImage
from resolvers import ServedZone, free_port, wait_until


async def on_loop(action: Callable[..., object], *values: object) -> None:
    """What a server is told, it is told on its own loop."""
    action(*values)


def notify(origin: str = ORIGIN, key: TsigKey | None = None) -> dns.message.Message:
    made = dns.message.make_query(origin, "SOA")
    made.set_opcode(dns.opcode.NOTIFY)
    made.flags = made.flags & ~dns.flags.RD | dns.flags.AA
    if key is not None:
        made.use_tsig({key.owner: key.for_dnspython()}, key.owner, algorithm=key.for_dnspython().algorithm)
    return made


@pytest.mark.parametrize("signed", [True, False])
def test_a_change_is_taken_at_once_without_a_look(tmp_path: Path, signed: bool) -> None:
    zone, port = LiveZone(ZoneImage.build(["a.example", "b.example"], 5)), free_port()
    file = config_file(tmp_path, 0)
    with ServedZone(zone, keys=[KEY], trusted=()) as hub:
        text = file.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{hub.port}"', 1)
        file.write_text(text.replace("refresh = 0.2", f'refresh = 3600\nhear = "127.0.0.1:{port}"'))
        with RunningEdge(file) as edge:
            assert wait_until(lambda: edge.names() == {"a.example", "b.example"}), edge.agent.mirrors[ORIGIN].fault
            assert wait_until(lambda: "127.0.0.1" in edge.agent.notified.primaries)
            hub.run(on_loop(hub.server.set_notify, ORIGIN, [NotifyTarget("127.0.0.1", port, KEY if signed else None)]))
            assert wait_until(lambda: edge.agent.notified.count > 0), "a new target is told at once"
            for number in range(3):
                zone.change([f"n{number}.example"], [])
                hub.run(on_loop(hub.server.zone_changed, ORIGIN))
                assert wait_until(lambda: f"n{number}.example" in (edge.names() or ())), number  # noqa: B023
            assert edge.agent.status(running=True)["notified"] >= 4
            answer = dns.query.udp(notify("other.example"), "127.0.0.1", port=port, timeout=5)
            assert answer.rcode() == dns.rcode.REFUSED


def test_what_is_signed_must_verify_and_what_is_no_notify_is_not_answered() -> None:
    zones = {ORIGIN}
    for made in (notify(), notify(ORIGIN.upper()), notify(key=KEY)):
        zone, answer = heard(made.to_wire(), KEY, zones)
        assert zone == ORIGIN
        got = dns.message.from_wire(answer, keyring={KEY.owner: KEY.for_dnspython()}, request_mac=made.mac or b"")
        assert (got.rcode(), got.opcode(), got.had_tsig) == (dns.rcode.NOERROR, dns.opcode.NOTIFY, made.had_tsig)
        assert got.flags & dns.flags.QR and got.flags & dns.flags.AA
    wrong = TsigKey(KEY.name, b"x" * 32)
    for refused in (notify(key=wrong), notify(key=TsigKey("other", b"x" * 32)), dns.message.make_query(ORIGIN, "SOA"),
                    dns.message.make_response(notify())):  # fmt: skip
        assert heard(refused.to_wire(), KEY, zones) == ("", b"")
    assert heard(notify(key=KEY).to_wire(), None, zones) == ("", b"")
    for junk in (b"", b"\0" * 12, b"\xff" * 40, notify().to_wire()[:-3]):
        assert heard(junk, KEY, zones) == ("", b"")


def test_of_anyone_but_the_primary_nothing_is_read() -> None:
    told: list[str] = []
    listener = NotifyListener(None, {ORIGIN}, told.append)
    listener.primaries = frozenset({"192.0.2.1"})
    for address in ("192.0.2.2", "::1", "127.0.0.1"):
        listener.datagram_received(notify().to_wire(), (address, 53))
    assert told == [] and listener.count == 0
    for address in ("192.0.2.1", "::ffff:192.0.2.1"):
        listener.datagram_received(notify().to_wire(), (address, 53))
    assert told == [ORIGIN] * 2


def test_where_to_hear_is_an_address() -> None:
    base = b'primary = "hub.example:5353"\nzones = ["z.example"]\nstate = "/x"\n'
    assert read_config(base).hear == "" and read_config(base + b'hear = "127.0.0.1:5355"').hear == "127.0.0.1:5355"
    with pytest.raises(BadInput, match="host:port"):
        read_config(base + b'hear = "nowhere"')
