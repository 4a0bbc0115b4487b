"""HTTP operations of detection exports."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import Parameter

from fusioncell.exchange.detect.formats import FORMATS, Format
from fusioncell.exchange.detect.model import DEFAULT_PROBABILITY, MAX_VALUES, Wanted, types_of
from fusioncell.exchange.detect.service import Feeds, Served
from fusioncell.kernel.errors import NotSignedIn
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer, parse_tlp

_CACHE = "private, no-store"
"""Kept by the client, asked again each time (RFC 9111 §5.2.2.4): a recall must show with the next poll."""


def form_json(form: Format) -> dict[str, Any]:
    """Return what a form is as JSON values."""
    return {
        "format": form.name,
        "title": form.title,
        "href": f"/api/feeds/{form.name}",
        "media_type": form.media,
        "types": sorted(type.value for type in form.types),
        "usual_types": sorted(type.value for type in form.chosen(frozenset())),
        "only_what_may_be_blocked": form.blocks,
        "deltas": form.deltas,
    }


@get(
    "/api/feeds",
    tags=["exchange"],
    opt={"permission": "read"},
    sync_to_thread=False,
    summary="The forms of detection exports",
)
def forms() -> dict[str, Any]:
    """List the forms and what each can hold."""
    return {"feeds": [form_json(form) for form in FORMATS.values()]}


@get(
    "/api/feeds/{form:str}",
    tags=["exchange"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="What you may look for, in a form that your tools read",
    description="Values that are malicious over `min_probability` by all that you may see, not known good, not faded. "
    "The `ETag` is the digest of the body: send it as `If-None-Match` and an unchanged export is a 304. Forms that "
    "block (rpz, hosts, nftables) hold what its contributors allow to be blocked. Where an export shrinks suddenly, "
    "and no recall or expiry explains it, the answer is 503: keep your last file.",
)
def feed(
    request: Request[Any, Any, Any],
    form: str,
    feeds: Feeds,
    viewer: Viewer,
    handed: Handed,
    types: Annotated[str, Parameter(max_length=500, description="Types between commas; the form's usual ones.")] = "",
    min_probability: Annotated[
        float, Parameter(ge=0.0, le=1.0, description="P(malicious); nothing under 0.2 is exported.")
    ] = DEFAULT_PROBABILITY,
    limit: Annotated[int, Parameter(ge=0, le=MAX_VALUES, description="The best so many; 0 for all.")] = 0,
    tlp: Annotated[str, Parameter(max_length=20, description="The strictest marking behind it.")] = "",
    since: Annotated[str, Parameter(max_length=80, description="An ETag: what changed (csv, jsonl).")] = "",
    confirm_empty: Annotated[str, Parameter(max_length=80, description="The ETag that a 503 named.")] = "",
) -> Response[bytes]:
    """Export what may be looked for."""
    if viewer.org is None and form in FORMATS and FORMATS[form].blocks:
        # Or a key that was forgotten would empty a block list without a word.
        raise NotSignedIn("what blocks is given out by key", hint="Authorization: Bearer KEY")
    wanted = Wanted(form, types_of(types), min_probability, limit, parse_tlp(tlp) if tlp else None)
    known = etags_in(request.headers.get("if-none-match", ""))
    served = feeds.serve(viewer, wanted, known=known, since=since.strip('"'), confirm=confirm_empty.strip('"'))
    if viewer.org is not None and served.taken:
        # A file taken by a browser has left the hub like one taken by a machine.
        handed.exports.exported(viewer.org, served.taken)
    return answer_of(served)


def answer_of(served: Served) -> Response[bytes]:
    """Make the answer of an export."""
    headers = {
        "ETag": f'"{served.etag}"',
        "Cache-Control": _CACHE,
        "Vary": "Authorization, Cookie",
        "X-Feed-Version": served.version,
        "X-Feed-Values": str(served.count),
        "X-Feed-Left-Out": str(served.left_out),
    }
    if served.data is None:
        return Response(b"", status_code=304, headers=headers, media_type=served.form.media)
    name = f"fusioncell-{served.form.name}.{served.form.ending}"
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(served.data, headers=headers, media_type=served.form.media)


def etags_in(header: str) -> frozenset[str]:
    """Read If-None-Match (RFC 9110 §13.1.2): weak ones count, for they are compared weakly. ``*`` matches nothing here:
    who has no version yet wants the body."""
    return frozenset(part.strip().removeprefix("W/").strip('"') for part in header[:4000].split(",") if part.strip())


HANDLERS = (forms, feed)
"""The package's doors."""
