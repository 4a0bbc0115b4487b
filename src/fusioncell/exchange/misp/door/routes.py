"""The MISP door: finds the action of a request, opens it or refuses, and answers in MISP's forms."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, route
from litestar.concurrency import sync_to_thread

from fusioncell.exchange.misp import Action, Call, MispRefused, Reply
from fusioncell.exchange.misp.door.parse import controller_name, take_body, take_path
from fusioncell.exchange.misp.door.service import MispDoor
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Viewer

__all__ = ["BASE", "HANDLERS", "controller_name", "misp"]

BASE = "/misp"
SAFE = frozenset({"GET", "HEAD"})
FOR_PEOPLE = "/feeds#clients"
"""Where a browser is led that opens the door's bare address: the page says what to give to which client."""
STRANGERS_BODY = 65_536
"""Bytes that one without a key may send."""
NOT_AUTHENTICATED = (
    "Authentication failed. Please make sure you pass the API key of an API enabled user along in the Authorization "
    "header."
)
NOT_PERMITTED = "You do not have permission to use this functionality."
NOT_FOR_GUESTS = "This door is for members of the partnership."
NOT_FOR_HUBS = "Another hub reads by TAXII, as its agreement says, and by no other door."
NOT_BOUND = "Your organisation has not accepted the terms of the partnership yet: its lead does so at /terms."
_log = logging.getLogger("fusioncell.misp")


class Asked(NamedTuple):
    """One request as it came. ``path``: below the base, percent-encoded; ``media_type``: of its body."""

    method: str
    path: str
    raw: bytes = b""
    media_type: str = ""
    accept: str = ""
    query: Iterable[tuple[str, Any]] = ()


@route(
    ["/misp", "/misp/{path:path}"],
    http_method=["GET", "POST", "PUT", "DELETE"],
    opt={"permission": "public", "query": None},
    include_in_schema=False,
    name="misp",
)
async def misp(request: Request[Any, Any, Any], mispdoor: MispDoor, viewer: Viewer) -> Response[bytes]:
    """Answer as a MISP would."""
    path = str(request.scope["raw_path"].decode("latin-1")).partition("?")[0].removeprefix(BASE)
    if path in ("", "/") and request.method in SAFE and "text/html" in request.headers.get("accept", ""):
        return Response(b"", status_code=303, headers={"Location": FOR_PEOPLE})
    if viewer.org is None and _is_long(request):
        # Before it is read: who has no key registers at most.
        reply = refusal(MispRefused(403, NOT_AUTHENTICATED), path or "/")
    else:
        asked = Asked(request.method, path or "/", await request.body(), request.headers.get("content-type", ""),
                      request.headers.get("accept", ""), request.query_params.multi_items())  # fmt: skip
        reply = await sync_to_thread(answer, mispdoor, viewer, asked)
    body = body_of(reply)
    if reply.status == 200 and is_known(reply.headers.get("ETag", ""), request.headers.get("if-none-match", "")):
        return Response(b"", status_code=304, headers=dict(reply.headers))
    return Response(body, status_code=reply.status, media_type=reply.media_type, headers=dict(reply.headers))


def body_of(reply: Reply) -> bytes:
    """Return the bytes of an answer."""
    return reply.body if isinstance(reply.body, bytes) else msgspec.json.encode(reply.body)


def _is_long(request: Request[Any, Any, Any]) -> bool:
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or not length.isdecimal() or int(length) > STRANGERS_BODY


def is_known(tag: str, asked: str) -> bool:
    """Tell whether a client has what it asks for (RFC 9110 §13.1.2, compared weakly; MISP asks so by POST too)."""
    return bool(tag) and any(one.strip().removeprefix("W/") in (tag, "*") for one in asked.split(",")[:20])


def answer(door: MispDoor, viewer: Viewer, asked: Asked) -> Reply:
    """Answer one request; whatever is refused is refused in MISP's form."""
    try:
        controller, action, arguments, named = take_path(asked.method, asked.path, asked.query)
        found = door.actions.get((controller, action))
        if found is None:
            raise NotFound(f"There is no {controller[:40]}/{action[:40]} here.")
        if found.permission != "public" and viewer.org is None:
            raise MispRefused(403, NOT_AUTHENTICATED)
        if viewer.may("federate"):
            raise MispRefused(403, NOT_FOR_HUBS)
        caller = door.whoami(viewer)
        body = None if found.raw else take_body(asked.raw, asked.media_type)
        call = Call(caller, asked.method, controller, action, arguments, named, body, asked.raw, asked.accept,
                    asked.path)  # fmt: skip
        _enter(found, call)
        return found.run(call)
    except FusionCellError as fault:
        return refusal(fault, asked.path)


def _enter(action: Action, call: Call) -> None:
    caller = call.caller
    if action.permission != "public" and not caller.viewer.member:
        raise MispRefused(403, NOT_FOR_GUESTS if caller.viewer.guest else NOT_BOUND)
    permitted = action.permission == "public" or caller.viewer.may(action.permission)
    if not permitted or (action.flag and not (caller.site_admin or caller.role.may(action.flag))):
        raise MispRefused(403, NOT_PERMITTED)
    if action.changes and call.method in SAFE:
        raise MispRefused(405, "This action changes something: send it by POST.")


def refusal(fault: FusionCellError, path: str) -> Reply:
    """Return an error as MISP words one: ``name``, ``message``, ``url`` and, where there are some, ``errors``."""
    name = fault.name if isinstance(fault, MispRefused) else fault.detail
    body: dict[str, Any] = {"name": name, "message": fault.detail, "url": path}
    if isinstance(fault, MispRefused) and fault.errors is not None:
        body["errors"] = fault.errors
    elif fault.hint:
        body["errors"] = fault.hint
    return Reply(body, fault.status)


def document(status: int, detail: str, hint: str, path: str) -> tuple[int, bytes]:
    """Return what was refused before the door was reached as MISP answers it; a wrong key is its 403."""
    if status == 401:
        status, detail, hint = 403, NOT_AUTHENTICATED, ""
    body = {"name": detail, "message": detail, "url": path, **({"errors": hint} if hint else {})}
    return status, msgspec.json.encode(body)


HANDLERS = (misp,)
"""The package's doors."""
