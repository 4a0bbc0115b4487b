"""The edge agent, joined: zones from the hub, served on this machine; telemetry to counts; counts to the hub.

One event loop; transfers and reports run on threads. No database is opened and no room but the shield's pure steps is
imported: the agent is small, and beside a resolver it must be.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from fusioncell.bootstrap.edge_mirror import Mirror, accepted
from fusioncell.bootstrap.edge_outbox import Outbox
from fusioncell.edges.dns_server import DnsServer, NotifyTarget, start_dns_server
from fusioncell.edges.dns_tsig import TsigKey
from fusioncell.edges.edge_notify import NotifyListener, addresses_of
from fusioncell.edges.edge_report import write_whole
from fusioncell.edges.edge_sources import FrameServer, LogTail
from fusioncell.edges.edge_transfer import Primary, tls_client
from fusioncell.edges.system import SystemClock
from fusioncell.kernel.clock import Clock
from fusioncell.kernel.errors import BadInput, Conflict, NotFound
from fusioncell.kernel.settings import host_port
from fusioncell.shield.agent.config import Config, Source, read_config
from fusioncell.shield.agent.dnstap import Dnstap
from fusioncell.shield.agent.fields import BadFrame
from fusioncell.shield.agent.frames import FrameStream, ShortFrames
from fusioncell.shield.agent.listed import Listed
from fusioncell.shield.agent.logs import LOGS, Parser, labels_of
from fusioncell.shield.agent.overrides import MAX_BYTES, Overrides, read_overrides
from fusioncell.shield.agent.powerdns import parse as parse_powerdns
from fusioncell.shield.agent.tally import Tally
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.zone import Action, Rule, ZoneImage

log = logging.getLogger("fusioncell.edge")

TICK = 1.0
STATUS_EVERY, SAVE_EVERY, SEND_EVERY = 5, 30, 20
"""Ticks between two writings of the status, of moved zones, and two attempts to send."""
LOOK_UP_EVERY, GAP = 60.0, 0.2
"""Seconds between two look-ups of the hub's addresses, and at least between two requests for one zone."""
STATUS = "status.json"


def load_config(path: Path) -> Config:
    """Read the configuration file. Raises BadInput."""
    try:
        return read_config(path.read_bytes())
    except OSError as failure:
        raise BadInput(f"{path} cannot be read: {failure.strerror}", hint="See docs/shield-edge.md.") from None


def accept_next(config: Config, zone: str) -> None:
    """Let the next transfer of a zone through the fuse. Raises NotFound for another zone, OSError."""
    if zone not in config.zones:
        raise NotFound(f"{zone[:80]!r} is none of the zones", hint=f"Zones: {', '.join(config.zones)}.")
    write_whole(accepted(Path(config.state), zone), ())


def primary_of(config: Config) -> Primary:
    """Return where the zones come from, with the key out of its file. Raises BadInput."""
    host, port = host_port(config.primary)
    key = context = None
    try:
        if config.tsig_name:
            secret = base64.b64decode(Path(config.tsig_file).read_text("ascii").strip(), validate=True)
            key = TsigKey(config.tsig_name, secret, config.tsig_algorithm)
        if config.tls:
            context = tls_client(config.tls_ca, config.tls_certificate, config.tls_key)
    except (OSError, ValueError, binascii.Error) as fault:
        raise BadInput(f"the key or certificate for the hub cannot be used: {fault}", place="tsig-file",
                       hint="tsig-file holds the secret in base64, as the hub printed it.") from None  # fmt: skip
    return Primary(host, port, key, context, config.tls_name)


