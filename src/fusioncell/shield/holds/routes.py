"""HTTP operations of holds, for officers alone."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.holds.model import Hold
from fusioncell.shield.holds.service import Holds


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """A name to hold, why (sealed), and for how many days."""

    name: str
    reason: str
    days: int = 14


def hold_json(one: Hold) -> dict[str, Any]:
    """Return a hold."""
    return {
        "hold": one.id, "name": one.name, "by": one.by, "second": one.second or None, "days": one.days,
        "asked_at": format_instant(one.asked_at), "until": format_instant(one.until) if one.until else None,
        "lifted_at": format_instant(one.lifted_at) if one.lifted_at else None, "reason": one.reason,
    }  # fmt: skip


@get("/api/shield/holds", tags=["shield"], opt={"permission": "deconflict"}, sync_to_thread=True, summary="Holds")
def listed(holds: Holds, viewer: Viewer) -> dict[str, Any]:
    """List the holds, newest first."""
    return {"holds": [hold_json(one) for one in holds.holds(viewer)]}


@post("/api/shield/holds", tags=["shield"], opt={"permission": "deconflict"}, status_code=202, sync_to_thread=True,
      summary="Ask to hold a name")
def ask(data: Asked, holds: Holds, viewer: Viewer) -> dict[str, Any]:
    """Ask that a name be kept from being blocked; it holds once a second officer confirms it."""
    return {"hold": holds.ask(viewer, data.name, data.reason, data.days), "status": "accepted"}


@post("/api/shield/holds/{which:str}/confirm", tags=["shield"], opt={"permission": "deconflict"}, status_code=202,
      sync_to_thread=True, summary="Confirm a hold")
def confirm(which: str, holds: Holds, viewer: Viewer) -> dict[str, Any]:
    """Confirm a hold as the second officer; a block that stands on the name ends."""
    return {"hold": holds.confirm(viewer, which).id, "status": "placed"}


@post("/api/shield/holds/{which:str}/lift", tags=["shield"], opt={"permission": "deconflict"}, status_code=202,
      sync_to_thread=True, summary="Lift a hold")
def lift(which: str, holds: Holds, viewer: Viewer) -> dict[str, Any]:
    """Lift a hold before its time."""
    return {"hold": holds.lift(viewer, which).id, "status": "lifted"}


HANDLERS = (listed, ask, confirm, lift)
"""The package's doors."""
