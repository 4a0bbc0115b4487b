"""HTTP operations of anonymous contribution. The secret comes in bodies alone, never in an address."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.exchange.anonymous.model import Mine
from fusioncell.exchange.anonymous.service import Anonymous
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer, parse_tlp


class Secret(msgspec.Struct, forbid_unknown_fields=True):
    """What makes one the author."""

    secret: str
    reason: str = ""


class Editing(msgspec.Struct, forbid_unknown_fields=True):
    """A newer version of an anonymous post. ``post``: its id. ``title`` left out: as it was."""

    secret: str
    post: str
    text: str
    title: str | None = None


def mine_json(mine: Mine) -> dict[str, Any]:
    """Return what its author sees, as JSON values."""
    return {
        "status": "waiting" if mine.waiting else "refused" if mine.fault else "published",
        "contribution": mine.contribution or None,
        "fault": mine.fault or None,
        "reveals": [
            {"state": case.state, "opened": format_instant(case.opened), "reason": case.reason,
             "legal_basis": case.basis, "officers": [each for each in (case.first, case.second) if each]}
            for case in mine.cases
        ],
    }  # fmt: skip


@post(
    "/api/anonymous",
    tags=["contributions"],
    opt={"permission": "contribute"},
    status_code=201,
    summary="Contribute anonymously",
    description="Takes what /api/contributions takes. The answer's secret is shown this once: with it, and only with "
    "it, you can follow, mend and withdraw what you sent. It goes out at a random moment of the next hour, unless "
    "`at_once` is set: then others may guess from the time who was there.",
)
async def contribute(
    request: Request[Any, Any, Any],
    anonymous: Anonymous,
    viewer: Viewer,
    tlp: Annotated[str, Parameter(description="Marking; AMBER needs a group.")] = "green",
    group: Annotated[list[str] | None, Parameter(description="Groups to share with (AMBER).")] = None,
    at_once: bool = False,
) -> dict[str, Any]:
    """Keep a submission durably, and let nothing tell whose it is."""
    body = await request.body()
    terms = Terms(parse_tlp(tlp), tuple(group or ()))
    media_type = request.headers.get("content-type", "")
    secret = await sync_to_thread(anonymous.contribute, viewer, body, media_type, terms, at_once=at_once)
    return {"secret": secret, "status": "published" if at_once else "waiting"}


@post("/api/anonymous/status", tags=["contributions"], opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="What became of an anonymous contribution")  # fmt: skip
def status(data: Secret, anonymous: Anonymous) -> dict[str, Any]:
    """Tell its author, who shows the secret."""
    return mine_json(anonymous.mine(data.secret))


@post("/api/anonymous/withdraw", tags=["contributions"], opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Withdraw an anonymous contribution")  # fmt: skip
def withdraw(data: Secret, anonymous: Anonymous) -> dict[str, Any]:
    """Withdraw it, waiting or out."""
    anonymous.withdraw(data.secret, data.reason)
    return {"status": "withdrawn"}


@post("/api/anonymous/edit", tags=["contributions"], opt={"permission": "contribute"}, status_code=200,
      sync_to_thread=True, summary="Mend an anonymous post")  # fmt: skip
def edit(data: Editing, anonymous: Anonymous, viewer: Viewer) -> dict[str, Any]:
    """Put a newer version in its place, for the same readers."""
    anonymous.edit(data.secret, viewer, data.post, data.text, data.title)
    return {"status": "edited"}


HANDLERS = (contribute, status, withdraw, edit)
"""The package's doors."""