def memory_kb() -> int:
    """Return the memory that this process holds, in kB (0 where the system does not say)."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])
    return 0


class Agent:
    """The running agent. :meth:`run` returns after SIGTERM or :meth:`stop`."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config, self._clock = config, clock or SystemClock()
        self.folder = Path(config.state)
        primary = primary_of(config)
        self.mirrors = {origin: Mirror(origin, primary, self.folder, self._clock, config.shrink)
                        for origin in config.zones}  # fmt: skip
        for mirror in self.mirrors.values():
            mirror.stands_elsewhere = partial(self._stands_beside, mirror)
        self.overrides = LiveZone(ZoneImage.build([], self._seconds(), origin=config.override_zone))
        self._moved = {origin: asyncio.Event() for origin in self.mirrors}
        self._primary = primary
        self.notified = NotifyListener(primary.key, self.mirrors, lambda zone: self._moved[zone].set())
        self._read = Overrides((), ())
        self._written = (0, 0)
        self.listed = Listed([])
        self.tally = Tally(self._clock.now(), k=config.k)
        self.outbox = Outbox(config, self.folder)
        self.hits: Counter[str] = Counter()
        self._sources: list[tuple[Source, LogTail | FrameServer]] = [(one, self._source(one)) for one in config.source]
        self._server: DnsServer | None = None
        self._stopped = asyncio.Event()
        self.fault = ""

    def _seconds(self) -> int:
        return self._clock.now() // 1_000_000 & 0xFFFFFFFF

    def _stands_beside(self, mirror: Mirror, name: str) -> bool:
        others = [one.live for one in self.mirrors.values() if one is not mirror and one.live is not None]
        return any(other.image().find(name) is not None for other in others)

    # -- run ---------------------------------------------------------------------------------------------------------

    async def run(self, ready: Callable[[Agent], None]) -> None:
        """Serve until stopped. Raises Conflict where an address is taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, ValueError, RuntimeError):  # not on the main thread: a test's
                loop.add_signal_handler(number, self._stopped.set)
        self._relist()
        host, port = host_port(self.config.serve)
        try:
            server = await start_dns_server(self._zone, host, port, may_transfer=_near)
        except OSError as failure:
            raise Conflict(f"{self.config.serve} cannot be used: {failure.strerror}",
                           hint="Choose another address for `serve`.") from None  # fmt: skip
        self._server = server
        targets = [NotifyTarget(*host_port(one)) for one in self.config.notify]
        for origin in (*self.mirrors, self.config.override_zone):
            server.set_notify(origin, targets)
        self._look_at_overrides()
        works: list[Any] = [self._follow(mirror) for mirror in self.mirrors.values()]
        works += [each.run() for _, each in self._sources]
        works += [self._tick(), self._send(), self._hear()]
        tasks = [asyncio.create_task(self._guard(work)) for work in works]
        ready(self)
        try:
            await self._stopped.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.close()
            self._keep()
            self._write_status(running=False)

    def stop(self) -> None:
        """Stop: what is held is saved. From the loop's own thread."""
        self._stopped.set()

    @property
    def port(self) -> int:
        """The port at which the zones are served."""
        return self._server.port if self._server is not None else 0

    async def _guard(self, work: Any) -> None:
        """Run a part; one that fails (a socket that is taken) is said, and the others go on."""
        try:
            await work
        except OSError as failure:
            self.fault = f"a source cannot be opened: {failure}"
            log.error("%s", self.fault)

    def _zone(self, origin: str) -> LiveZone | None:
        if origin == self.config.override_zone:
            return self.overrides
        mirror = self.mirrors.get(origin)
        return mirror.served() if mirror is not None else None

    # -- zones -------------------------------------------------------------------------------------------------------

    async def _follow(self, mirror: Mirror) -> None:
        while True:
            said = mirror.fault
            before = mirror.live.serial if mirror.live is not None else None
            came = await asyncio.to_thread(mirror.refresh)
            if mirror.fault and mirror.fault != said:
                log.warning("%s: %s", mirror.origin, mirror.fault)
            if mirror.live is not None and mirror.live.serial != before:
                if came is None:
                    self._relist()
                    await asyncio.to_thread(self._keep)
                else:
                    self.listed.moved(came)
                log.info("%s: serial %d, %d names", mirror.origin, mirror.live.serial, len(mirror.live.image()))
                if self._server is not None:
                    self._server.zone_changed(mirror.origin)
            await asyncio.sleep(min(GAP, self.config.refresh))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved[mirror.origin].wait(), max(self.config.refresh - GAP, 0.0))
            self._moved[mirror.origin].clear()

    async def _hear(self) -> None:
        """Hear the hub's NOTIFY, of its own addresses as they are now."""
        if not self.config.hear:
            return
        host, port = host_port(self.config.hear)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self.notified, local_addr=(host, port))
        try:
            while True:
                found = await asyncio.to_thread(addresses_of, self._primary.host)
                self.notified.primaries = found or self.notified.primaries
                await asyncio.sleep(LOOK_UP_EVERY)
        finally:
            transport.close()

    def _relist(self) -> None:
        """Look names up in the zones that are held: the override zone first, as the resolver asks it first."""
        self.listed = Listed([self.overrides, *(one.live for one in self.mirrors.values() if one.live is not None)])

    def _look_at_overrides(self) -> None:
        if not self.config.overrides:
            return
        try:
            state = os.stat(self.config.overrides)
            if (state.st_mtime_ns, state.st_size) == self._written:
                return
            with open(self.config.overrides, "rb") as file:
                found = read_overrides(file.read(MAX_BYTES + 1), self.config.override_zone)
        except OSError as failure:
            self.fault = f"the overrides cannot be read: {failure.strerror}"
            return  # what stood there last stays in force
        self._written, self._read = (state.st_mtime_ns, state.st_size), found
        for number, why in found.faults:
            log.warning("%s, line %d %s", self.config.overrides, number, why)
        wanted = set(found.names)
        gone = [rule for rule in self.overrides.image().rules() if rule.name not in wanted]
        serial = max(self.overrides.serial + 1, self._seconds())
        came = [Rule(name, True, Action.PASSTHRU) for name in found.names]
        if self.overrides.change(came, gone, serial=serial).new_serial == self.overrides.serial:
            self.listed.moved(came)
            if self._server is not None:
                self._server.zone_changed(self.config.override_zone)

    def overridden(self) -> list[str]:
        """Return the names of the hub's zones that the ISP lets pass: all of what may be told of the overrides."""
        hub = Listed([one.live for one in self.mirrors.values() if one.live is not None])
        met = {hub.match(labels_of(name.encode()) or b"") for name in self._read.names}
        return sorted(met - {""})

    # -- telemetry ---------------------------------------------------------------------------------------------------

    def _source(self, source: Source) -> LogTail | FrameServer:
        if source.kind in LOGS:
            parse = LOGS[source.kind]()
            return LogTail(source.path, lambda lines: self._count(source, parse, lines))
        address = host_port(source.listen) if source.listen else None
        if source.kind == "dnstap":
            return FrameServer(lambda: (FrameStream(), self._taker(source, Dnstap())), path=source.path,
                               address=address)  # fmt: skip
        return FrameServer(lambda: (ShortFrames(), self._taker(source, parse_powerdns)), path=source.path,
                           address=address)  # fmt: skip

    def _taker(self, source: Source, parse: Parser) -> Callable[[list[bytes]], None]:
        return lambda frames: self._count(source, parse, frames)

    def _count(self, source: Source, parse: Parser, pieces: Iterable[bytes]) -> None:
        """Count the hits on listed names among lines or frames; of the rest nothing is kept."""
        match, add, hits = self.listed.match, self.tally.add, 0
        for piece in pieces:
            try:
                found = parse(piece)
            except BadFrame:
                self.hits["faults"] += 1
                continue
            if found is not None and (name := match(found[0])):
                add(name, found[1] and not source.shadow)
                hits += 1
        self.hits[source.kind] += hits

    # -- time --------------------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        ticks = 0
        while True:
            self.tick()
            if ticks % SAVE_EVERY == 0:
                await asyncio.to_thread(self._keep)
            if ticks % STATUS_EVERY == 0:
                self._write_status(running=True)
            ticks += 1
            await asyncio.sleep(TICK)

    def tick(self) -> None:
        """Close the hour where it is over; look at the overrides."""
        report = self.tally.close(self._clock.now())
        if report is not None and self.config.hub:
            try:
                self.outbox.put(report)
            except OSError as failure:
                self.fault = f"a report cannot be kept: {failure.strerror}"
        self._look_at_overrides()

    def _keep(self) -> None:
        for mirror in self.mirrors.values():
            try:
                mirror.save()
            except OSError as failure:
                self.fault = f"a zone cannot be kept: {failure.strerror}"

    async def _send(self) -> None:
        while self.config.hub:
            await asyncio.to_thread(self.outbox.send)
            if self.config.overrides and all(one.live is not None for one in self.mirrors.values()):
                await asyncio.to_thread(self.outbox.claim, self.overridden())
            await asyncio.sleep(SEND_EVERY * TICK)

    def status(self, *, running: bool) -> dict[str, Any]:
        """Return how the agent is. It goes to nobody but this machine's operator, and holds no count of a name."""
        return {
            "running": running, "process": os.getpid(), "at": self._clock.now(), "memory_kb": memory_kb(),
            "serve": f"{host_port(self.config.serve)[0]}:{self.port}", "fault": self.fault,
            "zones": [
                {"zone": one.origin, "serial": one.live.serial if one.live else None,
                 "names": len(one.live.image()) if one.live else 0, "heard": one.heard, "unknown": one.unknown,
                 "served": one.served() is not None, "fault": one.fault} for one in self.mirrors.values()],
            "notified": self.notified.count,
            "overrides": {"zone": self.config.override_zone, "names": len(self._read.names),
                          "faults": [list(each) for each in self._read.faults]},
            "sources": [{"kind": source.kind, "at": source.path or source.listen, **each.count,
                         "hits": self.hits[source.kind]} for source, each in self._sources],
            "unread": self.hits["faults"], "uncounted": self.tally.passed_over,
            "reports": {"waiting": len(self.outbox.waiting()), "sent": self.outbox.sent,
                        "refused": self.outbox.refused, "fault": self.outbox.fault},
        }  # fmt: skip

    def _write_status(self, *, running: bool) -> None:
        try:
            write_whole(self.folder / STATUS, [json.dumps(self.status(running=running)).encode()])
        except OSError as failure:
            log.error("the status cannot be written: %s", failure)


def _near(_origin: str, _key: str, address: str) -> bool:
    """Who may take the zones from the agent: this machine alone."""
    return address in ("127.0.0.1", "::1") or address.startswith(("127.", "::ffff:127."))
