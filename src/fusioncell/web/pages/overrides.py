"""An analyst's word over the machine: what was said, the forms to say it and take it back."""

from __future__ import annotations

from typing import Annotated

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter
from msgspec.structs import replace

from fusioncell.bootstrap import Hub
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.overrides import Override, Verdict
from fusioncell.fusion.overrides.service import MOST
from fusioncell.fusion.routes import observable_named
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.pages.frame import FORM, Asked, Page, form_of, members_only, page, see_other, settle, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import OVERRIDDEN, View, mark_of, observable_href, observable_view
from fusioncell.web.words import N_

MAX_VALUE = 4000
STEP = 50
VERDICTS = ((Verdict.BENIGN, N_("Harmless")), (Verdict.UNCLEAR, N_("Unclear")), (Verdict.SUSPICIOUS, N_("Suspicious")),
            (Verdict.MALICIOUS, N_("Malicious")))  # fmt: skip
READERS = (("green", N_("All members (TLP:GREEN)")), ("clear", N_("Everyone (TLP:CLEAR)")),
           ("cell", N_("The Fusion Cell alone")))  # fmt: skip


def judgement_view(hub: Hub, viewer: Viewer, found: Assessment, names: Names) -> View:
    """Return what analysts said of a value, and what the viewer may say of it."""
    level, words = mark_of(replace(found, override=None))
    return {
        "said": [_said(hub, one, found, names) for one in hub.overrides.history(viewer, found.observable)],
        "machine": {"level": level, "words": words},
        "may": viewer.may("answer") and viewer.person is not None, "listed": viewer.member,
        "verdicts": [{"value": verdict.value, "words": words} for verdict, words in VERDICTS],
        "readers": [{"value": name, "words": words} for name, words in READERS],
    }  # fmt: skip


def _said(hub: Hub, one: Override, found: Assessment, names: Names) -> View:
    level, words = OVERRIDDEN[one.verdict]
    tlp = hub.overrides.tlp_of(one)
    return {
        "id": one.id, "level": level, "words": words, "reason": one.reason, "by": names.person(one.author),
        "at": one.at, "tlp": tlp.value if tlp in (Tlp.CLEAR, Tlp.GREEN) else "", "restored": one.restored_at,
        "newer": not one.restored_at and found.last is not None and found.last > one.at,
    }  # fmt: skip


@get("/overrides", opt={"permission": "read", "query": frozenset({"limit"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def listed(request: Asked, hub: Hub, viewer: Viewer,
           limit: Annotated[int, Parameter(ge=1, le=MOST)] = STEP) -> Page:  # fmt: skip
    """Show all that analysts say over the machine and the viewer may see."""
    members_only(viewer)
    found = hub.overrides.listed(viewer, min(limit + 1, MOST))
    said, names = found[:limit], Names(hub, viewer)
    assessed = hub.fusion.match([one.observable for one in said], hub.record.visible_to(viewer))
    # What was recalled between the two looks is left out.
    rows = [_row(hub, one, assessed[one.observable], names) for one in said if one.observable in assessed]
    more = f"/overrides?limit={min(2 * limit, MOST)}" if len(found) > limit else None
    return page(request, "picture/overrides.html", here="picture", rows=rows, more=more,
                may=viewer.may("answer") and viewer.person is not None)  # fmt: skip


def _row(hub: Hub, one: Override, found: Assessment, names: Names) -> View:
    return {
        **_said(hub, one, found, names), "one": observable_view(one.observable, replace(found, override=None)),
        "malicious": int(100 * found.malicious), "active": int(100 * found.active),
    }  # fmt: skip


@post("/overrides", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def override(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Say of a value what it is."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, MAX_VALUE) for name in ("type", "value", "verdict", "reason", "readers")}

    def work() -> Page:
        one = observable_named(form["type"], form["value"])
        hub.overrides.override(viewer, one, form["verdict"], form["reason"], form["readers"] or "green")
        settle(hub)
        return see_other(observable_href(one), said="done")

    return await sync_to_thread(work)


@post("/overrides/{which:str}/restore", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def restore(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Take an override back."""
    fields = await form_of(request)
    reason, back = text_of(fields, "reason", MAX_VALUE), text_of(fields, "back", 10)

    def work() -> Page:
        found = hub.overrides.restore(viewer, which, reason)
        settle(hub)
        return see_other("/overrides" if back == "list" else observable_href(found.observable), said="done")

    return await sync_to_thread(work)


HANDLERS = (listed, override, restore)
