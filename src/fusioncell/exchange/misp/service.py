"""Use cases of the core: who sees which things, what they say, and how new versions of them are written.

What is *not* here: what an add, an edit or a deletion means (``exchange.misp.content``), searching (``misp.search``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from fusioncell.exchange.misp import from_stix, gather, store
from fusioncell.exchange.misp.ids import Numbers
from fusioncell.exchange.misp.model import (
    ATTRIBUTE,
    EVENT,
    FOR_GOOD,
    KINDS,
    MORE,
    OBJECT,
    Caller,
    Document,
    Put,
    View,
    firsts,
    value_hash,
)
from fusioncell.exchange.misp.ports import AlonePacks, AlonePeople, Packs, People
from fusioncell.exchange.misp.show import Body, Lens
from fusioncell.exchange.misp.store import Find
from fusioncell.intake import extract_entry
from fusioncell.intake.project import Recall
from fusioncell.intake.service import Shell
from fusioncell.kernel.clock import SECOND, Clock
from fusioncell.kernel.entry import Draft, Entry, Payload
from fusioncell.kernel.errors import NotAllowed, NotFound, NotSignedIn, TooLarge
from fusioncell.kernel.ids import Randomness, new_id
from fusioncell.kernel.marking import Audience, Tlp, Uses, audience_for, may_post, within
from fusioncell.kernel.ports import Connection, Database, storable
from fusioncell.record.service import Record

__all__ = ["Find", "Lens", "Misp"]

MAX_BODY = 8 * 1024 * 1024
"""Most bytes of one thing's body: what intake takes of one item."""
SHELLS, LONGEST_SHELL = 1024, 4096
"""Events whose own words are held in memory, since each attribute is shown with its event's; most bytes of one.

They are found by rows alone: what no row leads to is not shown. Of what stands nothing is erased (members.privacy).
"""
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Misp:
    """The front door of the core. ``people`` and ``packs`` are joined in ``bootstrap``."""

    def __init__(
        self, *, record: Record, projections: Database, clock: Clock, randomness: Randomness, numbers: Numbers,
        settle: Callable[[int], None], compatible: bool = False, people: People | None = None,
        packs: Packs | None = None,
    ) -> None:  # fmt: skip
        self._record, self._projections, self._settle = record, projections, settle
        self.clock, self.randomness, self.numbers = clock, randomness, numbers
        self.compatible = compatible
        """Whether unpublished events are seen by distribution, as a stock MISP shows them (PyMISP's suite)."""
        self.people: People = people or AlonePeople()
        self.packs: Packs = packs or AlonePacks()
        self._shells: dict[int, bytes] = {}

    # -- who sees what -------------------------------------------------------------------------------------------------

    def audiences(self, caller: Caller) -> frozenset[int]:
        """Return the audiences that the caller belongs to: every query filters by it."""
        if caller.site_admin:
            return self._record.audiences_where(lambda _: True)
        seen = self._record.visible_to(caller.viewer)
        if caller.ceiling is not None:
            least = caller.ceiling.strictness
            return seen & self._record.audiences_where(lambda audience: audience.tlp.strictness <= least)
        return seen

    def audience_number(self, audience: Audience) -> int:
        """Return the small integer of an audience."""
        return self._record.intern_audience(audience)

    def audience_named(self, number: int) -> Audience:
        """Return the audience of a document."""
        return self._record.audience(number)

    def id_out(self, caller: Caller, number: int) -> str:
        """Return the MISP id under which the caller sees an inner number."""
        return str(self.numbers.out(caller.org, number))

    def id_in(self, caller: Caller, given: str | int) -> int:
        """Return the inner number of an id that the caller was given. Raises NotFound."""
        return self.numbers.back(caller.org, given)

    def lens(self, caller: Caller, shown: Iterable[Document] = ()) -> Lens:
        """Return how the caller sees things; the ids of what is to be ``shown`` are made all at once."""
        many = [row.number for row in shown]
        ids = dict(zip(many, map(str, self.numbers.out_many(caller.org, many)), strict=True))
        return Lens(caller, lambda number: ids.get(number) or self.id_out(caller, number), self.people, self.packs)

    def may_change(self, caller: Caller, document: Document) -> bool:
        """Tell whether a thing is the caller's organisation's own (or the caller is the suite's site admin)."""
        if from_stix.is_shell(document):
            return False
        return caller.site_admin or (bool(caller.org) and document.org == caller.viewer.org)

    # -- find ----------------------------------------------------------------------------------------------------------

    def _read(self, ask: Callable[[Connection], list[Document]]) -> list[Document]:
        with self._projections.read() as connection:
            return ask(connection)

    def by_uuids(self, caller: Caller, uuids: Iterable[str], *models: str) -> list[Document]:
        """Return what stands under these uuids."""
        seen, wanted = self.audiences(caller), sorted({uuid.lower() for uuid in uuids})
        if not wanted:
            return []
        rows = self._read(lambda connection: store.by_uuids(connection, wanted, seen))
        return firsts(row for row in rows if not models or row.model in models)

    def copies(self, caller: Caller, uuids: Iterable[str], model: str) -> list[Document]:
        """Return what stands under these uuids, every contributor's and version's."""
        seen, wanted = self.audiences(caller), sorted({uuid.lower() for uuid in uuids})
        return [row for row in self._read(lambda connection: store.by_uuids(connection, wanted, seen))
                if row.model == model]  # fmt: skip

    def by_numbers(self, caller: Caller, numbers: Iterable[int], *models: str) -> list[Document]:
        """Return what stands under these inner numbers."""
        seen, wanted = self.audiences(caller), sorted(set(numbers))
        rows = self._read(lambda connection: store.by_numbers(connection, wanted, seen))
        return firsts(row for row in rows if not models or row.model in models)

    def by_seqs(self, caller: Caller, seqs: Iterable[int]) -> list[Document]:
        """Return what stands at these positions."""
        seen, wanted = self.audiences(caller), sorted(set(seqs))
        return self._read(lambda connection: store.by_seqs(connection, wanted, seen))

    def of_events(self, caller: Caller, events: Iterable[str], *models: str) -> list[Document]:
        """Return the events with these uuids and all that stands in them, every contributor's and version's."""
        seen, wanted = self.audiences(caller), sorted({uuid.lower() for uuid in events})
        rows = self._read(lambda connection: store.of_events(connection, wanted, seen))
        return [row for row in rows if not models or row.model in models]

    def about(self, caller: Caller, uuids: Iterable[str], *models: str) -> list[Document]:
        """Return what is about the things with these uuids."""
        seen, wanted = self.audiences(caller), sorted({uuid.lower() for uuid in uuids})
        rows = self._read(lambda connection: store.about(connection, wanted, seen))
        return firsts(row for row in rows if not models or row.model in models)

    def of_values(self, caller: Caller, values: Iterable[str]) -> list[Document]:
        """Return what has one of these values, whole or as a part (by hash: compare the values where it matters)."""
        seen, wanted = self.audiences(caller), sorted({value_hash(value) for value in values})
        return firsts(self._read(lambda connection: store.of_values(connection, wanted, seen)))

    def same_values(self, caller: Caller, event: str, values: Iterable[str]) -> list[tuple[int, Document]]:
        """Return (value_hash, attribute) of an event's attributes with one of these values."""
        seen, wanted = self.audiences(caller), sorted({value_hash(value) for value in values})
        with self._projections.read() as connection:
            return store.hashes_of_values(connection, wanted, event, seen)

    def find(self, caller: Caller, wanted: Find) -> list[Document]:
        """Return what meets the conditions, firsts only."""
        seen = self.audiences(caller)
        return firsts(self._read(lambda connection: store.find(connection, wanted, seen)))

    def extending(self, caller: Caller, event: str) -> list[Document]:
        """Return the events that extend one."""
        seen = self.audiences(caller)
        return firsts(self._read(lambda connection: store.extending(connection, [event], seen)))

    def shared_with(self, group: str) -> list[Document]:
        """Return all that is shared with a sharing group, whoever may see it: to move it, never to show it."""
        return self._read(lambda connection: store.shared_with(connection, group))

    def standing(self, document: Document) -> tuple[Document, ...]:
        """Return all rows of a thing that its contributor has, whoever may see them: to supersede or recall them."""
        every = self._record.audiences_where(lambda _: True)
        rows = self._read(lambda connection: store.by_uuids(connection, [document.uuid], every))
        return tuple(row for row in rows if row.org == document.org and row.model == document.model)

    def all_of(self, event: str, org: str) -> list[Document]:
        """Return all rows of an event that a contributor has in it, whoever may see them: to move or recall them."""
        every = self._record.audiences_where(lambda _: True)
        return [row for row in self._read(lambda connection: store.of_events(connection, [event], every))
                if row.org == org]  # fmt: skip

    def resolve(self, caller: Caller, model: str, given: str | int) -> Document:
        """Return one thing by MISP id or uuid. Raises NotFound."""
        text = str(given).strip()
        if len(text) == 36:
            found = self.by_uuids(caller, [text], model)
        else:
            found = self.by_numbers(caller, [self.id_in(caller, text)], model)
        if not found:
            raise NotFound(f"Invalid {model.lower()}")
        return found[0]

    # -- what things say -----------------------------------------------------------------------------------------------

    def entries(self, documents: Sequence[Document]) -> list[Entry | None]:
        """Return the entries of documents, in their order; None for what was erased meanwhile."""
        places = [-one.seq if from_stix.is_shell(one) else one.seq for one in documents]
        found = {entry.seq: entry for entry in self._record.read_many([place for place in places if place > 0])}
        return [found.get(place) for place in places]

    def raw(self, documents: Sequence[Document]) -> list[bytes]:
        """Return the exact bytes of documents, in order."""
        found = {one.seq: body for one in documents if (body := self._shells.get(one.seq)) is not None}
        rest = [one for one in documents if one.seq not in found]
        for one, entry in zip(rest, self.entries(rest) if rest else (), strict=True):
            body = found[one.seq] = _bytes_of(one, entry)
            if one.model == EVENT and 2 < len(body) <= LONGEST_SHELL:
                if len(self._shells) >= SHELLS:
                    self._shells.clear()
                self._shells[one.seq] = body
        return [found[one.seq] for one in documents]

    def said(self, documents: Sequence[Document]) -> dict[int, str]:
        """Return what attributes say beside their columns, by position, each part as JSON on a line of its own.

        Relation, comment, disable_correlation, first_seen, last_seen, value; of those that say more than that, nothing.
        """
        with self._projections.read() as connection:
            return store.said(connection, [document.seq for document in documents])

    def bodies(self, documents: Sequence[Document]) -> list[Body]:
        """Return what documents say, in order."""
        return [_decode(body) for body in self.raw(documents)]

    def body(self, document: Document) -> Body:
        """Return what one document says."""
        return self.bodies([document])[0]

    def tags(self, documents: Sequence[Document]) -> dict[int, list[str]]:
        """Return position → tags of documents; those without any are left out."""
        found: dict[int, list[str]] = {}
        with self._projections.read() as connection:
            for seq, name in store.tags_of(connection, [document.seq for document in documents]):
                found.setdefault(seq, []).append(name)
        return found

    def event_json(self, caller: Caller, event: Document, view: View | None = None) -> Body:
        """Return one event with all that the caller may see of it."""
        return self.events_json(caller, [event], view)[0]

    def events_json(self, caller: Caller, events: Sequence[Document], view: View | None = None) -> list[Body]:
        """Return events with all that the caller may see of them, in MISP's shape, without the ``Event`` envelope."""
        view = view or View()
        uuids = [event.uuid for event in events]
        # Of an event of thousands of attributes, what is about the event itself is a handful of rows.
        rows = self.about(caller, uuids) if view.metadata else self.of_events(caller, uuids)
        if view.deleted and not view.metadata:
            rows += self._gone(caller, events)
        made = gather.choose(events, rows, view)
        self._load(caller, events, made, view)
        lens = self.lens(caller, gather.needed(events, made))
        return [gather.event_json(lens, event, made, view) for event in events]

    def _gone(self, caller: Caller, events: Sequence[Document]) -> list[Document]:
        """Return what was recalled of events: clients that hold it learn of it as of something deleted."""
        seen, uuids = self.audiences(caller), [event.uuid for event in events]
        return self._read(lambda connection: store.gone(connection, uuids, seen))

    def attributes_json(self, caller: Caller, attributes: Sequence[Document], view: View | None = None) -> list[Body]:
        """Return attributes as they stand alone, with their tags (and sightings, proposals where the view says so)."""
        view = view or View()
        events = {row.uuid: row for row in self.by_uuids(caller, {one.event for one in attributes}, EVENT)}
        objects = {row.uuid: row for row in self.by_uuids(caller, {one.object for one in attributes} - {""}, OBJECT)}
        made = gather.Gathered(children={"": list(attributes)})
        self._load(caller, [], made, view)
        lens = self.lens(caller, [*attributes, *events.values()])
        shown = []
        for row in attributes:
            event = events.get(row.event)
            if event is not None:
                holder = objects.get(row.object)
                object_id = lens.id_out(holder.number) if holder else "0"
                shown.append(gather.attribute_json(lens, row, made, view, event, object_id))
        return shown

    def analyst_json(self, caller: Caller, documents: Sequence[Document]) -> list[Body]:
        """Return notes, opinions and relationships, each with what is about it."""
        made = gather.Gathered(children={"": list(documents)})
        self._load(caller, [], made, View())
        lens = self.lens(caller)
        return [gather.analyst_json(lens, row, made) for row in documents]

    def _load(self, caller: Caller, events: Sequence[Document], made: gather.Gathered, view: View) -> None:
        """Load what is about what is shown, and all bodies."""
        fresh = self.about(caller, gather.uuids_shown(events, made))
        for _ in range(gather.DEEPEST):
            fresh = gather.take_about(made, [row for row in fresh if gather.is_shown(row, view)])
            if not fresh:
                break
            fresh = self.about(caller, [row.uuid for row in fresh])
        wanted = gather.needed(events, made)
        shells = {event.seq: event for event in events}
        for row, entry in zip(wanted, self.entries(wanted), strict=True):
            if row.seq < 0 and row.deleted:
                name = "name" if row.model == OBJECT else "type"
                made.bodies[row.seq] = {name: row.type, "category": row.category}
            if entry is None or entry.payload is None:
                continue
            made.bodies[row.seq] = body = _decode(_bytes_of(row, entry))
            if row.seq in shells and row.org == caller.viewer.org:
                made.emails[row.seq] = self.people.email(caller, entry.payload.author)
            if view.warnings and row.model == ATTRIBUTE:
                made.warnings[row.seq] = self.packs.warnings(row.type, str(body.get("value", "")))

    # -- write ---------------------------------------------------------------------------------------------------------

    def write(self, caller: Caller, puts: Sequence[Put], ends: Iterable[Document] = (), *, title: str = "",
              org: str | None = None) -> None:  # fmt: skip
        """Write new versions of things and recall others, in one commit; return when it is projected.

        ``org``: whose they are (default: the caller's organisation). Raises NotSignedIn, NotAllowed, TooLarge.
        """
        owner = org or caller.viewer.org
        if owner is None:
            raise NotSignedIn("This needs an organisation.")
        if not puts and not (ends := list(ends)):
            return
        author = caller.viewer.person or ""
        numbers: dict[Audience, int] = {}
        for put in puts:
            if put.audience not in numbers:
                if owner == caller.viewer.org and not caller.site_admin and not may_post(caller.viewer, put.audience):
                    raise NotAllowed("You do not have permission to use this functionality.")
                numbers[put.audience] = self.audience_number(put.audience)
        drafts: list[Draft] = []
        metas: dict[tuple[object, ...], dict[str, object]] = {}
        gone = list(ends)
        for put in puts:
            drafts.append(_draft(put, numbers[put.audience], author, metas))
            if not put.draft:
                gone += [old for old in put.standing if old.audience != numbers[put.audience]]
        shell = Shell(storable(title[:300]), "misp", "", len(drafts), 0, 0, 0, "", [], 0)
        own = self.audience_number(audience_for(Tlp.AMBER_STRICT, own_org=owner, uses=Uses.NONE))
        first = [Draft("contribution", own, Payload(author, "", 0, "", _encode(shell)))] if drafts else []
        receipt = self._record.append(owner, [*first, *self._recalls(gone, puts, numbers, author), *drafts],
                                      new_id(self.randomness))  # fmt: skip
        self._settle(receipt.last_seq)

    def _recalls(self, gone: Sequence[Document], puts: Sequence[Put], numbers: dict[Audience, int], author: str
                 ) -> list[Draft]:  # fmt: skip
        """Return the recalls of documents, as few as reach them and nothing else."""
        if not gone:
            return []
        goes_on = {(put.model, put.uuid): put.audience for put in puts}
        contributions = {entry.seq: entry.contribution for entry in self.entries(gone) if entry is not None}
        runs: dict[tuple[str, int, str], list[int]] = {}
        for row in gone:
            new = goes_on.get((row.model, row.uuid))
            key = (contributions.get(row.seq, ""), row.audience, new.text if new is not None else "")
            runs.setdefault(key, []).append(row.seq)
        drafts = []
        for (contribution, audience, text), seqs in sorted(runs.items()):
            new = Audience.from_text(text) if text else None
            to = numbers[new] if new is not None else 0
            shown = new is not None and within(self.audience_named(audience), new)
            for first, last in self._runs(sorted(set(seqs)), audience):
                reason = "" if new is not None else FOR_GOOD
                body = _encode(Recall(contribution, first, last, reason, to, shown, moved=new is not None))
                drafts.append(Draft("recall", audience, Payload(author, contribution, 0, "", body)))
        return drafts

    def _runs(self, seqs: list[int], audience: int) -> list[tuple[int, int]]:
        """Join positions to ranges in which nothing else of the audience stands."""
        with self._projections.read() as connection:
            others = set(store.standing_between(connection, seqs[0], seqs[-1], audience)) - set(seqs)
        runs: list[tuple[int, int]] = []
        fences = sorted(others)
        at = 0
        for seq in seqs:
            fenced = False
            while at < len(fences) and fences[at] < seq:
                fenced, at = True, at + 1
            if runs and not fenced:
                runs[-1] = (runs[-1][0], seq)
            else:
                runs.append((seq, seq))
        return runs


