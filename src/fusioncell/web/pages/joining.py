"""Pages of joining: apply, look at one's application, stand for an applicant, the terms, a lead's people."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members import KINDS, Person, Secret
from fusioncell.members.accounts.model import IDLE, REMOVED
from fusioncell.members.joining import FIELDS, TERMS, Application, fill_in
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    base_of,
    fault_on,
    fields_of,
    form_of,
    page,
    same_site,
    see_other,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_

View = dict[str, Any]
SMALL = 100_000
"""Bytes: what anybody may send is no longer."""
STATE_WORDS = {
    "asked": N_("Waiting for a sponsor"),
    "sponsored": N_("Waiting for a decision"),
    "declined": N_("Declined by the sponsor"),
    "accepted": N_("Accepted"),
    "refused": N_("Refused"),
    "lapsed": N_("Lapsed"),
}


def application_view(one: Application, names: Names) -> View:
    """Make the view of an application for sponsors and vetters."""
    filled = one.filled
    return {
        "id": one.id, "name": filled.name, "sector": filled.sector, "kind": filled.kind, "applicant": filled.applicant,
        "email": filled.email, "why": filled.why, "sponsor": filled.sponsor, "at": one.at, "state": one.state.value,
        "words": STATE_WORDS[one.state.value],
        "sponsor_org": names.organisation(one.sponsor_org) if one.sponsor_org else "",
        "sponsor_person": names.person(one.sponsor_person) if one.sponsor_person else "",
        "statement": one.statement, "sponsored": one.sponsored or None,
        "vetter": names.person(one.vetter) if one.vetter else "", "reason": one.reason,
        "decided": one.decided or None,
    }  # fmt: skip


def handed(request: Asked, hub: Hub, who: Person, link: Secret, *, here: str, back: str) -> Page:
    """Show a one-time link, this once."""
    return page(request, "members/handed.html", here=here, who={"name": who.name, "email": who.email}, back=back,
                link=f"{base_of(request)}/sign-in/link/{link.reveal()}", mailed=bool(hub.settings.public_url))


# -- the applicant -----------------------------------------------------------------------------------------------------


def _apply_page(request: Asked, form: View, **more: Any) -> Page:
    return page(request, "members/apply.html", form=form, kinds=list(KINDS), **more)


@get("/apply", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def ask_to_join(request: Asked) -> Page:
    """Show the form."""
    return _apply_page(request, dict.fromkeys(FIELDS, ""))


@post("/apply", opt={"permission": "public", **FORM}, request_max_body_size=SMALL, include_in_schema=False)
async def apply(request: Asked, hub: Hub) -> Page:
    """Take an application in, and lead to the page that tells where it stands."""
    same_site(request)
    fields = await fields_of(request)
    given = {name: text_of(fields, name, 9000) for name in FIELDS}
    address = request.client.host if request.client else ""

    def work() -> Page:
        try:
            code = hub.joining.apply(fill_in(given), address)
        except FusionCellError as fault:
            return _apply_page(request, given, code=fault.status, errors=(fault_on(fault.place, fault),))
        return see_other(f"/apply/{code.reveal()}", said="applied")

    return await sync_to_thread(work)


@get("/apply/{code:str}", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def applied(request: Asked, code: str, hub: Hub) -> Page:
    """Tell the holder of a reference code where the application stands."""
    one = hub.joining.state_of(code)
    shown = {"name": one.name, "at": one.at, "state": one.state.value, "words": STATE_WORDS[one.state.value],
             "reason": one.reason, "lapses": one.lapses}
    return page(request, "members/applied.html", one=shown, reference=code)


# -- the sponsor -------------------------------------------------------------------------------------------------------


@get("/sponsoring", opt={"permission": "sponsor"}, sync_to_thread=True, include_in_schema=False)
def sponsoring(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show who asks the viewer's organisation to stand for them, and for whom it stood."""
    return _sponsoring_page(request, hub, viewer)


def _sponsoring_page(request: Asked, hub: Hub, viewer: Viewer, **more: Any) -> Page:
    names = Names(hub)
    rows = [application_view(one, names) for one in hub.joining.asked(viewer)]
    return page(request, "members/sponsoring.html", here="account", may_stand=viewer.person is not None,
                waiting=[row for row in rows if row["state"] == "asked"],
                others=[row for row in rows if row["state"] != "asked"], **more)


async def _stand(request: Asked, which: str, hub: Hub, viewer: Viewer, *, confirmed: bool) -> Page:
    fields = await form_of(request)

    def work() -> Page:
        try:
            hub.joining.stand(viewer, which, text_of(fields, "statement", 9000), confirmed=confirmed)
        except FusionCellError as fault:
            return _sponsoring_page(request, hub, viewer, code=fault.status,
                                    errors=(fault_on(f"statement-{which}", fault),))
        return see_other("/sponsoring", said="sponsored" if confirmed else "declined")

    return await sync_to_thread(work)


