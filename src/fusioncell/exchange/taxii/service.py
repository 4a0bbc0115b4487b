"""Use cases of the TAXII door: what there is, pages of it, posting, deleting, and what became of a post.

A visitor reads the public root alone. What a viewer may not read is not there: unknown and hidden are one answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import lt
from typing import Any

import msgspec

from fusioncell.exchange.as_stix import name_of, object_of
from fusioncell.exchange.taxii import store
from fusioncell.exchange.taxii.collect import roots_of
from fusioncell.exchange.taxii.dress import dress, withdrawn
from fusioncell.exchange.taxii.filters import next_of
from fusioncell.exchange.taxii.model import (
    DISCOVERY,
    MEDIA,
    PUBLIC_ROOT,
    STIX_20,
    STIX_21,
    TLP1_ROOT,
    Ask,
    Collection,
    Page,
    Root,
    Row,
    Unprocessable,
    written,
)
from fusioncell.exchange.taxii.pages import Pages
from fusioncell.exchange.taxii.report import Report, report_of
from fusioncell.intake import ITEM_KINDS, extract_entry, signed64, split_body
from fusioncell.intake.model import Split
from fusioncell.intake.service import Intake, Shell, Terms
from fusioncell.kernel.clock import Instant, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, NotAllowed, NotFound, NotSignedIn, TooLarge
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.ports import Database, storable
from fusioncell.record.service import Record

_KNOWN = 10_000
"""Viewers whose collections are remembered."""
_REPORTS = 2000
"""Reports on posts that are remembered with the ids of what failed; others are read from the record."""
_encode = msgspec.json.encode


class _Said(msgspec.Struct, gc=False):
    modified: str = ""
    created: str = ""


_said = msgspec.json.Decoder(_Said).decode
Names = Callable[[Viewer], Mapping[str, str]]
"""Gives the names of the groups that a viewer may know of, by id."""


@dataclass(frozen=True, slots=True)
class Place:
    """A collection that a viewer reads, and the generation of TLP in which it is shown."""

    collection: Collection
    generation: int = 2


class Taxii:
    """The front door of the package. ``position``: how far projections are, None where no one here moves them."""

    def __init__(
        self, *, record: Record, projections: Database, intake: Intake, names: Names,
        position: Callable[[], int | None], lag: Callable[[int], int],
    ) -> None:  # fmt: skip
        self._record, self._projections, self._intake = record, projections, intake
        self._names, self._position, self._lag = names, position, lag
        self._places: dict[Viewer, dict[tuple[str, str], Place]] = {}
        self._heads: dict[str, tuple[int, tuple[int, Instant, int] | None]] = {}
        self._pages = Pages()
        self._reports: OrderedDict[str, Report] = OrderedDict()

    # -- what there is -----------------------------------------------------------------------------------------------

    def discovery(self, viewer: Viewer, base: str) -> dict[str, Any]:
        """Return the discovery resource (TAXII 2.1 §4.1). ``base``: scheme and host of the addresses in it."""
        _known(viewer)
        roots = [f"{base}{DISCOVERY}{root.name}/" for root in roots_of(viewer, {})]
        return {
            "title": "Fusion Cell",
            "description": "What the partnership knows about cyber threats, as far as you may read it.",
            "default": roots[0],
            "api_roots": roots,
        }

    def root(self, viewer: Viewer, name: str) -> dict[str, Any]:
        """Return an API root (TAXII 2.1 §4.2)."""
        root = self._root(viewer, name)
        return {
            "title": root.title,
            "description": root.description,
            "versions": [MEDIA],
            "max_content_length": self._intake.limits.max_body,
        }

    def collections(self, viewer: Viewer, name: str) -> dict[str, Any]:
        """Return the collections of a root (TAXII 2.1 §5.1)."""
        found = self._root(viewer, name).collections
        return {"collections": [_collection(one) for one in found]} if found else {}

    def collection(self, viewer: Viewer, name: str, which: str) -> dict[str, Any]:
        """Return one collection, by id or alias (TAXII 2.1 §5.2)."""
        self.place(viewer, name, which)
        return next(_collection(one) for one in self._root(viewer, name).collections if which in (one.id, one.alias))

    def _root(self, viewer: Viewer, name: str) -> Root:
        plain = name.removesuffix(TLP1_ROOT)
        names = self._names(viewer) if plain != PUBLIC_ROOT and (viewer.member or viewer.guest) else {}
        root = next((root for root in roots_of(viewer, names) if root.name == plain), None)
        if root is None:
            _known(viewer)
            raise NotFound("there is no such API root", hint=f"The discovery at {DISCOVERY} lists yours.")
        if plain == name:
            return root
        kept = tuple(one for one in root.collections if one.tlp is not Tlp.AMBER_STRICT)
        return Root(name, f"{root.title} (TLP 1.0)", root.description, kept)

    def place(self, viewer: Viewer, name: str, which: str) -> Place:
        """Return a collection that the viewer reads, by root and id or alias. Raises NotSignedIn, NotFound."""
        known = self._places.get(viewer)
        if known is None or viewer.may("contribute") != self._writes(known):
            if len(self._places) >= _KNOWN:
                self._places = {}
            known = self._places[viewer] = _places_of(viewer)
        found = known.get((name, which))
        if found is None:
            if name.removesuffix(TLP1_ROOT) != PUBLIC_ROOT:
                _known(viewer)
            raise NotFound("there is no such collection here", hint="Its API root lists those that you may read.")
        return found

    def _writes(self, known: Mapping[tuple[str, str], Place]) -> bool:
        # Permissions are no part of a viewer's identity.
        return any(place.collection.can_write for place in known.values())

    # -- pages of it -------------------------------------------------------------------------------------------------

    def ready(self, place: Place, kind: str, ask: Ask, oid: str = "") -> Page | None:
        """Return a page if that takes no database: where nothing is new, or it was made before; else None."""
        known = self._heads.get(place.collection.key)
        position = self._position()
        if known is None or position is None or known[0] != position or oid:
            return None
        return self._at_hand(place, kind, ask, oid, known[1])

    def page(self, place: Place, kind: str, ask: Ask, oid: str = "") -> Page:
        """Return a page of ``objects``, ``manifest`` or ``versions``; of one object with ``oid``, else NotFound."""
        position = self._position()
        with self._projections.read() as connection:
            head = store.head(connection, place.collection.key)
            if position is not None:
                self._heads[place.collection.key] = (position, head)
            if oid and (head is None or not store.exists(connection, head[0], oid)):
                raise NotFound("there is no such object in this collection", hint="It may have been withdrawn.")
            made = self._at_hand(place, kind, ask, oid, head)
            if made is not None or head is None:
                return made or _empty(kind, oid)
            number, last, changed = head
            org = signed64(ask.contributor) if ask.contributor else 0
            rows, more = store.page(connection, number, _narrowed(ask, kind, oid), org, by_id=bool(oid))
        page = self._written(place, kind, ask, oid, rows, more)
        self._pages.put(_key(place, kind, ask, oid), page, changed, 0 if more else last)
        return page

    def behind_page(self, place: Place, ask: Ask) -> list[tuple[str, Entry, bool]]:
        """Return (id, entry, whether it was withdrawn) of what a page of ``objects`` shows, for another hub."""
        with self._projections.read() as connection:
            head = store.head(connection, place.collection.key)
            rows = store.page(connection, head[0], ask, 0, by_id=False)[0] if head is not None else []
        return [(named[0], entry, bool(row.revoked)) for row, entry in self._behind(rows) if (named := _name(entry))]

    def _behind(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Entry]]:
        """Yield the entry of each row, without those that were erased since, as they are taken."""
        seqs = [row.seq for row in rows]
        each = self._record.read_each(seqs)
        if all(map(lt, seqs, seqs[1:])):  # nearly always: places follow positions, but for what was withdrawn
            standing = dict(zip(seqs, rows, strict=True))
            return ((standing[entry.seq], entry) for entry in each if entry.payload is not None)
        entries = {entry.seq: entry for entry in each}
        return ((row, entry) for row in rows
                if (entry := entries.get(row.seq)) is not None and entry.payload is not None)  # fmt: skip

    def _at_hand(self, place: Place, kind: str, ask: Ask, oid: str, head: tuple[int, Instant, int] | None
                 ) -> Page | None:
        if head is None or ask.after >= head[1]:
            return _empty(kind, oid)
        return self._pages.get(_key(place, kind, ask, oid), head[2], head[1])

    def _written(self, place: Place, kind: str, ask: Ask, oid: str, rows: Sequence[Row], more: bool) -> Page:
        if not rows:
            return _empty(kind, oid)
        given: set[str] = set()
        gone: set[str] = set()
        behind = self._behind(rows)
        if kind == "objects":
            parts = self._objects(behind, place.generation, ask, given, gone)
        elif kind == "manifest":
            parts = [_encode(_record_of(row, entry)) for row, entry in behind]
        else:
            parts = [_encode(_version_of(row, entry)) for row, entry in behind]
        name = b"versions" if kind == "versions" else b"objects"
        first, last = rows[0].added, rows[-1].added
        head = b'{"more":true,"next":"%s","' % next_of(ask, last).encode() if more else b'{"more":false,"'
        # One join: each further copy of a page costs as much as its reading.
        parts[:1] = [head + name + b'":[' + parts[0]] if parts else [head + name + b'":[']
        parts[-1] += b"]}"
        return Page(b",".join(parts), first, last, frozenset(given), frozenset(gone))

    def _objects(self, behind: Iterable[tuple[Row, Entry]], generation: int, ask: Ask, given: set[str], gone: set[str]
                 ) -> list[bytes]:  # fmt: skip
        plain_20 = ask.specs == (STIX_20,)
        labels: dict[int, Tlp] = {}
        made = []
        for row, entry in behind:
            tlp = labels.get(entry.audience)
            if tlp is None:
                tlp = labels[entry.audience] = self._record.audience(entry.audience).tlp
            if row.revoked:
                gone.add(entry.contribution)
                oid, type, _ = _name(entry)
                stamp = format_instant(row.version)
                made.append(withdrawn(_body(entry)[1], type, oid, row.spec, stamp, tlp, generation))
            else:
                given.add(entry.contribution)
                said = entry.payload
                oid, body = (said.subject, said.body) if entry.kind == "stix" and said is not None else _body(entry)
                made.append(dress(body, oid, tlp, row.spec, generation, plain_20=plain_20))
        return made

    # -- posting -----------------------------------------------------------------------------------------------------

    def post(self, viewer: Viewer, place: Place, body: bytes) -> Report:
        """Keep an envelope's objects, or a bundle's, with the readers of the collection; durable when it returns.

        What is marked more strictly goes to fewer. Raises NotAllowed, BadInput, TooLarge, Unprocessable.
        """
        collection = place.collection
        if not collection.can_write:
            raise NotAllowed("this collection is not written to", hint="Its can_write says which are.")
        split = self._split(body)
        groups = (collection.party,) if collection.party.startswith("group:") else ()
        floor = collection.tlp if collection.party else None
        terms = Terms(collection.tlp, groups, at_least=floor)
        accepted = self._intake.accept_split(viewer, body, "stix", split, terms)
        report = report_of(accepted.contribution, accepted.receipt.at, accepted.receipt.last_seq, split)
        self._reports[report.id] = report
        while len(self._reports) > _REPORTS:
            self._reports.popitem(last=False)
        return report

    def _split(self, body: bytes) -> Split:
        try:
            name, split = split_body("application/taxii+json", body, "", self._intake.limits)
        except TooLarge:
            raise
        except BadInput as fault:
            if fault.place:
                raise
            raise Unprocessable(fault.detail, hint=fault.hint) from None
        places = {at.partition("[")[0] for at in [i.place for i in split.items] + [f.place for f in split.faults]}
        if places != {"objects"}:
            raise Unprocessable(
                "this is no envelope with objects" if places else "the envelope holds no objects",
                hint='Send {"objects": [ … ]}, or a bundle.',
            )
        return split

    def report(self, viewer: Viewer, name: str, which: str) -> dict[str, Any]:
        """Return what became of a post of the viewer's organisation (TAXII 2.1 §4.3); as long as the record stands."""
        self._root(viewer, name)
        try:
            commit = self._intake.own(viewer, which)
        except NotFound:
            raise NotFound("there is no such status", hint="Check the id that the answer to your post gave.") from None
        known = self._reports.get(which)
        if known is None:
            every = self._record.audiences_where(lambda _: True)
            entries = self._record.read_range(commit.first_seq, commit.last_seq, every)
            known = _report_read(which, commit.at, commit.last_seq, entries)
        return self.said(known)

    def said(self, report: Report) -> dict[str, Any]:
        """Return the status resource of a post as it stands now."""
        return report.said(complete=self.lag(report) <= 0)

    def lag(self, report: Report) -> int:
        """Return how many entries of a post and before it are not served yet."""
        return self._lag(report.last_seq)

    # -- deleting ----------------------------------------------------------------------------------------------------

    def delete(self, viewer: Viewer, place: Place, oid: str, ask: Ask, *, every: bool) -> int:
        """Withdraw what the viewer's organisation gave of an object: ``every`` version, or those asked for.

        Returns the position of the last withdrawal. NotFound, NotAllowed where none of it is theirs.
        """
        specs = ask.specs or (STIX_20, STIX_21)
        with self._projections.read() as connection:
            head = store.head(connection, place.collection.key)
            if head is None or not store.exists(connection, head[0], oid):
                raise NotFound("there is no such object in this collection", hint="It may have been withdrawn.")
            mine = store.own(connection, head[0], oid, signed64(viewer.org or ""), specs)
            others = store.own(connection, head[0], oid, signed64(viewer.org or ""), (STIX_20, STIX_21))
        chosen = _chosen(mine, ask, every)
        if not others:
            raise NotAllowed("only who contributed it can withdraw it", hint="Ask its originator.")
        last = 0
        for entry in self._record.read_many(chosen):
            receipt = self._intake.recall(viewer, entry.contribution, "deleted by TAXII", entry.seq)
            last = max(last, receipt.last_seq)
        return last

    def behind(self, seq: int) -> int:
        """Return how many entries up to a position are not projected yet."""
        return self._lag(seq)


