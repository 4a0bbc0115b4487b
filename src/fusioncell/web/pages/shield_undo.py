"""What undoes blocks: the page of lifts and bars, and the page of what waits for two people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.shield.fuse.model import NEEDED, Act, Kind, State
from fusioncell.shield.lift.model import BY, Found
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View
from fusioncell.web.words import N_

SHOWN = 50
WAYS = {
    "name": N_("One name"), "source": N_("All of a source"), "rule": N_("All of a rule"),
    "since": N_("All since a time"),
}  # fmt: skip
HINTS = {
    "name": N_("As it was blocked: shop.example"), "source": N_("The id of the organisation that is cited"),
    "rule": N_("The id of a standing approval, or: rule"), "since": N_("In UTC: 2026-12-31T08:00Z"),
}  # fmt: skip
KINDS = {
    Kind.ADD: N_("A standing approval would add many names at once"),
    Kind.REMOVE: N_("Rules would remove many names at once"),
    Kind.ROLLBACK: N_("The whole zone back to a serial"),
    Kind.UNBAR: N_("The end of a bar"),
}
STATES = {
    State.WAITING: N_("Waits"), State.CONFIRMED: N_("Confirmed"), State.REFUSED: N_("Refused"),
    State.CARRIED: N_("Carried out"), State.LAPSED: N_("Lapsed"),
}  # fmt: skip


# -- lifts and bars


def _behind(hub: Hub, viewer: Viewer, names: Names) -> list[View]:
    """List the subscribers that the viewer may see and that have not yet come for the newest zones."""
    subscribers = hub.shielding.subscribers
    rows = []
    for one in subscribers.listed(viewer):
        taken = subscribers.serving.taken(one)
        late = sum(each.holds != each.serial for each in taken)
        if late:
            rows.append({"label": one.label, "org": names.organisation(one.org), "late": late, "zones": len(taken),
                         "seen": max(each.seen for each in taken) or None})  # fmt: skip
    return rows


def _lift_page(
    request: Asked, hub: Hub, viewer: Viewer, *, typed: dict[str, str] | None = None, found: Found | None = None,
    errors: tuple[dict[str, str], ...] = (), code: int = 200, after: str = "",
) -> Page:  # fmt: skip
    members_only(viewer)
    lifts, names = hub.shielding.lifts, Names(hub)
    bars = lifts.bars(viewer, after=after, limit=SHOWN + 1)
    typed = typed or {"by": "name", "value": "", "reason": ""}
    return page(
        request,
        "shield/lift.html",
        here="shield",
        code=code,
        errors=errors,
        may=viewer.may("withdraw_block"),
        may_unbar=viewer.may("approve"),
        typed=typed,
        ways=[{"key": key, "label": WAYS[key], "hint": HINTS[key]} for key in BY],
        found=None if found is None else {
            "blocks": len(found.blocks), "proposals": len(found.proposals), "more": found.more,
            "names": list(found.blocks[:SHOWN]),
        },
        zone={"name": str(hub.shield.zone.origin), "serial": hub.shield.zone.serial},
        behind=_behind(hub, viewer, names),
        lifts=[{"at": one.at, "by": names.who(one.by), "way": WAYS[one.chosen.by], "value": one.chosen.value,
                "count": one.names, "reason": one.reason} for one in lifts.lifts(viewer, SHOWN)],
        bars=[{"name": one.name, "at": one.at, "by": names.who(one.by), "reason": one.reason,
               "url": f"/shield/bars/{quote(one.name, safe='')}/end"} for one in bars[:SHOWN]],
        more=f"/shield/lift?after={quote(bars[SHOWN - 1].name, safe='')}#h-bars" if len(bars) > SHOWN else None,
    )  # fmt: skip


@get("/shield/lift", opt={"permission": "read", "query": frozenset({"after", "name"})}, sync_to_thread=True,
     include_in_schema=False)
def lift_page(
    request: Asked, hub: Hub, viewer: Viewer, after: str = "",
    named: Annotated[str, Parameter(query="name")] = "",
) -> Page:  # fmt: skip
    """Show the form that lifts blocks, what was lifted, and which bars stand."""
    return _lift_page(request, hub, viewer, after=after[:255],
                      typed={"by": "name", "value": named[:255], "reason": ""})


@post("/shield/lift", opt={"permission": "withdraw_block", **FORM}, status_code=200, include_in_schema=False)
async def lift(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what would be lifted; with the button of that, lift it."""
    form = await form_of(request)
    typed = {key: text_of(form, key, 1200) for key in ("by", "value", "reason")}
    asked = {typed["by"]: typed["value"]} if typed["by"] in BY else {}

    def answer() -> Page:
        try:
            if text_of(form, "step") == "lift":
                hub.shielding.lifts.lift(viewer, asked, typed["reason"])
                settle(hub)
                return see_other("/shield/lift", said="lifted")
            found = hub.shielding.lifts.preview(viewer, asked)
        except FusionCellError as fault:
            field = "reason" if fault.place == "reason" else "value"
            return _lift_page(request, hub, viewer, typed=typed, errors=(fault_on(field, fault),), code=fault.status)
        return _lift_page(request, hub, viewer, typed=typed, found=found)

    return await sync_to_thread(answer)


# -- what waits for two people


