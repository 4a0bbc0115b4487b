"""HTTP operations of privacy: one's own data, a person's for a request, erasure, holds."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, NotAllowed, NotSignedIn
from fusioncell.kernel.marking import Viewer
from fusioncell.members.model import Person
from fusioncell.members.privacy.model import Erased, Hold
from fusioncell.members.privacy.service import Privacy
from fusioncell.members.service import Members

Asked = Request[Any, Any, Any]


class Erasing(msgspec.Struct, forbid_unknown_fields=True):
    """``posts``: withdraw the person's posts too; else they stay as a former member's."""

    posts: bool = False


class Placing(msgspec.Struct, forbid_unknown_fields=True):
    """A hold. ``scope``: person, organisation or contribution; ``target``: an id (or an e-mail address, a name)."""

    scope: str
    target: str
    case: str
    legal_basis: str
    days: int = 180


def person_called(members: Members, text: str) -> Person:
    """Return a person by e-mail address or id. Raises NotFound."""
    found = members.person_of_email(text) if "@" in text else None
    return found if found is not None else members.person(text)


def erased_json(done: Erased) -> dict[str, Any]:
    """Return what an erasure did."""
    return {"id": done.id, "status": "erased", "at": format_instant(done.at), "payloads": done.payloads,
            "withdrawn": list(done.withdrawn)}


def hold_json(one: Hold, now: int) -> dict[str, Any]:
    """Return a hold, for officers and auditors."""
    return {"id": one.id, "scope": one.scope, "target": one.target, "case": one.case, "legal_basis": one.basis,
            "officer": one.officer, "placed": format_instant(one.at), "until": format_instant(one.until),
            "lifted": format_instant(one.lifted) if one.lifted else None, "lasts": one.lasts(now)}


def document(found: dict[str, object], person: str) -> Response[bytes]:
    """Return an export as a file to keep."""
    body = msgspec.json.format(msgspec.json.encode(found), indent=2)
    return Response(body, media_type="application/json", headers={
        "Content-Disposition": f'attachment; filename="data-{person}.json"', "Cache-Control": "no-store"})


@get("/api/account/data", tags=["privacy"], opt={"permission": "read", "guests": True}, sync_to_thread=True,
     summary="All that is held on you")
def own_data(privacy: Privacy, viewer: Viewer) -> Response[bytes]:
    """Download all that the hub holds on you, as one JSON document."""
    if viewer.org is None:
        raise NotSignedIn("this is for who is known here", hint="Sign in, or send your own key.")
    if viewer.person is None:
        raise NotAllowed("this is for a person, not for an organisation's key", hint="Sign in, or use your own key.")
    return document(privacy.export(viewer, viewer.person), viewer.person)


@get("/api/people/{which:str}/data", tags=["privacy"], opt={"permission": "administer_members"}, sync_to_thread=True,
     summary="All that is held on a person")
def data_of(which: str, privacy: Privacy, members: Members, viewer: Viewer) -> Response[bytes]:
    """Download it for a person's request, by id or e-mail address. What they keep for themselves is only counted."""
    who = person_called(members, which)
    return document(privacy.export(viewer, who.id), who.id)


@post("/api/people/{which:str}/erase", tags=["privacy"], opt={"permission": "read", "guests": True}, status_code=200,
      sync_to_thread=True, summary="Erase a person")
def erase(request: Asked, which: str, data: Erasing, privacy: Privacy, members: Members,
          viewer: Viewer) -> dict[str, Any]:
    """Erase a person, by id or e-mail address: an administrator anybody, a person themselves just after signing in.

    It cannot be undone. While a hold lasts it is refused (409).
    """
    mine = viewer.person is not None and which == viewer.person
    who = viewer.person if mine else person_called(members, which).id if viewer.may("administer_members") else which
    session = members.session_id(str(request.scope["state"].get("session", "")))
    return erased_json(privacy.erase(viewer, who or which, posts=data.posts, session=session))


@post("/api/applications/{which:str}/erase", tags=["privacy"], opt={"permission": "administer_members"},
      status_code=200, sync_to_thread=True, summary="Erase an application")
def erase_application(which: str, data: dict[str, str], privacy: Privacy, viewer: Viewer) -> dict[str, Any]:
    """Erase an application; what came of it stays. Send an empty object."""
    if data:
        raise BadInput("this takes no fields", hint="Send {}.")
    return erased_json(privacy.erase_application(viewer, which))


@get("/api/holds", tags=["privacy"], opt={"permission": "read"}, sync_to_thread=True, summary="Preservation holds")
def holds(privacy: Privacy, viewer: Viewer) -> dict[str, Any]:
    """List them, the newest first: for officers and auditors."""
    return {"holds": [hold_json(one, privacy.now()) for one in privacy.holds(viewer)]}


@post("/api/holds", tags=["privacy"], opt={"permission": "hold"}, status_code=201, sync_to_thread=True,
      summary="Keep data from erasure")
def place_hold(data: Placing, privacy: Privacy, viewer: Viewer) -> dict[str, Any]:
    """Place a hold. It stops erasure until it ends or is lifted; it never stops a recall."""
    made = privacy.place_hold(viewer, data.scope, data.target, data.case, data.legal_basis, data.days)
    return hold_json(made, privacy.now())


@delete("/api/holds/{which:str}", tags=["privacy"], opt={"permission": "hold"}, status_code=200, sync_to_thread=True,
        summary="Lift a hold")
def lift_hold(which: str, privacy: Privacy, viewer: Viewer) -> dict[str, Any]:
    """End a hold before its time."""
    return hold_json(privacy.lift_hold(viewer, which), privacy.now())


HANDLERS = (own_data, data_of, erase, erase_application, holds, place_hold, lift_hold)
"""The doors of privacy."""
