"""HTTP operations of groups. A group that the viewer must not know of answers as one that does not exist (404)."""

from __future__ import annotations

from typing import Any

from litestar import delete, get, patch, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.marking import group as party_of_group
from fusioncell.members.circles.model import Asking, Guest, Place, Seen
from fusioncell.members.circles.service import Circles

TAGS = ["groups"]
Body = dict[str, Any]


def seen_json(seen: Seen) -> dict[str, Any]:
    """Return a group as JSON values, as far as its viewer may see it."""
    group = seen.group
    found: dict[str, Any] = {
        "id": group.id,
        "name": group.name,
        "kind": group.kind,
        "purpose": group.purpose,
        "openness": group.openness.value,
        "open_history": group.open_history,
        "members": seen.count,
        "created": format_instant(group.created),
        "closed": None if group.closed is None else format_instant(group.closed),
        "you": seen.place.value,
        "as": list(seen.mine),
    }
    if group.closed is None and seen.place in (Place.MEMBER, Place.GUEST):
        # What to write where a marking names the group; it moves on when somebody is let in.
        found["party"] = party_of_group(group.id, group.generation)
    if seen.askings:
        found["askings"] = [asking_json(each) for each in seen.askings]
    return found


def whole_json(seen: Seen) -> dict[str, Any]:
    """Return what :func:`seen_json` does, and to those inside who is in it."""
    found = {**seen_json(seen), "you_lead": seen.leads}
    if seen.place in (Place.MEMBER, Place.GUEST):
        found["parties"] = sorted(seen.group.parties)
        found["owners"] = list(seen.group.owners)
        found["about"] = seen.group.about
    if seen.place is Place.MEMBER:
        found["guests"] = [guest_json(each) for each in seen.guests]
    return found


def asking_json(item: Asking) -> dict[str, Any]:
    """Return a request or an invitation as JSON values."""
    return {"party": item.party, "way": item.way.value, "message": item.message, "at": format_instant(item.at),
            "state": item.state}


def guest_json(item: Guest) -> dict[str, Any]:
    """Return a guest as JSON values."""
    return {"id": item.person, "name": item.name, "email": item.email, "organisation": item.organisation,
            "host": item.host, "since": format_instant(item.at), "until": format_instant(item.until)}


def _only(data: Body, **kinds: type) -> None:
    """Refuse fields that the door does not know, or of another type than it takes (DESIGN rule 9)."""
    if not isinstance(data, dict):
        raise BadInput("the body is no object", hint=f"This takes: {', '.join(kinds)}.")
    for name, value in data.items():
        if name not in kinds:
            raise BadInput(f"unknown field {name[:40]!r}", hint=f"This takes: {', '.join(kinds)}.", place=name[:40])
        if not isinstance(value, kinds[name]) or (kinds[name] is int and isinstance(value, bool)):
            raise BadInput(f"{name} is no {kinds[name].__name__}", hint="See /api/openapi.json.", place=name)
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise BadInput(f"{name} is no list of texts", hint="See /api/openapi.json.", place=name)


def _known(viewer: Viewer) -> Viewer:
    if not viewer.member and not viewer.guest:
        raise NotAllowed("groups are for members of the partnership", hint="Send a key of your organisation.")
    return viewer


