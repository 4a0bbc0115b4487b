"""Saved queries: the list, what one finds, its feed by key, and watching it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.detect import FORMATS, Wanted
from fusioncell.exchange.detect.routes import answer_of, etags_in
from fusioncell.kernel.errors import BadInput, Conflict, NotSignedIn
from fusioncell.kernel.marking import CELL, Viewer
from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.saved import Query, Saved
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.notebook import readers_choices
from fusioncell.web.pages.views import View, label_of, observable_view
from fusioncell.web.words import N_

OFFERED = (ObservableType.DOMAIN, ObservableType.URL, ObservableType.IPV4, ObservableType.IPV6, ObservableType.EMAIL,
           ObservableType.SHA256, ObservableType.SHA1, ObservableType.MD5, ObservableType.VULNERABILITY)  # fmt: skip
FEEDS = ("list", "csv", "jsonl", "suricata", "zeek", "hosts")
MOST_SHOWN = 100


def _view(one: Saved, names: Names, viewer: Viewer, watched: set[str]) -> View:
    query = one.query
    return {
        "id": one.id, "href": f"/saved/{quote(one.id, safe='')}", "name": query.name, "words": query.words,
        "types": [label_of(ObservableType(each)) for each in query.types], "least": query.least,
        "by": names.actor(one.by)[0], "at": one.at, "tlp": one.audience.tlp.value, "mine": one.org == viewer.org,
        "readers": N_("The Fusion Cell, whoever works there.") if CELL in one.audience.parties
        else who_reads(names, one.audience, viewer.org or ""),
        "watched": one.id in watched, "search": f"/search?{urlencode({'q': query.words})}" if query.words else None,
    }  # fmt: skip


def _watched(hub: Hub, viewer: Viewer) -> dict[str, str]:
    """Return query → watch of what the viewer watches."""
    if viewer.person is None:
        return {}
    return {watch.value: watch.id for watch in hub.notify.watches(viewer) if watch.kind == "query"}


def _percent(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= 100


def _index(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200, errors: tuple[dict[str, str], ...] = (),
           typed: Form | None = None) -> Page:
    names, watched = Names(hub, viewer), set(_watched(hub, viewer))
    least = text_of(typed or {}, "least", 64).strip()
    return page(request, "saved/index.html", here="workbench", code=code, errors=errors,
                rows=[_view(one, names, viewer, watched) for one in hub.saved.listed(viewer)],
                readers=readers_choices(hub, viewer), types=[{"value": each.value, "label": label_of(each)}
                                                             for each in OFFERED],
                typed={"name": text_of(typed or {}, "name", 400), "words": text_of(typed or {}, "words", 400),
                       "least": least if _percent(least) else ""})  # fmt: skip


@get("/saved", opt={"permission": "search"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer,
          q: Annotated[str, Parameter(max_length=300)] = "") -> Page:  # fmt: skip
    """List the queries that one may use; ``q``: words to save."""
    members_only(viewer)
    return _index(request, hub, viewer, typed={"words": q, "name": q[:60]})


@post("/saved", opt={"permission": "search", **FORM}, include_in_schema=False)
async def save(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Save a query."""
    fields = await form_of(request)
    types = [each for each in (await request.form()).getall("type", []) if isinstance(each, str)]
    least = text_of(fields, "least", 64).strip()

    def work() -> Page:
        try:
            if least and not _percent(least):
                raise BadInput("a likelihood is a whole number of percent", place="least")
            asked = Query(text_of(fields, "name", 400), text_of(fields, "words", 400), tuple(types), int(least or 0))
            made = hub.saved.save(viewer, asked, text_of(fields, "readers", 100))
        except BadInput as fault:
            return _index(request, hub, viewer, code=fault.status, typed=fields,
                          errors=(fault_on(fault.place or "name", fault),))  # fmt: skip
        settle(hub)
        return see_other(f"/saved/{quote(made, safe='')}", said="done")

    return await sync_to_thread(work)


@get("/saved/{which:str}", opt={"permission": "search"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show what a saved query finds, its feed, and whether one watches it."""
    members_only(viewer)
    one, names = hub.saved.one(viewer, which), Names(hub, viewer)
    found = hub.saved.found(viewer, one.query)
    base = hub.feeds.base
    return page(
        request, "saved/one.html", here="workbench", one=_view(one, names, viewer, set(_watched(hub, viewer))),
        rows=[{"one": observable_view(each.observable, each), "last": each.last} for each in found[:MOST_SHOWN]],
        count=len(found), may_watch=viewer.person is not None,
        feeds=[{"title": FORMATS[name].title, "url": f"{base}/api/saved/{quote(which, safe='')}/feed/{name}"}
               for name in FEEDS],
    )  # fmt: skip


@post("/saved/{which:str}", opt={"permission": "search", **FORM}, include_in_schema=False)
async def act(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Watch a query, end that, or drop it."""
    fields = await form_of(request)
    wanted = text_of(fields, "act", 12)

    def work() -> Page:
        if wanted == "drop":
            hub.saved.drop(viewer, which)
            settle(hub)
            return see_other("/saved", said="done")
        hub.saved.one(viewer, which)
        try:
            if wanted == "watch":
                hub.notify.watch(viewer, "query", which)
            elif wanted == "unwatch" and which in (mine := _watched(hub, viewer)):
                hub.notify.end_watch(viewer, mine[which])
        except Conflict as fault:
            return _index(request, hub, viewer, code=fault.status, errors=(fault_on("", fault),))
        return see_other(f"/saved/{quote(which, safe='')}", said="watching" if wanted == "watch" else "watch-ended")

    return await sync_to_thread(work)


@get("/api/saved/{which:str}/feed/{form:str}", tags=["saved queries"], opt={"permission": "search"},
     sync_to_thread=True, summary="A saved query as a feed")  # fmt: skip
def feed(
    request: Request[Any, Any, Any], which: str, form: str, hub: Hub, viewer: Viewer,
    limit: Annotated[int, Parameter(ge=0, le=1000, description="The best so many; 0 for all.")] = 0,
) -> Response[bytes]:  # fmt: skip
    """Give what a saved query finds for you in a form that tools read (list, csv, jsonl, suricata, zeek, hosts …).

    Known-good values, what has faded, and for forms that block what may not be blocked, are left out.
    """
    if viewer.org is None:
        raise NotSignedIn("a feed is given out by key", hint="Authorization: Bearer KEY")
    one = hub.saved.one(viewer, which)
    values = [each.observable for each in hub.saved.found(viewer, one.query)]
    wanted = Wanted(form, min_probability=one.query.least / 100, limit=limit)
    served = hub.feeds.serve_among(viewer, wanted, values, known=etags_in(request.headers.get("if-none-match", "")))
    if served.taken and served.data is not None:
        hub.receipts.exported(viewer.org, served.taken)
    return answer_of(served)


HANDLERS = (index, save, show, act, feed)
"""Saved queries."""
