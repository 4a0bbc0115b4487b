"""HTTP operations of entities: find them, show one with what it may be the same as, link two, take a link back."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import Parameter

from fusioncell.fusion.entities.model import Entity, Kind, Link, Row, Seen, Suggestion
from fusioncell.fusion.entities.service import Entities
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.marking import Viewer, parse_tlp

_TAGS = ["entities"]
_LONGEST = 120
Days = Annotated[int, Parameter(ge=0, le=3660)]
Start = Annotated[int, Parameter(ge=0, le=100_000)]
Limit = Annotated[int, Parameter(ge=1, le=200)]
Text = Annotated[str, Parameter(max_length=_LONGEST)]


class Linking(msgspec.Struct, forbid_unknown_fields=True):
    """Says of an entity and ``other`` that they are ``same``, ``related`` or ``different``, and why.

    ``tlp``: GREEN, or AMBER+STRICT for the own organisation alone.
    """

    other: str
    says: str
    reason: str
    tlp: str = "GREEN"


class Undoing(msgspec.Struct, forbid_unknown_fields=True):
    """Why a link is taken back."""

    reason: str = ""


def seen_json(seen: Seen | None) -> dict[str, Any] | None:
    """Return how often something is seen, as JSON."""
    if seen is None:
        return None
    return {"contributions": seen.count, "first": format_instant(seen.first), "last": format_instant(seen.last)}


def row_json(row: Row) -> dict[str, Any]:
    """Return an entity in a list, as JSON."""
    return {"id": row.id, "kind": row.kind.value, "name": row.name, "galaxy": row.galaxy or None,
            "external_id": row.external or None, "aliases": row.aliases, "seen": seen_json(row.seen)}  # fmt: skip


def _suggestion(one: Suggestion) -> dict[str, Any]:
    return {
        "id": one.other, "kind": one.kind.value, "name": one.name, "galaxy": one.galaxy or None,
        "strength": one.strength.value, "names": one.names, "techniques": one.techniques, "techniques_of": one.of,
        "observables": one.values, "also_called_so": one.rivals,
    }  # fmt: skip


def _link(one: Link) -> dict[str, Any]:
    return {
        "id": one.id, "other": one.other, "says": one.says, "reason": one.reason, "organisation": one.org,
        "at": format_instant(one.at), "undone_at": format_instant(one.undone_at) if one.undone_at else None,
        "undone_by": one.undone_by or None, "undone_reason": one.undone_why or None,
    }  # fmt: skip


def _entity(entities: Entities, viewer: Viewer, entity: Entity) -> dict[str, Any]:
    return {
        "id": entity.id, "kind": entity.kind.value, "name": entity.name, "galaxy": entity.galaxy or None,
        "external_id": entity.external or None, "description": entity.description or None,
        "names": [{"name": one.name, "by": one.by, "galaxy": one.galaxy} for one in entity.names],
        "tactics": entity.tactics, "seen": seen_json(entities.seen(viewer, entity)),
        "weeks": entities.weeks(viewer, entity),
        "reports": [{"contribution": one.contribution, "organisation": one.org, "at": format_instant(one.at),
                     "how": one.how} for one in entities.reports(viewer, entity)],
        "observables": [{"type": one.type.value, "value": one.value} for one in entities.values(viewer, entity)],
        "relations": [{**row_json(row), "relation": type, "outgoing": outgoing, "contribution": contribution or None}
                      for row, type, outgoing, contribution in entities.relations(viewer, entity)],
        "same_as": entities.same_as(viewer, entity.id)[1:],
        "links": [_link(one) for one in entities.links(viewer, entity.id)],
        "suggestions": [_suggestion(one) for one in entities.suggestions(viewer, entity)],
    }  # fmt: skip


@get("/api/entities", tags=_TAGS, sync_to_thread=True,
     opt={"permission": "read", "query": frozenset({"q", "kind", "days", "start", "limit"})},
     summary="Actors, malware, tools, techniques, campaigns, vulnerabilities")  # fmt: skip
def find(
    entities: Entities, viewer: Viewer, q: Text = "", kind: Kind | None = None, days: Days = 0,
    start: Start = 0, limit: Limit = 50,
) -> dict[str, Any]:  # fmt: skip
    """Find entities by name or ATT&CK id; without ``q`` those that contributions name, of the last ``days``."""
    since = entities.since(days)
    found = (entities.find(viewer, q, kind, start=start, limit=limit) if q
             else entities.mentioned(viewer, kind, since=since, start=start, limit=limit))  # fmt: skip
    return {"entities": [row_json(row) for row in found.rows], "total": found.total, "next": found.next or None}


@get("/api/entities/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="One entity")
def one(which: str, entities: Entities, viewer: Viewer) -> dict[str, Any]:
    """Show an entity by id, ATT&CK id or CVE: names and who uses them, reports, observables, links, suggestions."""
    return _entity(entities, viewer, entities.one(viewer, which))


@post("/api/entities/{which:str}/links", tags=_TAGS, opt={"permission": "propose"}, sync_to_thread=True,
      status_code=202, summary="Link two entities")  # fmt: skip
def link(which: str, data: Linking, entities: Entities, viewer: Viewer) -> dict[str, Any]:
    """Say that two entities are the same, related or different. An entry of the record; it can be taken back."""
    made = entities.link(viewer, which, data.other, data.says, data.reason, parse_tlp(data.tlp))
    return {"id": made, "status": "accepted"}


@post("/api/entity-links/{which:str}/undo", tags=_TAGS, opt={"permission": "propose"}, sync_to_thread=True,
      status_code=202, summary="Take a link back")  # fmt: skip
def undo(which: str, data: Undoing, entities: Entities, viewer: Viewer) -> dict[str, Any]:
    """Take back what was said of two entities; both entries stay in the record."""
    entities.take_back(viewer, which, data.reason)
    return {"id": which, "status": "accepted"}


HANDLERS = (find, one, link, undo)
"""The package's doors."""
