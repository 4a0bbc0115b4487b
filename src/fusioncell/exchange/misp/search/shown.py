"""What is shown of rows that were found: attributes with what is around them, lists for formats, the hot path.

No query of its own: a step over bodies of the record, in chunks, by the caller's lens (``exchange.misp``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from fusioncell.exchange.misp.model import EVENT, OBJECT, Caller, Document, View
from fusioncell.exchange.misp.search import match, quick, write_csv
from fusioncell.exchange.misp.search.fade import Fades, Fading, Models
from fusioncell.exchange.misp.search.model import ATTRIBUTES, About, Hit, Query
from fusioncell.exchange.misp.search.quick import Found, Hot
from fusioncell.exchange.misp.service import Lens, Misp

_UUID = quick.Hot._fields.index("uuid")
CHUNK = 2_000
"""Rows whose bodies are read at once."""
EVENT_CHUNK = 20
"""Events that are shown at once."""
MAX_RELATED = 200
"""Most correlations that are shown of one attribute; as many are read for each of a page's attributes on average."""
Body = dict[str, Any]
R = TypeVar("R")
_HEADERLESS = About(flags=frozenset(("headerless",)))


class Library(Models, Protocol):
    """What the search asks of the common knowledge (``exchange.misp.library``)."""

    def warnings_of_many(self, values: Sequence[tuple[str, str]]) -> Sequence[Sequence[object]]:
        """Return, for each (type, value), the enabled warninglists that it stands on."""
        ...


class Finder(Protocol):
    """What showing asks of the search: what stands beside the rows that were found."""

    def related(self, caller: Caller, rows: Sequence[Document], lens: Lens, events: dict[str, Body]
                ) -> dict[str, list[Body]]:  # fmt: skip
        """Return, by uuid, the visible attributes of other events with a value in common."""
        ...

    def locally_tagged(self, caller: Caller) -> frozenset[str]:
        """Return what the caller's organisation has tagged for itself."""
        ...

    def of_plain_event(self, caller: Caller, event: Document) -> Found | None:
        """Return the attributes of an event in which nothing else stands, each once; None of any other event."""
        ...

    def counts(self, caller: Caller, events: Iterable[str]) -> dict[str, int]:
        """Return how many standing attributes the caller sees in each event."""
        ...


