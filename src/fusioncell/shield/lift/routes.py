"""HTTP operations of lifts and bars."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.lift.model import Found, Lifted, Standing
from fusioncell.shield.lift.service import Lifts

SHOWN = 1000
"""Names that a preview lists; all are counted."""


class Choosing(msgspec.Struct, forbid_unknown_fields=True):
    """Which blocks: exactly one of ``name``, ``source`` (who is cited), ``rule`` (or standing approval), ``since``."""

    name: str = ""
    source: str = ""
    rule: str = ""
    since: str = ""
    reason: str = ""

    def asked(self) -> dict[str, str]:
        """Return the ways of choosing."""
        return {"name": self.name, "source": self.source, "rule": self.rule, "since": self.since}


def found_json(found: Found) -> dict[str, Any]:
    """Return what a lift would end."""
    return {
        "by": found.chosen.by, "value": found.chosen.value, "blocks": len(found.blocks),
        "proposals": len(found.proposals), "names": list(found.blocks[:SHOWN]), "more": found.more,
    }  # fmt: skip


def lifted_json(one: Lifted) -> dict[str, Any]:
    """Return a lift that was made."""
    return {"lift": one.id, "by": one.by, "chosen": one.chosen.by, "value": one.chosen.value, "reason": one.reason,
            "names": one.names, "at": format_instant(one.at)}  # fmt: skip


def bar_json(one: Standing) -> dict[str, Any]:
    """Return a bar."""
    return {"name": one.name, "lift": one.lift, "by": one.by, "reason": one.reason, "at": format_instant(one.at)}


@post("/api/shield/lifts/preview", tags=["shield"], opt={"permission": "withdraw_block"}, status_code=200,
      sync_to_thread=True, summary="What a lift would end")
def preview(data: Choosing, lifts: Lifts, viewer: Viewer) -> dict[str, Any]:
    """Say which blocks a lift would end, and end nothing."""
    return found_json(lifts.preview(viewer, data.asked()))


@post("/api/shield/lifts", tags=["shield"], opt={"permission": "withdraw_block"}, status_code=202,
      sync_to_thread=True, summary="Lift wrong blocks everywhere")
def lift(data: Choosing, lifts: Lifts, viewer: Viewer) -> dict[str, Any]:
    """End all matching blocks at once, by one named person with a reason; each name is barred from coming back."""
    return lifted_json(lifts.lift(viewer, data.asked(), data.reason))


@get("/api/shield/lifts", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True, summary="Lifts made")
def made(lifts: Lifts, viewer: Viewer) -> dict[str, Any]:
    """List the newest lifts that you may see."""
    return {"lifts": [lifted_json(one) for one in lifts.lifts(viewer)]}


@get("/api/shield/bars", tags=["shield"], opt={"permission": "read", "query": frozenset({"after", "limit"})},
     sync_to_thread=True, summary="Bars that stand")
def bars(
    lifts: Lifts, viewer: Viewer, after: str = "", limit: Annotated[int, Parameter(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """List the names that no rule proposes again, in their order, after one."""
    found = lifts.bars(viewer, after=after, limit=limit + 1)
    more = found[limit - 1].name if len(found) > limit else None
    return {"bars": [bar_json(one) for one in found[:limit]], "next": more}


HANDLERS = (preview, lift, made, bars)
"""The doors of lifts."""
