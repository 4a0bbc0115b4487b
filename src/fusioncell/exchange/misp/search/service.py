"""Use cases of the MISP door's search: which rows a query finds, for whom, and what is shown of them.

1. What a query's ids, names and tag patterns mean is resolved for the caller (:meth:`MispSearch._known`).
2. The read model answers in one statement (``store.search``), cut to the caller's audiences.
3. Where a condition stands in bodies only (patterns in values, comments, titles), the rows found are read and tested,
   and the page is cut after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from msgspec.structs import replace

from fusioncell.exchange.misp.model import ATTRIBUTE, EVENT, OBJECT, Caller, Document, View, value_hash
from fusioncell.exchange.misp.search import match, plan, store, write_feed
from fusioncell.exchange.misp.search.formats import FORMATS
from fusioncell.exchange.misp.search.model import ATTRIBUTES, EVENTS, MOST_ROWS, Hit, On, Query, Search, Terms
from fusioncell.exchange.misp.search.quick import Found
from fusioncell.exchange.misp.search.shown import (
    CHUNK,
    EVENT_CHUNK,
    MAX_RELATED,
    Body,
    Library,
    Showing,
    around,
    chunks,
)
from fusioncell.exchange.misp.service import Lens, Misp
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.errors import NotFound, TooLarge
from fusioncell.kernel.ports import Connection, Database

__all__ = ["Library", "MispSearch", "around"]

T = TypeVar("T")
_HOT = {
    "json": frozenset({"includecontext", "includeeventuuid", "sgreferenceonly", "flatten", "list", "metadata",
                       "noeventreports", "noshadowattributes", "enforcewarninglist", "includedecayscore",
                       "excludedecayed"}),
    "csv": frozenset({"headerless", "includeeventuuid", "flatten", "list", "metadata", "sgreferenceonly",
                      "enforcewarninglist"}),
}  # fmt: skip
"""Flags that the hot path knows, or that change nothing."""


ALL = 1 << 62
"""Rows that no answer has: all there are."""


class MispSearch:
    """Finds, and ``shown`` shows. ``base``: the address at which clients reach the door; ``instance``: the hub's id."""

    def __init__(self, core: Misp, projections: Database, library: Library | None = None, *, base: str = "",
                 instance: str = "") -> None:  # fmt: skip
        self.core, self.library = core, library
        self.shown = Showing(core, library, self)
        self.base, self.instance = base, instance
        self._projections = projections

    def now(self) -> int:
        """Return the time, in seconds."""
        return self.core.clock.now() // SECOND

    def _ask(self, ask: Callable[[Connection], list[Document]]) -> list[Document]:
        with self._projections.read() as connection:
            return ask(connection)

    def _search(self, caller: Caller, wanted: Search) -> list[Document]:
        seen = self.core.audiences(caller)
        return self._ask(lambda connection: store.search(connection, wanted, seen))

    # -- what ids and names mean ---------------------------------------------------------------------------------------

    def _known(self, caller: Caller, query: Query) -> plan.Known:
        events = {text: text.lower() for text in (*query.event_ids.every, *query.extends.every) if len(text) == 36}
        numbers = self._numbers(caller, (*query.event_ids.every, *query.extends.every, *query.ids.every))
        wanted = {numbers[text]: text for text in (*query.event_ids.every, *query.extends.every) if text in numbers}
        if wanted:
            events |= {wanted[row.number]: row.uuid for row in self.core.by_numbers(caller, wanted, EVENT)}
        return plan.Known(events, numbers, self._orgs(caller, query.orgs), self._groups(caller, query.sharing_groups),
                          self._tags(caller, query))  # fmt: skip

    def _numbers(self, caller: Caller, texts: Iterable[str]) -> dict[str, int]:
        found = {}
        for text in texts:
            if text.isdigit():
                try:
                    found[text] = self.core.id_in(caller, text)
                except NotFound:
                    continue
        return found

    def _orgs(self, caller: Caller, wanted: Terms) -> dict[str, tuple[str, str]]:
        found = {}
        for text in wanted.every:
            org = self.core.people.find_organisation(caller, text)
            if org is not None:
                found[text] = (str(self.core.people.organisation(caller, org)["uuid"]), org)
            elif len(text) == 36 and text.count("-") == 4:
                found[text] = (text.lower(), "")
        return found

    def _groups(self, caller: Caller, wanted: Terms) -> dict[str, str]:
        known = ((text, self.core.people.sharing_group(caller, text)) for text in wanted.every)
        return {text: group.uuid.lower() for text, group in known if group is not None}

    def _tags(self, caller: Caller, query: Query) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for text in (*query.tags.every, *query.event_tags.every):
            if "%" in text:
                with self._projections.read() as connection:
                    found[text] = tuple(store.tags_like(connection, [match.escaped(text)]))
            elif text.isdigit():
                name = self.core.packs.tag_name(caller, text)
                found[text] = (value_hash(text), *((value_hash(name),) if name else ()))
        return found

    # -- which events --------------------------------------------------------------------------------------------------

    def events(self, caller: Caller, query: Query) -> tuple[list[Document], int]:
        """Return a page of the events that meet a query, and how many do."""
        if query.nothing:
            return [], 0
        known = self._known(caller, query)
        here = plan.event_conditions(query, known, own=True)
        if query.wildcard:
            here.append(On("uuid", tuple(self._anywhere(caller, query)) or ("",)))
        if match.attribute_tests(query):
            here.append(On("uuid", tuple(self._tested(caller, query).events()) or ("",)))
        if query.object_names or query.object_templates or query.object_versions:
            here.append(On("uuid", tuple({row.event for row in self._objects_named(caller, query)}) or ("",)))
        wanted = Search(EVENT, tuple(here), inside=tuple(plan.inside_groups(query, known)))
        return self._page(caller, query, wanted, self._title_test(caller, query))

    def _anywhere(self, caller: Caller, query: Query) -> set[str]:
        """Return the events that hold a text anywhere: title, tags, values, comments (``searchall``)."""
        known = plan.Known(tags=self._tags(caller, replace(query, tags=query.wildcard)))
        found = {row.uuid for row in self._search(caller, Search(
            EVENT, tuple(plan.tag_conditions("tag_inside", query.wildcard, known))))}  # fmt: skip
        titled = Query(EVENTS, titles=query.wildcard)
        found |= {row.uuid for row in self._page(caller, titled, Search(EVENT), self._title_test(caller, titled))[0]}
        test = match.wildcard_test(query)
        rows = self._hot_rows(caller, Search(ATTRIBUTE, tuple(plan.flag("deleted", query.deleted))), most=ALL)
        return found | rows.only(self._passing(Query(ATTRIBUTES), [test], self.shown.said_of(caller, rows))).events()

    def _objects_named(self, caller: Caller, query: Query) -> list[Document]:
        here = (*plan.each("type", query.object_names), *plan.flag("deleted", query.deleted))
        rows = self._search(caller, Search(OBJECT, here))
        tests = match.attribute_tests(replace(query, comments=Terms(), first_seen=None, last_seen=None), of=OBJECT)
        return rows if not tests else [row for row, said in self.shown.said(rows) if all(test(said) for test in tests)]

    def _title_test(self, caller: Caller, query: Query) -> Callable[[Sequence[Document]], list[Document]] | None:
        """Return the test of events by what their bodies say: the title, a creator that the hub does not know."""
        title = match.terms(query.titles) if query.titles else None
        orgs = self._orgs(caller, query.orgs)
        foreign = Terms(*(tuple(text for text in texts if text not in orgs and not text.isdigit()) for texts in (
            query.orgs.any_of, query.orgs.all_of, query.orgs.none_of)))  # fmt: skip
        creator = match.terms(foreign) if foreign else None
        if title is None and creator is None:
            return None

        def test(rows: Sequence[Document]) -> list[Document]:
            kept = []
            for row, raw in zip(rows, self.core.raw(rows), strict=True):
                try:
                    said = match.read_titled(raw)
                except match.UNREADABLE:
                    continue
                name = (said.Orgc.name if said.Orgc else None) or str(self._organisation(caller, row.org)["name"])
                if (title is None or title([said.info or ""])) and (creator is None or creator([name])):
                    kept.append(row)
            return kept

        return test

    def _organisation(self, caller: Caller, org: str) -> Body:
        return self.core.people.organisation(caller, org)

    # -- which attributes, objects, sightings --------------------------------------------------------------------------

    def attributes(self, caller: Caller, query: Query) -> tuple[list[Document], int]:
        """Return a page of the attributes that meet a query, and how many do."""
        if query.nothing:
            return [], 0
        wanted = self._of_attributes(caller, query)
        if self._tests(query) is None or not plan.order_of(query)[0]:
            return self._page(caller, query, wanted, self._body_test(query))
        found, total = self._hot_page(caller, query, wanted)
        rows = {row.seq: row for row in self.core.by_seqs(caller, found.seqs())}
        return [rows[seq] for seq in found.seqs() if seq in rows], total

    def _of_attributes(self, caller: Caller, query: Query) -> Search:
        """Return the search of attributes that a query is, but for what only bodies tell of them."""
        known = self._known(caller, query)
        here, event = plan.attributes_plan(query, known), plan.event_conditions(query, known, own=False)
        test = self._title_test(caller, query)
        if test is not None:
            rows, _ = self._page(caller, Query(EVENTS), Search(EVENT, tuple(event)), test)
            here.append(On("event", tuple(row.uuid for row in rows) or ("",)))
            event = []
        if query.object_names or query.object_templates:
            here.append(On("object", tuple(row.uuid for row in self._objects_named(caller, query)) or ("",)))
        return Search(ATTRIBUTE, tuple(here), tuple(event))

    def _tests(self, query: Query) -> list[match.Test] | None:
        """Return the tests of bodies that a query needs; None where the read model answers it alone."""
        tests = match.attribute_tests(query)
        if query.wildcard:
            tests.append(match.wildcard_test(query))
        return tests if tests or (query.has("enforceWarninglist") and self.library is not None) else None

    def _passing(self, query: Query, tests: Sequence[match.Test], said: Iterable[tuple[T, match.Said]]) -> list[T]:
        """Return what passes the tests, and stands on no warninglist where the query wants that."""
        if len(tests) == 1:
            kept = [(row, one) for row, one in said if tests[0](one)]
        else:
            kept = [(row, one) for row, one in said if all(test(one) for test in tests)]
        if query.has("enforceWarninglist") and self.library is not None:
            asked = [(str(one.type or ""), match.text_of(one.value)) for _, one in kept]
            kept = [pair for pair, lists in zip(kept, self.library.warnings_of_many(asked), strict=True) if not lists]
        return [row for row, _ in kept]

    def _body_test(self, query: Query) -> Callable[[Sequence[Document]], list[Document]] | None:
        tests = self._tests(query)
        return None if tests is None else lambda rows: self._passing(query, tests, self.shown.said(rows))

    def _tested(self, caller: Caller, query: Query) -> Found:
        """Return the attributes that pass the tests of a query for what they stand in."""
        plain = replace(query, wildcard=Terms(), limit=None, order=None, flags=frozenset())
        return self._hot_page(caller, plain, Search(ATTRIBUTE, tuple(plan.flag("deleted", query.deleted))))[0]

    def objects(self, caller: Caller, query: Query) -> tuple[list[Document], int]:
        """Return a page of the objects that meet a query, and how many do."""
        if query.nothing:
            return [], 0
        known = self._known(caller, query)
        here = [*plan.each("type", query.object_names), *plan.flag("deleted", query.deleted),
                *plan.objects_plan(query, known)]  # fmt: skip
        event = plan.event_conditions(query, known, own=False)
        title = self._title_test(caller, query)
        if title is not None:
            rows, _ = self._page(caller, Query(EVENTS), Search(EVENT, tuple(event)), title)
            here.append(On("event", tuple(row.uuid for row in rows) or ("",)))
            event = []
        if match.attribute_tests(query):
            here.append(On("uuid", tuple(self._tested(caller, query).holders()) or ("",)))
        tests = match.attribute_tests(replace(query, comments=Terms(), first_seen=None, last_seen=None), of=OBJECT)

        def test(rows: Sequence[Document]) -> list[Document]:
            return [row for row, said in self.shown.said(rows) if all(one(said) for one in tests)]

        wanted = Search(OBJECT, tuple(here), tuple(event), tuple(plan.inside_groups(query, known)))
        return self._page(caller, query, wanted, test if tests else None)

    def sightings(self, caller: Caller, query: Query, context: str, given: Sequence[str]) -> list[Document]:
        """Return the sightings that meet a query: of events or attributes, or of the last thirty days."""
        here: list[On] = [On("deleted", (0,))]
        if given:
            models = {"event": (EVENT,), "attribute": (ATTRIBUTE,)}.get(context, (EVENT, ATTRIBUTE))
            about = self._named(caller, models, given)
            here.append(On("event" if about and about[0].model == EVENT else "about",
                           tuple(row.uuid for row in about) or ("",)))  # fmt: skip
        span = query.publish_timestamp or query.timestamp
        if span is not None:
            here += plan.span("seen", span)
        elif not given and not any(query.dates):
            here.append(On("seen", low=self.now() - 30 * 86_400))
        here += plan.each("type", query.types)
        if query.options.get("source"):
            here.append(On("category", (str(query.options["source"]),)))
        if query.nothing:
            return []
        rows = self._search(caller, Search("Sighting", tuple(here), limit=query.limit or 0,
                                           offset=(query.page - 1) * (query.limit or 0)))  # fmt: skip
        orgs = {org for _, org in self._orgs(caller, query.orgs).values()}
        return [row for row in rows if not query.orgs or row.org in orgs]

    def _named(self, caller: Caller, models: Sequence[str], given: Sequence[str]) -> list[Document]:
        """Return what is meant by MISP ids or uuids: all of the first of the models that there is any of."""
        uuids = [one.lower() for one in given if len(one) == 36]
        numbers = []
        for one in given:
            try:
                numbers.append(self.core.id_in(caller, one))
            except NotFound:
                continue
        for model in models:
            found = self.core.by_uuids(caller, uuids, model) if uuids else []
            found += self.core.by_numbers(caller, numbers, model) if numbers else []
            if found:
                return found
        return []

    # -- pages ---------------------------------------------------------------------------------------------------------

    def _page(self, caller: Caller, query: Query, wanted: Search,
              test: Callable[[Sequence[Document]], list[Document]] | None) -> tuple[list[Document], int]:  # fmt: skip
        """Return a page of what meets the conditions and the test, in the query's order, and how many do."""
        column, down = plan.order_of(query)
        wanted = replace(wanted, order=column or "number", descending=down)
        limit, offset = query.limit or 0, (query.page - 1) * (query.limit or 0)
        if test is None and column:
            rows = self._search(caller, replace(wanted, limit=limit or MOST_ROWS + 1, offset=offset))
            _refuse_more(limit, len(rows))
            if not limit or (not offset and len(rows) < limit):
                return rows, len(rows)
            seen = self.core.audiences(caller)
            with self._projections.read() as connection:
                return rows, store.count(connection, wanted, seen)
        rows = self._search(caller, replace(wanted, limit=MOST_ROWS + 1))
        _refuse_more(0, len(rows))
        if test is not None:
            rows = [row for chunk in chunks(rows, CHUNK) for row in test(chunk)]
        if not column:
            rows = self._sorted(rows, query)
        return (rows[offset : offset + limit] if limit else rows), len(rows)

    def _sorted(self, rows: list[Document], query: Query) -> list[Document]:
        name, down = query.order or ("", False)
        keys = {row.seq: str(body.get(name, "")) for chunk in chunks(rows, CHUNK)
                for row, body in zip(chunk, self.core.bodies(chunk), strict=True)}  # fmt: skip
        return sorted(rows, key=lambda row: keys[row.seq], reverse=down)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def view(self, caller: Caller, query: Query, events: Sequence[Document]) -> View:
        """Return what is shown of events: by ``to_ids``, tags that must not be, warninglists, deleted, metadata."""
        view = View(
            deleted=2 if len(query.deleted) == 2 else int(1 in query.deleted), metadata=query.has("metadata"),
            attachments=query.has("withAttachments") or query.has("includeAttachments"),
            proposals=not query.has("noShadowAttributes"), reports=not query.has("noEventReports"),
            sightings=not query.has("noSightings"), warnings=query.has("includeWarninglistHits"),
            galaxies=not query.has("excludeGalaxy"), local_tags=not query.has("excludeLocalTags"),
        )  # fmt: skip
        known = plan.Known(tags=self._tags(caller, query))
        hidden = plan.tag_conditions("tag", Terms(none_of=query.tags.none_of), known)
        if view.metadata or not (len(query.to_ids) == 1 or hidden or query.has("enforceWarninglist")):
            return view
        here = (*plan.flag("to_ids", query.to_ids), *hidden, On("event", tuple(row.uuid for row in events) or ("",)))
        rows = self._search(caller, Search(ATTRIBUTE, here))
        if query.has("enforceWarninglist"):
            test = self._body_test(Query(ATTRIBUTES, flags=query.flags))
            rows = rows if test is None else test(rows)
        return replace(view, chosen=frozenset(row.uuid for row in rows))

    def shown_events(self, caller: Caller, query: Query, rows: Sequence[Document]) -> Iterator[Body]:
        """Yield events with all that the query wants of them."""
        view = self.view(caller, query, rows)
        for chunk in chunks(rows, EVENT_CHUNK):
            yield from self.core.events_json(caller, chunk, view)

    def hits_of_events(self, caller: Caller, query: Query, rows: Sequence[Document]) -> Iterator[Hit]:
        """Yield the attributes of events, as a format takes them."""
        types = set(query.types.any_of) if query.has("narrow") else set()
        for event in self.shown_events(caller, query, rows):
            for one in event.get("Attribute") or ():
                if not types or one["type"] in types:
                    yield Hit(one, event)
            for inner in event.get("Object") or ():
                for one in inner.get("Attribute") or ():
                    if not types or one["type"] in types:
                        yield Hit(one, event, inner)

    def related(self, caller: Caller, rows: Sequence[Document], lens: Lens, events: dict[str, Body]
                 ) -> dict[str, list[Body]]:  # fmt: skip
        """Return, by uuid, the visible attributes of other events with a value in common."""
        hashes: dict[int, list[Document]] = {}
        for row, said in self.shown.said(rows):
            for text in match.values_in(said):
                hashes.setdefault(value_hash(text), []).append(row)
        seen = self.core.audiences(caller)
        with self._projections.read() as connection:
            found = store.correlated(connection, sorted(hashes), seen, MAX_RELATED * max(len(rows), 1))
        others = list({row.seq: row for _, row in found}.values())
        self.shown.shells(lens, caller, others, events, {})
        bodies = {row.seq: body for row, body in zip(others, self.core.bodies(others), strict=True)}
        related: dict[str, dict[int, Body]] = {}
        for key, other in found:
            event = events.get(other.event)
            for row in hashes[key] if event is not None else ():
                mine = related.setdefault(row.uuid, {})
                if other.event != row.event and len(mine) < MAX_RELATED:
                    shown = lens.attribute(other, bodies[other.seq], event["id"])  # type: ignore[index]
                    mine[other.seq] = {
                        **{name: shown[name] for name in ("id", "event_id", "object_id", "category", "type", "uuid",
                                                          "timestamp", "distribution", "to_ids", "comment", "value")},
                        "Event": around(event or {}, full=False),
                    }  # fmt: skip
        return {uuid: list(found.values()) for uuid, found in related.items()}

    def shown_sightings(self, caller: Caller, query: Query, rows: Sequence[Document]) -> list[Body]:
        """Return sightings, each with its attribute and event where the query wants them."""
        lens = self.core.lens(caller)
        attributes = {row.uuid: row for row in self.core.by_uuids(caller, {row.about for row in rows}, ATTRIBUTE)}
        events: dict[str, Body] = {}
        self.shown.shells(lens, caller, rows, events, {})
        shown = []
        bodies = {row.uuid: body for row, body in zip(
            attributes.values(), self.core.bodies(list(attributes.values())), strict=True)}  # fmt: skip
        for row, body in zip(rows, self.core.bodies(rows), strict=True):
            event, attribute = events.get(row.event), attributes.get(row.about)
            if event is None:
                continue
            one = lens.sighting(row, body, attribute, event["id"])
            if query.has("includeEvent"):
                one["Event"] = around(event, full=True)
            if query.has("includeAttribute") and attribute is not None:
                one["Attribute"] = lens.attribute(attribute, bodies[attribute.uuid], event["id"])
            if attribute is not None:
                one["value"] = str(bodies[attribute.uuid].get("value", ""))
            shown.append(one)
        return shown

    def shown_objects(self, caller: Caller, query: Query, rows: Sequence[Document]) -> list[Body]:
        """Return objects with their attributes and references, each with its event's essentials."""
        events = self.core.by_uuids(caller, {row.event for row in rows}, EVENT)
        view = replace(self.view(caller, replace(query, to_ids=frozenset((0, 1)), tags=Terms()), events))
        made: dict[str, Body] = {}
        for event in self.shown.shown_events_by(caller, events, view):
            for inner in event.get("Object") or ():
                made[str(inner["uuid"])] = {**inner, "Event": around(event, full=False)}
        return [made[row.uuid] for row in rows if row.uuid in made]

    # -- the hot path --------------------------------------------------------------------------------------------------

    def hot(self, caller: Caller, query: Query) -> tuple[Found, int] | None:
        """Return a page of the attributes that meet a query for the hot path, None where that cannot answer it."""
        if query.nothing or plan.order_of(query)[0] == "" or not _is_hot(query):
            return None
        return self._hot_page(caller, query, self._of_attributes(caller, query))

    def _hot_page(self, caller: Caller, query: Query, wanted: Search) -> tuple[Found, int]:
        """Return a page of what meets the conditions and the query's tests, in its order, and how many do."""
        column, down = plan.order_of(query)
        limit, offset = query.limit or 0, (query.page - 1) * (query.limit or 0)
        wanted, tests = replace(wanted, order=column, descending=down), self._tests(query)
        if tests is not None:
            found = self._hot_rows(caller, wanted)
            rows = self._passing(query, tests, self.shown.said_of(caller, found, match.sieve(query)))
            return found.only(rows[offset : offset + limit] if limit else rows), len(rows)
        found = self._hot_rows(caller, replace(wanted, limit=limit, offset=offset))
        count = len(found.rows)
        if limit and (query.page > 1 or count == limit):
            with self._projections.read() as connection:
                count = store.count(connection, wanted, self.core.audiences(caller))
        return found, count

    def _hot_rows(self, caller: Caller, wanted: Search, most: int = MOST_ROWS + 1) -> Found:
        """Return the rows of a search for the hot path. Raises TooLarge where it has no limit and finds too many."""
        seen = self.core.audiences(caller)
        with self._projections.read() as connection:
            found = store.hot(connection, replace(wanted, limit=wanted.limit or most), seen)
        _refuse_more(wanted.limit or int(most == ALL), len(found.rows))
        return found

    def locally_tagged(self, caller: Caller) -> frozenset[str]:
        """Return what the caller's organisation has tagged for itself: few things, and shown the general way."""
        with self._projections.read() as connection:
            return store.locally_tagged(connection, self.core.audiences(caller))

    def of_plain_event(self, caller: Caller, event: Document) -> Found | None:
        """Return the attributes of an event in which nothing else stands, each once; None of any other event."""
        with self._projections.read() as connection:
            return store.of_plain_event(connection, event, self.core.audiences(caller))

    def scored_hits(self, caller: Caller, query: Query, rows: Sequence[Document]) -> Iterator[Hit]:
        """Yield attributes with their decay scores, as a format takes them."""
        for one in self.shown.shown_attributes(caller, replace(query, flags=query.flags | {"includecontext"}), rows):
            yield Hit(one, one["Event"])

    def events_of(self, caller: Caller, rows: Sequence[Document]) -> Iterator[Body]:
        """Yield the events that attributes stand in, cut to these attributes."""
        events = self.core.by_uuids(caller, {row.event for row in rows}, EVENT)
        view = View(deleted=2, proposals=False, reports=False, chosen=frozenset(row.uuid for row in rows))
        return self.shown.shown_events_by(caller, events, view)

    def last_sighted(self, caller: Caller, rows: Sequence[Document]) -> dict[str, int]:
        """Return event → when the newest sighting in it that the caller sees was noted, in seconds."""
        with self._projections.read() as connection:
            return store.last_sighted(connection, [row.uuid for row in rows], self.core.audiences(caller))

    # -- the feed ------------------------------------------------------------------------------------------------------

    def published(self, caller: Caller) -> list[Document]:
        """Return the published events that the caller sees."""
        return self._search(caller, Search(EVENT, (On("published", (1,)),)))

    def manifest(self, caller: Caller) -> Body:
        """Return a feed's ``manifest.json``."""
        lens = self.core.lens(caller)
        return {
            row.uuid: write_feed.manifest_entry(lens.event(row, body))
            for chunk in chunks(self.published(caller), CHUNK)
            for row, body in zip(chunk, self.core.bodies(chunk), strict=True)
        }

    def feed_hashes(self, caller: Caller) -> bytes:
        """Return a feed's ``hashes.csv``."""
        wanted = Search(ATTRIBUTE, (On("deleted", (0,)),), (On("published", (1,)),))
        values: dict[str, list[tuple[str, str]]] = {}
        for row, said in self.shown.said(self._search(caller, wanted)):
            values.setdefault(row.event, []).append((row.type, match.text_of(said.value)))
        return "".join(
            f"{line}\n" for uuid, found in values.items() for line in write_feed.hash_lines(uuid, found)
        ).encode()

    def feed_event(self, caller: Caller, uuid: str) -> Body:
        """Return one published event as a feed's file. Raises NotFound for any other."""
        found = [row for row in self.core.by_uuids(caller, [uuid], EVENT) if row.published]
        if not found:
            raise NotFound("There is no such event in this feed.")
        view = View(deleted=2, proposals=False, sightings=False, local_tags=False, attachments=True, analyst=False)
        return write_feed.event_file(self.core.event_json(caller, found[0], view))

    # -- counts --------------------------------------------------------------------------------------------------------

    def statistics(self, caller: Caller, column: str) -> list[tuple[str, int]]:
        """Return how many attributes of each type or category the caller sees."""
        seen = self.core.audiences(caller)
        with self._projections.read() as connection:
            return store.count_by(connection, column, seen)

    def counts(self, caller: Caller, events: Iterable[str]) -> dict[str, int]:
        """Return how many standing attributes the caller sees in each event."""
        seen = self.core.audiences(caller)
        with self._projections.read() as connection:
            return store.counts_of_events(connection, sorted(events), seen)


def _is_hot(query: Query) -> bool:
    """Tell whether the hot path can write the answer."""
    if query.format in _HOT:
        return not (query.flags - _HOT[query.format] or query.requested)
    form = FORMATS.get(query.format)
    return form is not None and form.hits is not None and form.plain and not query.has("includeDecayScore")


def _refuse_more(limit: int, found: int) -> None:
    """Refuse what has no limit and finds more than one answer holds: a part would be taken for the whole."""
    if not limit and found > MOST_ROWS:
        raise TooLarge(f"this finds more than {MOST_ROWS:,} rows", hint="Ask by limit and page, or for less.")
