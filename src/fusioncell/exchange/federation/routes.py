"""HTTP operations of federation: for other hubs, and the agreements for operators."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import Parameter

from fusioncell.exchange.federation.service import Federation
from fusioncell.exchange.taxii import filters
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.members import Organisation

ABOUT = frozenset({"root", "collection", *filters.PAGED})
_FOR_HUBS: dict[str, Any] = {"permission": "federate", "hubs": True, "guests": True}
Text = Annotated[str, msgspec.Meta(max_length=300)]


class Agreeing(msgspec.Struct, forbid_unknown_fields=True):
    """What to call the other hub, and up to which marking it reads here."""

    name: Text
    ceiling: Text


class Changing(msgspec.Struct, forbid_unknown_fields=True):
    """Up to which marking the hub reads here from now on."""

    ceiling: Text


@get("/api/federation/about", tags=["federation"], opt={**_FOR_HUBS, "query": ABOUT}, sync_to_thread=True,
     summary="What stands behind a page of objects, for another hub")
def about(request: Request[Any, Any, Any], federation: Federation, viewer: Viewer) -> dict[str, Any]:
    """Say whose contribution each object of a page of TAXII is, and through which hubs it came.

    ``root`` and ``collection`` name the collection; the other parameters are those of the page.
    """
    given = filters.read_query(request.scope["query_string"], ABOUT)
    root, collection = given.pop("root", ""), given.pop("collection", "")
    found = federation.about(viewer, root, collection, filters.read_ask(given))
    return {"hub": federation.hub, "objects": [
        {"id": one.oid, "contribution": one.contribution, "hops": list(one.hops), "withdrawn": one.withdrawn}
        for one in found]}  # fmt: skip


@get("/api/federation/withdrawn", tags=["federation"], opt=_FOR_HUBS, sync_to_thread=True,
     summary="What was withdrawn since a cursor, for another hub")
def withdrawn(
    federation: Federation, viewer: Viewer, handed: Handed,
    after: Annotated[str, Parameter(max_length=64, description="The cursor of the last answer.")] = "",
) -> dict[str, Any]:  # fmt: skip
    """Tell what was recalled of what the hub may read. Without a cursor: nothing, and the cursor of now."""
    found, cursor, more = federation.withdrawn(viewer, after)
    for one in found:
        handed.gone(one.contribution)
    return {"hub": federation.hub, "next": cursor, "more": more, "withdrawn": [
        {"contribution": one.contribution, "objects": list(one.objects)} for one in found]}  # fmt: skip


def partner_json(one: Organisation, ceiling: str) -> dict[str, Any]:
    """Return an agreement."""
    return {"organisation": one.id, "name": one.name, "ceiling": ceiling, "suspended": one.suspended}


@get("/api/federation/partners", tags=["federation"], opt={"permission": "operate"}, sync_to_thread=True,
     summary="Hubs that read here")
def partners(federation: Federation) -> dict[str, Any]:
    """List the hubs that read here, and up to which marking each does."""
    return {"hub": federation.hub, "partners": [partner_json(one, tlp.value) for one, tlp in federation.partners()]}


@post("/api/federation/partners", tags=["federation"], opt={"permission": "operate"}, status_code=201,
      sync_to_thread=True, summary="Let another hub read here")
def agree(data: Agreeing, federation: Federation, viewer: Viewer) -> dict[str, Any]:
    """Make an agreement; the answer holds the key for the other hub's operators, this once."""
    ceiling = parse_tlp(data.ceiling)
    made, secret = federation.agree(viewer, data.name, ceiling)
    return {**partner_json(made, ceiling.value), "key": secret.reveal()}


@post("/api/federation/partners/{partner:str}", tags=["federation"], opt={"permission": "operate"}, status_code=200,
      sync_to_thread=True, summary="Change an agreement")
def change(partner: str, data: Changing, federation: Federation, viewer: Viewer) -> dict[str, Any]:
    """Change up to which marking a hub reads here. To end it, suspend its organisation."""
    ceiling = parse_tlp(data.ceiling)
    return partner_json(federation.change(viewer, partner, ceiling), ceiling.value)


HANDLERS = (about, withdrawn, partners, agree, change)
"""The doors of this package."""
