"""The agent beside a resolver: takes zones as a secondary does, keeps the last good one, serves it here alone."""

from __future__ import annotations

import base64
import json
import re
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest

from edges import KEY, RunningEdge, config_file, edge_command
from fusioncell.bootstrap.edge import STATUS, accept_next, load_config
from fusioncell.edges.dns_tls import xot_context
from fusioncell.edges.dns_tsig import Signer, TsigKey
from fusioncell.kernel.errors import BadInput
from fusioncell.shield.agent.fuse import held_back
from fusioncell.shield.agent.logs import labels_of
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.model import Choice, Step
from fusioncell.shield.subscribers.service import Wanted
from fusioncell.shield.transfer import axfr, zone_question
from fusioncell.shield.zone import ORIGIN, Action, Rule, ZoneImage
from resolvers import ServedZone, free_port, unbound_installed, wait_until
from resolvers import UnboundResolver as Unbound
from secondaries import Authority
from served import ServedHub, new_hub

TEST_NAME = "test.block.fusioncell.example"
"""Every real zone has its test names: it is never empty."""


def _zone(*names: str, serial: int = 5) -> LiveZone:
    return LiveZone(ZoneImage.build([TEST_NAME, *names], serial))


def _hub(zone: LiveZone, port: int = 0, key: TsigKey = KEY) -> ServedZone:
    return ServedZone(zone, port=port, keys=[key], trusted=())


def test_it_takes_a_zone_by_tsig_and_follows_it_by_steps(tmp_path: Path) -> None:
    zone = _zone("old.example")
    with _hub(zone) as hub, RunningEdge(config_file(tmp_path, hub.port)) as edge:
        assert wait_until(lambda: edge.names() == {TEST_NAME, "old.example"}), edge.agent.mirrors[ORIGIN].fault
        for number in range(5):
            zone.change([f"n{number}.example", Rule("fine.old.example", True, Action.PASSTHRU)], ["old.example"])
            assert wait_until(lambda: edge.agent.mirrors[ORIGIN].live.serial == zone.serial)  # type: ignore[union-attr]  # noqa: B023
        assert edge.names() == {rule.name for rule in zone.image().rules()}
        assert hub.server.answered["AXFR"] == 1, "only the first was the whole zone"
        copy = dns.zone.Zone(ORIGIN + ".")
        dns.query.inbound_xfr("127.0.0.1", copy, port=edge.port)
        assert copy.get_node("n4.example") is not None and copy.get_node("old.example") is None


def test_it_serves_the_last_good_zone_after_a_restart_while_the_hub_is_down(tmp_path: Path) -> None:
    with _hub(_zone("bad.example")) as hub:
        file = config_file(tmp_path, hub.port)
        with RunningEdge(file) as edge:
            assert wait_until(lambda: edge.names() is not None)
    with RunningEdge(file) as edge:
        assert edge.names() == {TEST_NAME, "bad.example"}
        assert wait_until(lambda: "cannot be reached" in edge.agent.mirrors[ORIGIN].fault)
        answer = dns.query.udp(dns.message.make_query(ORIGIN, "SOA"), "127.0.0.1", port=edge.port, timeout=5)
        assert answer.answer[0][0].serial == 5
        kept = next((tmp_path / "state/zones").glob("*.zone"))
        kept.write_bytes(kept.read_bytes()[:-100])
    with RunningEdge(file) as edge:
        assert edge.names() is None, "a file that was cut off is no zone"
        answer = dns.query.udp(dns.message.make_query(ORIGIN, "SOA"), "127.0.0.1", port=edge.port, timeout=5)
        assert answer.rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("key", [None, TsigKey("edge-key", b"x" * 32), TsigKey("other-key", b"k" * 32)])
def test_with_a_wrong_key_it_takes_nothing_and_says_why(tmp_path: Path, key: TsigKey | None) -> None:
    with _hub(_zone("bad.example")) as hub, RunningEdge(config_file(tmp_path, hub.port, key=key)) as edge:
        assert wait_until(lambda: bool(edge.agent.mirrors[ORIGIN].fault))
        assert edge.names() is None


