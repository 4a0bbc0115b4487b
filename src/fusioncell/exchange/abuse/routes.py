"""HTTP operations of abuse notices."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get
from litestar.params import Parameter

from fusioncell.exchange.abuse.forms import FORMS
from fusioncell.exchange.abuse.model import MOST, USUAL
from fusioncell.exchange.abuse.service import Abuse
from fusioncell.kernel.clock import Instant, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer


@get(
    "/api/abuse-notices",
    tags=["exchange"],
    opt={"permission": "export"},
    sync_to_thread=True,
    summary="What the partnership says of addresses in your own networks",
    description="One notice for each statement of others that calls an address in the networks which your organisation "
    "has proved malicious, compromised, abused or attacked; in the order in which they came. Keep `X-Notices-Cursor` "
    "and send it as `cursor`: the next answer holds what came since. While `X-Notices-More` is true, more wait now. "
    "`X-Notices-Again: true`: it began anew, for your networks or what you may see have changed; ids stay the same. "
    "`format=xarf` gives XARF v4 reports, one a line.",
)
def notices(
    abuse: Abuse,
    viewer: Viewer,
    handed: Handed,
    format: Annotated[str, Parameter(max_length=20, description="jsonl, csv or xarf.")] = "jsonl",
    cursor: Annotated[str, Parameter(max_length=80, description="Where you were: X-Notices-Cursor.")] = "",
    since: Annotated[str, Parameter(max_length=40, description="Instead: all that came since (RFC 3339).")] = "",
    limit: Annotated[int, Parameter(ge=1, le=MOST, description="Notices of a page, about.")] = USUAL,
) -> Response[bytes]:
    """Give a page of notices."""
    form = FORMS.get(format)
    if form is None:
        raise BadInput("that is no form of abuse notices", hint="Ask for jsonl, csv or xarf.", place="format")
    page = abuse.since(viewer, cursor, _instant(since) if since else None, limit)
    handed.out({one.contribution for one in page.found})
    headers = {
        "Cache-Control": "private, no-store",
        "Vary": "Authorization, Cookie",
        "X-Notices-Cursor": page.cursor,
        "X-Notices-More": str(page.more).lower(),
        "X-Notices-Again": str(page.again).lower(),
        "Content-Disposition": f'attachment; filename="abuse-notices.{form.ending}"',
    }
    return Response(form.write(page.found, abuse.by), headers=headers, media_type=form.media)


def _instant(text: str) -> Instant:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise BadInput("that is no instant", hint="Write it as 2026-01-20T12:00:00Z.", place="since") from None


HANDLERS = (notices,)
"""The package's door."""
