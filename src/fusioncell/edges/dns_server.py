"""The RPZ primary's sockets: UDP and TCP on one port, for resolvers that take their zones.

It answers SOA and NS at the apex, AXFR and IXFR over TCP; an IXFR over UDP gets the current SOA, so that the client
comes back by TCP (RFC 1995 §2). Everything else is refused (see ``dns_request``). The messages are made by the zone;
here they are sealed, sent, and bounded: connections per address and in all, request size, idle time, a reader who
does not read. A transfer lets other work run between messages.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import dns.rcode
import dns.rdatatype

from fusioncell.edges.dns_notify import PATIENCE, Notifier, NotifyTarget
from fusioncell.edges.dns_request import (
    MAX_REQUEST,
    Doorkeeper,
    MayTransfer,
    Refusal,
    Request,
    ZonePort,
    Zones,
    known_or_near,
)
from fusioncell.edges.dns_tsig import TsigKey

__all__ = ["LOOPBACK", "DnsServer", "Limits", "MayTransfer", "NotifyTarget", "TsigKey", "ZonePort", "Zones",
           "start_dns_server"]

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Who may transfer without a signature."""


@dataclass(frozen=True)
class Limits:
    """Bounds of the server; times in seconds."""

    connections: int = 128
    connections_per_address: int = 16
    idle: float = 20.0
    """For one whole request to arrive."""
    write: float = 20.0
    """For a reader to take what stands in the send buffer."""
    transfer: float = 900.0
    """For one transfer from first to last message."""
    notify_patience: tuple[float, ...] = PATIENCE


