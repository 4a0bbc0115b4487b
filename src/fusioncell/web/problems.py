"""Errors as answers: problem+json for machines (RFC 9457), a page for people. Nothing internal is ever told."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, ValidationException

from fusioncell.exchange import taxii
from fusioncell.exchange.misp.door import routes as mispdoor
from fusioncell.kernel.errors import FusionCellError
from fusioncell.members import TermsDue
from fusioncell.web.render import CONTENT_SECURITY_POLICY

_log = logging.getLogger("fusioncell.web")
Asked = Request[Any, Any, Any]


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
"""What every answer carries unless it says otherwise; an unknown path has no handler after which to add it."""


def document(status: int, title: str, detail: str, hint: str = "", place: str = "") -> bytes:
    """Return a problem document's bytes."""
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if hint:
        body["hint"] = hint
    if place:
        body["place"] = place
    return msgspec.json.encode(body)


def problem(status: int, title: str, detail: str, hint: str = "", place: str = "") -> Response[bytes]:
    """Return a problem document as an answer."""
    headers = {**HEADERS, **({"WWW-Authenticate": 'Bearer realm="Fusion Cell"'} if status == 401 else {})}
    body = document(status, title, detail, hint, place)
    return Response(body, status_code=status, media_type="application/problem+json", headers=headers)


def wants_page(request: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Tell whether a person's browser asks (pages live outside /api)."""
    path = request.url.path
    return not path.startswith(
        ("/api", "/misp", "/taxii2", "/healthz", "/readyz", "/metrics", "/log")
    ) and "text/html" in request.headers.get("accept", "")


def answer(request: Asked, status: int, title: str, detail: str, hint: str = "", place: str = "") -> Response[Any]:
    """Return the error in the form that suits who asks."""
    if request.url.path.startswith("/taxii2"):
        said, headers = taxii.document(status, title, detail, hint, place)
        return Response(said, status_code=status, media_type=headers["Content-Type"], headers={**HEADERS, **headers})
    if request.url.path.startswith("/misp"):
        status, said = mispdoor.document(status, detail, hint, request.url.path.removeprefix("/misp"))
        return Response(said, status_code=status, media_type="application/json", headers=HEADERS)
    if wants_page(request):
        pages = request.app.state.pages
        if status == 401:
            reply: Response[Any] = pages.to_sign_in(request)
            for name, value in HEADERS.items():
                reply.headers.setdefault(name, value)
            return reply
        body = pages.error(request, status=status, title=title, detail=detail, hint=hint, place=place)
        return Response(
            body,
            status_code=status,
            media_type="text/html",
            headers={**HEADERS, "Content-Security-Policy": CONTENT_SECURITY_POLICY},
        )
    return problem(status, title, detail, hint, place)


def of_ours(request: Asked, fault: FusionCellError) -> Response[Any]:
    """Answer one of our errors."""
    if isinstance(fault, TermsDue) and wants_page(request):
        return Response("", status_code=303, headers={**HEADERS, "Location": fault.page})
    reply = answer(request, fault.status, fault.title, fault.detail, fault.hint, fault.place)
    if fault.status == 429:
        reply.headers["Retry-After"] = str(getattr(fault, "wait", 60))
    return reply


def of_framework(request: Asked, fault: HTTPException) -> Response[Any]:
    """Answer what the framework refused: bad parameters, unknown paths, bodies over the bound."""
    if isinstance(fault, ValidationException):
        first = fault.extra[0] if isinstance(fault.extra, list) and fault.extra else {}
        place = str(first.get("key", "")) if isinstance(first, dict) else ""
        message = str(first.get("message", fault.detail)) if isinstance(first, dict) else fault.detail
        if place == "data" and message == "'data'":
            return answer(request, 400, "The input cannot be understood", "the body is missing",
                          "Send it as JSON; the OpenAPI description is at /api/openapi.json.")  # fmt: skip
        return answer(
            request,
            400,
            "The input cannot be understood",
            f"{place}: {message}" if place else message,
            "Mend the parameter and send it again.",
            place,
        )
    if isinstance(fault.__cause__, msgspec.ValidationError):
        # A field that is named like something that the hub hands in: the framework takes the fault for its own.
        message, _, place = str(fault.__cause__).partition(" - at `$.data.")
        place = place.rstrip("`")
        return answer(request, 400, "The input cannot be understood", f"{place}: {message}" if place else message,
                      "Mend the field and send it again.", place)  # fmt: skip
    titles = {404: "Not found", 405: "This method is not known here", 413: "The input is over a limit"}
    title = titles.get(fault.status_code, "The request cannot be served")
    detail, hint = fault.detail if fault.status_code < 500 else title, ""
    if fault.status_code == 413:
        detail, hint = "more was sent than this hub takes at once", "Send it in parts, or a smaller file."
    if fault.status_code in (404, 405):
        hint = "The OpenAPI description is at /api/openapi.json."
    if fault.status_code == 404 and not request.url.path.startswith("/api"):
        detail, hint = "There is nothing at this address.", "Check the address, or search for what you need."
    reply = answer(request, fault.status_code, title, detail, hint)
    if allowed := (fault.headers or {}).get("allow"):
        # An answer 405 names the methods that there are (RFC 9110 §15.5.6).
        reply.headers["Allow"] = allowed
    return reply


def of_unknown(request: Asked, fault: Exception) -> Response[Any]:
    """Answer a fault of ours that nobody foresaw; the log has it, the answer does not."""
    # The door, not the address: some addresses carry a secret (a sign-in link).
    door = request.scope.get("path_template") or "an unknown path"
    _log.exception("%s %s failed", request.method, door, exc_info=fault)
    return answer(
        request,
        500,
        "Something went wrong",
        "The hub met a fault of its own; what you sent was not lost if it was acknowledged.",
        "Try again; tell the operators if it stays.",
    )