@post("/sponsoring/{which:str}/confirm", opt={"permission": "sponsor", **FORM}, include_in_schema=False)
async def confirm(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Stand for an applicant."""
    return await _stand(request, which, hub, viewer, confirmed=True)


@post("/sponsoring/{which:str}/decline", opt={"permission": "sponsor", **FORM}, include_in_schema=False)
async def decline(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Decline to stand for an applicant."""
    return await _stand(request, which, hub, viewer, confirmed=False)


# -- the terms ---------------------------------------------------------------------------------------------------------


@get("/terms", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def terms(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the terms; a lead whose organisation has not accepted them can do so."""
    newest, names = TERMS[-1], Names(hub)
    accepted = hub.joining.terms_of(viewer.org) if viewer.org else []
    mine = next(({"by": names.person(who), "at": at} for version, who, at in accepted if version == newest.version),
                None)
    due = viewer.org is not None and mine is None
    return page(
        request, "members/terms.html", here="account" if viewer.org else "", version=newest.version,
        clauses=[{"heading": heading, "text": text} for heading, text in newest.clauses], accepted=mine,
        may_accept=due and viewer.person is not None and viewer.may("lead"),
        waiting=due and not viewer.member and not viewer.guest,
    )  # fmt: skip


@post("/terms", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def accept_terms(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Accept the terms for the organisation."""
    fields = await form_of(request)
    await sync_to_thread(hub.joining.accept_terms, viewer, text_of(fields, "version", 40))
    return see_other("/", said="terms-accepted")


# -- a lead's people ---------------------------------------------------------------------------------------------------


def _people_page(request: Asked, hub: Hub, viewer: Viewer, form: View | None = None, **more: Any) -> Page:
    giving = hub.accounts.may_give(viewer)
    rows = [
        {
            "id": who.id, "name": who.name, "email": who.email, "roles": list(who.roles),
            "state": reason or "suspended" if who.suspended else "", "me": who.id == viewer.person,
            "mine": who.id != viewer.person and set(who.roles) <= set(giving),
            "back": who.suspended and reason in (REMOVED, IDLE),
        }
        for who, reason in hub.accounts.people(viewer.org or "")
    ]  # fmt: skip
    return page(request, "members/people.html", here="account", org=Names(hub).organisation(viewer.org or ""),
                rows=rows, giving=list(giving), form=form or {"name": "", "email": "", "roles": ["member"]}, **more)


def roles_in(fields: Form) -> list[str]:
    """Return the roles that were ticked: a box is named ``role-NAME``."""
    return [name.removeprefix("role-") for name in fields if name.startswith("role-")]


@get("/people", opt={"permission": "lead"}, sync_to_thread=True, include_in_schema=False)
def people(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the people of the lead's organisation."""
    return _people_page(request, hub, viewer)


@post("/people", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def invite(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Add a person and show their one-time link."""
    fields = await form_of(request)
    name, email, roles = text_of(fields, "name", 900), text_of(fields, "email", 900), roles_in(fields)

    def work() -> Page:
        try:
            who, link = hub.accounts.invite(viewer, viewer.org or "", name, email, roles)
        except FusionCellError as fault:
            field = "email" if "address" in fault.detail else "name" if "name" in fault.detail else ""
            return _people_page(request, hub, viewer, {"name": name, "email": email, "roles": roles},
                                code=fault.status, errors=(fault_on(field, fault),))
        return handed(request, hub, who, link, here="account", back="/people")

    return await sync_to_thread(work)


@post("/people/{which:str}/{what:str}", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def change_person(request: Asked, which: str, what: str, hub: Hub, viewer: Viewer) -> Page:
    """Change a person's account: ``roles``, ``remove``, ``reinstate``, ``link``."""
    fields = await form_of(request)

    def work() -> Page:
        accounts = hub.accounts
        try:
            if what == "roles":
                accounts.give_roles(viewer, which, roles_in(fields))
            elif what == "remove":
                accounts.remove(viewer, which)
            elif what in ("reinstate", "link"):
                make = accounts.reinstate if what == "reinstate" else accounts.link
                link = make(viewer, which)
                return handed(request, hub, hub.members.person(which), link, here="account", back="/people")
            else:
                raise NotFound("there is no such action")
        except NotFound:
            raise
        except FusionCellError as fault:
            return _people_page(request, hub, viewer, code=fault.status, errors=(fault_on("", fault),))
        return see_other("/people", said="roles-given" if what == "roles" else "person-removed")

    return await sync_to_thread(work)


HANDLERS = (ask_to_join, apply, applied, sponsoring, confirm, decline, terms, accept_terms, people, invite,
            change_person)
"""The pages of joining."""
