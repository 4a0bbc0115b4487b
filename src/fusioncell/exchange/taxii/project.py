"""Follow the record: give every stored version its place in each of its collections. Called by the river.

1. Each entry that came as an item takes the next place, max(last + 1, the instant of its acceptance), in all
   collections of its audience; so does each item that a recall names. Places follow from headers alone, which stay for
   ever: a rebuild gives the same, whatever was erased. What was erased since is left out of pages by itself.
2. What stands is each version of each object by each contributor; of equal versions the first is served.
3. A recall takes out what its items brought. Where nothing of an object is left, a revoked version takes a new place;
   what has no versions vanishes. What goes on where all of its readers see it is only taken out.

Nearly all objects stand alone; they are kept by whole runs, and only the others are looked at one by one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import attrgetter

import msgspec

from fusioncell.exchange.as_stix import name_of
from fusioncell.exchange.taxii import store
from fusioncell.exchange.taxii.collect import keys_of
from fusioncell.exchange.taxii.model import STIX_20, STIX_21
from fusioncell.exchange.taxii.runs import (
    ALONE,
    KEY,
    LATEST,
    NOTHING,
    PRESENT,
    SHADOW,
    SPEC_20,
    Columns,
    Run,
    Shelf,
    flags_of,
    key_of,
    number_of,
    type_hash,
)
from fusioncell.exchange.taxii.store import Gone, metadata
from fusioncell.intake import ITEM_KINDS, signed64
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived, Recall
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import Audience
from fusioncell.kernel.ports import Connection

__all__ = ["metadata", "project"]

AudienceOf = Callable[[int], Audience]
ReadRange = Callable[[int, int, Iterable[int]], list[Entry]]
_CHUNK = 2000
_NEVER_REVOKED = type_hash("marking-definition")
_MILLISECOND = 1000


class _Head(msgspec.Struct, gc=False):
    modified: str = ""
    created: str = ""
    spec_version: str = ""
    pattern_type: msgspec.Raw = msgspec.Raw(b"")


_head = msgspec.json.Decoder(_Head).decode
_block = attrgetter("block")
_Place = tuple[Run, int]
"""A run, and where in it."""


@dataclass(slots=True)
class _Work:
    """One cut's work on the collections: their heads, and what stands of the objects that it touches."""

    connection: Connection
    heads: dict[str, tuple[int, Instant]]
    shelves: dict[int, Shelf] = field(default_factory=dict)
    gone: dict[tuple[int, int], Gone] = field(default_factory=dict)
    """What is revoked, by collection and position."""
    entries: dict[int, list[int]] = field(default_factory=dict)
    """First half of a key → the entries that brought the object."""
    names: list[tuple[int, int]] = field(default_factory=list)
    ended: list[tuple[int, int]] = field(default_factory=list)
    """Rows of names that are new, and that may have no more reason."""
    revoked: list[Gone] = field(default_factory=list)
    back: list[tuple[int, Instant]] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    changed: dict[int, int] = field(default_factory=dict)
    now: int = 0
    """Position of the entry that is applied."""

    def number(self, key: str) -> int:
        if key not in self.heads:
            self.heads[key] = (store.begin(self.connection, key), 0)
        return self.heads[key][0]

    def next(self, key: str, at: Instant, count: int = 1) -> Instant:
        """Take the next places of a collection; return the first."""
        number = self.number(key)
        place = max(self.heads[key][1] + 1, at)
        self.heads[key] = (number, place + count - 1)
        self.moved.add(key)
        return place

    def shelf(self, number: int) -> Shelf:
        return self.shelves.setdefault(number, Shelf())

    def load(self, numbers: Iterable[int], okeys: Iterable[int]) -> None:
        """Bring what stands of objects into memory, by the first halves of their keys."""
        found = store.known(self.connection, okeys)
        seqs = sorted({seq for each in found.values() for seq in each})
        for okey, each in found.items():
            self.entries.setdefault(okey, each)
        for number in numbers if seqs else ():
            self.shelf(number).put(store.runs_with(self.connection, number, seqs))
            for gone in store.gone_with(self.connection, number, seqs):
                self.gone.setdefault((number, gone[2]), gone)

    def standing(self, number: int, key: bytes) -> list[_Place]:
        """Return what stands of an object in a collection, in order."""
        found = []
        shelf = self.shelf(number)
        for seq in self.entries.get(number_of(key), ()):
            place = shelf.find(seq)
            if place is not None and place[0].flags[place[1]] and place[0].key(place[1]) == key:
                found.append(place)
        return sorted(found, key=_added)

    def returns(self, number: int, key: bytes) -> None:
        """Let go that an object is revoked in a collection."""
        for seq in self.entries.get(number_of(key), ()):
            gone = self.gone.get((number, seq))
            if gone is not None and gone[7] == key:
                del self.gone[number, seq]
                self.ended.append((number_of(key), seq))
                self.changed[number] = self.now
                if gone in self.revoked:
                    self.revoked.remove(gone)
                else:
                    self.back.append(gone[:2])

    def settle(self, number: int, key: bytes, made: _Place | None = None) -> None:
        """Say anew which of an object's versions are served: of equal ones the first, and which is the latest.

        ``made``: what has just come, which changes no page that was there by being the latest or a shadow.
        """
        places = self.standing(number, key)
        if not places:
            return
        for place, flags in zip(places, flags_of([(run.versions[at], _spec(run, at)) for run, at in places]),
                                strict=True):  # fmt: skip
            run, at = place
            before, run.flags[at] = run.flags[at], flags
            run.changed |= before != flags
            shows = (before ^ flags) & (LATEST | SHADOW) if place != made else not flags & (LATEST | SHADOW)
            if shows:
                self.changed[number] = self.now

    def save(self) -> None:
        """Write all that changed."""
        for _, shelf in sorted(self.shelves.items()):
            store.keep_runs(self.connection, shelf.all())
        store.drop_gone(self.connection, self.back)
        store.add_gone(self.connection, self.revoked)
        store.drop_names(self.connection, sorted(set(self.ended)))
        store.add_names(self.connection, sorted(self.names))
        lasts = {number: last for number, last in self.heads.values()}
        numbers = {self.heads[key][0] for key in self.moved} | self.changed.keys()
        store.move(self.connection, [(lasts[n], self.changed.get(n, 0), n) for n in sorted(numbers)])


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
    if items:
        _arrive(work, items, {arrival.entry.seq: arrival.extract for arrival in arrived.arrivals}, keys,
                entries[0].seq)  # fmt: skip
    work.save()


