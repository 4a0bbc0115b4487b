"""Administration: applications, members and their people, suspensions, idle accounts."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import FusionCellError, NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.members.accounts.routes import party_of
from fusioncell.members.joining import Sponsored, State
from fusioncell.web.pages.frame import FORM, Asked, Page, fault_on, form_of, page, see_other, text_of
from fusioncell.web.pages.joining import STATE_WORDS, application_view, handed
from fusioncell.web.pages.names import Names
from fusioncell.web.refusals import ASK

View = dict[str, Any]
SHOWN_PEOPLE = 500
"""People listed of one organisation; more are left to the API."""


def parts_of(viewer: Viewer) -> set[str]:
    """Return the parts of the administration that the viewer's roles open."""
    opened = {"vet": viewer.may("vet"), "members": viewer.may("administer_members"), "audit": viewer.may("audit"),
              "assets": viewer.may("operate"), "holds": viewer.may("hold") or viewer.may("audit")}
    return {part for part, may in opened.items() if may}


@get("/admin", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def overview(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what waits, and lead to each part."""
    parts = parts_of(viewer)
    if not parts:
        raise NotAllowed("Only administrators, secretaries, auditors and officers have work here.", hint=str(ASK))
    names = Names(hub)
    known = hub.joining.applications() if "vet" in parts else []
    rows = [{"id": one.id, "href": f"/admin/applications/{one.id}", "name": one.filled.name, "at": one.at,
             "state": one.state.value, "words": STATE_WORDS[one.state.value],
             "sponsor": names.organisation(one.sponsor_org) if one.sponsor_org else ""} for one in known]
    return page(
        request, "admin/index.html", here="admin", parts=parts,
        waiting=[row for row in rows if row["state"] == "sponsored"],
        asked=[row for row in rows if row["state"] == "asked"],
        decided=[row for row in rows if row["state"] not in ("sponsored", "asked")][:50],
        members=_members(hub, names) if "members" in parts else [],
        idle=len(hub.accounts.idle()) if "members" in parts else 0,
        suspended=len(hub.accounts.suspended()) if "members" in parts else 0,
    )  # fmt: skip


def _members(hub: Hub, names: Names) -> list[View]:
    sponsors = {one.org: one.sponsor_org for one in hub.joining.sponsorships()}
    return [
        {
            "name": one.name, "href": f"/admin/organisations/{one.id}", "sector": one.sector, "kind": one.kind,
            "at": one.created, "sponsor": names.organisation(sponsors[one.id]) if one.id in sponsors else "",
            "state": "suspended" if one.suspended else "" if one.bound else "terms not accepted",
        }
        for one in hub.members.organisations()
    ]  # fmt: skip


@get("/admin/applications/{which:str}", opt={"permission": "vet"}, sync_to_thread=True, include_in_schema=False)
def application(request: Asked, which: str, hub: Hub) -> Page:
    """Show one application to who decides on it."""
    return _application_page(request, which, hub)


def _application_page(request: Asked, which: str, hub: Hub, **more: Any) -> Page:
    one = hub.joining.application(which)
    return page(request, "admin/application.html", here="admin", one=application_view(one, Names(hub)),
                may_accept=one.state is State.SPONSORED, may_refuse=one.state not in (State.ACCEPTED, State.REFUSED),
                **more)


@post("/admin/applications/{which:str}/accept", opt={"permission": "vet", **FORM}, include_in_schema=False)
async def accept(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Accept, and show the lead's one-time link."""
    fields = await form_of(request)

    def work() -> Page:
        try:
            one, link = hub.joining.accept(viewer, which, text_of(fields, "reason", 9000))
        except FusionCellError as fault:
            return _application_page(request, which, hub, code=fault.status, errors=(fault_on("reason", fault),))
        return handed(request, hub, hub.members.person(one.person), link, here="admin", back="/admin")

    return await sync_to_thread(work)


@post("/admin/applications/{which:str}/refuse", opt={"permission": "vet", **FORM}, include_in_schema=False)
async def refuse(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Refuse, with a reason that the applicant reads."""
    fields = await form_of(request)

    def work() -> Page:
        try:
            hub.joining.refuse(viewer, which, text_of(fields, "reason", 9000))
        except FusionCellError as fault:
            return _application_page(request, which, hub, code=fault.status, errors=(fault_on("reason", fault),))
        return see_other("/admin", said="refused")

    return await sync_to_thread(work)


@get("/admin/organisations/{which:str}", opt={"permission": "administer_members"}, sync_to_thread=True,
     include_in_schema=False)
def organisation(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show one organisation, its people, and all whom it stood for."""
    one, names = hub.members.organisation(which), Names(hub)
    sponsor = next((each for each in hub.joining.sponsorships() if each.org == which), None)
    people = [
        {"name": who.name, "email": who.email, "roles": ", ".join(who.roles), "party": f"person:{who.id}",
         "state": (reason or "suspended") if who.suspended else "", "me": who.id == viewer.person}
        for who, reason in hub.accounts.people(which)[:SHOWN_PEOPLE]
    ]  # fmt: skip
    shown = {"name": one.name, "sector": one.sector, "kind": one.kind, "at": one.created, "party": f"org:{one.id}",
             "state": "suspended" if one.suspended else "" if one.bound else "terms not accepted",
             "mine": one.id == viewer.org, "sponsor": names.organisation(sponsor.sponsor_org) if sponsor else "",
             "sponsor_person": names.person(sponsor.sponsor_person) if sponsor else ""}
    return page(request, "admin/organisation.html", here="admin", one=shown, people=people,
                stood_for=_stood_for(hub.joining.sponsored_by(which), names))


def _stood_for(found: list[Sponsored] | tuple[Sponsored, ...], names: Names) -> list[View]:
    return [{"name": names.organisation(one.org), "href": f"/admin/organisations/{one.org}", "at": one.at,
             "sponsor": names.organisation(one.sponsor_org), "person": names.person(one.sponsor_person)}
            for one in found]


@get("/admin/suspended", opt={"permission": "administer_members"}, sync_to_thread=True, include_in_schema=False)
def suspended(request: Asked, hub: Hub) -> Page:
    """Show who is suspended, with all whom they stood for."""
    return _suspended_page(request, hub)


def _suspended_page(request: Asked, hub: Hub, form: View | None = None, **more: Any) -> Page:
    names = Names(hub)
    rows = [
        {"party": one.party, "name": one.name, "org": names.organisation(one.org), "reason": one.reason,
         "since": one.since, "is_org": one.party.startswith("org:"), "stood_for": _stood_for(one.stood_for, names)}
        for one in hub.accounts.suspended()
    ]  # fmt: skip
    return page(request, "admin/suspended.html", here="admin", rows=rows, form=form or {"party": "", "reason": ""},
                **more)


@post("/admin/suspended", opt={"permission": "administer_members", **FORM}, include_in_schema=False)
async def suspend(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Suspend an organisation or a person."""
    fields = await form_of(request)
    given = {"party": text_of(fields, "party", 400), "reason": text_of(fields, "reason", 2000)}

    def work() -> Page:
        try:
            hub.accounts.suspend(viewer, party_of(hub.members, given["party"].strip()), given["reason"])
        except FusionCellError as fault:
            field = "reason" if "reason" in fault.detail else "party"
            return _suspended_page(request, hub, given, code=fault.status, errors=(fault_on(field, fault),))
        return see_other("/admin/suspended", said="suspended")

    return await sync_to_thread(work)


@post("/admin/suspended/reinstate", opt={"permission": "administer_members", **FORM}, include_in_schema=False)
async def reinstate(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Take a suspension back."""
    fields = await form_of(request)
    await sync_to_thread(hub.accounts.unsuspend, viewer, text_of(fields, "party", 400))
    return see_other("/admin/suspended", said="reinstated")


@get("/admin/idle", opt={"permission": "administer_members"}, sync_to_thread=True, include_in_schema=False)
def idle(request: Asked, hub: Hub) -> Page:
    """Show accounts that nobody uses, and at which step each is."""
    names, rule = Names(hub), hub.accounts.rule
    rows = [
        {"name": one.person.name, "org": names.organisation(one.person.org), "used": one.last if one.used else None,
         "added": one.person.created, "step": one.step.value, "due": one.due}
        for one in hub.accounts.idle()
    ]  # fmt: skip
    return page(request, "admin/idle.html", here="admin", rows=rows, idle_days=rule.idle_days,
                grace_days=rule.grace_days)


HANDLERS = (overview, application, accept, refuse, organisation, suspended, suspend, reinstate, idle)
"""The administration's pages."""
