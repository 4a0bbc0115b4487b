"""HTTP operations of clusters."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import Parameter

from fusioncell.fusion.clusters.model import Cluster, Member, Shared, Summary
from fusioncell.fusion.clusters.service import Clusters
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer

Limit = Annotated[int, Parameter(ge=1, le=200)]
After = Annotated[str, Parameter(max_length=64)]
_TAGS = ["clusters"]


class Deciding(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A decision about a cluster. ``does``: ``split`` (the contribution off it), ``join`` (to that of the ``other``
    contribution) or ``name``; ``reason``: why, for all who see it."""

    does: str
    contribution: str
    reason: str
    other: str = ""
    name: str = ""


class Undoing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Why a decision is taken back."""

    reason: str = ""


def _shared(one: Shared) -> dict[str, Any]:
    return {"kind": one.kind.name.lower(), "value": one.text, "weight": one.weight / 1000 or None,
            "reports": one.members}  # fmt: skip


def _member(one: Member) -> dict[str, Any]:
    return {
        "contribution": one.contribution, "organisation": one.org, "at": format_instant(one.at),
        "hangs_at": one.toward or None, "weight": one.weight / 1000,
        "shared": [_shared(each) for each in one.shared], "takes_part": not one.narrow,
    }  # fmt: skip


def _summary(one: Summary) -> dict[str, Any]:
    return {"id": one.id, "name": one.name or None, "reports": one.members, "first": format_instant(one.first),
            "last": format_instant(one.last), "sign": _shared(one.sign) if one.sign else None}  # fmt: skip


def _cluster(one: Cluster) -> dict[str, Any]:
    return {
        **_summary(one.summary), "members": [_member(each) for each in one.members],
        "attached": [_member(each) for each in one.narrow], "values": [_shared(each) for each in one.values],
        "decisions": [{
            "id": each.id, "does": each.does, "contribution": each.contribution, "other": each.other or None,
            "name": each.name or None, "reason": each.reason, "organisation": each.org, "at": format_instant(each.at),
            "undone": format_instant(each.undone_at) if each.undone_at else None, "undone_why": each.undone_why or None,
        } for each in one.decisions],
        "next": one.next or None,
    }  # fmt: skip


@get("/api/clusters", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Clusters of reports")
def newest(
    clusters: Clusters, viewer: Viewer, limit: Limit = 50, after: After = "",
    text: Annotated[str, Parameter(max_length=4096)] = "", least: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:  # fmt: skip
    """List clusters, the one with the newest report first. `text`: those of which a report has this value, in any
    defanged form, or whose name holds the text; `least`: those of so many reports."""
    found, further = clusters.newest(viewer, limit=limit, after=after, text=text, least=least)
    return {"clusters": [_summary(one) for one in found], "next": further or None}


@get("/api/clusters/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="One cluster")
def one(which: str, clusters: Clusters, viewer: Viewer, limit: Limit = 50, after: After = "") -> dict[str, Any]:
    """Show the cluster that a contribution stands in: members, newest first, each with why it hangs there."""
    return _cluster(clusters.one(viewer, which, limit=limit, after=after))


@get("/api/contributions/{which:str}/related", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="What shares something with a contribution")  # fmt: skip
def related(
    which: str, clusters: Clusters, viewer: Viewer, limit: Limit = 50,
    start: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
) -> dict[str, Any]:  # fmt: skip
    """List all contributions that share a value with this one, what shares most and rarest first."""
    found, further = clusters.related(viewer, which, start=start, limit=limit)
    return {"related": [{"contribution": each.contribution, "organisation": each.org, "at": format_instant(each.at),
                         "weight": each.weight / 1000, "values": each.values} for each in found],
            "next": further or None}  # fmt: skip


@post("/api/clusters/decisions", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, status_code=202,
      summary="Split, join or name a cluster")  # fmt: skip
def decide(data: Deciding, clusters: Clusters, viewer: Viewer) -> dict[str, Any]:
    """Decide something of a cluster, with a reason; it can be taken back."""
    which = clusters.decide(viewer, data.does, data.contribution, data.reason, other=data.other, name=data.name)
    return {"id": which, "status": "accepted"}


@post("/api/clusters/decisions/{which:str}/undo", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True,
      status_code=202, summary="Take a decision back")  # fmt: skip
def undo(which: str, data: Undoing, clusters: Clusters, viewer: Viewer) -> dict[str, Any]:
    """Take a decision about a cluster back."""
    clusters.undo(viewer, which, data.reason)
    return {"id": which, "status": "undone"}


HANDLERS = (newest, one, related, decide, undo)
"""The package's doors."""