def _known(viewer: Viewer) -> None:
    """Raise NotSignedIn for a visitor."""
    if not viewer.member and not viewer.guest:
        raise NotSignedIn("sign in with an API key",
                          hint="Basic, with the key as password; or Authorization: Bearer KEY.")  # fmt: skip


def _places_of(viewer: Viewer) -> dict[tuple[str, str], Place]:
    found: dict[tuple[str, str], Place] = {}
    for root in roots_of(viewer, {}):
        for one in root.collections:
            for which in (one.id, one.alias):
                found[root.name, which] = Place(one)
                if one.tlp is not Tlp.AMBER_STRICT:
                    found[root.name + TLP1_ROOT, which] = Place(one, 1)
    return found


def _collection(one: Collection) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "description": one.description, "alias": one.alias, "can_read": True,
        "can_write": one.can_write, "media_types": ["application/stix+json;version=2.1"],
    }  # fmt: skip


def _key(place: Place, kind: str, ask: Ask, oid: str) -> tuple[object, ...]:
    return place.collection.key, place.generation, kind, oid, ask.after, ask.limit, ask.filters


def _narrowed(ask: Ask, kind: str, oid: str) -> Ask:
    """Ask for one object; its versions are all that it has, of the newest STIX version where none is named."""
    if not oid:
        return ask
    return replace(ask, ids=(oid,), all=ask.all or kind == "versions")


