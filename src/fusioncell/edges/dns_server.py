"""The RPZ primary's sockets: UDP and TCP on one port, for resolvers that take the zone.

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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import dns.rcode
import dns.rdatatype

from fusioncell.edges.dns_notify import PATIENCE, Notifier, NotifyTarget
from fusioncell.edges.dns_request import MAX_REQUEST, Doorkeeper, Refusal, Request
from fusioncell.edges.dns_tsig import TsigKey

__all__ = ["LOOPBACK", "DnsServer", "Limits", "NotifyTarget", "TsigKey", "ZonePort", "start_dns_server"]

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Who may transfer without a signature."""

_APEX = (dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.IXFR)


class ZonePort(Protocol):
    """What the server asks of the zone (``shield.live_zone.LiveZone``). Called on the event loop: must not block."""

    @property
    def origin(self) -> str:
        """The zone's name, without last dot."""
        ...

    @property
    def serial(self) -> int:
        """The zone's serial."""
        ...

    def soa(self, query_id: int, question: bytes) -> bytes:
        """Make the answer to a SOA query."""
        ...

    def ns(self, query_id: int, question: bytes) -> bytes:
        """Make the answer to an NS query."""
        ...

    def axfr(self, query_id: int, question: bytes) -> tuple[int, Iterator[bytes]]:
        """Give the serial and the messages of a full transfer."""
        ...

    def ixfr(self, since: int, query_id: int, question: bytes) -> tuple[int, Iterator[bytes]]:
        """Give the serial and the messages for a client that holds serial ``since``."""
        ...

    def on_transfer(self, client: str, serial: int) -> None:
        """Learn that a client (its key's name, else its address) now holds ``serial``."""
        ...


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

    def __init__(self, zone: ZonePort, doorkeeper: Doorkeeper, limits: Limits) -> None:
        self._zone = zone
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._connections: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._notifier: Notifier | None = None
        self._closed = False
        self.port = 0
        """The port that both sockets have."""
        self.answered: Counter[str] = Counter()
        """Replies by what they were: ``SOA``, ``AXFR``, …, or the code of a refusal."""

    async def open(self, host: str, port: int, notify: Iterable[NotifyTarget]) -> None:
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
        self._notifier = Notifier(self._zone.origin, lambda: self._zone.serial, notify,
                                  patience=self._limits.notify_patience)
        self._notifier.zone_changed()  # while we were down, a secondary may have missed something

    def zone_changed(self) -> None:
        """Tell the secondaries. May be called from any thread."""
        if self._notifier is not None:
            self._loop.call_soon_threadsafe(self._notifier.zone_changed)

    async def close(self) -> None:
        """Close the sockets and end what is under way."""
        self._closed = True
        notifier, self._notifier = self._notifier, None
        if notifier is not None:
            await notifier.close()
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
        if request.rdtype not in _APEX:
            return self._refuse(request, address)
        self._count(dns.rdatatype.to_text(dns.rdatatype.RdataType(request.rdtype)) + " by UDP", request.client)
        answer = self._zone.ns if request.rdtype == dns.rdatatype.NS else self._zone.soa
        return request.seal(answer(request.query_id, request.question))

    def _refuse(self, request: Request, address: str) -> bytes:
        self._count("REFUSED", address)
        return request.refusal(dns.rcode.REFUSED)

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
                await self._answer(writer, request, address)

    async def _answer(self, writer: asyncio.StreamWriter, request: Request, address: str) -> None:
        if request.rdtype in _APEX or request.rdtype == dns.rdatatype.AXFR:
            self._count(dns.rdatatype.to_text(dns.rdatatype.RdataType(request.rdtype)), request.client)
        match request.rdtype:
            case dns.rdatatype.SOA:
                await self._write(writer, request.seal(self._zone.soa(request.query_id, request.question)))
            case dns.rdatatype.NS:
                await self._write(writer, request.seal(self._zone.ns(request.query_id, request.question)))
            case dns.rdatatype.AXFR:
                await self._transfer(writer, request, *self._zone.axfr(request.query_id, request.question))
            case dns.rdatatype.IXFR:
                assert request.serial is not None
                await self._transfer(writer, request,
                                     *self._zone.ixfr(request.serial, request.query_id, request.question))
            case _:
                await self._write(writer, self._refuse(request, address))

    async def _transfer(self, writer: asyncio.StreamWriter, request: Request, serial: int,
                        messages: Iterator[bytes]) -> None:
        """Send all messages, then tell the zone who holds it now."""
        async with asyncio.timeout(self._limits.transfer):
            seal = request.seal
            for message in messages:
                await self._write(writer, seal(message))
                seal = request.sign  # OPT in the first message only
        self._zone.on_transfer(request.client, serial)

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


async def start_dns_server(zone: ZonePort, host: str, port: int, *, keys: Iterable[TsigKey] = (),
                           notify: Iterable[NotifyTarget] = (), trusted: Iterable[str] = LOOPBACK,
                           limits: Limits | None = None) -> DnsServer:
    """Start serving a zone on the running event loop.

    ``keys`` may transfer from anywhere; ``trusted`` networks without a key (an Unbound cannot sign). Port 0 picks a
    free one. Raises OSError where the port is taken.
    """
    server = DnsServer(zone, Doorkeeper(zone.origin, keys, trusted), limits or Limits())
    await server.open(host, port, notify)
    return server
