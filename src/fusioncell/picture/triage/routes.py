"""HTTP operations of triage: the queue, what is done about its items, hand-over notes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import Parameter

from fusioncell.kernel.clock import Instant, format_instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.triage.model import Act, Done, Item, Kind, Show
from fusioncell.picture.triage.service import Triage

_TAGS = ["triage"]
_DOABLE = frozenset(Kind) - {Kind.UNDO, Kind.HANDOVER}


class Doing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What is done. ``kind``: claim, assign (``to``: a person's id), release, snooze (``until``: RFC 3339), dismiss
    (``said``: why) or reopen. ``keys``: of items, as the queue gives them."""

    kind: Kind
    keys: tuple[str, ...]
    to: str = ""
    until: str = ""
    said: str = ""


class Note(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A note for the next shift."""

    text: str


def until_of(text: str) -> Instant:
    """Read until when something sleeps: RFC 3339, of a day its beginning; 0 for "". Raises BadInput."""
    if not text.strip():
        return 0
    try:
        return parse_instant(text)
    except ValueError:
        raise BadInput("that is no day", hint="Write it as 2026-12-31.", place="until") from None


def _item(one: Item) -> dict[str, Any]:
    found, stands = one.candidate, one.standing
    seen = found.observable
    return {
        "key": found.key,
        "observable": {"type": seen.type.value, "value": seen.value} if seen else None,
        "title": found.title or None,
        "at": format_instant(found.at),
        "score": one.score,
        "why": [{"reason": each.why.value, "points": each.points, "number": each.number, "detail": each.detail}
                for each in one.reasons],
        "malicious": round(found.assessment.malicious, 4) if found.assessment else None,
        "active": round(found.assessment.active, 4) if found.assessment else None,
        "state": stands.show.value,
        "holder": stands.holder or None,
        "until": format_instant(stands.until) if stands.until else None,
        "said": stands.said or None,
        "alike": {"reports": one.reports, "keys": one.keys[1:]},
    }  # fmt: skip


def _note(done: Done) -> dict[str, Any]:
    return {"id": done.act, "by": done.by, "at": format_instant(done.at), "text": done.said}


@get("/api/triage", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, summary="The triage queue")
def queue(triage: Triage, viewer: Viewer, show: Show = Show.OPEN,
          limit: Annotated[int, Parameter(ge=1, le=200)] = 50) -> dict[str, Any]:  # fmt: skip
    """List what deserves a look first, with why and how much each reason counts, of what you may see.

    What only copies of one mail or text name stands together: ``alike`` has the keys beside the item's own, and how
    many copies you see. Send all the keys to act on all.
    """
    found = triage.queue(viewer, show, limit)
    return {"items": [_item(one) for one in found.items], "more": found.more,
            "counts": {each.value: count for each, count in found.counts.items()}}  # fmt: skip


@post("/api/triage/acts", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, status_code=202,
      summary="Claim, assign, snooze, dismiss …")  # fmt: skip
def act(data: Doing, triage: Triage, viewer: Viewer) -> dict[str, Any]:
    """Do something about items of the queue; the answer's id undoes it."""
    if data.kind not in _DOABLE:
        raise BadInput(f"{data.kind.value!r} has a door of its own", place="kind")
    done = triage.act(viewer, Act(data.kind, data.keys, data.to, until_of(data.until), data.said))
    return {"act": done, "status": "accepted", "items": len(set(data.keys))}


@post("/api/triage/acts/{which:str}/undo", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True,
      status_code=202, summary="Undo")  # fmt: skip
def undo(which: str, triage: Triage, viewer: Viewer) -> dict[str, Any]:
    """Take back what was done, by you or a colleague."""
    return {"act": which, "status": "undone", "items": triage.undo(viewer, which)}


@get("/api/triage/notes", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, summary="Hand-over notes")
def notes(triage: Triage, viewer: Viewer) -> dict[str, Any]:
    """List the newest notes of one shift for the next."""
    return {"notes": [_note(done) for done in triage.notes(viewer)]}


@post("/api/triage/notes", tags=_TAGS, opt={"permission": "answer"}, sync_to_thread=True, status_code=202,
      summary="Hand over")  # fmt: skip
def hand_over(data: Note, triage: Triage, viewer: Viewer) -> dict[str, Any]:
    """Leave a note for the next shift."""
    return {"id": triage.hand_over(viewer, data.text), "status": "accepted"}


HANDLERS = (queue, act, undo, notes, hand_over)
"""The package's doors."""