@contextmanager
def _primary(answers: list[bytes], *, signed: bool) -> Iterator[int]:
    """A primary that sends what it is told, whatever it is asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, suppress(OSError):  # it hangs up as soon as it has seen enough
                size = int.from_bytes(client.recv(2), "big")
                asked = client.recv(size)
                mac = (dns.message.from_wire(asked, keyring={KEY.owner: KEY.for_dnspython()}).mac or b"")
                signer = Signer(KEY, mac)
                for wire in answers:
                    wire = asked[:2] + wire[2:]
                    wire = signer.sign(wire) if signed else wire
                    client.sendall(struct.pack(">H", len(wire)) + wire)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _answers(*names: str, serial: int = 9) -> list[bytes]:
    image = ZoneImage.build(names, serial)
    return list(axfr(image, 0, zone_question(image, 252)))


@pytest.mark.parametrize(("answers", "signed", "why"), [
    (_answers(TEST_NAME, "new.example"), False, "not signed"),
    (_answers(TEST_NAME, "new.example")[:-1], True, "broke off"),
    ([wire[:-3] for wire in _answers(TEST_NAME, "new.example")], True, "runs over|cut off|too short|broken"),
    (_answers(), True, "fuse"),
    ([b"\0\0\x84\5\0\0\0\0\0\0\0\0"], True, "refuses"),
    (_answers("a.example", serial=8)[:1] + _answers("b.example", serial=9)[1:], True, "changed while"),
])
def test_what_a_wrong_hub_sends_changes_nothing(tmp_path: Path, answers: list[bytes], signed: bool, why: str) -> None:
    with _hub(_zone("bad.example")) as hub, RunningEdge(config_file(tmp_path, hub.port)) as edge:
        assert wait_until(lambda: edge.names() is not None)
    with _primary(answers, signed=signed) as port, RunningEdge(config_file(tmp_path, port)) as edge:
        mirror = edge.agent.mirrors[ORIGIN]
        assert wait_until(lambda: bool(mirror.fault)), "nothing was said"
        assert re.search(why, mirror.fault), mirror.fault
        assert edge.names() == {TEST_NAME, "bad.example"}


def test_a_zone_that_shrinks_at_once_waits_for_a_person(tmp_path: Path) -> None:
    names = [f"n{number}.example" for number in range(200)]
    zone = _zone(*names)
    with _hub(zone) as hub:
        file = config_file(tmp_path, hub.port)
        with RunningEdge(file) as edge:
            assert wait_until(lambda: edge.names() is not None)
            zone.change(removed=names[:150])
            assert wait_until(lambda: "fuse" in edge.agent.mirrors[ORIGIN].fault)
            assert len(edge.names() or ()) == 201
            accept_next(load_config(file), ORIGIN)
            assert wait_until(lambda: len(edge.names() or ()) == 51)
            zone.change(removed=names[150:160])  # what the fuse lets pass
            assert wait_until(lambda: len(edge.names() or ()) == 41)


@pytest.mark.parametrize(("name", "taken"), [("xfr.hub.example", True), ("another.example", False)])
def test_it_takes_a_zone_by_tls_from_whom_it_was_told_and_nobody_else(tmp_path: Path, name: str, taken: bool) -> None:
    authority = Authority(tmp_path / "authority")
    context = xot_context(*authority.issue("xfr.hub.example"))
    with ServedZone(_zone("bad.example"), keys=[KEY], tls=("127.0.0.1", 0, context), trusted=()) as hub:
        file = config_file(tmp_path, hub.server.tls_port,
                           more=f'tls = true\ntls-name = "{name}"\ntls-ca = "{authority.file}"')
        with RunningEdge(file) as edge:
            mirror = edge.agent.mirrors[ORIGIN]
            assert wait_until(lambda: edge.names() is not None or bool(mirror.fault))
            assert (edge.names() == {TEST_NAME, "bad.example"}) is taken, mirror.fault
            assert taken or "cannot be reached" in mirror.fault


def test_the_fuse_counts_what_is_lost_not_what_moves_on() -> None:
    names = [f"n{number}.example" for number in range(200)]
    full, empty, half = (ZoneImage.build(some, serial) for serial, some in ((1, names), (2, []), (3, names[:90])))
    nowhere, everywhere = (lambda _: False), (lambda _: True)
    assert "empty" in held_back(full, empty, 0.5, nowhere, whole=True)
    assert "lose 110" in held_back(full, half, 0.5, nowhere, whole=True)
    assert "lose 110" in held_back(full, half, 0.5, nowhere, whole=False)
    assert held_back(full, half, 0.6, nowhere, whole=True) == ""
    assert held_back(full, empty, 0.5, everywhere, whole=True) == "", "the merge handed its names on to another zone"
    one = ZoneImage.build(["only.example"], 1)
    assert held_back(one, empty, 0.5, nowhere, whole=False) == "", "a lift of the only name arrives"
    assert "empty" in held_back(one, empty, 0.5, nowhere, whole=True)


def test_it_takes_a_subscribers_own_zones_with_the_key_that_the_hub_made(tmp_path: Path) -> None:
    """The hub as it is, a resolver added to it, a name blocked and lifted: through the agent, by TSIG."""
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        hub = served.hub
        org = hub.members.add_organisation("Northern Broadband", "telecommunications", "isp")
        person = hub.members.add_person(org.id, "Ada", "ada@northern.example", ["administrator"])
        ada = hub.members.viewer_of(f"person:{person.id}")
        assert ada is not None
        subscribers = hub.shielding.subscribers
        added = subscribers.add(ada, "", Wanted(label="pair 1", choice=Choice(Kind.UNBOUND)))
        hub.settle()
        for step in (Step.SHADOW, Step.CANARY, Step.ENFORCE):
            subscribers.change(ada, added.id, Wanted(step=step, reference="CHG-1"))
            hub.settle()
        origins = tuple(taken.origin for taken in subscribers.serving.taken(subscribers.one(ada, added.id)))
        key = TsigKey(added.key, base64.b64decode(added.secret))
        with RunningEdge(config_file(tmp_path / "edge", served.dns_port, key=key, zones=origins)) as edge:
            mirrors = list(edge.agent.mirrors.values())
            assert wait_until(lambda: all(one.live for one in mirrors), 20), [one.fault for one in mirrors]
            which = hub.shield.propose(ada, "bad-parcel.example", "phishing", "seen")
            hub.settle()
            hub.shield.approve(ada, which, reason="proportionate")
            match = lambda: edge.agent.listed.match(labels_of(b"www.bad-parcel.example") or b"")  # noqa: E731
            assert wait_until(lambda: match() == "bad-parcel.example", 20), [one.fault for one in mirrors]
            hub.shield.withdraw(ada, which, "wrong")
            assert wait_until(lambda: match() == "", 20), [one.fault for one in mirrors]
            assert [one.unknown for one in mirrors] == [0] * len(mirrors), "records that the agent does not understand"


def test_overrides_are_a_zone_that_follows_the_file(tmp_path: Path) -> None:
    overrides = tmp_path / "overrides.txt"
    overrides.write_text("fine.example # ticket 7\nour-own.example\nno name\n")
    zone = _zone("fine.example", "sub.listed.example", "bad.example")
    with _hub(zone) as hub:
        file = config_file(tmp_path, hub.port, more=f'overrides = "{overrides}"')
        with RunningEdge(file) as edge:
            assert wait_until(lambda: edge.names() is not None)
            copy = dns.zone.Zone("override.fusioncell.")
            dns.query.inbound_xfr("127.0.0.1", copy, port=edge.port)
            assert copy.get_rdataset("fine.example", "CNAME")[0].target.to_text() == "rpz-passthru."
            assert edge.agent.overridden() == ["fine.example"], "what the hub does not list stays with the ISP"
            before = edge.agent.overrides.serial
            overrides.write_text("www.bad.example\n")
            assert wait_until(lambda: edge.agent.overrides.serial != before)
            assert [rule.name for rule in edge.agent.overrides.image().rules()] == ["www.bad.example"]
            assert edge.agent.overridden() == ["bad.example"], "told is the listed name, not the one that was met"
            overrides.unlink()
            edge.do(edge.agent.tick)
            assert len(edge.agent.overrides.image()) == 1, "a file that went away lifts no override"


@pytest.mark.skipif(not unbound_installed(), reason="no Unbound on this machine (apt: unbound)")
def test_an_unbound_that_knows_no_tsig_blocks_through_it(tmp_path: Path) -> None:
    zone, port = _zone("bad.example"), free_port()
    with _hub(zone) as hub, RunningEdge(config_file(tmp_path, hub.port, notify=port)) as edge, \
            Unbound(edge.port, tmp_path, port=port) as unbound:
        assert unbound.blocks("bad.example"), unbound.log()
        zone.change(["new.example"], ["bad.example"])
        assert unbound.blocks("new.example") and unbound.frees("bad.example"), unbound.log()


def test_two_threads_may_save_a_zone_at_once(tmp_path: Path) -> None:
    with _hub(_zone("bad.example")) as hub, RunningEdge(config_file(tmp_path, hub.port)) as edge:
        assert wait_until(lambda: edge.names() is not None)
        mirror = edge.agent.mirrors[ORIGIN]
        with ThreadPoolExecutor(4) as pool:
            for number in range(100):
                mirror.live.change([f"n{number}.example"], [])  # type: ignore[union-attr]
                for saved in [pool.submit(mirror.save) for _ in range(4)]:
                    saved.result()


def test_the_command_is_small_ends_clean_and_tells_its_health(tmp_path: Path,
                                                              record_property: pytest.RecordProperty) -> None:  # type: ignore[name-defined]
    with _hub(_zone("bad.example")) as hub:
        file = config_file(tmp_path, hub.port)
        process = edge_command("run", "--config", str(file))
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready: 127.0.0.1:"), process.stderr.read() if process.poll() else line
            megabytes = int(line.rpartition("memory ")[2].split()[0])
            print(f"edge agent, idle: {megabytes} MB")
            loaded = Path(f"/proc/{process.pid}/maps").read_text()
            assert "sqlalchemy" not in loaded and "sqlite" not in loaded and "numpy" not in loaded
            assert wait_until(lambda: (tmp_path / "state/zones/rpz.fusioncell.zone").exists(), 60)
            assert wait_until(lambda: json.loads((tmp_path / "state" / STATUS).read_bytes())["zones"][0]["names"] == 2)
            checked = edge_command("check", "--config", str(file))
            said, _ = checked.communicate(timeout=30)
            assert checked.returncode == 0 and "All is well" in said and "2 names" in said, said
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
    checked = edge_command("check", "--config", str(file), "--json")
    said, _ = checked.communicate(timeout=30)
    assert checked.returncode == 4 and json.loads(said)["problems"] == ["it is not running"]


@pytest.mark.parametrize(("lines", "said"), [
    ("zonez = 1", "zonez"),
    ("k = 9", "k"),
    ('hub = "http://hub.example"', "https://"),
    ('hub = "https://hub.example"', "key-file"),
    ('notify = ["nowhere"]', "host:port"),
    ('[[source]]\nkind = "tcpdump"\npath = "/x"', "no kind"),
    ('[[source]]\nkind = "bind-log"\nlisten = "127.0.0.1:1"', "path"),
    ('tsig-name = "only-a-name"', "TOML|tsig-file"),
    ("refresh = ", "TOML"),
])
def test_a_configuration_that_does_not_fit_says_what(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        load_config(config_file(tmp_path, 5353, more=lines, key=None))
