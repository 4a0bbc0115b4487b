"""What stands, in MISP's JSON: numbers as strings, flags as booleans, ids as the caller sees them. Pure.

A body's own fields all go out again (DESIGN rule 7); what is of this instance (ids, organisations, tags' definitions)
is put over them. One :class:`Lens` serves one answer: it remembers what it asked of the ports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fusioncell.exchange.misp.model import Caller, Document, SharingGroup
from fusioncell.exchange.misp.ports import Packs, People, names_of
from fusioncell.exchange.misp.restrict import tlp_of
from fusioncell.kernel.clock import SECOND, format_instant
from fusioncell.kernel.marking import Tlp

Body = dict[str, Any]
GALAXY = "misp-galaxy:"
TYPES_OF_REFERENCES = {"Attribute": "0", "Object": "1"}
_ATTRIBUTE: Body = {
    "id": "", "event_id": "0", "object_id": "0", "object_relation": None, "category": "", "type": "", "to_ids": False,
    "uuid": "", "timestamp": "0", "distribution": "5", "sharing_group_id": "0", "comment": "", "deleted": False,
    "disable_correlation": False, "first_seen": None, "last_seen": None, "value": "",
}  # fmt: skip
_OBJECT: Body = {
    "id": "", "name": "", "meta-category": "", "description": "", "template_uuid": "", "template_version": "1",
    "event_id": "0", "uuid": "", "timestamp": "0", "distribution": "5", "sharing_group_id": "0", "comment": "",
    "deleted": False, "first_seen": None, "last_seen": None, "ObjectReference": [], "Attribute": [],
}  # fmt: skip
_EVENT: Body = {
    "id": "", "orgc_id": "0", "org_id": "0", "date": "", "threat_level_id": "4", "info": "", "published": False,
    "uuid": "", "attribute_count": "0", "analysis": "0", "timestamp": "0", "distribution": "1",
    "proposal_email_lock": False, "locked": False, "publish_timestamp": "0", "sharing_group_id": "0",
    "disable_correlation": False, "extends_uuid": "", "protected": None, "event_creator_email": "",
}  # fmt: skip
_LISTS = ("Attribute", "Object", "ShadowAttribute", "RelatedEvent", "Galaxy", "EventReport", "CryptographicKey", "Tag")
_INNER = frozenset({"sharing_group_uuid", "SharingGroup", "Sighting", "Galaxy", "ShadowAttribute", "data"})


class Lens:
    """How one caller sees things: ids, organisations, sharing groups, tags and galaxies."""

    def __init__(self, caller: Caller, id_out: Callable[[int], str], people: People, packs: Packs) -> None:
        self.caller, self.id_out, self.people, self.packs = caller, id_out, people, packs
        self._organisations: dict[str, Body] = {}
        self._tags: dict[str, Body | None] = {}
        self._groups: dict[str, SharingGroup | None] = {}
        self._galaxies: dict[tuple[str, ...], list[Body]] = {}

    # -- ports, remembered ---------------------------------------------------------------------------------------------

    def organisation(self, org: str) -> Body:
        """Show a contributor."""
        found = self._organisations.get(org)
        if found is None:
            found = self._organisations[org] = self.people.organisation(self.caller, org)
        return dict(found)

    def group(self, uuid: str) -> SharingGroup | None:
        """Return a sharing group by its uuid, where the caller may know it."""
        if uuid not in self._groups:
            self._groups[uuid] = self.people.sharing_group(self.caller, uuid) if uuid else None
        return self._groups[uuid]

    def group_id(self, document: Document) -> str:
        """Return the id of the sharing group of a thing, "0" for none."""
        found = self.group(document.shared) if document.shared else None
        return found.number if found is not None else "0"

    def tags(self, given: Iterable[Any], local: Sequence[str] = ()) -> list[Body]:
        """Show tags by name; those that are not exportable, and those that were deleted, are left out."""
        shown = []
        for name, mine in [*((name, False) for name in names_of(given)), *((name, True) for name in local)]:
            if name not in self._tags:
                self._tags[name] = self.packs.tag(self.caller, name)
            tag = self._tags[name]
            if tag is not None:
                shown.append({**tag, "local": mine, "relationship_type": None})
        return shown

    def galaxies(self, names: Iterable[str]) -> list[Body]:
        """Show the galaxies of the tags among these names that are clusters'."""
        wanted = tuple(name for name in names if name.startswith(GALAXY))
        if not wanted:
            return []
        if wanted not in self._galaxies:
            self._galaxies[wanted] = self.packs.galaxies(self.caller, wanted)
        return [dict(one) for one in self._galaxies[wanted]]

    # -- things --------------------------------------------------------------------------------------------------------

    def attribute(self, document: Document, body: Body, event_id: str, object_id: str = "0", *,
                  attachment: bool = False, local: Sequence[str] = ()) -> Body:  # fmt: skip
        """Show an attribute, without what is about it."""
        made = {**_ATTRIBUTE, **body}
        _drop(made, attachment)
        made["id"], made["uuid"], made["event_id"], made["object_id"] = (
            self.id_out(document.number), document.uuid, event_id, object_id)  # fmt: skip
        self._common(document, made)
        value = made["value"]
        if not isinstance(value, str):
            made["value"] = _plain(value)
        made["to_ids"] = document.to_ids
        made["disable_correlation"] = _flag(made["disable_correlation"])
        tags = made.pop("Tag", None)
        shown = self.tags(tags or (), local) if tags or local else []
        made["Galaxy"] = self.galaxies(tag["name"] for tag in shown) if shown else []
        made["ShadowAttribute"] = []
        if shown:
            made["Tag"] = shown
        return made

    def object(self, document: Document, body: Body, event_id: str) -> Body:
        """Show an object without its attributes and references."""
        made = {**_OBJECT, **body}
        _drop(made, False)
        made["id"], made["uuid"], made["event_id"] = self.id_out(document.number), document.uuid, event_id
        self._common(document, made)
        made["template_version"] = str(made["template_version"])
        made["ObjectReference"] = [self._embedded(one, made, event_id) for one in made.get("ObjectReference") or ()
                                   if isinstance(one, dict)]  # fmt: skip
        made["Attribute"] = []
        return made

    def _embedded(self, reference: Body, thing: Body, event_id: str) -> Body:
        """Show a reference that came inside its object."""
        return {"object_id": thing["id"], "event_id": event_id, "source_uuid": thing["uuid"],
                "object_uuid": thing["uuid"], "comment": "", "deleted": False, **reference}  # fmt: skip

    def reference(self, document: Document, body: Body, object_id: str, event_id: str, referenced: Document | None
                  ) -> Body:  # fmt: skip
        """Show a reference from an object."""
        made = {"id": self.id_out(document.number), "uuid": document.uuid, "timestamp": str(document.timestamp),
                "object_id": object_id, "event_id": event_id, "source_uuid": document.about,
                "object_uuid": document.about, "referenced_uuid": body.get("referenced_uuid", ""),
                "referenced_id": self.id_out(referenced.number) if referenced else "0",
                "referenced_type": TYPES_OF_REFERENCES.get(referenced.model if referenced else "", "0"),
                "relationship_type": body.get("relationship_type", ""), "comment": body.get("comment") or "",
                "deleted": document.deleted}  # fmt: skip
        return made

    def event(self, document: Document, body: Body, email: str = "", local: Sequence[str] = ()) -> Body:
        """Show an event's shell, its lists empty but for what came inside it."""
        made = {**_EVENT, **body}
        _drop(made, False)
        made["id"], made["uuid"] = self.id_out(document.number), document.uuid
        self._common(document, made)
        made.pop("deleted", None)
        if document.distribution == 5:
            # It came without a level, by another door: what its own words say, and never more.
            said = tlp_of(names_of(body.get("Tag") or ()))
            made["distribution"] = "3" if said is Tlp.CLEAR else "1" if said is Tlp.GREEN else "0"
        made["date"] = made["date"] or format_instant(document.timestamp * SECOND)[:10]
        made["threat_level_id"], made["analysis"] = document.type or "4", document.category or "0"
        made["published"], made["publish_timestamp"] = document.published, str(document.published_at)
        made["disable_correlation"] = _flag(made["disable_correlation"])
        made["locked"] = _flag(made["locked"])
        made["proposal_email_lock"] = _flag(made["proposal_email_lock"])
        made["extends_uuid"] = made["extends_uuid"] or ""
        made["event_creator_email"] = email
        if not email:
            made.pop("event_creator_email")
        org = self.organisation(document.org)
        said = body.get("Orgc")
        creator = self.people.creator(self.caller, said) if isinstance(said, dict) and said else org
        made["org_id"], made["orgc_id"] = str(org["id"]), str(creator["id"])
        made["Org"], made["Orgc"] = org, dict(creator)
        shown = self.tags(body.get("Tag") or (), local)
        for name in _LISTS:
            if not isinstance(made.get(name), list):
                made[name] = []
        made["Attribute"], made["Object"], made["RelatedEvent"] = [], [], []
        made["Tag"], made["Galaxy"] = shown, self.galaxies(tag["name"] for tag in shown)
        group = self.group(document.shared) if document.shared else None
        if group is not None:
            made["SharingGroup"] = dict(group.body)
        return made

    def sighting(self, document: Document, body: Body, attribute: Document | None, event_id: str) -> Body:
        """Show a sighting."""
        said = body.get("Organisation")
        org = (dict(self.people.creator(self.caller, said)) if isinstance(said, dict) and said.get("uuid")
               else self.organisation(document.org))  # fmt: skip
        return {
            "id": self.id_out(document.number), "uuid": document.uuid,
            "attribute_id": self.id_out(attribute.number) if attribute else "0", "event_id": event_id,
            "attribute_uuid": document.about, "org_id": str(org["id"]), "date_sighting": str(document.seen),
            "source": body.get("source") or "", "type": document.type or "0",
            "Organisation": {"id": str(org["id"]), "uuid": org["uuid"], "name": org["name"]},
        }  # fmt: skip

    def proposal(self, document: Document, body: Body, event: Document | None, old: Document | None) -> Body:
        """Show a proposal (ShadowAttribute); ``old``: the attribute that it would change."""
        org = self.organisation(document.org)
        made = {**_ATTRIBUTE, "proposal_to_delete": False, **body}
        _drop(made, True)
        made.pop("Tag", None)
        made.pop("distribution", None)
        made.pop("sharing_group_id", None)
        made.pop("object_id", None)
        made.update(
            id=self.id_out(document.number), uuid=document.uuid, to_ids=document.to_ids, deleted=document.deleted,
            timestamp=str(document.timestamp), old_id=self.id_out(old.number) if old else "0",
            event_id=self.id_out(event.number) if event else "0", event_uuid=document.event, org_id=str(org["id"]),
            value=_plain(made["value"]), disable_correlation=_flag(made["disable_correlation"]),
            proposal_to_delete=_flag(made["proposal_to_delete"]),
            event_org_id=str(self.organisation(event.org)["id"]) if event else "0",
            Org={"id": str(org["id"]), "name": org["name"], "uuid": org["uuid"]},
        )  # fmt: skip
        return made

    def report(self, document: Document, body: Body, event_id: str) -> Body:
        """Show an event report."""
        return {**body, "id": self.id_out(document.number), "uuid": document.uuid, "event_id": event_id,
                "timestamp": str(document.timestamp), "distribution": str(document.distribution),
                "sharing_group_id": self.group_id(document), "deleted": document.deleted,
                "name": body.get("name") or "", "content": body.get("content") or ""}  # fmt: skip

    def analyst(self, document: Document, body: Body) -> Body:
        """Show a note, an opinion or a relationship."""
        org = self.organisation(document.org)
        orgc = self.people.creator(self.caller, {"uuid": document.orgc}) if document.orgc else org
        if not orgc.get("name"):
            orgc = org
        made = {**body, "id": self.id_out(document.number), "uuid": document.uuid, "note_type_name": document.model,
                "note_type": {"Note": 0, "Opinion": 1, "Relationship": 2}.get(document.model, 0),
                "object_uuid": document.about, "distribution": str(document.distribution),
                "sharing_group_id": self.group_id(document), "org_uuid": org["uuid"],
                "orgc_uuid": document.orgc or org["uuid"], "locked": False, "deleted": document.deleted,
                "_canEdit": document.org == self.caller.org or self.caller.site_admin, "Org": org, "Orgc": dict(orgc),
                "Note": [], "Opinion": [], "Relationship": []}  # fmt: skip
        made.pop("sharing_group_uuid", None)
        return made

    def _common(self, document: Document, made: Body) -> None:
        made["timestamp"], made["distribution"] = str(document.timestamp), str(document.distribution)
        made["deleted"] = document.deleted
        made["sharing_group_id"] = self.group_id(document) if document.shared else "0"


def _drop(made: Body, attachment: bool) -> None:
    for name in _INNER:
        if name in made and not (attachment and name == "data"):
            del made[name]


def _flag(value: Any) -> bool:
    return value in (True, 1, "1", "true", "True")


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ("1" if value is True else "0" if value is False else str(value))


def kept_of(body: Mapping[str, Any]) -> Body:
    """Return what of an incoming thing is kept: all but ids of the sender's instance and child lists."""
    return {name: value for name, value in body.items() if name not in _OF_INSTANCE and name[:1] != "_"}


_OF_INSTANCE = frozenset({
    "id", "event_id", "object_id", "org_id", "orgc_id", "Org", "Attribute", "Object", "ShadowAttribute", "RelatedEvent",
    "Galaxy", "EventReport", "Note", "Opinion", "Relationship", "Sighting", "SharingGroup", "sharing_group_id",
    "ObjectReference", "attribute_count", "event_creator_email", "Feed", "RelatedAttribute", "Event", "edited",
    "CryptographicKey", "template_id", "breakOnDuplicate", "enforceWarninglist", "warnings", "encrypt", "user_id",
    "proposal_email_lock", "locked", "event_uuid", "malware_filename", "sharing_group_uuid",
})  # fmt: skip