def _bytes_of(document: Document, entry: Entry | None) -> bytes:
    """Return what an entry says in MISP's JSON; a STIX object is made into it."""
    if entry is None or entry.payload is None:
        return b"{}"
    if entry.kind != from_stix.KIND:
        return entry.payload.body
    if from_stix.is_shell(document):
        return _encode(from_stix.event_of(entry))
    return _encode(from_stix.attribute_of(entry, extract_entry(entry)) or {})


def _draft(put: Put, audience: int, author: str, metas: dict[tuple[object, ...], dict[str, object]]) -> Draft:
    """Make the entry of a new version: later than all that stands, and under the number of what stood.

    ``metas``: those made so far for one write; attributes of one event share theirs.
    """
    body = put.raw or _encode(put.body)
    if len(body) > MAX_BODY:
        raise TooLarge(f"{put.model} {put.uuid} is larger than {MAX_BODY >> 20} MB.")
    stamp = put.body.get("timestamp")
    version = int(stamp) * SECOND if isinstance(stamp, (int, str)) and str(stamp).isdigit() else 0
    key = (id(put.meta), put.model, put.event, put.object, put.about)
    meta = metas.get(key)
    if meta is None:
        meta = metas[key] = _meta(put)
    if put.standing:
        version = max([version, *(old.version + 1 for old in put.standing)])
        meta = {**meta, "number": min(old.number for old in put.standing)}
    place = put.place or put.model
    return Draft(KINDS.get(put.model, MORE), audience, Payload(author, put.uuid, version, place, body, meta))


def _meta(put: Put) -> dict[str, object]:
    meta: dict[str, object] = {**put.meta, "door": "misp"}
    if put.model not in KINDS:
        meta["model"] = put.model
    if put.event:
        meta["event"] = put.event
    if put.object:
        meta["object"] = put.object
    if put.about:
        meta["on"] = put.about
    return meta
