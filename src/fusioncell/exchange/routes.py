"""HTTP operations of the exchange: bulk match and the live stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, asgi, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter
from litestar.response import Stream
from litestar.types import Receive, Scope, Send

from fusioncell.exchange.match import Matcher
from fusioncell.exchange.stream import Look, Streams, sees_still
from fusioncell.kernel.errors import BadInput, NotSignedIn, UnsupportedMedia
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.record.service import Record


@post(
    "/api/match",
    tags=["exchange"],
    opt={"permission": "match"},
    status_code=200,
    summary="Match many values",
    description="Takes JSON lines, one value a line, or CSV whose column `value`, else the first, holds it. Answers "
    "one JSON line a value, in order, streamed; `hits=only` leaves out what is unknown.",
)
async def match(
    request: Request[Any, Any, Any],
    matcher: Matcher,
    record: Record,
    viewer: Viewer,
    handed: Handed,
    hits: Annotated[Literal["all", "only"], Parameter(description="all or only")] = "all",
) -> Stream:
    """Match values against all that you may see."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type not in (
        "",
        "text/csv",
        "text/plain",
        "application/x-ndjson",
        "application/jsonl",
        "application/json",
        "application/json-lines",
        "application/octet-stream",
    ):
        raise UnsupportedMedia(f"{media_type[:60]!r} is not taken here", hint="Send application/x-ndjson or text/csv.")
    body = await request.body()
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        raise BadInput(f"the body is not UTF-8 at byte {fault.start}") from None
    answers = matcher.answers(
        _lines(text, media_type),
        rows=media_type == "text/csv",
        audiences=record.visible_to(viewer),
        hits_only=hits == "only",
        handed=handed,
    )
    return Stream(_chunks(answers, request.scope["state"]["look"], viewer), media_type="application/x-ndjson")


def _lines(text: str, media_type: str) -> Iterator[str]:
    if media_type == "application/json" and text.lstrip().startswith("["):
        try:
            values = msgspec.json.decode(text, type=list[str | dict[str, Any]])
        except (msgspec.DecodeError, RecursionError) as fault:
            raise BadInput(f"not a JSON list of values: {fault}") from None
        return iter([msgspec.json.encode(value).decode() for value in values])
    return iter(text.splitlines())


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


@asgi("/api/stream", opt={"permission": "stream"}, copy_scope=True)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Follow what arrives, as far as the viewer may see it: a raw door, because it is the hottest one."""
    state = scope["litestar_app"].state
    streams: Streams = state.streams
    asked = dict(scope["headers"])
    last = asked.get(b"last-event-id", b"").decode("latin-1") or None
    await streams.serve(scope["state"]["look"], scope["state"]["viewer"], last, receive, send)


HANDLERS = (match, stream)
"""The room's doors."""
