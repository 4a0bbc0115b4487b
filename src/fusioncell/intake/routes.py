"""HTTP operations of intake: contribute, ask what became of it, withdraw it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.intake.model import Moved
from fusioncell.intake.service import Accepted, Intake, Status, Terms
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Uses, Viewer, parse_tlp
from fusioncell.record import Seal

_INLINE = 262_144
"""Bodies up to this size are cut on the event loop; larger ones in a worker thread, so that no one else waits."""
_BULK = 100
"""Items from which a submission counts as bulk: its answer waits while the projections are far behind."""
_LAG = 500
"""Entries that the projections may be behind before bulk answers wait."""
_LONGEST_WAIT = 5.0
"""Seconds that an answer waits at most: it is kept already, so it is never refused for this."""


async def _pace(lag: Callable[[int], int], last_seq: int) -> None:
    """Hold the answer to a bulk submission, which is kept already, until the projections have nearly caught up.

    Entries are projected in order: without this an import that is accepted four times as fast as it is projected would
    make everyone else's news wait behind it.
    """
    waited = 0.0
    while lag(last_seq) > _LAG and waited < _LONGEST_WAIT:
        await asyncio.sleep(0.02)
        waited += 0.02


def terms_of(
    tlp: str | None, group: list[str] | None, person: list[str] | None, uses: str | None, filename: str
) -> Terms:
    """Read what a contributor says beside the body. Raises BadInput."""
    allowed: Uses | None = None
    if uses is not None:
        allowed = Uses.NONE
        for name in filter(None, uses.replace(" ", "").split(",")):
            if name.upper() not in Uses.__members__:
                raise BadInput(f"{name[:40]!r} is no use", hint="Uses: analysis, blocking, products, police, none.")
            allowed |= Uses[name.upper()]
    return Terms(parse_tlp(tlp) if tlp else None, tuple(group or ()), tuple(person or ()), allowed, filename)


@post(
    "/api/contributions",
    tags=["contributions"],
    opt={"permission": "contribute"},
    status_code=202,
    summary="Contribute",
    description="Takes a STIX 2.0/2.1 bundle or envelope, MISP events, CSAF 2.0 advisories, X-ARF 4 reports, CSV, a "
    "plain list, mail or free text, by media type. Answers 202 once it is durably kept; what it means follows at the "
    "status address.",
)
async def contribute(
    request: Request[Any, Any, Any],
    intake: Intake,
    viewer: Viewer,
    tlp: Annotated[str | None, Parameter(description="Marking for what carries none.")] = None,
    group: Annotated[list[str] | None, Parameter(description="Groups to share with (AMBER).")] = None,
    person: Annotated[list[str] | None, Parameter(description="People to share with (RED).")] = None,
    uses: Annotated[str | None, Parameter(description="analysis,blocking,products,police")] = None,
    filename: Annotated[str, Parameter(max_length=200)] = "",
) -> Response[dict[str, Any]]:
    """Keep a submission durably."""
    body = await request.body()
    terms = terms_of(tlp, group, person, uses, filename)
    media_type = request.headers.get("content-type", "")
    if len(body) <= _INLINE:
        pending, finish = intake.submit(viewer, body, media_type, terms)
    else:
        pending, finish = await sync_to_thread(intake.submit, viewer, body, media_type, terms)
    accepted: Accepted = finish(await asyncio.wrap_future(pending))
    if accepted.shell.items >= _BULK:
        await _pace(request.app.state.lag, accepted.receipt.last_seq)
    return Response(
        accepted_json(accepted), status_code=202, headers={"Location": f"/api/contributions/{accepted.contribution}"}
    )


def accepted_json(accepted: Accepted) -> dict[str, Any]:
    """Return the answer to an accepted submission."""
    shell = accepted.shell
    return {
        "id": accepted.contribution,
        "contribution": accepted.contribution,
        "status": "accepted",
        "format": shell.format,
        "title": shell.title,
        "items": shell.items,
        "objects": shell.objects,
        "attributes": shell.attributes,
        "fault_count": shell.fault_count,
        "faults": [{"place": p, "reason": r} for p, r in shell.faults],
        "unmarked": shell.defaulted,
        "marked_as": shell.default,
        "at": format_instant(accepted.receipt.at),
        "status_url": f"/api/contributions/{accepted.contribution}/status",
        # the file's name alone: where the hub keeps it is the operator's affair
        "quarantine": accepted.quarantined.rpartition("/")[2],
    }


@get(
    "/api/contributions/{contribution:str}/status",
    tags=["contributions"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="What became of a submission",
)
def status(contribution: str, intake: Intake, viewer: Viewer) -> dict[str, Any]:
    """Tell the contributor's own organisation what is new, repeated or at fault."""
    return status_json(intake.status(viewer, contribution))