class Showing:
    """Shows rows that were found."""

    def __init__(self, core: Misp, library: Library | None, finder: Finder) -> None:
        self.core, self.library, self.finder = core, library, finder

    def said(self, rows: Sequence[Document]) -> Iterator[tuple[Document, match.Said]]:
        """Yield rows with what the search looks at in their bodies; what cannot be read is left out."""
        for chunk in chunks(rows, CHUNK):
            short = self.core.said(chunk)
            rest = [row for row in chunk if row.seq not in short]
            bodies = dict(zip((row.seq for row in rest), self.core.raw(rest), strict=True))
            for row in chunk:
                try:
                    yield row, (match.read_lines(row.type, short[row.seq]) if row.seq in short
                                else match.read_said(bodies[row.seq]))  # fmt: skip
                except match.UNREADABLE:
                    continue

    def said_of(self, caller: Caller, found: Found, sieve: str = "") -> Iterator[tuple[tuple[Any, ...], match.Said]]:
        """Yield the same of rows of the hot path. ``sieve``: see ``match.sieve``."""
        found = quick.sieved(found, sieve) if sieve else found
        for rows in chunks(found.rows, CHUNK):
            columns = Hot._make(zip(*rows, strict=True))
            said = quick.said_of(columns, found.common)
            if all(columns.said):
                yield from zip(rows, said, strict=True)
                continue
            unsaid = [seq for seq, text in zip(columns.seq, columns.said, strict=True) if not text]
            others = {row.seq: one for row, one in self.said(self.core.by_seqs(caller, unsaid))}
            for row, text, one in zip(rows, columns.said, said, strict=True):
                if text or row[0] in others:
                    yield row, one if text else others[row[0]]

    def hits(self, caller: Caller, query: Query, rows: Sequence[Document]) -> Iterator[Hit]:
        """Yield attributes as a format takes them: what their bodies say, with the caller's ids."""
        lens = self.core.lens(caller)
        events: dict[str, Body] = {}
        objects: dict[str, Body] = {}
        for chunk in chunks(rows, CHUNK):
            self.shells(lens, caller, chunk, events, objects)
            for row, body in zip(chunk, self.core.bodies(chunk), strict=True):
                event = events.get(row.event)
                if event is None:
                    continue
                body["event_id"], body["uuid"], body["to_ids"] = event["id"], row.uuid, row.to_ids
                body["timestamp"], body["deleted"] = str(row.timestamp), row.deleted
                if "id" in query.requested or query.format == "yara-json":
                    body["id"] = lens.id_out(row.number)
                yield Hit(body, event, objects.get(row.object) if row.object else None)

    def shells(self, lens: Lens, caller: Caller, rows: Sequence[Document], events: dict[str, Body],
               objects: dict[str, Body]) -> None:  # fmt: skip
        """Load the shells of the events and objects that these rows stand in."""
        self._load(lens, caller, EVENT, {row.event for row in rows}, events)
        self._load(lens, caller, OBJECT, {row.object for row in rows} - {""}, objects)

    def _load(self, lens: Lens, caller: Caller, model: str, wanted: set[str], known: dict[str, Body]) -> None:
        missing = self.core.by_uuids(caller, wanted - known.keys(), model) if wanted - known.keys() else []
        for row, body in zip(missing, self.core.bodies(missing), strict=True):
            known[row.uuid] = lens.event(row, body) if model == EVENT else lens.object(row, body, "0")

    def shown_attributes(self, caller: Caller, query: Query, rows: Sequence[Document]) -> Iterator[Body]:
        """Yield attributes with all that the query wants around them."""
        lens, fades = self.core.lens(caller), Fades(self.library, query)
        events: dict[str, Body] = {}
        objects: dict[str, Body] = {}
        view = View(deleted=2, sightings=query.has("includeSightings"), proposals=query.has("includeProposals"),
                    attachments=query.has("withAttachments"), warnings=query.has("includeWarninglistHits"),
                    analyst=query.has("includeAnalystData"))  # fmt: skip
        for chunk in chunks(rows, CHUNK):
            self.shells(lens, caller, chunk, events, objects)
            held = [row for row in chunk if row.event in events]
            shown = self.core.attributes_json(caller, held, view)
            related = self.finder.related(caller, held, lens, events) if query.has("includeCorrelations") else {}
            for row, one in zip(held, shown, strict=True):
                event = events[row.event]
                if not view.proposals:
                    one.pop("ShadowAttribute", None)
                one["Event"] = around(event, full=query.has("includeContext"))
                if row.object and row.object in objects:
                    inner = objects[row.object]
                    one["Object"] = {key: inner[key] for key in ("id", "distribution", "sharing_group_id")}
                if query.has("includeEventUuid") or query.has("includeContext"):
                    one["event_uuid"] = event["uuid"]
                own = one.get("Tag") or []
                if query.has("includeEventTags"):
                    names = {tag["name"] for tag in own}
                    more = [{**tag, "inherited": 1} for tag in event["Tag"] if tag["name"] not in names]
                    one["Tag"] = [*own, *more]
                if query.has("includeCorrelations"):
                    one["RelatedAttribute"] = related.get(row.uuid, [])
                if query.has("includeDecayScore") or query.has("excludeDecayed"):
                    fading = fades.of(row.type, own, event["Tag"])
                    one["decay_score"] = fading.scores(_last_seen(row, one)) if fading is not None else []
                    if query.has("excludeDecayed") and one["decay_score"] and all(
                        score["decayed"] for score in one["decay_score"]
                    ):
                        continue
                yield one

    def shown_events_by(self, caller: Caller, rows: Sequence[Document], view: View) -> Iterator[Body]:
        """Yield events by a view, a few at a time."""
        for chunk in chunks(rows, EVENT_CHUNK):
            yield from self.core.events_json(caller, chunk, view)

    # -- the hot path --------------------------------------------------------------------------------------------------

    def quick_json(self, caller: Caller, query: Query, found: Found) -> bytes:
        """Return the answer of attributes as JSON: what :meth:`shown_attributes` gives, for big answers."""
        lens = self.core.lens(caller)
        frames = self._frames(lens, caller, query, found)
        local = self.finder.locally_tagged(caller)
        scored = query.has("includeDecayScore") or query.has("excludeDecayed")
        fadings = self._fadings(lens, caller, query, found, frames) if scored else {}
        if query.has("excludeDecayed"):
            found = quick.fresh(found, {key: one.fresh_since() for key, one in fadings.items()}, local)
        inner = {"": ("0", "")}
        for holder in self.core.by_uuids(caller, found.holders(), OBJECT):
            given = lens.id_out(holder.number)
            of = {"id": given, "distribution": str(holder.distribution), "sharing_group_id": lens.group_id(holder)}
            inner[holder.uuid] = given, f',"Object":{quick.text(of)}'
        parts: list[str] = []
        for rows in found.parts(CHUNK):
            aside = quick.lacking(rows, frames)
            if not (quick.plain(rows.uuid) and local.isdisjoint(rows.uuid)):
                aside |= {seq: uuid for seq, uuid in zip(rows.seq, rows.uuid, strict=True)
                          if uuid in local or not quick.plain([uuid])}  # fmt: skip
            careful: dict[int, str] = {}
            if aside:
                shown = {one["uuid"]: quick.text(one) for one in self.shown_attributes(
                    caller, query, self.core.by_seqs(caller, aside))}  # fmt: skip
                careful = {seq: shown.get(uuid, "") for seq, uuid in aside.items()}
            ends = quick.scored(rows, fadings) if scored else None
            ids = self.core.numbers.out_many(caller.org, rows.number)
            parts += quick.json_of(rows, ids, frames, inner, careful, ends)
        return "".join(('{"response":{"Attribute":[', ",".join(parts), "]}}")).encode()

    def _frames(self, lens: Lens, caller: Caller, query: Query, found: Found) -> dict[int, quick.Frame]:
        """Return what stands around attributes, by what they have in common; what has no frame goes the general way."""
        full = query.has("includeContext")
        events: dict[str, Body] = {}
        self._load(lens, caller, EVENT, {one.event for one in found.common.values()}, events)
        raws = {uuid: {"id": shown["id"], "raw": quick.text(around(shown, full=full)),
                       **({"uuid": uuid} if full or query.has("includeEventUuid") else {})}
                for uuid, shown in events.items()}  # fmt: skip
        tagged = _tagged(lens, found)
        return {key: quick.frame(common, raws[common.event], tagged[common.tags])
                for key, common in found.common.items() if not common.shared and common.event in raws}  # fmt: skip

    def event_json(self, caller: Caller, event: Document, view: View) -> Body:
        """Return what ``Misp.event_json`` does; the list of attributes may be JSON already, by the usual view.

        That of an event of nothing but plain attributes, of which nobody said more, is joined from the read model.
        """
        usual = event.seq > 0 and replace(view, attachments=False) == View()
        found = self.finder.of_plain_event(caller, event) if usual else None
        joined = self._within(caller, event, found) if found is not None and found.rows else None
        if found is None or joined is None:
            return self.core.event_json(caller, event, view)
        shown = self.core.event_json(caller, event, View(metadata=True))
        shown["Attribute"], shown["attribute_count"] = joined, str(len(found.rows))
        return shown

    def _within(self, caller: Caller, event: Document, found: Found) -> msgspec.Raw | None:
        """Return the attributes of an event as JSON; None where one of them is shown the general way."""
        if found.holders() or self.core.about(caller, [row[_UUID] for row in found.rows]):
            return None
        lens = self.core.lens(caller)
        event_id, tagged = lens.id_out(event.number), _tagged(lens, found)
        frames = {key: quick.frame_within(common, event_id, tagged[common.tags])
                  for key, common in found.common.items() if not common.shared}  # fmt: skip
        parts: list[str] = []
        for rows in found.parts(CHUNK):
            if quick.lacking(rows, frames) or not quick.plain(rows.uuid):
                return None
            ids = self.core.numbers.out_many(caller.org, rows.number)
            parts += quick.json_of(rows, ids, frames, {"": ("0", "")}, {})
        return msgspec.Raw(f"[{','.join(parts)}]".encode())

    def _fadings(self, lens: Lens, caller: Caller, query: Query, found: Found, frames: Mapping[int, quick.Frame]
                 ) -> dict[int, Fading]:  # fmt: skip
        """Return how attributes fade, by what they have in common: of those that have a frame."""
        fades = Fades(self.library, query)
        events: dict[str, Body] = {}
        self._load(lens, caller, EVENT, {found.common[key].event for key in frames}, events)
        made = {}
        for key in frames:
            common = found.common[key]
            own = lens.tags([{"name": name} for name in msgspec.json.decode(common.tags)]) if common.tags else []
            fading = fades.of(common.type, own, events[common.event]["Tag"])
            if fading is not None:
                made[key] = fading
        return made

    def quick_csv(self, caller: Caller, query: Query, found: Found) -> bytes:
        """Return attributes as CSV of the usual columns: what ``write_csv`` gives, for big answers."""
        lens = self.core.lens(caller)
        events: dict[str, Body] = {}
        objects: dict[str, Body] = {}
        self._load(lens, caller, EVENT, {one.event for one in found.common.values()}, events)
        self._load(lens, caller, OBJECT, found.holders(), objects)
        frames = {key: quick.line(one, events[one.event]["id"]) for key, one in found.common.items()
                  if one.event in events}  # fmt: skip
        inner = {uuid: quick.object_fields(one) for uuid, one in objects.items()}
        lines = ["" if query.has("headerless") else write_csv.head([*write_csv.COLUMNS, *write_csv.OBJECT])]
        for rows in found.parts(CHUNK):
            aside = quick.lacking(rows, frames)
            careful: dict[int, str] = {}
            if aside:
                hits = self.hits(caller, query, self.core.by_seqs(caller, aside))
                shown = {hit.attribute["uuid"]: write_csv.write_csv([hit], _HEADERLESS)[:-1].decode() for hit in hits}
                careful = {seq: shown.get(uuid, "") for seq, uuid in aside.items()}
            lines += quick.csv_of(rows, frames, inner, careful)
        lines.append("\n")
        return "".join(lines).encode()

    def quick_hits(self, caller: Caller, found: Found) -> Iterator[Hit]:
        """Yield attributes as :meth:`hits` does, for formats that look at nothing but columns."""
        lens = self.core.lens(caller)
        events: dict[str, Body] = {}
        objects: dict[str, Body] = {}
        self._load(lens, caller, EVENT, found.events(), events)
        self._load(lens, caller, OBJECT, found.holders(), objects)
        ids = {uuid: str(event["id"]) for uuid, event in events.items()}
        around = {key: events[one.event] for key, one in found.common.items() if one.event in events}
        for rows in found.parts(CHUNK):
            bodies, aside = quick.bodies_of(rows, found.common, ids), quick.lacking(rows, around)
            careful: dict[str, Hit] = {}
            if aside:
                hits = self.hits(caller, Query(ATTRIBUTES), self.core.by_seqs(caller, aside))
                careful = {hit.attribute["uuid"]: hit for hit in hits}
            for seq, key, holder, body in zip(rows.seq, rows.common, rows.object, bodies, strict=True):
                if seq not in aside:
                    yield Hit(body, around[key], objects.get(holder) if holder else None)
                elif body["uuid"] in careful:
                    yield careful[body["uuid"]]

    def index(self, caller: Caller, rows: Sequence[Document]) -> list[Body]:
        """Return the shells of events as ``events/index`` lists them."""
        lens = self.core.lens(caller)
        counted = self.finder.counts(caller, [row.uuid for row in rows])
        shown = []
        for chunk in chunks(rows, CHUNK):
            for row, body in zip(chunk, self.core.bodies(chunk), strict=True):
                one = lens.event(row, body)
                tags = one.pop("Tag")
                made = {name: value for name, value in one.items() if not isinstance(value, list)}
                made["attribute_count"] = str(counted.get(row.uuid, 0))
                made["sighting_timestamp"] = "0"
                made["GalaxyCluster"] = [each for galaxy in one["Galaxy"] for each in galaxy.get("GalaxyCluster", ())]
                made["EventTag"] = [{"id": tag["id"], "event_id": one["id"], "tag_id": tag["id"],
                                     "local": bool(tag.get("local")), "relationship_type": "", "Tag": tag}
                                    for tag in tags]  # fmt: skip
                shown.append(made)
        return shown