def _empty(kind: str, oid: str) -> Page:
    """Return an empty page: clients read ``objects`` unguarded; of one object it is ``{}``, as the standard says."""
    if oid:
        return Page(b"{}")
    return Page(b'{"more":false,"objects":[]}')


def _record_of(row: Row, entry: Entry) -> dict[str, Any]:
    """Return a manifest record (TAXII 2.1 §5.3.1)."""
    return {
        "id": _name(entry)[0], "date_added": written(row.added), "version": _version_of(row, entry),
        "media_type": f"application/stix+json;version={row.spec // 10}.{row.spec % 10}",
    }  # fmt: skip


def _version_of(row: Row, entry: Entry) -> str:
    """Return a version as it was written; of what has none its place (TAXII 2.1 §5.3.1)."""
    if row.revoked:
        return format_instant(row.version)
    if entry.kind != "stix" or entry.payload is None:
        return written(row.version or row.added)
    said = _said(entry.payload.body)
    return storable((said.modified or said.created)[:40]) or written(row.version or row.added)


def _name(entry: Entry) -> tuple[str, str, Instant]:
    """Return (id, type, version) of the object that an entry is or is shown as; empty where there is none."""
    assert entry.payload is not None
    if entry.kind == "stix":
        oid = entry.payload.subject
        return oid, oid.partition("--")[0], entry.payload.version
    return name_of(entry, extract_entry(entry)) or ("", "", 0)


