"""HTTP operations of notebooks."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.notebook.model import Investigation, Paper
from fusioncell.picture.notebook.service import Notebooks

_TAGS = ["notebooks"]


class Opening(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An investigation. ``readers``: me, org, cell, or the party of a group of yours."""

    title: str
    readers: str


def _head(one: Investigation) -> dict[str, Any]:
    return {"id": one.id, "title": one.title, "by": one.by, "organisation": one.org, "at": format_instant(one.at),
            "last": format_instant(one.last), "tlp": one.audience.tlp.value, "closed": one.closed}  # fmt: skip


@get("/api/notebook", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Investigations")
def listed(notebooks: Notebooks, viewer: Viewer) -> dict[str, Any]:
    """List the investigations that you may read, what moved last first."""
    return {"investigations": [_head(one) for one in notebooks.listed(viewer)]}


@post("/api/notebook", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
      summary="Open an investigation")  # fmt: skip
def open_one(data: Opening, notebooks: Notebooks, viewer: Viewer) -> dict[str, Any]:
    """Open an investigation for those who may read it."""
    made = notebooks.open(viewer, data.title, data.readers)
    return {"id": made, "status": "accepted", "href": f"/api/notebook/{made}"}


@get("/api/notebook/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="One investigation")  # fmt: skip
def one(which: str, notebooks: Notebooks, viewer: Viewer) -> dict[str, Any]:
    """Show an investigation with its notes, values, hypotheses, evidence and marks."""
    found = notebooks.one(viewer, which)
    return {
        **_head(found),
        "notes": [{"id": each.id, "what": each.what.value, "by": each.by, "at": format_instant(each.at),
                   "text": each.text, "keys": list(each.keys), "about": each.about or None, "word": each.word or None,
                   "confidence": each.confidence or None} for each in found.notes],
        "values": list(found.values),
        "hypotheses": [{"id": each.id, "text": each.text, "word": each.word or None,
                        "confidence": each.confidence or None, "against": each.against} for each in found.hypotheses],
        "evidence": [{"id": each.id, "text": each.text, "marks": each.marks, "telling": each.telling}
                     for each in found.evidence],
    }  # fmt: skip


@post("/api/notebook/{which:str}/papers", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Write into an investigation")  # fmt: skip
def write(which: str, data: Paper, notebooks: Notebooks, viewer: Viewer) -> dict[str, Any]:
    """Put a note, values, a hypothesis, a judgement, evidence or a mark into an investigation; or take one out."""
    return {"id": notebooks.write(viewer, which, data)[0], "status": "accepted"}


HANDLERS = (listed, open_one, one, write)
"""The package's doors."""
