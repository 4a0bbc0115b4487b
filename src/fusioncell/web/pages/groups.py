"""Groups: those one is in and may join, a group's own page with all that is decided there, making one, event rooms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk.model import Filters, NewPost
from fusioncell.kernel.errors import BadInput, Conflict, FusionCellError, NotAllowed, NotFound
from fusioncell.kernel.marking import Tlp, Viewer, org
from fusioncell.members.circles import KINDS, Asking, Group, Openness, Place, Seen, Way
from fusioncell.web.access import awaits_terms
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
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, contribution_title
from fusioncell.web.words import N_

Act = Callable[[Hub, Viewer, str, Form], str]
"""What a form of a group's page does; returns what is said afterwards (a key of ``frame.SAID``)."""
FIELDS = ("name", "kind", "purpose", "openness", "history", "about")


def conversation(hub: Hub, viewer: Viewer, group: str) -> list[View]:
    """Return the newest threads of a group that the viewer sees: ``{title, href, org, at, posts}``."""
    names = Names(hub, viewer)
    found = hub.talk.threads(viewer, limit=10, filters=Filters(group=group)).threads
    return [{"title": one.title or one.excerpt or N_("A thread"), "href": f"/exchange/{quote(one.id, safe='')}",
             "org": names.organisation(one.org), "at": one.last_at, "posts": one.posts} for one in found]


def _address(group: str) -> str:
    return f"/groups/{quote(group, safe='')}"


def _card(seen: Seen) -> View:
    group = seen.group
    return {"name": group.name, "href": _address(group.id), "kind": group.kind, "purpose": group.purpose,
            "openness": group.openness.value, "history": group.open_history, "count": seen.count,
            "closed": group.closed}


