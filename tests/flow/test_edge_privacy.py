"""Privacy, end to end (check 7 of the shield): a real Unbound beside the agent, clients with known addresses, names.

All that the agent sends is captured, and all that agent and hub keep is read: no client's address, no name that is not
listed, no count below k occurs anywhere; and what was withheld cannot be had by taking one report from another.
"""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import pytest
import zstandard

from edges import RunningEdge, add_isp, config_file
from fusioncell.kernel.clock import HOUR
from fusioncell.shield.hits.model import K
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import ZoneImage
from hubs import make_hub, served
from resolvers import ServedZone, UnboundResolver, free_port, unbound_installed, wait_until

CLIENTS = ("127.201.147.93", "127.166.58.219")
"""Addresses of loopback from which the clients ask: as good as any, and found nowhere by chance."""
OFTEN, SELDOM, SHADOW = "asked-often.example", "asked-seldom.example", "asked-in-shadow.example"
PRIVATE = "clinic-appointment.private.example"
"""A name that is not listed: nobody but its client may know that it was asked for."""
UNDER = "very-secret-host." + OFTEN
"""Under a listed name: the listed name is counted, this one is known to nobody."""

pytestmark = pytest.mark.skipif(not unbound_installed(), reason="no Unbound on this machine (apt: unbound)")


