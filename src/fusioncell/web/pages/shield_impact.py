"""What blocking came to: the page, and the panel on a decision's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, SECOND
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.hits.model import Line, Series
from fusioncell.shield.model import Decision
from fusioncell.web.pages.frame import Asked, Page, members_only, page
from fusioncell.web.pages.transparency import lasted
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

SPANS = (7, 30, 90)
NAMED = 10
RELEASED = N_("The partnership")
REPORTED = N_("Resolvers whose reports you read")
RELEASED_NOTE = N_("Sums of hours that at least three organisations reported.")
REPORTED_NOTE = N_("As each resolver's agent told it, hour by hour.")


def _words(span: int | None) -> str | None:
    return None if span is None else lasted(span // SECOND)


def _plot(name: str, series: Series, step: int) -> View:
    return {
        "id": f"hits-{name}", "title": RELEASED if name == "released" else REPORTED,
        "note": RELEASED_NOTE if name == "released" else REPORTED_NOTE, "daily": step == DAY,
        "blocked": series.blocked, "shadow": series.shadow,
        "rows": [{"at": one.begins, "blocked": one.blocked, "shadow": one.shadow} for one in series.spells],
    }  # fmt: skip


def _named(hub: Hub, viewer: Viewer, lines: Sequence[Line]) -> list[View]:
    rows: list[View] = []
    for line in lines[:NAMED]:
        try:
            item = hub.shield.decision(viewer, line.decision)
        except NotFound:
            continue
        rows.append({"name": item.name, "href": f"/shield/{quote(item.id, safe='')}", "blocked": line.blocked,
                     "shadow": line.shadow})  # fmt: skip
    return rows


@get("/shield/impact", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def impact(request: Asked, hub: Hub, viewer: Viewer, days: Annotated[int, Parameter(ge=1, le=365)] = 7) -> Page:
    """Show what blocking came to in the last days."""
    members_only(viewer)
    found = hub.shielding.hit_counts.impact(viewer, days)
    circles = [("released", found.released), ("reported", found.reported)]
    if not (found.released.blocked or found.released.shadow):
        circles.reverse()  # what there is comes first
    plots = [_plot(name, series, found.step) for name, series in circles]
    return page(
        request,
        "shield/impact.html",
        here="shield",
        days=days,
        spans=sorted({*SPANS, days}),
        pace={"count": found.pace.count, "median": _words(found.pace.median), "p95": _words(found.pace.p95)},
        published=found.published,
        lifted=found.lifted,
        wrong=found.false_positives,
        overridden=found.overridden,
        subscribers=found.subscribers,
        plots=plots,
        drawn=any(plot["blocked"] or plot["shadow"] for plot in plots),
        tables=[{"id": f"most-{name}", "title": N_("Most asked for, the partnership") if name == "released" else
                 N_("Most asked for, of those reports"), "rows": _named(hub, viewer, series.decisions)}
                for name, series in circles],
        csv=f"/api/shield/impact/csv?days={days}",
    )  # fmt: skip


def decision_hits(hub: Hub, viewer: Viewer, item: Decision) -> View | None:
    """Return the panel of one decision, None where it was never published."""
    if not item.published_at:
        return None
    found = hub.shielding.hit_counts.of_decision(viewer, item)
    plots = [_plot("released", found.released, found.step), _plot("reported", found.reported, found.step)]
    return {"waited": _words(found.waited), "overridden": found.overridden, "carried": found.carried,
            "subscribers": found.subscribers, "plots": plots,
            "drawn": any(plot["blocked"] or plot["shadow"] for plot in plots)}  # fmt: skip


HANDLERS = (impact,)
"""The page."""
