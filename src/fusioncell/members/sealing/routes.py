"""HTTP operations of sealed identities: who the officers are, and the cases. Keys and opened shares never come here."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from litestar import delete, get, post

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound
from fusioncell.kernel.marking import Viewer, is_pseudonym
from fusioncell.members.sealing.model import Box, Case
from fusioncell.members.sealing.service import Sealing
from fusioncell.record.service import Record


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """``public_key``: X25519, 32 bytes in base64."""

    public_key: str


class Asking(msgspec.Struct, forbid_unknown_fields=True):
    """Why an author is to be revealed, and on what law or warrant."""

    contribution: str
    reason: str
    legal_basis: str


class Shares(msgspec.Struct, forbid_unknown_fields=True):
    """Officer's id → share sealed to that officer, in base64."""

    shares: dict[str, str]


class Opened(msgspec.Struct, forbid_unknown_fields=True):
    """What the box held, in base64: it proves who was revealed."""

    opened: str


def case_json(case: Case) -> dict[str, Any]:
    """Return a case as JSON values."""
    return {
        "id": case.id, "contribution": case.contribution, "state": case.state, "first_officer": case.first,
        "second_officer": case.second, "reason": case.reason, "legal_basis": case.basis,
        "opened": format_instant(case.opened), "ended": format_instant(case.ended) if case.ended else None,
    }  # fmt: skip


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _raw(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(f"{what} is no base64", place=what) from None


def _box_json(box: Box, me: str) -> dict[str, Any]:
    """Return a box as one officer needs it: the others' shares are none of theirs."""
    mine = {pair: _b64(share) for pair, share in box.shares.items() if pair.startswith(f"{me} ")}
    return {"shares": mine, "identity": _b64(box.identity), "mark": _b64(box.mark)}


@get("/api/officers", tags=["members"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Who, two together, may reveal an anonymous author")  # fmt: skip
def officers(sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """List them, for members."""
    if not viewer.member:
        raise NotAllowed("this is for members")
    keepers = {each.person for each in sealing.keepers()}
    return {"officers": [
        {"person": each.person, "organisation": each.org, "public_key": _b64(each.public_key),
         "since": format_instant(each.since), "sealed_to": each.person in keepers}
        for each in sealing.officers()
    ]}  # fmt: skip


@post("/api/officers", tags=["members"], opt={"permission": "unseal"}, status_code=201, sync_to_thread=True,
      summary="Register one's key as an officer")  # fmt: skip
def register(data: Registration, sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """Register the public half; what was sealed before stays sealed to the officers of then."""
    sealing.register(viewer, _raw(data.public_key, "public_key"))
    return {"person": viewer.person, "status": "registered"}


@delete("/api/officers", tags=["members"], opt={"permission": "unseal"}, status_code=200, sync_to_thread=True,
        summary="Give the office up")  # fmt: skip
def leave(sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """Nothing more is sealed to this person."""
    sealing.leave(viewer)
    return {"person": viewer.person, "status": "left"}


@get("/api/reveals", tags=["members"], opt={"permission": "read"}, sync_to_thread=True, summary="Cases")
def cases(sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """List the cases, for officers and auditors."""
    return {"cases": [case_json(case) for case in sealing.cases(viewer)]}


@post("/api/reveals", tags=["members"], opt={"permission": "unseal"}, status_code=201, sync_to_thread=True,
      summary="Open a case on an anonymous author")  # fmt: skip
def open_case(data: Asking, sealing: Sealing, record: Record, viewer: Viewer) -> dict[str, Any]:
    """Open: kept and noted before the box is handed out; the author sees it from now on."""
    commit = record.commit_of(data.contribution)
    if commit is None or not is_pseudonym(commit.org):
        raise NotFound("no anonymous contribution has this id", hint="Take the id from the contribution's page.")
    case, box = sealing.open_case(viewer, commit.org, data.contribution, data.reason, data.legal_basis)
    return {**case_json(case), "box": _box_json(box, viewer.person or "")}


@post("/api/reveals/{case:str}/shares", tags=["members"], opt={"permission": "unseal"}, status_code=200,
      sync_to_thread=True, summary="Hand one's shares, sealed to the other officers")  # fmt: skip
def hand(case: str, data: Shares, sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """Hand them."""
    shares = {to: _raw(share, "shares") for to, share in list(data.shares.items())[:20]}
    return case_json(sealing.hand_shares(viewer, case, shares))


@post("/api/reveals/{case:str}/join", tags=["members"], opt={"permission": "unseal"}, status_code=200,
      sync_to_thread=True, summary="Join a case as the second officer")  # fmt: skip
def join(case: str, sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """Take the box and the share that was sealed to oneself."""
    found, box, handed = sealing.join_case(viewer, case)
    return {**case_json(found), "box": _box_json(box, viewer.person or ""), "handed": _b64(handed)}


@post("/api/reveals/{case:str}/finish", tags=["members"], opt={"permission": "unseal"}, status_code=200,
      sync_to_thread=True, summary="Say what the box held")  # fmt: skip
def finish(case: str, data: Opened, sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """Check it against the box, and let the author know."""
    found, person = sealing.finish_case(viewer, case, _raw(data.opened, "opened"))
    return {**case_json(found), "person": person}


@post("/api/reveals/{case:str}/close", tags=["members"], opt={"permission": "unseal"}, status_code=200,
      sync_to_thread=True, summary="End a case without a reveal")  # fmt: skip
def close(case: str, sealing: Sealing, viewer: Viewer) -> dict[str, Any]:
    """End it."""
    sealing.close_case(viewer, case)
    return {"id": case, "state": "closed"}


HANDLERS = (officers, register, leave, cases, open_case, hand, join, finish, close)
"""The package's doors."""
