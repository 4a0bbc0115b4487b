"""The pieces of a change: attributes, objects, references, reports, notes, tags, each checked and given its readers.

Everything here adds to a :class:`~.work.Work`; nothing is written before the work is closed (``service``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from fusioncell.exchange.misp import Caller, Document, View
from fusioncell.exchange.misp.content.check import Errors, Types, is_true, plain, seen_at
from fusioncell.exchange.misp.content.pack import lock_sample
from fusioncell.exchange.misp.content.take import (
    Body,
    is_uuid,
    level_of,
    listed,
    merged_tags,
    object_fields,
    second_of,
    tag_kept,
    tags_given,
)
from fusioncell.exchange.misp.content.work import Work
from fusioncell.exchange.misp.model import ATTRIBUTE, OBJECT
from fusioncell.exchange.misp.restrict import Level, audience_of, within_target
from fusioncell.exchange.misp.service import Misp
from fusioncell.exchange.misp.show import kept_of
from fusioncell.kernel.clock import SECOND, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Audience

NOT_YOURS = "You do not have permission to do that."
SIMILAR = "A similar attribute already exists for this event."
WARNED = "The value trips over a warninglist and enforceWarninglist is enforced."
ANALYST = ("Note", "Opinion", "Relationship")
_encode = msgspec.json.Encoder().encode


class Pieces:
    """Makes the pieces of changes."""

    def __init__(self, core: Misp, types: Types) -> None:
        self.core, self.types = core, types
        self.event_json: Callable[[Caller, Document, View], Body] | None = None
        """What shows an event of many attributes at less cost than ``core.event_json``; joined in ``bootstrap``."""

    def now(self) -> int:
        """Return the time in seconds."""
        return self.core.clock.now() // SECOND

    def new_uuid(self) -> str:
        """Return a fresh uuid."""
        return new_id(self.core.randomness)

    def is_native(self, document: Document) -> bool:
        """Tell whether something came in by another door, whatever was changed of it here since."""
        return came_by_another_door(self.core.entries([document])[0])

    def share(self, caller: Caller, given: Mapping[str, Any], body: Body, errors: Errors) -> None:
        """Take the sharing group of something that is shared with one."""
        if str(body.get("distribution")) != "4":
            body.pop("sharing_group_uuid", None)
            return
        inner = given.get("SharingGroup")
        asked = given.get("sharing_group_id") or (inner.get("uuid") if isinstance(inner, Mapping) else None)
        if asked in (None, "", "0", 0):
            if not body.get("sharing_group_uuid"):
                errors["sharing_group_id"] = ["Invalid sharing group."]
            return
        found = self.core.people.sharing_group(caller, str(asked))
        if found is None:
            errors["sharing_group_id"] = ["Invalid sharing group."]
        else:
            body["sharing_group_uuid"] = found.uuid

    def new_attribute(self, caller: Caller, given: Mapping[str, Any], now: int) -> tuple[Body, Errors]:
        """Return a new attribute's body, checked."""
        body, errors = self.types.take(kept_of(given))
        uuid = plain(body.get("uuid") or "").lower()
        if uuid and not is_uuid(uuid):
            errors["uuid"] = ["Please provide a valid RFC 4122 UUID"]
        body["uuid"] = uuid or self.new_uuid()
        body["timestamp"] = str(second_of(given.get("timestamp")) or now)
        if body["distribution"] == "4" if "distribution" in body else False:
            self.share(caller, given, body, errors)
        if given.get("data"):
            self.attach(given, body, errors)
        if given.get("Tag"):
            self.retag(caller, body, {}, given.get("Tag"))
        else:
            body.pop("Tag", None)
        if is_true(given.get("enforceWarninglist")) and not errors:
            if self.core.packs.warnings(body["type"], body["value"]):
                errors["warninglist"] = [WARNED]
        return body, errors

    def attach(self, given: Mapping[str, Any], body: Body, errors: Errors) -> None:
        """Take an attachment; a sample that is not locked yet is locked."""
        data = given.get("data")
        if body.get("type") not in ("attachment", "malware-sample") or not isinstance(data, str):
            body.pop("data", None)
            return
        body["data"] = data
        if body["type"] == "malware-sample" and (is_true(given.get("encrypt")) or "|" not in plain(body["value"])):
            locked = lock_sample(plain(body["value"]), data)
            if locked is None:
                errors["data"] = ["The sample is no base64, or too large."]
            else:
                body["value"], body["data"] = locked

    def put_attribute(self, caller: Caller, work: Work, given: Mapping[str, Any], body: Body, *,
                      row: Document | None = None, holder: Body | None = None, object: str = "",
                      place: str = "") -> None:  # fmt: skip
        """Write an attribute with what came inside it: local tags, sightings, notes."""
        uuid = body["uuid"] = row.uuid if row is not None else body["uuid"]
        if row is not None and row.object and holder is None:
            holder, object = self.holder_of(caller, row), row.object
        work.put(ATTRIBUTE, uuid, body, holder=holder, object=object, place=place,
                 standing=self.core.standing(row) if row is not None else (),
                 native=row is not None and self.is_native(row))  # fmt: skip
        if len(given) > 3:
            if "Tag" in given:
                self.local(caller, work, ATTRIBUTE, uuid, given["Tag"])
            if "Sighting" in given and row is None:
                for one in listed(given["Sighting"]):
                    self.put_sighting(work, uuid, one)
            if "Note" in given or "Opinion" in given or "Relationship" in given:
                self.put_analyst(caller, work, ATTRIBUTE, uuid, given)

    def holder_of(self, caller: Caller, row: Document) -> Body | None:
        """Return the body of the object in which an attribute stands."""
        found = [one for one in self.core.by_uuids(caller, [row.object], OBJECT) if one.org == row.org]
        return self.core.body(found[0]) if found else None

    def changed_attribute(self, caller: Caller, row: Document, given: Mapping[str, Any], now: int
                          ) -> tuple[Body, Errors]:  # fmt: skip
        """Return an attribute's new body: what is given goes over what stands."""
        old = self.core.body(row)
        said = {name: value for name, value in kept_of(given).items() if name not in ("uuid", "Tag", "timestamp")}
        if "type" in said and said["type"] != old.get("type") and "category" not in said:
            old = {**old, "category": None}
        body, errors = self.types.take(said, old)
        body["uuid"] = row.uuid
        self.share(caller, given, body, errors)
        if given.get("data"):
            self.attach(given, body, errors)
        self.retag(caller, body, old, given.get("Tag"))
        stamp = second_of(given.get("timestamp"))
        body["timestamp"] = str(stamp if stamp is not None and stamp > row.timestamp else max(now, row.timestamp))
        return body, errors

    def put_object(self, caller: Caller, work: Work, given: Mapping[str, Any], *, place: str = "",
                   made: Sequence[tuple[Mapping[str, Any], Body, Errors]] | None = None) -> str:  # fmt: skip
        """Write a new object with its attributes and references; return its uuid, "" where it is not in order.

        ``made``: its attributes, where they were checked already.
        """
        body, errors = object_fields(given)
        self.share(caller, given, body, errors)
        uuid = plain(body.get("uuid") or "").lower() or self.new_uuid()
        if errors or not is_uuid(uuid):
            return ""
        body["uuid"] = uuid
        body["timestamp"] = str(second_of(given.get("timestamp")) or work.now)
        work.put(OBJECT, uuid, body, place=place or "Event.Object[0]")
        if made is None:
            made = [(one, *self.new_attribute(caller, one, work.now)) for one in listed(given.get("Attribute"))]
        for index, (one, inner, errors) in enumerate(made):
            if not errors:
                inner["object_relation"] = plain(one.get("object_relation"))
                self.put_attribute(caller, work, one, inner, holder=body, object=uuid,
                                   place=f"{place}.Attribute[{index}]" if place else "")  # fmt: skip
        for one in listed(given.get("ObjectReference")):
            self.put_reference(work, uuid, body, one)
        self.put_analyst(caller, work, OBJECT, uuid, given)
        return uuid

    def put_reference(self, work: Work, uuid: str, thing: Body, given: Mapping[str, Any]) -> str:
        """Write a reference from an object; return its uuid."""
        own = plain(given.get("uuid")).lower()
        own = own if is_uuid(own) else self.new_uuid()
        body = {"uuid": own, "referenced_uuid": plain(given.get("referenced_uuid")).lower(),
                "relationship_type": plain(given.get("relationship_type")), "comment": plain(given.get("comment")),
                "timestamp": str(second_of(given.get("timestamp")) or work.now)}  # fmt: skip
        work.more("ObjectReference", own, body, work.audiences(thing)[0], about=uuid)
        return own

    def retag(self, caller: Caller, body: Body, old: Mapping[str, Any], given: Any) -> None:
        """Put a thing's tags in place: those that stand, less those marked deleted, and new ones that may be used."""
        added, removed = [], []
        for one in tags_given(given):
            if is_true(one.get("deleted")):
                removed.append(one["name"])
            elif not is_true(one.get("local")):
                name = self.core.packs.use_tag(caller, one)
                if name:
                    added.append(tag_kept(one, name))
        made = merged_tags(old.get("Tag") or (), added, removed)
        if made:
            body["Tag"] = made
        else:
            body.pop("Tag", None)

    def local(self, caller: Caller, work: Work, model: str, uuid: str, given: Any) -> None:
        """Write the local ones among the tags of a thing."""
        for one in tags_given(given):
            if is_true(one.get("local")) and not is_true(one.get("deleted")):
                name = self.core.packs.use_tag(caller, one)
                if name and work.owner == caller.viewer.org:
                    self.put_local(work, uuid, name)

    def work_on(self, caller: Caller, owner: str, uuid: str, body: Body) -> Work:
        """Begin a change of an event of ``owner``."""

        def groups(given: str) -> frozenset[str] | None:
            found = self.core.people.sharing_group(caller, given) if given else None
            return found.orgs if found is not None else None

        return Work(owner=owner, uuid=uuid, event=body, now=self.now(), compatible=self.core.compatible,
                    named=self.core.audience_named, groups=groups, encode=_encode)  # fmt: skip

    # -- what is about things ------------------------------------------------------------------------------------------

    def own_audience(self, org: str) -> Audience:
        """Return the readers of what is an organisation's alone."""
        return audience_of(org, (), private=True)

    def put_local(self, work: Work, uuid: str, name: str) -> None:
        """Write a local tag of the work's organisation: it never leaves it."""
        body = {"name": name, "timestamp": str(work.now)}
        work.more("LocalTag", self.new_uuid(), body, self.own_audience(work.owner), about=uuid)

    def put_sighting(self, work: Work, uuid: str, given: Mapping[str, Any]) -> None:
        """Write a sighting that came inside an attribute: its organisation's own."""
        own = plain(given.get("uuid")).lower()
        body = {"type": plain(given.get("type") or "0"), "source": plain(given.get("source")),
                "date_sighting": str(second_of(given.get("date_sighting")) or work.now), "timestamp": str(work.now)}
        if body["type"] in ("0", "1", "2", "3"):
            work.more("Sighting", own if is_uuid(own) else self.new_uuid(), body, self.own_audience(work.owner),
                      about=uuid)  # fmt: skip

    def report_body(self, caller: Caller, given: Mapping[str, Any], old: Body | None, now: int) -> tuple[Body, Errors]:
        """Return an event report's body, checked."""
        body: Body = {**(old or {}), **{name: value for name, value in kept_of(given).items() if name != "uuid"}}
        errors: Errors = {}
        body["name"], body["content"] = plain(body.get("name")), plain(body.get("content"))
        if not body["name"].strip():
            errors["name"] = ["Name cannot be empty."]
        body["distribution"] = level_of(body.get("distribution", "5"), "5")
        body["deleted"] = is_true(body.get("deleted"))
        body["timestamp"] = str(now)
        self.share(caller, given, body, errors)
        return body, errors

    def put_report(self, caller: Caller, work: Work, given: Mapping[str, Any]) -> str:
        """Write a new event report; return its uuid, "" where it is not in order."""
        body, errors = self.report_body(caller, given, None, work.now)
        uuid = plain(given.get("uuid")).lower()
        uuid = uuid if is_uuid(uuid) else self.new_uuid()
        if errors:
            return ""
        work.more("EventReport", uuid, body, work.audiences(body)[0], about=work.uuid)
        return uuid

    def put_analyst(self, caller: Caller, work: Work, model: str, uuid: str, given: Mapping[str, Any],
                    known: Mapping[tuple[str, str], Document] | None = None) -> None:  # fmt: skip
        """Write the notes, opinions and relationships that came inside a thing of the work."""
        for name in ANALYST:
            for one in listed(given.get(name)):
                own = plain(one.get("uuid")).lower()
                if known and (name, own) in known:
                    continue
                body, errors = self.analyst_body(caller, name, {**one, "object_type": model}, None, work.now)
                if not errors:
                    body["object_uuid"] = uuid
                    work.more(name, own if is_uuid(own) else self.new_uuid(), body, work.audiences(body)[0], about=uuid)

    def analyst_body(self, caller: Caller, model: str, given: Mapping[str, Any], old: Body | None, now: int
                     ) -> tuple[Body, Errors]:  # fmt: skip
        """Return the body of a note, an opinion or a relationship, checked."""
        body: Body = {**(old or {}), **{name: value for name, value in kept_of(given).items()
                                        if name not in ("uuid", "org_uuid", "orgc_uuid", "object_uuid", "Orgc")}}
        errors: Errors = {}
        if model == "Note" and not plain(body.get("note")).strip():
            errors["note"] = ["Note cannot be empty."]
        if model == "Opinion":
            number = plain(body.get("opinion"))
            if not number.isdigit() or not 0 <= int(number[:4]) <= 100:
                errors["opinion"] = ["Opinion has to be a number between 0 and 100."]
            else:
                body["opinion"] = int(number)
        if model == "Relationship" and not is_uuid(plain(body.get("related_object_uuid"))):
            errors["related_object_uuid"] = ["Invalid UUID."]
        body["distribution"] = level_of(body.get("distribution", "1"), "1")
        made = seen_at((old or given).get("created")) if (old or given).get("created") else None
        body["created"] = made[:19].replace("T", " ") if made else _stamp(now)
        body["timestamp"] = str(now)
        own = self.core.people.organisation(caller, caller.viewer.org or "")
        asked = plain(given.get("orgc_uuid"))
        trusted = caller.site_admin or caller.role.may("perm_sync")
        # A relayed one keeps its time, or two that synchronise would each find the other's newer without end.
        changed = seen_at(given["modified"]) if trusted and asked and given.get("modified") else None
        body["modified"] = changed[:19].replace("T", " ") if changed else _stamp(now)
        body.setdefault("orgc_uuid", asked if asked and trusted and old is None else str(own.get("uuid", "")))
        body.setdefault("authors", "")
        self.share(caller, given, body, errors)
        return body, errors

    def analyst_audience(self, caller: Caller, owner: str, body: Mapping[str, Any], target: Document | None
                         ) -> Audience:  # fmt: skip
        """Return the readers of a note: those that it is for, and of them none who may not see what it is about."""
        orgs = None
        if str(body.get("distribution")) == "4":
            found = self.core.people.sharing_group(caller, str(body.get("sharing_group_uuid", "")))
            orgs = found.orgs if found is not None else None
        wanted = audience_of(owner, [Level(int(body.get("distribution", 1)), orgs)])
        if target is None:
            return wanted
        return within_target(owner, wanted, self.core.audience_named(target.audience), target.org)


def came_by_another_door(entry: Entry | None) -> bool:
    """Tell whether an entry came by another door than MISP's, or follows one that did."""
    if entry is None or entry.payload is None:
        return True
    return entry.payload.meta.get("door") != "misp" or bool(entry.payload.meta.get("native"))


def _stamp(now: int) -> str:
    return format_instant(now * SECOND)[:19].replace("T", " ")
