"""HTTP operations of horizon scanning."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post

from fusioncell.kernel.clock import format_instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.horizon.model import Item, Kind, Paper, Score
from fusioncell.picture.horizon.score import crowd_of, standing
from fusioncell.picture.horizon.service import Horizon

_TAGS = ["horizon"]


class Opening(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An item. ``readers``: partnership, me, org, cell, or the party of a group of yours. ``deadline``: RFC 3339."""

    readers: str
    paper: Paper
    deadline: str = ""


def _json(horizon: Horizon, viewer: Viewer, one: Item) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": one.id, "kind": one.kind.value, "title": one.title, "text": one.text, "category": one.category or None,
        "source": one.source or None, "by": one.by, "organisation": one.org, "at": format_instant(one.at),
        "tlp": one.audience.tlp.value, "retired": one.retired,
    }  # fmt: skip
    if one.kind is Kind.DRIVER:
        said |= {"impact": one.impact or None, "uncertainty": one.uncertainty or None}
    if one.kind is Kind.SCENARIO:
        said |= {"word": one.word or None, "confidence": one.confidence or None}
    if one.kind is Kind.FORECAST:
        shown = horizon.sees_crowd(viewer, one)
        own = standing(one.estimates).get(viewer.person or "")
        said |= {"deadline": format_instant(one.deadline), "forecasters": len(standing(one.estimates)),
                 "chance": crowd_of(one.estimates) if shown else None, "own": own.chance if own else None,
                 "outcome": one.found.outcome if one.found else None, "resolved": one.resolved}  # fmt: skip
    return said


@get("/api/horizon", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="Signals, drivers, scenarios or forecasts")  # fmt: skip
def listed(horizon: Horizon, viewer: Viewer, kind: Kind = Kind.FORECAST) -> dict[str, Any]:
    """List the items of a kind that you may read, the newest first."""
    return {"items": [_json(horizon, viewer, one) for one in horizon.listed(viewer, kind)]}


@get("/api/horizon/track", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="How good forecasts were")  # fmt: skip
def track(horizon: Horizon, viewer: Viewer) -> dict[str, Any]:
    """Score the forecasts that you may read: yours, those of all together (their median), and the calibration."""
    found = horizon.track(viewer)

    def said(one: Score) -> dict[str, Any]:
        return {"count": one.count, "brier": one.brier, "reference": one.reference}

    bins = [{"count": one.count, "said": one.said, "came": one.came} for one in found.bins]
    return {"own": said(found.own), "crowd": said(found.crowd), "calibration": bins}


@post("/api/horizon", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
      summary="Open an item")  # fmt: skip
def open_one(data: Opening, horizon: Horizon, viewer: Viewer) -> dict[str, Any]:
    """Open a signal, a driver, a scenario or a forecast for its readers."""
    try:
        deadline = parse_instant(data.deadline) if data.deadline else data.paper.deadline
    except ValueError:
        raise BadInput("that is no time", hint="Write it as 2027-03-31T00:00:00Z.", place="deadline") from None
    made = horizon.open(viewer, msgspec.structs.replace(data.paper, deadline=deadline), data.readers)
    return {"id": made, "status": "accepted", "href": f"/api/horizon/{made}"}


@get("/api/horizon/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="One item")
def one(which: str, horizon: Horizon, viewer: Viewer) -> dict[str, Any]:
    """Show an item with what it is linked to."""
    found = horizon.one(viewer, which)
    return {**_json(horizon, viewer, found),
            "links": [{"id": each.id, "kind": each.kind.value, "title": each.title}
                      for each in horizon.linked(viewer, found)]}  # fmt: skip


@post("/api/horizon/{which:str}/papers", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Write into an item")  # fmt: skip
def write(which: str, data: Paper, horizon: Horizon, viewer: Viewer) -> dict[str, Any]:
    """Put a note, a link, a rating, a probability, an outcome or its confirmation into an item."""
    return {"id": horizon.write(viewer, which, data), "status": "accepted"}


HANDLERS = (listed, track, open_one, one, write)
"""The package's doors."""
