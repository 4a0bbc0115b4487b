"""The first page: what is new, rising, counted and blocked, as far as the viewer may see it."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.bootstrap import Hub
from fusioncell.intake.project import FRESH_FOR
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.members import TermsDue
from fusioncell.picture.service import Activity, Figures, Summary
from fusioncell.shield.model import Decision, State
from fusioncell.web.access import awaits_terms
from fusioncell.web.pages.actions import main_actions
from fusioncell.web.pages.entities import labelled
from fusioncell.web.pages.frame import Asked, Page, page, stream_from_here
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, category_of, contribution_title, label_of, observable_view
from fusioncell.web.words import N_

NEWEST = 20
RISING = 8
BARS = 6
BLOCKED = 6


def item_view(item: Summary, sample: tuple[Observable, ...], names: Names) -> View:
    """Make one row of *what is new*."""
    return {
        "id": item.contribution,
        "kind": "contribution",
        "title": contribution_title(item.title, item.kind, item.items),
        "href": f"/contributions/{item.contribution}",
        "org": names.organisation(item.org),
        "tlp": item.audience.tlp.value,
        "at": item.at,
        "count": item.mentions,
        "sample": [observable_view(one, None) for one in sample],
    }


def _decision_item(item: Decision, names: Names, tlp: str) -> View:
    name = item.name.replace(".", "[.]")
    return {
        "id": item.id,
        "kind": "decision",
        "title": N_("{name} is blocked: {category}", name=name, category=category_of(item.category)),
        "href": f"/shield/{item.id}",
        "org": names.actor(item.approver)[1] or names.actor(item.approver)[0],
        "tlp": tlp,
        "at": item.published_at,
        "count": 0,
        "sample": [],
    }


def _change(activity: Activity) -> str:
    before = activity.contributions_before
    if not before:
        return ""
    change = round(100 * (activity.contributions - before) / before)
    if not change:
        return N_("as many as the day before")
    if change > 0:
        return N_("{n}\u202f% more than the day before", n=change)
    return N_("{n}\u202f% fewer than the day before", n=-change)


def _kpis(viewer: Viewer, activity: Activity, tally: dict[str, int], names: Names, rising: int) -> list[View]:
    shown: list[View] = [
        {"label": N_("contributions in 24 hours"), "value": activity.contributions, "note": _change(activity)},
        {"label": N_("values named in 24 hours"), "value": activity.named, "note": ""},
        {
            "label": N_("organisations active"),
            "value": activity.contributors,
            "note": N_("of {n}", n=sum(one.bound for one in names.all().values())) if viewer.member else "",
        },
    ]
    if viewer.member:
        waiting = tally.get(State.PROPOSED, 0)
        # Proposals are read by those who approve them; to others the count is none, and nothing is said.
        note = N_("{count} waits for approval", "{count} wait for approval", waiting) if waiting else ""
        shown.insert(2, {"label": N_("names blocked"), "value": tally.get(State.PUBLISHED, 0), "note": note})
    else:
        shown.append({"label": N_("values rising"), "value": rising, "note": ""})
    return shown


def _sectors(counted: list[tuple[str, int]], names: Names) -> list[View]:
    sums: dict[str, int] = {}
    for org, count in counted:
        sector = names.sector(org)
        sums[sector] = sums.get(sector, 0) + count
    largest = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))[:BARS]
    return [{"label": sector[:1].upper() + sector[1:], "count": count, "href": None} for sector, count in largest]


def _type_label(key: str) -> str:
    try:
        return label_of(ObservableType(key))
    except ValueError:
        return key


def _blocked(hub: Hub, viewer: Viewer, total: int) -> View | None:
    """Say what is blocked, to members: decisions are released to the partnership."""
    if not viewer.member:
        return None
    decisions = hub.shield.decisions(viewer, [State.PUBLISHED], limit=BLOCKED)
    found = [Observable(ObservableType.DOMAIN, item.name) for item in decisions]
    return {
        "total": total,
        "rows": [
            {
                "one": observable_view(one, None),
                "category": category_of(item.category, capital=True),
                "until": item.expires_at,
                "href": f"/shield/{item.id}",
            }
            for one, item in zip(found, decisions, strict=True)
        ],
    }


def _news(hub: Hub, viewer: Viewer, names: Names) -> list[View]:
    items = [
        item_view(item, hub.picture.sample(viewer, item), names)
        for item in hub.picture.newest(viewer, limit=NEWEST, reactions=False)
    ]
    if viewer.member:
        oldest = min((item["at"] for item in items), default=0)
        since = max(oldest, hub.clock.now() - DAY)
        items += [
            _decision_item(one, names, hub.record.audience(one.audience).tlp.value)
            for one in hub.shield.decisions(viewer, [State.PUBLISHED], limit=5)
            if one.published_at >= since
        ]
    return sorted(items, key=lambda item: -item["at"])[:NEWEST]


def _rising(hub: Hub, viewer: Viewer, figures: Figures) -> list[View]:
    return [
        {
            "one": observable_view(rise.observable, rise.assessment),
            "origins": rise.contributors,
            "before": rise.before,
            "series": list(rise.series),
        }
        for rise in hub.picture.rises(viewer, figures.risen[:RISING])
        if rise.contributors > 1
    ]


def home_context(hub: Hub, viewer: Viewer) -> dict[str, Any]:
    """Compose the first page for a viewer."""
    # The position comes first: what arrives while the page is made comes by the stream, and is not missed.
    live = stream_from_here(hub, viewer)
    names = Names(hub)
    figures = hub.picture.figures(viewer)
    activity = figures.activity
    tally = hub.shield.tally(viewer)
    rising = _rising(hub, viewer, figures)
    return {
        "actions": main_actions(hub, viewer),
        "kpis": _kpis(viewer, activity, tally, names, len(rising)),
        "older": {"count": activity.older, "days": FRESH_FOR // DAY},
        "live": {
            "url": live if viewer.may("stream") or not viewer.member else None,
            "items": _news(hub, viewer, names),
        },
        "rising": rising,
        "sectors": _sectors(figures.facets["org"], names),
        "types": [
            {"label": _type_label(key), "count": count, "href": None}
            for key, count in figures.facets["type"][:BARS]
        ],
        "techniques": [
            {**labelled(hub, key, viewer), "count": count} for key, count in figures.facets["technique"][:BARS]
        ],
        "blocked": _blocked(hub, viewer, tally.get(State.PUBLISHED, 0)),
        "hours": [{"at": at, "count": count} for at, count in activity.hours],
    }


@get("/", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def home(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the picture now. Whose organisation has not accepted the terms is led there."""
    if awaits_terms(viewer):
        raise TermsDue
    return page(request, "picture/home.html", here="picture", **home_context(hub, viewer))


HANDLERS = (home,)
"""The first page."""
