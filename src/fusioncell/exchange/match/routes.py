"""HTTP operations of the bulk match."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter
from litestar.response import Stream

from fusioncell.exchange.match.blind import LONGEST_PREFIX, SHORTEST, digest
from fusioncell.exchange.match.filter import delta_body, filter_body
from fusioncell.exchange.match.model import ALL, How
from fusioncell.exchange.match.read import is_list
from fusioncell.exchange.match.service import Matcher
from fusioncell.exchange.stream import Look, sees_still
from fusioncell.kernel.errors import BadInput, NotSignedIn, UnsupportedMedia
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import key64
from fusioncell.record import Seal
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
        raise UnsupportedMedia(
            f"{media_type[:60]!r} is not taken here",
            hint="Send text/plain (a value a line), application/x-ndjson or text/csv. With curl: "
            "-H 'Content-Type: text/plain' --data-binary @FILE.",
        )
    ways = _ways(by)
    body = await request.body()
    array = media_type == "application/json" and is_list(body)
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


@get(
    "/api/match/range/{prefix:str}",
    tags=["exchange"],
    opt={"permission": "match"},
    sync_to_thread=True,
    summary="Match without showing the value",
    description="Hash the canonical value, SHA-256 of `type:value` (`domain-name:evil.example`), and ask with the "
    f"first {SHORTEST} to {LONGEST_PREFIX} hex digits: the answer holds the rest of every hash that you may see that "
    "begins so, with its verdict. With four digits one in 65,536 of all possible values stands behind a question.",
)
def match_range(
    matcher: Matcher,
    record: Record,
    viewer: Viewer,
    handed: Handed,
    prefix: Annotated[str, Parameter(description="the first hex digits, in lower case")],
) -> dict[str, Any]:
    """Match by the beginning of a hash."""
    if not SHORTEST <= len(prefix) <= LONGEST_PREFIX or not set(prefix) <= set("0123456789abcdef"):
        raise BadInput(
            f"{prefix[:80]!r} is no range", hint=f"Give {SHORTEST} to {LONGEST_PREFIX} hex digits, in lower case."
        )
    known = matcher.within(prefix, record.visible_to(viewer))
    handed.out([key64(observable) for observable in known])
    values = [
        {
            "suffix": digest(o.type.value, o.value)[len(prefix) :],
            "type": o.type.value,
            "verdict": said.verdict,
            "malicious": round(said.malicious, 4),
            "active": round(said.active, 4),
            "independent_origins": said.origins,
            "mentions": said.mentions,
        }
        for o, said in known.items()
    ]
    return {"prefix": prefix, "count": len(values), "values": sorted(values, key=lambda one: str(one["suffix"]))}


@get(
    "/api/match/filter",
    tags=["exchange"],
    opt={"permission": "match"},
    sync_to_thread=True,
    summary="All that you may see, as a filter to look up offline",
    description="Sorted 64-bit beginnings of SHA-256 of `type:value` (docs/match.md). `X-Fusioncell-Cursor` of the "
    "answer, given as `since` later, brings what was added and removed alone; where that is not known any more, the "
    "whole comes again.",
)
def match_filter(
    request: Request[Any, Any, Any],
    matcher: Matcher,
    record: Record,
    seal: Seal,
    viewer: Viewer,
    handed: Handed,
    since: Annotated[str, Parameter(description="the cursor of the filter that you hold")] = "",
) -> Response[bytes]:
    """Fetch the filter, or what changed in it."""
    audiences = record.visible_to(viewer)
    number, epoch = record.audience_set_number(audiences), record.head()[2]
    held = seal.open_cursor(since) if since else None
    if since and held is None:
        raise BadInput("that is no cursor of this hub", hint="Leave `since` out to fetch the whole filter.")
    later = held is not None and held[1:] == (number, epoch & 0xFFFF)
    delta = matcher.filter_since(audiences, held[0]) if held is not None and later else None
    if delta is None:
        place, hashes = matcher.filter(audiences)
        body = filter_body(hashes)
    else:
        place, added, removed = delta
        body = delta_body(added, removed)
    handed.all_of(audiences)
    tag = f'"{sha256(body).hexdigest()}"'
    headers = {"ETag": tag, "X-Fusioncell-Cursor": seal.cursor(place, number, epoch)}
    if tag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(b"", status_code=304, headers=headers, media_type="application/octet-stream")
    return Response(body, headers=headers, media_type="application/octet-stream")


HANDLERS = (match, match_range, match_filter)
"""The room's doors."""
