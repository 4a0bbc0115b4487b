"""Who is asking: from key, session or the local note to a Viewer; and whether the door opens.

* ``Authorization: Bearer KEY`` on any door; a wrong key is refused, never treated as nobody.
* The session cookie on pages and API alike; a change by cookie needs the form's or header's CSRF token.
* ``Authorization: Local TOKEN``: a command on this machine, by the token in the data folder (mode 0600), for one
  organisation; taken from loopback alone.

Every door declares a permission (a test walks them all); ``public`` is open to everyone. Who is known, but of an
organisation that has not accepted the terms, reaches ``public`` doors, their account and the terms.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound, NotSignedIn, UnsupportedMedia
from fusioncell.kernel.marking import PUBLIC, Viewer
from fusioncell.members import TermsDue
from fusioncell.web.describe import rename_cursor
from fusioncell.web.problems import wants_page
from fusioncell.web.refusals import refusal

COOKIE = "fc_session"
CSRF_HEADER = "X-CSRF-Token"
BEFORE_TERMS = ("/account", "/terms", "/api/account", "/api/terms")
"""Where doors of ``read`` stand open to who is known, but of an organisation that has not accepted the terms."""
MISP = "/misp"
TAXII = "/taxii2"
ALSO = {b"x-misp-auth": MISP, b"x-api-key": TAXII}
"""Headers beside Authorization that carry a key, each at one door."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COUNTED = re.compile(r"utm_[a-z_]{1,30}|(?:fb|g|dc|tw|y|tt)clid|msclkid|gad_source|igshid|_gl|_hsenc|_hsmi|mc_[ce]id")
"""What mail programs and networks add to links to count who follows them. A page passes it over, and reads none of it;
any other parameter that it does not know is refused there too, or a mistyped filter would show all.
"""
SETTLED = "/api/shield/"
"""Doors whose changes build on one another, by several people within a second: each answers once its change is
projected, so that the next one finds it."""
LONGEST_WAIT, _TICK = 3.0, 0.005
"""Seconds that such an answer waits at most, and between two looks."""
VISITED = frozenset({"public", "read", "search", "stream"})
"""What opens to visitors, and to guests of a group; any other door opens to guests where it says so (``guests``)."""


class Access:
    """Middleware: puts ``viewer``, ``look`` and ``session`` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise the party, then pass the request on."""
        if scope["type"] == ScopeType.HTTP:
            state: Any = scope.setdefault("state", {})
            look = recognise_party(scope["litestar_app"].state.hub, scope, state)
            viewer = look()
            state["refused"] = viewer is None
            state["viewer"] = viewer if viewer is not None else PUBLIC
            state["look"] = look
            if scope["method"] not in SAFE and scope["path"].startswith(SETTLED):
                send = _once_projected(scope["litestar_app"].state.hub, send)
        await self._app(scope, receive, send)


def _once_projected(hub: Hub, send: Send) -> Send:
    """Return what sends an answer to a change once what was kept by then is projected; never for long."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            seq, waited = (await sync_to_thread(hub.record.head))[0], 0.0
            while hub.river.lag(seq) > 0 and waited < LONGEST_WAIT:
                await asyncio.sleep(_TICK)
                waited += _TICK
        await send(message)

    return sent


def recognise_party(hub: Hub, scope: Any, state: dict[str, Any]) -> Callable[[], Viewer | None]:
    """Return how to look who asks, now and again later; puts the session's token into ``state``."""
    return _Party(hub).look_for(scope, state)


