"""From the bytes of a DNS request to what may be done with it: who asks, for what, or with which words we refuse.

1. Less than a header, or an answer: no reply at all.
2. Another opcode than QUERY: NOTIMP. Other than one question: FORMERR.
3. Another name than the zone's, or another class: REFUSED, before anything costly is done.
4. What dnspython cannot parse: FORMERR. A TSIG that does not verify: NOTAUTH with the TSIG error.
5. Without a TSIG, from an address that is not trusted: REFUSED.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dns.message
import dns.name
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


@dataclass(frozen=True)
class Request:
    """An allowed query for the zone's apex. ``question``: as asked, letter case kept. ``serial``: what an IXFR client
    holds. ``client``: the key's name, else the address.
    """

    query_id: int
    question: bytes
    rdtype: int
    client: str
    edns: bool
    serial: int | None
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
class Refusal:
    """What is answered instead; None means silence."""

    reply: bytes | None
    rcode: int


class Doorkeeper:
    """Reads requests for one zone and decides who may ask."""

    def __init__(self, origin: str, keys: Iterable[TsigKey], trusted: Iterable[str]) -> None:
        self._apex = dns.name.from_text(origin).to_digestable()
        self._keys: Mapping[dns.name.Name, TsigKey] = {key.owner: key for key in keys}
        self._keyring = {owner: key.for_dnspython() for owner, key in self._keys.items()}
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted)

    def read(self, wire: bytes, address: str) -> Request | Refusal:
        """Follow the steps of the module's docstring."""
        if len(wire) < 12 or wire[2] & 0x80:
            return Refusal(None, dns.rcode.FORMERR)
        if wire[2] & 0x78:
            return _bare(wire, dns.rcode.NOTIMP)
        if wire[4:6] != b"\0\x01" or len(wire) > MAX_REQUEST:
            return _bare(wire, dns.rcode.FORMERR)
        end = 12 + len(self._apex)
        if wire[12:end].lower() != self._apex or wire[end + 2:end + 4] != b"\0\x01":
            return _bare(wire, dns.rcode.REFUSED)
        try:
            parsed = dns.message.from_wire(wire, keyring=self._keyring)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm):
            return self._not_auth(wire, dns.rcode.BADKEY)
        except dns.tsig.BadTime:
            return self._not_auth(wire, dns.rcode.BADTIME)
        except (dns.tsig.BadSignature, dns.tsig.PeerError):
            return self._not_auth(wire, dns.rcode.BADSIG)
        except Exception:  # what a parser makes of hostile bytes is not a closed list
            return _bare(wire, dns.rcode.FORMERR)
        return self._allowed(parsed, wire[12:end + 4], address)

    def _allowed(self, parsed: dns.message.Message, question: bytes, address: str) -> Request | Refusal:
        signer, client = None, address
        if parsed.had_tsig:
            assert parsed.keyname is not None
            key = self._keys[parsed.keyname]
            signer, client = Signer(key, parsed.mac or b""), key.name
        rdtype = int.from_bytes(question[-4:-2], "big")
        request = Request(parsed.id, question, rdtype, client, parsed.edns >= 0, _soa_serial(parsed), signer)
        if signer is None and not self._is_trusted(address):
            return Refusal(request.refusal(dns.rcode.REFUSED), dns.rcode.REFUSED)
        if rdtype == dns.rdatatype.IXFR and request.serial is None:
            return Refusal(request.refusal(dns.rcode.FORMERR), dns.rcode.FORMERR)
        return request

    def _is_trusted(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return any(ip.version == network.version and ip in network for network in self._trusted)

    def _not_auth(self, wire: bytes, error: int) -> Refusal:
        """Answer NOTAUTH as RFC 8945 §5.2 wants it: BADTIME signed, the others not."""
        try:
            unchecked = dns.message.from_wire(wire, keyring=False)
        except Exception:  # sound up to its TSIG, not behind it
            return _bare(wire, dns.rcode.FORMERR)
        rdata = unchecked.tsig[0] if unchecked.tsig is not None else None
        assert isinstance(rdata, dns.rdtypes.ANY.TSIG.TSIG)
        assert unchecked.keyname is not None
        end = 12 + len(self._apex) + 4
        message = struct.pack(">HHHHHH", unchecked.id, 0x8000 | dns.rcode.NOTAUTH, 1, 0, 0, 0) + wire[12:end]
        if error == dns.rcode.BADTIME:
            signer = Signer(self._keys[unchecked.keyname], rdata.mac)
            return Refusal(signer.sign(message, error=error, at=rdata.time_signed), dns.rcode.NOTAUTH)
        owner = unchecked.keyname.to_digestable()
        algorithm = rdata.algorithm.to_digestable()
        return Refusal(unsigned_error(message, owner, algorithm, error), dns.rcode.NOTAUTH)


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
