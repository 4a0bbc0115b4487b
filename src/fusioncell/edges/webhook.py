"""Posts to addresses that organisations named, without being led inside: by the guard of ``edges/fetch.py``.

A name is resolved once, all its addresses must be public, and the connection goes to the very address that was checked;
TLS verifies the name; no redirect is followed. Hosts that the operator names (``webhook_allow``) may be inside and may
be called without TLS. What is told of a failure names no address inside. A call as a whole ends in time: a server that
sends byte by byte would else hold up the deliveries of all others.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fusioncell.edges.fetch import Resolve, checked_address, cut_off, is_public, pinned, resolve_name
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed

if TYPE_CHECKING:
    import httpx

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
        import httpx

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
        import httpx

        place = checked_address(url, self._resolve, self._allow)
        where, named, extensions = pinned(url, place, headers)
        with (
            cut_off(IN_ALL) as trace,
            httpx.Client(timeout=SECONDS, trust_env=False, follow_redirects=False, transport=self._transport) as client,
            client.stream("POST", where, content=body, headers=named,
                          extensions={**extensions, "trace": trace}) as answer,
        ):
            # What else the answer says is not read.
            code = answer.status_code
        return code, "" if 200 <= code < 300 else f"answered {code}"
