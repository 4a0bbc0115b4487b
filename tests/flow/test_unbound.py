"""A real Unbound takes our zone: a name is blocked within seconds of the change and free again after its removal."""

from __future__ import annotations

from pathlib import Path

import dns.query
import dns.rcode
import dns.zone
import pytest

from fusioncell.edges.dns_server import NotifyTarget
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ORIGIN, Action, Rule, ZoneImage
from resolvers import FREE_ADDRESS, ServedZone, UnboundResolver, free_port, unbound_installed

needs_unbound = pytest.mark.skipif(not unbound_installed(), reason="no Unbound on this machine (apt: unbound); the "
                                   "zone is read with dnspython instead, see test_without_an_unbound")


@needs_unbound
def test_unbound_blocks_after_a_change_and_frees_after_removal(tmp_path: Path) -> None:
    transfers: list[tuple[str, int]] = []
    zone = LiveZone(ZoneImage.build(["old.example"], 1), transferred=lambda *what: transfers.append(what))
    port = free_port()
    with ServedZone(zone, notify=[NotifyTarget("127.0.0.1", port)]) as hub, \
            UnboundResolver(hub.port, tmp_path, port=port) as unbound:
        assert unbound.blocks("old.example"), unbound.log()
        assert unbound.query("deep.under.old.example") == "NXDOMAIN"

        assert unbound.query("bad.example") == "NOERROR"  # and now it is in the resolver's cache, too
        zone.change(["bad.example", Rule("host.shared.example", subtree=False),
                     Rule("fine.bad.example", action=Action.PASSTHRU)])
        hub.server.zone_changed()
        assert unbound.blocks("bad.example"), unbound.log()
        assert unbound.query("www.bad.example") == "NXDOMAIN"
        assert unbound.query("fine.bad.example") == "NOERROR"
        assert unbound.query("host.shared.example") == "NXDOMAIN"
        assert unbound.query("under.host.shared.example") == "NOERROR"
        assert unbound.query("shared.example") == "NOERROR"

        zone.change(removed=["bad.example"])
        hub.server.zone_changed()
        assert unbound.frees("bad.example"), unbound.log()
        assert unbound.answer("www.bad.example").answer[0][0].address == FREE_ADDRESS
        assert unbound.query("old.example") == "NXDOMAIN"
        assert hub.server.answered["IXFR"] >= 2, "the changes came as steps, not as the whole zone"
        assert ("127.0.0.1", 3) in transfers


@needs_unbound
def test_unbound_takes_a_zone_of_many_blocks_and_many_steps(tmp_path: Path) -> None:
    zone = LiveZone(ZoneImage.build([f"n{number}.bulk.example" for number in range(5_000)], 2**32 - 2))
    port = free_port()
    with ServedZone(zone, notify=[NotifyTarget("127.0.0.1", port)]) as hub, \
            UnboundResolver(hub.port, tmp_path, port=port) as unbound:
        assert unbound.blocks("n4999.bulk.example"), unbound.log()
        assert all(unbound.query(f"n{number}.bulk.example") == "NXDOMAIN" for number in range(0, 5_000, 97))
        for number in range(20):  # over the end of the serials' circle
            zone.change([f"step{number}.example"], [f"n{number}.bulk.example"])
            hub.server.zone_changed()
        assert unbound.blocks("step19.example"), unbound.log()
        assert all(unbound.query(f"step{number}.example") == "NXDOMAIN" for number in range(20))
        assert all(unbound.query(f"n{number}.bulk.example") == "NOERROR" for number in range(20))
        assert unbound.query("n20.bulk.example") == "NXDOMAIN"


@needs_unbound
def test_unbound_catches_up_after_our_restart_with_a_newer_serial(tmp_path: Path) -> None:
    """The steps are gone with the process: the client gets the whole zone, told by the NOTIFY of the start."""
    port, primary = free_port(), free_port()
    with ServedZone(LiveZone(ZoneImage.build(["a.example"], 1)), port=primary):
        unbound = UnboundResolver(primary, tmp_path, port=port).start()
        try:
            assert unbound.blocks("a.example"), unbound.log()
        except BaseException:
            unbound.stop()
            raise
    try:
        assert unbound.query("a.example") == "NXDOMAIN", "a resolver goes on blocking while we are away"
        reborn = LiveZone(ZoneImage.build(["b.example"], 9))
        with ServedZone(reborn, port=primary, notify=[NotifyTarget("127.0.0.1", port)]):
            assert unbound.blocks("b.example"), unbound.log()
            assert unbound.frees("a.example"), unbound.log()
    finally:
        unbound.stop()


def test_without_an_unbound() -> None:
    """The same promise read with dnspython: what a secondary holds after each change."""
    zone = LiveZone(ZoneImage.build(["old.example"], 1))
    with ServedZone(zone) as hub:
        copy = dns.zone.Zone(ORIGIN + ".")
        dns.query.inbound_xfr("127.0.0.1", copy, port=hub.port)
        assert copy.get_node("old.example") is not None and copy.get_node("bad.example") is None
        zone.change(["bad.example"])
        dns.query.inbound_xfr("127.0.0.1", copy, port=hub.port)
        assert copy.get_node("bad.example") is not None and copy.get_node("*.bad.example") is not None
        zone.change(removed=["bad.example"])
        dns.query.inbound_xfr("127.0.0.1", copy, port=hub.port)
        assert copy.get_node("bad.example") is None and copy.get_node("*.bad.example") is None
        assert hub.server.answered["AXFR"] == 1
        assert hub.server.answered["IXFR"] == 2
