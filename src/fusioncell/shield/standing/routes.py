"""HTTP operations of standing approvals."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.standing.model import Standing
from fusioncell.shield.standing.service import StandingApprovals


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """Why it stops."""

    reason: str = ""


class Found(msgspec.Struct, forbid_unknown_fields=True):
    """What a person found of a decision."""

    wrong: bool
    note: str = ""


def standing_json(one: Standing, standing: StandingApprovals) -> dict[str, Any]:
    """Return a standing approval, and how it fared."""
    fared = standing.fared(one)
    return {
        "standing": one.id, "rule": msgspec.to_builtins(one.rule), "by": one.by, "second": one.second or None,
        "proposed_at": format_instant(one.proposed_at),
        "signed_at": format_instant(one.signed_at) if one.signed_at else None,
        "until": format_instant(one.until) if one.until else None,
        "stopped_at": format_instant(one.stopped_at) if one.stopped_at else None,
        "stopped_by": one.stopped_by or None, "stopped_why": one.stopped_why or None,
        "today": fared.today, "published": fared.published, "looked_at": fared.looked_at, "wrong": fared.wrong,
    }  # fmt: skip


@get("/api/shield/standing", tags=["shield"], opt={"permission": "approve"}, sync_to_thread=True,
     summary="Standing approvals")
def listed(standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """List the rules that two people signed or are to sign, newest first."""
    return {"standing": [standing_json(one, standing) for one in standing.listed(viewer)]}


@post("/api/shield/standing", tags=["shield"], opt={"permission": "approve"}, status_code=202, sync_to_thread=True,
      summary="Propose a standing approval")
def propose(data: dict[str, Any], standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """Propose a rule, as the first of two who sign."""
    return {"standing": standing.propose(viewer, data), "status": "accepted"}


@post("/api/shield/standing/{which:str}/sign", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Sign a standing approval")
def sign(which: str, standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """Sign a rule as the second: decisions cite it from now on."""
    return {"standing": standing.sign(viewer, which).id, "status": "signed"}


@post("/api/shield/standing/{which:str}/stop", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Stop a standing approval")
def stop(which: str, data: Why, standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """Stop a rule; what it published stays until it is lifted."""
    return {"standing": standing.stop(viewer, which, data.reason).id, "status": "stopped"}


@get("/api/shield/standing/{which:str}/sample", tags=["shield"], opt={"permission": "approve"}, sync_to_thread=True,
     summary="Decisions of a rule to look at")
def sample(which: str, standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """List which decisions of the last days a person is to look at."""
    return {"decisions": [
        {"decision": one.id, "name": one.name, "category": one.category, "malicious": one.malicious,
         "published_at": format_instant(one.published_at)} for one in standing.sample(viewer, which)]}  # fmt: skip


@post("/api/shield/decisions/{which:str}/review", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Say whether a rule's decision was right")
def review(which: str, data: Found, standing: StandingApprovals, viewer: Viewer) -> dict[str, Any]:
    """Say of a decision that a standing approval made whether it was right; a wrong one is yet to be lifted."""
    item = standing.review(viewer, which, wrong=data.wrong, note=data.note)
    return {"decision": item.id, "name": item.name, "status": "reviewed"}


HANDLERS = (listed, propose, sign, stop, sample, review)
"""The package's doors."""
