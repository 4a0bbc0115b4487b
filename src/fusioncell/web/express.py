"""The express lane: single look-ups ahead of the framework, whose layers took a third of a request.

1. It takes what is plain: ``GET /api/observables/TYPE/VALUE`` with one key and neither query, body nor cookie.
2. It answers where the key's holder may do what the door declares: the assessment, or that nothing is to be seen.
3. All else it hands on untouched to the door behind it. So it refuses no one and explains no mistake: that stays in
   one place, and the two answer alike (``tests/flow/test_express.py``).
"""

from __future__ import annotations

from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from fusioncell.bootstrap import Hub
from fusioncell.fusion import routes as fusion_routes
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.web import problems
from fusioncell.web.access import may_enter

_PATH = b"/api/observables/"
_NOT_PLAIN = frozenset({b"cookie", b"content-encoding", b"content-length", b"transfer-encoding"})
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in problems.HEADERS.items()]
_FOUND = [(b"content-type", b"application/json"), *_HEADERS]
_NOTHING = [(b"content-type", b"application/problem+json"), *_HEADERS]


def express(hub: Hub, inner: ASGIApp) -> ASGIApp:
    """Answer plain look-ups; hand the rest on to ``inner``."""
    permission: str = fusion_routes.assess_observable.opt["permission"]
    fusion, record, members, receipts = hub.fusion, hub.record, hub.members, hub.receipts

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        key = _plain_key(scope)
        viewer = members.viewer_for_key(key) if key else None
        if viewer is None or not may_enter(viewer, permission):
            return await inner(scope, receive, send)
        # Some servers leave the query, here an empty one, at the end of the raw path.
        asked = scope["raw_path"].decode("latin-1").partition("?")[0]
        kind, _, value = asked[len(_PATH) :].partition("/")
        if "%" in kind or not value:
            return await inner(scope, receive, send)
        status, headers = 200, _FOUND
        try:
            body = fusion_routes.assessment(fusion, record, viewer, kind, unquote(value), receipts)
        except NotFound as fault:
            status, headers = fault.status, _NOTHING
            body = problems.document(status, fault.title, fault.detail, fault.hint)
        except BadInput:
            return await inner(scope, receive, send)
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    return handler


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
