"""Real resolvers for tests, on loopback and as the current user: nothing of the machine's own set-up is touched.

:class:`ServedZone` runs our primary on a thread; :class:`UnboundResolver` runs Debian's Unbound with our zone as RPZ.
A name that is not blocked is answered by :class:`EveryName`, an authority of our own, so no test needs a network.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from fusioncell.edges.dns_server import DnsServer, ZonePort, start_dns_server

_UNBOUND = shutil.which("unbound", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

FREE_ADDRESS = "192.0.2.1"
"""What every name that is not blocked resolves to."""


def unbound_installed() -> bool:
    """Tell whether this machine has an Unbound."""
    return _UNBOUND is not None


def free_port() -> int:
    """Find a port that is free for both UDP and TCP on loopback."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free for both UDP and TCP")


def wait_until(truth: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Ask again and again until it is true or the time is over; tell which."""
    end = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class ServedZone:
    """Our primary on an event loop of its own thread. Takes the arguments of ``start_dns_server``."""

    def __init__(self, zone: ZonePort, *, port: int = 0, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server: DnsServer = self.run(start_dns_server(zone, "127.0.0.1", port, **options))

    @property
    def port(self) -> int:
        return self.server.port

    def run(self, work: Any) -> Any:
        """Run a coroutine on the server's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self.run(self.server.close())
        self.run(asyncio.sleep(0.02))  # connections are cut in the loop's next turns
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self) -> ServedZone:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


class EveryName:
    """An authority for the root that answers A ``FREE_ADDRESS`` to everything."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port: int = self._socket.getsockname()[1]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                wire, address = self._socket.recvfrom(4096)
                query = dns.message.from_wire(wire)
            except (TimeoutError, dns.exception.DNSException):
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            if query.question[0].rdtype == dns.rdatatype.A:
                answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "A", FREE_ADDRESS))
            self._socket.sendto(answer.to_wire(), address)

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(5)
        self._socket.close()


class UnboundResolver:
    """An Unbound that takes ``rpz.fusioncell`` from the primary at ``primary_port`` and hears its NOTIFY at ``port``.

    ``port`` may be given where the primary had to know it first; ``tls``: (authority's file, the primary's host name)
    where the zone comes by TLS. Use as a context, or ``start`` and ``stop``.
    """

    def __init__(self, primary_port: int, tmp_path: Path, *, port: int | None = None,
                 zone: str = "rpz.fusioncell", tls: tuple[Path, str] | None = None) -> None:
        self.port = port or free_port()
        self._primary_port = primary_port
        self._folder = tmp_path / f"unbound-{self.port}"
        self._zone = zone
        self._primary_name = "#" + tls[1] if tls else ""
        self._bundle = f'tls-cert-bundle: "{tls[0]}"' if tls else ""
        self._everything: EveryName | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> UnboundResolver:
        """Start, and return when it answers."""
        assert _UNBOUND is not None, "no Unbound is installed"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._everything = EveryName()
        config = self._folder / "unbound.conf"
        config.write_text(self._config(self._everything.port))
        self._process = subprocess.Popen([_UNBOUND, "-d", "-c", str(config)], stdout=subprocess.DEVNULL,
                                         stderr=(self._folder / "stderr").open("wb"), cwd=self._folder)
        if not wait_until(self._answers, 15):
            log = self.log()
            self.stop()
            raise RuntimeError(f"Unbound does not answer:\n{log}")
        return self

    def stop(self) -> None:
        """Stop it and its authority."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None
        if self._everything is not None:
            self._everything.close()
            self._everything = None

    def query(self, name: str, *, rdtype: str = "A", timeout: float = 3.0) -> str:
        """Ask for a name and return the answer's code: ``NOERROR``, ``NXDOMAIN``, …"""
        return dns.rcode.to_text(self.answer(name, rdtype=rdtype, timeout=timeout).rcode())

    def answer(self, name: str, *, rdtype: str = "A", timeout: float = 3.0) -> dns.message.Message:
        """Ask for a name and return the whole answer."""
        return dns.query.udp(dns.message.make_query(name, rdtype), "127.0.0.1", port=self.port, timeout=timeout)

    def blocks(self, name: str, seconds: float = 10.0) -> bool:
        """Wait until the name is blocked; tell whether it came to that."""
        return wait_until(lambda: self.query(name) == "NXDOMAIN", seconds)

    def frees(self, name: str, seconds: float = 10.0) -> bool:
        """Wait until the name resolves; tell whether it came to that."""
        return wait_until(lambda: self.query(name) == "NOERROR", seconds)

    def log(self) -> str:
        """Return what it logged, for a failing test's message."""
        parts = [self._folder / "stderr", self._folder / "unbound.log"]
        return "\n".join(part.read_text(errors="replace") for part in parts if part.exists())

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            return False
        try:
            return self.query("ready.example", timeout=0.5) in {"NOERROR", "NXDOMAIN"}
        except (dns.exception.DNSException, OSError):
            return False

    def _config(self, authority_port: int) -> str:
        return f"""
server:
  interface: 127.0.0.1
  port: {self.port}
  do-ip6: no
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{self._folder}"
  pidfile: "{self._folder}/unbound.pid"
  logfile: "{self._folder}/unbound.log"
  use-syslog: no
  do-daemonize: no
  verbosity: 2
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "respip iterator"
  ede: yes
  {self._bundle}
remote-control:
  control-enable: no
rpz:
  name: {self._zone}
  primary: 127.0.0.1@{self._primary_port}{self._primary_name}
  allow-notify: 127.0.0.1
  zonefile: "{self._folder}/{self._zone}.zone"
  rpz-log: yes
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{authority_port}
"""

    def __enter__(self) -> UnboundResolver:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
