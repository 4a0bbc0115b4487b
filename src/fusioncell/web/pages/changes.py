"""What changes: what rises, is new, returns, or reaches a sector."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.changes import Change, How
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.words import N_

WORDS = {
    How.RISING: N_("Rising"), How.NEW: N_("New"), How.RETURNING: N_("Returning"), How.SECTOR: N_("New in a sector"),
}  # fmt: skip
_LEVELS = {How.RISING: "malicious", How.NEW: "suspicious", How.RETURNING: "suspicious", How.SECTOR: "unknown"}


def change_row(one: Change, young: bool = False) -> dict[str, Any]:
    """Make a row of what changes. ``young``: all is new, and no row says so again."""
    return {
        "href": f"/entities/{quote(one.entity.id, safe='')}", "name": one.entity.name, "kind": one.entity.kind.value,
        "external": "" if one.entity.external == one.entity.name else one.entity.external,
        "how": one.how.value, "words": "" if young else WORDS[one.how], "level": _LEVELS[one.how], "week": one.week,
        "usual": round(one.usual, 1), "members": one.members, "sectors": list(one.sectors), "since": one.since,
        "series": list(one.counts[-28:]),
    }  # fmt: skip


@get("/changes", opt={"permission": "read", "query": frozenset({"sector"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def changes(request: Asked, hub: Hub, viewer: Viewer, sector: str = "") -> Page:
    """Show what changes."""
    members_only(viewer)
    sectors = hub.matrix.sectors()
    chosen = sector if sector in sectors else ""
    found = hub.whatchanges.look(viewer, sector=chosen)
    return page(
        request, "picture/changes.html", here="picture", young=found.young,
        rows=[change_row(one, found.young) for one in found.found], watched=found.watched,
        false_alarms=round(found.false_alarms, 1), sectors=sectors, sector=chosen,
    )  # fmt: skip


HANDLERS = (changes,)
"""What changes."""
