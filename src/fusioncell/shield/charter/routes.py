"""HTTP operations of the charter: the policy in force, its changes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.charter.model import Change, Policy
from fusioncell.shield.charter.read import digest_of, policy_text
from fusioncell.shield.charter.service import Charter


class Proposed(msgspec.Struct, forbid_unknown_fields=True):
    """A policy in place of the one in force: its ``text`` (TOML), and why."""

    text: str
    reason: str = ""


def policy_json(policy: Policy) -> dict[str, Any]:
    """Return a policy, with its digest and its text."""
    plain: dict[str, Any] = msgspec.to_builtins(policy)
    return {**plain, "digest": digest_of(policy), "text": policy_text(policy)}


def change_json(one: Change, needed: int) -> dict[str, Any]:
    """Return a change of the policy."""
    return {
        "change": one.id, "number": one.policy.number, "title": one.policy.title, "digest": one.digest,
        "categories": [each.id for each in one.policy.categories], "proposed_by": one.proposed_by,
        "reason": one.reason, "at": format_instant(one.at), "needed": needed,
        "approvals": [{"by": who, "at": format_instant(at)} for who, at in one.approvals],
        "adopted_at": format_instant(one.adopted) if one.adopted else None,
    }  # fmt: skip


@get("/api/shield/policy", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="The policy in force")
def policy(charter: Charter) -> dict[str, Any]:
    """Show what may be blocked: the categories, the bounds, the digest that each decision cites."""
    return policy_json(charter.in_force())


@get("/log/policy/{digest:str}", tags=["transparency log"], opt={"permission": "public"}, sync_to_thread=True,
     summary="A policy that was in force")  # fmt: skip
def published(
    digest: Annotated[str, Parameter(description="As the log's entries name it.")], charter: Charter
) -> Response[bytes]:
    """Give a policy as the bytes of which its digest is the SHA-256; the log's signed tree holds that digest."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(charter.published(digest), media_type="application/json", headers=headers)


@get("/api/shield/policy/changes", tags=["shield"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Changes of the policy")
def changes(charter: Charter, viewer: Viewer) -> dict[str, Any]:
    """List the changes of the policy, waiting and adopted, newest first."""
    needed = charter.in_force().approvals
    return {"changes": [change_json(one, needed) for one in charter.changes(viewer)]}


@post("/api/shield/policy/changes", tags=["shield"], opt={"permission": "approve"}, status_code=202,
      sync_to_thread=True, summary="Propose a policy")
def propose(data: Proposed, charter: Charter, viewer: Viewer) -> dict[str, Any]:
    """Propose a policy in place of the one in force; as many people as that asks for approve it."""
    return {"change": charter.propose(viewer, data.text, data.reason), "status": "accepted"}


@post("/api/shield/policy/changes/{which:str}/approve", tags=["shield"], opt={"permission": "approve"},
      status_code=202, sync_to_thread=True, summary="Approve a policy")
def approve(which: str, charter: Charter, viewer: Viewer) -> dict[str, Any]:
    """Approve a change; the last approval that it needs puts it in force."""
    return {"change": which, "status": "adopted" if charter.approve(viewer, which) else "approved"}


HANDLERS = (policy, published, changes, propose, approve)
"""The package's doors."""
