"""A secondary's side of a zone transfer: asks the hub's primary over TCP or TLS (RFC 9103), verifies what comes.

dnspython verifies the signatures (RFC 8945), message by message, without reading the records: 20,000 a second would be
its pace. The first message must be signed and the last; up to 99 in between may be covered by the next (§5.3.1).
"""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG
import dns.tsig

from fusioncell.edges.dns_tls import ALPN
from fusioncell.edges.dns_tsig import Signer, TsigKey
from fusioncell.kernel.errors import Unavailable

STEP, WHOLE = 20.0, 900.0
"""Seconds for each step (connect, one read), and for a whole transfer."""
MOST_UNSIGNED = 99
_AXFR, _IXFR = 252, 251


@dataclass(frozen=True)
class Primary:
    """Where the zones come from, and how: ``key`` signs; ``tls`` is how TLS is spoken, ``name`` whom it must be."""

    host: str
    port: int
    key: TsigKey | None = None
    tls: ssl.SSLContext | None = None
    name: str = ""


def tls_client(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    """Return how the agent speaks TLS 1.3 to the hub; ``ca``: PEM of who vouches for it, else the system's.

    Raises OSError where a file does not serve.
    """
    context = ssl.create_default_context(cafile=ca or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([ALPN])
    if certificate:
        context.load_cert_chain(certificate, key or None)
    return context


class Exchange:
    """One request and its answers. Use as a context; every message must go through :meth:`verify`."""

    def __init__(self, primary: Primary, origin: str, serial: int | None) -> None:
        self._primary = primary
        self.query_id = secrets.randbits(16)
        self._request = _request(self.query_id, origin, serial)
        self._mac = b""
        self._digest: Any = None
        self._unsigned = 0
        self._until = time.monotonic() + WHOLE
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        primary = self._primary
        try:
            plain = socket.create_connection((primary.host, primary.port), STEP)
            if primary.tls is None:
                self._socket = plain
            else:
                self._socket = primary.tls.wrap_socket(plain, server_hostname=primary.name or primary.host)
            wire = self._request
            if primary.key is not None:
                signer = Signer(primary.key, b"")
                wire = signer.sign(wire)
                self._mac = signer.mac
            self._socket.sendall(len(wire).to_bytes(2, "big") + wire)
        except OSError as failure:
            self.close()
            raise Unavailable(f"{primary.host}:{primary.port} cannot be reached: {failure}") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def messages(self) -> Iterator[bytes]:
        """Give the answers as they come; ends where the other side hangs up. Raises Unavailable."""
        assert self._socket is not None
        buffer = bytearray()
        while True:
            while len(buffer) < 2 or len(buffer) < 2 + (size := int.from_bytes(buffer[:2], "big")):
                if time.monotonic() > self._until:
                    raise Unavailable(f"the transfer takes longer than {WHOLE:.0f} s")
                try:
                    data = self._socket.recv(1 << 17)
                except OSError as failure:
                    raise Unavailable(f"the transfer broke off: {failure}") from None
                if not data:
                    return
                buffer += data
            yield bytes(buffer[2 : 2 + size])
            del buffer[: 2 + size]

    def verify(self, wire: bytes, tsig_at: int, rdata_at: int, *, last: bool) -> None:
        """Check a message's signature: where its TSIG record begins (0 for none) and its data. Raises Unavailable.

        ``last``: nothing comes behind it, so it must be signed itself.
        """
        key = self._primary.key
        if key is None:
            return
        if not tsig_at:
            self._unsigned += 1
            if self._digest is None or last or self._unsigned > MOST_UNSIGNED:
                raise Unavailable("an answer is not signed", hint="Does the hub have this key?")
            self._digest.update(wire)
            return
        self._unsigned = 0
        try:
            owner, _ = dns.name.from_wire(wire, tsig_at)
            rdata = dns.rdata.from_wire(dns.rdataclass.ANY, dns.rdatatype.TSIG, wire, rdata_at, len(wire) - rdata_at)
            assert isinstance(rdata, dns.rdtypes.ANY.TSIG.TSIG)
            self._digest = dns.tsig.validate(  # type: ignore[no-untyped-call]
                wire, key.for_dnspython(), owner.canonicalize(), rdata, int(time.time()),
                self._mac, tsig_at, self._digest, True)  # fmt: skip
        except (dns.exception.DNSException, AssertionError) as fault:
            raise Unavailable(f"an answer's signature does not hold: {type(fault).__name__}",
                              hint="Check the key's name, algorithm and secret, and both clocks.") from None


def _request(query_id: int, origin: str, serial: int | None) -> bytes:
    """Make the request: AXFR, or IXFR that names the serial held (RFC 1995 §3)."""
    question = dns.name.from_text(origin).to_digestable() + struct.pack(">HH", _AXFR if serial is None else _IXFR, 1)
    head = struct.pack(">6H", query_id, 0, 1, 0, 0 if serial is None else 1, 0)
    if serial is None:
        return head + question
    soa = b"\0\0" + struct.pack(">5I", serial, 0, 0, 0, 0)
    return head + question + b"\xc0\x0c" + struct.pack(">HHIH", 6, 1, 0, len(soa)) + soa
