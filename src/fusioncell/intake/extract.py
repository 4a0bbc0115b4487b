"""What an entry claims: the second step, called by cursor on the bytes that the record kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from fusioncell.intake import (
    csaf,
    csvfile,
    freetext,
    jsonlines,
    misp_claims,
    plainlist,
    post,
    product,
    stix_claims,
    xarf,
)
from fusioncell.intake.model import Extract, Fault, Sighting
from fusioncell.kernel.claim import Claim
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry, Payload
from fusioncell.kernel.errors import FAULTS_OF_CONTENT

_NOTHING = Extract()
UNREADABLE = "this version cannot read it ({}); its bytes are kept"
"""The fault of an entry that an extractor fails on."""


_ROWS = {"list": plainlist.extract, "jsonl": jsonlines.extract, "xarf": xarf.extract}


def _row(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Rows come of tables, of plain lists, of JSON lines, and of abuse reports."""
    step = _ROWS.get(str(meta.get("format")), csvfile.extract)
    return step(kind, subject, version, meta, body)


EXTRACTORS: dict[str, Callable[[str, str, int, dict[str, object], bytes], Extract]] = {
    "stix": stix_claims.extract,
    "misp.event": misp_claims.extract,
    "misp.object": misp_claims.extract,
    "misp.attribute": misp_claims.extract,
    "misp.more": misp_claims.extract_more,
    "csv.row": _row,
    "text": freetext.extract,
    "post": post.extract,
    "reaction": post.extract_reaction,
    "product": product.extract,
    "csaf": csaf.extract,
}
"""The second step of each kind of entry that came in by ``intake``."""


def extract_entry(entry: Entry) -> Extract:
    """Read one entry. An erased one, and one of another room's kind, says nothing.

    Nor does one on which its extractor fails, which is our mistake: it says so as a fault. A river that stopped there
    would stop for all, and so would a recall of that entry; a version that reads it does so on the next rebuild.
    """
    payload = entry.payload
    if payload is None:
        return _NOTHING
    step = EXTRACTORS.get(entry.kind)
    if step is None:
        return _NOTHING
    try:
        said = step(entry.kind, payload.subject, payload.version, payload.meta, payload.body)
        return _dated(said, since_of(payload, entry.at)) if "since" in payload.meta else said
    except FAULTS_OF_CONTENT as fault:
        return Extract(faults=(Fault("", UNREADABLE.format(type(fault).__name__)),))


def since_of(payload: Payload, at: Instant) -> Instant:
    """Return when the hub first accepted the item: of one that was narrowed or widened that was before its entry."""
    since = payload.meta.get("since")
    return since if isinstance(since, int) else at


def _dated(said: Extract, since: Instant) -> Extract:
    """Date what it says by its first acceptance: to be shown to fewer or more makes no evidence new."""
    return msgspec.structs.replace(
        said,
        claims=tuple([_since(claim, since) for claim in said.claims]),
        sightings=tuple([_since(seen, since) for seen in said.sightings]),
    )


_Stated = TypeVar("_Stated", Claim, Sighting)


def _since(said: _Stated, since: Instant) -> _Stated:
    return msgspec.structs.replace(said, stated=since if said.stated is None else min(said.stated, since))
