"""Posts to addresses that organisations named, without being led inside: by the guard of ``edges/fetch.py``.

A name is resolved once, all its addresses must be public, and the connection goes to the very address that was checked;
TLS verifies the name; no redirect is followed. Hosts that the operator names (``webhook_allow``) may be inside and may
be called without TLS. What is told of a failure names no address inside.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from fusioncell.edges.fetch import Resolve, checked_address, is_public, resolve_name
from fusioncell.kernel.errors import BadInput, FusionCellError, NotAllowed

SECONDS = 10.0
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
            httpx.Client(timeout=SECONDS, trust_env=False, follow_redirects=False, transport=self._transport) as client,
            client.stream("POST", pinned, content=body, headers=named, extensions={"sni_hostname": host}) as answer,
        ):
            # What else the answer says is not read.
            code = answer.status_code
        return code, "" if 200 <= code < 300 else f"answered {code}"
