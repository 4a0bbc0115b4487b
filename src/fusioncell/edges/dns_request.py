"""From the bytes of a DNS request to what may be done with it: who asks, for which zone, or how we refuse.

1. Less than a header, or an answer: no reply at all.
2. Another opcode than QUERY: NOTIMP. Other than one question, or one whose name is no plain name: FORMERR.
3. Another class than IN: REFUSED, before anything costly is done.
4. What dnspython cannot parse: FORMERR. A TSIG that does not verify: NOTAUTH with the TSIG error.
5. A zone that we do not have, or that this key or address may not take: REFUSED, in the same words for both, so that
   nobody learns which zones there are. A type that no zone answers: REFUSED too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple, Protocol

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rdtypes.ANY.TSIG
import dns.tsig

from fusioncell.edges.dns_tsig import Signer, TsigKey, unsigned_error

MAX_REQUEST = 4_096
"""Bytes of a request that we read. A signed IXFR request has a few hundred."""

_NOTHING = struct.pack(">HHHHHH", 0, 0, 0, 0, 0, 0)[4:]
_OPT = b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)


_LABEL = re.compile(rb"[a-z0-9_-]+")
_ANSWERED = frozenset({dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.IXFR, dns.rdatatype.AXFR})

MayTransfer = Callable[[str, str, str], bool]
"""Asked with a zone's name, who proved to ask and the address: may it have the zone?

Who: the name of the TSIG key that signed. Without one, what the client's certificate proves (TLS, issued by the
authority that the server was given), one after the other until one suffices: ``cert-sha256:`` and its fingerprint, then
``cert:`` and the host name in it. "" where nothing was proven."""
BY_FINGERPRINT = "cert-sha256:"


class Shown(NamedTuple):
    """A client's certificate, verified: the first host name in it, the SHA-256 of it (64 hex digits); "" for none."""

    name: str = ""
    fingerprint: str = ""

    def proofs(self) -> tuple[str, ...]:
        """Return what it proves (see ``MayTransfer``); never nothing."""
        said = ((BY_FINGERPRINT, self.fingerprint), ("cert:", self.name))
        return tuple(kind + each for kind, each in said if each) or ("",)


class ZonePort(Protocol):
    """What the server asks of a zone (``shield.live_zone.LiveZone``). Called on the event loop: must not block."""

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


Zones = Callable[[str], ZonePort | None]
"""Finds a zone by its name: lower case, without last dot. Called on the event loop: must not block."""


@dataclass(frozen=True)
class Asked:
    """A question that was read, and how its answers are finished. ``question``: as asked, letter case kept."""

    query_id: int
    question: bytes
    edns: bool
    signer: Signer | None

    def seal(self, message: bytes) -> bytes:
        """Finish an answer: OPT where the request had one (RFC 6891 §6.1.1), then the signature."""
        if self.edns:
            additional = struct.pack(">H", int.from_bytes(message[10:12], "big") + 1)
            message = message[:10] + additional + message[12:] + _OPT
        return self.sign(message)

    def sign(self, message: bytes) -> bytes:
        """Sign an answer where the request was signed."""
        return message if self.signer is None else self.signer.sign(message)

    def refusal(self, rcode: int) -> bytes:
        """Make an answer that holds nothing but its code."""
        header = struct.pack(">HHHHHH", self.query_id, 0x8000 | rcode, 1, 0, 0, 0)
        return self.seal(header + self.question)


@dataclass(frozen=True)
class Request(Asked):
    """An allowed query for a zone's apex. ``serial``: what an IXFR client holds. ``key``: what signed it. ``who``: what
    was proven, for which it is allowed (see ``MayTransfer``).
    """

    zone: ZonePort
    serial: int | None
    address: str
    key: TsigKey | None
    who: str = ""

    @property
    def rdtype(self) -> int:
        """The type that is asked for."""
        return int.from_bytes(self.question[-4:-2], "big")

    @property
    def client(self) -> str:
        """Who asks: the key's name, else that of the certificate, else the address."""
        return self.who or self.address


@dataclass(frozen=True)
class Refusal:
    """What is answered instead; None means silence."""

    reply: bytes | None
    rcode: int


