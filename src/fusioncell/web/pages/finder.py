"""The search page: one box over everything that the viewer may see."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.fusion.model import Assessment
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import Observable, guess
from fusioncell.picture import tokens
from fusioncell.picture.routes import before_of
from fusioncell.picture.service import Found
from fusioncell.web.pages.frame import Asked, Page, page
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, accusing, contribution_title, observable_view, printed, verdict_view
from fusioncell.web.render import defang
from fusioncell.web.words import N_

MAX_PASTED = 200
"""Values of one paste that are looked up."""
_PROBLEM = {
    "text": N_("There is nothing in this that can be searched for."),
    "hint": N_("Search for a name, an address, a hash, or words of letters and digits."),
}


def _row(known: Assessment) -> View:
    return {"one": observable_view(known.observable, known), "origins": accusing(known), "last": known.last}


def _pasted(hub: Hub, viewer: Viewer, query: str) -> list[Assessment]:
    """List those of several pasted values that the viewer's part of the picture knows."""
    parts = query.replace(",", " ").replace(";", " ").split()
    if len(parts) < 2:
        return []
    asked: dict[Observable, None] = {}
    for part in parts[:MAX_PASTED]:
        one = guess(part)
        if one is not None:
            asked[one] = None
    known = hub.fusion.match(list(asked), hub.record.visible_to(viewer))
    return [known[one] for one in asked if one in known]


def _contributions(hub: Hub, viewer: Viewer, found: Found) -> list[View]:
    names = Names(hub)
    grouped: dict[str, list[int]] = {}
    for place, hit in enumerate(found.hits):
        grouped.setdefault(hit.entry.contribution, []).append(place)
    rows = []
    for identifier, places in grouped.items():
        hit = found.hits[places[0]]
        try:
            item = hub.picture.contribution(viewer, identifier)
        except NotFound:  # recalled between the two queries
            continue
        title = contribution_title(item.title, item.kind, item.items)
        said = dict.fromkeys(defang(found.hits[place].title) for place in places)
        excerpt = " \u00b7 ".join(each[:120] for each in said if each and each != title)
        if not excerpt:
            excerpt = " ".join(printed(one) for one in hit.observables[:4])
        rows.append(
            {
                "title": title,
                "href": f"/contributions/{identifier}",
                "org": names.organisation(item.org),
                "tlp": hit.audience.tlp.value,
                "at": item.at,
                "count": len(places),
                "excerpt": excerpt[:600],
            }
        )
    return rows


def search_context(hub: Hub, viewer: Viewer, query: str, before: str | None = None) -> View:
    """Compose what a search shows; nothing is sought where nothing was asked."""
    context: View = {
        "query": query,
        "problem": None,
        "unknown": False,
        "exact": None,
        "observables": {"rows": [], "more": None},
        "contributions": {"rows": [], "more": None},
    }
    if query:
        found = hub.picture.search(viewer, query, before=before_of(hub.seal, before))
        now = hub.clock.now()
        if found.observable is None and not tokens(query):
            context["problem"] = _PROBLEM
        if found.observable and found.assessment and before is None:
            context["exact"] = {
                "one": observable_view(found.observable, found.assessment),
                "verdict": verdict_view(found.assessment, now),
                "origins": accusing(found.assessment),
                "last": found.assessment.last,
            }
        if before is None:
            rows = [_row(each) for each in (*found.related, *_pasted(hub, viewer, query))]
            context["observables"] = {"rows": rows, "more": None}
        more = f"/search?{urlencode({'q': query, 'before': hub.seal.cursor(found.next, 0, 0)})}" if found.next else None
        context["contributions"] = {"rows": _contributions(hub, viewer, found), "more": more}
    return context


@get("/search", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def search(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    q: Annotated[str, Parameter(max_length=8192)] = "",
    before: str | None = None,
) -> Page:
    """Search an exact value in any form, several at once, or words; newest first."""
    query = " ".join(q.split())
    return page(request, "picture/search.html", sought=query, **search_context(hub, viewer, query, before))


HANDLERS = (search,)
"""The search page."""
