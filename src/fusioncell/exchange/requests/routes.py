"""HTTP operations of requests for information."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter

from fusioncell.exchange.files import Files
from fusioncell.exchange.requests.model import Asked, State
from fusioncell.exchange.requests.service import Requests
from fusioncell.exchange.talk import NewPost, Posted, Talk
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import CELL, Tlp, Viewer, parse_tlp

Limit = Annotated[int, Parameter(ge=1, le=200)]
_TAGS = ["requests"]


class Asking(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A request. ``deadline``: RFC 3339, of a day its end. ``to_cell``: the Fusion Cell is asked.

    ``tlp`` left out: GREEN; AMBER+STRICT where only the cell or groups are asked.
    """

    text: str
    deadline: str
    title: str = ""
    tlp: str = ""
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    to_cell: bool = False


class Answering(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An answer. Its readers are those of the request, unless ``tlp`` and groups say fewer."""

    text: str
    tlp: str = ""
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    parent: str = ""


class Saying(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the asker says: which ``answer`` is accepted, and words for all readers of the request."""

    answer: str = ""
    said: str = ""


def readers_of(tlp: Tlp | None, groups: tuple[str, ...], *, cell: bool) -> tuple[Tlp, tuple[str, ...]]:
    """Return the marking and the groups of a request that is to reach the Fusion Cell. Raises BadInput.

    With CLEAR and GREEN the cell is among the readers by itself; RED names people alone.
    """
    chosen = tlp or (Tlp.AMBER_STRICT if groups or cell else Tlp.GREEN)
    if cell and chosen is Tlp.RED:
        raise BadInput("TLP:RED names people, not the Fusion Cell", place="tlp",
                       hint="Choose AMBER+STRICT, or name the people whom you ask.")  # fmt: skip
    named = cell and chosen in (Tlp.AMBER, Tlp.AMBER_STRICT)
    return chosen, (*groups, CELL) if named else groups


def _json(one: Asked) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "organisation": one.org, "author": one.author, "at": format_instant(one.at),
        "deadline": format_instant(one.deadline), "to_cell": one.cell, "tlp": one.audience.tlp.value,
        "state": one.state.value, "answers": one.answers, "said": one.said or None, "accepted": one.accepted or None,
        "thread": f"/api/threads/{one.id}",
    }  # fmt: skip


def _accepted(posted: Posted, request: str) -> Response[dict[str, Any]]:
    href = f"/api/requests/{request}"
    body = {"id": posted.id, "request": request, "contribution": posted.contribution, "status": "accepted"}
    return Response({**body, "href": href}, status_code=202, headers={"Location": href})


@get("/api/requests", tags=_TAGS, sync_to_thread=True, summary="Requests for information",
     opt={"permission": "read", "query": frozenset({"state", "group", "to_cell", "limit", "after"})})  # fmt: skip
def board(
    requests: Requests, viewer: Viewer, only: Annotated[State | None, Parameter(query="state")] = None,
    group: str = "", to_cell: bool = False, limit: Limit = 50, after: str = "",
) -> dict[str, Any]:  # fmt: skip
    """List the requests that you see, the one that is due first, first; with how many are in which state."""
    found = requests.board(viewer, only, group=group, cell=to_cell, limit=limit, after=after)
    return {"requests": [_json(one) for one in found.requests], "next": found.next or None,
            "counts": {state.value: count for state, count in found.counts.items()}}  # fmt: skip


@post("/api/requests", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
      summary="Ask")  # fmt: skip
def ask(
    data: Asking, requests: Requests, talk: Talk, files: Files, viewer: Viewer
) -> Response[dict[str, Any]]:
    """Begin a thread that asks for an answer until a deadline."""
    tlp, groups = readers_of(parse_tlp(data.tlp) if data.tlp else None, data.groups, cell=data.to_cell)
    new = NewPost(
        text=data.text, title=data.title, tlp=tlp, groups=groups, people=data.people, about=data.about,
        mentions=data.mentions, question=requests.question(data.deadline, cell=data.to_cell),
        files=files.attached(viewer, data.files),
    )  # fmt: skip
    posted = talk.post(viewer, new)
    return _accepted(posted, posted.id)


@get("/api/requests/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="One request")
def one(which: str, requests: Requests, viewer: Viewer) -> dict[str, Any]:
    """Show a request; its posts are at /api/threads/ID."""
    return _json(requests.one(viewer, which))


@post("/api/requests/{which:str}/answers", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Answer a request")  # fmt: skip
def answer(
    which: str, data: Answering, requests: Requests, files: Files, viewer: Viewer
) -> Response[dict[str, Any]]:
    """Answer a request, or a post of its thread (``parent``)."""
    new = NewPost(
        text=data.text, tlp=parse_tlp(data.tlp) if data.tlp else None, groups=data.groups, people=data.people,
        mentions=data.mentions, parent=data.parent, files=files.attached(viewer, data.files),
    )  # fmt: skip
    return _accepted(requests.answer(viewer, which, new), which)


@post("/api/requests/{which:str}/accept", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Accept an answer")  # fmt: skip
def accept(which: str, data: Saying, requests: Requests, viewer: Viewer) -> dict[str, Any]:
    """Say that a request of your organisation is answered."""
    requests.accept(viewer, which, data.answer, data.said)
    return {"id": which, "status": "accepted"}


@post("/api/requests/{which:str}/missing", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Say what is missing")  # fmt: skip
def missing(which: str, data: Saying, requests: Requests, viewer: Viewer) -> dict[str, Any]:
    """Say what the answers to a request of your organisation lack: it is open again."""
    requests.say_missing(viewer, which, data.said)
    return {"id": which, "status": "open"}


@post("/api/requests/{which:str}/withdraw", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Say that no answer is needed any more")  # fmt: skip
def withdraw(which: str, data: Saying, requests: Requests, viewer: Viewer) -> dict[str, Any]:
    """Withdraw a request of your organisation; its thread stays."""
    requests.withdraw(viewer, which, data.said)
    return {"id": which, "status": "withdrawn"}


HANDLERS = (board, ask, one, answer, accept, missing, withdraw)
"""The package's doors."""