def status_json(found: Status) -> dict[str, Any]:
    """Return a status as JSON values."""
    return {
        "id": found.contribution,
        "contribution": found.contribution,
        "status": "projected" if found.projected else "accepted",
        "projected": found.projected,
        "at": format_instant(found.at),
        "new": found.new,
        "duplicates": found.duplicates,
        "outdated": found.outdated,
        "conflicts": found.conflicts,
        "fault_count": found.fault_count,
        "faults": [{"place": place, "reason": reason} for place, reason in found.faults],
        "notes": [{"place": place, "reason": reason} for place, reason in found.notes],
        "recalled": found.recalled,
        "format": found.shell.format if found.shell else "",
        "items": found.shell.items if found.shell else 0,
        "unmarked": found.shell.defaulted if found.shell else 0,
        "marked_as": found.shell.default if found.shell else "",
    }


def _without_body(request: Request[Any, Any, Any]) -> None:
    """Refuse a body: what it says would be passed over, and more be withdrawn or shown than was meant."""
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or (length.isdecimal() and int(length) > len("{}")):
        raise BadInput("this door reads no body", hint="Give entry, reason and readers as parameters of the address.")


@post(
    "/api/contributions/{contribution:str}/recall",
    before_request=_without_body,
    tags=["contributions"],
    opt={"permission": "recall"},
    status_code=202,
    sync_to_thread=True,
    summary="Withdraw a contribution, or one entry of it",
)
def recall(
    contribution: str, intake: Intake, viewer: Viewer, seal: Seal, reason: str = "", entry: str | None = None
) -> dict[str, Any]:
    """Withdraw: every projection and door forgets it, and its readers get a tombstone."""
    receipt = intake.recall(viewer, contribution, reason, _seq_of(seal, entry))
    return {"contribution": contribution, "status": "recalled", "at": format_instant(receipt.at)}


@post(
    "/api/contributions/{contribution:str}/narrow",
    before_request=_without_body,
    tags=["contributions"],
    opt={"permission": "recall"},
    status_code=202,
    sync_to_thread=True,
    summary="Show a contribution, or one entry of it, to fewer",
    description="It goes on as a new contribution for the readers named; the old one is withdrawn in the same commit.",
)
def narrow(
    contribution: str,
    intake: Intake,
    viewer: Viewer,
    seal: Seal,
    tlp: str,
    group: list[str] | None = None,
    person: list[str] | None = None,
    uses: str | None = None,
    reason: str = "",
    entry: str | None = None,
) -> dict[str, Any]:
    """Narrow: those who lose it get a tombstone, those who keep it see it go on."""
    terms = terms_of(tlp, group, person, uses, "")
    return _moved_json(contribution, intake.narrow(viewer, contribution, terms, reason, _seq_of(seal, entry)))


@post(
    "/api/contributions/{contribution:str}/widen",
    before_request=_without_body,
    tags=["contributions"],
    opt={"permission": "contribute"},
    status_code=202,
    sync_to_thread=True,
    summary="Show a contribution, or one entry of it, to more",
    description="Only its originator can: it goes on as a new contribution for the readers named.",
)
def widen(
    contribution: str,
    intake: Intake,
    viewer: Viewer,
    seal: Seal,
    tlp: str,
    group: list[str] | None = None,
    person: list[str] | None = None,
    uses: str | None = None,
    reason: str = "",
    entry: str | None = None,
) -> dict[str, Any]:
    """Widen: all who could read it still do, and more."""
    terms = terms_of(tlp, group, person, uses, "")
    return _moved_json(contribution, intake.widen(viewer, contribution, terms, reason, _seq_of(seal, entry)))


def _moved_json(contribution: str, moved: Moved) -> dict[str, Any]:
    return {
        "contribution": moved.contribution,
        "was": contribution,
        "items": moved.items,
        "at": format_instant(moved.receipt.at),
        "status_url": f"/api/contributions/{moved.contribution}/status" if moved.contribution else "",
    }


def _seq_of(seal: Seal, entry: str | None) -> int | None:
    """Open the id of an entry; :data:`NO_ENTRY` for one that never was, which is answered as a hidden one is.

    Raises BadInput for what does not look like an id.
    """
    if entry is None:
        return None
    if not _ENTRY.fullmatch(entry):
        raise BadInput("that is no id of an entry", hint="Take it from the contribution's list of items.")
    seq = seal.entry_seq(entry)
    return NO_ENTRY if seq is None else seq


_ENTRY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NO_ENTRY = -1
"""A position at which no entry stands."""


HANDLERS = (contribute, status, recall, narrow, widen)
"""The room's doors."""
