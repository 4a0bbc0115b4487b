"""The express lane: what is asked most, ahead of the framework, whose layers took a third of a request.

1. It takes what is plain: ``GET /api/observables/TYPE/VALUE`` with one key and neither query, body nor cookie; the
   pages of TAXII collections that are at hand, which is nearly all that pollers ask; and MISP's searches, by which its
   clients look values up, with one key and a body that is not large.
2. It answers where the key's holder may do what the door declares: the assessment, or that nothing is to be seen; the
   page; what the search finds.
3. All else it hands on untouched to the door behind it, what it failed at as well. So it refuses no one and explains
   no mistake: that stays in one place, and the two answer alike (``tests/flow/test_express.py``).
"""

from __future__ import annotations

import logging
from typing import Any, NamedTuple
from urllib.parse import unquote

from litestar.concurrency import sync_to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp.door import routes as misp_routes
from fusioncell.exchange.taxii import routes as taxii_routes
from fusioncell.exchange.taxii.model import MEDIA, Page
from fusioncell.fusion import routes as fusion_routes
from fusioncell.kernel.errors import BadInput, FusionCellError, NotFound
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.web import problems
from fusioncell.web.access import keys_in, may_enter

_PATH = b"/api/observables/"
_NOT_PLAIN = frozenset({b"cookie", b"content-encoding", b"content-length", b"transfer-encoding"})
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in problems.HEADERS.items()]
_FOUND = [(b"content-type", b"application/json"), *_HEADERS]
_TAXII = [(b"content-type", MEDIA.encode()), *_HEADERS]
_PAGED = frozenset({"objects", "manifest"})
_NOT_SEARCH = frozenset({b"content-encoding", b"transfer-encoding", b"x-misp-auth", b"if-none-match"})
_NOT_TAXII = (_NOT_PLAIN - {b"cookie"}) | {b"x-api-key"}
_SEARCHES = frozenset({b"/misp/attributes/restSearch", b"/misp/events/restSearch"})
_LONGEST_SEARCH = 1 << 20
"""Bytes of a search that is taken; 1,000 values are some forty thousand."""
_NOTHING = [(b"content-type", b"application/problem+json"), *_HEADERS]
_log = logging.getLogger("fusioncell.web")


