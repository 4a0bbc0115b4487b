"""The actions of events, attributes, objects and references, as MISP's controllers answer them."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fusioncell.exchange.misp import Actions, Call, Document, MispRefused, Reply, View, named_actions
from fusioncell.exchange.misp.content.check import is_true, plain
from fusioncell.exchange.misp.content.pack import check_samples
from fusioncell.exchange.misp.content.service import Content
from fusioncell.exchange.misp.content.take import MAX_CHILDREN, Body
from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT
from fusioncell.exchange.misp.service import Find
from fusioncell.kernel.errors import NotFound

MAX_LISTED = 500
"""Events or attributes of one plain index."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 _.()+-]{1,200}\Z")


def said(call: Call, message: str, **more: Any) -> Reply:
    """Return MISP's answer of something done."""
    return Reply({"saved": True, "success": True, "name": message, "message": message, "url": call.path, **more})


def flag(call: Call, name: str, default: bool = False) -> bool:
    """Return a parameter that is a flag."""
    given = call.given(name)
    return default if given is None else is_true(given)


def view_of(call: Call) -> View:
    """Return what of an event is asked for."""
    deleted = call.given("deleted", 0)
    values = {plain(one) for one in deleted} if isinstance(deleted, list) else {plain(deleted)}
    only = values == {"only"}
    return View(
        deleted=1 if only else 2 if values & {"1", "true", "True", "only"} else 0,
        metadata=flag(call, "metadata"), sightings=not flag(call, "noSightings"),
        attachments=flag(call, "includeAttachments", True), proposals=not flag(call, "noShadowAttributes"),
        reports=not flag(call, "noEventReports"), warnings=flag(call, "includeWarninglistHits"),
        local_tags=not flag(call, "excludeLocalTags"), extended=flag(call, "extended"),
    )  # fmt: skip


