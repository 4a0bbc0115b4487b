"""Use cases of a MISP that synchronises with the hub: what it needs not send, and what it sends besides events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from fusioncell.exchange.misp import Caller, Document, MispRefused, Put
from fusioncell.exchange.misp.content import Content
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.content.take import Body, is_uuid, second_of
from fusioncell.exchange.misp.gather import ANALYST
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT
from fusioncell.exchange.misp.said import Said
from fusioncell.exchange.misp.said.service import SIGHTING
from fusioncell.exchange.misp.service import Find

_MADE = UUID("b3f0c5a2-7d0e-5a41-9f5e-2d6c1a9be7c4")
MAX_LISTED = 20_000
"""Most events, sightings or notes that one request may ask about."""
MAX_PROPOSALS = 1000
"""Most proposals of one request."""


class Sync:
    """The front door of the package."""

    def __init__(self, content: Content, said: Said) -> None:
        self.content, self.said, self.core = content, said, content.core

    def made_uuid(self, name: str) -> str:
        """Return the uuid of what came without one of its own: the same for the same words."""
        return str(uuid5(_MADE, name))

    # -- events --------------------------------------------------------------------------------------------------------

    def wanted_events(self, caller: Caller, given: Sequence[Any]) -> list[str]:
        """Return which of these events (``{"Event": {"uuid", "timestamp"}}``) the caller may push: new or newer."""
        asked: dict[str, int] = {}
        for one in given[:MAX_LISTED]:
            event = one.get("Event", one) if isinstance(one, Mapping) else {}
            uuid = plain(event.get("uuid")).lower() if isinstance(event, Mapping) else ""
            if is_uuid(uuid):
                asked[uuid] = second_of(event.get("timestamp")) or 0
        known = self.known(caller, asked)
        return [uuid for uuid in asked if uuid not in known and not self.core.people.refuses(caller, uuid, "")]

    def known(self, caller: Caller, asked: Mapping[str, int]) -> set[str]:
        """Return which events (uuid → timestamp) are not to come: here as new, or here from their own origin."""
        known = set()
        for row in self.core.copies(caller, asked, EVENT):
            if row.timestamp >= asked[row.uuid] or (row.org != caller.org and self.content.is_origin(caller, row)):
                known.add(row.uuid)
        return known

    # -- sightings -----------------------------------------------------------------------------------------------------

    def known_sightings(self, caller: Caller, event: Document, uuids: Iterable[Any]) -> list[str]:
        """Return which of these sightings of an event are here."""
        asked = [uuid for one in uuids if is_uuid(uuid := plain(one).lower())][:MAX_LISTED]
        return sorted(row.uuid for row in self.core.by_uuids(caller, asked, SIGHTING) if row.event == event.uuid)

    def take_sightings(self, caller: Caller, event: Document, given: Sequence[Any], *, shared: bool = False) -> int:
        """Take sightings of an event's attributes that are not here yet; return how many those were.

        ``shared``: they were read from a MISP that tells all of them, and go to the readers of what was seen; pushed
        ones are for the relay and the contributor, as any (``misp.said``).
        """
        rows = {row.uuid: row for row in self.core.of_events(caller, [event.uuid], ATTRIBUTE)}
        wanted = {uuid: one for one in given[:MAX_LISTED]
                  if isinstance(one, Mapping) and is_uuid(uuid := plain(one.get("uuid")).lower())}  # fmt: skip
        here = {row.uuid for row in self.core.by_uuids(caller, wanted, SIGHTING)}
        puts = []
        for uuid, one in wanted.items():
            target = rows.get(plain(one.get("attribute_uuid")).lower())
            if uuid in here or target is None or target.deleted or str(one.get("type", "0")) not in ("0", "1", "2"):
                continue
            audience = (self.core.audience_named(target.audience) if shared
                        else self.said.near(caller, target))  # fmt: skip
            puts.append(Put(SIGHTING, uuid, _sighting(one, self.content.now()), audience, event=event.uuid,
                            about=target.uuid))  # fmt: skip
        self.core.write(caller, puts, title="sightings")
        return len(puts)

    # -- proposals -----------------------------------------------------------------------------------------------------

    def take_proposals(self, caller: Caller, event: Document, given: Sequence[Any]) -> int:
        """Take proposals that are not here yet; return how many those were. One to a standing attribute bears its uuid.

        Another MISP sends all of an event's each time it pushes; those that are not in order are passed over.
        """
        rows = {row.uuid: row for row in self.core.of_events(caller, [event.uuid], ATTRIBUTE)}
        own = [row for row in self.said.proposals(caller, event) if row.org == caller.org]
        here = {_proposed(row.about, body) for row, body in zip(own, self.core.bodies(own), strict=True)}
        taken = 0
        for one in given[:MAX_PROPOSALS]:
            if not isinstance(one, Mapping) or is_true(one.get("deleted")):
                continue
            old = rows.get(plain(one.get("uuid")).lower())
            deletion = is_true(one.get("proposal_to_delete"))
            said = self.core.body(old) if deletion and old is not None else one
            key = _proposed(old.uuid if old is not None else "", {**said, "proposal_to_delete": deletion})
            if key in here or (deletion and old is None):
                continue
            here.add(key)
            try:
                self.said.propose(caller, event, {} if deletion else one, old, deletion=deletion)
            except MispRefused:
                continue
            taken += 1
        return taken

    # -- notes, opinions, relationships --------------------------------------------------------------------------------

    def notes(self, caller: Caller, orgs: Sequence[Any] = ()) -> dict[str, dict[str, str]]:
        """Return model → uuid → when it was changed, of all that the caller sees; ``orgs``: of these, or ``!`` not."""
        wanted = [plain(one) for one in orgs]
        made: dict[str, dict[str, str]] = {model: {} for model in ANALYST}
        rows = [row for row in self.core.find(caller, Find(models=ANALYST, limit=MAX_LISTED)) if not row.deleted]
        for row, body in zip(rows, self.core.bodies(rows), strict=True):
            if not wanted or self._among(caller, row, wanted):
                made[row.model][row.uuid] = plain(body.get("modified"))
        return made

    def _among(self, caller: Caller, row: Document, wanted: Sequence[str]) -> bool:
        shown = self.core.people.creator(caller, {"uuid": row.orgc}) if row.orgc else {}
        names = {str(shown.get("uuid", "")), str(shown.get("name", ""))} - {""}
        yes = [one for one in wanted if not one.startswith("!")]
        return not any(one[1:] in names for one in wanted if one.startswith("!")) and (
            not yes or any(one in names for one in yes))  # fmt: skip

    def wanted_notes(self, caller: Caller, given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """Return which of these (model → uuid → when changed) the caller may push: new or newer, and of another."""
        made: dict[str, dict[str, str]] = {}
        for model in ANALYST:
            said = given.get(model)
            asked = {plain(uuid).lower(): plain(when) for uuid, when in said.items()} if isinstance(said, dict) else {}
            rows = self.core.by_uuids(caller, list(asked)[:MAX_LISTED], model)
            here = {row.uuid: (row, plain(body.get("modified")))
                    for row, body in zip(rows, self.core.bodies(rows), strict=True)}  # fmt: skip
            made[model] = {uuid: when for uuid, when in asked.items() if is_uuid(uuid) and not (
                uuid in here and (here[uuid][1] >= when or self._is_elsewhere(caller, here[uuid][0])))}  # fmt: skip
        return made

    def _is_elsewhere(self, caller: Caller, row: Document) -> bool:
        return row.org != caller.org

    def take_note(self, caller: Caller, given: Mapping[str, Any]) -> tuple[int, int]:
        """Take a note, an opinion or a relationship with what is about it; return how many were taken, and left."""
        taken = left = 0
        for model in ANALYST:
            one = given.get(model)
            if not isinstance(one, Mapping):
                continue
            uuid, about = plain(one.get("uuid")).lower(), plain(one.get("object_uuid")).lower()
            wanted = self.wanted_notes(caller, {model: {uuid: one.get("modified")}})[model]
            if uuid not in wanted or not is_uuid(about):
                left += 1
                continue
            row = next(iter(self.core.by_uuids(caller, [uuid], model)), None)
            self.said.annotate(caller, model, about, _alone(one), row)
            taken += 1
        if not taken + left:
            raise MispRefused(403, "Nothing to import: send a Note, an Opinion or a Relationship.")
        return taken, left


def _proposed(about: str, body: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what tells one proposal from another."""
    return (about, *(plain(body.get(name)) for name in ("type", "category", "value", "comment")),
            is_true(body.get("to_ids")), is_true(body.get("proposal_to_delete")))  # fmt: skip


def _alone(note: Mapping[str, Any]) -> Body:
    return {name: value for name, value in note.items() if name not in ANALYST}


def _sighting(given: Mapping[str, Any], now: int) -> Body:
    """Return the body of another MISP's sighting: whose it was stays with it, unless it came without a name."""
    body: Body = {"type": plain(given.get("type") or "0"), "source": plain(given.get("source"))[:255],
                  "date_sighting": str(second_of(given.get("date_sighting")) or now), "timestamp": str(now)}
    said = given.get("Organisation")
    if isinstance(said, Mapping) and plain(given.get("org_id") or "0") != "0" and is_uuid(said.get("uuid")):
        body["Organisation"] = {"uuid": plain(said["uuid"]).lower(), "name": plain(said.get("name"))[:255]}
    return body
