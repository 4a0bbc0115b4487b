"""Follow the record: give every stored version its place in each of its collections. Called by the river.

1. Each entry that came as an item takes the next place, max(last + 1, the instant of its acceptance), in all
   collections of its audience; so does each item that a recall names. Places follow from headers alone, which stay for
   ever: a rebuild gives the same, whatever was erased.
2. What is stored is each version of each object by each contributor; of equal versions the first is served.
3. A recall takes the rows of its items out. Where nothing of an object is left, a revoked version takes a new place;
   what has no versions vanishes. What goes on where all of its readers see it is only taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from fusioncell.exchange.as_stix import KINDS, name_of
from fusioncell.exchange.taxii import store
from fusioncell.exchange.taxii.collect import keys_of
from fusioncell.exchange.taxii.model import STIX_20, STIX_21, written
from fusioncell.exchange.taxii.store import Kept, metadata
from fusioncell.intake import ITEM_KINDS, signed64
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived, Recall
from fusioncell.kernel.clock import Instant, format_instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Audience
from fusioncell.kernel.ports import Connection, storable

__all__ = ["metadata", "project", "purge"]

AudienceOf = Callable[[int], Audience]
ReadRange = Callable[[int, int, Iterable[int]], list[Entry]]
_CHUNK = 2000
_NEVER_REVOKED = "marking-definition"
_MILLISECOND = 1000


class _Head(msgspec.Struct, gc=False):
    modified: str = ""
    created: str = ""
    spec_version: str = ""
    pattern_type: msgspec.Raw = msgspec.Raw(b"")


_head = msgspec.json.Decoder(_Head).decode


@dataclass(slots=True, eq=False)
class _Place:
    """A row of the table in memory, and what became of it."""

    collection: int
    added: Instant
    seq: int
    audience: int
    org: int
    okey: int
    oid: str
    type: str
    version: Instant
    spec: int
    stamp: str
    size: int
    latest: int = 0
    shadow: int = 0
    revoked: int = 0
    new: bool = False
    dropped: bool = False
    changed: bool = False

    def row(self) -> Kept:
        return (self.collection, self.added, self.seq, self.audience, self.org, self.okey, self.oid, self.type,
                self.version, self.spec, self.stamp, self.size, self.latest, self.shadow, self.revoked)  # fmt: skip

    def set(self, latest: int, shadow: int) -> bool:
        if (self.latest, self.shadow) == (latest, shadow):
            return False
        self.latest, self.shadow, self.changed = latest, shadow, True
        return True


@dataclass(slots=True)
class _Found:
    """What an entry is in the collections. ``fresh``: intake took it for new, or for another content of a version."""

    entry: Entry
    oid: str
    type: str
    version: Instant
    stamp: str
    spec: int
    okey: int
    size: int
    fresh: bool


@dataclass(slots=True)
class _Work:
    """One cut's work on the collections: their heads, the rows of the objects that it touches."""

    connection: Connection
    heads: dict[str, tuple[int, Instant]]
    objects: dict[tuple[int, str], list[_Place]] = field(default_factory=dict)
    alone: dict[tuple[int, str], Kept] = field(default_factory=dict)
    """Rows of objects of which nothing stood before and nothing else came: nearly all, in most cuts."""
    moved: set[str] = field(default_factory=set)
    gone: list[_Place] = field(default_factory=list)
    loaded: set[tuple[int, int]] = field(default_factory=set)
    changed: dict[int, int] = field(default_factory=dict)
    now: int = 0
    """Position of the entry that is applied."""

    def number(self, key: str) -> int:
        if key not in self.heads:
            self.heads[key] = (store.begin(self.connection, key), 0)
        return self.heads[key][0]

    def next(self, key: str, at: Instant) -> Instant:
        """Take the next place of a collection."""
        number = self.number(key)
        place = max(self.heads[key][1] + 1, at)
        self.heads[key] = (number, place)
        self.moved.add(key)
        return place

    def load(self, numbers: Iterable[int], okeys: Sequence[int]) -> None:
        """Bring the rows of objects, by the hashes of their ids, into memory."""
        for number in numbers:
            wanted = [okey for okey in okeys if (number, okey) not in self.loaded] if self.loaded else okeys
            self.loaded.update((number, okey) for okey in wanted)
            for kept in store.of_objects(self.connection, number, wanted) if wanted else ():
                self.objects.setdefault((number, kept[6]), []).append(_Place(*kept))

    def standing(self, number: int, oid: str) -> list[_Place]:
        if self.alone and (row := self.alone.pop((number, oid), None)) is not None:
            self.objects[number, oid] = [_Place(*row, new=True)]
        return [place for place in self.objects.get((number, oid), ()) if not place.dropped]

    def drop(self, place: _Place) -> None:
        place.dropped = True
        self.changed[place.collection] = self.now
        if place.new:
            self.objects[place.collection, place.oid].remove(place)
        else:
            self.gone.append(place)

    def settle(self, number: int, oid: str, made: _Place | None = None) -> None:
        """Say anew which of an object's rows are served: of equal versions the first, and which is the latest.

        ``made``: the row that has just come, which changes nothing that was there by being what it is.
        """
        places = sorted(self.standing(number, oid), key=lambda place: place.added)
        if not places:
            return
        seen: set[tuple[int, int]] = set()
        shown: list[_Place] = []
        shadows: list[_Place] = []
        for place in places:
            (shadows if (place.version, place.spec) in seen else shown).append(place)
            seen.add((place.version, place.spec))
        best = max(shown, key=lambda place: (place.spec, place.version))
        moved = [place for place in shown if place.set(int(place is best), 0)]
        moved += [place for place in shadows if place.set(0, 1)]
        if any(place is not made for place in moved):
            self.changed[number] = self.now

    def save(self) -> None:
        """Write all that changed."""
        places = [place for found in self.objects.values() for place in found if not place.dropped]
        changed = [place for place in places if place.changed and not place.new]
        store.drop(self.connection, sorted((place.collection, place.added) for place in self.gone))
        store.flag(self.connection, [(p.latest, p.shadow, p.collection, p.added) for p in changed])
        store.add(self.connection, sorted([*self.alone.values(), *(place.row() for place in places if place.new)]))
        lasts = {number: last for number, last in self.heads.values()}
        numbers = {self.heads[key][0] for key in self.moved} | self.changed.keys()
        store.move(self.connection, [(lasts[n], self.changed.get(n, 0), n) for n in sorted(numbers & lasts.keys())])
        store.note_change(self.connection, sorted(numbers - lasts.keys()))