class _Doors:
    """The actions over the use cases."""

    def __init__(self, content: Content) -> None:
        self.content, self.core = content, content.core

    def _one(self, call: Call, model: str, index: int = 0) -> Document:
        given = call.argument(index) or plain(call.given(model.lower() + "_id") or call.fields(model).get("uuid"))
        return self.core.resolve(call.caller, model, given)

    # -- events --------------------------------------------------------------------------------------------------------

    def event_view(self, call: Call) -> Reply:
        """``events/view/{id}``."""
        event = self._one(call, EVENT)
        return self._event(call, event, view_of(call))

    def _event(self, call: Call, event: Document, view: View) -> Reply:
        if self.content.event_json is not None and not (view.extended or flag(call, "excludeGalaxy")):
            return Reply({"Event": self.content.event_json(call.caller, event, view)})
        shown = self.core.event_json(call.caller, event, view)
        if flag(call, "excludeGalaxy"):
            for one in _with_galaxies(shown):
                one.pop("Galaxy", None)
        if view.extended:
            for other in self.core.extending(call.caller, event.uuid):
                more = self.core.event_json(call.caller, other, view)
                for name in ("Attribute", "Object", "Tag", "Galaxy", "EventReport"):
                    shown[name] += more[name]
                shown.setdefault("extensionEvents", {})[more["id"]] = {
                    name: more[name] for name in ("id", "info", "Orgc", "uuid") if name in more
                }
        return Reply({"Event": shown})

    def event_add(self, call: Call) -> Reply:
        """``events/add``."""
        event = self.content.add_event(call.caller, call.fields("Event"))
        return self._event(call, event, View(metadata=flag(call, "metadata")))

    def event_edit(self, call: Call) -> Reply:
        """``events/edit/{id}``."""
        event = self.content.edit_or_relay(call.caller, self._one(call, EVENT), call.fields("Event"))
        return self._event(call, event, View(metadata=flag(call, "metadata")))

    def event_delete(self, call: Call) -> Reply:
        """``events/delete/{id}``; a list of ids is taken too."""
        given = call.arguments or tuple(plain(one) for one in _ids(call))
        if not given:
            raise NotFound("Invalid event")
        for one in given[:MAX_LISTED]:
            self.content.delete_event(call.caller, self.core.resolve(call.caller, EVENT, one))
        return said(call, "Event deleted.")

    def event_publish(self, call: Call) -> Reply:
        """``events/publish/{id}`` and ``events/alert/{id}``: at once; the answer is that of MISP's queue."""
        event = self._one(call, EVENT)
        self.content.publish(call.caller, event)
        return said(call, "Job queued", id=self.core.id_out(call.caller, event.number))

    def event_unpublish(self, call: Call) -> Reply:
        """``events/unpublish/{id}``."""
        self.content.publish(call.caller, self._one(call, EVENT), on=False)
        return said(call, "Event unpublished.")

    def event_contact(self, call: Call) -> Reply:
        """``events/contact/{id}``: a message to who made the event."""
        event = self._one(call, EVENT)
        entry = self.core.entries([event])[0]
        author = entry.payload.author if entry is not None and entry.payload is not None else ""
        message = plain(call.given("message"))
        if not message.strip():
            raise MispRefused(403, "Message cannot be empty.")
        info = plain(self.core.body(event).get("info"))
        if not self.core.people.contact(call.caller, event.org, author, info, message[:10_000]):
            raise MispRefused(403, "Sending of email failed: its maker has no address here.")
        return said(call, "Email sent to the reporter.")

    def event_index(self, call: Call) -> Reply:
        """``events/index``: the events, newest last; searching is ``misp.search``'s."""
        events = self.core.find(call.caller, Find(models=(EVENT,), limit=MAX_LISTED))
        return Reply(self.index_rows(call, events))

    def index_rows(self, call: Call, events: list[Document]) -> list[Body]:
        """Show events as an index does."""
        lens = self.core.lens(call.caller)
        return [self._index_row(lens.event(event, body)) for event, body in
                zip(events, self.core.bodies(events), strict=True)]  # fmt: skip

    def _index_row(self, shown: Body) -> Body:
        row = {name: value for name, value in shown.items() if not isinstance(value, list)}
        row["EventTag"] = [{"tag_id": tag.get("id", "0"), "local": tag["local"], "Tag": tag} for tag in shown["Tag"]]
        row["GalaxyCluster"] = [cluster for galaxy in shown["Galaxy"] for cluster in galaxy.get("GalaxyCluster", ())]
        return row

    # -- attributes ----------------------------------------------------------------------------------------------------

    def attribute_view(self, call: Call) -> Reply:
        """``attributes/view/{id}``."""
        return self._attribute(call, self._one(call, ATTRIBUTE))

    def _attribute(self, call: Call, row: Document, view: View | None = None) -> Reply:
        shown = self.core.attributes_json(call.caller, [row], view or View(attachments=True))
        if not shown:
            raise NotFound("Invalid attribute")
        event = self.core.by_uuids(call.caller, [row.event], EVENT)
        return Reply({"Attribute": {**shown[0], "event_uuid": event[0].uuid if event else row.event}})

    def attribute_download(self, call: Call) -> Reply:
        """``attributes/download/{id}``: the attachment; of a malware sample the zip locked with ``infected``."""
        row = self._one(call, ATTRIBUTE, int(call.argument(0) == "download"))
        shown = self._attribute(call, row).body["Attribute"]
        if not shown.get("data"):
            raise MispRefused(404, "Attachment not found.")
        name, _, digest = plain(shown["value"]).partition("|")
        name = f"{digest}.zip" if shown["type"] == "malware-sample" else name
        # TheHive reads the plain form alone, and nothing may follow it.
        told = f'="{name}"' if _PLAIN_NAME.match(name) else f"*=UTF-8''{quote(name, safe='')}"
        headers = {"Content-Disposition": f"attachment; filename{told}"}
        return Reply(b64decode(shown["data"]), 200, "application/octet-stream", headers)

    def attribute_index(self, call: Call) -> Reply:
        """``attributes/index``."""
        rows = self.core.find(call.caller, Find(models=(ATTRIBUTE,), deleted=False, limit=MAX_LISTED))
        return Reply(self.core.attributes_json(call.caller, rows, View(sightings=False, proposals=False)))

    def attribute_add(self, call: Call) -> Reply:
        """``attributes/add/{event}``: one, or a list, each with its own errors."""
        event = self._one(call, EVENT)
        body = call.body
        if isinstance(body, dict) and isinstance(body.get("Attribute"), (list, dict)):
            body = body["Attribute"]
        body = _one_each(body)
        several = isinstance(body, list)
        given = [one for one in body if isinstance(one, dict)] if isinstance(body, list) else [call.fields("Attribute")]
        unique = flag(call, "breakOnDuplicate", True)
        added, errors = self._add_attributes(call, event, given, unique=unique)
        if not added:
            first = next(iter(errors.values()), {"value": ["Value not set."]})
            plain_words = first.get("warninglist", [""])[0] if not several else ""
            raise MispRefused(403, "Could not add Attribute", (plain_words or first) if not several else errors)
        rows = self.core.by_uuids(call.caller, added, ATTRIBUTE)
        order = {uuid: index for index, uuid in enumerate(added)}
        rows.sort(key=lambda row: order[row.uuid])
        shown = self.core.attributes_json(call.caller, rows, View(attachments=True))
        answer: Body = {"Attribute": shown if len(given) > 1 else shown[0]}
        if errors:
            answer["errors"] = errors
        return Reply(answer)

    def _add_attributes(self, call: Call, event: Document, given: list[Body], *, unique: bool
                        ) -> tuple[list[str], dict[str, Any]]:  # fmt: skip
        content, caller = self.content, call.caller
        work = content.open(caller, event)
        added: list[str] = []
        errors: dict[str, Any] = {}
        checked = content.check_new(caller, event.uuid, given, work.now, duplicates=not unique)
        standing = {} if unique else self._standing(call, event, [plain(body.get("value")) for _, body, _ in checked])
        for index, (one, body, faults) in enumerate(checked):
            row = standing.get((body.get("type", ""), body.get("category", ""), plain(body.get("value")).lower()))
            if faults:
                errors[f"attribute_{index}"] = faults
            else:
                content.put_attribute(caller, work, one, body, row=row)
                added.append(body["uuid"])
        if added:
            content.bump(work, event)
            content.close(caller, work)
        return added, errors

    def _standing(self, call: Call, event: Document, values: list[str]) -> dict[tuple[str, str, str], Document]:
        rows = [row for _, row in self.core.same_values(call.caller, event.uuid, values) if not row.deleted]
        rows = [row for row in rows if not row.object]
        bodies = self.core.bodies(rows)
        return {(row.type, row.category, plain(body.get("value")).lower()): row
                for row, body in zip(rows, bodies, strict=True)}  # fmt: skip

    def attribute_edit(self, call: Call) -> Reply:
        """``attributes/edit/{id}``."""
        row = self._one(call, ATTRIBUTE)
        self.content.edit_attribute(call.caller, row, call.fields("Attribute"))
        return self._attribute(call, self.core.resolve(call.caller, ATTRIBUTE, row.uuid))

    def attribute_delete(self, call: Call) -> Reply:
        """``attributes/delete/{id}[/true]``."""
        hard = flag(call, "hard") or call.argument(1) in ("1", "true")
        self.content.delete_attribute(call.caller, self._one(call, ATTRIBUTE), hard=hard)
        return said(call, "Attribute deleted.")

    def attribute_restore(self, call: Call) -> Reply:
        """``attributes/restore/{id}``."""
        row = self._one(call, ATTRIBUTE)
        self.content.delete_attribute(call.caller, row, hard=False, restore=True)
        return self._attribute(call, self.core.resolve(call.caller, ATTRIBUTE, row.uuid))

    # -- objects -------------------------------------------------------------------------------------------------------

    def object_view(self, call: Call) -> Reply:
        """``objects/view/{id}``."""
        return self._object(call, self._one(call, OBJECT))

    def _object(self, call: Call, row: Document, *, deleted: int = 2) -> Reply:
        event = self.content.event_of(call.caller, row)
        shown = self.core.event_json(call.caller, event, View(deleted=deleted, attachments=True))
        for one in shown["Object"]:
            if one["uuid"] == row.uuid:
                if not row.deleted:
                    one["Attribute"] = [each for each in one["Attribute"] if not each["deleted"]]
                head = {name: shown[name] for name in ("id", "info", "org_id", "orgc_id", "uuid") if name in shown}
                return Reply({"Object": {**one, "Event": head}})
        raise NotFound("Invalid object")

    def object_add(self, call: Call) -> Reply:
        """``objects/add/{event}[/{template}]``."""
        given = self._of_template(call, call.fields("Object"))
        unique = flag(call, "breakOnDuplicate") or is_true(given.get("breakOnDuplicate"))
        event = self._one(call, EVENT)
        uuid = self.content.add_object(call.caller, event, given, unique=unique)
        return self._object(call, self.core.resolve(call.caller, OBJECT, uuid))

    def _of_template(self, call: Call, given: Body) -> Body:
        """Return an object as MISP's form sends one: its attributes stand beside it, its template in the path."""
        if "Attribute" not in given and isinstance(call.body, dict) and "Attribute" in call.body:
            given["Attribute"] = call.body["Attribute"]
        template = self.core.packs.template(call.argument(1)) if call.argument(1) and not given.get("name") else None
        if template is not None:
            given |= {"name": template["name"], "meta-category": template["meta-category"],
                      "description": template["description"], "template_uuid": template["uuid"],
                      "template_version": str(template["version"])}  # fmt: skip
        return given

    def object_edit(self, call: Call) -> Reply:
        """``objects/edit/{id}``."""
        row = self._one(call, OBJECT)
        self.content.edit_object(call.caller, row, call.fields("Object"))
        return self._object(call, self.core.resolve(call.caller, OBJECT, row.uuid))

    def object_delete(self, call: Call) -> Reply:
        """``objects/delete/{id}[/true]``."""
        hard = flag(call, "hard") or call.argument(1) in ("1", "true")
        self.content.delete_object(call.caller, self._one(call, OBJECT), hard=hard)
        return said(call, "Object deleted")

    # -- references ----------------------------------------------------------------------------------------------------

    def reference_add(self, call: Call) -> Reply:
        """``objectReferences/add``."""
        given = call.fields("ObjectReference")
        source = plain(given.get("object_uuid") or given.get("source_uuid") or given.get("object_id"))
        row = self.core.resolve(call.caller, OBJECT, call.argument(0) or source)
        event = self.content.event_of(call.caller, row)
        work = self.content.open(call.caller, event)
        referenced = plain(given.get("referenced_uuid"))
        if not referenced:
            raise MispRefused(403, "Object reference could not be saved.", {"referenced_uuid": ["Invalid reference"]})
        uuid = self.content.put_reference(work, row.uuid, self.core.body(row), given)
        self.content.bump(work, event)
        self.content.close(call.caller, work)
        made = self.core.resolve(call.caller, "ObjectReference", uuid)
        target = next(iter(self.core.by_uuids(call.caller, [referenced], OBJECT, ATTRIBUTE)), None)
        lens = self.core.lens(call.caller)
        shown = lens.reference(made, self.core.body(made), lens.id_out(row.number), lens.id_out(event.number), target)
        return Reply({"ObjectReference": shown})

    def reference_delete(self, call: Call) -> Reply:
        """``objectReferences/delete/{id}[/true]``."""
        row = self._one(call, "ObjectReference")
        event = self.content.event_of(call.caller, row)
        work = self.content.open(call.caller, event)
        work.ends += self.core.standing(row)
        self.content.bump(work, event)
        self.content.close(call.caller, work)
        return said(call, "ObjectReference deleted")


