"""HTTP operations of joining: apply, stand for an applicant, vet, the terms."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.members.joining.check_form import fill_in
from fusioncell.members.joining.model import Application, State
from fusioncell.members.joining.service import Joining
from fusioncell.members.joining.terms import TERMS

Asked = Request[Any, Any, Any]


class Applying(msgspec.Struct, forbid_unknown_fields=True):
    """An application. ``sponsor``: the e-mail address or the name of a member of another organisation."""

    name: str
    sector: str
    kind: str
    applicant: str
    email: str
    why: str
    sponsor: str


class Saying(msgspec.Struct, forbid_unknown_fields=True):
    """A sponsor's statement."""

    statement: str = ""


class Deciding(msgspec.Struct, forbid_unknown_fields=True):
    """A vetter's reason. The applicant reads that of a refusal."""

    reason: str


class Accepting(msgspec.Struct, forbid_unknown_fields=True):
    """The version of the terms that was read."""

    version: str


def application_json(one: Application) -> dict[str, Any]:
    """Return an application as JSON values, for sponsors and vetters."""
    return {
        "id": one.id, **{name: getattr(one.filled, name) for name in one.filled.__dataclass_fields__},
        "at": format_instant(one.at), "state": one.state.value, "sponsor_organisation": one.sponsor_org or None,
        "sponsor_person": one.sponsor_person or None, "statement": one.statement,
        "sponsored": format_instant(one.sponsored) if one.sponsored else None, "reason": one.reason,
        "decided": format_instant(one.decided) if one.decided else None, "organisation": one.organisation or None,
        "person": one.person or None,
    }  # fmt: skip


@post("/api/applications", tags=["joining"], opt={"permission": "public"}, status_code=201, sync_to_thread=True,
      request_max_body_size=100_000, summary="Apply to join the partnership")
def apply(request: Asked, data: Applying, joining: Joining) -> dict[str, Any]:
    """Apply for an organisation. The answer does not tell whether the sponsor exists; the code is shown this once."""
    code = joining.apply(fill_in(msgspec.structs.asdict(data)), request.client.host if request.client else "")
    return {"code": code.reveal(), "state": "asked", "path": f"/apply/{code.reveal()}"}


@get("/api/applications/code/{code:str}", tags=["joining"], opt={"permission": "public"}, sync_to_thread=True,
     summary="Where an application stands")
def state_of(code: str, joining: Joining) -> dict[str, Any]:
    """Tell the holder of the reference code."""
    one = joining.state_of(code)
    return {"name": one.name, "at": format_instant(one.at), "state": one.state.value, "reason": one.reason,
            "lapses": format_instant(one.lapses)}


@get("/api/applications", tags=["joining"], opt={"permission": "vet"}, sync_to_thread=True, summary="Applications")
def applications(joining: Joining, only: State | None = None) -> dict[str, Any]:
    """List applications, the newest first: all, or those in one state."""
    return {"applications": [application_json(one) for one in joining.applications([only] if only else State)]}


@post("/api/applications/{which:str}/accept", tags=["joining"], opt={"permission": "vet"}, status_code=201,
      sync_to_thread=True, summary="Accept an application")
def accept(which: str, data: Deciding, joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Accept one that a sponsor stood for. Answers the path of its lead's one-time link, shown this once."""
    one, link = joining.accept(viewer, which, data.reason)
    return {**application_json(one), "path": f"/sign-in/link/{link.reveal()}"}


@post("/api/applications/{which:str}/refuse", tags=["joining"], opt={"permission": "vet"}, status_code=200,
      sync_to_thread=True, summary="Refuse an application")
def refuse(which: str, data: Deciding, joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Refuse, with a reason that the applicant reads."""
    return application_json(joining.refuse(viewer, which, data.reason))


@get("/api/sponsoring", tags=["joining"], opt={"permission": "sponsor"}, sync_to_thread=True,
     summary="Applications that ask your organisation to stand for them")
def sponsoring(joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """List them, the newest first."""
    return {"applications": [application_json(one) for one in joining.asked(viewer)]}


@post("/api/sponsoring/{which:str}/confirm", tags=["joining"], opt={"permission": "sponsor"}, status_code=200,
      sync_to_thread=True, summary="Stand for an applicant")
def confirm(which: str, data: Saying, joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Stand for an applicant of another organisation, with a statement."""
    return application_json(joining.stand(viewer, which, data.statement))


@post("/api/sponsoring/{which:str}/decline", tags=["joining"], opt={"permission": "sponsor"}, status_code=200,
      sync_to_thread=True, summary="Decline to stand for an applicant")
def decline(which: str, data: Saying, joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Decline. The applicant is not told."""
    return application_json(joining.stand(viewer, which, data.statement, confirmed=False))


@get("/api/terms", tags=["joining"], opt={"permission": "public"}, sync_to_thread=True,
     summary="The terms of the partnership")
def terms(joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Return the newest terms, and what your organisation accepted."""
    newest = TERMS[-1]
    accepted = joining.terms_of(viewer.org) if viewer.org else []
    return {
        "version": newest.version, "clauses": [{"heading": head, "text": text} for head, text in newest.clauses],
        "accepted": [{"version": version, "person": who, "at": format_instant(at)} for version, who, at in accepted],
    }  # fmt: skip


@post("/api/terms", tags=["joining"], opt={"permission": "lead"}, status_code=200, sync_to_thread=True,
      summary="Accept the terms for your organisation")
def accept_terms(data: Accepting, joining: Joining, viewer: Viewer) -> dict[str, Any]:
    """Bind your organisation to the newest terms, as a person who may."""
    joining.accept_terms(viewer, data.version)
    return {"version": data.version, "status": "accepted"}


HANDLERS = (apply, state_of, applications, accept, refuse, sponsoring, confirm, decline, terms, accept_terms)
"""Joining's doors."""
