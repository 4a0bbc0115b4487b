"""Network assets: an organisation's claims and their proofs; and what operators approve and settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.members.assets.model import LABEL, Asset, Kind
from fusioncell.web.pages.frame import FORM, Asked, Page, fault_on, form_of, members_only, page, see_other, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_

View = dict[str, Any]


def _row(hub: Hub, names: Names, one: Asset, disputed: set[str]) -> View:
    now = hub.assets.now()
    state = ("disputed", N_("disputed")) if one.id in disputed else (
        ("proved", N_("proved")) if one.stands(now) else ("lapsed", N_("the proof has lapsed")) if one.proved
        else ("claimed", N_("not proved yet")))  # fmt: skip
    return {
        "id": one.id, "value": one.value, "org": names.organisation(one.org), "at": one.claimed, "state": state[0],
        "words": state[1], "until": one.until or None, "how": one.how, "reason": one.reason,
        "domain": one.kind is Kind.DOMAIN, "record": f"{LABEL}.{one.value}", "token": hub.assets.token_of(one),
    }  # fmt: skip


def _disputes(hub: Hub, viewer: Viewer, names: Names, *, own: bool) -> tuple[list[View], set[str]]:
    found = [each for each in hub.assets.disputes(viewer) if not own or viewer.org in (each.one.org, each.other.org)]
    rows = [
        {"one": each.one.id, "other": each.other.id, "since": each.since, "sides": [
            {"id": side.id, "value": side.value, "org": names.organisation(side.org)}
            for side in (each.one, each.other)]}
        for each in found
    ]  # fmt: skip
    return rows, {side.id for each in found for side in (each.one, each.other)}


def _own_page(request: Asked, hub: Hub, viewer: Viewer, value: str = "", **more: Any) -> Page:
    members_only(viewer)
    names = Names(hub)
    disputes, disputed = _disputes(hub, viewer, names, own=True)
    return page(request, "members/assets.html", here="account", value=value, may_claim=viewer.may("lead"),
                rows=[_row(hub, names, one, disputed) for one in hub.assets.own(viewer)], disputes=disputes,
                alerts=hub.assets.alerts(viewer),
                **more)  # fmt: skip


def _admin_page(request: Asked, hub: Hub, viewer: Viewer, **more: Any) -> Page:
    names = Names(hub)
    disputes, disputed = _disputes(hub, viewer, names, own=False)
    return page(request, "admin/assets.html", here="admin", disputes=disputes,
                rows=[_row(hub, names, one, disputed) for one in hub.assets.all(viewer)], **more)  # fmt: skip


@get("/account/assets", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def own(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show an organisation its assets, and how each is proved."""
    return _own_page(request, hub, viewer)


@get("/admin/assets", opt={"permission": "operate"}, sync_to_thread=True, include_in_schema=False)
def everybodys(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show operators all claims and disputes."""
    return _admin_page(request, hub, viewer)


async def _done(act: Callable[[], object], again: Callable[..., Page], to: str, said: str, field: str = "") -> Page:
    """Do it and lead on; or show the page again with what was wrong."""

    def work() -> Page:
        try:
            act()
        except FusionCellError as fault:
            return again(code=fault.status, errors=(fault_on(field, fault),))
        return see_other(to, said=said)

    return await sync_to_thread(work)


@post("/account/assets", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def claim(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Claim a value."""
    value = text_of(await form_of(request), "value", 400)
    return await _done(lambda: hub.assets.claim(viewer, value),
                       lambda **more: _own_page(request, hub, viewer, value, **more), "/account/assets",
                       "asset-claimed", "value")  # fmt: skip


@post("/account/assets/{which:str}/check", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def check(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Look a proof up now."""
    await form_of(request)
    return await _done(lambda: hub.assets.check(viewer, which),
                       lambda **more: _own_page(request, hub, viewer, **more), "/account/assets",
                       "asset-proved")  # fmt: skip


@post("/account/assets/{which:str}/release", opt={"permission": "lead", **FORM}, include_in_schema=False)
async def release(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Release a claim."""
    await form_of(request)
    await sync_to_thread(hub.assets.release, viewer, which, "released by its organisation")
    return see_other("/account/assets", said="done")


@post("/admin/assets/{which:str}/approve", opt={"permission": "operate", **FORM}, include_in_schema=False)
async def approve(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Approve a claim, with a reason."""
    reason = text_of(await form_of(request), "reason", 2000)
    return await _done(lambda: hub.assets.approve(viewer, which, reason),
                       lambda **more: _admin_page(request, hub, viewer, **more), "/admin/assets", "asset-proved",
                       f"reason-{which}")  # fmt: skip


@post("/admin/assets/{which:str}/settle", opt={"permission": "operate", **FORM}, include_in_schema=False)
async def settle(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Settle a dispute, with a reason."""
    fields = await form_of(request)
    other, keep, reason = (text_of(fields, name, 2000) for name in ("other", "keep", "reason"))
    return await _done(lambda: hub.assets.settle(viewer, which, other, keep, reason),
                       lambda **more: _admin_page(request, hub, viewer, **more), "/admin/assets", "done",
                       f"settle-{which}-{other}")  # fmt: skip


HANDLERS = (own, everybodys, claim, check, release, approve, settle)
"""Network assets."""
