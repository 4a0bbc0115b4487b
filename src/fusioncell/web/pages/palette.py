"""The command palette's answers: recent threads and groups of the viewer, and the observable that was typed.

What the viewer's role opens stands in the page itself (``actions.actions_of``); this door adds what the record holds,
as the viewer sees it, and nothing else: each row comes from a room's own query for this viewer (DESIGN rule 5).
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import guess
from fusioncell.web.pages.frame import Asked, Page, fragment, language_of
from fusioncell.web.pages.saying import excerpt_of
from fusioncell.web.pages.views import View, mark_of, observable_href, printed
from fusioncell.web.words import N_

LOOKED = 100
"""Threads that are looked through, the newest first."""
ROWS = 6
"""Threads, and groups, that are listed at most."""


def _threads(hub: Hub, viewer: Viewer, wanted: list[str]) -> list[View]:
    rows = []
    for one in hub.talk.threads(viewer, limit=LOOKED if wanted else ROWS).threads:
        title = one.title or excerpt_of(one.excerpt)
        if all(word in title.casefold() for word in wanted):
            rows.append({"href": f"/exchange/{quote(one.id, safe='')}", "label": title, "note": N_("Thread")})
    return rows[:ROWS]


def _groups(hub: Hub, viewer: Viewer, wanted: list[str]) -> list[View]:
    return [
        {"href": f"/groups/{quote(seen.group.id, safe='')}", "label": seen.group.name, "note": N_("Group")}
        for seen in hub.circles.listed(viewer)
        if all(word in seen.group.name.casefold() for word in wanted)
    ][:ROWS]


def _named(hub: Hub, viewer: Viewer, text: str) -> list[View]:
    """Look the observable up that was typed, in any form."""
    one = guess(text) if text else None
    if one is None:
        return []
    found = hub.fusion.look_up(one, hub.record.visible_to(viewer))
    words = mark_of(found)[1] if found else N_("Nothing that you may see mentions it")
    href = observable_href(one) if found else f"/search?{urlencode({'q': text})}"
    return [{"href": href, "label": printed(one), "note": words}]


def rows_for(hub: Hub, viewer: Viewer, text: str) -> list[View]:
    """Return the palette's rows for what was typed: ``{href, label, note}``."""
    text = " ".join(text.split())
    wanted = text.casefold().split()
    rows = _named(hub, viewer, text)
    if viewer.member or viewer.guest:
        rows += _threads(hub, viewer, wanted) + _groups(hub, viewer, wanted)
    if text:
        rows.append({"href": f"/search?{urlencode({'q': text})}", "label": N_("Search for “{text}”", text=text),
                     "note": N_("Search")})  # fmt: skip
    return rows


@get("/palette", opt={"permission": "search"}, sync_to_thread=True, include_in_schema=False)
def palette(request: Asked, hub: Hub, viewer: Viewer, q: Annotated[str, Parameter(max_length=500)] = "") -> Page:
    """Answer what was typed, as options of the palette's list."""
    return fragment("_palette_rows.html", rows=rows_for(hub, viewer, q), language=language_of(request))


HANDLERS = (palette,)
"""The palette's door."""
