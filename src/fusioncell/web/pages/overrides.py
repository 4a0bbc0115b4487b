"""An analyst's word over the machine, on an observable's page: what was said, the forms to say it and take it back."""

from __future__ import annotations

from dataclasses import replace

from litestar import post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.fusion.model import Assessment
from fusioncell.fusion.overrides import Override, Verdict
from fusioncell.fusion.routes import observable_named
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.pages.frame import FORM, Asked, Page, form_of, see_other, settle, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import OVERRIDDEN, View, mark_of, observable_href
from fusioncell.web.words import N_

MAX_VALUE = 4000
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
        "may": viewer.may("answer") and viewer.person is not None,
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
    reason = text_of(await form_of(request), "reason", MAX_VALUE)

    def work() -> Page:
        found = hub.overrides.restore(viewer, which, reason)
        settle(hub)
        return see_other(observable_href(found.observable), said="done")

    return await sync_to_thread(work)


HANDLERS = (override, restore)
