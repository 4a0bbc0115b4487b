"""Participation by quarter: what the partnership gives, and one's own organisation beside its sector."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.participation import quarter_of
from fusioncell.exchange.participation.model import CONTEXT, KINDS, Figures, Pace, Report, Spell
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.views import View

SHARES = ("context", *CONTEXT)


def _figures(figures: Figures) -> View:
    return {
        **{kind: getattr(figures, kind) for kind in KINDS},
        "indicators": figures.indicators,
        "shares": {name: figures.share(name) for name in SHARES},
    }


def _spell(one: Spell) -> View:
    return {"at": one.begins, "all": _figures(one.all), "own": _figures(one.own)}


def _pace(pace: Pace) -> View:
    return {"asked": pace.asked, "answered": pace.answered, "median": pace.median, "p90": pace.p90}


def _own(found: Report) -> View | None:
    """Return the organisation beside the median of its sector; None where too few are in it."""
    if found.median is None:
        return None
    own = _figures(found.own)
    return {
        "sector": found.beside,
        "counts": [{"name": kind, "own": own[kind], "median": found.median[kind]} for kind in KINDS],
        "shares": [{"name": name, "own": own["shares"][name], "median": found.median[name]} for name in SHARES],
    }


@get(
    "/exchange/participation",
    opt={"permission": "read", "query": frozenset({"quarter"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def show(
    request: Asked, hub: Hub, viewer: Viewer, quarter: Annotated[str, Parameter(max_length=7)] = ""
) -> Page:
    """Show a quarter."""
    members_only(viewer)
    found = hub.participation.report(viewer, quarter)
    now = quarter_of(hub.clock.now())
    return page(
        request,
        "participation/index.html",
        here="exchange",
        quarter={
            "name": found.quarter, "begins": found.begins, "ends": found.ends - DAY,
            "previous": f"/exchange/participation?quarter={quarter_of(found.begins - DAY)}",
            "next": None if found.quarter >= now else f"/exchange/participation?quarter={quarter_of(found.ends)}",
        },
        total=None if found.total is None else _figures(found.total),
        anonymous=_figures(found.anonymous),
        own=_own(found),
        weeks=[_spell(one) for one in found.weeks if one.begins <= hub.clock.now()],
        months=[_spell(one) for one in found.months if one.begins <= hub.clock.now()],
        sectors=[
            {"name": one.name, "organisations": one.organisations, "quiet": one.quiet, "given": one.given,
             "taken": one.taken, **_figures(one.figures)}
            for one in found.sectors
        ],
        flows=[{"by": by, "to": to, "count": count} for by, to, count in found.flows],
        paces=[{"name": "posts", **_pace(found.posts)}, {"name": "requests", **_pace(found.requests)}],
        organisations=None if found.organisations is None else [
            {"name": one.name, "sector": one.sector, "href": f"/directory/{one.org}",
             **_figures(one.figures)}
            for one in found.organisations
        ],
        idle="/admin/idle" if viewer.may("administer_members") else None,
    )  # fmt: skip


HANDLERS = (show,)
"""The page of participation."""