class DnsServer:
    """The running server. Made by :func:`start_dns_server`."""

    def __init__(self, zones: Zones, doorkeeper: Doorkeeper, limits: Limits) -> None:
        self._zones = zones
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._connections: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._notifier = Notifier(self._serial, limits.notify_patience)
        self._closed = False
        self.port = 0
        """The port that both sockets have."""
        self.answered: Counter[str] = Counter()
        """Replies by what they were: ``SOA``, ``AXFR``, …, or the code of a refusal."""

    async def open(self, host: str, port: int) -> None:
        """Bind both sockets to one number; for port 0 try until one is free on both."""
        for attempt in range(16):
            tcp = await asyncio.start_server(self._accept, host, port, limit=MAX_REQUEST + 2)
            number: int = tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), (host, number))
            except OSError as failure:
                tcp.close()
                if failure.errno == errno.EADDRINUSE and port == 0 and attempt < 15:
                    continue
                raise
            self._tcp, self.port = tcp, number
            break

    def zone_changed(self, origin: str | None = None) -> None:
        """Tell the secondaries of a zone, of all zones where none is given. May be called from any thread."""
        self._soon(self._notifier.zone_changed, origin)

    def set_notify(self, origin: str, targets: Iterable[NotifyTarget]) -> None:
        """Replace the secondaries that a zone has; those who are new to it are told at once. From any thread."""
        self._soon(self._notifier.set_targets, origin, tuple(targets))

    def set_keys(self, keys: Iterable[TsigKey]) -> None:
        """Replace the keys that may sign. A transfer under a key that went away ends unfinished. From any thread."""
        self._doorkeeper.set_keys(keys)

    def _soon(self, work: Callable[..., None], *what: object) -> None:
        if not self._closed:
            self._loop.call_soon_threadsafe(work, *what)

    def _serial(self, origin: str) -> int | None:
        zone = self._zones(origin)
        return None if zone is None else zone.serial

    async def close(self) -> None:
        """Close the sockets and end what is under way."""
        self._closed = True
        await self._notifier.close()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def datagram(self, wire: bytes, address: str) -> bytes | None:
        """Answer a UDP request; None for silence. Never larger than 512 octets, so nothing is truncated."""
        request = self._doorkeeper.read(wire, address)
        if isinstance(request, Refusal):
            self._count(dns.rcode.to_text(dns.rcode.Rcode(request.rcode)), address)
            return request.reply
        if request.rdtype == dns.rdatatype.AXFR:
            self._count("REFUSED", address)
            return request.refusal(dns.rcode.REFUSED)
        self._count(dns.rdatatype.to_text(dns.rdatatype.RdataType(request.rdtype)) + " by UDP", request.client)
        answer = request.zone.ns if request.rdtype == dns.rdatatype.NS else request.zone.soa
        return request.seal(answer(request.query_id, request.question))

    def _count(self, what: str, who: str) -> None:
        self.answered[what] += 1
        log.debug("%s: %s", who, what)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; over a bound it is closed unheard."""
        task = asyncio.current_task()
        assert task is not None
        address = str(writer.get_extra_info("peername", ("",))[0])
        limits = self._limits
        if self._closed:  # accepted just before the listening socket went
            writer.transport.abort()
            return
        if len(self._tasks) >= limits.connections or self._connections[address] >= limits.connections_per_address:
            self._count("over the limit", address)
            writer.transport.abort()
            return
        self._tasks.add(task)
        self._connections[address] += 1
        try:
            await self._converse(reader, writer, address)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as end:
            log.debug("%s: connection ended: %s", address, type(end).__name__)
        except asyncio.CancelledError:  # the server closes; the task ends here and nobody awaits it further
            writer.transport.abort()
        finally:
            await self._hang_up(writer)
            self._tasks.discard(task)
            self._connections[address] -= 1
            if not self._connections[address]:
                del self._connections[address]

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Close; what is still to be read by the other side has the time of one write, then it is cut off."""
        writer.close()
        try:
            async with asyncio.timeout(self._limits.write):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        """Read request after request, each answered before the next is read (RFC 7766 §6.2.1)."""
        while True:
            async with asyncio.timeout(self._limits.idle):
                length = int.from_bytes(await reader.readexactly(2), "big")
                if not 12 <= length <= MAX_REQUEST:
                    self._count("FORMERR", address)
                    return
                wire = await reader.readexactly(length)
            request = self._doorkeeper.read(wire, address)
            if isinstance(request, Refusal):
                self._count(dns.rcode.to_text(dns.rcode.Rcode(request.rcode)), address)
                if request.reply is None:
                    return
                await self._write(writer, request.reply)
            else:
                await self._answer(writer, request)

    async def _answer(self, writer: asyncio.StreamWriter, request: Request) -> None:
        zone = request.zone
        self._count(dns.rdatatype.to_text(dns.rdatatype.RdataType(request.rdtype)), request.client)
        match request.rdtype:
            case dns.rdatatype.SOA:
                await self._write(writer, request.seal(zone.soa(request.query_id, request.question)))
            case dns.rdatatype.NS:
                await self._write(writer, request.seal(zone.ns(request.query_id, request.question)))
            case dns.rdatatype.AXFR:
                await self._transfer(writer, request, *zone.axfr(request.query_id, request.question))
            case dns.rdatatype.IXFR:
                assert request.serial is not None
                await self._transfer(writer, request, *zone.ixfr(request.serial, request.query_id, request.question))

    async def _transfer(self, writer: asyncio.StreamWriter, request: Request, serial: int,
                        messages: Iterator[bytes]) -> None:
        """Send all messages, then tell the zone who holds it now."""
        async with asyncio.timeout(self._limits.transfer):
            seal = request.seal
            for message in messages:
                if not self._doorkeeper.still_valid(request):
                    self._count("key taken away", request.client)
                    writer.transport.abort()
                    return
                await self._write(writer, seal(message))
                seal = request.sign  # OPT in the first message only
        request.zone.on_transfer(request.client, serial)

    async def _write(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        """Send one message behind its length (RFC 1035 §4.2.2) and let others run."""
        writer.write(len(message).to_bytes(2, "big") + message)
        async with asyncio.timeout(self._limits.write):
            await writer.drain()
        await asyncio.sleep(0)


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the server."""

    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        assert self._transport is not None
        reply = self._server.datagram(data, str(addr[0]))
        if reply is not None:
            self._transport.sendto(reply, addr)


async def start_dns_server(zones: ZonePort | Zones, host: str, port: int, *, keys: Iterable[TsigKey] = (),
                           may_transfer: MayTransfer | None = None, notify: Iterable[NotifyTarget] = (),
                           trusted: Iterable[str] = LOOPBACK, limits: Limits | None = None) -> DnsServer:
    """Start serving a zone, or the zones that a callable finds by name, on the running event loop.

    ``may_transfer`` decides who has which zone. Without it, which only a single zone allows, ``keys`` may transfer
    from anywhere and ``trusted`` networks without a key (an Unbound cannot sign). ``notify``: the single zone's
    secondaries. Keys and secondaries may change later, see :class:`DnsServer`. Port 0 picks a free one. Raises
    ValueError for many zones without a rule, OSError where the port is taken.
    """
    origin = ""
    if callable(zones):
        if may_transfer is None or notify:
            raise ValueError("many zones need may_transfer, and have their secondaries by set_notify")
        find: Zones = zones
    else:
        origin = zones.origin
        find = {origin: zones}.get
        may_transfer = may_transfer or known_or_near(trusted)
    server = DnsServer(find, Doorkeeper(find, keys, may_transfer), limits or Limits())
    await server.open(host, port)
    server.set_notify(origin, notify)
    return server