def project(
    connection: Connection, entries: Sequence[Entry], arrived: Arrived, audience_of: AudienceOf, read_range: ReadRange
) -> None:
    """Apply one cut: its recalls first, which stand at its beginning."""
    items = [entry for entry in entries if entry.kind in ITEM_KINDS]
    audiences = {entry.audience for entry in items} | {entry.audience for entry, _ in arrived.recalls}
    if not audiences:
        return
    keys = {number: keys_of(audience_of(number)) for number in audiences}
    heads = store.collections(connection, sorted({key for named in keys.values() for key in named}))
    work = _Work(connection, heads)
    for entry, recall in arrived.recalls:
        work.now = entry.seq
        _recall(work, entry, recall, keys[entry.audience], read_range)
    extracts = {arrival.entry.seq: arrival.extract for arrival in arrived.arrivals}
    found = {entry.seq: one for entry in items if (one := _read(entry, extracts)) is not None}
    work.load([number for _, (number, _) in sorted(heads.items())], sorted({one.okey for one in found.values()}))
    orgs = {org: signed64(org) for org in {entry.org for entry in items}}
    for entry in items:
        one, work.now = found.get(entry.seq), entry.seq
        for key in keys[entry.audience]:
            place = work.next(key, entry.at)
            if one is not None:
                _arrive(work, one, orgs[entry.org], heads[key][0], place)
    work.save()


def purge(connection: Connection, seqs: Sequence[int]) -> None:
    """Take out what entries brought, after their payloads were erased."""
    rows = [_Place(*kept) for kept in store.of_entries(connection, seqs)]
    work = _Work(connection, {})
    for number in sorted({row.collection for row in rows}):
        work.load([number], sorted({row.okey for row in rows if row.collection == number}))
    erased = set(seqs)
    for (number, oid), places in sorted(work.objects.items()):
        for place in [place for place in places if place.seq in erased]:
            work.drop(place)
        work.settle(number, oid)
    work.save()


