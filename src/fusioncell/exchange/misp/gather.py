"""Put an event together from its shell, what stands in it and what is about it, as one caller sees it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT, Document, View, firsts
from fusioncell.exchange.misp.show import Body, Lens

ANALYST = ("Note", "Opinion", "Relationship")
INSIDE = frozenset({ATTRIBUTE, OBJECT})
DEEPEST = 8
"""Levels of notes on notes that are shown."""


@dataclass(slots=True)
class Gathered:
    """What was loaded for events: children by event, what is about a uuid, bodies by position."""

    children: dict[str, list[Document]] = field(default_factory=dict)
    about: dict[str, list[Document]] = field(default_factory=dict)
    bodies: dict[int, Body] = field(default_factory=dict)
    emails: dict[int, str] = field(default_factory=dict)
    warnings: dict[int, list[Body]] = field(default_factory=dict)


def choose(events: Sequence[Document], rows: Sequence[Document], view: View) -> Gathered:
    """Choose what of the rows is shown in each event.

    Objects and attributes are those of the event's own contributor; proposals, sightings, reports and notes anyone's.
    """
    of = {event.uuid: event for event in events}
    mine: dict[str, list[Document]] = {event.uuid: [] for event in events}
    for row in rows:
        event = of.get(row.event)
        if event is not None and row.model != EVENT and (row.model not in INSIDE or row.org == event.org):
            mine[event.uuid].append(row)
    made = Gathered()
    for uuid, found in mine.items():
        answered = {row.about for row in found if row.model == "ProposalAnswer" and row.org == of[uuid].org}
        shown = [row for row in firsts(found) if is_shown(row, view) and row.uuid not in answered]
        if view.chosen is not None:
            shown = _chosen(shown, view.chosen)
        made.children[uuid] = shown
        for row in shown:
            if row.about:
                made.about.setdefault(row.about, []).append(row)
    return made


def is_shown(row: Document, view: View) -> bool:
    """Tell whether a view shows such a thing."""
    if row.model in INSIDE:
        return not view.metadata and (view.deleted == 2 or row.deleted == bool(view.deleted))
    if row.model == "Sighting":
        return view.sightings and not view.metadata and not row.deleted
    if row.model == "ShadowAttribute":
        return view.proposals and not view.metadata and not row.deleted
    if row.model == "EventReport":
        return view.reports and (view.deleted == 2 or not row.deleted)
    if row.model == "LocalTag":
        return view.local_tags
    return not row.deleted and (view.analyst or row.model not in ANALYST)


def _chosen(rows: Sequence[Document], chosen: frozenset[str]) -> list[Document]:
    objects = {row.object for row in rows if row.model == ATTRIBUTE and row.uuid in chosen}
    return [row for row in rows if (row.model != ATTRIBUTE or row.uuid in chosen)
            and (row.model != OBJECT or row.uuid in objects or row.uuid in chosen)]  # fmt: skip


def event_json(lens: Lens, event: Document, made: Gathered, view: View) -> Body:
    """Return one event."""
    body = made.bodies.get(event.seq, {})
    email = made.emails.get(event.seq, "")
    shown = lens.event(event, body, email, _local(made, event.uuid))
    event_id = shown["id"]
    rows = made.children.get(event.uuid, [])
    by_uuid = {row.uuid: row for row in rows} | {event.uuid: event}
    proposals = [row for row in rows if row.model == "ShadowAttribute"]
    objects: dict[str, Body] = {}
    count = 0
    for row in rows:
        if row.model == OBJECT:
            objects[row.uuid] = lens.object(row, made.bodies.get(row.seq, {}), event_id)
    shown["Object"] = list(objects.values())
    for row in rows:
        if row.model != ATTRIBUTE:
            continue
        holder = objects.get(row.object) if row.object else None
        if row.object and holder is None:
            continue  # its object is deleted, or is not shown
        count += not row.deleted
        one = attribute_json(lens, row, made, view, event, holder["id"] if holder else "0")
        (holder if holder is not None else shown)["Attribute"].append(one)
    shown["attribute_count"] = str(count)
    for row in rows:
        if row.model == "ObjectReference" and row.about in objects:
            objects[row.about]["ObjectReference"].append(
                lens.reference(row, made.bodies.get(row.seq, {}), objects[row.about]["id"], event_id,
                               by_uuid.get(str(made.bodies.get(row.seq, {}).get("referenced_uuid", "")))))
        elif row.model == "EventReport":
            shown["EventReport"].append(lens.report(row, made.bodies.get(row.seq, {}), event_id))
    for uuid, one in objects.items():
        _annotate(lens, uuid, one, made, 0)
    shown["ShadowAttribute"] += [lens.proposal(row, made.bodies.get(row.seq, {}), event, None)
                                 for row in proposals if not row.about]  # fmt: skip
    for report in shown["EventReport"]:
        if isinstance(report.get("uuid"), str):
            _annotate(lens, report["uuid"], report, made, 0)
    _annotate(lens, event.uuid, shown, made, 0)
    return shown


def attribute_json(lens: Lens, row: Document, made: Gathered, view: View, event: Document, object_id: str) -> Body:
    """Return one attribute with what is about it."""
    body = made.bodies.get(row.seq, {})
    about = made.about.get(row.uuid, ())
    event_id = lens.id_out(event.number)
    one = lens.attribute(row, body, event_id, object_id, attachment=view.attachments,
                         local=_local(made, row.uuid) if about else ())  # fmt: skip
    if not about:
        if view.sightings and "Sighting" in body:
            one["Sighting"] = body["Sighting"]
        return _warned(one, row, made)
    sightings = [lens.sighting(each, made.bodies.get(each.seq, {}), row, event_id)
                 for each in about if each.model == "Sighting"]  # fmt: skip
    if sightings or (view.sightings and body.get("Sighting")):
        one["Sighting"] = [*(body.get("Sighting") or ()), *sightings]
    one["ShadowAttribute"] = [lens.proposal(each, made.bodies.get(each.seq, {}), event, row)
                              for each in about if each.model == "ShadowAttribute"]  # fmt: skip
    _annotate(lens, row.uuid, one, made, 0)
    return _warned(one, row, made)


def _warned(one: Body, row: Document, made: Gathered) -> Body:
    if found := made.warnings.get(row.seq):
        one["warnings"] = found
    return one


def _local(made: Gathered, uuid: str) -> list[str]:
    return [str(made.bodies.get(row.seq, {}).get("name", "")) for row in made.about.get(uuid, ())
            if row.model == "LocalTag"]  # fmt: skip


def _annotate(lens: Lens, uuid: str, thing: Body, made: Gathered, depth: int) -> None:
    """Add the notes, opinions and relationships about a thing, and those about these."""
    for row in made.about.get(uuid, ()):
        if row.model in ANALYST and depth < DEEPEST:
            one = lens.analyst(row, made.bodies.get(row.seq, {}))
            _annotate(lens, row.uuid, one, made, depth + 1)
            if isinstance(thing.get(row.model), list):
                thing[row.model].append(one)
            else:
                thing[row.model] = [one]


def analyst_json(lens: Lens, row: Document, made: Gathered) -> Body:
    """Return one note, opinion or relationship with what is about it."""
    one = lens.analyst(row, made.bodies.get(row.seq, {}))
    _annotate(lens, row.uuid, one, made, 0)
    return one


def uuids_shown(events: Sequence[Document], made: Gathered) -> list[str]:
    """Return the uuids of all that is shown, for what is about it."""
    return [event.uuid for event in events] + [row.uuid for rows in made.children.values() for row in rows]


def take_about(made: Gathered, rows: Sequence[Document]) -> list[Document]:
    """Take rows that are about what is shown; return those that are new."""
    known = {(row.model, row.uuid) for found in made.about.values() for row in found}
    fresh = [row for row in rows if not row.deleted and (row.model, row.uuid) not in known]
    for row in fresh:
        made.about.setdefault(row.about, []).append(row)
    return fresh


def needed(events: Sequence[Document], made: Gathered) -> list[Document]:
    """Return all documents whose bodies are shown, each once."""
    found: dict[int, Document] = {event.seq: event for event in events}
    groups: list[Mapping[str, list[Document]]] = [made.children, made.about]
    for group in groups:
        for rows in group.values():
            found.update((row.seq, row) for row in rows)
    return list(found.values())
