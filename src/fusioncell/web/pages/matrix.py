"""The ATT&CK matrix: what is named how often, by window and sector, and a member's own layer beside it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.matrix import DOMAINS, MAX_LAYER, Cell, Coverage, Layer, read_layer
from fusioncell.picture.matrix import View as Shown
from fusioncell.web.pages.frame import FORM, Asked, Page, fault_on, form_of, members_only, page, text_of
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

SPANS = (7, 30, 90, 365)
TITLES = {"enterprise": N_("Enterprise"), "ics": N_("Industrial control systems")}
COVERAGE = {Coverage.GAP: N_("Reported, not covered"), Coverage.BOTH: N_("Reported and covered"),
            Coverage.QUIET: N_("Covered, not reported")}  # fmt: skip
_LISTED = 200


def _is_named(cell: Cell) -> bool:
    """Tell whether a technique is named, by itself or by one of its sub-techniques."""
    return cell.count > 0 or any(each.count for each in cell.subs)


def _cell(cell: Cell) -> View:
    subs = [_cell(each) for each in cell.subs if each.count or each.coverage not in (None, Coverage.NEITHER)]
    return {"id": cell.id, "name": cell.name, "count": cell.count, "level": cell.level, "subs": subs,
            "coverage": cell.coverage.value if cell.coverage else ""}  # fmt: skip


def _context(hub: Hub, shown: Shown) -> View:
    cells = sorted(shown.cells.values(), key=lambda cell: (-cell.count, cell.id))
    asked = {"domain": shown.domain, "days": shown.days, "sector": shown.sector}
    lists = [
        {"name": each.value, "label": COVERAGE[each],
         "cells": [_cell(cell) for cell in cells if cell.coverage is each][:_LISTED]}
        for each in (Coverage.GAP, Coverage.QUIET, Coverage.BOTH)
    ]  # fmt: skip
    knowledge = hub.entities.knowledge
    rows = [{**_cell(cell), "name": found.name if (found := knowledge.technique(cell.id)) else cell.name}
            for cell in cells if cell.count][:_LISTED]  # fmt: skip
    return {
        "form": asked,
        "domains": [{"value": each, "label": TITLES[each], "here": each == shown.domain,
                     "href": f"/matrix?{urlencode(asked | {'domain': each})}"} for each in DOMAINS],
        "sectors": hub.matrix.sectors(), "spans": SPANS, "named": shown.named, "techniques": shown.techniques,
        "columns": [
            {"name": column.tactic.replace("-", " ").capitalize(),
             "named": sum(_is_named(cell) for cell in column.cells), "cells": [_cell(cell) for cell in column.cells]}
            for column in shown.columns
        ],
        "rows": rows, "layer": shown.layer, "compared": lists if shown.layer else [],
        "download": f"/api/matrix/layer?{urlencode(asked)}", "url": f"/matrix?{urlencode(asked)}",
    }  # fmt: skip


@get("/matrix", opt={"permission": "read", "query": frozenset({"domain", "days", "sector"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def show(
    request: Asked, hub: Hub, viewer: Viewer, domain: Annotated[str, Parameter(max_length=20)] = "enterprise",
    days: Annotated[int, Parameter(ge=1, le=3660)] = 30, sector: Annotated[str, Parameter(max_length=80)] = "",
) -> Page:  # fmt: skip
    """Show the matrix."""
    members_only(viewer)
    return page(request, "matrix/index.html", here="picture",
                **_context(hub, hub.matrix.show(viewer, domain, days=days, sector=sector)))  # fmt: skip


@post("/matrix", opt={"permission": "read", "query": frozenset({"domain", "days", "sector"}), **FORM},
      include_in_schema=False, status_code=200)  # fmt: skip
async def compare(
    request: Asked, hub: Hub, viewer: Viewer, domain: Annotated[str, Parameter(max_length=20)] = "enterprise",
    days: Annotated[int, Parameter(ge=1, le=3660)] = 30, sector: Annotated[str, Parameter(max_length=80)] = "",
) -> Page:  # fmt: skip
    """Show the matrix with a member's own layer beside it. The layer is not kept."""
    members_only(viewer)
    fields = await form_of(request)
    file = fields.get("layer")
    body = await file.read(MAX_LAYER + 1) if isinstance(file, UploadFile) else text_of(fields, "layer").encode()

    def work() -> Page:
        errors = []
        layer: Layer | None = None
        try:
            layer = read_layer(body)
        except BadInput as fault:
            errors = [fault_on("layer", fault)]
        shown = hub.matrix.show(viewer, domain, days=days, sector=sector, layer=layer)
        return page(request, "matrix/index.html", here="picture", code=400 if errors else 200, errors=errors,
                    **_context(hub, shown))  # fmt: skip

    return await sync_to_thread(work)


HANDLERS = (show, compare)
"""The matrix."""
