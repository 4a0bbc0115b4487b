"""Fetch an address of the outside world, without being led inside (server-side request forgery).

1. Only http and https, without credentials in the address.
2. The name is resolved once; every address it has must be a public one, also behind IPv4-mapped, 6to4, NAT64 and
   Teredo forms.
3. The connection goes to the very address that was checked (a second look-up could answer another); TLS still
   verifies the name.
4. Each redirect starts again at 1; there are at most five, and none from https to http.
5. Size and time are bounded; proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from fusioncell.kernel.errors import BadInput, NotAllowed, TooLarge, Unavailable

MAX_REDIRECTS = 5
MAX_SECONDS = 120.0
CONNECT_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")

Resolve = Callable[[str, int], Sequence[str]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the bytes (as stored, gzip not undone), the media type, a file name out of the last address."""

    url: str
    body: bytes
    media_type: str
    filename: str


def inner_addresses(address: Address) -> list[Address]:
    """Return the address and those that it carries inside (IPv4-mapped and -compatible, 6to4, NAT64, Teredo)."""
    found: list[Address] = [address]
    if isinstance(address, ipaddress.IPv6Address):
        low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.ipv4_mapped is not None:
            # The mapped form is only another spelling of the IPv4 address.
            return [address.ipv4_mapped]
        if address.sixtofour is not None:
            found.append(address.sixtofour)
        if address.teredo is not None:
            found += address.teredo
        if address in _NAT64 or int(address) >> 32 == 0:
            found.append(low)
    return found


def is_public(text: str) -> bool:
    """Tell whether an address is one of the public Internet, and carries none inside that is not."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(one) for one in inner_addresses(address))


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback:
        # For IPv6 is_reserved covers most of what is not assigned; NAT64 is judged by what it carries.
        return address in _NAT64 if address.version == 6 and not address.is_multicast else False
    if address.is_link_local or address.is_private or getattr(address, "is_site_local", False):
        return False
    return address.is_global and not (address.version == 6 and address in _NAT64_LOCAL)


def resolve_name(host: str, port: int) -> list[str]:
    """Return the addresses of a name by the system's resolver. Raises Unavailable."""
    try:
        return list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError) as fault:
        raise Unavailable(f"the name {host[:120]!r} cannot be resolved: {fault}", hint="Check the address.") from None


def checked_address(url: str, resolve: Resolve, allowed: frozenset[str] = frozenset()) -> tuple[str, str, int, str]:
    """Return (scheme, host, port, address to connect to) of a URL. Raises BadInput, NotAllowed, Unavailable.

    ``allowed``: hosts, in lower case, that may be inside.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(f"{url[:200]!r} is no address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(f"{url[:200]!r} is no web address", hint="Only http:// and https:// are fetched.")
    if parts.username is not None or parts.password is not None:
        raise BadInput("an address with a user name in it is not fetched", hint="Download it, then import the file.")
    port = port or (443 if parts.scheme == "https" else 80)
    addresses = list(resolve(host, port))
    if not addresses:
        raise Unavailable(f"the name {host[:120]!r} has no address", hint="Check the address.")
    for address in addresses:
        if not is_public(address) and host not in allowed:
            raise NotAllowed(
                f"{host[:120]} is not on the public Internet ({address})",
                hint="Addresses inside are never fetched. Download it yourself, then import the file.",
            )
    return parts.scheme, host, port, addresses[0]


def fetch(
    url: str, limit: int, *, resolve: Resolve = resolve_name, transport: httpx.BaseTransport | None = None
) -> Fetched:
    """Fetch a URL, at most ``limit`` bytes. Raises BadInput, NotAllowed, TooLarge, Unavailable."""
    until = time.monotonic() + MAX_SECONDS
    with httpx.Client(
        timeout=httpx.Timeout(30.0, connect=CONNECT_SECONDS),
        trust_env=False,
        follow_redirects=False,
        transport=transport,
    ) as client:
        for _ in range(MAX_REDIRECTS + 1):
            scheme, host, port, address = checked_address(url, resolve)
            onward, fetched = _once(client, url, (scheme, host, port, address), limit, until)
            if fetched is not None:
                return fetched
            if scheme == "https" and urlsplit(onward).scheme != "https":
                raise NotAllowed(
                    "a redirect leads from https to http", hint="Download it yourself, then import the file."
                )
            url = onward
    raise Unavailable(f"more than {MAX_REDIRECTS} redirects", hint="Give the address that they lead to.")


def _once(
    client: httpx.Client, url: str, place: tuple[str, str, int, str], limit: int, until: float
) -> tuple[str, Fetched | None]:
    """Ask once; returns (where a redirect leads, None) or ("", what came)."""
    scheme, host, port, address = place
    parts = urlsplit(url)
    shown = f"[{host}]" if ":" in host else host
    default = port == (443 if scheme == "https" else 80)
    pinned = httpx.URL(
        scheme=scheme, host=address.partition("%")[0], port=port, raw_path=httpx.URL(url).raw_path or b"/"
    )
    headers = {
        "Host": shown if default else f"{shown}:{port}",
        "Accept-Encoding": "identity",
        "User-Agent": "fusioncell",
        "Accept": "*/*",
    }
    try:
        with client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": host}) as answer:
            if answer.is_redirect:
                return urljoin(url, answer.headers.get("location", "")), None
            if answer.status_code != 200:
                raise Unavailable(
                    f"{url[:200]} answered {answer.status_code}", hint="Try again later, or check the address."
                )
            body = _read(answer, limit, until)
    except httpx.HTTPError as fault:
        raise Unavailable(
            f"{url[:200]} cannot be fetched: {fault or type(fault).__name__}",
            hint="Try again later, or check the address.",
        ) from None
    except (httpx.InvalidURL, UnicodeError):
        raise BadInput(f"{url[:200]!r} is no address") from None
    filename = unquote(parts.path.rpartition("/")[2])[-200:]
    return "", Fetched(url, body, answer.headers.get("content-type", ""), filename)


def _read(answer: httpx.Response, limit: int, until: float) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip", "x-gzip"):
        raise Unavailable("the answer is encoded in a way that was not asked for")
    chunks, size = [], 0
    for chunk in answer.iter_raw(65_536):
        size += len(chunk)
        if size > limit:
            raise TooLarge(
                f"the answer is over {limit:,} bytes", hint="Download it and split it, or raise max_body_mb."
            )
        if time.monotonic() > until:
            raise Unavailable(f"the answer took over {MAX_SECONDS:.0f} s", hint="Download it, then import the file.")
        chunks.append(chunk)
    return b"".join(chunks)