class Doorkeeper:
    """Reads requests and decides who may ask for which zone. The keys may be replaced at any time."""

    def __init__(self, zones: Zones, keys: Iterable[TsigKey], may_transfer: MayTransfer) -> None:
        self._zones = zones
        self._may_transfer = may_transfer
        self._certificates: frozenset[str] | None = None
        self.set_keys(keys)

    def set_keys(self, keys: Iterable[TsigKey]) -> None:
        """Replace the keys. During a rotation the old and the new one both stand here, by different names."""
        self._keys = {key.owner: key for key in keys}
        self._keyring = {owner: key.for_dnspython() for owner, key in self._keys.items()}

    def set_certificates(self, fingerprints: Iterable[str]) -> None:
        """Say which certificates are known by their fingerprints from now on; a transfer under another one ends."""
        self._certificates = frozenset(BY_FINGERPRINT + each for each in fingerprints)

    def still_valid(self, request: Request) -> bool:
        """Tell whether an answer may go on: a key or certificate that was taken away ends what it began."""
        if request.key is not None:
            return self._keys.get(request.key.owner) == request.key
        by_fingerprint = request.who.startswith(BY_FINGERPRINT)
        return not by_fingerprint or self._certificates is None or request.who in self._certificates

    def read(self, wire: bytes, address: str, shown: Shown = Shown()) -> Request | Refusal:  # noqa: B008 - a frozen value
        """Follow the steps of the module's docstring. ``shown``: the client's certificate."""
        if len(wire) < 12 or wire[2] & 0x80:
            return Refusal(None, dns.rcode.FORMERR)
        if wire[2] & 0x78:
            return _bare(wire, dns.rcode.NOTIMP)
        end = _name_end(wire)
        if wire[4:6] != b"\0\x01" or len(wire) > MAX_REQUEST or end is None:
            return _bare(wire, dns.rcode.FORMERR)
        if wire[end + 2:end + 4] != b"\0\x01":
            return _bare(wire, dns.rcode.REFUSED)
        question = wire[12:end + 4]
        try:
            parsed = dns.message.from_wire(wire, keyring=self._keyring)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm):
            return self._not_auth(wire, question, dns.rcode.BADKEY)
        except dns.tsig.BadTime:
            return self._not_auth(wire, question, dns.rcode.BADTIME)
        except (dns.tsig.BadSignature, dns.tsig.PeerError):
            return self._not_auth(wire, question, dns.rcode.BADSIG)
        except Exception:  # what a parser makes of hostile bytes is not a closed list
            return _bare(wire, dns.rcode.FORMERR)
        return self._allowed(parsed, question, address, shown)

    def replayed(self, wire: bytes, request: Request) -> Refusal:
        """Refuse a signed request that came before: its time is over."""
        return self._not_auth(wire, request.question, dns.rcode.BADTIME)

    def _allowed(self, parsed: dns.message.Message, question: bytes, address: str, shown: Shown) -> Request | Refusal:
        key = signer = None
        if parsed.had_tsig:
            assert parsed.keyname is not None
            key = self._keys[parsed.keyname]
            signer = Signer(key, parsed.mac or b"")
        edns, origin = parsed.edns >= 0, _origin(question)
        zone = self._zones(origin)
        if zone is None:
            return Refusal(Asked(parsed.id, question, edns, signer).refusal(dns.rcode.REFUSED), dns.rcode.REFUSED)
        proofs = (key.name,) if key is not None else shown.proofs()
        who = next((each for each in proofs if self._may_transfer(origin, each, address)), None)
        request = Request(parsed.id, question, edns, signer, zone, _soa_serial(parsed), address, key, who or "")
        if who is None or request.rdtype not in _ANSWERED:
            return Refusal(request.refusal(dns.rcode.REFUSED), dns.rcode.REFUSED)
        if request.rdtype == dns.rdatatype.IXFR and request.serial is None:
            return Refusal(request.refusal(dns.rcode.FORMERR), dns.rcode.FORMERR)
        return request

    def _not_auth(self, wire: bytes, question: bytes, error: int) -> Refusal:
        """Answer NOTAUTH as RFC 8945 §5.2 wants it: BADTIME signed, the others not."""
        try:
            unchecked = dns.message.from_wire(wire, keyring=False)
        except Exception:  # sound up to its TSIG, not behind it
            return _bare(wire, dns.rcode.FORMERR)
        rdata = unchecked.tsig[0] if unchecked.tsig is not None else None
        assert isinstance(rdata, dns.rdtypes.ANY.TSIG.TSIG)
        assert unchecked.keyname is not None
        message = struct.pack(">HHHHHH", unchecked.id, 0x8000 | dns.rcode.NOTAUTH, 1, 0, 0, 0) + question
        if error == dns.rcode.BADTIME:
            signer = Signer(self._keys[unchecked.keyname], rdata.mac)
            return Refusal(signer.sign(message, error=error, at=rdata.time_signed), dns.rcode.NOTAUTH)
        owner = unchecked.keyname.to_digestable()
        algorithm = rdata.algorithm.to_digestable()
        return Refusal(unsigned_error(message, owner, algorithm, error), dns.rcode.NOTAUTH)


def known_or_near(trusted: Iterable[str]) -> MayTransfer:
    """Let any known key, and these networks without one, have any zone: the rule of a server with a single zone."""
    networks = tuple(ip_network(network) for network in trusted)
    return lambda _origin, key_name, address: bool(key_name) or within(address, networks)


def within(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Tell whether an address, as a socket gives it (with a scope, or IPv4 inside IPv6), is in one of the networks."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip.version == network.version and ip in network for network in networks)


def _name_end(wire: bytes) -> int | None:
    """Find where the question's name ends; None where it is no plain name: cut off, compressed, or over 255 octets."""
    at = 12
    while at < len(wire) and at - 12 < 255:
        length = wire[at]
        if length == 0:
            return at + 1
        if length > 63:
            return None
        at += 1 + length
    return None


def _origin(question: bytes) -> str:
    """Write a question's name as zones are named; "" where it has other bytes than those of a host name."""
    labels, at = [], 0
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].lower())
        at += 1 + question[at]
    return b".".join(labels).decode("ascii") if all(map(_LABEL.fullmatch, labels)) else ""


def _soa_serial(parsed: dns.message.Message) -> int | None:
    """Return the serial that an IXFR request states in its authority section (RFC 1995 §3)."""
    for rrset in parsed.authority:
        for rdata in rrset:
            if isinstance(rdata, dns.rdtypes.ANY.SOA.SOA):
                return int(rdata.serial)
    return None


def _bare(wire: bytes, rcode: int) -> Refusal:
    """Answer with a header alone: id and opcode as asked, nothing else of the request is repeated."""
    flags = 0x8000 | (wire[2] & 0x79) << 8 | rcode
    return Refusal(wire[:2] + struct.pack(">H", flags) + _NOTHING, rcode)
