"""Fetch an address of the outside world, without being led inside (server-side request forgery).

1. Only http and https, without credentials in the address.
2. The name is resolved once; every address it has must be a public one, also behind IPv4-mapped, 6to4, NAT64 and
   Teredo forms.
3. The connection goes to the very address that was checked (a second look-up could answer another); TLS still
   verifies the name.
4. Each redirect starts again at 1; there are at most five, and none from https to http. What the operators allow inside
   is allowed to the host that they wrote down, and not to one that a server elsewhere redirects to.
5. Ports on which other protocols listen are not spoken to (WHATWG Fetch, "port blocking").
6. Credentials are sent to the origin that they are for, and not on to where it redirects.
7. Size and time are bounded, a call as a whole too; proxies of the environment are not used.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from fusioncell.kernel.errors import BadInput, NotAllowed, TooLarge, Unavailable
from fusioncell.kernel.ports import WebAnswer

if TYPE_CHECKING:
    import httpx
# Elsewhere it is imported where it is used: a hub that fetches nothing does not carry it (8 MB).

MAX_REDIRECTS = 5
MAX_SECONDS = 120.0
CONNECT_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")

BLOCKED_PORTS = frozenset((
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
))  # fmt: skip
"""WHATWG Fetch §2.9, and those of two caches that take commands from anyone who can make a line."""

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
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    if port in BLOCKED_PORTS:
        raise NotAllowed(f"port {port} is not one of the web", hint="Other protocols listen there. Check the address.")
    addresses = list(resolve(host, port))
    if not addresses:
        raise Unavailable(f"the name {host[:120]!r} has no address", hint="Check the address.")
    for address in addresses:
        if not is_public(address) and host not in allowed:
            raise NotAllowed(
                f"{host[:120]} is not on the public Internet ({address})",
                hint="Nothing inside is fetched. For a feed, operators can name the host in the setting feed_allow; "
                "else download it yourself, then import the file.",
            )
    return parts.scheme, host, port, addresses[0]


def pinned(
    url: str, place: tuple[str, str, int, str], headers: Mapping[str, str]
) -> tuple[httpx.URL, dict[str, str], dict[str, Any]]:
    """Return the address to connect to, the headers and the extensions with which ``place`` is asked by its name."""
    import httpx

    scheme, host, port, address = place
    shown = f"[{host}]" if ":" in host else host
    default = port == (443 if scheme == "https" else 80)
    where = httpx.URL(
        scheme=scheme, host=address.partition("%")[0], port=port, raw_path=httpx.URL(url).raw_path or b"/"
    )
    named = {"Host": shown if default else f"{shown}:{port}", "User-Agent": "fusioncell", **headers}
    return where, named, {"sni_hostname": host}


def fetch(
    url: str, limit: int, *, resolve: Resolve = resolve_name, transport: httpx.BaseTransport | None = None
) -> Fetched:
    """Fetch a URL, at most ``limit`` bytes. Raises BadInput, NotAllowed, TooLarge, Unavailable."""
    answer = Reader(resolve=resolve, transport=transport).get(url, {"Accept-Encoding": "identity"}, limit)
    if answer.status != 200:
        raise Unavailable(f"{answer.url[:200]} answered {answer.status}", hint="Try again later, or check the address.")
    filename = unquote(urlsplit(answer.url).path.rpartition("/")[2])[-200:]
    return Fetched(answer.url, answer.body, answer.headers.get("content-type", ""), filename)


class Reader:
    """The port ``kernel.ports.WebReader``. ``allow``: names of hosts that may be inside."""

    def __init__(self, allow: Iterable[str] = (), *, resolve: Resolve = resolve_name,
                 transport: httpx.BaseTransport | None = None) -> None:
        self._allow = frozenset(name.strip().lower() for name in allow if name.strip())
        self._resolve, self._transport = resolve, transport

    def is_inner(self, url: str) -> bool:
        """Tell whether the operators allow this address inside (see the port)."""
        try:
            return (urlsplit(url).hostname or "").lower() in self._allow
        except ValueError:
            return False

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], limit: int,
             secret: Mapping[str, str] | None = None) -> WebAnswer:  # fmt: skip
        """Send a body, following no redirect (see the port)."""
        import httpx

        until = time.monotonic() + MAX_SECONDS
        _origin(url)
        trusted = self._allow & {(urlsplit(url).hostname or "").lower()}
        with (
            cut_off(MAX_SECONDS) as trace,
            httpx.Client(timeout=httpx.Timeout(60.0, connect=CONNECT_SECONDS), trust_env=False, follow_redirects=False,
                         transport=self._transport) as client,
        ):
            place = checked_address(url, self._resolve, trusted)
            sent = {"Accept": "*/*", **headers, **(secret or {})}
            onward, answer = _once(client, url, (place, sent, trace), limit, until, method, body)
            return answer if answer is not None else WebAnswer(url, 302, {"location": onward}, b"")

    def get(self, url: str, headers: Mapping[str, str], limit: int, secret: Mapping[str, str] | None = None
            ) -> WebAnswer:
        """Get an address, following redirects (see the port)."""
        import httpx

        until = time.monotonic() + MAX_SECONDS
        home, trusted = _origin(url), self._allow & {(urlsplit(url).hostname or "").lower()} if url else frozenset()
        with (
            cut_off(MAX_SECONDS) as trace,
            httpx.Client(timeout=httpx.Timeout(30.0, connect=CONNECT_SECONDS), trust_env=False, follow_redirects=False,
                         transport=self._transport) as client,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                place = checked_address(url, self._resolve, trusted)
                sent = {"Accept": "*/*", **headers, **(secret if secret and _origin(url) == home else {})}
                onward, answer = _once(client, url, (place, sent, trace), limit, until)
                if answer is not None:
                    return answer
                if place[0] == "https" and urlsplit(onward).scheme != "https":
                    raise NotAllowed(
                        "a redirect leads from https to http", hint="Download it yourself, then import the file."
                    )
                url = onward
        raise Unavailable(f"more than {MAX_REDIRECTS} redirects", hint="Give the address that they lead to.")


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(f"{url[:200]!r} is no address") from None


def _once(
    client: httpx.Client, url: str, asked: tuple[tuple[str, str, int, str], dict[str, str], Any], limit: int,
    until: float, method: str = "GET", content: bytes = b"",
) -> tuple[str, WebAnswer | None]:
    """Ask once; returns (where a redirect leads, None) or ("", what came)."""
    import httpx

    place, sent, trace = asked
    try:
        where, headers, extensions = pinned(url, place, sent)
        with client.stream(method, where, headers=headers, content=content or None,
                           extensions={**extensions, "trace": trace}) as answer:  # fmt: skip
            if answer.has_redirect_location:
                return urljoin(url, answer.headers.get("location", "")), None
            body = _read(answer, limit, until)
    except httpx.HTTPError as fault:
        raise Unavailable(
            f"{url[:200]} cannot be fetched: {fault or type(fault).__name__}",
            hint="Try again later, or check the address.",
        ) from None
    except (httpx.InvalidURL, UnicodeError):
        raise BadInput(f"{url[:200]!r} is no address") from None
    return "", WebAnswer(url, answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


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


@contextmanager
def cut_off(seconds: float) -> Iterator[Any]:
    """Give the client's ``trace`` that learns of connections; cut them off when the time is over.

    A server that sends byte by byte would else hold up all others. A second handle on the socket is shut down, so that
    the thread that waits in it wakes with a broken connection.
    """
    handles: list[socket.socket] = []
    lock = threading.Lock()

    def cut() -> None:
        with lock:
            for handle in handles:
                try:
                    handle.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it has ended by itself

    def trace(name: str, info: dict[str, Any]) -> None:
        if name == "connection.connect_tcp.complete":
            connected = info["return_value"].get_extra_info("socket")
            with lock:
                handles.append(socket.socket(fileno=os.dup(connected.fileno())))

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield trace
    finally:
        timer.cancel()
        with lock:
            while handles:
                handles.pop().close()
