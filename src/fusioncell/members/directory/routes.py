"""HTTP operations of the directory: for members alone."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import delete, get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.members.directory.model import Contact, Listed, PersonListed
from fusioncell.members.directory.service import Directory

TAGS = ["directory"]


def listed_json(item: Listed) -> dict[str, Any]:
    """Return an organisation as JSON values."""
    found: dict[str, Any] = {"id": item.id, "name": item.name, "kind": item.kind, "sector": item.sector}
    if item.profile is not None:
        shown = ("about", "expertise", "email", "phone", "website")
        found |= {name: value for name in shown if (value := getattr(item.profile, name))}
    return found


def person_json(item: PersonListed) -> dict[str, Any]:
    """Return a person as JSON values."""
    shown = (("role", item.profile.about), ("expertise", item.profile.expertise), ("email", item.profile.email),
             ("phone", item.profile.phone))
    return {"id": item.id, "name": item.name, "organisation": item.org,
            **{name: value for name, value in shown if value}}


def contact_json(item: Contact, now: int) -> dict[str, Any]:
    """Return a contact as JSON values."""
    return {"id": item.id, "organisation": item.org, "name": item.name, "role": item.role, "phone": item.phone,
            "email": item.email, "languages": item.languages, "readers": item.readers,
            "confirmed": None if item.confirmed is None else format_instant(item.confirmed),
            "stale": item.is_stale(now)}


@get("/api/directory", tags=TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Organisations and people")
def directory(directory: Directory, viewer: Viewer, q: str = "", sector: str = "", kind: str = "",
              offset: Annotated[int, Parameter(ge=0, le=100_000)] = 0) -> dict[str, Any]:
    """List organisations, a page at a time, and people who chose to be shown; ``q`` looks in names and expertise."""
    found, total = directory.organisations(viewer, q, sector=sector, kind=kind, offset=offset)
    people = directory.people(viewer, q, sector=sector, kind=kind)
    return {"organisations": [listed_json(each) for each in found], "total": total,
            "next": str(offset + len(found)) if found and offset + len(found) < total else None,
            "people": [person_json(each) for each in people]}


@get("/api/contacts", tags=TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="24-hour contacts")
def contacts(directory: Directory, viewer: Viewer, organisation: str = "") -> dict[str, Any]:
    """List the contacts that one may read, with when each last confirmed a test."""
    now = directory.now()
    return {"contacts": [contact_json(each, now) for each in directory.contacts(viewer, organisation)]}


@post("/api/contacts", tags=TAGS, opt={"permission": "contribute"}, status_code=201, sync_to_thread=True,
      summary="Add a 24-hour contact of one's organisation")
def add_contact(data: dict[str, str], directory: Directory, viewer: Viewer) -> dict[str, Any]:
    """Add: ``{"name", "phone", "email", "languages", "role", "readers"}``; readers: ``green``, or a group's id."""
    known = ("name", "phone", "email", "languages", "role", "readers")
    for name in data:
        if name not in known:
            raise BadInput(f"unknown field {name[:40]!r}", hint=f"This takes: {', '.join(known)}.", place=name[:40])
    made = directory.set_contact(
        viewer, name=data.get("name", ""), phone=data.get("phone", ""), email=data.get("email", ""),
        languages=data.get("languages", ""), role=data.get("role", ""), readers=data.get("readers", "green"))
    return contact_json(made, directory.now())


@post("/api/contacts/{contact:str}/test", tags=TAGS, opt={"permission": "contribute"}, status_code=202,
      sync_to_thread=True, summary="Ask a contact for a test")
def test_contact(contact: str, directory: Directory, viewer: Viewer) -> dict[str, Any]:
    """Mail the contact a link by which it confirms."""
    directory.ask_contact(viewer, contact)
    return {"id": contact, "status": "asked"}


@delete("/api/contacts/{contact:str}", tags=TAGS, opt={"permission": "contribute"}, status_code=200,
        sync_to_thread=True, summary="Remove a contact of one's organisation")
def remove_contact(contact: str, directory: Directory, viewer: Viewer) -> dict[str, Any]:
    """Remove a contact."""
    directory.remove_contact(viewer, contact)
    return {"id": contact, "status": "removed"}


HANDLERS = (directory, contacts, add_contact, test_contact, remove_contact)
"""The doors of the directory."""
