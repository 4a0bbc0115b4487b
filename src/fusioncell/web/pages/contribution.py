"""A contribution's page, and its recall."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.receipts.model import WORDS_BEFORE
from fusioncell.exchange.receipts.model import State as Reached
from fusioncell.fusion.alike import Near
from fusioncell.fusion.model import Assessment
from fusioncell.intake import extract_entry
from fusioncell.intake.service import Status
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Audience, Viewer
from fusioncell.kernel.observable import Observable
from fusioncell.picture.service import Summary
from fusioncell.shield.model import State
from fusioncell.web.pages.entities import row_view
from fusioncell.web.pages.frame import FORM, Asked, Page, form_of, page, see_other, settle, text_of
from fusioncell.web.pages.names import Names, uses_in_words, who_reads
from fusioncell.web.pages.proxy import panel
from fusioncell.web.pages.talk import talk_about
from fusioncell.web.pages.views import (
    FORMATS,
    KINDS,
    ROLES,
    View,
    contribution_title,
    item_text,
    observable_view,
)
from fusioncell.web.words import N_

ROWS = 50
"""Items a page."""
MAX_CLAIMS = 50
"""Values of one item (a text names many) that are listed."""


def _status(hub: Hub, viewer: Viewer, identifier: str) -> Status | None:
    """Return what became of it, for its own organisation; None for all others."""
    try:
        return hub.intake.status(viewer, identifier)
    except NotFound:
        return None


def _rows(entries: list[Entry], known: dict[Observable, Assessment], *, own: bool) -> list[View]:
    rows: list[View] = []
    for entry in entries:
        if entry.payload is None:
            continue
        said = extract_entry(entry)
        kind = KINDS.get(entry.kind, entry.kind)
        # Places count what stood between them, seen or not: they are the contributor's own.
        base = {"place": entry.payload.place if own else "", "kind": kind}
        named = dict.fromkeys(claim.observable for claim in said.claims[:MAX_CLAIMS])
        roles = {claim.observable: ROLES[claim.role] for claim in reversed(said.claims[:MAX_CLAIMS])}
        rows += [{**base, "one": observable_view(one, known.get(one)), "role": roles[one], "text": ""} for one in named]
        if not named:
            rows.append(
                {**base, "one": None, "role": "", "text": item_text(entry.kind, said.title, entry.payload.subject)}
            )
    return rows


def _pager(identifier: str, number: int, total: int) -> View:
    first = (number - 1) * ROWS
    address = f"/contributions/{quote(identifier, safe='')}?page="
    return {
        "first": first + 1,
        "last": min(first + ROWS, total),
        "total": total,
        "noun": N_("items"),
        "previous": f"{address}{number - 1}" if number > 1 else None,
        "next": f"{address}{number + 1}" if first + ROWS < total else None,
    }


def _format_of(status: Status | None, kind: str) -> str:
    if status is not None and status.shell is not None:
        return FORMATS.get(status.shell.format, status.shell.format)
    return FORMATS.get(kind.partition(".")[0], KINDS.get(kind, kind))


def _recalled_page(request: Asked, hub: Hub, viewer: Viewer, status: Status) -> Page:
    """Show its own organisation that a contribution is recalled: what it was called, and nothing of what it said."""
    commit = hub.record.commit_of(status.contribution)
    at = commit.at if commit else status.at
    one = {
        "id": status.contribution,
        "title": N_("A recalled contribution"),
        "org": Names(hub).organisation(viewer.org or ""),
        "own": True,
        "tlp": "amber+strict",
        "uses": [],
        "at": at,
        "format": _format_of(status, ""),
        "items": 0,
        "new": 0,
        "duplicates": 0,
        "recalled": status.recalled_at or at,
        "why": N_("Your organisation contributed it."),
    }
    return page(
        request,
        "picture/contribution.html",
        one=one,
        readers={"summary": N_("Nobody any more."), "parties": []},
        rows=[],
        pager=_pager(status.contribution, 1, 0),
        faults=[],
        recall=None,
        talk=None,
        raw=None,
        named=[],
        room=None,
        alike=None,
        reach={**NO_REACH, "receipts": f"/contributions/{quote(status.contribution, safe='')}/receipts"},
    )


def _post_in(entries: list[Entry]) -> str:
    """Return the id of the post that a contribution is, "" where it is none."""
    return next((e.payload.subject for e in entries if e.kind == "post" and e.payload is not None), "")


def _audiences(hub: Hub, entries: list[Entry], item: Summary) -> Audience:
    """Return the audience that the page names: that of the first entry which the viewer sees."""
    return hub.record.audience(entries[0].audience) if entries else item.audience


@get(
    "/contributions/{contribution:str}",
    opt={"permission": "public", "query": frozenset({"page"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def show(
    request: Asked,
    contribution: str,
    hub: Hub,
    viewer: Viewer,
    number: Annotated[int, Parameter(query="page", ge=1, le=100_000)] = 1,
) -> Page:
    """Show a contribution, as far as the viewer may see it."""
    status = _status(hub, viewer, contribution)
    try:
        item = hub.picture.contribution(viewer, contribution)
    except NotFound:
        went_on = hub.intake.went_on(hub.record.visible_to(viewer), contribution)
        if went_on:
            return see_other(f"/contributions/{quote(went_on, safe='')}")
        if status is None or not (status.recalled or hub.intake.withdrawals(contribution)):
            raise
        return _recalled_page(request, hub, viewer, status)
    names = Names(hub, viewer)
    entries = hub.picture.entries(viewer, contribution)
    here = entries[(number - 1) * ROWS : number * ROWS]
    values = [claim.observable for entry in here for claim in extract_entry(entry).claims[:MAX_CLAIMS]]
    known = hub.fusion.match(list(dict.fromkeys(values)), hub.record.visible_to(viewer)) if values else {}
    audience = _audiences(hub, entries, item)
    address = f"/contributions/{quote(contribution, safe='')}"
    faults = (
        [{"place": place or N_("the whole"), "reason": reason} for place, reason in status.faults[:100]]
        if status else []
    )
    return page(
        request,
        "picture/contribution.html",
        one={
            "id": contribution,
            "title": contribution_title(item.title, item.kind, item.items),
            "org": names.organisation(item.org),
            "own": status is not None,
            "tlp": audience.tlp.value,
            "uses": uses_in_words(audience.uses),
            "at": item.at,
            "format": _format_of(status, item.kind),
            "items": len(entries),
            "new": status.new if status else len(entries),
            "duplicates": status.duplicates if status else 0,
            "recalled": None,
            "why": N_("Your organisation contributed it.")
            if status is not None
            else who_reads(names, audience, viewer.org or ""),
        },
        readers=names.readers(audience),
        talk=talk_about(hub, viewer, f"contribution:{contribution}", _post_in(entries)),
        rows=_rows(here, known, own=status is not None),
        pager=_pager(contribution, number, len(entries)),
        faults=faults,
        recall=f"{address}/recall" if status is not None and viewer.may("recall") else None,
        raw=f"/api{address}/content" if viewer.may("export") else None,
        # Their pages are the members'.
        named=[row_view(hub, row) for row in hub.entities.of_contribution(viewer, contribution) if viewer.member],
        room=f"/groups/room?about={quote(contribution, safe='')}"
        if viewer.member and viewer.may("contribute") else None,
        alike=_alike(hub, viewer, contribution, names),
        reach=_reach(hub, viewer, contribution, own=status is not None),
        proxy=panel(hub, viewer, contribution, entries, names),
    )


MOST_ALIKE = 10
"""Contributions with texts like this one's that are listed."""


