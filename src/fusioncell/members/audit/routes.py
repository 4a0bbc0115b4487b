"""HTTP operations of the audit log: all of it for auditors, a lead's own organisation for the lead."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.members.audit.model import Line
from fusioncell.members.audit.service import END, Audit
from fusioncell.record import Seal

Limit = Annotated[int, Parameter(ge=1, le=200)]
Action = Annotated[str, Parameter(max_length=64)]
Token = Annotated[str | None, Parameter(max_length=64)]

_LOG = 0xA0D17
"""Marks a page token as one of this log: the numbers of lines would tell how much others do."""


def page_token(seal: Seal, line: Line) -> str:
    """Return the token of the page that follows a line."""
    return seal.cursor(line.number, _LOG, 0)


def line_before(seal: Seal, token: str | None) -> int:
    """Open a page token. Raises BadInput."""
    if not token:
        return END
    opened = seal.open_cursor(token)
    if opened is None or opened[1:] != (_LOG, 0):
        raise BadInput("that is no page token of this log", hint="Take `next` from the page before, or leave it out.")
    return opened[0]


def line_json(line: Line) -> dict[str, Any]:
    """Return a line as JSON values."""
    return {"at": format_instant(line.at), "organisation": line.org or None, "actor": line.actor or None,
            "action": line.action, "subject": line.subject, "detail": line.detail}


def _page(audit: Audit, seal: Seal, org: str | None, before: str | None, limit: int, action: str) -> dict[str, Any]:
    lines = audit.lines(org, before=line_before(seal, before), limit=limit, action=action)
    return {"lines": [line_json(line) for line in lines],
            "next": page_token(seal, lines[-1]) if len(lines) == limit else None}


@get("/api/audit", tags=["audit"], opt={"permission": "audit"}, sync_to_thread=True, summary="The audit log")
def everything(audit: Audit, seal: Seal, organisation: Action = "", action: Action = "", before: Token = None,
               limit: Limit = 50) -> dict[str, Any]:
    """Return lines, the newest first: all, of one organisation (its id), or of one action. ``next`` pages on."""
    return _page(audit, seal, organisation or None, before, limit, action)


@get("/api/account/audit", tags=["audit"], opt={"permission": "lead"}, sync_to_thread=True,
     summary="Your organisation's audit log")
def own(audit: Audit, seal: Seal, viewer: Viewer, action: Action = "", before: Token = None,
        limit: Limit = 50) -> dict[str, Any]:
    """Return the lines of your own organisation, the newest first."""
    return _page(audit, seal, viewer.org or "-", before, limit, action)


HANDLERS = (everything, own)
"""The log's doors."""