class Answer(NamedTuple):
    """What is sent: the headers without the length."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def express(hub: Hub, inner: ASGIApp) -> ASGIApp:
    """Answer plain look-ups; hand the rest on to ``inner``."""
    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        answer: Answer | None = None
        raw: bytes | None = None
        try:
            search = _misp_search(hub, scope)
            if search is not None:
                if (raw := await _body(receive)) is None:
                    return
                answer = await _found(hub, *search, raw)
            else:
                answer = _page(hub, scope) or _assessment(hub, scope)
        except Exception:  # noqa: BLE001 - whatever it is, the door behind has a form and a log for it
            _log.warning("the express lane failed; its request goes to the door behind", exc_info=True)
        if answer is None:
            return await inner(scope, receive if raw is None else _again(raw, receive), send)
        length = (b"content-length", b"%d" % len(answer.body))
        await send({"type": "http.response.start", "status": answer.status, "headers": [length, *answer.headers]})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    return handler


def _assessment(hub: Hub, scope: Scope) -> Answer | None:
    """Return what is said of an observable; None for all that the door behind is to see to."""
    key = _plain_key(scope)
    viewer = hub.members.viewer_for_key(key) if key else None
    if viewer is None or not may_enter(viewer, fusion_routes.assess_observable.opt["permission"]):
        return None
    # Some servers leave the query, here an empty one, at the end of the raw path.
    asked = scope["raw_path"].decode("latin-1").partition("?")[0]
    kind, _, value = asked[len(_PATH) :].partition("/")
    if "%" in kind or not value:
        return None
    try:
        body = fusion_routes.assessment(hub.fusion, hub.record, viewer, kind, unquote(value), hub.receipts)
    except NotFound as fault:
        body = problems.document(fault.status, fault.title, fault.detail, fault.hint)
        return Answer(fault.status, _NOTHING, body)
    except BadInput:
        return None
    return Answer(200, _FOUND, body)


def _page(hub: Hub, scope: Scope) -> Answer | None:
    page = _taxii_page(hub, scope) if scope["type"] == ScopeType.HTTP and scope["path"][:8] == "/taxii2/" else None
    if page is None:
        return None
    span = [(name.lower().encode(), value.encode()) for name, value in taxii_routes.headers_of(page).items()]
    return Answer(200, [*span, *_TAXII], page.body)


def _taxii_page(hub: Hub, scope: Any) -> Page | None:
    """Return a page of a TAXII collection that is at hand; None for all that the door behind is to see to."""
    parts = scope["path"].split("/")
    if scope["method"] != "GET" or len(parts) != 7 or parts[3] != "collections" or parts[5] not in _PAGED or parts[6]:
        return None
    authorization = accept = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            if authorization:
                return None
            authorization = value
        elif name == b"accept":
            accept = value
        elif name in _NOT_TAXII:
            return None
    keys = keys_in(authorization.decode("latin-1")) if authorization else []
    viewer = next(filter(None, map(hub.members.viewer_for_key, keys)), None)
    if viewer is None or not may_enter(viewer, taxii_routes.objects.opt["permission"], hubs=True):
        return None
    try:
        return taxii_routes.at_hand(hub.taxii, Handed(hub.receipts, viewer.org, False), viewer, parts[2], parts[4],
                                    parts[5], scope["query_string"], accept.decode("latin-1"))  # fmt: skip
    except FusionCellError:
        return None


def _misp_search(hub: Hub, scope: Any) -> tuple[Viewer, misp_routes.Asked] | None:
    """Return who asks MISP's search, and what but for the body; None where it is not plain."""
    if scope["type"] != ScopeType.HTTP or scope["method"] != "POST" or scope["query_string"]:
        return None
    if scope.get("raw_path", b"") not in _SEARCHES:
        return None
    headers = dict(scope["headers"])
    length, authorization = headers.get(b"content-length", b""), headers.get(b"authorization", b"")
    if len(headers) < len(scope["headers"]) or _NOT_SEARCH & headers.keys():
        return None
    if not length.isdigit() or int(length) > _LONGEST_SEARCH or not authorization:
        return None
    keys = keys_in(authorization.decode("latin-1"))
    viewer = next(filter(None, map(hub.members.viewer_for_key, keys)), None)
    if viewer is None or viewer.org is None:
        return None
    media_type, accept = (headers.get(name, b"").decode("latin-1") for name in (b"content-type", b"accept"))
    path = scope["raw_path"].decode("latin-1").removeprefix(misp_routes.BASE)
    return viewer, misp_routes.Asked("POST", path, b"", media_type, accept)


async def _found(hub: Hub, viewer: Viewer, asked: misp_routes.Asked, raw: bytes) -> Answer:
    reply = await sync_to_thread(misp_routes.answer, hub.mispdoor, viewer, asked._replace(raw=raw))
    media = reply.media_type + ("; charset=utf-8" if reply.media_type.startswith("text/") else "")
    own = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    return Answer(reply.status, [(b"content-type", media.encode()), *own, *_HEADERS], misp_routes.body_of(reply))


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request; None where the client has gone."""
    parts: list[bytes] = []
    while True:
        event: Any = await receive()
        if event["type"] != "http.request":
            return None
        parts.append(event.get("body", b""))
        if not event.get("more_body"):
            return b"".join(parts)


def _again(raw: bytes, receive: Receive) -> Receive:
    """Return how a body that was read is received once more."""
    waiting: list[Any] = [{"type": "http.request", "body": raw, "more_body": False}]

    async def given() -> Any:
        return waiting.pop() if waiting else await receive()

    return given


def _plain_key(scope: Scope) -> str:
    """Return the key of a plain look-up; empty where the request is not one."""
    if scope["type"] != ScopeType.HTTP or not scope.get("raw_path", b"").startswith(_PATH):
        return ""
    if scope["method"] != "GET" or scope["query_string"]:
        return ""
    key = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            if key or value[:7] != b"Bearer ":
                return ""
            key = value[7:]
        elif name in _NOT_PLAIN:
            return ""
    return key.decode("latin-1").strip()
