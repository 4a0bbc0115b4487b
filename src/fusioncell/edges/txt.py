"""TXT records, looked up by a resolver: the proofs that organisations publish for their domains."""

from __future__ import annotations

from fusioncell.kernel.errors import Unavailable

SECONDS = 5.0
"""What one look-up may take, with all its tries."""
_MOST = 100
"""TXT records of one name that are read."""


class TxtResolver:
    """Looks TXT records up. ``servers``: ``host:port`` of a resolver, comma-separated; "" for the machine's own."""

    def __init__(self, servers: str = "", seconds: float = SECONDS) -> None:
        self._servers = [part.strip().rpartition(":") for part in servers.split(",") if part.strip()]
        self._seconds = seconds

    def look_up(self, name: str) -> list[str]:
        """Return the texts of a name's TXT records, their strings joined (RFC 7208 §3.3); none where there are none.

        Raises Unavailable where no resolver answers in time, or one answers with a failure.
        """
        # Here, because it is asked for once in a while, and takes 3 MB.
        import dns.exception
        import dns.resolver

        try:
            resolver = dns.resolver.Resolver(configure=not self._servers)
            if self._servers:
                resolver.nameservers = [host.strip("[]") for host, _, _ in self._servers]
                resolver.port = int(self._servers[0][2])
            answer = resolver.resolve(name, "TXT", lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (OSError, ValueError, dns.exception.DNSException) as fault:
            raise Unavailable(f"no answer for {name}: {type(fault).__name__}", hint="Try again later.") from None
        return [b"".join(each.strings).decode("utf-8", "replace") for each in list(answer)[:_MOST]]