def _with_galaxies(shown: Body) -> list[Body]:
    """Return an event and the attributes in it: what galaxies stand in."""
    return [shown, *shown["Attribute"], *(one for thing in shown["Object"] for one in thing["Attribute"])]


def _one_each(given: Any) -> Any:
    """Return an attribute with a list of values (or lines, where ``batch_import`` says so) as one for each value."""
    if not isinstance(given, dict):
        return given
    values = given.get("value")
    if isinstance(values, str) and is_true(given.get("batch_import")):
        values = [line for line in values.splitlines() if line.strip()]
    if not isinstance(values, list):
        return given
    rest = {name: value for name, value in given.items() if name not in ("batch_import", "uuid")}
    return [{**rest, "value": value} for value in values[:MAX_CHILDREN]]


def _ids(call: Call) -> list[Any]:
    given: Any = call.given("id") or call.given("event_id") or []
    return given if isinstance(given, list) else [given]


def actions(content: Content) -> Actions:
    """Return the package's actions."""
    doors = _Doors(content)
    reads: Mapping[str, Callable[[Call], Reply]] = {
        "events/view": doors.event_view, "events/index": doors.event_index,
        "attributes/view": doors.attribute_view, "attributes/index": doors.attribute_index,
        "attributes/download": doors.attribute_download, "attributes/downloadAttachment": doors.attribute_download,
        "objects/view": doors.object_view,
    }  # fmt: skip
    writes: Mapping[str, tuple[Callable[[Call], Reply], str]] = {
        "events/add": (doors.event_add, "perm_add"), "events/edit": (doors.event_edit, "perm_modify"),
        "events/delete": (doors.event_delete, "perm_modify"), "events/publish": (doors.event_publish, "perm_publish"),
        "events/alert": (doors.event_publish, "perm_publish"),
        "events/unpublish": (doors.event_unpublish, "perm_modify"), "events/contact": (doors.event_contact, ""),
        "attributes/add": (doors.attribute_add, "perm_add"), "attributes/edit": (doors.attribute_edit, "perm_add"),
        "attributes/delete": (doors.attribute_delete, "perm_add"),
        "attributes/restore": (doors.attribute_restore, "perm_add"),
        "objects/add": (doors.object_add, "perm_add"), "objects/edit": (doors.object_edit, "perm_add"),
        "objects/delete": (doors.object_delete, "perm_add"),
        "object_references/add": (doors.reference_add, "perm_add"),
        "object_references/delete": (doors.reference_delete, "perm_add"),
    }  # fmt: skip
    return named_actions(reads, {name: (_bounded(run), needed) for name, (run, needed) in writes.items()})


def _bounded(run: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
    def checked(call: Call) -> Reply:
        check_samples(call.body)
        return run(call)

    return checked
