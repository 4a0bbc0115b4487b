"""Sources: how reliable each has proved, and which of them count as one."""

from __future__ import annotations

import re

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.fusion.origins.service import Joined, Source
from fusioncell.kernel.marking import ANONYMOUS, Viewer, parse_tlp
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
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

LETTERS = (
    ("A", N_("A – completely reliable")), ("B", N_("B – usually reliable")), ("C", N_("C – fairly reliable")),
    ("D", N_("D – not usually reliable")), ("E", N_("E – unreliable")), ("F", N_("F – cannot be judged")),
)  # fmt: skip
"""The Admiralty code's reliability of a source (MISP taxonomy ``admiralty-scale``)."""
_ID = re.compile(r"\A(?:identity--)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_LEVELS = {"A": "benign", "B": "benign", "C": "benign", "D": "suspicious", "E": "malicious", "F": "unknown"}


def _named(names: Names, source: str) -> str:
    """Name a member by its name; another source is called what it is called."""
    known = names.all().get(source)
    if known is not None:
        return known.name
    if source == ANONYMOUS:
        return names.organisation(source)
    # A creator that is known by its id alone, as MISP's organisations and STIX's identities are.
    return N_("Source {id}", id=source[-12:]) if _ID.search(source) else source


def _row(names: Names, one: Source) -> View:
    judged = one.outcome
    return {
        "source": one.name, "name": _named(names, one.name), "claims": one.claims, "last": one.last,
        "letter": dict(LETTERS)[one.letter], "level": _LEVELS[one.letter], "graded": one.graded is not None,
        "by": names.person(one.graded_by) if one.graded_by else "",
        "reason": one.graded.reason if one.graded is not None else "",
        "upheld": judged.upheld, "overturned": judged.overturned, "low": round(100 * judged.low),
        "high": round(100 * judged.high), "suggests": judged.letter if judged.letter != one.letter else "",
        "family": sorted(_named(names, each) for each in one.family if each != one.name),
    }  # fmt: skip


def _join(names: Names, one: Joined) -> View:
    return {
        "id": one.id, "first": _named(names, one.join.first), "second": _named(names, one.join.second),
        "by": names.person(one.author) if one.author else "", "reason": one.join.reason, "at": one.at,
        "tlp": one.tlp.value, "rare": one.join.values, "shared": one.join.shared,
        "order": round(100 * one.join.order), "hours": one.join.lag / 3_600_000_000,
    }  # fmt: skip


def _page(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    members_only(viewer)
    names = Names(hub)
    return page(
        request, "picture/sources.html", here="picture", rows=[_row(names, one) for one in hub.origins.sources(viewer)],
        joins=[_join(names, one) for one in hub.origins.joins(viewer)],
        may=viewer.may("answer") and viewer.person is not None, letters=[{"value": a, "words": b} for a, b in LETTERS],
        form=dict.fromkeys(("source", "letter", "first", "second", "reason"), ""),
    )  # fmt: skip


@get("/sources", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def sources(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the sources of what the viewer sees."""
    return _page(request, hub, viewer)


_FIELDS = ("source", "letter", "first", "second", "reason", "tlp")


async def _form(request: Asked) -> dict[str, str]:
    fields = await form_of(request)
    return {name: text_of(fields, name, 2000) for name in _FIELDS}


@post("/sources/grade", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def grade(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Grade a source."""
    form = await _form(request)

    def work() -> Page:
        hub.origins.grade(viewer, form["source"], form["letter"], form["reason"], parse_tlp(form["tlp"] or "green"))
        settle(hub)
        return see_other("/sources", said="done")

    return await sync_to_thread(work)


@post("/sources/join", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def join(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Join two sources."""
    form = await _form(request)

    def work() -> Page:
        hub.origins.join(viewer, form["first"], form["second"], form["reason"], parse_tlp(form["tlp"] or "green"))
        settle(hub)
        return see_other("/sources", said="done")

    return await sync_to_thread(work)


@post("/sources/joins/{which:str}/part", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def part(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Part two sources that were joined."""
    form = await _form(request)

    def work() -> Page:
        hub.origins.part(viewer, which, form["reason"])
        settle(hub)
        return see_other("/sources", said="done")

    return await sync_to_thread(work)


HANDLERS = (sources, grade, join, part)
"""Sources."""
