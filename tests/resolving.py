"""Real resolvers that include what the hub writes for them, on loopback: Unbound, BIND, PowerDNS, Knot Resolver.

Each forwards what no zone answers to an authority of our own (``resolvers.EveryName``), so no test needs a network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from checkers import needs, program
from fusioncell.shield.resolvers import Kind
from resolvers import EveryName, free_port, wait_until

PROGRAMS = {Kind.UNBOUND: "unbound", Kind.BIND: "named", Kind.POWERDNS: "pdns_recursor", Kind.KNOT: "kresd"}


def installed(kind: Kind) -> pytest.MarkDecorator:
    """Skip, with a plain word, where this machine lacks the resolver."""
    return needs(PROGRAMS[kind])


class RealResolver:
    """A resolver that runs with our fragments. Use as a context, or ``start`` and ``stop``.

    ``environment``: of the loop that fetches zones for Knot Resolver. ``patience``: seconds until it answers.
    ``cache``: most seconds for which it keeps an answer.
    """

    def __init__(self, kind: Kind, files: dict[str, str], folder: Path, *, port: int | None = None,
                 environment: dict[str, str] | None = None, patience: float = 20, cache: int = 1) -> None:
        self.kind, self.files, self.folder = kind, files, folder
        self.port = port or free_port()
        self._environment = environment or {}
        self._patience = patience
        self._cache = cache
        self._everything: EveryName | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        self._sockets = ""

    def start(self) -> RealResolver:
        """Start, and return when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (self.folder / name).write_text(text)
        self._everything = EveryName()
        write = {Kind.UNBOUND: self._unbound, Kind.BIND: self._bind, Kind.POWERDNS: self._powerdns,
                 Kind.KNOT: self._knot}[self.kind]  # fmt: skip
        if self.kind is Kind.KNOT:
            self._run(["/bin/sh", str(self.folder / "fusioncell-fetch.sh")])
        self._run(write(self._everything.port))
        if not wait_until(lambda: self._answers() or self._ended(), self._patience) or self._ended():
            log, codes = self.log(), [process.poll() for process in self._processes]
            self.stop()
            raise RuntimeError(f"{self.kind} does not answer (ended with {codes}):\n{log}")
        return self

    def stop(self) -> None:
        """Stop it and its authority."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)
        self._processes = []
        if self._sockets:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = ""
        if self._everything is not None:
            self._everything.close()
            self._everything = None

    @property
    def pids(self) -> list[int]:
        """The ids of its processes, the resolver's own last."""
        return [process.pid for process in self._processes]

    def _run(self, words: list[str]) -> None:
        log = (self.folder / f"log-{len(self._processes)}").open("wb")
        self._processes.append(subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder,
                                                env={**os.environ, **self._environment}, start_new_session=True))

    # -- ask ---------------------------------------------------------------------------------------------------------

    def answer(self, name: str, rdtype: str = "A", *, timeout: float = 3.0) -> dns.message.Message:
        """Ask for a name and return the whole answer."""
        query = dns.message.make_query(name, rdtype, use_edns=0)
        return dns.query.udp(query, "127.0.0.1", port=self.port, timeout=timeout)

    def code(self, name: str, rdtype: str = "A") -> str:
        """Return the answer's code; "" where none came in time."""
        try:
            return dns.rcode.to_text(self.answer(name, rdtype).rcode())
        except dns.exception.Timeout:
            return ""

    def blocks(self, name: str, seconds: float = 20.0) -> bool:
        """Wait until the name is answered NXDOMAIN; tell whether it came to that."""
        return wait_until(lambda: self.code(name) == "NXDOMAIN", seconds)

    def frees(self, name: str, seconds: float = 20.0) -> bool:
        """Wait until the name resolves; tell whether it came to that."""
        return wait_until(lambda: self.code(name) == "NOERROR" and bool(self.answer(name).answer), seconds)

    def ede(self, name: str) -> list[tuple[int, str]]:
        """Return the extended errors (RFC 8914) of an answer."""
        return [(int(option.code), option.text or "") for option in self.answer(name).options
                if isinstance(option, dns.edns.EDEOption)]  # fmt: skip

    def text(self, name: str) -> str:
        """Return the TXT answer to a name."""
        for rrset in self.answer(name, "TXT").answer:
            if rrset.rdtype == dns.rdatatype.TXT:
                return b"".join(rrset[0].strings).decode()
        return ""

    def log(self) -> str:
        """Return what it logged, for a failing test's message."""
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in sorted(self.folder.glob("log-*")))

    def _ended(self) -> bool:
        return any(process.poll() is not None for process in self._processes)

    def _answers(self) -> bool:
        try:
            return self.code("ready.example") in ("NOERROR", "NXDOMAIN")
        except OSError:
            return False

    # -- what stands around our fragments ----------------------------------------------------------------------------

    def _unbound(self, authority: int) -> list[str]:
        conf = self.folder / "unbound.conf"
        conf.write_text(f"""server:
  interface: 127.0.0.1
  port: {self.port}
  do-ip6: no
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: "{self.folder}/pid"
  use-syslog: no
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  cache-max-ttl: {self._cache}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{authority}
include: "{self.folder}/fusioncell.conf"
""")
        return [program("unbound") or "", "-d", "-c", str(conf)]

    def _bind(self, authority: int) -> list[str]:
        conf = self.folder / "named.conf"
        conf.write_text(f"""options {{
  directory "{self.folder}"; pid-file "{self.folder}/pid"; session-keyfile "{self.folder}/session";
  listen-on port {self.port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  allow-query {{ any; }}; recursion yes; dnssec-validation no; empty-zones-enable no; max-cache-ttl {self._cache};
  forwarders port {authority} {{ 127.0.0.1; }}; forward only;
  include "{self.folder}/fusioncell.options";
}};
controls {{ }};
include "{self.folder}/fusioncell.zones";
""")
        return [program("named") or "", "-g", "-n", "1", "-c", str(conf)]

    def _powerdns(self, authority: int) -> list[str]:
        # Not in the test's own folder: a socket's path may have 107 bytes, and pytest's workers have longer ones.
        self._sockets = tempfile.mkdtemp(prefix="pdns-", dir="/tmp")
        settings = self.files["fusioncell.conf"].replace("/etc/powerdns/", f"{self.folder}/")
        (self.folder / "recursor.conf").write_text(settings + "\n".join([
            "local-address=127.0.0.1", f"local-port={self.port}", f"socket-dir={self._sockets}", "daemon=no",
            "threads=1", "dnssec=off", f"forward-zones-recurse=.=127.0.0.1:{authority}", "dont-query=",
            "write-pid=no", "setuid=", f"max-cache-ttl={self._cache}",
            "disable-syslog=yes", "allow-from=127.0.0.0/8", "security-poll-suffix=", "hint-file=no",
        ]) + "\n")  # fmt: skip
        return [program("pdns_recursor") or "", f"--config-dir={self.folder}"]

    def _knot(self, authority: int) -> list[str]:
        conf = self.folder / "kresd.conf"
        conf.write_text(f"""net.listen('127.0.0.1', {self.port}, {{ kind = 'dns' }})
cache.size = 10 * MB
cache.min_ttl(0)
cache.max_ttl({self._cache})
trust_anchors.remove('.')
{self.files["fusioncell.lua"]}
policy.add(policy.all(policy.FORWARD('127.0.0.1@{authority}')))
""")
        return [program("kresd") or "", "-n", "-c", str(conf), str(self.folder)]

    def __enter__(self) -> RealResolver:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()
