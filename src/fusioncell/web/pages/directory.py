"""The directory: organisations and people, what one shows of oneself, and 24-hour contacts."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members import KINDS
from fusioncell.members.directory import Contact, Listed, PersonListed, Profile
from fusioncell.members.directory.model import PAGE
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    fault_on,
    form_of,
    members_only,
    page,
    same_site,
    see_other,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View


def _organisation(one: Listed) -> View:
    said = one.profile or Profile("")
    return {"name": one.name, "href": f"/directory/{quote(one.id, safe='')}", "kind": one.kind, "sector": one.sector,
            "about": said.about, "expertise": said.expertise, "email": said.email, "phone": said.phone,
            "website": said.website}


def _person(one: PersonListed) -> View:
    return {"name": one.name, "href": f"/people/{quote(one.id, safe='')}", "org": one.org_name,
            "org_href": f"/directory/{quote(one.org, safe='')}", "about": one.profile.about,
            "expertise": one.profile.expertise, "email": one.profile.email, "phone": one.profile.phone}


def _contact(hub: Hub, viewer: Viewer, one: Contact, names: Names) -> View:
    now = hub.clock.now()
    mine = one.org == viewer.org and viewer.may("contribute")
    return {"id": one.id, "org": names.organisation(one.org), "org_href": f"/directory/{quote(one.org, safe='')}",
            "name": one.name, "role": one.role, "phone": one.phone, "email": one.email, "languages": one.languages,
            "readers": "" if one.readers == "green" else names.party(f"group:{one.readers}.1"),
            "asked": one.asked, "confirmed": one.confirmed, "stale": one.is_stale(now),
            "test_url": f"/contacts/{one.id}/test" if viewer.may("contribute") else None,
            "remove_url": f"/contacts/{one.id}/remove" if mine else None}


def _contacts(hub: Hub, viewer: Viewer, org_id: str = "") -> list[View]:
    names = Names(hub, viewer)
    return [_contact(hub, viewer, one, names) for one in hub.directory.contacts(viewer, org_id)]


@get("/directory", opt={"permission": "read", "query": frozenset({"q", "sector", "kind", "page"})},
     sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer,
          number: Annotated[int, Parameter(query="page", ge=1, le=1000)] = 1) -> Page:
    """Find organisations and people."""
    members_only(viewer)
    asked = {name: request.query_params.get(name, "")[:200] for name in ("q", "sector", "kind")}
    first = (number - 1) * PAGE
    found, total = hub.directory.organisations(viewer, asked["q"], sector=asked["sector"], kind=asked["kind"],
                                               offset=first)
    people = hub.directory.people(viewer, asked["q"], sector=asked["sector"], kind=asked["kind"])

    def at(which: int) -> str:
        return "/directory?" + urlencode({**{key: value for key, value in asked.items() if value}, "page": which})

    return page(
        request,
        "directory/index.html",
        here="groups",
        form=asked,
        sectors=hub.directory.sectors(viewer),
        kinds=list(KINDS),
        organisations=[_organisation(one) for one in found],
        people=[_person(one) for one in people] if number == 1 else [],
        pager={"first": first + 1, "last": min(first + PAGE, total), "total": total, "noun": "organisations",
               "previous": at(number - 1) if number > 1 else None,
               "next": at(number + 1) if first + PAGE < total else None},
    )


@get("/directory/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def organisation(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show an organisation: what it shows, its people who are shown, its contacts."""
    members_only(viewer)
    found = hub.directory.organisation(viewer, which)
    return page(request, "directory/organisation.html", here="groups", one=_organisation(found),
                people=[_person(one) for one in hub.directory.people(viewer, org_id=which)],
                contacts=_contacts(hub, viewer, which),
                edit="/account/profile" if which == viewer.org and viewer.may("contribute") else None)