@get("/api/groups", tags=TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Groups that one may know of")
def groups(circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """List one's groups, invitations, and the groups that one may join or ask to join."""
    return {"groups": [seen_json(each) for each in circles.listed(_known(viewer))]}


@post("/api/groups", tags=TAGS, opt={"permission": "contribute"}, status_code=201, sync_to_thread=True,
      summary="Make a group, or an event room")
def add_group(data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Make: ``{"name", "kind", "purpose", "openness", "open_history", "parties", "about"}``; only a name is needed."""
    _only(data, name=str, kind=str, purpose=str, openness=str, open_history=bool, parties=list, about=str)
    made = circles.create(
        viewer, data.get("name", ""), kind=data.get("kind", "sector"), purpose=data.get("purpose", ""),
        openness=data.get("openness", "request"), open_history=data.get("open_history", False),
        parties=data.get("parties", []), about=data.get("about", ""))
    return whole_json(circles.seen(viewer, made.id))


@get("/api/groups/{group:str}", tags=TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="A group")
def one_group(group: str, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Show a group; who is in it, to those inside."""
    return whole_json(circles.seen(_known(viewer), group))


@patch("/api/groups/{group:str}", tags=TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
       summary="Change a group, hand it over or close it")
def change_group(group: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Change: ``{"name", "purpose", "kind", "openness", "owners", "closed"}``, each where it is given."""
    _only(data, name=str, purpose=str, kind=str, openness=str, owners=list, closed=bool)
    settings = {name: data[name] for name in ("name", "purpose", "kind", "openness") if name in data}
    if data.get("closed") is False:
        raise BadInput("a closed group stays closed", hint="Make another one.", place="closed")
    if settings:
        circles.change(viewer, group, **settings)
    if "owners" in data:
        circles.set_owners(viewer, group, data["owners"])
    if data.get("closed"):
        circles.close(viewer, group)
    return whole_json(circles.seen(viewer, group))


@post("/api/groups/{group:str}/join", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Join an open group, or accept an invitation")
def join_group(group: str, circles: Circles, viewer: Viewer, data: Body | None = None) -> dict[str, Any]:
    """Join, as one's organisation or (``{"as": "person"}``) as a person."""
    circles.join(viewer, group, alone=_alone(data))
    return whole_json(circles.seen(viewer, group))


@post("/api/groups/{group:str}/leave", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Leave a group")
def leave_group(group: str, circles: Circles, viewer: Viewer, data: Body | None = None) -> dict[str, Any]:
    """Leave: ``{"party"}`` where one is in it as organisation and as person."""
    _only(data or {}, party=str)
    circles.leave(viewer, group, (data or {}).get("party", ""))
    return {"id": group, "you": Place.OUTSIDE.value}


@post("/api/groups/{group:str}/requests", tags=TAGS, opt={"permission": "contribute"}, status_code=201,
      sync_to_thread=True, summary="Ask to be let in")
def ask_group(group: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Ask: ``{"message", "as"}``; ``as`` is ``organisation`` (usual) or ``person``."""
    _only(data, message=str, **{"as": str})
    circles.ask(viewer, group, data.get("message", ""), alone=_alone({"as": data.get("as", "organisation")}))
    return whole_json(circles.seen(viewer, group))


@post("/api/groups/{group:str}/invitations", tags=TAGS, opt={"permission": "contribute"}, status_code=201,
      sync_to_thread=True, summary="Invite a party")
def invite(group: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Invite: ``{"party", "message"}``."""
    _only(data, party=str, message=str)
    circles.invite(viewer, group, data.get("party", ""), data.get("message", ""))
    return whole_json(circles.seen(viewer, group))


@post("/api/groups/{group:str}/requests/{party:str}", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Decide on a request or an invitation, or withdraw it")
def answer(group: str, party: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Decide: ``{"answer"}``: ``accept``, ``decline`` or, of what one's own side began, ``withdraw``."""
    _only(data, answer=str)
    said = data.get("answer", "")
    if said not in ("accept", "decline", "withdraw"):
        raise BadInput(f"{said[:40]!r} is no answer", hint="Use accept, decline or withdraw.", place="answer")
    if said == "withdraw":
        circles.withdraw(viewer, group, party)
    else:
        circles.answer(viewer, group, party, accept=said == "accept")
    return {"id": group, "party": party, "answer": said}


@post("/api/groups/{group:str}/members", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Put parties into a group, as an owner")
def admit(group: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Admit: ``{"parties"}``, each ``org:ID`` or ``person:ID``."""
    _only(data, parties=list)
    circles.admit(viewer, group, data.get("parties", []))
    return whole_json(circles.seen(viewer, group))


@delete("/api/groups/{group:str}/members/{party:str}", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
        sync_to_thread=True, summary="Take a party out of a group, as an owner")
def remove(group: str, party: str, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Remove a party."""
    circles.remove(viewer, group, party)
    return {"id": group, "party": party, "status": "removed"}


@post("/api/groups/{group:str}/guests", tags=TAGS, opt={"permission": "contribute"}, status_code=201,
      sync_to_thread=True, summary="Let a guest in for up to 14 days")
def admit_guest(group: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Admit: ``{"name", "email", "organisation", "days"}``; the path of the sign-in link is shown this once."""
    _only(data, name=str, email=str, organisation=str, days=int)
    guest, link = circles.admit_guest(viewer, group, data.get("name", ""), data.get("email", ""),
                                      data.get("organisation", ""), days=data.get("days", 14))
    return {**guest_json(guest), "path": f"/sign-in/link/{link.reveal()}"}


@patch("/api/groups/{group:str}/guests/{guest:str}", tags=TAGS, opt={"permission": "contribute"},
       sync_to_thread=True, summary="Renew a guest's stay")
def renew_guest(group: str, guest: str, data: Body, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Renew: ``{"days"}`` from now."""
    _only(data, days=int)
    return guest_json(circles.renew_guest(viewer, group, guest, days=data.get("days", 14)))


@post("/api/groups/{group:str}/guests/{guest:str}/link", tags=TAGS, opt={"permission": "contribute"}, status_code=201,
      sync_to_thread=True, summary="Make a new sign-in link for a guest")
def guest_link(group: str, guest: str, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """Make a link; its path is shown this once."""
    return {"guest": guest, "path": f"/sign-in/link/{circles.guest_link(viewer, group, guest).reveal()}"}


@delete("/api/groups/{group:str}/guests/{guest:str}", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
        sync_to_thread=True, summary="End a guest's stay")
def end_guest(group: str, guest: str, circles: Circles, viewer: Viewer) -> dict[str, Any]:
    """End a guest's stay at once."""
    circles.end_guest(viewer, group, guest)
    return {"guest": guest, "status": "ended"}


def _alone(data: Body | None) -> bool:
    _only(data or {}, **{"as": str})
    chosen = (data or {}).get("as", "organisation")
    if chosen not in ("organisation", "person"):
        raise BadInput(f"{str(chosen)[:40]!r} is no way to be in a group", hint="Use organisation or person.",
                       place="as")
    return bool(chosen == "person")


HANDLERS = (groups, add_group, one_group, change_group, join_group, leave_group, ask_group, invite, answer, admit,
            remove, admit_guest, renew_guest, guest_link, end_guest)
"""The doors of groups."""