def _body(entry: Entry) -> tuple[str, bytes]:
    """Return id and bytes of the STIX object that an entry is or is shown as."""
    assert entry.payload is not None
    if entry.kind == "stix":
        return entry.payload.subject, entry.payload.body
    made = object_of(entry, extract_entry(entry))
    return (made["id"], _encode(made)) if made is not None else ("", b"{}")


def _report_read(identifier: str, at: Instant, last_seq: int, entries: Sequence[Entry]) -> Report:
    """Make the report on a post from the record: what failed is known by its place."""
    kept, failed = [], []
    for entry in entries:
        if entry.payload is None:
            continue
        if entry.kind == "contribution":
            failed = list(msgspec.json.decode(entry.payload.body, type=Shell).faults)
        elif entry.kind in ITEM_KINDS:
            # What did not come as STIX may have a version that is no instant.
            kept.append((entry.payload.subject, entry.payload.version if entry.kind == "stix" else 0))
    return Report(identifier, at, last_seq, tuple(kept), tuple((place, f"{place}: {why}") for place, why in failed))


def _chosen(mine: Sequence[tuple[int, Instant]], ask: Ask, every: bool) -> list[int]:
    """Return the positions of the versions that are asked for; ``mine`` is ordered by version."""
    if every or ask.all:
        return [seq for seq, _ in mine]
    wanted = set(ask.versions)
    if mine and ask.first:
        wanted.add(mine[0][1])
    if mine and ask.last:
        wanted.add(mine[-1][1])
    return [seq for seq, version in mine if version in wanted]
