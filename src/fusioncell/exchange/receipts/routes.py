"""HTTP operations of receipts and consent."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import get, post
from litestar.params import Parameter

from fusioncell.exchange.receipts.model import WORDS, WORDS_BEFORE, Consent, State
from fusioncell.exchange.receipts.service import Ledger
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer, parse_tlp
from fusioncell.members import Members

COUNTS = (
    "Exported is: its exact bytes (by key or page), what a key read of it in lists, in search and by its id, a value "
    "of it that a look-up or a match answered, and what a stream delivered. A page that a person read is withdrawn "
    "here."
)
"""What the receipts count."""


@get(
    "/api/contributions/{contribution:str}/receipts",
    tags=["contributions"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="How far a contribution went, and how far its recall reaches",
    description=f"For its originator alone. {COUNTS}",
)
def receipts(contribution: str, receipts: Ledger, members: Members, viewer: Viewer) -> dict[str, Any]:
    """Tell, per organisation: withdrawn here, tombstone fetched, or exported: cannot be recalled."""
    found = receipts.receipts(viewer, contribution)
    words = WORDS if found.withdrawn else WORDS_BEFORE
    names = {one.id: one.name for one in members.organisations()}
    return {
        "contribution": contribution,
        "withdrawn": found.withdrawn,
        "counts": {state.name.lower(): found.count(state) for state in State},
        "organisations": [
            {
                "organisation": row.org,
                "name": names.get(row.org, ""),
                "state": row.state.name.lower(),
                "words": words[row.state],
                "told": format_instant(row.told) if row.told else None,
            }
            for row in found.rows
        ],
        "others": None if found.others is None else words[found.others],
        "still_see_it": found.kept,
        "public": found.public,
        "exported_is": COUNTS,
    }


@get(
    "/api/consents",
    tags=["contributions"],
    opt={"permission": "read"},
    sync_to_thread=True,
    summary="Requests for consent, and consents, that concern you",
)
def consents(
    receipts: Ledger,
    viewer: Viewer,
    contribution: Annotated[str, Parameter(max_length=64, description="Only those on this contribution.")] = "",
) -> dict[str, Any]:
    """List what your organisation asked and was asked, the newest first."""
    return {"consents": [consent_json(one) for one in receipts.consents(viewer, contribution)]}


def consent_json(one: Consent) -> dict[str, Any]:
    """Return a consent as JSON values."""
    return {
        "id": one.id,
        "contribution": one.contribution,
        "originator": one.originator,
        "asker": one.asker,
        "product": one.product,
        "tlp": one.tlp.value,
        "reason": one.reason,
        "at": format_instant(one.at),
        "answer": one.answer.value,
        "answered": format_instant(one.answered) if one.answered else None,
        "answer_reason": one.answer_reason,
        "lapsed": format_instant(one.lapsed) if one.lapsed else None,
        "permits": one.permits,
    }


@post(
    "/api/contributions/{contribution:str}/consents",
    tags=["contributions"],
    opt={"permission": "contribute"},
    status_code=202,
    sync_to_thread=True,
    summary="Ask the originator for consent to a wider product",
    description="Who reads a contribution may ask, with a reason; on one's own it is the consent itself.",
)
def ask(
    contribution: str, receipts: Ledger, viewer: Viewer, product: str, tlp: str, reason: str = ""
) -> dict[str, Any]:
    """Ask, or consent at once to what is your own."""
    return {"id": receipts.ask(viewer, contribution, product, parse_tlp(tlp), reason), "status": "accepted"}


@post(
    "/api/consents/{identifier:str}/answer",
    tags=["contributions"],
    opt={"permission": "recall"},
    status_code=202,
    sync_to_thread=True,
    summary="Grant or decline a request for consent",
)
def answer(identifier: str, receipts: Ledger, viewer: Viewer, granted: bool, reason: str) -> dict[str, Any]:
    """Answer as a named person of the originator's organisation."""
    receipts.answer(viewer, identifier, granted=granted, reason=reason)
    return {"id": identifier, "status": "accepted"}


HANDLERS = (receipts, consents, ask, answer)
"""The package's doors."""
