"""HTTP operations of named cursors."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.params import Parameter

from fusioncell.exchange.cursors.service import Cursors
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer


class Ack(msgspec.Struct, forbid_unknown_fields=True):
    """Up to which event all has arrived: its ``id``."""

    id: str


@get(
    "/api/stream/cursors", tags=["exchange"], opt={"permission": "stream"}, sync_to_thread=True,
    summary="List your named cursors",
)  # fmt: skip
def list_cursors(cursors: Cursors, viewer: Viewer) -> dict[str, Any]:
    """List the names under which positions of yours are kept."""
    found = cursors.names(viewer)
    return {"cursors": [{"name": name, "acknowledged": format_instant(at)} for name, at in found]}


@post(
    "/api/stream/cursors/{name:str}", tags=["exchange"], opt={"permission": "stream"}, sync_to_thread=True,
    status_code=200, summary="Acknowledge what has arrived",
    description="All events up to the one with this `id` have arrived; the next stream with this `cursor` goes on "
    "after it. Opening a stream with `cursor` and `Last-Event-ID` does the same.",
)  # fmt: skip
def acknowledge(
    cursors: Cursors, viewer: Viewer, name: Annotated[str, Parameter(description="the cursor's name")], data: Ack
) -> dict[str, str]:
    """Keep a position under a name."""
    cursors.keep(viewer, name, data.id)
    return {"name": name, "id": data.id}


@delete(
    "/api/stream/cursors/{name:str}", tags=["exchange"], opt={"permission": "stream"}, sync_to_thread=True,
    status_code=204, summary="Forget a named cursor",
)  # fmt: skip
def forget_cursor(
    cursors: Cursors, viewer: Viewer, name: Annotated[str, Parameter(description="the cursor's name")]
) -> None:
    """Forget a name."""
    cursors.forget(viewer, name)


HANDLERS = (list_cursors, acknowledge, forget_cursor)
"""The package's doors."""
