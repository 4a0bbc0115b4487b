"""HTTP operations of the shield: decisions, what may be done to them, the zone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.model import Decision, State
from fusioncell.shield.service import Shield
from fusioncell.shield.zone import zone_text


class Proposed(msgspec.Struct, forbid_unknown_fields=True):
    """A block that is proposed by hand.

    ``compromised``: a legitimate site that was broken into; ``contact``: how its owner is reached. ``exercise``: all is
    played but the block.
    """

    name: str
    category: str = ""
    reason: str = ""
    severity: str = ""
    compromised: bool = False
    contact: str = ""
    exercise: bool = False


def _when(at: int) -> str | None:
    return format_instant(at) if at else None


def decision_json(item: Decision) -> dict[str, Any]:
    """Return a decision as JSON values."""
    return {
        "decision": item.id,
        "name": item.name,
        "category": item.category,
        "state": item.state.value,
        "malicious": item.malicious,
        "active": item.active,
        "proposed_by": item.proposed_by,
        "proposed_at": _when(item.proposed_at),
        "approver": item.approver,
        "published_at": _when(item.published_at),
        "expires_at": _when(item.expires_at),
        "ended_at": _when(item.ended_at),
        "reason": item.reason,
        "guards": list(item.guards),
        "severity": item.severity,
        "origin": item.origin,
        "exercise": item.exercise,
        "standing": item.standing,
        "policy": item.policy,
        "approvers": list(item.approvers),
        "endorsed": [{"by": one.by, "at": _when(one.at), "reason": one.reason} for one in item.endorsed],
        "contact": item.contact,
        "reason_code": item.reason_code,
        "evidence": [
            {"contribution": c.contribution, "contributor": c.contributor, "weight": c.weight} for c in item.evidence
        ],
    }


def states_named(text: str) -> list[State]:
    """Read a comma-separated list of states; empty means all. Raises BadInput."""
    try:
        return [State(part.strip()) for part in text.split(",") if part.strip()] or list(State)
    except ValueError:
        raise BadInput(f"{text[:60]!r} holds no state of a decision", hint=f"States: {', '.join(State)}.") from None


@get(
    "/api/shield/decisions",
    tags=["shield"],
    opt={"permission": "read", "query": frozenset({"state", "limit", "offset"})},
    sync_to_thread=True,
    summary="List decisions",
)
def decisions(
    shield: Shield,
    viewer: Viewer,
    named: Annotated[str, Parameter(query="state")] = "",
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
    offset: Annotated[int, Parameter(ge=0)] = 0,
) -> dict[str, Any]:
    """List the decisions that you may see, newest first. What the zone holds is released to members alone."""
    found = shield.decisions(viewer, states_named(named), limit=limit + 1, offset=offset)
    zone_now = {"serial": shield.zone.serial, "names": len(shield.zone.image())} if viewer.member else {}
    return {
        **zone_now,
        "zone": shield.zone.origin,
        "decisions": [decision_json(one) for one in found[:limit]],
        "next": str(offset + limit) if len(found) > limit else None,
    }


@get(
    "/api/shield/decisions/{which:str}",
    tags=["shield"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="One decision, by id or name",
)
def decision(which: str, shield: Shield, viewer: Viewer) -> dict[str, Any]:
    """Show a decision."""
    return decision_json(shield.decision(viewer, which))


@post(
    "/api/shield/decisions",
    tags=["shield"],
    opt={"permission": "propose"},
    status_code=202,
    sync_to_thread=True,
    summary="Propose a block by hand",
)
def propose(data: Proposed, shield: Shield, viewer: Viewer) -> dict[str, Any]:
    """Propose a name, in a category of the policy, with a reason."""
    made = shield.propose(
        viewer, data.name, data.category, data.reason, severity=data.severity, compromised=data.compromised,
        contact=data.contact, exercise=data.exercise,
    )  # fmt: skip
    return {"decision": made, "status": "accepted"}


@post(
    "/api/shield/decisions/{which:str}/approve",
    tags=["shield"],
    opt={"permission": "approve"},
    status_code=202,
    sync_to_thread=True,
    summary="Approve a proposal",
)
def approve(
    which: str, shield: Shield, viewer: Viewer, reason: str = "", days: Annotated[int, Parameter(ge=0, le=90)] = 0,
    contact: Annotated[str, Parameter(description="How the owner of a compromised site is reached.")] = "",
) -> dict[str, Any]:
    """Approve: the name is published with its evidence and an expiry."""
    item = shield.approve(viewer, which, days=days, reason=reason, contact=contact)
    waits = item.state is State.PROPOSED
    return {"decision": item.id, "name": item.name, "status": "endorsed" if waits else "approved"}


@post(
    "/api/shield/decisions/{which:str}/withdraw",
    tags=["shield"],
    opt={"permission": "withdraw_block"},
    status_code=202,
    sync_to_thread=True,
    summary="Withdraw a proposal, or lift a block",
)
def withdraw(
    which: str, shield: Shield, viewer: Viewer, reason: str = "",
    code: Annotated[str, Parameter(description="wrong (a block unless you say otherwise; its name is barred from "
                                   "coming back), expired, superseded, declined (a proposal)")] = "",
) -> dict[str, Any]:  # fmt: skip
    """Withdraw: the name leaves the zone at once."""
    item = shield.withdraw(viewer, which, reason, code)
    return {"decision": item.id, "name": item.name, "status": "withdrawn", "reason_code": item.reason_code}


@get("/api/shield/zone", tags=["shield"], opt={"permission": "export"}, sync_to_thread=True, summary="The zone as text")
def zone(shield: Shield) -> Response[str]:
    """Give the zone as a master file (RFC 1035 §5)."""
    shield.check_thawed()
    return Response("".join(zone_text(shield.zone.image())), media_type="text/dns")


@post(
    "/api/shield/decisions/{which:str}/renew",
    tags=["shield"],
    opt={"permission": "approve"},
    status_code=202,
    sync_to_thread=True,
    summary="Renew a block of a compromised site",
)
def renew(which: str, shield: Shield, viewer: Viewer, reason: str = "") -> dict[str, Any]:
    """Let a block of a compromised site stand longer, on fresh evidence."""
    item = shield.renew(viewer, which, reason)
    return {"decision": item.id, "name": item.name, "expires_at": _when(item.expires_at), "status": "renewed"}


HANDLERS = (decisions, decision, propose, approve, withdraw, renew, zone)
"""The room's doors."""
