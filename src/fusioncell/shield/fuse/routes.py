"""HTTP operations of the fuse: what waits for two people, rollback, the end of a bar, the thaw."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.fuse.model import Act, Way
from fusioncell.shield.fuse.service import Fuse


class Because(msgspec.Struct, forbid_unknown_fields=True):
    """Why."""

    reason: str = ""


class RollingBack(msgspec.Struct, forbid_unknown_fields=True):
    """Back to which serial, and why."""

    serial: str
    reason: str = ""


def act_json(act: Act) -> dict[str, Any]:
    """Return an act."""
    return {
        "act": act.id, "kind": act.kind.value, "by": act.by, "reason": act.reason, "value": act.value,
        "names": act.count, "at": format_instant(act.at), "state": act.state.value, "agreed": list(act.agreed),
        "ended_at": format_instant(act.ended_at) if act.ended_at else None,
    }  # fmt: skip


def way_json(way: Way) -> dict[str, Any]:
    """Return what a rollback would do."""
    return {"serial": way.serial, "removed": list(way.removed), "added": list(way.added),
            "left_out": [{"name": name, "why": why} for name, why in way.left]}  # fmt: skip


@get("/api/shield/fuse", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What waits for two people")
def acts(fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """List what waits, then what was decided, and tell whether the zones are frozen (to who may see)."""
    found = fuse.acts(viewer)
    frozen = fuse.waiting().frozen_since if viewer.may("approve") else 0
    return {"acts": [act_json(one) for one in found], "frozen_since": format_instant(frozen) if frozen else None}


@get("/api/shield/fuse/{which:str}", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="One act, with its names")
def act(
    which: str, fuse: Fuse, viewer: Viewer, limit: Annotated[int, Parameter(ge=1, le=20_000)] = 1000
) -> dict[str, Any]:
    """Show an act with the names that it holds."""
    return {**act_json(fuse.one(viewer, which)), "held": fuse.names(viewer, which, limit)}


@post("/api/shield/fuse/{which:str}/confirm", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Agree to an act")
def confirm(which: str, fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """Agree as yourself; the second person's word carries it out."""
    done = fuse.agree(viewer, which)
    return {"act": done.id, "agreed": [*done.agreed, viewer.person]}


@post("/api/shield/fuse/{which:str}/refuse", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Refuse an act")
def refuse(which: str, data: Because, fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """Refuse it: one person's word suffices, and the zone stays as it is."""
    return {"act": fuse.refuse(viewer, which, data.reason).id, "status": "refused"}


@post("/api/shield/rollback/preview", tags=["shield"], opt={"permission": "approve"}, status_code=200,
      sync_to_thread=True, summary="What a rollback would do")
def preview(data: RollingBack, fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """Say how the zone would change if it went back to a serial, and change nothing."""
    return way_json(fuse.way(viewer, data.serial))


@post("/api/shield/rollback", tags=["shield"], opt={"permission": "approve"}, status_code=202, sync_to_thread=True,
      summary="Ask for the whole zone to go back to a serial")
def roll_back(data: RollingBack, fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """Ask for it, or agree where somebody else has asked for the same."""
    return {"act": fuse.ask_rollback(viewer, data.serial, data.reason)}


@post("/api/shield/bars/{name:str}/end", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Ask for a bar to end")
def unbar(name: str, data: Because, fuse: Fuse, viewer: Viewer) -> dict[str, Any]:
    """Ask for it, or agree where somebody else has asked for the same."""
    return {"act": fuse.ask_unbar(viewer, name, data.reason)}


@post("/api/shield/thaw", tags=["shield"], opt={"permission": "approve"}, status_code=202, sync_to_thread=True,
      summary="Confirm the zones of a restored hub")
def thaw(data: Because, fuse: Fuse, viewer: Viewer) -> dict[str, str]:
    """Confirm as one named person what a restored hub holds: names may be added again."""
    fuse.thaw(viewer, data.reason)
    return {"status": "thawed"}


HANDLERS = (acts, act, confirm, refuse, preview, roll_back, unbar, thaw)
"""The doors of the fuse."""
