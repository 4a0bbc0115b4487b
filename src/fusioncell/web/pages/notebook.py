"""Notebooks: the investigations one may read; one with its notes, values, timeline and matrix; what is put in."""

from __future__ import annotations

from urllib.parse import quote

from litestar import get, post
from litestar.concurrency import sync_to_thread

from fusioncell.bootstrap import Hub
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.marking import CELL, Viewer
from fusioncell.picture.graph.model import MOST_STARTS
from fusioncell.picture.notebook import CONFIDENCE, MARKS, YARDSTICK, Investigation, Note, Paper, What
from fusioncell.picture.notebook.model import MOST_KEYS, Evidence
from fusioncell.picture.triage.model import key_of, observable_of
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
    ticked_of,
)
from fusioncell.web.pages.graph import drawing_href, strip_of, timeline_of
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.paste import read_paste, rows_of
from fusioncell.web.pages.views import View, printed
from fusioncell.web.words import N_, Words

SAID = {What.NOTE: N_("Note"), What.VALUES: N_("Values added"), What.HYPOTHESIS: N_("Hypothesis"),
        What.JUDGEMENT: N_("Judgement"), What.EVIDENCE: N_("Evidence"), What.CLOSE: N_("Closed"),
        What.REOPEN: N_("Reopened")}  # fmt: skip
MARK_WORDS = {"": N_("not judged"), "CC": N_("very consistent"), "C": N_("consistent"), "N": N_("says nothing"),
              "I": N_("inconsistent"), "II": N_("very inconsistent")}  # fmt: skip
TERMS = {"remote": N_("remote chance"), "highly-unlikely": N_("highly unlikely"), "unlikely": N_("unlikely"),
          "realistic": N_("realistic possibility"), "likely": N_("likely or probable"),
          "highly-likely": N_("highly likely"), "almost-certain": N_("almost certain")}  # fmt: skip
CONFIDENT = {"low": N_("low confidence"), "moderate": N_("moderate confidence"), "high": N_("high confidence")}
MOST_SHOWN = 200
SHORT = 3000
"""Characters of values that surely fit into one address, percent signs and all."""


def readers_choices(hub: Hub, viewer: Viewer) -> list[View]:
    """Return for whom something may be kept: oneself, one's organisation, the cell, one's groups."""
    found: list[View] = [{"value": "me", "label": N_("Myself alone")}] if viewer.person else []
    found.append({"value": "org", "label": N_("My organisation")})
    if viewer.may("answer"):
        found.append({"value": "cell", "label": N_("The Fusion Cell")})
    return found + [{"value": each.party, "label": each.name} for each in hub.circles.audience_choices(viewer)
                    if each.party.startswith("group:")]  # fmt: skip


def estimate(word: str, confidence: str) -> Words | None:
    """Say a likelihood with its range, and the confidence beside it; None where nothing was judged."""
    found = next((each for each in YARDSTICK if each.code == word), None)
    if found is None:
        return None
    said = N_("{term} ({least}–{most} %)", term=TERMS[word], least=found.least, most=found.most)
    if confidence not in CONFIDENCE:
        return said
    return N_("{likelihood}, {confidence}", likelihood=said, confidence=CONFIDENT[confidence])


def _head(one: Investigation, names: Names, viewer: Viewer) -> View:
    cell = CELL in one.audience.parties
    return {"id": one.id, "href": f"/notebook/{quote(one.id, safe='')}", "title": one.title, "at": one.at,
            "last": one.last, "by": names.actor(one.by)[0], "closed": one.closed, "tlp": one.audience.tlp.value,
            "readers": N_("The Fusion Cell, whoever works there.") if cell
            else who_reads(names, one.audience, viewer.org or "")}  # fmt: skip


def _index(request: Asked, hub: Hub, viewer: Viewer, *, keys: list[str] | None = None, code: int = 200,
           errors: tuple[dict[str, str], ...] = (), title: str = "") -> Page:
    names = Names(hub, viewer)
    taken = [printed(one) for key in keys or () if (one := observable_of(key)) is not None]
    return page(request, "notebook/index.html", here="workbench", code=code, errors=errors, title=title,
                rows=[_head(one, names, viewer) for one in hub.notebooks.listed(viewer)],
                readers=readers_choices(hub, viewer) if viewer.may("contribute") else [],
                keys=(keys or [])[:MOST_KEYS], taken=taken[:20], count=len(taken))  # fmt: skip