@get("/groups", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """List one's groups, one's invitations, and the groups that one may join or ask to join."""
    if not viewer.guest or awaits_terms(viewer):
        members_only(viewer)
    found = hub.circles.listed(viewer)

    def those(*places: Place) -> list[View]:
        return [_card(each) for each in found if each.place in places]

    mine = [each for each in found if each.place in (Place.MEMBER, Place.GUEST)]
    return page(
        request,
        "groups/index.html",
        here="groups",
        mine=[_card(each) for each in mine if each.group.closed is None],
        invited=those(Place.INVITED),
        asked=those(Place.ASKED),
        others=those(Place.OUTSIDE),
        closed=[_card(each) for each in mine if each.group.closed is not None],
        may_make=viewer.member and viewer.may("contribute"),
    )


# -- making one --------------------------------------------------------------------------------------------------------


def _new_page(request: Asked, hub: Hub, form: dict[str, str], parties: list[View], *, room: bool, code: int = 200,
              errors: Any = ()) -> Page:
    return page(
        request,
        "groups/new.html",
        here="groups",
        code=code,
        errors=errors,
        form=form,
        kinds=list(KINDS),
        parties=parties,
        room=room,
        organisations=sorted((one.name for one in hub.members.organisations()), key=str.casefold)[:500],
    )


@get("/groups/new", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def ask_new(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the form."""
    members_only(viewer)
    form = {name: "" for name in FIELDS} | {"kind": "sector", "openness": "request"}
    return _new_page(request, hub, form, [], room=False)


@get("/groups/room", opt={"permission": "contribute", "query": frozenset({"about"})}, sync_to_thread=True,
     include_in_schema=False)
def ask_room(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Propose an event room about a contribution or post: its name, and who shared it with whom."""
    members_only(viewer)
    about = request.query_params.get("about", "")[:200]
    found, names = _of(hub, viewer, about), Names(hub, viewer)
    readers = [party for party in sorted(found["readers"]) if party.startswith(("org:", "person:"))]
    named = [*(org(each) for each in found["orgs"]), *readers]
    known = [party for party in dict.fromkeys(named) if party != org(viewer.org or "") and _is_known(hub, party)]
    parties = [{"value": party, "name": names.party(party)} for party in known]
    form = {name: "" for name in FIELDS} | {
        "kind": "event", "openness": Openness.INVITATION.value, "about": about,
        "name": found["title"][:120]}
    return _new_page(request, hub, form, parties, room=True)


def _of(hub: Hub, viewer: Viewer, about: str) -> View:
    """Return what a thread or contribution that the viewer sees is: ``{title, orgs, readers, href}``; else NotFound."""
    try:
        thread = hub.talk.thread(viewer, about)
        orgs = list(dict.fromkeys(post.org for post in thread.posts))
        return {"title": thread.title or "A conversation", "orgs": orgs, "readers": frozenset(),
                "href": f"/exchange/{quote(about, safe='')}"}
    except (BadInput, NotFound):
        item = hub.picture.contribution(viewer, about)
        return {"title": contribution_title(item.title, item.kind, item.items), "orgs": [item.org],
                "readers": item.audience.parties, "href": f"/contributions/{quote(about, safe='')}"}


def _is_known(hub: Hub, party: str) -> bool:
    kind, _, identifier = party.partition(":")
    try:
        found = hub.members.organisation(identifier if kind == "org" else hub.members.person(identifier).org)
    except NotFound:
        return False
    return found.kind != "guest"


@post("/groups/new", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def make(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Make a group or an event room, and lead to it."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 1200) for name in FIELDS}

    def work() -> Page:
        chosen = [text_of(fields, name, 100) for name in fields if name.startswith("party-")]
        try:
            more = text_of(fields, "more", 400).split(";")
            parties = [*chosen, *(party_called(hub, viewer, each) for each in more if each.strip())]
            if form["about"]:
                made = hub.circles.open_room(viewer, form["about"], form["name"], parties)
            else:
                made = hub.circles.create(
                    viewer, form["name"], kind=form["kind"], purpose=form["purpose"], openness=form["openness"],
                    open_history=form["history"] == "open", parties=parties)
        except (BadInput, NotFound) as fault:
            names = Names(hub, viewer)
            shown = [{"value": each, "name": names.party(each)} for each in chosen]
            return _new_page(request, hub, form, shown, room=bool(form["about"]), code=fault.status,
                             errors=[fault_on(fault.place or "name", fault)])
        return see_other(_address(made.id), said="group-made")

    return await sync_to_thread(work)


def party_called(hub: Hub, viewer: Viewer, text: str) -> str:
    """Return the party that someone typed: an organisation by name, a person of the directory by name or address."""
    said = " ".join(text.split())
    found = hub.members.organisation_named(said) if said else None
    if found is not None:
        return org(found.id)
    people = [one for one in hub.directory.people(viewer, said) if said and said.casefold() == one.name.casefold()]
    if len(people) == 1:
        return f"person:{people[0].id}"
    raise BadInput(f"{said[:60]!r} is no one in the directory", hint="Write the name as the directory has it.",
                   place="party")


# -- a group's page ----------------------------------------------------------------------------------------------------


def _asking(one: Asking, names: Names, viewer: Viewer, leads: bool) -> View:
    own = one.party in (org(viewer.org or ""), f"person:{viewer.person}")
    request = one.way is Way.REQUEST
    return {
        "party": one.party, "name": names.party(one.party), "way": one.way.value, "message": one.message,
        "by": names.person(one.by) if one.by else "", "at": one.at, "state": one.state,
        "may_answer": one.state == "open" and (leads if request else own),
        "may_withdraw": one.state == "open" and (own if request else leads),
    }


def _members_of(group: Group, names: Names, leads: bool) -> list[View]:
    found = [
        {"party": party, "name": names.party(party), "href": _card_of(party), "owner": party in group.owners,
         "may_remove": leads}
        for party in group.parties
    ]
    return sorted(found, key=lambda one: str(one["name"]).casefold())


def _card_of(party: str) -> str:
    kind, _, identifier = party.partition(":")
    return f"/directory/{quote(identifier, safe='')}" if kind == "org" else f"/people/{quote(identifier, safe='')}"


def _about(hub: Hub, viewer: Viewer, group: Group) -> View | None:
    """Return what an event room was opened from, where the viewer may see it."""
    if not group.about:
        return None
    try:
        found = _of(hub, viewer, group.about)
    except NotFound:
        return None
    return {"title": found["title"], "href": found["href"]}


WHY_KNOWN = {
    Place.MEMBER: N_("You or your organisation are a member of this group."),
    Place.GUEST: N_("A member of this group let you in as a guest."),
    Place.INVITED: N_("You or your organisation are invited to this group."),
    Place.ASKED: N_("You or your organisation asked to join this group."),
    Place.OUTSIDE: N_("Any member of the partnership may know of this group; what is written in it you do not see."),
}
"""Why one knows of a group, by how one stands to it."""


def _show(request: Asked, hub: Hub, viewer: Viewer, which: str, *, fresh: str = "", form: dict[str, str] | None = None,
          code: int = 200, errors: Any = ()) -> Page:
    seen = hub.circles.seen(viewer, which)
    group, names, now = seen.group, Names(hub, viewer), hub.clock.now()
    inside = seen.place in (Place.MEMBER, Place.GUEST)
    acts = viewer.member and viewer.may("contribute") and group.closed is None
    blank = {"guest_name": "", "email": "", "organisation": "", "days": "14", "party": "", "message": "", "text": ""}
    stay = hub.circles.guest_of(viewer)
    return page(
        request,
        "groups/group.html",
        here="groups",
        code=code,
        errors=errors,
        one={**_card(seen), "url": _address(group.id), "place": seen.place.value, "created": group.created,
             "inside": inside, "leads": seen.leads and acts, "may_leave": bool(seen.mine) and viewer.may("contribute"),
             "leave_as": [{"party": party, "name": names.party(party)} for party in seen.mine],
             "may_join": acts and (group.openness is Openness.OPEN) and seen.place is Place.OUTSIDE,
             "may_ask": acts and (group.openness is Openness.REQUEST) and seen.place is Place.OUTSIDE,
             "may_host": acts and seen.place is Place.MEMBER, "person": bool(viewer.person),
             "write": f"/exchange/new?group={quote(group.id, safe='')}" if acts and inside else None,
             "say": f"{_address(group.id)}/say" if viewer.guest and group.closed is None else None,
             "about": _about(hub, viewer, group) if inside else None, "until": stay.until if stay else None,
             "why": WHY_KNOWN[seen.place]},
        members=_members_of(group, names, seen.leads and acts and seen.place is Place.MEMBER)
        if inside else [],
        askings=[_asking(each, names, viewer, seen.leads) for each in seen.askings],
        guests=[
            {"id": each.person, "name": each.name, "email": each.email, "organisation": each.organisation,
             "host": names.party(each.host), "at": each.at, "until": each.until, "over": now >= each.until,
             "url": f"{_address(group.id)}/guests/{quote(each.person, safe='')}",
             "may_end": acts and (seen.leads or each.host in seen.mine), "may_renew": acts}
            for each in seen.guests
        ],
        threads=conversation(hub, viewer, group.id) if inside else [],
        kinds=list(KINDS),
        form={**blank, **(form or {})},
        fresh=fresh,
    )


@get("/groups/{group:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, group: str, hub: Hub, viewer: Viewer) -> Page:
    """Show a group: all of it to its members, what it is for to those who may join, nothing to others."""
    if not viewer.guest:
        members_only(viewer)
    return _show(request, hub, viewer, group)


def _join(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.join(viewer, group, alone=text_of(fields, "as") == "person")
    return "group-joined"


def _ask(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.ask(viewer, group, text_of(fields, "message", 600), alone=text_of(fields, "as") == "person")
    return "group-asked"


def _leave(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.leave(viewer, group, text_of(fields, "party", 100))
    return "group-left"


def _invite(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    party = party_called(hub, viewer, text_of(fields, "party", 200))
    hub.circles.invite(viewer, group, party, text_of(fields, "message", 600))
    return "group-invited"


def _answer(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    said = text_of(fields, "answer", 20)
    party = text_of(fields, "party", 100)
    if said == "withdraw":
        hub.circles.withdraw(viewer, group, party)
    else:
        hub.circles.answer(viewer, group, party, accept=said == "accept")
    return "done"


def _remove(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.remove(viewer, group, text_of(fields, "party", 100))
    return "done"


def _own(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    known = hub.circles.seen(viewer, group).group
    party = text_of(fields, "party", 100)
    owners = set(known.owners) & known.parties
    hub.circles.set_owners(viewer, group, owners - {party} if text_of(fields, "own") == "no" else owners | {party})
    return "done"


def _change(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.change(viewer, group, name=text_of(fields, "name", 400), purpose=text_of(fields, "purpose", 1200),
                       kind=text_of(fields, "kind", 40), openness=text_of(fields, "openness", 40))
    return "done"


def _close(hub: Hub, viewer: Viewer, group: str, fields: Form) -> str:
    hub.circles.close(viewer, group)
    return "group-closed"


ACTS: dict[str, Act] = {
    "join": _join, "ask": _ask, "leave": _leave, "invite": _invite, "answer": _answer, "remove": _remove,
    "owners": _own, "change": _change, "close": _close,
}  # fmt: skip
"""What the forms of a group's page do, by the last part of their address."""


@post("/groups/{group:str}/{act:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def decide(request: Asked, group: str, act: str, hub: Hub, viewer: Viewer) -> Page:
    """Do what a form of the group's page asks."""
    fields = await form_of(request)

    def work() -> Page:
        if act not in ACTS:
            raise NotFound("there is no such door", hint="Go back to the group's page.")
        try:
            said = ACTS[act](hub, viewer, group, fields)
        except (BadInput, Conflict, NotAllowed) as fault:
            form = {name: text_of(fields, name, 600) for name in ("party", "message")}
            field = fault.place if fault.place == "party" else ""
            return _show(request, hub, viewer, group, form=form, code=fault.status, errors=[fault_on(field, fault)])
        try:
            hub.circles.seen(hub_viewer(request, viewer), group)
        except NotFound:
            return see_other("/groups", said=said)
        return see_other(_address(group), said=said)

    return await sync_to_thread(work)


def hub_viewer(request: Asked, viewer: Viewer) -> Viewer:
    """Return who asks as it is now: an act may have changed what they may see."""
    state: Any = request.scope["state"]
    found: Viewer | None = state["look"]()
    return found if found is not None else viewer


@post("/groups/{group:str}/guests", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def admit_guest(request: Asked, group: str, hub: Hub, viewer: Viewer) -> Page:
    """Admit a guest; the page that follows shows the link, this once."""
    fields = await form_of(request)
    form = {"guest_name": text_of(fields, "guest_name", 400), "email": text_of(fields, "email", 400),
            "organisation": text_of(fields, "organisation", 400), "days": text_of(fields, "days", 3)}  # fmt: skip

    def work() -> Page:
        try:
            days = int(form["days"]) if form["days"].isdecimal() else 0
            _, link = hub.circles.admit_guest(viewer, group, form["guest_name"], form["email"], form["organisation"],
                                              days=days)
        except FusionCellError as fault:
            if fault.status >= 500 or isinstance(fault, NotFound):
                raise
            return _show(request, hub, viewer, group, form=form, code=fault.status,
                         errors=[fault_on(fault.place or "guest_name", fault)])
        return _show(request, hub, hub_viewer(request, viewer), group, fresh=_link(hub, link.reveal()))

    return await sync_to_thread(work)


@post("/groups/{group:str}/say", opt={"permission": "contribute", "guests": True, **FORM}, include_in_schema=False)
async def say(request: Asked, group: str, hub: Hub, viewer: Viewer) -> Page:
    """Write to a group as its guest: to those who read here, without clients, and to nobody else."""
    fields = await form_of(request)
    text = text_of(fields, "text", 50_000)

    def work() -> Page:
        party = hub.circles.party_of(viewer, group)
        if party is None:
            raise NotFound("There is no such group.", hint="You find your group under Groups.")
        try:
            if not text.strip():
                raise BadInput("Write something", place="text")
            hub.talk.post(viewer, NewPost(text=text, tlp=Tlp.AMBER_STRICT, groups=(party,)))
        except BadInput as fault:
            return _show(request, hub, viewer, group, form={"text": text}, code=400, errors=[fault_on("text", fault)])
        settle(hub, 0.7)
        return see_other(_address(group), said="contributed")

    return await sync_to_thread(work)


def _link(hub: Hub, token: str) -> str:
    base = hub.settings.public_url or f"http://{hub.settings.http_listen}"
    return f"{base.rstrip('/')}/sign-in/link/{token}"


@post("/groups/{group:str}/guests/{guest:str}/{act:str}", opt={"permission": "contribute", **FORM},
      include_in_schema=False)
async def guest_act(request: Asked, group: str, guest: str, act: str, hub: Hub, viewer: Viewer) -> Page:
    """Renew a guest's stay, end it, or make a new link."""
    await form_of(request)

    def work() -> Page:
        if act == "renew":
            hub.circles.renew_guest(viewer, group, guest)
        elif act == "end":
            hub.circles.end_guest(viewer, group, guest)
        elif act == "link":
            link = hub.circles.guest_link(viewer, group, guest)
            return _show(request, hub, viewer, group, fresh=_link(hub, link.reveal()))
        else:
            raise NotFound("there is no such door", hint="Go back to the group's page.")
        return see_other(_address(group), said="done")

    return await sync_to_thread(work)


HANDLERS = (index, ask_new, ask_room, make, show, decide, admit_guest, say, guest_act)
"""The pages of groups."""