def _tagged(lens: Lens, found: Found) -> dict[str, tuple[str, str] | None]:
    """Return, by the tags that rows have in common, the lists ``Tag`` and ``Galaxy`` as JSON; None where none shows."""
    tagged: dict[str, tuple[str, str] | None] = {"": None}
    for tags in {common.tags for common in found.common.values()} - {""}:
        shown = lens.tags([{"name": name} for name in msgspec.json.decode(tags)])
        galaxies = lens.galaxies(tag["name"] for tag in shown)
        tagged[tags] = (quick.text(shown), quick.text(galaxies)) if shown else None
    return tagged


def _last_seen(row: Document, one: Body) -> int:
    """Return when an attribute was last sighted, by the sightings that are shown, or said, in seconds."""
    return max([row.timestamp, *(int(each.get("date_sighting") or 0) for each in one.get("Sighting") or ()
                                 if str(each.get("type")) == "0")])  # fmt: skip


_AROUND = ("id", "org_id", "orgc_id", "distribution", "info", "uuid", "date", "threat_level_id", "analysis",
           "published", "timestamp", "publish_timestamp", "attribute_count", "extends_uuid")  # fmt: skip


def around(event: Body, *, full: bool) -> Body:
    """Return what of an event stands in each attribute; ``full``: its organisations and tags too."""
    made = {name: event[name] for name in (_AROUND if full else _AROUND[:6]) if name in event}
    if full:
        made |= {name: event[name] for name in ("Org", "Orgc", "Tag") if name in event}
    return made


def chunks(rows: Sequence[R], size: int) -> Iterator[list[R]]:
    """Yield the rows in lists of at most so many."""
    walk = iter(rows)
    while chunk := list(islice(walk, size)):
        yield chunk
