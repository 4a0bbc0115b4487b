"""The action events/upload_stix."""

from __future__ import annotations

import msgspec

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.content import Content
from fusioncell.exchange.misp.stix.read_stix1 import read_stix1
from fusioncell.exchange.misp.stix.read_stix2 import read_stix2
from fusioncell.intake.model import Limits

LIMITS = Limits()


def _unwrapped(raw: bytes) -> bytes:
    """Return what was uploaded; PyMISP sends ``upload_stix(data="…")`` as a JSON string that holds it."""
    raw = raw.strip()
    try:
        return msgspec.json.decode(raw, type=str).encode().strip() if raw[:1] == b'"' else raw
    except (msgspec.DecodeError, UnicodeError):
        return raw


def actions(content: Content) -> Actions:
    """Return the actions of the package."""

    def upload(call: Call) -> Reply:
        """events/upload_stix[/2]: the event that was made of the upload."""
        raw = _unwrapped(call.raw)
        if not raw:
            raise MispRefused(403, "Nothing was uploaded.")
        is_json = raw[:1] in (b"{", b"[")
        if call.argument(0) != "2" and is_json:
            raise MispRefused(403, "STIX 1 is taken as XML. Send STIX 2 to events/upload_stix/2.")
        event = content.add_event(call.caller, read_stix2(raw, LIMITS) if is_json else read_stix1(raw))
        return Reply({"Event": content.core.event_json(call.caller, event)})

    return {("events", "upload_stix"): Action(upload, permission="contribute", changes=True, flag="perm_add", raw=True)}
