"""The actions of the older calls."""

from __future__ import annotations

from typing import Any

from fusioncell.exchange.misp import Actions, Call, MispRefused, Reply, named_actions
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.library import saved
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT
from fusioncell.exchange.misp.older.service import Older

FIELDS = ("value", "type", "category", "comment", "to_ids", "distribution", "first_seen", "last_seen")
MAX_NAMED = 20_000
"""Most attributes that one request deletes by name."""


class _Doors:
    def __init__(self, older: Older) -> None:
        self.older, self.core = older, older.core

    def upload(self, call: Call) -> Reply:
        """``events/upload_sample[/{event}]``: ``{"files": [{"filename", "data"}], …}``; else into a new event."""
        given = call.fields()
        reference = call.argument(0) or plain(given.get("event_id"))
        event = self.core.resolve(call.caller, EVENT, reference) if reference else None
        event = self.older.upload(call.caller, event, given)
        number = self.core.id_out(call.caller, event.number)
        return Reply({"name": "Success", "message": "Success, saved all attributes.", "url": f"/events/view/{number}",
                      "id": number})  # fmt: skip

    def download(self, call: Call) -> Reply:
        """``attributes/downloadSample[/{hash}[/{all}[/{event}]]]``, or by body; the password is ``infected``."""
        digest = plain(call.given("hash") or _stated(call.argument(0)))
        event = plain(call.given("eventID") or _stated(call.argument(2)))
        if not digest and not event:
            raise MispRefused(403, "Name a hash or an eventID.")
        every = is_true(call.given("allSamples") or _stated(call.argument(1)))
        found = self.older.samples(call.caller, digest.strip().lower(), event, every=every)
        return Reply({"result": found} if found else {"message": "No hits with the given parameters.", "result": []})

    def delete(self, call: Call) -> Reply:
        """``attributes/deleteSelected/{event}``: ``{"id": one, several or "all", "allow_hard_delete"}``."""
        body: Any = call.body.get("Attribute", call.body) if isinstance(call.body, dict) else call.body
        fields = body if isinstance(body, dict) else {}
        reference = call.argument(0) or plain(fields.get("event_id"))
        if not reference:
            raise MispRefused(405, "No event ID set.")
        event = self.core.resolve(call.caller, EVENT, reference)
        ids = fields.get("id", body if isinstance(body, list) else None)
        named = [plain(one).lower() for one in ids] if isinstance(ids, list) else plain(ids).lower().split()
        if len(named) > MAX_NAMED:
            raise MispRefused(413, f"One request deletes at most {MAX_NAMED:,} attributes.")
        hard = is_true(fields.get("allow_hard_delete")) or is_true(call.argument(1))
        done, left = self.older.delete(call.caller, event, named, hard=hard)
        if not done:
            raise MispRefused(404, "No matching attributes found.")
        told = f"{done} attribute{'' if done == 1 else 's'} deleted"
        if left:
            raise MispRefused(403, f"{told}, but {left} attribute{'' if left == 1 else 's'} could not be deleted.")
        return Reply(saved(f"{told}.", call.path))

    def edit_field(self, call: Call) -> Reply:
        """``attributes/editField/{id}``: one field of an attribute."""
        row = self.core.resolve(call.caller, ATTRIBUTE, call.argument(0))
        given = call.fields("Attribute")
        changed = {name: given[name] for name in FIELDS if name in given}
        if not changed:
            raise MispRefused(403, f"Name a field: {', '.join(FIELDS)}.")
        self.older.content.edit_attribute(call.caller, row, changed)
        return Reply({"saved": True, "success": "Field updated.", "check_publish": True})


def _stated(part: str) -> str:
    return "" if part.lower() in ("false", "null", "0", "download") else part


def actions(older: Older) -> Actions:
    """Return the package's actions."""
    doors = _Doors(older)
    return named_actions(
        {"attributes/downloadSample": doors.download},
        {"events/upload_sample": (doors.upload, "perm_add"), "attributes/editField": (doors.edit_field, "perm_add"),
         "attributes/deleteSelected": (doors.delete, "perm_add")},
    )  # fmt: skip
