"""Find galaxies and clusters, show what of them a caller may see, keep what members add."""

from __future__ import annotations

import re
import uuid as uuids
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fusioncell.exchange.misp import Caller, Document, MispRefused, Put, SharingGroup
from fusioncell.exchange.misp.galaxies.model import (
    CLUSTER,
    CUSTOM,
    MAX_RELATIONS,
    MISP_ORG,
    RELATION,
    Body,
    custom_cluster,
    galaxy_json,
    in_event,
    level,
    packaged_cluster,
    take_cluster,
    take_tags,
)
from fusioncell.exchange.misp.library import Library, Pack, whole
from fusioncell.exchange.misp.restrict import Level, audience_of, within_target
from fusioncell.exchange.misp.service import Misp
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import new_id
from fusioncell.kernel.marking import Audience

_CUSTOM_TAG = re.compile(r'misp-galaxy:[^="]+="([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"\Z', re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)
NO_CLUSTER = "Invalid galaxy cluster"
NOT_YOURS = "You do not have permission to do that."
Found = int | Document
"""A package's cluster by its place, or a member's by its document."""


class Galaxies:
    """Galaxies and clusters, as a caller may know them. ``tag_id``: the MISP id of a tag."""

    def __init__(self, library: Library, misp: Misp, tag_id: Callable[[Caller, str], str],
                 show_tag: Callable[[Caller, str], Body]) -> None:  # fmt: skip
        self._library, self.misp = library, misp
        self._tag_id, self._show_tag = tag_id, show_tag

    @property
    def pack(self) -> Pack:
        """The compiled packages."""
        return self._library.pack

    # galaxies

    def galaxy(self, given: str) -> int:
        """Return the place of a galaxy by number, UUID or type. NotFound."""
        if 1 <= (number := whole(given)) <= len(self.pack.galaxies):
            return number - 1
        found = self.pack.find("galaxy", "uuid", given) or self.pack.find("galaxy", "name", given)
        if not found:
            raise NotFound("Invalid galaxy")
        return found[0]

    def galaxies(self, caller: Caller, names: Sequence[str]) -> list[Body]:
        """Return the galaxies, each with its ``GalaxyCluster`` list, of the ``misp-galaxy:`` tags among these names."""
        tags = [name for name in dict.fromkeys(names) if name.startswith("misp-galaxy:")]
        found: dict[int, list[Body]] = {}
        custom = {tag: match[1].lower() for tag in tags if (match := _CUSTOM_TAG.match(tag))}
        documents = {one.uuid: one for one in self.misp.by_uuids(caller, custom.values(), CLUSTER)} if custom else {}
        for tag in tags:
            place = self.pack.cluster_of_tag(tag)
            if place is None:
                document = documents.get(custom.get(tag, ""))
                if document is None or document.deleted:
                    continue
                shown = self._customs(caller, [document])[0]
            else:
                shown = packaged_cluster(self.pack, place, self._number(caller, place)) | {
                    "Org": MISP_ORG, "Orgc": MISP_ORG}  # fmt: skip
            galaxy = int(shown["galaxy_id"]) - 1
            found.setdefault(galaxy, []).append(in_event(shown, self._tag_id(caller, tag)))
        return [galaxy_json(place, self.pack.galaxies[place]) | {"GalaxyCluster": clusters}
                for place, clusters in found.items()]  # fmt: skip

    # clusters

    def find(self, caller: Caller, given: str) -> Found:
        """Return a cluster by MISP id or UUID. NotFound, alike for what is hidden."""
        if _UUID.match(given):
            documents = self.misp.by_uuids(caller, [given], CLUSTER)
            places = self.pack.find("cluster", "uuid", given)
            if documents or places:
                return documents[0] if documents else places[0]
            raise NotFound(NO_CLUSTER)
        number = self.misp.id_in(caller, given)
        if number <= self.pack.count("cluster"):
            return number - 1
        found = self.misp.by_numbers(caller, [number - CUSTOM], CLUSTER) if number > CUSTOM else []
        if not found:
            raise NotFound(NO_CLUSTER)
        return found[0]

    def of_galaxy(self, caller: Caller, place: int, context: str = "all", part: str = "") -> list[Body]:
        """Return the clusters of a galaxy: all, the packages' (``default``), members' (``custom``), one's own."""
        galaxy = self.pack.galaxies[place]
        places = range(galaxy.get("first", 0), galaxy.get("first", 0) + galaxy.get("count", 0))
        rows: list[Body] = []
        if context in ("all", "default"):
            rows = [packaged_cluster(self.pack, at, self._number(caller, at)) for at in places]
        if context != "default":
            documents = self.misp.about(caller, [galaxy["uuid"]], CLUSTER)
            if context in ("org", "orgc"):
                documents = [one for one in documents if one.org == caller.org]
            wanted = [one for one in documents if one.deleted is (context == "deleted")]
            rows = self._customs(caller, wanted) + rows
        low = part.lower()
        return [row for row in rows if _speaks_of(row, low)] if low else rows

    def all_custom(self, caller: Caller) -> list[Body]:
        """Return the members' clusters that the caller sees."""
        places = {galaxy["uuid"]: at for at, galaxy in enumerate(self.pack.galaxies)}
        return self._customs(caller, [one for one in self.misp.about(caller, places, CLUSTER) if not one.deleted])

    def called(self, caller: Caller, names: Iterable[str]) -> Iterator[Body]:
        """Yield the clusters with one of these names, synonyms or tags: members' first."""
        wanted = {name.lower() for name in names}
        for row in self.all_custom(caller):
            if wanted & {row["value"].lower(), row["tag_name"].lower()}:
                yield row
        places = {place for name in wanted for place in self.pack.clusters_called(name)}
        places |= {place for name in wanted if (place := self.pack.cluster_of_tag(name)) is not None}
        for place in sorted(places):
            yield packaged_cluster(self.pack, place, self._number(caller, place))

    def shown(self, caller: Caller, found: Found) -> Body:
        """Return a cluster with all that MISP's view has: galaxy, organisations, relations from it and to it."""
        if isinstance(found, int):
            body = packaged_cluster(self.pack, found, self._number(caller, found)) | {
                "Org": MISP_ORG, "Orgc": MISP_ORG}  # fmt: skip
        else:
            body = self._customs(caller, [found])[0]
        place = int(body["galaxy_id"]) - 1
        return body | {
            "Galaxy": galaxy_json(place, self.pack.galaxies[place]),
            "GalaxyClusterRelation": self._relations(caller, found, body["uuid"]),
            "TargetingClusterRelation": self._targeting(caller, body["uuid"]),
            "tag_id": self._tag_id(caller, body["tag_name"]),
        }

    def tag_of(self, caller: Caller, given: str) -> str:
        """Return the tag by which a cluster is attached."""
        found = self.find(caller, given)
        if isinstance(found, int):
            return str(self.pack.tag_of_cluster(found))
        return str(self._customs(caller, [found])[0]["tag_name"])

    def _number(self, caller: Caller, found: Found) -> str:
        number = found + 1 if isinstance(found, int) else CUSTOM + found.number
        return self.misp.id_out(caller, number)

    def _customs(self, caller: Caller, documents: Sequence[Document]) -> list[Body]:
        rows = []
        for document, body in zip(documents, self.misp.bodies(documents), strict=True):
            places = self.pack.find("galaxy", "uuid", document.about)
            if not places or not body:
                continue
            row = custom_cluster(self.pack, body, places[0], self._number(caller, document))
            org = self.misp.people.organisation(caller, document.org)
            said = body.get("Orgc")
            orgc = self.misp.people.creator(caller, said) if isinstance(said, dict) else org
            group = self.misp.people.sharing_group(caller, document.shared) if document.shared else None
            row |= {"Org": org, "Orgc": orgc, "org_id": org["id"], "orgc_id": orgc["id"]}
            rows.append(row | ({"sharing_group_id": group.number, "SharingGroup": dict(group.body)} if group else {}))
        return rows

    # relations

    def _relations(self, caller: Caller, found: Found, uuid: str) -> list[Body]:
        rows = []
        if isinstance(found, int):
            for at, each in enumerate(self.pack.document("cluster", found).get("related") or ()):
                target = str(each.get("dest-uuid", ""))
                names = [tag for tag in each.get("tags") or () if isinstance(tag, str)]
                rows.append(self._relation(caller, str(at + 1), uuid, target, str(each.get("type", "")), names) | {
                    "default": True, "distribution": "3"})  # fmt: skip
        documents = [one for one in self.misp.about(caller, [uuid], RELATION) if not one.deleted]
        return rows + self._relation_rows(caller, documents)

    def _targeting(self, caller: Caller, uuid: str) -> list[Body]:
        rows = []
        for place in self.pack.towards(uuid):
            source = self.pack.document("cluster", place)
            rows += [self._relation(caller, "0", source["uuid"], uuid, str(each.get("type", "")), []) | {
                "default": True, "distribution": "3"}
                for each in source.get("related") or () if each.get("dest-uuid") == uuid]  # fmt: skip
        return rows

    def _relation_rows(self, caller: Caller, documents: Sequence[Document]) -> list[Body]:
        rows = []
        for document, body in zip(documents, self.misp.bodies(documents), strict=True):
            row = self._relation(caller, self.misp.id_out(caller, document.number), document.about,
                                 str(body.get("referenced_galaxy_cluster_uuid", "")),
                                 str(body.get("referenced_galaxy_cluster_type", "")),
                                 take_tags(body.get("Tag")))  # fmt: skip
            rows.append(row | {"uuid": document.uuid, "default": False, "distribution": str(document.distribution)})
        return rows

    def _relation(self, caller: Caller, number: str, source: str, target: str, kind: str, tags: Iterable[str]) -> Body:
        places = self.pack.find("cluster", "uuid", target)
        return {
            "id": number, "galaxy_cluster_uuid": source, "referenced_galaxy_cluster_uuid": target,
            "referenced_galaxy_cluster_id": self._number(caller, places[0]) if places else "0",
            "referenced_galaxy_cluster_type": kind, "sharing_group_id": None,
            "Tag": [self._show_tag(caller, name) for name in tags],
        }  # fmt: skip

    def relate(self, caller: Caller, fields: Mapping[str, Any]) -> Body:
        """Add a relation from a cluster that the caller sees to another; return it."""
        source = self.find(caller, str(fields.get("galaxy_cluster_uuid") or ""))
        made = self._relation_put(caller, source, fields, (), caller.org)
        self.misp.write(caller, [made], title="Relation of a galaxy cluster")
        return self._relation_rows(caller, self.misp.by_uuids(caller, [made.uuid], RELATION))[0]

    def change_relation(self, caller: Caller, given: str, fields: Mapping[str, Any]) -> Body:
        """Change a relation of the caller's own organisation; return it."""
        document = self._own(caller, self.misp.resolve(caller, RELATION, given))
        source = self.find(caller, document.about)
        body = self.misp.body(document) | dict(fields)
        made = self._relation_put(caller, source, body, self.misp.standing(document), document.org)
        self.misp.write(caller, [made], title="Relation of a galaxy cluster", org=document.org)
        return self._relation_rows(caller, self.misp.by_uuids(caller, [document.uuid], RELATION))[0]

    def unrelate(self, caller: Caller, given: str) -> None:
        """Withdraw a relation of the caller's own organisation."""
        document = self._own(caller, self.misp.resolve(caller, RELATION, given))
        self.misp.write(caller, [], self.misp.standing(document), org=document.org)

    def _relation_put(self, caller: Caller, source: Found, fields: Mapping[str, Any], standing: tuple[Document, ...],
                      own: str) -> Put:  # fmt: skip
        target = str(fields.get("referenced_galaxy_cluster_uuid") or "").lower()
        kind = str(fields.get("referenced_galaxy_cluster_type") or "")[:255]
        if not _UUID.match(target) or not kind:
            raise MispRefused(403, "Could not save the relation.", {"referenced_galaxy_cluster_uuid": ["Invalid"]})
        start = source.uuid if isinstance(source, Document) else self.pack.document("cluster", source)["uuid"]
        group = self._group(caller, fields)
        body = {
            "galaxy_cluster_uuid": start, "referenced_galaxy_cluster_uuid": target,
            "referenced_galaxy_cluster_type": kind, "distribution": level(fields.get("distribution", 0)),
            "Tag": [{"name": name} for name in take_tags(fields.get("Tag"))], "timestamp": self._second(),
        } | ({"sharing_group_uuid": group.uuid} if group else {})  # fmt: skip
        audience = self._audience(own, body, group, take_tags(fields.get("Tag")))
        if isinstance(source, Document):
            audience = within_target(own, audience, self.misp.audience_named(source.audience), source.org)
        # One relation of a kind between two clusters for each organisation: its UUID follows from them.
        uuid = standing[0].uuid if standing else str(uuids.uuid5(uuids.UUID(start), f"{target}|{kind}|{own}"))
        old = standing or self._standing(caller, uuid, own)
        return Put(RELATION, uuid, body, audience, about=start, standing=old)

    # members' clusters

    def add(self, caller: Caller, place: int, fields: Mapping[str, Any]) -> Document:
        """Keep a new cluster in a galaxy, with its relations."""
        given = str(fields.get("uuid") or "").lower()
        uuid = given if _UUID.match(given) else new_id(self.misp.randomness)
        if given and (self.pack.find("cluster", "uuid", given) or self.misp.by_uuids(caller, [given], CLUSTER)):
            raise MispRefused(403, "Could not save the galaxy cluster.", {"uuid": ["It exists already."]})
        body = take_cluster(fields, {"uuid": uuid, "distribution": 0, "description": "", "source": "", "authors": [],
                                     "elements": [], "published": False, "deleted": False})  # fmt: skip
        self._put(caller, body, fields, self.pack.galaxies[place]["uuid"], (), caller.org)
        return self._seen(caller, uuid)

    def edit(self, caller: Caller, document: Document, fields: Mapping[str, Any]) -> Document:
        """Change a cluster of the caller's own organisation, with its relations."""
        self._own(caller, document)
        body = take_cluster(fields, self.misp.body(document)) | {"uuid": document.uuid}
        if "deleted" in fields:
            body["deleted"] = str(fields["deleted"]).lower() in ("1", "true")
        if "published" in fields:
            body["published"] = str(fields["published"]).lower() in ("1", "true")
        self._put(caller, body, fields, document.about, self.misp.standing(document), document.org)
        return self._seen(caller, document.uuid)

    def mark(self, caller: Caller, document: Document, **changes: bool) -> Document:
        """Set what a cluster is: published, deleted."""
        return self.edit(caller, document, changes)

    def erase(self, caller: Caller, document: Document) -> None:
        """Withdraw a cluster and the relations of its organisation from it."""
        self._own(caller, document)
        rows = [one for one in self.misp.about(caller, [document.uuid], RELATION) if one.org == document.org]
        gone = [row for each in (document, *rows) for row in self.misp.standing(each)]
        self.misp.write(caller, [], gone, org=document.org)

    def versions(self, caller: Caller) -> dict[str, int]:
        """Return uuid → version of the members' clusters that the caller sees."""
        return {str(row["uuid"]): whole(row["version"]) for row in self.all_custom(caller)}

    def receive(self, caller: Caller, clusters: Iterable[Any]) -> tuple[int, int]:
        """Take in another MISP's clusters (``galaxies/pushCluster``); return how many were taken and left.

        A level steps down on its way, as on each receiving MISP: 1 becomes 0, 2 becomes 1. What is not newer is left.
        """
        taken = left = 0
        for each in clusters:
            fields = each.get(CLUSTER, each) if isinstance(each, dict) else {}
            if isinstance(fields, dict) and self._receive(caller, dict(fields)):
                taken += 1
            else:
                left += 1
        return taken, left

    def _receive(self, caller: Caller, fields: Body) -> bool:
        galaxy = fields.get("Galaxy")
        named = galaxy.get("uuid") if isinstance(galaxy, dict) else fields.get("collection_uuid")
        uuid = str(fields.get("uuid") or "").lower()
        try:
            place = self.galaxy(str(named or fields.get("type") or ""))
        except NotFound:
            return False
        if not _UUID.match(uuid) or self.pack.find("cluster", "uuid", uuid):
            return False
        step = {"1": 0, "2": 1}
        fields["distribution"] = step.get(str(fields.get("distribution", 0)), fields.get("distribution", 0))
        standing = self._standing(caller, uuid, caller.org)
        version = whole(fields.get("version"))
        if standing and version <= max(one.timestamp for one in standing):
            return False
        body = take_cluster(fields, {"uuid": uuid, "distribution": 0, "elements": [], "authors": []})
        said = fields.get("Orgc")
        if isinstance(said, dict):
            body["Orgc"] = {"name": str(said.get("name", ""))[:255], "uuid": str(said.get("uuid", ""))[:64]}
        body |= {"published": True, "deleted": str(fields.get("deleted", "0")).lower() in ("1", "true")}
        self._put(caller, body, fields, self.pack.galaxies[place]["uuid"], standing, caller.org,
                  min(version, self._second()))  # fmt: skip
        return True

    def _put(self, caller: Caller, body: Body, fields: Mapping[str, Any], galaxy: str, standing: tuple[Document, ...],
             owner: str, version: int = 0) -> None:  # fmt: skip
        """Write a cluster and the relations that were sent with it. ``version``: another MISP's; else this second."""
        group = self._group(caller, {"distribution": body["distribution"],
                                     "sharing_group_id": fields.get("sharing_group_id") or
                                     body.get("sharing_group_uuid")})  # fmt: skip
        body = {name: value for name, value in body.items() if name != "sharing_group_uuid"}
        body |= {"sharing_group_uuid": group.uuid} if group else {}
        body["timestamp"] = version or max([self._second(), *(one.timestamp + 1 for one in standing)])
        audience = self._audience(owner, body, group, ())
        put = Put(CLUSTER, body["uuid"], body, audience, about=galaxy, standing=standing)
        self.misp.write(caller, [put], title=f"Galaxy cluster {body['value']}", org=owner)
        given = fields.get(RELATION)
        relations = [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []
        if len(relations) > MAX_RELATIONS:
            raise MispRefused(413, f"A cluster has at most {MAX_RELATIONS} relations.")
        if relations:
            source = self._seen(caller, body["uuid"])
            self.misp.write(caller, [self._relation_put(caller, source, row, (), owner) for row in relations],
                            title="Relations of a galaxy cluster", org=owner)  # fmt: skip

    def _audience(self, own: str, body: Mapping[str, Any], group: SharingGroup | None, tags: Iterable[str]) -> Audience:
        return audience_of(own, [Level(int(body["distribution"]), group.orgs if group else None)], tags)

    def _group(self, caller: Caller, fields: Mapping[str, Any]) -> SharingGroup | None:
        if str(fields.get("distribution", 0)) != "4":
            return None
        group = self.misp.people.sharing_group(caller, str(fields.get("sharing_group_id") or ""))
        if group is None:
            raise MispRefused(403, "Could not save.", {"sharing_group_id": ["Invalid sharing group."]})
        return group

    def _own(self, caller: Caller, document: Document) -> Document:
        if not self.misp.may_change(caller, document):
            raise MispRefused(403, NOT_YOURS)
        return document

    def _standing(self, caller: Caller, uuid: str, org: str) -> tuple[Document, ...]:
        """Return what an organisation has under a UUID, though another's may be the one that is shown."""
        found = self.misp.by_uuids(caller, [uuid], CLUSTER, RELATION)
        return self.misp.standing(msgspec.structs.replace(found[0], org=org)) if found else ()

    def _seen(self, caller: Caller, uuid: str) -> Document:
        found = self.misp.by_uuids(caller, [uuid], CLUSTER)
        if not found:
            raise NotFound(NO_CLUSTER)
        return found[0]

    def _second(self) -> int:
        return self.misp.clock.now() // SECOND


def _speaks_of(row: Body, part: str) -> bool:
    synonyms = [each["value"] for each in row["GalaxyElement"] if each["key"] == "synonyms"]
    return any(part in text.lower() for text in (row["value"], row["description"], row["uuid"], *synonyms))