class Recorder:
    """Stands between the agent and the hub, and keeps every byte that the agent sends."""

    def __init__(self, hub: str) -> None:
        self.sent: list[bytes] = []
        sent = self.sent

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sent.append(f"{self.requestline}\n{self.headers}".encode() + body)
                import urllib.error
                import urllib.request

                headers = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
                request = urllib.request.Request(hub + self.path, body, headers, method="POST")
                try:
                    with urllib.request.urlopen(request, timeout=20) as answer:
                        status, said = answer.status, answer.read()
                except urllib.error.HTTPError as refused:
                    status, said = refused.code, refused.read()
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def bodies(self, path: str) -> list[dict[str, Any]]:
        found = [one for one in self.sent if one.startswith(f"POST {path} ".encode())]
        return [json.loads(one[one.index(b"{"):]) for one in found]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Ticking:
    """The system's clock, but for the hours that the test lets pass."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return time.time_ns() // 1_000 + self.ahead


def ask(port: int, name: str, client: str, times: int = 1) -> None:
    """Ask for a name from an address."""
    for _ in range(times):
        dns.query.udp(dns.message.make_query(name, "A"), "127.0.0.1", port=port, source=client, timeout=5)


def everything(*folders: Path) -> bytes:
    """Read all files, and what is packed in them as well."""
    found = bytearray()
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if not file.is_file():
                continue
            content = file.read_bytes()
            found += content
            at = -1
            while (at := content.find(b"\x28\xb5\x2f\xfd", at + 1)) >= 0:
                try:
                    found += zstandard.ZstdDecompressor().decompressobj().decompress(content[at:])
                except zstandard.ZstdError:
                    continue
            if content[:2] == b"\x1f\x8b":
                found += gzip.decompress(content)
    return bytes(found)


def payloads(hub: Any) -> bytes:
    """Return what every entry of the record says (in the file it is packed with a dictionary of its own)."""
    entries = hub.record.read_after(0, blocks=10_000)
    return b"".join(repr(entry.payload).encode() for entry in entries if entry.payload is not None)


def forms(address: str) -> list[bytes]:
    """Return the ways in which an address could be written: as text, as bytes, as a JSON list."""
    octets = [int(part) for part in address.split(".")]
    return [address.encode(), bytes(octets), ".".join(map(str, reversed(octets))).encode(), str(octets).encode()]


@contextmanager
def beside_unbound(tmp_path: Path, sources: str, clock: Ticking) -> Iterator[tuple[Any, Any, Recorder, Any]]:
    """A hub with a block for each name, an agent that takes a zone of them, an Unbound that takes it from the agent."""
    made = make_hub(tmp_path / "hub", clock=clock)  # type: ignore[arg-type]
    hub = made.hub
    isp = add_isp(made, "Careful Broadband")
    admin = hub.members.viewer_of(f"person:{made.ministry.person}")
    approver = hub.members.viewer_of(f"person:{made.approver.person}")
    assert admin is not None and approver is not None
    for name in (OFTEN, SELDOM, SHADOW):
        which = hub.shield.propose(admin, name, "phishing", "a test")
        hub.settle()
        hub.shield.approve(approver, which, reason="a test")
        hub.settle()
    zone = LiveZone(ZoneImage.build([OFTEN, SELDOM], 7))
    shadow = LiveZone(ZoneImage.build([SHADOW], 7, origin="shadow.fusioncell"))
    port = free_port()
    with served(made) as url, ServedZone(zone, port=port) as primary, ServedZone(shadow) as second:
        recorder = Recorder(url)
        key = tmp_path / "hub.key"
        key.write_text(isp.header["Authorization"].removeprefix("Bearer "))
        (tmp_path / "overrides.txt").write_text("our-own-shop.example\n")
        more = (f'hub = "{recorder.url}"\nkey-file = "{key}"\nsubscriber = "{isp.subscriber}"\n'
                f'overrides = "{tmp_path}/overrides.txt"')
        file = config_file(tmp_path / "edge", primary.port, more=more, sources=sources, key=None)
        try:
            with RunningEdge(file, clock=clock) as edge:
                assert wait_until(lambda: edge.names() == {OFTEN, SELDOM})
                yield made, edge, recorder, second
        finally:
            recorder.close()


def test_no_client_no_unlisted_name_and_no_small_count_leaves_or_is_kept(tmp_path: Path) -> None:
    clock = Ticking()
    clock.ahead = -(clock.now() % HOUR) + 5 * 60_000_000  # five minutes into an hour
    port = free_port()
    log = tmp_path / f"unbound-{port}" / "unbound.log"
    sources = f'[[source]]\nkind = "unbound-log"\npath = "{log}"'
    with beside_unbound(tmp_path, sources, clock) as (made, edge, recorder, _):
        with UnboundResolver(edge.port, tmp_path, port=port) as unbound:
            assert unbound.blocks(OFTEN), unbound.log()
            seen = edge.agent.hits
            before = seen["unbound-log"]
            assert wait_until(lambda: seen["unbound-log"] > 0 or unbound.query(OFTEN) == "", 10)
            for client in CLIENTS:
                ask(port, OFTEN, client, 8)
                ask(port, UNDER, client, 4)
                ask(port, SELDOM, client, 4)
                ask(port, PRIVATE, client, 20)
            assert wait_until(lambda: seen["unbound-log"] >= before + 32), (seen, unbound.log()[-2000:])
            assert all(client in unbound.log() for client in CLIENTS), "the resolver's own log has the clients"
        first = edge.agent.tally.hour
        clock.ahead += HOUR
        edge.do(edge.agent.tick)
        assert wait_until(lambda: recorder.bodies("/api/shield/hits"), 60)
        # The next hour: the seldom asked name again, below k; each hour alone, and both together, must not show it.
        with UnboundResolver(edge.port, tmp_path, port=port) as unbound:
            assert unbound.blocks(OFTEN)
            ask(port, SELDOM, CLIENTS[0], 8)
            assert wait_until(lambda: SELDOM in unbound.log()[-20_000:])
            time.sleep(0.6)  # the agent looks at the file four times a second
        clock.ahead += HOUR
        edge.do(edge.agent.tick)
        assert wait_until(lambda: len(recorder.bodies("/api/shield/hits")) >= 2, 60)
        made.hub.settle()
        reports = recorder.bodies("/api/shield/hits")
        assert [one["hour"] for one in reports[:2]] == [first, first + HOUR]
        told = {row["name"]: row for row in reports[0]["rows"]}
        assert set(told) == {OFTEN} and told[OFTEN]["blocked"] >= 24, reports[0]
        assert all(count == 0 or count >= K for one in reports for row in one["rows"]
                   for count in (row["blocked"], row["shadow"]))
        assert not [row for one in reports for row in one["rows"] if row["name"] == SELDOM]
        assert set(reports[0]) == {"subscriber", "hour", "k", "rows"}, "no total, to take the rows from"
        assert set(told[OFTEN]) == {"name", "blocked", "shadow"}
    said = payloads(made.hub)
    assert OFTEN.encode() in said and str(told[OFTEN]["blocked"]).encode() in said, "the report stands in the record"
    assert OFTEN.encode() in b"".join(recorder.sent), "the search would find what is there"
    kept = everything(tmp_path / "hub", tmp_path / "edge") + b"".join(recorder.sent) + said
    for secret in (PRIVATE, PRIVATE.split(".")[0], UNDER, UNDER.split(".")[0], "our-own-shop"):
        assert secret.encode() not in kept, secret
    for client in CLIENTS:
        for form in forms(client):
            assert form not in kept, (client, form)
    made.hub.close()


def test_what_dnstap_tells_is_counted_and_forgotten(tmp_path: Path) -> None:
    """The same with dnstap, which tells of each answer to each client: addresses, ports, all names."""
    clock = Ticking()
    clock.ahead = -(clock.now() % HOUR) + 5 * 60_000_000
    port, socket = free_port(), tmp_path / "dnstap.sock"
    sources = f'[[source]]\nkind = "dnstap"\npath = "{socket}"'
    with beside_unbound(tmp_path, sources, clock) as (made, edge, recorder, _):
        more = (f'dnstap:\n  dnstap-enable: yes\n  dnstap-socket-path: "{socket}"\n'
                "  dnstap-log-client-response-messages: yes\n  dnstap-send-identity: yes\n")
        with _WithDnstap(edge.port, tmp_path, more, port=port) as unbound:
            assert unbound.blocks(OFTEN), unbound.log()
            assert wait_until(lambda: edge.agent.hits["dnstap"] > 0 or unbound.query(OFTEN) == "", 20), unbound.log()
            before = edge.agent.hits["dnstap"]
            for client in CLIENTS:
                ask(port, OFTEN, client, 8)
                ask(port, UNDER, client, 4)
                ask(port, SELDOM, client, 4)
                ask(port, PRIVATE, client, 20)
            assert wait_until(lambda: edge.agent.hits["dnstap"] >= before + 32, 20), edge.agent.hits
        clock.ahead += HOUR
        edge.do(edge.agent.tick)
        assert wait_until(lambda: recorder.bodies("/api/shield/hits"), 60)
        made.hub.settle()
        (report,) = recorder.bodies("/api/shield/hits")
        assert [row["name"] for row in report["rows"]] == [OFTEN] and report["rows"][0]["blocked"] >= 24
    kept = everything(tmp_path / "hub", tmp_path / "edge") + b"".join(recorder.sent) + payloads(made.hub)
    for secret in (PRIVATE, UNDER, *CLIENTS):
        assert secret.encode() not in kept
    assert not [form for client in CLIENTS for form in forms(client) if form in kept]
    made.hub.close()


class _WithDnstap(UnboundResolver):
    """An Unbound that sends dnstap."""

    def __init__(self, primary_port: int, tmp_path: Path, more: str, *, port: int) -> None:
        super().__init__(primary_port, tmp_path, port=port)
        self._more = more

    def _config(self, authority_port: int) -> str:
        return super()._config(authority_port) + self._more