def _alike(hub: Hub, viewer: Viewer, contribution: str, names: Names) -> View:
    """Return what came before with nearly the same text, the first of it, and how much there is."""
    found = hub.texts.alike(viewer, contribution)

    def near(one: Near) -> View:
        return {"href": f"/contributions/{quote(one.contribution, safe='')}", "org": names.organisation(one.org),
                "at": one.at, "share": round(100 * one.share)}  # fmt: skip

    return {"first": near(found.first) if found.first else None, "count": len(found.found), "more": found.more,
            "near": [near(one) for one in found.found[:MOST_ALIKE]]}  # fmt: skip


NO_REACH: View = {"was": None, "was_receipts": None, "receipts": None, "readers": None, "consent": None}


def _reach(hub: Hub, viewer: Viewer, contribution: str, *, own: bool) -> View:
    """Return where to see how far it went, to change who sees it, to ask for consent, and what it was before."""
    address = f"/contributions/{quote(contribution, safe='')}"
    was = hub.intake.came_from(hub.record.visible_to(viewer), contribution)
    before = f"/contributions/{quote(was, safe='')}"
    return {
        "was": was or None,
        "was_receipts": f"{before}/receipts" if was and own else None,
        "receipts": f"{address}/receipts" if own else None,
        "readers": f"{address}/readers" if own and viewer.may("recall") else None,
        "consent": f"{address}/consent" if viewer.member and viewer.may("contribute") else None,
    }


def _recall_context(hub: Hub, viewer: Viewer, contribution: str) -> View:
    hub.intake.status(viewer, contribution)  # NotFound for all but the originator
    item = hub.picture.contribution(viewer, contribution)
    blocks = sum(
        any(cited.contribution == contribution for cited in one.evidence)
        for one in hub.shield.decisions(viewer, [State.PUBLISHED], limit=1000)
    )
    address = f"/contributions/{quote(contribution, safe='')}"
    names = Names(hub)
    return {
        "one": {
            "title": contribution_title(item.title, item.kind, item.items),
            "href": address,
            "tlp": item.audience.tlp.value,
            "at": item.at,
            "items": item.items,
            "url": f"{address}/recall",
        },
        "blocks": blocks,
        "reach": [
            {"org": names.organisation(row.org), "state": WORDS_BEFORE[row.state]}
            for row in hub.receipts.receipts(viewer, contribution).rows
            if row.state is not Reached.HERE
        ][:50],
    }


@get(
    "/contributions/{contribution:str}/recall",
    opt={"permission": "recall"},
    sync_to_thread=True,
    include_in_schema=False,
)
def ask_recall(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Ask before recalling."""
    return page(request, "picture/recall.html", **_recall_context(hub, viewer, contribution))


@post("/contributions/{contribution:str}/recall", opt={"permission": "recall", **FORM}, include_in_schema=False)
async def recall(request: Asked, contribution: str, hub: Hub, viewer: Viewer) -> Page:
    """Recall: every projection and door forgets it."""
    fields = await form_of(request)
    reason = text_of(fields, "reason", 500).strip()

    def work() -> Page:
        if not reason:
            missing = [{"field": "reason", "text": N_("Say why, for those who could read it")}]
            return page(
                request, "picture/recall.html", code=400, errors=missing, **_recall_context(hub, viewer, contribution)
            )
        hub.intake.recall(viewer, contribution, reason)
        settle(hub)
        return see_other(f"/contributions/{quote(contribution, safe='')}", said="recalled")

    return await sync_to_thread(work)


HANDLERS = (show, ask_recall, recall)
"""A contribution's pages."""
