"""HTTP operations of saved queries."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import key64
from fusioncell.picture.saved.model import Query, Saved
from fusioncell.picture.saved.service import SavedQueries

_TAGS = ["saved queries"]


class Saving(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A query. ``least``: percent; ``readers``: me, org, cell, or the party of a group of yours."""

    name: str
    words: str = ""
    types: tuple[str, ...] = ()
    least: int = 0
    readers: str = "me"


def _json(one: Saved) -> dict[str, Any]:
    return {"id": one.id, "name": one.query.name, "words": one.query.words, "types": list(one.query.types),
            "least": one.query.least, "by": one.by, "organisation": one.org, "at": format_instant(one.at),
            "tlp": one.audience.tlp.value, "values": f"/api/saved/{one.id}/values",
            "feed": f"/api/saved/{one.id}/feed/plain"}  # fmt: skip


@get("/api/saved", tags=_TAGS, opt={"permission": "search"}, sync_to_thread=True, summary="Saved queries")
def listed(saved: SavedQueries, viewer: Viewer) -> dict[str, Any]:
    """List the queries that you may use."""
    return {"queries": [_json(one) for one in saved.listed(viewer)]}


@post("/api/saved", tags=_TAGS, opt={"permission": "search"}, sync_to_thread=True, status_code=202,
      summary="Save a query")  # fmt: skip
def save(data: Saving, saved: SavedQueries, viewer: Viewer) -> dict[str, Any]:
    """Save a query for yourself, your organisation, a group or the Fusion Cell."""
    made = saved.save(viewer, Query(data.name, data.words, data.types, data.least), data.readers)
    return {"id": made, "status": "accepted"}


@get("/api/saved/{which:str}/values", tags=_TAGS, opt={"permission": "search"}, sync_to_thread=True,
     summary="Ask a saved query")  # fmt: skip
def values(which: str, saved: SavedQueries, viewer: Viewer, handed: Handed) -> dict[str, Any]:
    """Give what a saved query finds for you, the likeliest first."""
    one = saved.one(viewer, which)
    found = saved.found(viewer, one.query)
    handed.out([key64(each.observable) for each in found])
    return {**_json(one), "found": [
        {"type": each.observable.type.value, "value": each.observable.value, "malicious": round(each.malicious, 4),
         "active": round(each.active, 4), "last": format_instant(each.last) if each.last else None} for each in found
    ]}  # fmt: skip


@post("/api/saved/{which:str}/drop", tags=_TAGS, opt={"permission": "search"}, sync_to_thread=True, status_code=202,
      summary="Drop a saved query")  # fmt: skip
def drop(which: str, saved: SavedQueries, viewer: Viewer) -> dict[str, Any]:
    """Drop a query of your organisation."""
    saved.drop(viewer, which)
    return {"id": which, "status": "dropped"}


HANDLERS = (listed, save, values, drop)
"""The package's doors."""