def _act(hub: Hub, viewer: Viewer, names: Names, act: Act) -> View:
    held = act.kind in (Kind.ADD, Kind.REMOVE)
    waits = act.state is State.WAITING
    return {
        "id": act.id,
        "what": KINDS[act.kind],
        "value": act.value,
        "is_name": act.kind is Kind.UNBAR,
        "reason": "" if held else act.reason,
        "by": names.who(act.by),
        "at": act.at,
        "state": STATES[act.state],
        "waits": waits,
        "count": act.count,
        "names": hub.shielding.fuse.names(viewer, act.id, SHOWN) if held and waits else [],
        "agreed": [names.who(person) for person in act.agreed],
        "needed": NEEDED,
        "confirm_url": f"/shield/fuse/{act.id}/confirm" if waits and viewer.person not in act.agreed else None,
        "refuse_url": f"/shield/fuse/{act.id}/refuse" if waits else None,
    }


def _fuse_page(
    request: Asked, hub: Hub, viewer: Viewer, *, errors: tuple[dict[str, str], ...] = (), code: int = 200,
    typed: dict[str, str] | None = None, way: View | None = None,
) -> Page:  # fmt: skip
    members_only(viewer)
    names, fuse, may = Names(hub), hub.shielding.fuse, viewer.may("approve")
    acts = [_act(hub, viewer, names, one) for one in fuse.acts(viewer, SHOWN)]
    return page(
        request,
        "shield/fuse.html",
        here="shield",
        code=code,
        errors=errors,
        may=may,
        frozen=(fuse.waiting().frozen_since or None) if may else None,
        waiting=[one for one in acts if one["waits"]],
        done=[one for one in acts if not one["waits"]],
        typed=typed or {"serial": "", "reason": ""},
        way=way,
        zone={"name": str(hub.shield.zone.origin), "serial": hub.shield.zone.serial},
    )


@get("/shield/fuse", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def fuse_page(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what waits for two people."""
    return _fuse_page(request, hub, viewer)


async def _done(
    request: Asked, hub: Hub, viewer: Viewer, do: Callable[[Form], object], *, field: str, to: str = "/shield/fuse"
) -> Page:
    form = await form_of(request)

    def answer() -> Page:
        try:
            do(form)
        except FusionCellError as fault:
            return _fuse_page(request, hub, viewer, errors=(fault_on(field, fault),), code=fault.status)
        settle(hub)
        return see_other(to, said="done")

    return await sync_to_thread(answer)


@post("/shield/fuse/{which:str}/confirm", opt={"permission": "approve", **FORM}, status_code=200,
      include_in_schema=False)
async def confirm(request: Asked, hub: Hub, viewer: Viewer, which: str) -> Page:
    """Agree to what waits."""
    return await _done(request, hub, viewer, lambda form: hub.shielding.fuse.agree(viewer, which), field="")


@post("/shield/fuse/{which:str}/refuse", opt={"permission": "approve", **FORM}, status_code=200,
      include_in_schema=False)
async def refuse(request: Asked, hub: Hub, viewer: Viewer, which: str) -> Page:
    """Refuse what waits."""
    return await _done(request, hub, viewer, lambda form: hub.shielding.fuse.refuse(
        viewer, which, text_of(form, f"reason-{which}")), field=f"reason-{which}")  # fmt: skip


@post("/shield/bars/{name:str}/end", opt={"permission": "approve", **FORM}, status_code=200, include_in_schema=False)
async def unbar(request: Asked, hub: Hub, viewer: Viewer, name: str) -> Page:
    """Ask for a bar to end."""
    return await _done(request, hub, viewer, lambda form: hub.shielding.fuse.ask_unbar(
        viewer, name, text_of(form, "reason")), field="")  # fmt: skip


@post("/shield/thaw", opt={"permission": "approve", **FORM}, status_code=200, include_in_schema=False)
async def thaw(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Confirm what a restored hub holds."""
    return await _done(request, hub, viewer, lambda form: hub.shielding.fuse.thaw(viewer, text_of(form, "thaw-reason")),
                       field="thaw-reason")


@post("/shield/rollback", opt={"permission": "approve", **FORM}, status_code=200, include_in_schema=False)
async def roll_back(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what a rollback would do; with the button of that, ask for it."""
    form = await form_of(request)
    typed = {key: text_of(form, key, 1200) for key in ("serial", "reason")}

    def answer() -> Page:
        try:
            if text_of(form, "step") == "ask":
                hub.shielding.fuse.ask_rollback(viewer, typed["serial"], typed["reason"])
                settle(hub)
                return see_other("/shield/fuse", said="done")
            way = hub.shielding.fuse.way(viewer, typed["serial"])
        except FusionCellError as fault:
            field = "reason" if fault.place == "reason" else "serial"
            return _fuse_page(request, hub, viewer, typed=typed, errors=(fault_on(field, fault),), code=fault.status)
        return _fuse_page(request, hub, viewer, typed=typed, way={
            "removed": len(way.removed), "added": len(way.added), "left": len(way.left),
            "names": [*way.removed, *way.added][:SHOWN],
        })  # fmt: skip

    return await sync_to_thread(answer)


HANDLERS = (lift_page, lift, fuse_page, confirm, refuse, unbar, thaw, roll_back)
"""The pages of lifts and of the fuse."""