# -- what arrives ------------------------------------------------------------------------------------------------------


def _arrive(work: _Work, items: Sequence[Entry], fresh: Mapping[int, Extract], keys: Mapping[int, Sequence[str]],
            first: int) -> None:  # fmt: skip
    """Place what arrives. ``first``: position at which the cut begins."""
    columns = _columns(items, fresh)
    flags, okeys = columns[0], array("q", bytes(columns[4]))[::2]
    numbers = {work.number(key): None for audience in dict.fromkeys([entry.audience for entry in items])
               for key in keys[audience]}  # fmt: skip
    present = sorted(set(compress(okeys, flags)))
    work.load(numbers, present)
    late: list[int] = []
    firsts = range(len(items))
    if work.entries or len(present) != len(flags) - flags.count(0):
        seen = set(work.entries)
        for index in compress(firsts, flags):
            if okeys[index] in seen:
                late.append(index)
            seen.add(okeys[index])
    specs = [flags[index] & SPEC_20 for index in late]
    for index in late:
        flags[index] = 0
    work.names += [(okeys[index], items[index].seq) for index in compress(firsts, flags)]
    if late:
        wanted = {okeys[index] for index in late}
        for okey, seq in work.names:
            if okey in wanted:
                work.entries.setdefault(okey, []).append(seq)
    _line_up(work, items, columns, keys, first)
    for index, spec in zip(late, specs, strict=True):
        entry = items[index]
        work.now = entry.seq
        joined = [_join(work, work.number(key), entry, spec, entry.seq in fresh) for key in keys[entry.audience]]
        if any(joined):
            work.names.append((okeys[index], entry.seq))


