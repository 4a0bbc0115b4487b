"""Inbound feeds, for operators: how far each is, what is wrong and what to do; on, off, now, grade, add."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.exchange.inbound import Standing
from fusioncell.exchange.inbound.model import FORMATS, GRADES
from fusioncell.exchange.inbound.routes import Adding, wanted_of
from fusioncell.kernel.clock import MINUTE
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.web.pages.frame import FORM, Asked, Page, fault_on, form_of, page, see_other, text_of
from fusioncell.web.pages.names import Names
from fusioncell.web.words import N_

View = dict[str, Any]
HERE = "/ops/feeds"
KINDS = {
    "file": N_("One address"), "misp": N_("MISP feed"),
    "misp-server": N_("MISP server"), "taxii": N_("TAXII 2.1 collection"), "hub": N_("Fusion Cell"),
}  # fmt: skip
EMPTY = {"name": "", "url": "", "kind": "file", "format": "", "every": "60", "tlp": "green", "grade": ""}
TLPS = ("clear", "green", "amber", "amber+strict")


def _state(one: Standing) -> tuple[str, str]:
    if one.progress.fault:
        return "malicious", N_("fails")
    if not one.feed.enabled:
        return "unclear", N_("off")
    if not one.progress.succeeded:
        return "suspicious", N_("not pulled yet")
    return ("suspicious", N_("late")) if one.late else ("benign", N_("up to date"))


def _row(one: Standing, names: Names) -> View:
    said, wanted = one.progress, one.feed.wanted
    level, words = _state(one)
    return {
        "id": one.feed.id, "name": wanted.name, "url": wanted.url, "kind": KINDS[one.feed.kind.value], "level": level,
        "words": words, "enabled": one.feed.enabled, "tlp": wanted.tlp.value, "grade": wanted.grade,
        "every": wanted.every // MINUTE, "owner": names.organisation(one.feed.owner), "tried": said.tried or None,
        "succeeded": said.succeeded or None, "changed": said.changed or None,
        "due": one.due if one.feed.enabled and one.due else None, "brought": said.items, "last_items": said.last_items,
        "faults": said.faults, "behind": said.behind, "fault": said.fault, "hint": said.hint, "note": said.note,
        "failures": said.failures, "credentials": one.feed.secret,
    }  # fmt: skip


def _same(all_of: Iterable[str]) -> list[View]:
    return [{"value": one, "words": one} for one in all_of if one]


def _page(request: Asked, hub: Hub, viewer: Viewer, form: View | None = None, **more: Any) -> Page:
    names = Names(hub, viewer)
    return page(
        request, "inbound/feeds.html", here="ops", rows=[_row(one, names) for one in hub.inbound.standings()],
        available=[{"key": key, "name": one.name, "kind": KINDS[one.kind.value], "homepage": one.homepage,
                    "every": one.every // MINUTE} for key, one in hub.inbound.available().items()],
        form=form or EMPTY, kinds=[{"value": name, "words": KINDS[name]} for name in KINDS],
        formats=_same(FORMATS), tlps=_same(TLPS), graded=_same(GRADES), grades=[grade for grade in GRADES if grade],
        **more)  # fmt: skip


@get(HERE, opt={"permission": "operate"}, sync_to_thread=True, include_in_schema=False)
def feeds(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the feeds."""
    return _page(request, hub, viewer)


@post(HERE, opt={"permission": "operate", **FORM}, include_in_schema=False)
async def add(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Add a feed, switched on."""
    fields = await form_of(request)
    form = {name: text_of(fields, name, 2_000) for name in EMPTY}
    every = int(form["every"]) if form["every"].isascii() and form["every"].isdigit() and len(form["every"]) < 6 else 0
    said = Adding(name=form["name"], url=form["url"], kind=form["kind"], format=form["format"] or None, every=every,
                  tlp=form["tlp"], grade=form["grade"], secret=text_of(fields, "secret", 2_000) or None, enabled=True)

    def work() -> Page:
        try:
            wanted, secret = wanted_of(said)
            hub.inbound.add(viewer, wanted, secret, enabled=True)
        except FusionCellError as fault:
            return _page(request, hub, viewer, form, code=fault.status, errors=(fault_on(fault.place or "url", fault),))
        return see_other(HERE, said="done")

    return await sync_to_thread(work)


@post(HERE + "/{feed:str}/{how:str}", opt={"permission": "operate", **FORM}, include_in_schema=False)
async def act(request: Asked, feed: str, how: str, hub: Hub, viewer: Viewer) -> Page:
    """Switch a feed on or off, pull it now, or grade it."""
    grade = text_of(await form_of(request), "grade", 2)

    def work() -> Page:
        match how:
            case "enable" | "disable":
                hub.inbound.enable(viewer, feed, how == "enable")
            case "grade":
                hub.inbound.change(viewer, feed, {"grade": grade})
            case "remove":
                hub.inbound.remove(viewer, feed)
            case "run":
                hub.inbound.soon(feed)
            case _:
                raise NotFound("there is no such page")
        return see_other(HERE, said="done")

    return await sync_to_thread(work)


HANDLERS = (feeds, add, act)
"""The operators' page of feeds."""
