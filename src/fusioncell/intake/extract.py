"""What an entry claims: the second step, called by cursor on the bytes that the record kept."""

from __future__ import annotations

from collections.abc import Callable

from fusioncell.intake import csvfile, freetext, misp_claims, plainlist, stix_claims
from fusioncell.intake.model import Extract, Fault
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import FAULTS_OF_CONTENT

_NOTHING = Extract()
UNREADABLE = "this version cannot read it ({}); its bytes are kept"
"""The fault of an entry that an extractor fails on."""


def _row(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Rows come of tables and of plain lists."""
    step = plainlist.extract if meta.get("format") == "list" else csvfile.extract
    return step(kind, subject, version, meta, body)


EXTRACTORS: dict[str, Callable[[str, str, int, dict[str, object], bytes], Extract]] = {
    "stix": stix_claims.extract,
    "misp.event": misp_claims.extract,
    "misp.object": misp_claims.extract,
    "misp.attribute": misp_claims.extract,
    "csv.row": _row,
    "text": freetext.extract,
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
        return step(entry.kind, payload.subject, payload.version, payload.meta, payload.body)
    except FAULTS_OF_CONTENT as fault:
        return Extract(faults=(Fault("", UNREADABLE.format(type(fault).__name__)),))