@get("/notebook", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def index(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """List the investigations."""
    members_only(viewer)
    return _index(request, hub, viewer)


def _keys_of(sent: list[str]) -> list[str]:
    keys = dict.fromkeys(key for key in sent if key.startswith("observable:"))
    return list(keys)[:MOST_KEYS]


@post("/notebook/take", opt={"permission": "read", **FORM}, include_in_schema=False)
async def take(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Ask into which investigation ticked values go."""
    await form_of(request)
    keys = _keys_of(await ticked_of(request))
    return await sync_to_thread(_index, request, hub, viewer, keys=keys)


@post("/notebook", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def open_one(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Open an investigation, or choose one; and put in what was taken."""
    fields = await form_of(request)
    keys = _keys_of(await ticked_of(request))
    which, title = text_of(fields, "which", 64), text_of(fields, "title", 400)

    def work() -> Page:
        try:
            made = which or hub.notebooks.open(viewer, title, text_of(fields, "readers", 100))
        except BadInput as fault:
            return _index(request, hub, viewer, keys=keys, code=fault.status, title=title,
                          errors=(fault_on(fault.place if fault.place == "readers" else "title", fault),))  # fmt: skip
        settle(hub)
        if keys:
            hub.notebooks.write(viewer, made, Paper(What.VALUES, keys=tuple(keys)))
            settle(hub)
        return see_other(f"/notebook/{quote(made, safe='')}", said="done")

    return await sync_to_thread(work)


def _note(each: Note, names: Names, texts: dict[str, str]) -> View:
    values = [printed(one) for key in each.keys if (one := observable_of(key)) is not None]
    return {"id": each.id, "what": SAID[each.what], "text": each.text, "by": names.actor(each.by)[0], "at": each.at,
            "values": values[:12], "more": max(0, len(values) - 12), "about": texts.get(each.about, ""),
            "said": estimate(each.word, each.confidence), "plain": each.what is What.NOTE}  # fmt: skip


def _matrix(found: Investigation) -> View:
    def cell(one: Evidence, which: str) -> View:
        mark = one.marks.get(which, "")
        return {"name": f"m.{one.id}.{which}", "mark": mark, "words": MARK_WORDS[mark]}

    return {
        "hypotheses": [{"id": one.id, "text": one.text, "said": estimate(one.word, one.confidence),
                        "against": one.against, "word": one.word, "confidence": one.confidence}
                       for one in found.hypotheses],
        "evidence": [{"id": one.id, "text": one.text, "telling": one.telling,
                      "cells": [cell(one, each.id) for each in found.hypotheses]} for one in found.evidence],
    }  # fmt: skip


def _show(request: Asked, hub: Hub, viewer: Viewer, which: str, *, code: int = 200,
          errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    found = hub.notebooks.one(viewer, which)
    names = Names(hub, viewer)
    values = tuple(one for key in found.values[:MOST_SHOWN] if (one := observable_of(key)) is not None)
    texts = {one.id: one.text for one in found.hypotheses} | {one.id: one.text for one in found.evidence}
    events, drawn = [], None
    if values:
        graph = hub.graphs.grow(viewer, list(found.values[:MOST_STARTS]))
        events = timeline_of(graph, names)
        short = sum(map(len, found.values[:MOST_STARTS])) < SHORT
        drawn = drawing_href(list(found.values[:MOST_STARTS])) if short else None
    return page(
        request, "notebook/one.html", here="workbench", code=code, errors=errors,
        one=_head(found, names, viewer), notes=[_note(each, names, texts) for each in reversed(found.notes)],
        values=rows_of(hub, viewer, values), matrix=_matrix(found), draw=drawn,
        events=events[:50], strip=strip_of([event["at"] for event in events]),
        yardstick=[{"code": word.code, "term": TERMS[word.code], "least": word.least, "most": word.most}
                   for word in YARDSTICK],
        confidence=[{"code": code, "label": label} for code, label in CONFIDENT.items()],
        marks=[{"code": mark, "label": label} for mark, label in MARK_WORDS.items()],
        may_write=viewer.may("contribute") and not found.closed, may_close=viewer.may("contribute"),
        typed={name: text_of(typed or {}, name, 20_000) for name in ("note", "hypothesis", "evidence", "paste")},
    )  # fmt: skip


@get("/notebook/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def show(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show an investigation."""
    members_only(viewer)
    return _show(request, hub, viewer, which)


def _papers(fields: Form) -> list[Paper]:
    """Return what a form of the page puts in; each button of the page is one ``put``."""
    put = text_of(fields, "put", 20)
    word, confidence = text_of(fields, "word", 20), text_of(fields, "confidence", 20)
    if put in ("note", "hypothesis", "evidence"):
        text = text_of(fields, put, 20_001).replace("\r\n", "\n").strip()
        return [Paper(What(put), text=text)]
    if put == "paste":
        keys = tuple(key_of(one) for one in read_paste(text_of(fields, "paste", 50_000)).values)
        return [Paper(What.VALUES, keys=keys[:MOST_KEYS])]
    if put == "judgement":
        return [Paper(What.JUDGEMENT, about=text_of(fields, "about", 64), word=word, confidence=confidence,
                      text=text_of(fields, "text", 4000))]  # fmt: skip
    if put == "marks":
        cells = [(name.split("."), text_of(fields, name, 4), text_of(fields, f"was.{name}", 4)) for name in fields
                 if name.startswith("m.") and name.count(".") == 2]  # fmt: skip
        return [Paper(What.MARK, about=name[1], to=name[2], mark=chosen) for name, chosen, was in cells
                if chosen != was and chosen in MARKS.keys() | {""}]  # fmt: skip
    if put == "drop":
        return [Paper(What.DROP, about=text_of(fields, "about", 8300))]
    if put in ("close", "reopen"):
        return [Paper(What(put))]
    raise BadInput("nothing was chosen", hint="Press one of the buttons.")


@post("/notebook/{which:str}", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def write(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Put something into an investigation."""
    fields = await form_of(request)
    put = text_of(fields, "put", 20)

    def work() -> Page:
        try:
            hub.notebooks.write(viewer, which, *_papers(fields))
        except FusionCellError as fault:
            if fault.status not in (400, 409):
                raise
            field = put if put in ("note", "hypothesis", "evidence", "paste") else ""
            return _show(request, hub, viewer, which, code=fault.status, errors=(fault_on(field, fault),), typed=fields)
        settle(hub)
        part = {"marks": "#matrix", "judgement": "#matrix", "hypothesis": "#matrix", "evidence": "#matrix"}.get(put, "")
        return see_other(f"/notebook/{quote(which, safe='')}{part}", said="done")

    return await sync_to_thread(work)


HANDLERS = (index, take, open_one, show, write)
"""The pages of notebooks."""
