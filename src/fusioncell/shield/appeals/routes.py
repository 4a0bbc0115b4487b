"""HTTP operations of appeals: the public explanation, the appeal itself, and who decides it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.appeals.model import Appeal, Blocked, Filed
from fusioncell.shield.appeals.service import Appeals

SMALL = 50_000
"""Bytes: what anybody may send is no longer."""


class Filing(msgspec.Struct, forbid_unknown_fields=True):
    """An appeal. ``role``: owner, visitor, provider or other. ``contact`` is your choice, and erased with the text."""

    text: str
    role: str = "other"
    contact: str = ""
    language: str = "en"


class Deciding(msgspec.Struct, forbid_unknown_fields=True):
    """The decision, and the reason that the appellant reads."""

    uphold: bool
    reason: str


def address_of(request: Request[Any, Any, Any]) -> str:
    """Return the address that asks, for the brake alone."""
    return request.client.host if request.client else ""


def blocked_json(name: str, found: Blocked | None) -> dict[str, Any]:
    """Return why a name is blocked."""
    if found is None:
        return {"name": name, "blocked": False}
    number, title, digest = found.policy
    return {
        "name": name, "blocked": True, "by_name": found.by, "category": found.category,
        "compromised_site": found.compromised, "reason_code": found.reason_code,
        "since": format_instant(found.since), "until": format_instant(found.until),
        "policy": {"number": number or None, "title": title or None, "digest": digest},
        "decision": found.decision, "appeal": f"/blocked/{name}",
    }  # fmt: skip


def told_json(one: Appeal, appeals: Appeals) -> dict[str, Any]:
    """Return an appeal as its appellant gets it: where it stands, and how the name's holder proves to be that."""
    text = appeals.proofs.text_for(one.id, one.name)
    proof = {"name": appeals.proofs.record_of(one.name), "type": "TXT", "text": text}
    return {
        "name": one.name, "state": one.state.value, "at": format_instant(one.at), "due": format_instant(one.due),
        "proved": bool(one.proved_at), "ended_at": format_instant(one.ended_at) if one.ended_at else None,
        "reason": one.reason, "proof": None if one.proved_at else proof,
    }  # fmt: skip


def appeal_json(one: Appeal) -> dict[str, Any]:
    """Return an appeal as who decides gets it."""
    return {
        "appeal": one.id, "name": one.name, "decision": one.decision, "role": one.role, "language": one.language,
        "at": format_instant(one.at), "due": format_instant(one.due), "proved": bool(one.proved_at),
        "state": one.state.value, "ended_at": format_instant(one.ended_at) if one.ended_at else None,
        "ended_by": one.ended_by, "reason": one.reason, "text": one.text, "contact": one.contact,
    }  # fmt: skip


@get("/api/blocked/{name:str}", tags=["shield"], opt={"permission": "public"}, sync_to_thread=True,
     summary="Why a name is blocked")
def blocked(request: Request[Any, Any, Any], name: str, appeals: Appeals) -> dict[str, Any]:
    """Say for exactly one name what is blocked, why, since when, until when, by which policy, and how to appeal."""
    appeals.brake.count(address_of(request))
    return blocked_json(*appeals.why(name))


@post("/api/blocked/{name:str}/appeal", tags=["shield"], opt={"permission": "public"}, status_code=201,
      sync_to_thread=True, request_max_body_size=SMALL, summary="Appeal against a block")
def appeal(request: Request[Any, Any, Any], name: str, data: Filing, appeals: Appeals) -> dict[str, Any]:
    """Appeal. The answer's ``code`` is shown this once: it tells where the appeal stands, and takes it back."""
    appeals.brake.count(address_of(request))
    made, code = appeals.lodge(name, Filed(data.text, data.role, data.contact, data.language))
    return {**told_json(made, appeals), "code": code}


@get("/api/appeals/{code:str}", tags=["shield"], opt={"permission": "public"}, sync_to_thread=True,
     summary="Where an appeal stands")
def standing(request: Request[Any, Any, Any], code: str, appeals: Appeals) -> dict[str, Any]:
    """Tell the holder of a code where the appeal stands, and which record proves the name."""
    appeals.brake.count(address_of(request))
    return told_json(appeals.of_code(code), appeals)


@post("/api/appeals/{code:str}/prove", tags=["shield"], opt={"permission": "public"}, status_code=200,
      sync_to_thread=True, request_max_body_size=SMALL, summary="Look the proof of a name up now")
def prove(request: Request[Any, Any, Any], code: str, appeals: Appeals) -> dict[str, Any]:
    """Look up the TXT record that proves who holds the name."""
    appeals.brake.count(address_of(request))
    return told_json(appeals.prove(code), appeals)


@post("/api/appeals/{code:str}/withdraw", tags=["shield"], opt={"permission": "public"}, status_code=200,
      sync_to_thread=True, request_max_body_size=SMALL, summary="Take an appeal back")
def withdraw(request: Request[Any, Any, Any], code: str, appeals: Appeals) -> dict[str, str]:
    """Take an appeal back; what was written is erased at once."""
    appeals.brake.count(address_of(request))
    appeals.withdraw(code)
    return {"state": "withdrawn"}


@get("/api/shield/appeals", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True, summary="List appeals")
def listed(
    appeals: Appeals, viewer: Viewer, limit: Annotated[int, Parameter(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    """List the appeals that you may see: those that wait longest first, then the newest of the others."""
    return {"appeals": [appeal_json(one) for one in appeals.listed(viewer, limit)]}


@post("/api/shield/appeals/{which:str}/decide", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Decide an appeal")
def decide(which: str, data: Deciding, appeals: Appeals, viewer: Viewer) -> dict[str, Any]:
    """Decide, as a person who did not approve the block. Upheld, it ends everywhere, and no rule brings it back."""
    done = appeals.decide(viewer, which, uphold=data.uphold, reason=data.reason)
    return {"appeal": done.id, "state": done.state.value}


HANDLERS = (blocked, appeal, standing, prove, withdraw, listed, decide)
"""The doors of appeals."""