@get("/people/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def person(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show a person who chose to be shown."""
    members_only(viewer)
    found = hub.directory.person(viewer, which)
    return page(request, "directory/person.html", here="groups", one=_person(found),
                edit="/account/profile" if which == viewer.person else None)


# -- what one shows ----------------------------------------------------------------------------------------------------

_PERSONAL = ("about", "expertise", "phone")
_COMMON = ("org-about", "org-expertise", "org-email", "org-phone", "org-website")


def _profile_page(request: Asked, hub: Hub, viewer: Viewer, *, given: dict[str, str] | None = None, code: int = 200,
                  errors: Any = ()) -> Page:
    mine, ours = hub.directory.own(viewer)
    found: dict[str, Any] = {"org-shown": ours.shown, "org-about": ours.about, "org-expertise": ours.expertise,
                             "org-email": ours.email, "org-phone": ours.phone, "org-website": ours.website}
    if mine is not None:
        found |= {"shown": mine.shown, "about": mine.about, "expertise": mine.expertise, "phone": mine.phone,
                  "show-email": bool(mine.email)}
    return page(request, "directory/profile.html", here="account", code=code, errors=errors,
                form={**found, **(given or {})}, person=mine is not None, email=hub.members.person(viewer.person).email
                if viewer.person else "", org=Names(hub).organisation(viewer.org or ""))


@get("/account/profile", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def profile(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what one shows of oneself and of one's organisation, to change it."""
    members_only(viewer)
    return _profile_page(request, hub, viewer)


@post("/account/profile/{whose:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def set_profile(request: Asked, whose: str, hub: Hub, viewer: Viewer) -> Page:
    """Set what is shown: ``person`` or ``organisation``."""
    fields = await form_of(request)
    text = {name: text_of(fields, name, 1000) for name in (*_PERSONAL, *_COMMON)}

    def work() -> Page:
        try:
            if whose == "person":
                hub.directory.show_person(viewer, shown=text_of(fields, "shown") == "yes", about=text["about"],
                                          expertise=text["expertise"], phone=text["phone"],
                                          show_email=text_of(fields, "show-email") == "yes")
            elif whose == "organisation":
                hub.directory.show_organisation(
                    viewer, shown=text_of(fields, "org-shown") == "yes", about=text["org-about"],
                    expertise=text["org-expertise"], email=text["org-email"], phone=text["org-phone"],
                    website=text["org-website"])
            else:
                raise NotFound("there is no such profile", hint="Go back to your account.")
        except BadInput as fault:
            before = "" if whose == "person" else "org-"
            given = {name: text[name] for name in (_PERSONAL if whose == "person" else _COMMON)}
            return _profile_page(request, hub, viewer, given=given, code=400,
                                 errors=[fault_on(f"{before}{fault.place or 'about'}", fault)])
        return see_other("/account/profile", said="done")

    return await sync_to_thread(work)


# -- contacts ----------------------------------------------------------------------------------------------------------

_CONTACT = ("name", "role", "phone", "email", "languages", "readers")


def _contacts_page(request: Asked, hub: Hub, viewer: Viewer, *, form: dict[str, str] | None = None, code: int = 200,
                   errors: Any = ()) -> Page:
    choices = [{"value": each.party.partition(":")[2].rpartition(".")[0], "name": each.name}
               for each in hub.circles.audience_choices(viewer)]
    return page(request, "directory/contacts.html", here="groups", code=code, errors=errors,
                contacts=_contacts(hub, viewer), may_add=viewer.may("contribute"), groups=choices,
                form={**{name: "" for name in _CONTACT}, "readers": "green", **(form or {})})


@get("/contacts", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def contacts(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the 24-hour contacts that one may read."""
    members_only(viewer)
    return _contacts_page(request, hub, viewer)


@post("/contacts", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def add_contact(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Add a contact of one's organisation."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 400) for name in _CONTACT}

    def work() -> Page:
        try:
            hub.directory.set_contact(viewer, **form)
        except (BadInput, Conflict) as fault:
            return _contacts_page(request, hub, viewer, form=form, code=fault.status,
                                  errors=[fault_on(fault.place or "name", fault)])
        return see_other("/contacts", said="done")

    return await sync_to_thread(work)


@post("/contacts/{which:str}/{act:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def contact_act(request: Asked, which: str, act: str, hub: Hub, viewer: Viewer) -> Page:
    """Ask a contact for a test, or remove one of one's own."""
    await form_of(request)

    def work() -> Page:
        try:
            if act == "test":
                hub.directory.ask_contact(viewer, which)
            elif act == "remove":
                hub.directory.remove_contact(viewer, which)
            else:
                raise NotFound("there is no such door", hint="Go back to the contacts.")
        except FusionCellError as fault:
            if not isinstance(fault, Conflict):
                raise
            return _contacts_page(request, hub, viewer, code=fault.status, errors=[fault_on("", fault)])
        return see_other("/contacts", said="contact-asked" if act == "test" else "done")

    return await sync_to_thread(work)


@get("/contacts/confirm/{token:str}", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def ask_confirm(request: Asked, token: str, hub: Hub) -> Page:
    """Ask the contact to confirm by a button: what previews a link follows it by GET."""
    found = hub.directory.test_of(token)
    return page(request, "directory/confirm.html", url=f"/contacts/confirm/{quote(token, safe='')}",
                org=Names(hub).organisation(found.org), who=found.name, done=False)


@post("/contacts/confirm/{token:str}", opt={"permission": "public", **FORM}, include_in_schema=False)
async def confirm(request: Asked, token: str, hub: Hub) -> Page:
    """Take the contact's answer. The link itself is the proof: no session, so no token of a form."""
    same_site(request)

    def work() -> Page:
        found = hub.directory.confirm_contact(token)
        return page(request, "directory/confirm.html", url="", org=Names(hub).organisation(found.org),
                    who=found.name, done=True)

    return await sync_to_thread(work)


HANDLERS = (index, organisation, person, profile, set_profile, contacts, add_contact, contact_act, ask_confirm, confirm)
"""The pages of the directory."""
