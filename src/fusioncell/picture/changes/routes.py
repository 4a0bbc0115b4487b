"""HTTP operations of what changes."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.kernel.marking import Viewer
from fusioncell.picture.changes.model import WATCHED, Change
from fusioncell.picture.changes.service import WhatChanges

Sector = Annotated[str, Parameter(max_length=80, description="Only what contributors of this sector name.")]


def _json(one: Change) -> dict[str, Any]:
    return {
        "how": one.how.value, "entity": one.entity.id, "kind": one.entity.kind.value, "name": one.entity.name,
        "external": one.entity.external or None, "week": one.week, "usual_week": round(one.usual, 2),
        "contributors": one.members, "sectors": list(one.sectors), "since_days": one.since,
        "strength": round(one.strength, 3), "daily": list(one.counts[-4 * WATCHED :]),
    }  # fmt: skip


@get("/api/changes", tags=["picture"], opt={"permission": "read", "query": frozenset({"sector"})}, sync_to_thread=True,
     summary="What changes")  # fmt: skip
def changes(whatchanges: WhatChanges, viewer: Viewer, sector: Sector = "") -> dict[str, Any]:
    """List what is rising, new, returning or newly in a sector this week, against its own eight weeks before.

    ``false_alarms``: how many of the rises chance alone brings in a week, at the rate that the thresholds are set for.
    ``young``: nothing that you see is older than the week, so all of it is new.
    """
    found = whatchanges.look(viewer, sector=sector)
    return {"changes": [_json(one) for one in found.found], "watched": found.watched,
            "false_alarms": round(found.false_alarms, 2), "young": found.young}  # fmt: skip


HANDLERS = (changes,)
