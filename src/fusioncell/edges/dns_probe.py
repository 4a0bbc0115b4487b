"""Ask a name server for a zone's SOA: is it there, and which serial does it serve?"""

from __future__ import annotations

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from fusioncell.kernel.errors import Unavailable


def zone_serial(host: str, port: int, zone: str, seconds: float = 2.0) -> int:
    """Return the serial that a server answers for a zone, over UDP. Raises Unavailable."""
    question = dns.message.make_query(zone, dns.rdatatype.SOA)
    try:
        answer = dns.query.udp(question, host, timeout=seconds, port=port)
    except (OSError, dns.exception.DNSException) as fault:
        raise Unavailable(f"{host}:{port} does not answer: {fault}") from None
    for rrset in answer.answer:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(rrset[0].serial)
    raise Unavailable(f"{host}:{port} does not serve {zone}")
