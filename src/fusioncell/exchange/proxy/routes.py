"""HTTP operations of publication by proxy."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post
from litestar.params import Parameter

from fusioncell.exchange.proxy.model import Publication
from fusioncell.exchange.proxy.service import Proxy
from fusioncell.exchange.receipts import Ledger
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.members import Members

Groups = Annotated[list[str] | None, Parameter(description="group:ID.GENERATION or org:ID, with amber.")]


@post(
    "/api/contributions/{contribution:str}/publish",
    tags=["contributions"],
    opt={"permission": "edit"},
    status_code=202,
    sync_to_thread=True,
    summary="Publish a contribution on its originator's behalf",
    description="Its readers learn that your organisation publishes it on behalf of a partner. Never wider than the "
    "originator consented to. `confirm` after a 409 that lists what the words still say.",
)
def publish(
    contribution: str, proxy: Proxy, viewer: Viewer, tlp: str, group: Groups = None, confirm: bool = False
) -> dict[str, Any]:
    """Publish as new items of one's own."""
    done = proxy.publish(viewer, contribution, Terms(parse_tlp(tlp), tuple(group or ())), confirmed=confirm)
    return {"contribution": done.contribution, "items": done.items, "status": "accepted",
            "href": f"/api/contributions/{done.contribution}"}


@post(
    "/api/contributions/{contribution:str}/proxy",
    tags=["contributions"],
    opt={"permission": "contribute"},
    status_code=202,
    sync_to_thread=True,
    summary="Consent to a publication by another organisation, or ask the originator for it",
    description="On one's own contribution: `organisation` may publish it under a marking no wider than `tlp`, without "
    "your name. On another's: your own organisation asks, with a reason.",
)
def let_publish(
    contribution: str, receipts: Ledger, viewer: Viewer, tlp: str, organisation: str = "", group: Groups = None,
    reason: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Consent beforehand, or ask."""
    made = receipts.let_publish(viewer, contribution, organisation, parse_tlp(tlp), tuple(group or ()), reason)
    return {"id": made, "status": "accepted"}


@get(
    "/api/contributions/{contribution:str}/publications",
    tags=["contributions"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="What was published of a contribution, for its originator and its proxy",
)
def publications(contribution: str, proxy: Proxy, members: Members, viewer: Viewer) -> dict[str, Any]:
    """List publications, to those two alone; for all others there are none."""
    names = {one.id: one.name for one in members.organisations()}
    return {"publications": [_json(one, names) for one in proxy.publications(viewer, contribution)]}


def _json(one: Publication, names: dict[str, str]) -> dict[str, Any]:
    return {
        "contribution": one.contribution,
        "original": one.original,
        "originator": one.originator,
        "proxy": one.proxy,
        "proxy_name": names.get(one.proxy, ""),
        "tlp": one.tlp.value,
        "at": format_instant(one.at),
        "items": one.items,
        "withdrawn": format_instant(one.gone) if one.gone else None,
        "reach": {"here": one.here, "fetched": one.fetched, "exported": one.exported},
    }


HANDLERS = (publish, let_publish, publications)
"""The package's doors."""
