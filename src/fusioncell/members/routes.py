"""HTTP operations of members: who am I, organisations, keys."""

from __future__ import annotations

from typing import Any

from litestar import delete, get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.members.audit import author_of, check_decider
from fusioncell.members.model import KeyInfo, Organisation, Person
from fusioncell.members.service import Members


def organisation_json(item: Organisation) -> dict[str, Any]:
    """Return an organisation as JSON values."""
    return {"id": item.id, "name": item.name, "sector": item.sector, "kind": item.kind}


def key_json(item: KeyInfo) -> dict[str, Any]:
    """Return what is known of a key; never the key."""
    return {
        "id": item.id,
        "organisation": item.org,
        "person": item.person,
        "role": item.role,
        "label": item.label,
        "created": format_instant(item.created),
        "expires": format_instant(item.expires),
        "ended": None if item.ended is None else format_instant(item.ended),
    }


def person_json(item: Person) -> dict[str, Any]:
    """Return a person as JSON values."""
    return {"id": item.id, "organisation": item.org, "name": item.name, "email": item.email, "roles": list(item.roles)}


def _only(data: dict[str, str], *names: str) -> None:
    for name in data:
        if name not in names:
            raise BadInput(f"unknown field {name[:40]!r}", hint=f"This takes: {', '.join(names)}.", place=name[:40])


@get("/api/whoami", tags=["members"], opt={"permission": "read"}, sync_to_thread=True, summary="Who this key is")
def whoami(members: Members, viewer: Viewer) -> dict[str, Any]:
    """Tell a party how the hub knows it."""
    if viewer.org is None:
        return {"organisation": None, "person": None, "permissions": []}
    return {
        "organisation": organisation_json(members.organisation(viewer.org)),
        "person": viewer.person,
        "permissions": sorted(viewer.permissions),
    }


@get(
    "/api/organisations",
    tags=["members"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="The partnership's organisations",
)
def organisations(members: Members, viewer: Viewer) -> dict[str, Any]:
    """List organisations, for members."""
    if not viewer.member:
        raise NotAllowed("the directory is for members")
    return {"organisations": [organisation_json(item) for item in members.organisations() if item.bound]}


@post(
    "/api/organisations",
    tags=["members"],
    opt={"permission": "administer_members"},
    status_code=201,
    sync_to_thread=True,
    summary="Admit an organisation",
)
def add_organisation(data: dict[str, str], members: Members, viewer: Viewer) -> dict[str, Any]:
    """Admit: ``{"name", "sector", "kind"}``."""
    _only(data, "name", "sector", "kind")
    return organisation_json(
        members.add_organisation(
            data.get("name", ""), data.get("sector", "other"), data.get("kind", "industry"), author=author_of(viewer)
        )
    )


@get(
    "/api/keys",
    tags=["members"],
    opt={"permission": "administer_members"},
    sync_to_thread=True,
    summary="All keys, without their secrets",
)
def keys(members: Members, viewer: Viewer) -> dict[str, Any]:
    """List keys."""
    return {"keys": [key_json(item) for item in members.list_keys()]}


@post(
    "/api/keys",
    tags=["members"],
    opt={"permission": "administer_members"},
    status_code=201,
    sync_to_thread=True,
    summary="Make a key",
)
def add_key(data: dict[str, str], members: Members, viewer: Viewer) -> dict[str, Any]:
    """Make: ``{"organisation", "role", "label"}``; the secret is shown this once."""
    _only(data, "organisation", "role", "label")
    chosen = members.organisation_called(data.get("organisation", ""))
    info, secret = members.make_key(chosen.id, role=data.get("role", "member"), label=data.get("label", ""),
                                    author=author_of(viewer))
    return {**key_json(info), "api_key": secret.reveal()}


@delete(
    "/api/keys/{key:str}",
    tags=["members"],
    opt={"permission": "administer_members"},
    status_code=200,
    sync_to_thread=True,
    summary="End a key",
)
def end_key(key: str, members: Members, viewer: Viewer) -> dict[str, Any]:
    """End a key; it is refused from now on."""
    members.end_key(key, author=author_of(viewer))
    return {"id": key, "status": "ended"}


@post("/api/people", tags=["members"], opt={"permission": "administer_members"}, status_code=201, sync_to_thread=True,
      summary="Add a person")
def add_person(data: dict[str, str], members: Members, viewer: Viewer) -> dict[str, Any]:
    """Add: ``{"organisation", "name", "email", "roles"}``; roles are comma-separated."""
    _only(data, "organisation", "name", "email", "roles")
    roles = [role.strip() for role in data.get("roles", "member").split(",") if role.strip()]
    if set(roles) - {"reader", "member", "lead"}:
        check_decider(viewer)
    chosen = members.organisation_called(data.get("organisation", ""))
    return person_json(members.add_person(chosen.id, data.get("name", ""), data.get("email", ""), roles,
                                          author=author_of(viewer)))


@post("/api/links", tags=["members"], opt={"permission": "administer_members"}, status_code=201, sync_to_thread=True,
      summary="Make a one-time sign-in link")
def add_link(data: dict[str, str], members: Members, viewer: Viewer) -> dict[str, Any]:
    """Make: ``{"email"}``. Answers the path with its token, which works once; it is shown this once."""
    _only(data, "email")
    someone = members.person_of_email(data.get("email", ""))
    if someone is None:
        raise NotFound("nobody here has this e-mail address", hint="Add the person first: fusioncell person add")
    check_decider(viewer)  # Whoever makes a link could come in by it, and decide.
    link = members.make_link(someone.id, author=author_of(viewer))
    return {"person": someone.id, "path": f"/sign-in/link/{link.reveal()}"}


HANDLERS = (whoami, organisations, add_organisation, keys, add_key, end_key, add_person, add_link)
"""The room's doors."""