def _columns(items: Sequence[Entry], fresh: Mapping[int, Extract]) -> Columns:
    """Return what the entries are as objects, as if each stood alone; nothing of what is none, or was erased."""
    flags, types, versions, sizes, keys = bytearray(), [], [], [], []
    for entry in items:
        payload, named, spec = entry.payload, None, 0
        if payload is None:
            pass
        elif entry.kind == "stix":
            extract = fresh.get(entry.seq)
            if (found := _spec_of(payload.body, extract.spec if extract is not None else "")) is not None:
                oid, spec = payload.subject, SPEC_20 if found == STIX_20 else 0
                named = oid, oid.partition("--")[0], payload.version
        elif (extract := fresh.get(entry.seq)) is not None:
            named = name_of(entry, extract)
        if payload is None or named is None:
            flags.append(0)
            types.append(0)
            versions.append(0)
            sizes.append(0)
            keys.append(NOTHING)
        else:
            flags.append(PRESENT | LATEST | ALONE | spec)
            types.append(type_hash(named[1]))
            versions.append(named[2])
            sizes.append(len(payload.body))
            keys.append(key_of(named[0]))
    return flags, array("q", types), array("q", versions), array("i", sizes), bytearray(b"".join(keys))


def _spec_of(body: bytes, said: str) -> int | None:
    """Return the STIX version of an object: what says none and has the form of 2.0 is of 2.0. None: unreadable.

    ``said``: what was read of it before, "" where that is to be read from its bytes.
    """
    if said:
        return STIX_20 if said == "2.0" else STIX_21
    try:
        head = _head(body)
    except msgspec.DecodeError:
        return None
    if head.spec_version:
        return STIX_20 if head.spec_version == "2.0" else STIX_21
    return STIX_20 if head.modified and not len(head.pattern_type) else STIX_21


def _line_up(work: _Work, items: Sequence[Entry], columns: Columns, keys: Mapping[int, Sequence[str]], begin: int
             ) -> None:  # fmt: skip
    """Give the entries their places, run by run."""
    orgs: dict[str, int] = {}
    flags, types, versions, sizes, named = columns
    index = 0
    while index < len(items):
        entry, start = items[index], index
        index = bisect_right(items, entry.block, index, key=_block)
        if items[index - 1].seq - entry.seq != index - 1 - start:  # what is no item stands between
            index = next(at for at in range(start, index) if items[at].seq - entry.seq != at - start)
        part = (flags[start:index], types[start:index], versions[start:index], sizes[start:index],
                named[start * KEY : index * KEY])  # fmt: skip
        org = orgs.get(entry.org)
        if org is None:
            org = orgs[entry.org] = signed64(entry.org)
        for key in keys[entry.audience]:
            place, number = work.next(key, entry.at, index - start), work.number(key)
            begun = _begun(work, number, entry, place) if entry.block < begin else None
            if begun is not None:
                begun.extend(entry.seq - begun.seq - len(begun.flags), part)
                begun.changed = True
            else:
                begun = Run(number, place, entry.seq, entry.audience, org)
                begun.extend(0, part)
                work.shelf(number).put([begun])


def _begun(work: _Work, number: int, entry: Entry, place: Instant) -> Run | None:
    """Return the run that this entry's block began in an earlier cut, if its places go on with this one."""
    shelf = work.shelf(number)
    shelf.put(store.runs_with(work.connection, number, [entry.seq]))
    begun = shelf.before(entry.seq)
    return begun if begun and begun.seq >= entry.block and begun.added - begun.seq == place - entry.seq else None


