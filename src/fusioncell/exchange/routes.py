"""HTTP operations of the exchange: the live stream."""

from __future__ import annotations

from litestar import asgi
from litestar.types import Receive, Scope, Send

from fusioncell.exchange.stream import Streams


@asgi("/api/stream", opt={"permission": "stream"}, copy_scope=True)
async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Follow what arrives, as far as the viewer may see it: a raw door, because it is the hottest one."""
    state = scope["litestar_app"].state
    streams: Streams = state.streams
    asked = dict(scope["headers"])
    last = asked.get(b"last-event-id", b"").decode("latin-1") or None
    await streams.serve(scope["state"]["look"], scope["state"]["viewer"], last, receive, send)


HANDLERS = (stream,)
"""The room's doors."""
