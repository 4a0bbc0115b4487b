"""HTTP operations of the bulk match."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter
from litestar.response import Stream

from fusioncell.exchange.match.model import ALL, How
from fusioncell.exchange.match.service import Matcher
from fusioncell.exchange.stream import Look, sees_still
from fusioncell.kernel.errors import BadInput, NotSignedIn, UnsupportedMedia
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.record.service import Record

_TAKEN = frozenset({
    "", "text/csv", "text/plain", "application/x-ndjson", "application/jsonl", "application/json",
    "application/json-lines", "application/octet-stream",
})  # fmt: skip


@post(
    "/api/match",
    tags=["exchange"],
    opt={"permission": "match"},
    status_code=200,
    summary="Match many values",
    description="Takes plain lines or JSON lines, one value a line, a JSON list, or CSV whose column `value`, else the "
    "first, holds it. Answers one JSON line a value, in order, streamed; `hits=only` leaves out what is unknown. A "
    "value counts as known by itself, by the host of a URL, by a name above it or by a network that holds it; `by` "
    "names which of these to try, and `matched` says which it was, where it was not the value itself.",
)
async def match(
    request: Request[Any, Any, Any],
    matcher: Matcher,
    record: Record,
    viewer: Viewer,
    handed: Handed,
    hits: Annotated[Literal["all", "only"], Parameter(description="all or only")] = "all",
    by: Annotated[str, Parameter(description="any of exact, host, parent, cidr, with commas")] = ",".join(How),
) -> Stream:
    """Match values against all that you may see."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in _TAKEN:
        raise UnsupportedMedia(f"{media_type[:60]!r} is not taken here", hint="Send application/x-ndjson or text/csv.")
    ways = _ways(by)
    body = await request.body()
    array = media_type == "application/json" and body[:64].lstrip()[:1] == b"["
    answers = await sync_to_thread(
        matcher.answers, body, rows=media_type == "text/csv", array=array, audiences=record.visible_to(viewer),
        hits_only=hits == "only", handed=handed, by=ways,
    )  # fmt: skip
    return Stream(_chunks(answers, request.scope["state"]["look"], viewer), media_type="application/x-ndjson")


def _ways(text: str) -> frozenset[How]:
    named = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in named if part not in ALL]
    if unknown or not named:
        raise BadInput(f"by={text[:60]!r} names no way to match", hint=f"Use any of {', '.join(How)}.")
    return frozenset(How(part) for part in named)


async def _chunks(answers: Iterator[bytes], look: Look, viewer: Viewer) -> AsyncIterator[bytes]:
    """Hand out piece by piece, as long as the viewer may still see what it saw: else the answer breaks off.

    It breaks off and does not end, so that nobody takes a part for the whole.
    """
    while True:
        chunk = await sync_to_thread(next, answers, None)
        if not sees_still(await sync_to_thread(look), viewer):
            raise NotSignedIn("the key or session has ended, or sees less than before", hint="Ask again.")
        if chunk is None:
            return
        if chunk:
            yield chunk


HANDLERS = (match,)
"""The room's doors."""
