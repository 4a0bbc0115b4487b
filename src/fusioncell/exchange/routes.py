"""HTTP operations of the exchange: the live stream."""

from __future__ import annotations

from urllib.parse import parse_qsl

from litestar import asgi
from litestar.concurrency import sync_to_thread
from litestar.exceptions import MethodNotAllowedException
from litestar.types import Receive, Scope, Send

from fusioncell.exchange.cursors.service import Cursors
from fusioncell.exchange.stream import Streams
from fusioncell.exchange.want import PARAMETERS, want_of
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer


@asgi(
    "/api/stream",
    opt={"permission": "stream", "query": frozenset({*PARAMETERS, "cursor", "from"})},
    copy_scope=True,
)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Follow what arrives, as far as the viewer may see it: a raw door, because it is the hottest one."""
    if scope.get("method") != "GET":
        # The framework leaves it to a raw door; answered as GET, any other method would hang.
        raise MethodNotAllowedException(headers={"allow": "GET"})
    state = scope["litestar_app"].state
    streams: Streams = state.streams
    last = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin-1") or None
    viewer, wanted = scope["state"]["viewer"], None
    if scope["query_string"]:
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        wanted = want_of(asked)
        last = await sync_to_thread(_begin, streams, state.cursors, viewer, last, asked)
    await streams.serve(scope["state"]["look"], viewer, last, receive, send, wanted)


def _begin(streams: Streams, cursors: Cursors, viewer: Viewer, last: str | None, asked: dict[str, str]) -> str | None:
    """Return the cursor to begin at: the client's own, which acknowledges; else the one kept; else where it asks."""
    start, name = asked.get("from", "now"), asked.get("cursor", "")
    if start not in ("now", "snapshot"):
        raise BadInput(f"from={start[:40]!r} is no beginning", hint="Use now or snapshot.")
    if "cursor" not in asked:
        return last if last or start == "now" else streams.cursor(viewer, snapshot=True)
    held = None if last else cursors.find(viewer, name)
    begin = last or held or streams.cursor(viewer, snapshot=start == "snapshot")
    streams.start_of(viewer, begin)
    if begin != held:
        cursors.keep(viewer, name, begin)
    return begin


HANDLERS = (stream,)
"""The room's doors."""
