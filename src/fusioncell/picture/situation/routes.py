"""HTTP operations of the situation over time."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.situation.model import Course
from fusioncell.picture.situation.service import Situations


def _json(one: Course) -> dict[str, Any]:
    named = {"entity": one.entity.id, "kind": one.entity.kind.value} if one.entity else {}
    return {"name": one.name, **named, "days": list(one.days), "total": one.total, "before": one.before}


@get("/api/situation", tags=["picture"], opt={"permission": "read"}, sync_to_thread=True,
     summary="The situation over time")  # fmt: skip
def situation(
    situations: Situations, viewer: Viewer, days: int = 30, sector: Annotated[str, Parameter(max_length=80)] = "",
) -> dict[str, Any]:  # fmt: skip
    """Count what you may see of the last 7, 30 or 90 days, day by day, beside the same time before; of one sector's
    contributors if named."""
    if not viewer.member:
        raise NotAllowed("this is for members of the partnership", hint="Sign in.")
    found = situations.show(viewer, days=days, sector=sector)
    return {
        "since": format_instant(found.since), "news": _json(found.news), "contributors": _json(found.voices),
        "active": found.active, "active_before": found.active_before, "sectors": [_json(one) for one in found.sectors],
        "types": [_json(one) for one in found.types], "entities": [_json(one) for one in found.entities],
    }  # fmt: skip


HANDLERS = (situation,)
"""The package's doors."""