class _Party:
    """Reads the credentials of one request."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def look_for(self, scope: Scope, state: dict[str, Any]) -> Callable[[], Viewer | None]:
        state["session"] = ""
        members = self._hub.members
        authorization = cookie = organisation = ""
        for name, value in scope["headers"]:
            if name == b"authorization" or (name in ALSO and scope["path"].startswith(ALSO[name])):
                # Of two, a proxy may have looked at the one and the hub at the other: then none counts.
                authorization = "several" if authorization else value.decode("latin-1")
            elif name == b"cookie":
                cookie = value.decode("latin-1")
            elif name == b"x-fusioncell-organisation":
                organisation = value.decode("utf-8", "replace")
        if scope["path"].startswith(MISP):
            # MISP's clients send the bare key, its feed's readers Basic or Bearer; no cookie opens this door.
            keys = keys_in(authorization)
            return lambda: next(filter(None, map(members.viewer_for_key, keys)), None) if authorization else PUBLIC
        if scope["path"].startswith(TAXII):
            keys = keys_in(authorization)
            return lambda: next(filter(None, map(members.viewer_for_key, keys)), None) if authorization else PUBLIC
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return lambda: members.viewer_for_key(secret.strip())
        if scheme.lower() == "local":
            local = self._is_local(scope, secret.strip())
            return lambda: members.operator_viewer(organisation or None) if local else None
        if authorization:
            return lambda: None
        token = _session_of(cookie)
        if not token:
            return lambda: PUBLIC
        state["session"] = token
        # A session that has ended makes a visitor, not an error: the page then asks to sign in.
        return lambda: members.viewer_for_session(token) or PUBLIC

    def _is_local(self, scope: Scope, token: str) -> bool:
        client = scope.get("client")
        if client is None or not self._hub.local_token:
            return False
        try:
            loopback = ipaddress.ip_address(client[0]).is_loopback
        except ValueError:
            return False
        return loopback and hmac.compare_digest(token.encode(), self._hub.local_token.encode())


def keys_in(authorization: str) -> list[str]:
    """Return what may be the key in a header of a standard's client: Basic (as password, or as user), Token, Bearer,
    or the key alone. No cookie opens such a door.
    """
    scheme, _, secret = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return [secret.strip() if scheme.lower() in ("bearer", "token", "apikey") else authorization.strip()]
    try:
        user, _, password = b64decode(secret.strip(), validate=True).decode().partition(":")
    except ValueError:
        return []
    return [password, user]


def _session_of(cookie: str) -> str:
    if not cookie:
        return ""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(cookie)
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def awaits_terms(viewer: Viewer) -> bool:
    """Tell whether the viewer is known, but of an organisation that has not accepted the terms."""
    return viewer.org is not None and not viewer.member and not viewer.guest


def may_enter(viewer: Viewer, permission: str, *, hubs: bool = False) -> bool:
    """Tell whether a door with this permission opens. A visitor reads what is CLEAR; anything more needs a key.

    ``hubs``: it is one of federation; to another hub no other opens.
    """
    if viewer.may("federate"):
        return permission == "public" or (hubs and viewer.may(permission))
    if awaits_terms(viewer):
        return permission == "public"
    return (
        permission == "public"
        or viewer.may(permission)
        or (permission in VISITED and not viewer.member)
    )


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Open the door or refuse: the permission that the handler declares, CSRF on changes, no unknown parameters."""
    state = connection.scope["state"]
    viewer: Viewer = state["viewer"]
    permission = handler.opt.get("permission")
    if permission is None:
        raise NotAllowed("this door declares no permission")
    if state["refused"]:
        raise NotSignedIn("this key is not valid here", hint="It may have ended or been revoked; ask for a new one.")
    if handler.opt.get("absent"):
        raise NotFound("there is no such door", hint="The OpenAPI description is at /api/openapi.json.")
    if awaits_terms(viewer):
        own = connection.scope["path"].startswith(BEFORE_TERMS) and (permission == "read" or viewer.may(permission))
        if permission != "public" and not own:
            raise TermsDue
    elif viewer.guest and permission not in VISITED and not handler.opt.get("guests"):
        raise NotAllowed("this is for members of the partnership", hint="As a guest you read and write in your group.")
    elif not may_enter(viewer, permission, hubs=bool(handler.opt.get("hubs"))):
        if viewer.member or viewer.may("federate"):
            said, hint = refusal(permission)
            raise NotAllowed(said, hint=hint)
        raise NotSignedIn("sign in, or send a key", hint="Authorization: Bearer KEY")
    _check_csrf(connection, handler)
    _check_encoding(connection)
    _known_parameters(connection, handler)


def _check_csrf(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a change by cookie that does not carry its session's token.

    A browser sends the cookie along with what another site makes it send, but not this header. Forms of our own pages
    (``opt={"form": True}``) carry the token as a field and check it themselves; keys need none.
    """
    session: str = connection.scope["state"]["session"]
    if not session or connection.scope.get("method", "GET") in SAFE or handler.opt.get("form"):
        return
    if not csrf_ok(connection.app.state.hub, session, connection.headers.get(CSRF_HEADER, "")):
        raise NotAllowed("a change by session carries its token", hint=f"Send it as {CSRF_HEADER}, or use an API key.")


def _check_encoding(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse a compressed body: it is not unpacked, so it would be read as something that it is not (RFC 9110 §8.4)."""
    encoding = connection.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia(f"Content-Encoding {encoding[:40]!r} is not taken", hint="Send the body uncompressed.")


def _known_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    allowed = handler.opt.get("query")
    if allowed is None or not connection.scope["query_string"]:
        return
    if "cursor" in handler.opt and b"cursor" in connection.scope["query_string"]:
        rename_cursor(connection.scope, handler.opt["cursor"])
    counted = connection.scope.get("method") in SAFE and wants_page(connection)
    for name in connection.query_params:
        if name not in allowed and not (counted and COUNTED.fullmatch(name)):
            raise BadInput(
                f"unknown parameter {name[:60]!r}",
                hint=f"This door knows: {', '.join(sorted(allowed)) or 'none'}.",
                place=name[:60],
            )


def csrf_ok(hub: Hub, session: str, given: str) -> bool:
    """Tell whether a change by session carries the session's own token."""
    return bool(session) and hub.members.csrf_matches(session, given)
