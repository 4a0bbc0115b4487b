"""Posts to addresses that organisations named, without being led inside: by the guard of ``edges/fetch.py``.

A name is resolved once, all its addresses must be public, and the connection goes to the very address that was checked;
TLS verifies the name; no redirect is followed. Hosts that the operator names (``webhook_allow``) may be inside and may
be called without TLS. What is told of a failure names no address inside. A call as a whole ends in time: a server that
sends byte by byte would else hold up the deliveries of all others.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from fusioncell.edges.fetch import Resolve, checked_address, is_public, resolve_name
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed

SECONDS = 10.0
"""For each step of a call."""
IN_ALL = 30.0
"""For a whole call."""
_INSIDE = "is not on the public Internet"


class HttpCaller:
    """The port ``exchange.hooks.model.Caller``. ``allow``: names of hosts that may be inside, and without TLS."""

    def __init__(self, allow: Iterable[str] = (), *, resolve: Resolve = resolve_name,
                 transport: httpx.BaseTransport | None = None) -> None:
        self._allow = frozenset(name.strip().lower() for name in allow if name.strip())
        self._resolve, self._transport = resolve, transport

    def check(self, url: str) -> None:
        """Refuse what can never be called (see the port)."""
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            raise BadInput(f"{url[:200]!r} is no address", place="url") from None
        if host in self._allow:
            return
        if urlsplit(url).scheme != "https":
            raise BadInput("a webhook's address begins with https://", hint="What it carries is not for all to read.",
                           place="url")  # fmt: skip
        try:
            ipaddress.ip_address(host)
        except ValueError:
            if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host:
                raise NotAllowed(f"{host[:120]} {_INSIDE}", place="url") from None
            return
        if not is_public(host):
            raise NotAllowed(f"{host[:120]} {_INSIDE}", place="url")

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Post once (see the port)."""
        try:
            self.check(url)
            return self._post(url, body, headers)
        except NotAllowed:
            return 0, f"the address {_INSIDE}"
        except FusionCellError as fault:
            return 0, fault.detail
        except httpx.TimeoutException:
            return 0, f"no answer within {SECONDS:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as fault:
            return 0, f"no answer: {type(fault).__name__}"

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        scheme, host, port, address = checked_address(url, self._resolve, self._allow)
        shown = f"[{host}]" if ":" in host else host
        default = port == (443 if scheme == "https" else 80)
        pinned = httpx.URL(scheme=scheme, host=address.partition("%")[0], port=port,
                           raw_path=httpx.URL(url).raw_path or b"/")
        named = {"Host": shown if default else f"{shown}:{port}", "User-Agent": "fusioncell", **headers}
        with (
            _cut_off(IN_ALL) as trace,
            httpx.Client(timeout=SECONDS, trust_env=False, follow_redirects=False, transport=self._transport) as client,
            client.stream("POST", pinned, content=body, headers=named,
                          extensions={"sni_hostname": host, "trace": trace}) as answer,
        ):
            # What else the answer says is not read.
            code = answer.status_code
        return code, "" if 200 <= code < 300 else f"answered {code}"


@contextmanager
def _cut_off(seconds: float) -> Iterator[Any]:
    """Give the client's ``trace`` that learns of the connection; cut that off when the time is over.

    A second handle on the socket is shut down, so that the thread that waits in it wakes with a broken connection.
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
