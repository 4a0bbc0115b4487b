"""The RPZ primary's sockets: UDP and TCP on one port, for resolvers that take their zones; TLS on another (XoT).

It answers SOA and NS at the apex, AXFR and IXFR over TCP; an IXFR over UDP gets the current SOA, so that the client
comes back by TCP (RFC 1995 §2). Everything else is refused (see ``dns_request``). The messages are made by the zone;
here they are sealed, sent, and bounded: connections per address and in all, request size, idle time, a reader who
does not read. A transfer lets other work run between messages.

1. Who has shown that it may have a zone keeps its connection. A stranger's is the first to go where there are too many:
   so ten thousand connections that ask for nothing keep no subscriber out.
2. A signed request for a transfer is taken once: who recorded one cannot play it again (see ``dns_tsig.Replays``).
3. A key or certificate that is taken away ends what it began.
4. On the port of TLS, UDP answers too, in clear: an Unbound asks there for the SOA before it transfers by TLS.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
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
    Shown,
    ZonePort,
    Zones,
    known_or_near,
)
from fusioncell.edges.dns_tls import certificate_fingerprint, certificate_name
from fusioncell.edges.dns_tsig import Replays, TsigKey

__all__ = ["LOOPBACK", "DnsServer", "Limits", "MayTransfer", "NotifyTarget", "TsigKey", "ZonePort", "Zones",
           "start_dns_server"]

log = logging.getLogger(__name__)

LOOPBACK = ("127.0.0.0/8", "::1/128")
"""Who may transfer without a signature."""


@dataclass(frozen=True)
class Limits:
    """Bounds of the server; times in seconds."""

    connections: int = 512
    connections_per_address: int = 64
    idle: float = 20.0
    """For one whole request to arrive, and for a TLS handshake."""
    write: float = 20.0
    """For a reader to take what stands in the send buffer."""
    transfer: float = 900.0
    """For one transfer from first to last message."""
    notify_patience: tuple[float, ...] = PATIENCE


@dataclass(eq=False)
class _Connection:
    """One connection. ``close`` may be called at any time; ``known``: it has shown that it may have a zone."""

    address: str
    socket: socket.socket
    task: asyncio.Task[None] | None = None
    writer: asyncio.StreamWriter | None = None
    shown: Shown = Shown()
    known: bool = False

    def abort(self) -> None:
        """Cut it off."""
        if self.writer is not None:
            self.writer.transport.abort()
        if self.task is not None:
            self.task.cancel()


class DnsServer:
    """The running server. Made by :func:`start_dns_server`."""

    def __init__(self, zones: Zones, doorkeeper: Doorkeeper, limits: Limits) -> None:
        self._zones = zones
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._open: dict[_Connection, None] = {}  # in the order of their coming
        self._addresses: Counter[str] = Counter()
        self._replays = Replays()
        self._loop = asyncio.get_running_loop()
        self._listeners: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._udp: list[asyncio.DatagramTransport] = []
        self._notifier = Notifier(self._serial, limits.notify_patience)
        self._closed = False
        self.port = 0
        """The port of UDP and TCP."""
        self.tls_port = 0
        """The port of TLS, and of UDP beside it; 0 where there is none."""
        self.answered: Counter[str] = Counter()
        """Replies by what they were: ``SOA``, ``AXFR``, …, or the code of a refusal."""

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._open)

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Bind UDP and TCP to one number and serve; return it. For port 0 try until one is free on both.

        With a context TLS is spoken over TCP there. May be called once for each.
        """
        for attempt in range(16):
            listener = _listener(host, port)
            number: int = listener.getsockname()[1]
            try:
                transport, _ = await self._loop.create_datagram_endpoint(lambda: _Datagrams(self), (host, number))
            except OSError as failure:
                listener.close()
                if failure.errno == errno.EADDRINUSE and port == 0 and attempt < 15:
                    continue
                raise
            break
        self._listeners.append(listener)
        self._udp.append(transport)
        self._accepting.append(asyncio.create_task(self._accept(listener, tls)))
        if tls is None:
            self.port = number
        else:
            self.tls_port = number
        return number

    def zone_changed(self, origin: str | None = None, *, after: float = 0.0) -> None:
        """Tell the secondaries of a zone, of all zones where none is given, now or in some seconds. From any thread."""
        self._soon(self._notifier.zone_changed, origin, after)

    def set_notify(self, origin: str, targets: Iterable[NotifyTarget]) -> None:
        """Replace the secondaries that a zone has; those who are new to it are told at once. From any thread."""
        self._soon(self._notifier.set_targets, origin, tuple(targets))

    def set_keys(self, keys: Iterable[TsigKey]) -> None:
        """Replace the keys that may sign. A transfer under a key that went away ends unfinished. From any thread."""
        self._doorkeeper.set_keys(keys)

    def set_certificates(self, fingerprints: Iterable[str]) -> None:
        """Say which client certificates are known by their fingerprints, once that is not for ``may_transfer`` alone: a
        transfer under one that went away ends unfinished. From any thread.
        """
        self._doorkeeper.set_certificates(fingerprints)

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
        for transport in self._udp:
            transport.close()
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for listener in self._listeners:
            listener.close()
        tasks = [connection.task for connection in self._open if connection.task is not None]
        for connection in list(self._open):
            connection.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

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

    async def _accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        """Take connections, one by one, so that a flood of them leaves time for others."""
        while True:
            try:
                sock, address = await self._loop.sock_accept(listener)
            except OSError as failure:  # no descriptor is left: those who are served free some
                log.warning("no connection can be accepted: %s", failure)
                await asyncio.sleep(0.2)
                continue
            connection = _Connection(str(address[0]), sock)
            if self._admit(connection):
                connection.task = asyncio.create_task(self._serve(connection, tls))
                connection.task.add_done_callback(partial(self._ended, connection))
            else:
                self._count("over the limit", connection.address)
                sock.close()
            await asyncio.sleep(0)

    def _admit(self, connection: _Connection) -> bool:
        """Tell whether there is place for it: an older stranger leaves where there is none."""
        if self._addresses[connection.address] >= self._limits.connections_per_address:
            return False
        if len(self._open) >= self._limits.connections:
            stranger = next((each for each in self._open if not each.known), None)
            if stranger is None:
                return False
            self._count("over the limit", stranger.address)
            self._forget(stranger)
            stranger.abort()
        self._open[connection] = None
        self._addresses[connection.address] += 1
        return True

    def _forget(self, connection: _Connection) -> None:
        if connection in self._open:
            del self._open[connection]
            self._addresses[connection.address] -= 1
            if not self._addresses[connection.address]:
                del self._addresses[connection.address]

    def _ended(self, connection: _Connection, _task: asyncio.Task[None]) -> None:
        """Tidy up behind a connection, also one that was cut off before it was looked at."""
        self._forget(connection)
        if connection.writer is None:
            connection.socket.close()

    async def _serve(self, connection: _Connection, tls: ssl.SSLContext | None) -> None:
        """Serve one connection until it ends."""
        reader = asyncio.StreamReader(limit=MAX_REQUEST + 2)
        try:
            async with asyncio.timeout(self._limits.idle):
                transport, protocol = await self._loop.connect_accepted_socket(
                    lambda: asyncio.StreamReaderProtocol(reader), connection.socket, ssl=tls)
            writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
            connection.writer = writer
            connection.shown = Shown(certificate_name(writer.get_extra_info("peercert")),
                                     certificate_fingerprint(writer.get_extra_info("ssl_object")))
            try:
                await self._converse(reader, writer, connection)
            finally:
                await self._hang_up(writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as end:
            log.debug("%s: connection ended: %s", connection.address, type(end).__name__)
        except asyncio.CancelledError:  # cut off; the task ends here and nobody awaits it further
            if connection.writer is not None:
                connection.writer.transport.abort()

    async def _hang_up(self, writer: asyncio.StreamWriter) -> None:
        """Close; what is still to be read by the other side has the time of one write, then it is cut off."""
        writer.close()
        try:
            async with asyncio.timeout(self._limits.write):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                        connection: _Connection) -> None:
        """Read request after request, each answered before the next is read (RFC 7766 §6.2.1)."""
        while True:
            async with asyncio.timeout(self._limits.idle):
                length = int.from_bytes(await reader.readexactly(2), "big")
                if not 12 <= length <= MAX_REQUEST:
                    self._count("FORMERR", connection.address)
                    return
                wire = await reader.readexactly(length)
            request = self._doorkeeper.read(wire, connection.address, connection.shown)
            if isinstance(request, Request) and not self._first_time(request):
                request = self._doorkeeper.replayed(wire, request)
            if isinstance(request, Refusal):
                self._count(dns.rcode.to_text(dns.rcode.Rcode(request.rcode)), connection.address)
                if request.reply is None:
                    return
                await self._write(writer, request.reply)
            else:
                connection.known = True
                await self._answer(writer, request)
                await asyncio.sleep(0)  # who asks without end leaves time for others

    def _first_time(self, request: Request) -> bool:
        """Tell whether a signed request for a transfer is new; any other may come again."""
        return (request.signer is None or request.rdtype not in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
                or self._replays.first_time(request.signer.mac))

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


def _listener(host: str, port: int) -> socket.socket:
    """Open a listening socket. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM,
                                                  flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1_024)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


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
                           trusted: Iterable[str] = LOOPBACK, limits: Limits | None = None,
                           tls: tuple[str, int, ssl.SSLContext] | None = None) -> DnsServer:
    """Start serving a zone, or the zones that a callable finds by name, on the running event loop.

    ``may_transfer`` decides who has which zone. Without it, which only a single zone allows, ``keys`` may transfer
    from anywhere and ``trusted`` networks without a key (an Unbound cannot sign). ``notify``: the single zone's
    secondaries. Keys and secondaries may change later, see :class:`DnsServer`. ``tls``: host, port, and how TLS is
    spoken there (``dns_tls.xot_context``). Port 0 picks a free one. Raises ValueError for many zones without a rule,
    OSError where a port is taken.
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
    if tls is not None:
        try:
            await server.open(*tls)
        except OSError:
            await server.close()
            raise
    server.set_notify(origin, notify)
    return server