def _join(work: _Work, number: int, entry: Entry, spec: int, fresh: bool) -> bool:
    """Let an object stand beside what stands of it; False for a repeat.

    ``fresh``: intake took it for new, or for another content of a version.
    """
    found = work.shelf(number).find(entry.seq)
    assert found is not None
    run, at = found
    key = run.key(at)
    work.returns(number, key)
    mine = (run.org, run.audience, run.versions[at])
    if not fresh and any((one.org, one.audience, one.versions[i]) == mine for one, i in work.standing(number, key)):
        run.clear(at)
        return False
    run.flags[at] = PRESENT | spec
    seqs = work.entries.setdefault(number_of(key), [])
    if entry.seq not in seqs:
        seqs.append(entry.seq)
    work.settle(number, key, found)
    return True


def _spec(run: Run, at: int) -> int:
    return STIX_20 if run.flags[at] & SPEC_20 else STIX_21


def _added(place: _Place) -> Instant:
    return place[0].added + place[1]


# -- what is recalled --------------------------------------------------------------------------------------------------


def _recall(work: _Work, entry: Entry, recall: Recall, keys: Sequence[str], read_range: ReadRange) -> None:
    ranks: dict[int, int] = {}
    for seqs in _headers(recall, entry.audience, read_range):
        base = len(ranks)  # Not inside: it grows while the update runs.
        ranks.update((seq, base + rank) for rank, seq in enumerate(seqs))
    starts = {work.number(key): work.next(key, entry.at, max(len(ranks), 1)) for key in keys}
    for number in sorted(starts):
        ended = _ended(work, number, entry.audience, recall)
        work.load([number], sorted({number_of(key) for key in ended}))
        for key, places in ended.items():
            spec = _spec(*places[-1])
            for run, at in places:
                run.flags[at], run.changed = 0, True
                work.ended.append((number_of(key), run.seq + at))
            work.changed[number] = work.now
            work.settle(number, key)
            run, at = places[-1]
            goes_on = recall.moved and recall.shown
            if not goes_on and not work.standing(number, key) and run.versions[at] and run.types[at] != _NEVER_REVOKED:
                _revoke(work, places[-1], spec, starts[number] + ranks.get(run.seq + at, 0), entry)


def _ended(work: _Work, number: int, audience: int, recall: Recall) -> dict[bytes, list[_Place]]:
    """Return what stands of the items that a recall ends, by object: the newest version last."""
    shelf = work.shelf(number)
    shelf.put(store.runs_between(work.connection, number, recall.first, recall.last, audience))
    found: dict[bytes, list[_Place]] = {}
    for run in shelf.all():
        if run.audience == audience:
            for at in range(max(0, recall.first - run.seq), min(len(run.flags), recall.last + 1 - run.seq)):
                if run.flags[at]:
                    found.setdefault(run.key(at), []).append((run, at))
    for places in found.values():
        places.sort(key=lambda place: (_spec(*place), place[0].versions[place[1]], _added(place)))
    return found


def _headers(recall: Recall, audience: int, read_range: ReadRange) -> Iterator[list[int]]:
    """Give the positions of the items that a recall ends, by their headers, in order."""
    for start in range(recall.first, recall.last + 1, _CHUNK):
        found = read_range(start, min(start + _CHUNK - 1, recall.last), (audience,))
        yield [entry.seq for entry in found if entry.kind in ITEM_KINDS]


def _revoke(work: _Work, place: _Place, spec: int, added: Instant, entry: Entry) -> None:
    run, at = place
    version = max(entry.at, run.versions[at] + _MILLISECOND)
    gone = (run.collection, added, run.seq + at, run.org, version, spec, run.types[at], run.key(at))
    work.gone[run.collection, run.seq + at] = gone
    work.revoked.append(gone)
