"""A hub that is restored from a backup adds nothing to its zones until a person has looked (issue 6, item 4)."""

from __future__ import annotations

import base64
import socket
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import pytest
from click.testing import CliRunner

from blocking import accuse, block, someone
from fusioncell.cli.main import main
from fusioncell.edges.dns_server import DnsServer
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.rebuild import NOBODY
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Choice, Step
from fusioncell.shield.subscribers.service import Made, Wanted
from hubs import make_hub
from served import ServedHub, eventually, new_hub


def test_a_restored_hub_says_that_it_is_frozen_and_an_operator_thaws_it(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    block(made.hub, "a.example")
    serial = made.hub.shield.zone.serial
    accuse(made.hub, "b.example", "Gov", "Bank")
    made.hub.settle()
    made.hub.close()
    run, there = CliRunner(), str(tmp_path / "restored")
    kept = run.invoke(main, ["backup", str(tmp_path / "hub.tar.zst"), "--data", str(tmp_path / "hub")])
    assert kept.exit_code == 0, kept.output
    told = run.invoke(main, ["restore", str(tmp_path / "hub.tar.zst"), "--data", there])
    assert "frozen" in told.output, told.output
    refused = run.invoke(main, ["shield", "approve", "b.example", "--data", there])
    assert refused.exit_code and "frozen" in refused.output
    listed = run.invoke(main, ["shield", "list", "--state", "published", "--data", there])
    assert "a[.]example" in listed.output and "b[.]example" not in listed.output
    newest = int(listed.output.split("serial ")[1].split(",")[0])
    assert newest > serial
    thawed = run.invoke(main, ["shield", "thaw", "--reason", "it is the newest backup", "--data", there])
    assert thawed.exit_code == 0, thawed.output
    done = run.invoke(main, ["shield", "approve", "b.example", "--data", there])
    assert done.exit_code == 0, done.output


def test_resolvers_keep_what_they_hold_until_a_restored_hubs_zones_are_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its serial is beyond any that was served: who could take the zone would take older content for newer."""
    hub = new_hub(tmp_path / "hub")
    block(hub, "a.example")
    isp, subscribers = replace(someone(hub, "Isp"), local=False), hub.shielding.subscribers
    choice = Choice(Kind.KNOT)
    made = subscribers.add(isp, "", Wanted(label="Leeds", choice=choice))
    hub.settle()
    subscribers.change(isp, made.id, Wanted(step=Step.SHADOW, reference="CHG1"))
    hub.settle()
    zone = f"fresh.{subscribers.serving.base(choice)}"
    before = subscribers.serial_of(isp, zone)
    number = hub.record.intern_audience(NOBODY)
    hub.record.append("", [Draft("hub.epoch", number, Payload("", "2", 0, "", b"{}"))], new_id(hub.randomness))
    hub.settle()
    told: list[str | None] = []
    monkeypatch.setattr(DnsServer, "zone_changed", lambda _self, origin=None, after=0.0: told.append(origin))
    with ServedHub(hub) as served:
        party = served.party("Isp", "isp").http

        def files() -> set[int]:
            return {party.get(path).status_code for path in (f"/api/shield/zones/{zone}", "/api/shield/zone")}

        def answers() -> set[int]:
            return {_rcode(served, origin, key, rdtype) for rdtype in ("SOA", "AXFR")
                    for origin, key in ((zone, made), ("rpz.fusioncell", None))}

        assert answers() == {dns.rcode.REFUSED} and files() == {409} and None not in told
        hub.shielding.fuse.thaw(isp, "it is the newest backup")
        assert eventually(lambda: answers() == {dns.rcode.NOERROR}, 60) and files() == {200}
        assert subscribers.serial_of(isp, zone) > before
        assert eventually(lambda: None in told, 60), "all are told: who was refused for long asks rarely"


def _rcode(served: ServedHub, origin: str, made: Made | None, rdtype: str) -> int:
    query = dns.message.make_query(origin + ".", rdtype)
    if made is not None:
        secret = base64.b64decode(made.secret)
        query.use_tsig(dns.tsig.Key(made.key + ".", secret, dns.tsig.HMAC_SHA256))
    wire = query.to_wire()
    with socket.create_connection(("127.0.0.1", served.dns_port), timeout=30) as conn:
        conn.sendall(len(wire).to_bytes(2, "big") + wire)
        stream = conn.makefile("rb")
        return stream.read(int.from_bytes(stream.read(2), "big"))[3] & 15
