"""Clusters: the list, one with its reports and why each hangs there, and what analysts decide of it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.fusion.clusters import Decision, Kind, Member, Shared, Summary
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.refang import defang
from fusioncell.web.pages.frame import FORM, Asked, Page, form_of, page, see_other, settle, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

ROWS = 50
SIZES = (0, 5, 20, 100)
"""Reports that a cluster of the list may be asked to have at least; 0 for any number."""
SHOWN = 6
"""Values that a link shows at once."""
KINDS = {
    Kind.HOST: N_("Host"), Kind.DOMAIN: N_("Registered domain"), Kind.ADDRESS: N_("Address"),
    Kind.SOCKET: N_("Address and port"), Kind.NET: N_("Network around it"), Kind.PATH: N_("Path of a URL"),
    Kind.HASH: N_("Hash"), Kind.REFERENCE: N_("Cited source"), Kind.THREAD: N_("Thread of posts"),
    Kind.SENDER: N_("Mail address"), Kind.OTHER: N_("Other value"),
}  # fmt: skip
DOES = {"split": N_("Split off"), "join": N_("Joined"), "name": N_("Named")}


def href_of(which: str) -> str:
    """Return the address of the cluster that a contribution stands in."""
    return f"/clusters/{quote(which, safe='')}"


def _contribution(which: str) -> str:
    return f"/contributions/{quote(which, safe='')}"


def _shared(one: Shared) -> View:
    return {"kind": KINDS[one.kind], "text": defang(one.text)[:200], "weight": f"{one.weight / 1000:.2f}",
            "members": one.members}  # fmt: skip


def cluster_view(one: Summary) -> View:
    """Make the CLUSTER view."""
    sign = defang(one.sign.text)[:120] if one.sign else ""
    return {"id": one.id, "href": href_of(one.id), "title": one.name or sign or one.id, "named": bool(one.name),
            "sign": _shared(one.sign) if one.sign else None, "members": one.members, "first": one.first,
            "last": one.last}  # fmt: skip


def _member(one: Member, names: Names) -> View:
    return {
        "id": one.contribution, "href": _contribution(one.contribution), "org": names.organisation(one.org),
        "at": one.at, "toward": _contribution(one.toward) if one.toward else None, "head": not one.toward,
        "weight": f"{one.weight / 1000:.2f}", "shared": [_shared(each) for each in one.shared[:SHOWN]],
        "more": max(0, len(one.shared) - SHOWN), "narrow": one.narrow,
    }  # fmt: skip


def _decision(one: Decision, names: Names, *, may: bool) -> View:
    return {
        "id": one.id, "does": DOES.get(one.does, one.does), "name": one.name, "reason": one.reason,
        "org": names.organisation(one.org), "at": one.at, "of": _contribution(one.contribution),
        "undone_at": one.undone_at or None, "undone_why": one.undone_why, "may_undo": may and not one.undone_at,
    }  # fmt: skip


@get("/clusters", opt={"permission": "read", "query": frozenset({"after", "text", "least"})},
     sync_to_thread=True, include_in_schema=False)  # fmt: skip
def listed(
    request: Asked, hub: Hub, viewer: Viewer, after: Annotated[str, Parameter(max_length=64)] = "",
    text: Annotated[str, Parameter(max_length=4096)] = "", least: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
) -> Page:  # fmt: skip
    """Show the clusters that one sees, the one with the newest report first."""
    found, further = hub.clusters.newest(viewer, after=after, limit=ROWS, text=text, least=least)
    asked: dict[str, object] = {name: value for name, value in (("text", text), ("least", least)) if value}
    return page(
        request, "clusters/index.html", here="picture", clusters=[cluster_view(one) for one in found],
        next=f"/clusters?{urlencode({**asked, 'after': further})}" if further else None,
        paged=bool(after) or bool(asked), form={"text": text, "least": least}, sizes=SIZES,
    )  # fmt: skip


@get("/clusters/{which:str}", opt={"permission": "read", "query": frozenset({"after"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def one(
    request: Asked, which: str, hub: Hub, viewer: Viewer, after: Annotated[str, Parameter(max_length=64)] = ""
) -> Page:
    """Show a cluster: what its reports share, each with why it hangs there, and what was decided."""
    found = hub.clusters.one(viewer, which, after=after, limit=ROWS)
    names, may = Names(hub, viewer), viewer.may("answer") and not viewer.guest
    return page(
        request, "clusters/cluster.html", here="picture", cluster=cluster_view(found.summary),
        members=[_member(each, names) for each in found.members],
        attached=[_member(each, names) for each in found.narrow],
        values=[_shared(each) for each in found.values],
        decisions=[_decision(each, names, may=may) for each in found.decisions], may_decide=may,
        next=f"{href_of(found.summary.id)}?{urlencode({'after': found.next})}" if found.next else None,
    )  # fmt: skip


@post("/clusters/{which:str}", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def decide(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Split a report off, join two clusters, name one, or take that back."""
    fields = await form_of(request)
    does, reason = text_of(fields, "does", 10), text_of(fields, "reason", 1000)

    def work() -> Page:
        if does == "undo":
            hub.clusters.undo(viewer, text_of(fields, "decision", 64), reason)
        elif does == "split":
            hub.clusters.decide(viewer, does, text_of(fields, "contribution", 64), reason)
        elif does in ("join", "name"):
            other = text_of(fields, "other", 300).strip().rstrip("/").rpartition("/")[2]
            hub.clusters.decide(viewer, does, which, reason, other=other, name=text_of(fields, "name", 120))
        else:
            raise BadInput("nothing was chosen", hint="Go back and press one of the buttons.")
        settle(hub)
        return see_other(href_of(which) if hub.clusters.of(viewer, which) else "/clusters", said="done")

    return await sync_to_thread(work)


HANDLERS = (listed, one, decide)
"""Clusters."""
