"""What a reader chooses for the pages: their language, and whether single keys do anything.

Both are kept in a cookie of this browser; a person's language is kept as a preference too, where mails find it.
"""

from __future__ import annotations

from dataclasses import replace

from litestar import post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import (
    FORM,
    SHORTCUTS_COOKIE,
    Asked,
    Page,
    fields_of,
    form_of,
    local_path,
    same_site,
    see_other,
    text_of,
)
from fusioncell.web.render import LANGUAGES

YEAR = 365 * 86_400
"""Seconds for which a choice is kept."""


def _kept(hub: Hub, name: str, value: str) -> Cookie:
    secure = hub.settings.public_url.startswith("https://")
    return Cookie(name, value=value, path="/", max_age=YEAR, samesite="lax", httponly=True, secure=secure)


@post("/language", opt={"permission": "public", **FORM}, request_max_body_size=10_000, include_in_schema=False)
async def choose_language(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Change the language of the pages, and go back to where one was."""
    same_site(request)
    fields = await fields_of(request)
    chosen = text_of(fields, "language", 8)
    if chosen not in LANGUAGES:
        raise BadInput("the pages do not speak this language", hint="Choose one at the foot of a page.")
    if viewer.person and viewer.member:
        await sync_to_thread(_prefer, hub, viewer, chosen)
    return see_other(local_path(text_of(fields, "next", 2000)), cookies=[_kept(hub, "language", chosen)])


def _prefer(hub: Hub, viewer: Viewer, language: str) -> None:
    asked = hub.notify.preferences(viewer)
    if asked.language != language:
        hub.notify.prefer(viewer, replace(asked, language=language))


@post("/account/shortcuts", opt={"permission": "read", **FORM}, include_in_schema=False)
async def choose_shortcuts(request: Asked, hub: Hub) -> Page:
    """Switch single-key shortcuts off or on (WCAG 2.2, 2.1.4)."""
    fields = await form_of(request)
    on = text_of(fields, "shortcuts", 4) == "on"
    return see_other("/account", said="done", cookies=[_kept(hub, SHORTCUTS_COOKIE, "on" if on else "off")])


HANDLERS = (choose_language, choose_shortcuts)
"""What is chosen for the pages."""