def _read(entry: Entry, extracts: dict[int, Extract]) -> _Found | None:
    """Return what an entry is as an object; None for what is none, or was erased."""
    payload = entry.payload
    if payload is None:
        return None
    if entry.kind == "stix":
        try:
            head = _head(payload.body)
        except msgspec.DecodeError:
            return None
        stamp = head.modified or head.created
        oid = payload.subject
        return _Found(entry, oid, oid.partition("--")[0], payload.version,
                      storable(stamp[:40]) or written(payload.version), _spec_of(head),
                      signed64(oid), len(payload.body), entry.seq in extracts)  # fmt: skip
    extract = extracts.get(entry.seq) if entry.kind in KINDS else None
    named = name_of(entry, extract) if extract is not None else None
    if named is None:
        return None
    oid, type, version = named
    return _Found(entry, oid, type, version, written(version), STIX_21, signed64(oid), len(payload.body), True)


def _spec_of(head: _Head) -> int:
    """Return the STIX version of an object: what says none and has the form of 2.0 is of 2.0."""
    if head.spec_version:
        return STIX_20 if head.spec_version == "2.0" else STIX_21
    return STIX_20 if head.modified and not bytes(head.pattern_type) else STIX_21


def _arrive(work: _Work, one: _Found, org: int, number: int, place: Instant) -> None:
    entry, key = one.entry, (number, one.oid)
    if key not in work.objects and key not in work.alone:
        work.alone[key] = (number, place, entry.seq, entry.audience, org, one.okey, one.oid, one.type, one.version,
                           one.spec, one.stamp, one.size, 1, 0, 0)  # fmt: skip
        return
    standing = work.standing(number, one.oid)
    for known in standing:
        if known.revoked:
            work.drop(known)
        elif not one.fresh and (known.org, known.audience, known.version) == (org, entry.audience, one.version):
            return  # a repeat: what intake took neither for new nor holds as an older version
    made = _Place(number, place, entry.seq, entry.audience, org, one.okey, one.oid, one.type, one.version, one.spec,
                  one.stamp, one.size, new=True)  # fmt: skip
    work.objects.setdefault((number, one.oid), []).append(made)
    if standing:
        work.settle(number, one.oid, made)
    else:
        made.latest = 1


def _recall(work: _Work, entry: Entry, recall: Recall, keys: Sequence[str], read_range: ReadRange) -> None:
    rows = [_Place(*kept) for kept in store.within(work.connection, recall.first, recall.last, entry.audience)]
    work.load(sorted({row.collection for row in rows}), sorted({row.okey for row in rows}))
    ranks: dict[int, int] = {}
    for seqs in _headers(recall, entry.audience, read_range):
        base = len(ranks)  # Not inside: it grows while the update runs.
        ranks.update((seq, base + rank) for rank, seq in enumerate(seqs))
    of = {work.number(key): key for key in keys}
    starts = {number: work.next(key, entry.at) for number, key in of.items()}
    last: dict[tuple[int, str], _Place] = {}
    for number, oid in sorted({(row.collection, row.oid) for row in rows}):
        for place in work.standing(number, oid):
            if recall.first <= place.seq <= recall.last and place.audience == entry.audience and not place.revoked:
                work.drop(place)
                before = last.get((number, oid))
                if before is None or (place.spec, place.version) >= (before.spec, before.version):
                    last[number, oid] = place
        work.settle(number, oid)
    for (number, oid), place in sorted(last.items()):
        goes_on = recall.moved and recall.shown
        if number in starts and not goes_on and not work.standing(number, oid) and _has_versions(place):
            _revoke(work, place, starts[number] + ranks.get(place.seq, 0), entry)
    for number, key in of.items():
        work.heads[key] = (number, starts[number] + max(len(ranks) - 1, 0))


def _headers(recall: Recall, audience: int, read_range: ReadRange) -> Iterator[list[int]]:
    """Give the positions of the items that a recall ends, by their headers, in order."""
    for start in range(recall.first, recall.last + 1, _CHUNK):
        found = read_range(start, min(start + _CHUNK - 1, recall.last), (audience,))
        yield [entry.seq for entry in found if entry.kind in ITEM_KINDS]


def _has_versions(place: _Place) -> bool:
    return place.version > 0 and place.type != _NEVER_REVOKED


def _revoke(work: _Work, place: _Place, added: Instant, entry: Entry) -> None:
    version = max(entry.at, place.version + _MILLISECOND)
    made = _Place(place.collection, added, place.seq, place.audience, place.org, place.okey, place.oid,
                  place.type, version,
                  place.spec, format_instant(version), 0, 1, 0, 1, new=True)  # fmt: skip
    work.objects.setdefault((place.collection, place.oid), []).append(made)
