"""Use cases of events, attributes and objects: add, edit, delete, restore, publish, refer.

Refusals are MISP's own words (``MispRefused``), because clients act on them: 403 "You do not have permission to do
that." makes PyMISP propose instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp import Caller, Document, MispRefused, firsts, value_hash
from fusioncell.exchange.misp.content.check import Errors, is_true, plain
from fusioncell.exchange.misp.content.pieces import ANALYST, NOT_YOURS, SIMILAR, Pieces, came_by_another_door
from fusioncell.exchange.misp.content.take import Body, event_fields, is_uuid, listed, object_fields, second_of
from fusioncell.exchange.misp.content.work import Work
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT
from fusioncell.kernel.clock import SECOND, format_instant
from fusioncell.kernel.errors import NotFound

_CHILDREN = frozenset({ATTRIBUTE, OBJECT})
ALREADY = "Event already exists, if you would like to edit it, use the url in the location header."
_MOVED = _CHILDREN | {"ObjectReference", "EventReport", *ANALYST}
"""What has its readers by the levels of its event."""


class Content(Pieces):
    """The front door of the package."""

    # -- the unit of work ----------------------------------------------------------------------------------------------

    def open(self, caller: Caller, event: Document, *, body: Body | None = None) -> Work:
        """Begin a change of an event. Raises MispRefused where it is another's."""
        if not self.core.may_change(caller, event):
            raise MispRefused(403, NOT_YOURS)
        work = self.work_on(caller, event.org, event.uuid, body if body is not None else self.core.body(event))
        # Whatever is changed awaits the next publication: also what is put before the shell is.
        work.event["published"] = False
        if self.is_native(event):
            work.ceiling = self.core.audience_named(event.audience)
        return work

    def close(self, caller: Caller, work: Work, title: str = "") -> None:
        """Write a change."""
        self.core.write(caller, work.puts, work.ends, title=title or plain(work.event.get("info")), org=work.owner)

    def bump(self, work: Work, event: Document, *, publish: bool | None = None, native: bool = False) -> None:
        """Write the event's new shell: its timestamp moves, and it awaits publication (None), or is published."""
        work.event["timestamp"] = str(max(work.now, event.timestamp))
        work.event["published"] = bool(publish)
        if publish:
            work.event["publish_timestamp"] = str(work.now)
        work.put(EVENT, event.uuid, work.event, standing=self.core.standing(event), native=self.is_native(event))

    def event_of(self, caller: Caller, document: Document) -> Document:
        """Return the event in which something stands, of the same contributor where it has one. Raises NotFound."""
        return self.event_of_uuid(caller, document.event, document.org)

    def event_of_uuid(self, caller: Caller, uuid: str, org: str = "") -> Document:
        """Return an event by its uuid, that of one contributor where it has one. Raises NotFound."""
        rows = self.core.copies(caller, [uuid], EVENT)
        own = [row for row in rows if row.org == org]
        found = firsts(own or rows)
        if not found:
            raise NotFound("Invalid event")
        return found[0]

    # -- events --------------------------------------------------------------------------------------------------------

    def add_event(self, caller: Caller, given: Mapping[str, Any]) -> Document:
        """Take in a new event with all that stands in it; return it."""
        now = self.now()
        body, errors = event_fields(given, None, format_instant(now * SECOND)[:10])
        self.share(caller, given, body, errors)
        uuid = plain(given.get("uuid") or "").lower() or self.new_uuid()
        if not is_uuid(uuid):
            errors["uuid"] = ["Please provide a valid RFC 4122 UUID"]
        creator = self._creator(caller, given.get("Orgc"))
        refused = self.core.people.refuses(caller, uuid, str(creator.get("uuid", ""))) or self._returns(caller, uuid)
        if refused:
            raise MispRefused(403, refused)
        if errors:
            raise MispRefused(403, "Could not add Event", errors)
        if [row for row in self.core.by_uuids(caller, [uuid], EVENT) if row.org == caller.viewer.org]:
            raise MispRefused(403, ALREADY)
        body["uuid"] = uuid
        body["Orgc"] = creator
        body["timestamp"] = str(second_of(given.get("timestamp")) or now)
        body["published"] = is_true(given.get("published")) and self.may_publish(caller)
        body["publish_timestamp"] = str(now) if body["published"] else "0"
        self.retag(caller, body, {}, given.get("Tag"))
        work = self.work_on(caller, caller.viewer.org or "", uuid, body)
        work.put(EVENT, uuid, body, place="Event")
        self.local(caller, work, EVENT, uuid, given.get("Tag"))
        self._add_children(caller, work, given)
        self.close(caller, work)
        return self.event_of_uuid(caller, uuid, work.owner)

    def is_origin(self, caller: Caller, event: Document) -> bool:
        """Tell whether an event was contributed by the very organisation that made it, not by a relay."""
        return event.orgc == str(self.core.people.organisation(caller, event.org).get("uuid", "")) != ""

    def _returns(self, caller: Caller, uuid: str) -> str:
        """Return why a sync user's event is not taken: it is here, as the caller sees, from its own origin; "" else."""
        if not caller.role.may("perm_sync") or caller.site_admin:
            return ""
        rows = [row for row in self.core.copies(caller, [uuid], EVENT) if row.org != caller.org]
        return ALREADY if any(self.is_origin(caller, row) for row in rows) else ""

    def _creator(self, caller: Caller, given: Any) -> Body:
        """Return who made an event: as stated, where the caller may pass on others' (sync), else its organisation."""
        if isinstance(given, dict) and (given.get("uuid") or given.get("name")):
            if caller.site_admin or caller.role.may("perm_sync"):
                return {name: plain(given[name]) for name in ("uuid", "name") if given.get(name)}
        own = self.core.people.organisation(caller, caller.viewer.org or "")
        return {"uuid": str(own.get("uuid", "")), "name": str(own.get("name", ""))}

    def may_publish(self, caller: Caller) -> bool:
        """Tell whether the caller's role publishes."""
        return caller.site_admin or caller.role.may("perm_publish")

    def _add_children(self, caller: Caller, work: Work, given: Mapping[str, Any]) -> None:
        seen: set[tuple[str, str, str]] = set()
        for index, one in enumerate(listed(given.get("Attribute"))):
            body, errors = self.new_attribute(caller, one, work.now)
            key = (body.get("type", ""), body.get("category", ""), plain(body.get("value")).lower())
            # Twins that came with uuids of their own are both kept: a round trip loses nothing.
            if not errors and (key not in seen or one.get("uuid")):
                seen.add(key)
                self.put_attribute(caller, work, one, body, place=f"Event.Attribute[{index}]")
        for index, one in enumerate(listed(given.get("Object"))):
            self.put_object(caller, work, one, place=f"Event.Object[{index}]")
        for report in listed(given.get("EventReport")):
            self.put_report(caller, work, report)
        self.put_analyst(caller, work, EVENT, work.uuid, given)

    def edit_or_relay(self, caller: Caller, event: Document, given: Mapping[str, Any]) -> Document:
        """Edit the caller's own copy of an event; a sync user without one relays it, unless it came from its origin."""
        rows = self.core.copies(caller, [event.uuid], EVENT)
        own = firsts(row for row in rows if row.org == caller.viewer.org)
        if own:
            return self.edit_event(caller, own[0], given)
        if caller.role.may("perm_sync") and not self.core.may_change(caller, event):
            newer = (second_of(given.get("timestamp")) or 0) > max((row.timestamp for row in rows), default=0)
            if newer and not any(self.is_origin(caller, row) for row in rows):
                return self.add_event(caller, {**given, "uuid": event.uuid})
        return self.edit_event(caller, event, given)

    def edit_event(self, caller: Caller, event: Document, given: Mapping[str, Any]) -> Document:
        """Change an event: its own fields, and what of its children is given and newer."""
        work = self.open(caller, event)
        stamp = second_of(given.get("timestamp"))
        relayed = caller.role.may("perm_sync") and not caller.site_admin and not self.is_origin(caller, event)
        plain_edit = "Attribute" not in given and "Object" not in given
        if stamp is not None and stamp <= event.timestamp and (plain_edit or relayed):
            raise MispRefused(403, "Could not edit event", "Event could not be saved: Event in the request not newer "
                                                           "than the local copy.")  # fmt: skip
        body, errors = event_fields({**given, "uuid": event.uuid}, work.event, plain(work.event.get("date")))
        self.share(caller, given, body, errors)
        if errors:
            raise MispRefused(403, "Could not edit event", errors)
        moved = self._moves(work.event, body)
        self.retag(caller, body, work.event, given.get("Tag"))
        moved = moved or body.get("Tag") != work.event.get("Tag")
        body["publish_timestamp"] = work.event.get("publish_timestamp", "0")
        work.event = body
        publish = is_true(given.get("published")) and self.may_publish(caller)
        work.event["published"] = publish
        work.event["timestamp"] = str(stamp if stamp is not None and stamp > event.timestamp else work.now)
        if publish:
            work.event["publish_timestamp"] = str(work.now)
        work.put(EVENT, event.uuid, body, standing=self.core.standing(event), place="Event",
                 native=self.is_native(event))  # fmt: skip
        self.local(caller, work, EVENT, event.uuid, given.get("Tag"))
        self._edit_children(caller, work, event, given)
        if moved or publish:
            self.rehome(work, event)
        self.close(caller, work)
        return self.event_of_uuid(caller, event.uuid, event.org)

    def _moves(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        return any(str(old.get(name, "")) != str(new.get(name, "")) for name in ("distribution", "sharing_group_uuid"))

    def _edit_children(self, caller: Caller, work: Work, event: Document, given: Mapping[str, Any]) -> None:
        rows = firsts(row for row in self.core.of_events(caller, [event.uuid]) if row.org == event.org)
        known = {(row.model, row.uuid): row for row in rows}
        numbers = {self.core.id_out(caller, row.number): row for row in rows if row.model in _CHILDREN}
        fresh: list[Mapping[str, Any]] = []
        for one in listed(given.get("Attribute")):
            row = self.known(known, numbers, ATTRIBUTE, one)
            if row is None:
                fresh.append(one)
            else:
                self._edit_one(caller, work, row, one)
        for new, body, errors in self.check_new(caller, event.uuid, fresh, work.now):
            if not errors:
                self.put_attribute(caller, work, new, body)
        for one in listed(given.get("Object")):
            row = self.known(known, numbers, OBJECT, one)
            if row is None:
                self.put_object(caller, work, one)
            else:
                self._edit_object(caller, work, row, one, rows, complete=False)
        for one in listed(given.get("EventReport")):
            if ("EventReport", plain(one.get("uuid")).lower()) not in known:
                self.put_report(caller, work, one)
        self.put_analyst(caller, work, EVENT, event.uuid, given, known)

    def known(self, known: Mapping[tuple[str, str], Document], numbers: Mapping[str, Document], model: str,
               one: Mapping[str, Any]) -> Document | None:  # fmt: skip
        """Return the standing thing that is meant by uuid, or by an id that the caller was given."""
        uuid = plain(one.get("uuid")).lower()
        if uuid:
            return known.get((model, uuid))
        row = numbers.get(plain(one.get("id")))
        return row if row is not None and row.model == model else None

    def _edit_one(self, caller: Caller, work: Work, row: Document, one: Mapping[str, Any]) -> None:
        """Edit an attribute that came inside its event: only where it is newer, and only where it is in order."""
        stamp = second_of(one.get("timestamp"))
        if stamp is not None and stamp <= row.timestamp:
            return
        body, errors = self.changed_attribute(caller, row, one, work.now)
        if not errors:
            self.put_attribute(caller, work, one, body, row=row)

    def publish(self, caller: Caller, event: Document, *, on: bool = True) -> None:
        """Publish an event: what stands in it goes to the readers that its levels mean. Or take that back."""
        work = self.open(caller, event)
        self.bump(work, event, publish=on)
        if on:
            self.rehome(work, event)
        self.close(caller, work)

    def rehome(self, work: Work, event: Document) -> None:
        """Bring all that stands in an event to the readers that it is for now, unless this change does so anyway."""
        done = {(put.model, put.uuid) for put in work.puts}
        rows = [row for row in self.core.all_of(event.uuid, event.org) if row.model in _MOVED]
        newest = firsts(row for row in rows if (row.model, row.uuid) not in done)
        of: dict[tuple[str, str], list[Document]] = {}
        for row in rows:
            of.setdefault((row.model, row.uuid), []).append(row)
        bodies = dict(zip((row.uuid for row in newest), self.core.bodies(newest), strict=True))
        objects = {row.uuid: bodies[row.uuid] for row in newest if row.model == OBJECT}
        objects.update({put.uuid: dict(put.body) for put in work.puts if put.model == OBJECT})
        natives = {row.seq for row, entry in zip(newest, self.core.entries(newest), strict=True)
                   if came_by_another_door(entry)}  # fmt: skip
        for row in newest:
            holder = objects.get(row.about if row.model == "ObjectReference" else row.object)
            now, released = work.audiences(bodies[row.uuid], holder)
            standing = of[(row.model, row.uuid)]
            if len(standing) == 1 and self.core.audience_named(row.audience) == now:
                continue
            if now != released and row.seq not in natives:
                now = released  # a draft stays one: only what is narrower than before moves
            if row.model not in _CHILDREN:
                work.more(row.model, row.uuid, bodies[row.uuid], now, about=row.about, standing=standing)
                continue
            work.put(row.model, row.uuid, bodies[row.uuid], holder=holder, object=row.object, standing=standing,
                     native=row.seq in natives)  # fmt: skip

    def regroup(self, caller: Caller, group: str) -> None:
        """Bring all that is shared with a sharing group (its uuid) to the organisations that are in it now."""
        rows = self.core.shared_with(group)
        for uuid, owner in sorted({(row.event, row.org) for row in rows if row.event and row.model in
                                   (EVENT, ATTRIBUTE, OBJECT)}):  # fmt: skip
            shells = firsts(row for row in self.core.all_of(uuid, owner) if row.model == EVENT)
            if shells:
                work = self.work_on(caller, owner, uuid, self.core.body(shells[0]))
                if self.is_native(shells[0]):
                    work.ceiling = self.core.audience_named(shells[0].audience)
                work.put(EVENT, uuid, work.event, standing=self.core.standing(shells[0]),
                         native=self.is_native(shells[0]))  # fmt: skip
                self.rehome(work, shells[0])
                self.close(caller, work)
        for row in firsts(row for row in rows if row.model in ANALYST):
            body = self.core.body(row)
            work = self.work_on(caller, row.org, row.event, {})
            target = next(iter(self.core.by_uuids(caller, [row.about])), None)
            work.more(row.model, row.uuid, body, self.analyst_audience(caller, row.org, body, target),
                      about=row.about, standing=self.core.standing(row))  # fmt: skip
            self.close(caller, work)

    def delete_event(self, caller: Caller, event: Document) -> None:
        """Recall an event and all that stands in it."""
        if not self.core.may_change(caller, event):
            raise MispRefused(403, NOT_YOURS)
        body = self.core.body(event)
        self.core.write(caller, [], self.core.all_of(event.uuid, event.org), org=event.org)
        self.core.people.deleted(caller, event.uuid, plain(body.get("info")), plain(body["Orgc"].get("name")))

    # -- attributes ----------------------------------------------------------------------------------------------------

    def check_new(self, caller: Caller, event: str, given: Sequence[Mapping[str, Any]], now: int, *,
                  duplicates: bool = False) -> list[tuple[Mapping[str, Any], Body, Errors]]:  # fmt: skip
        """Check new attributes, against the event's own too; return each with its body and its errors."""
        made = [(one, *self.new_attribute(caller, one, now)) for one in given]
        texts = [plain(body.get("value")) for _, body, errors in made if not errors]
        standing = self.similar(caller, event, texts) if texts and not duplicates else set()
        checked = []
        for one, body, errors in made:
            key = (body.get("type", ""), body.get("category", ""), value_hash(plain(body.get("value"))))
            if not errors and not duplicates:
                if key in standing:
                    errors = {"value": [SIMILAR]}
                standing.add(key)
            checked.append((one, body, errors))
        return checked

    def similar(self, caller: Caller, event: str, texts: Iterable[str]) -> set[tuple[str, str, int]]:
        """Return (type, category, hash of the value) of an event's own standing attributes with these values."""
        return {
            (row.type, row.category, key)
            for key, row in self.core.same_values(caller, event, texts)
            if not row.deleted and not row.object
        }

    def edit_attribute(self, caller: Caller, row: Document, given: Mapping[str, Any]) -> None:
        """Change one attribute. Raises MispRefused."""
        event = self.event_of(caller, row)
        work = self.open(caller, event)
        body, errors = self.changed_attribute(caller, row, given, work.now)
        if not errors and not row.object and "value" in given:
            same = [one for key, one in self.core.same_values(caller, event.uuid, [plain(body["value"])])
                    if key == value_hash(body["value"]) and one.uuid != row.uuid and not one.deleted and not one.object
                    and (one.type, one.category) == (body["type"], body["category"])]  # fmt: skip
            if same:
                errors = {"value": [SIMILAR]}
        if errors:
            raise MispRefused(403, "Could not save attribute", errors)
        self.put_attribute(caller, work, given, body, row=row)
        self.bump(work, event)
        self.close(caller, work)

    def delete_attribute(self, caller: Caller, row: Document, *, hard: bool, restore: bool = False) -> None:
        """Delete an attribute: softly (it stays, marked), or by recall; or bring a deleted one back."""
        event = self.event_of(caller, row)
        self.delete_attributes(caller, event, [] if hard else [row], [row] if hard else [], restore=restore)

    def delete_attributes(self, caller: Caller, event: Document, softly: Sequence[Document],
                          for_good: Sequence[Document], *, restore: bool = False) -> None:  # fmt: skip
        """Delete attributes of an event in one change: some softly (or bring them back), some by recall."""
        work = self.open(caller, event)
        for row in for_good:
            work.ends += self.core.standing(row)
        for row, body in zip(softly, self.core.bodies(softly), strict=True):
            changed = {**body, "deleted": not restore, "timestamp": str(max(work.now, row.timestamp))}
            self.put_attribute(caller, work, {}, changed, row=row)
        self.bump(work, event)
        self.close(caller, work)

    # -- objects -------------------------------------------------------------------------------------------------------

    def _edit_object(self, caller: Caller, work: Work, row: Document, given: Mapping[str, Any],
                     rows: Sequence[Document], *, complete: bool) -> Errors:  # fmt: skip
        """Write an object's new version and those of its attributes. ``complete``: what is not given is deleted."""
        stamp = second_of(given.get("timestamp"))
        own = {one.uuid: one for one in rows if one.model == ATTRIBUTE and one.object == row.uuid}
        old = self.core.body(row)
        body, errors = object_fields({name: value for name, value in given.items() if name != "uuid"}, old)
        self.share(caller, given, body, errors)
        if errors:
            return errors
        if complete or stamp is None or stamp > row.timestamp:
            newer = stamp if stamp is not None and stamp > row.timestamp else max(work.now, row.timestamp)
            body["timestamp"] = str(newer)
            work.put(OBJECT, row.uuid, body, standing=self.core.standing(row), native=self.is_native(row))
        else:
            body = old
        seen = set()
        numbers = {self.core.id_out(caller, one.number): one for one in own.values()}
        known = {(ATTRIBUTE, one.uuid): one for one in own.values()}
        for one in listed(given.get("Attribute")):
            attribute = self.known(known, numbers, ATTRIBUTE, one)
            if attribute is None:
                made, faults = self.new_attribute(caller, one, work.now)
                if faults and complete:
                    return faults
                if not faults:
                    made["object_relation"] = plain(one.get("object_relation"))
                    self.put_attribute(caller, work, one, made, holder=body, object=row.uuid)
                continue
            seen.add(attribute.uuid)
            self._edit_inside(caller, work, attribute, one, body, row.uuid)
        if body["deleted"] and not row.deleted or (complete and "Attribute" in given):
            for attribute in own.values():
                if not attribute.deleted and (body["deleted"] or attribute.uuid not in seen):
                    gone = {**self.core.body(attribute), "deleted": True,
                            "timestamp": str(max(work.now, attribute.timestamp))}  # fmt: skip
                    work.puts = [put for put in work.puts if put.uuid != attribute.uuid]
                    self.put_attribute(caller, work, {}, gone, row=attribute, holder=body, object=row.uuid)
        known_references = {one.uuid for one in rows if one.model == "ObjectReference"}
        for one in listed(given.get("ObjectReference")):
            if plain(one.get("uuid")).lower() not in known_references:
                self.put_reference(work, row.uuid, body, one)
        return {}

    def _edit_inside(self, caller: Caller, work: Work, row: Document, given: Mapping[str, Any], holder: Body,
                     uuid: str) -> None:  # fmt: skip
        stamp = second_of(given.get("timestamp"))
        if stamp is not None and stamp <= row.timestamp and not self._differs(row, given):
            return
        body, errors = self.changed_attribute(caller, row, given, work.now)
        if not errors:
            self.put_attribute(caller, work, given, body, row=row, holder=holder, object=uuid)

    def _differs(self, row: Document, given: Mapping[str, Any]) -> bool:
        old = self.core.body(row)
        return any(name in given and plain(given[name]) != plain(old.get(name)) for name in ("value", "comment")) or (
            "to_ids" in given and is_true(given["to_ids"]) != row.to_ids)  # fmt: skip

    def add_object(self, caller: Caller, event: Document, given: Mapping[str, Any], *, unique: bool) -> str:
        """Add an object to an event; return its uuid. Raises MispRefused. ``unique``: a copy of one is refused."""
        work = self.open(caller, event)
        body, errors = object_fields(given)
        self.share(caller, given, body, errors)
        if errors:
            raise MispRefused(403, "Could not add Object", errors)
        made = [(one, *self.new_attribute(caller, one, work.now)) for one in listed(given.get("Attribute"))]
        for _, _, errors in made:
            if errors:
                raise MispRefused(403, "Could not add Object", errors)
        if unique:
            self._refuse_copy(caller, event, given, [body for _, body, _ in made])
        uuid = self.put_object(caller, work, given, made=made)
        if not uuid or len(work.puts) < 2:
            raise MispRefused(403, "Could not add Object", "Could not save the object: it holds no attributes.")
        self.bump(work, event)
        self.close(caller, work)
        return uuid

    def _refuse_copy(self, caller: Caller, event: Document, given: Mapping[str, Any], made: Sequence[Body]) -> None:
        wanted = {(plain(body.get("object_relation")), value_hash(plain(body.get("value")))) for body in made}
        rows = firsts(row for row in self.core.of_events(caller, [event.uuid]) if row.org == event.org)
        same = [row for row in rows if row.model == OBJECT and not row.deleted and row.type == plain(given.get("name"))]
        inside = [row for row in rows if row.model == ATTRIBUTE and not row.deleted
                  and row.object in {one.uuid for one in same}]  # fmt: skip
        found: dict[str, set[tuple[str, int]]] = {}
        for row, body in zip(inside, self.core.bodies(inside), strict=True):
            found.setdefault(row.object, set()).add((plain(body.get("object_relation")),
                                                     value_hash(plain(body.get("value")))))  # fmt: skip
        if any(found.get(row.uuid) == wanted for row in same):
            raise MispRefused(403, "Could not add Object", "Duplicate object found. Since breakOnDuplicate is set the "
                                                           "object will not be added.")  # fmt: skip

    def edit_object(self, caller: Caller, row: Document, given: Mapping[str, Any]) -> None:
        """Change an object; attributes that are not given are deleted, where any are given."""
        event = self.event_of(caller, row)
        work = self.open(caller, event)
        rows = firsts(one for one in self.core.of_events(caller, [row.event]) if one.org == row.org)
        errors = self._edit_object(caller, work, row, given, rows, complete=True)
        if errors:
            raise MispRefused(403, "Could not save Object", errors)
        self.bump(work, event)
        self.close(caller, work)

    def delete_object(self, caller: Caller, row: Document, *, hard: bool) -> None:
        """Delete an object with its attributes."""
        event = self.event_of(caller, row)
        work = self.open(caller, event)
        rows = [one for one in self.core.all_of(row.event, row.org) if one.object == row.uuid or one.about == row.uuid]
        if hard:
            work.ends += [*self.core.standing(row), *rows]
        else:
            self._edit_object(caller, work, row, {"deleted": True}, firsts(rows), complete=True)
        self.bump(work, event)
        self.close(caller, work)

    # -- tags ----------------------------------------------------------------------------------------------------------

