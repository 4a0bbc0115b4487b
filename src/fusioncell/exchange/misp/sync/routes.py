"""The actions that a MISP asks for when it synchronises, beside those that every client asks."""

from __future__ import annotations

from typing import Any

from fusioncell.exchange.misp import Action, Actions, Call, MispRefused, Reply
from fusioncell.exchange.misp.model import EVENT
from fusioncell.exchange.misp.sync.service import Sync


class _Doors:
    def __init__(self, sync: Sync) -> None:
        self._sync = sync

    def filter_events(self, call: Call) -> Reply:
        """``events/filterEventIdsForPush``: which of the events it would push are new or newer here."""
        return Reply(self._sync.wanted_events(call.caller, _listed(call.body)))

    def filter_sightings(self, call: Call) -> Reply:
        """``sightings/filterSightingUuidsForPush/{event}``: which of these sightings are here already."""
        event = self._sync.core.resolve(call.caller, EVENT, call.argument(0))
        return Reply(self._sync.known_sightings(call.caller, event, _listed(call.body)))

    def take_sightings(self, call: Call) -> Reply:
        """``sightings/bulkSaveSightings/{event}``."""
        event = self._sync.core.resolve(call.caller, EVENT, call.argument(0))
        body = call.body.get("Sighting", call.body) if isinstance(call.body, dict) else call.body
        saved = self._sync.take_sightings(call.caller, event, _listed(body))
        return Reply({"saved": saved > 0, "success": f"{saved or 'No'} sightings added."})

    def take_proposals(self, call: Call) -> Reply:
        """``events/pushProposals/{event}``: what a MISP proposes of another's event, told to who made it."""
        event = self._sync.core.resolve(call.caller, EVENT, call.argument(0))
        taken = self._sync.take_proposals(call.caller, event, _listed(call.body))
        return Reply({"success": True, "message": f"{taken} proposals added.", "counter": taken})

    def notes(self, call: Call) -> Reply:
        """``analyst_data/indexMinimal``: which notes, opinions and relationships there are, and how new each is."""
        asked = call.given("orgc_name") or []
        return Reply(self._sync.notes(call.caller, asked if isinstance(asked, list) else [asked]))

    def filter_notes(self, call: Call) -> Reply:
        """``analyst_data/filterAnalystDataForPush``: which of those it would push are new or newer here."""
        return Reply(self._sync.wanted_notes(call.caller, call.body if isinstance(call.body, dict) else {}))

    def take_note(self, call: Call) -> Reply:
        """``analyst_data/pushAnalystData``."""
        taken, left = self._sync.take_note(call.caller, call.body if isinstance(call.body, dict) else {})
        message = f"Analyst Data imported. {taken} imported, {left} ignored, 0 failed."
        return Reply({"saved": True, "success": True, "name": message, "message": message, "url": call.path})


def _listed(body: Any) -> list[Any]:
    if body is None or body == {}:
        return []
    if not isinstance(body, list):
        raise MispRefused(400, "Send a list.")
    return body


def actions(sync: Sync) -> Actions:
    """Return the package's actions."""
    doors = _Doors(sync)
    return {
        ("events", "filterEventIdsForPush"): Action(doors.filter_events, flag="perm_sync"),
        ("sightings", "filterSightingUuidsForPush"): Action(doors.filter_sightings, flag="perm_sync"),
        ("sightings", "bulkSaveSightings"): Action(doors.take_sightings, permission="contribute", changes=True,
                                                   flag="perm_sync"),
        ("events", "pushProposals"): Action(doors.take_proposals, permission="contribute", changes=True,
                                            flag="perm_sync"),
        ("analyst_data", "indexMinimal"): Action(doors.notes),
        ("analyst_data", "filterAnalystDataForPush"): Action(doors.filter_notes, flag="perm_sync"),
        ("analyst_data", "pushAnalystData"): Action(doors.take_note, permission="contribute", changes=True,
                                                    flag="perm_sync"),
    }  # fmt: skip
