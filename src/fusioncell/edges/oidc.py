"""Asks a web service that the operators have named (an identity provider), without being led inside by it.

1. The service's own origin (scheme, host, port) is allowed wherever it is, also inside: an operator has written it
   into the settings. Plain http is taken from loopback alone.
2. Every other origin that it names (its token endpoint, its keys) is https, and a public address: checked and pinned
   as in ``fetch``.
3. No redirect is followed; size and time are bounded; proxies of the environment are not used.

The HTTP client is loaded on first use: every command joins the edges, and few ask a provider.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fusioncell.kernel.errors import NotAllowed, Unavailable

if TYPE_CHECKING:
    import httpx

    from fusioncell.edges.fetch import Resolve

SECONDS = 10.0
MAX_BYTES = 262_144
_HINT = "Sign in another way (a passkey, a password, a recovery code), or try again later."


class HttpService:
    """The port ``WebService`` over HTTP. ``home``: an address of the service, whose origin is allowed."""

    def __init__(self, home: str, resolve: Resolve | None = None,
                 transport: httpx.BaseTransport | None = None) -> None:
        self._home, self._resolve, self._transport = _origin(home), resolve, transport

    def get(self, url: str) -> bytes:
        """Return what stands at an address. Raises Unavailable, NotAllowed, BadInput."""
        return self._ask("GET", url)

    def post(self, url: str, fields: Mapping[str, str], user: str, secret: str) -> bytes:
        """Send a form, with HTTP Basic credentials where there is a secret (RFC 6749 §2.3.1). Raises as :meth:`get`."""
        import httpx

        # Both are form-encoded first, as the RFC wants it.
        auth = httpx.BasicAuth(quote(user, safe=""), quote(secret, safe="")) if secret else None
        return self._ask("POST", url, fields, auth)

    def _ask(self, method: str, url: str, fields: Mapping[str, str] | None = None,
             auth: httpx.BasicAuth | None = None) -> bytes:
        import httpx

        where, host = self._checked(url)
        headers = {"Host": urlsplit(url).netloc.rpartition("@")[2], "Accept": "application/json",
                   "Accept-Encoding": "identity", "User-Agent": "fusioncell"}
        try:
            with (
                httpx.Client(timeout=SECONDS, trust_env=False, transport=self._transport) as client,
                client.stream(method, where, headers=headers, data=fields, auth=auth,
                              extensions={"sni_hostname": host}) as answer,
            ):
                if answer.status_code != 200:
                    raise Unavailable(f"the identity provider answered {answer.status_code}", hint=_HINT)
                return _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            raise Unavailable("the identity provider does not answer", hint=_HINT) from None

    def _checked(self, url: str) -> tuple[httpx.URL, str]:
        """Return the address to connect to and the host's name. Raises NotAllowed, BadInput, Unavailable."""
        import httpx

        from fusioncell.edges.fetch import checked_address, resolve_name

        origin = _origin(url)
        if origin == self._home:
            if origin[0] != "https" and not _is_loopback(origin[1]):
                raise NotAllowed("an identity provider is asked by https", hint="Mend the setting oidc_issuer.")
            return httpx.URL(url), origin[1]
        if origin[0] != "https":
            raise NotAllowed("the identity provider names an address without https", hint=_HINT)
        scheme, host, port, address = checked_address(url, self._resolve or resolve_name)
        parts = httpx.URL(url)
        return httpx.URL(scheme=scheme, host=address.partition("%")[0], port=port,
                         raw_path=parts.raw_path or b"/"), host


def _bounded(answer: httpx.Response) -> bytes:
    body = b""
    for chunk in answer.iter_raw(65_536):
        body += chunk
        if len(body) > MAX_BYTES:
            raise Unavailable("the identity provider's answer is too long", hint=_HINT)
    return body


def _origin(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", "", 0


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
