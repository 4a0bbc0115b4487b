"""HTTP operations of the picture: search, lists, one contribution with its items, its native export."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter

from fusioncell.fusion import explain
from fusioncell.intake import export_native, is_on_behalf
from fusioncell.intake.service import Intake
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import key64
from fusioncell.picture.service import END, Hit, Picture, Summary
from fusioncell.record import Seal
from fusioncell.record.service import Record

Limit = Annotated[int, Parameter(ge=1, le=200)]


def before_of(seal: Seal, token: str | None) -> int:
    """Open a page token. Raises BadInput."""
    if token is None:
        return END
    opened = seal.open_cursor(token)
    if opened is None:
        raise BadInput("that is no page token of this hub", hint="Take `next` from the page before, or leave it out.")
    return opened[0]


def summary_json(item: Summary) -> dict[str, Any]:
    """Return a contribution's summary as JSON values."""
    return {
        "id": item.contribution,
        "contribution": item.contribution,
        "organisation": item.org,
        "at": format_instant(item.at),
        "kind": item.kind,
        "title": item.title,
        "items": item.items,
        "observables": item.mentions,
        "fresh": item.fresh,
        "tlp": item.audience.tlp.value,
    }


def _hit_json(hit: Hit, seal: Seal) -> dict[str, Any]:
    return {
        "id": seal.entry_id(hit.entry.seq),
        "contribution": hit.entry.contribution,
        "kind": hit.entry.kind,
        "title": hit.title,
        "organisation": hit.entry.org,
        "at": format_instant(hit.entry.at),
        "tlp": hit.audience.tlp.value,
        "observables": [{"type": o.type.value, "value": o.value} for o in hit.observables],
    }


@get(
    "/api/search",
    tags=["picture"],
    opt={"permission": "search"},
    sync_to_thread=True,
    summary="Search everything that you may see",
)
def search(
    q: Annotated[str, Parameter(min_length=1, max_length=8192)],
    picture: Picture,
    viewer: Viewer,
    seal: Seal,
    handed: Handed,
    limit: Limit = 25,
    before: str | None = None,
) -> dict[str, Any]:
    """Search an exact value (any defanged form) and words; newest first."""
    found = picture.search(viewer, q, before=before_of(seal, before), limit=limit)
    handed.out([hit.entry.contribution for hit in found.hits])
    handed.out([key64(one.observable) for one in (found.assessment, *found.related) if one is not None])
    return {
        "query": q,
        "observable": {"type": found.observable.type.value, "value": found.observable.value}
        if found.observable
        else None,
        "assessment": explain(found.assessment) if found.assessment else None,
        "related": [explain(each) for each in found.related],
        "hits": [_hit_json(hit, seal) for hit in found.hits],
        "next": seal.cursor(found.next, 0, 0) if found.next else None,
    }


@get(
    "/api/contributions",
    tags=["picture"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="The newest contributions",
)
def newest(
    picture: Picture, viewer: Viewer, seal: Seal, handed: Handed, limit: Limit = 50, before: str | None = None
) -> dict[str, Any]:
    """List the newest contributions of which you may see something."""
    rows = picture.newest(viewer, before=before_of(seal, before), limit=limit + 1)
    page = rows[:limit]
    handed.out([item.contribution for item in page])
    return {
        "contributions": [summary_json(item) for item in page],
        "next": seal.cursor(page[-1].position, 0, 0) if len(rows) > limit else None,
    }


@get(
    "/api/contributions/{contribution:str}",
    tags=["picture"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="One contribution with its items",
)
def contribution(
    contribution: str,
    picture: Picture,
    viewer: Viewer,
    seal: Seal,
    intake: Intake,
    record: Record,
    handed: Handed,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 200,
    offset: Annotated[int, Parameter(ge=0)] = 0,
) -> dict[str, Any]:
    """Show what you may see of a contribution."""
    try:
        item = picture.contribution(viewer, contribution)
    except NotFound:
        handed.gone(contribution)
        raise
    entries = picture.entries(viewer, contribution)
    handed.out([contribution])
    was = intake.came_from(record.visible_to(viewer), contribution)
    return {
        **summary_json(item),
        **({"was": was} if was else {}),
        **({"on_behalf_of_a_partner": True} if is_on_behalf(entries) else {}),
        "entries": [
            {
                "id": seal.entry_id(entry.seq),
                "kind": entry.kind,
                "subject": entry.payload.subject,
                # Places count what stood between them, seen or not: they are the contributor's own.
                **({"place": entry.payload.place} if viewer.org == entry.org else {}),
            }
            for entry in entries[offset : offset + limit]
            if entry.payload is not None
        ],
        "next": str(offset + limit) if len(entries) > offset + limit else None,
    }


@get(
    "/api/contributions/{contribution:str}/content",
    tags=["picture"],
    opt={"permission": "export"},
    sync_to_thread=True,
    summary="The native export",
    description="What came in, in its own format, unknown fields included; without what you "
    "may not see or what was withdrawn.",
)
def content(contribution: str, picture: Picture, viewer: Viewer, handed: Handed) -> Response[bytes]:
    """Give back a contribution in its own format."""
    entries = picture.entries(viewer, contribution)
    if not entries:
        handed.gone(contribution)
        raise NotFound("no such contribution", hint="It may have been withdrawn, or was never shared with you.")
    handed.file(contribution)
    media_type, body = export_native(entries)
    return Response(body, media_type=media_type, headers={"Content-Disposition": "attachment"})


HANDLERS = (search, newest, contribution, content)
"""The room's doors."""
