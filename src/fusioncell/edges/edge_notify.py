"""Hears the primary's NOTIFY (RFC 1996): a zone has a new serial, so it is asked for at once.

1. Only the primary's own addresses are heard; anything else gets no answer, so that nobody can be flooded through us.
2. A signed message must verify by the key (RFC 8945). An unsigned one is heard: it says no more than "look now",
   and what is then taken is checked as ever.
3. What was heard is answered, signed where it was signed; a zone that the agent does not take is refused.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Collection
from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdatatype

from fusioncell.edges.dns_tsig import TsigKey

log = logging.getLogger("fusioncell.edge")


def addresses_of(host: str) -> frozenset[str]:
    """Return the addresses of a host, none where nobody says. Blocks."""
    try:
        return frozenset(str(one[4][0]) for one in socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM))
    except OSError:
        return frozenset()


def heard(wire: bytes, key: TsigKey | None, zones: Collection[str]) -> tuple[str, bytes]:
    """Return (the zone that a message of the primary tells of, the answer); ("", b"") for what is no valid NOTIFY."""
    keyring = {key.owner: key.for_dnspython()} if key is not None else {}
    try:
        said = dns.message.from_wire(wire, keyring=keyring)
        if said.opcode() != dns.opcode.NOTIFY or said.flags & dns.flags.QR or len(said.question) != 1:
            return "", b""
        [asked] = said.question
        if asked.rdtype != dns.rdatatype.SOA:
            return "", b""
        zone = asked.name.to_text(omit_final_dot=True).lower()
        answer = dns.message.make_response(said)
        answer.flags |= dns.flags.AA
        if zone not in zones:
            answer.set_rcode(dns.rcode.REFUSED)
            zone = ""
        return zone, answer.to_wire()
    except Exception as fault:  # what a parser makes of hostile bytes is not a closed list
        log.debug("a message that is no NOTIFY: %s", type(fault).__name__)
        return "", b""


class NotifyListener(asyncio.DatagramProtocol):
    """The socket. ``primaries`` may change at any time; ``tell`` is called with each zone that moved."""

    def __init__(self, key: TsigKey | None, zones: Collection[str], tell: Callable[[str], None]) -> None:
        self._key, self._zones, self._tell = key, zones, tell
        self._transport: Any = None
        self.primaries: frozenset[str] = frozenset()
        self.count = 0
        """Of those that were heard."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket for answers."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hear a message from the primary; of anyone else's nothing is read."""
        if addr[0].partition("%")[0].removeprefix("::ffff:") not in self.primaries:
            return
        zone, answer = heard(data, self._key, self._zones)
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)
        if zone:
            self.count += 1
            self._tell(zone)
