"""Personal data: what is held on oneself, to read and to download; erasure; and the officers' holds."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.errors import BadInput, FusionCellError, NotSignedIn
from fusioncell.kernel.marking import Viewer
from fusioncell.members.privacy.model import LONGEST_HOLD, SCOPES, StillHeld
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    fault_on,
    form_of,
    page,
    see_other,
    session_of,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_

SHOWN = 50
"""Rows of a section that the page shows; the download has all."""
EMPTY = {"scope": "person", "target": "", "case": "", "basis": "", "days": "180"}


def _sections(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is held as sections of rows of (name, value) pairs, empty ones left out."""
    sections = []
    for room, held in found["held"].items():
        for name, rows in held.items():
            listed = rows if isinstance(rows, list) else [rows] if rows else []
            if listed:
                sections.append({
                    "id": f"{room}-{name}", "title": name.replace("_", " ").capitalize(), "count": len(listed),
                    "rows": [[(key.replace("_", " "), "" if value is None else str(value))
                              for key, value in row.items()] for row in listed[:SHOWN]],
                })  # fmt: skip
    return sections


def _data_page(request: Asked, hub: Hub, viewer: Viewer, which: str, **more: Any) -> Page:
    own = which == viewer.person
    who, posts, held = hub.privacy.what_is_lost(which)
    found = hub.privacy.export(viewer, which)
    base = "/account/data" if own else f"/admin/people/{which}"
    return page(
        request, "members/data.html", here="account" if own else "admin", own=own, who={"name": who.name, "id": who.id},
        sections=_sections(found), notes=found["not_here"], posts=posts, held=held or None,
        download="/api/account/data" if own else f"/api/people/{which}/data", erase=f"{base}/erase", **more,
    )  # fmt: skip


def _me(viewer: Viewer) -> str:
    if viewer.person is None:
        raise NotSignedIn("this is for a person who is signed in", hint="Sign in with a browser.")
    return viewer.person


@get("/account/data", opt={"permission": "read", "guests": True}, sync_to_thread=True, include_in_schema=False)
def own_data(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show a person all that is held on them, and how they are erased."""
    return _data_page(request, hub, viewer, _me(viewer))


@get("/admin/people/{which:str}", opt={"permission": "administer_members"}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def data_of(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show an administrator what is held on a person, for the person's request, and erase them."""
    return _data_page(request, hub, viewer, which)


async def _erase(request: Asked, hub: Hub, viewer: Viewer, which: str, to: str) -> Page:
    fields = await form_of(request)

    def work() -> Page:
        try:
            if "sure" not in fields:
                raise BadInput("Tick that you have read what is lost", hint="It cannot be undone.")
            session = hub.members.session_id(session_of(request))
            hub.privacy.erase(viewer, which, posts="posts" in fields, session=session)
        except FusionCellError as fault:
            if fault.status == 404:
                raise
            field = "" if isinstance(fault, StillHeld) else "sure"
            return _data_page(request, hub, viewer, which, code=fault.status, errors=(fault_on(field, fault),))
        return see_other(to, said="erased")

    return await sync_to_thread(work)


@post("/account/data/erase", opt={"permission": "read", "guests": True, **FORM}, include_in_schema=False)
async def erase_me(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Erase oneself; the session is over with it."""
    return await _erase(request, hub, viewer, _me(viewer), "/sign-in")


@post("/admin/people/{which:str}/erase", opt={"permission": "administer_members", **FORM}, include_in_schema=False)
async def erase(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Erase a person."""
    return await _erase(request, hub, viewer, which, "/admin")


# -- holds -----------------------------------------------------------------------------------------------------------


def _holds_page(request: Asked, hub: Hub, viewer: Viewer, form: dict[str, str] | None = None, **more: Any) -> Page:
    names, now = Names(hub), hub.privacy.now()
    rows = [
        {"id": one.id, "scope": one.scope, "case": one.case, "basis": one.basis, "at": one.at, "until": one.until,
         "target": (names.person(one.target) if one.scope == "person" else names.organisation(one.target)
                    if one.scope == "organisation" else one.target),
         "officer": names.person(one.officer), "lasts": one.lasts(now),
         "state": N_("lasts") if one.lasts(now) else N_("lifted") if one.lifted else N_("expired")}
        for one in hub.privacy.holds(viewer)
    ]  # fmt: skip
    return page(request, "admin/holds.html", here="admin", rows=rows, may_place=viewer.may("hold"), form=form or EMPTY,
                scopes=list(SCOPES), most=LONGEST_HOLD // DAY, **more)  # fmt: skip


@get("/admin/holds", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def holds(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show officers and auditors what is kept from erasure, and for which case."""
    return _holds_page(request, hub, viewer)


@post("/admin/holds", opt={"permission": "hold", **FORM}, include_in_schema=False)
async def place(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Place a hold."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 2000).strip() for name in EMPTY}

    def work() -> Page:
        days = int(form["days"]) if form["days"].isdecimal() and len(form["days"]) < 6 else 0
        try:
            hub.privacy.place_hold(viewer, form["scope"], form["target"], form["case"], form["basis"], days)
        except FusionCellError as fault:
            field = fault.place or ("target" if fault.status == 404 else "case")
            return _holds_page(request, hub, viewer, form, code=fault.status, errors=(fault_on(field, fault),))
        return see_other("/admin/holds", said="hold-placed")

    return await sync_to_thread(work)


@post("/admin/holds/{which:str}/lift", opt={"permission": "hold", **FORM}, include_in_schema=False)
async def lift(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Lift a hold."""
    await form_of(request)
    await sync_to_thread(hub.privacy.lift_hold, viewer, which)
    return see_other("/admin/holds", said="hold-lifted")


HANDLERS = (own_data, data_of, erase_me, erase, holds, place, lift)
"""Personal data and holds."""
