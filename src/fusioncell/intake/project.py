"""Project arriving entries: which are new, what each claims, which earlier ones end. The first step of the river.

Batch boundaries never show: a batch is cut wherever an entry would change the fate of another in the same batch (a
recall, another version of the same item), so that one batch or many give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from fusioncell.intake import store
from fusioncell.intake.arrive import ITEM_KINDS, UNORDERED, State, classify, idkey_of, signed64
from fusioncell.intake.extract import UNREADABLE, extract_entry, since_of
from fusioncell.intake.model import Extract
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.observable import Observable
from fusioncell.kernel.ports import Connection, storable

FRESH_FOR = 14 * DAY
"""What is older than this on arrival is history: it notifies no one, starts no trend, proposes nothing."""

_CUTS = frozenset({"recall", "learned.calibration", "learned.half-lives"})
ReadMany = Callable[[Sequence[int]], list[Entry]]
_RECALL_CHUNK = 2000
_FIRST: tuple[State, list[int]] = (State.NEW, [])


class Recall(msgspec.Struct, frozen=True):
    """The body of a ``recall`` entry: positions never leave the record, the contribution's id does."""

    contribution: str
    first: int
    last: int
    reason: str = ""
    to: int = 0
    """Where the items go on (narrowed or widened), the audience of the new version in the same submission; 0: nowhere.

    A recall ends the items of its own entry's audience alone, and each of its readers learns of those.
    """
    shown: bool = False
    """Whether every reader of what ends is a reader of what goes on, and may be told of it."""
    moved: bool = False
    """Whether it is a narrowing or widening, and no withdrawal."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An item that counts: the entry, what it says, and whether it is news (not history) on arrival."""

    entry: Entry
    extract: Extract
    state: State
    fresh: bool


@dataclass(slots=True)
class Arrived:
    """What one cut of the river brought: arrivals in order, and entries that ended (with their extracts)."""

    arrivals: list[Arrival] = field(default_factory=list)
    ended: list[tuple[Entry, Extract]] = field(default_factory=list)
    recalls: list[tuple[Entry, Recall]] = field(default_factory=list)
    withdrawn: set[int] = field(default_factory=set)
    """Positions of those ended entries that their originator recalled (the others were superseded)."""
    judged: list[tuple[int, Observable]] = field(default_factory=list)
    """(audience, value) of what an analyst judged over the machine, or no longer."""
    relearned: bool = False
    """Whether something was learned by which values are weighed or judged otherwise from here on."""


@dataclass(slots=True)
class _Counts:
    last_seq: int = 0
    fresh: int = 0
    duplicates: int = 0
    outdated: int = 0
    conflicts: int = 0
    faults: int = 0


@dataclass(slots=True)
class Cut:
    """Entries of one cut, with the keys under which its items meet their own other versions."""

    entries: list[Entry] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)
    """idkey → position of the item."""


def cuts(entries: Sequence[Entry]) -> Iterator[Cut]:
    """Cut a batch before every entry that changes the fate of an earlier one in the same cut.

    Before what is learned, too: what stands before that is weighed by what was known then.
    """
    cut = Cut()
    for entry in entries:
        key = idkey_of(entry) if entry.kind in ITEM_KINDS and entry.payload is not None else None
        if cut.entries and (entry.kind in _CUTS or key in cut.keys):
            yield cut
            cut = Cut()
        cut.entries.append(entry)
        if key is not None:
            cut.keys[key] = entry.seq
    if cut.entries:
        yield cut


def is_fresh(entry: Entry, extract: Extract) -> bool:
    """Tell whether something in the item is news: undated, or stated (else last changed) in the last fourteen days."""
    horizon = entry.at - FRESH_FOR
    if entry.payload is not None and since_of(entry.payload, horizon) < horizon:
        return False
    for claim in extract.claims:
        if claim.stated is None or claim.stated >= horizon:
            return True
    if extract.claims or entry.payload is None:
        return False
    version = entry.payload.version
    return not version or entry.kind in UNORDERED or version >= horizon


def project(connection: Connection, cut: Cut, read_many: ReadMany) -> Arrived:
    """Classify one cut, keep what is needed to classify the next, and say what arrived and what ended."""
    arrived = Arrived()
    items: list[Entry] = []
    for entry in cut.entries:
        if entry.payload is None:
            continue
        if entry.kind in ITEM_KINDS:
            items.append(entry)
        elif entry.kind == "contribution":
            store.open_contribution(
                connection, entry.seq, entry.contribution, entry.org, entry.at, entry.payload.body.decode()
            )
        elif entry.kind == "recall":
            _recall(connection, entry, read_many, arrived)
    if items:
        _arrive(connection, items, list(cut.keys), read_many, arrived)
    return arrived


def set_aside(connection: Connection, entry: Entry, fault: str) -> None:
    """Note, as a fault of its submission, that an entry could not be projected: it counts as if it were erased."""
    place = entry.payload.place if entry.payload is not None else ""
    store.add_faults(connection, _placed(entry, [(place, UNREADABLE.format(fault))]))
    store.count_items(connection, entry.contribution, entry.seq, 0, 0, 0, 0, 1)


def kept(connection: Connection, entries: Sequence[Entry]) -> Arrived:
    """Return, of entries that were projected before, those that are kept: neither repeats nor recalled. Reads only."""
    arrived = Arrived()
    items = [entry for entry in entries if entry.kind in ITEM_KINDS and entry.payload is not None]
    keys = {entry.seq: idkey_of(entry) for entry in items}
    known = store.known_items(connection, set(keys.values())) if items else {}
    alive = {seq for rows in known.values() for seq, _, _ in rows}
    recalls = store.recalls_among(connection, [entry.seq for entry in entries if entry.kind == "recall"])
    for entry in entries:
        if entry.seq in keys and entry.seq in alive:
            extract = extract_entry(entry)
            arrived.arrivals.append(Arrival(entry, extract, State.NEW, is_fresh(entry, extract)))
        elif entry.seq in recalls and entry.payload is not None:
            arrived.recalls.append((entry, msgspec.json.decode(entry.payload.body, type=Recall)))
    return arrived


def _arrive(connection: Connection, items: list[Entry], keys: list[int], read_many: ReadMany, arrived: Arrived) -> None:
    known = store.known_items(connection, keys)
    counts: dict[str, _Counts] = {}
    superseded: list[int] = []
    outdated: list[int] = []
    kept: list[tuple[int, int, int, int]] = []
    faults: list[tuple[object, ...]] = []
    notes: list[tuple[object, ...]] = []
    of, count = "", _Counts()
    for entry, key in zip(items, keys, strict=True):
        payload = entry.payload
        assert payload is not None
        digest = signed64(payload.body)
        before = known.get(key)
        state, older = classify(entry.kind, payload.version, digest, before) if before else _FIRST
        if entry.contribution != of:
            of = entry.contribution
            count = counts.setdefault(of, _Counts())
        count.last_seq = entry.seq
        if state is State.DUPLICATE:
            count.duplicates += 1
            continue
        kept.append((key, entry.seq, payload.version, digest))
        extract = extract_entry(entry)
        count.fresh += 1
        if state is not State.NEW or older:
            superseded += older
            if state is State.OUTDATED:
                outdated.append(entry.seq)
                count.outdated += 1
            count.conflicts += state is State.CONFLICT
        if extract.notes:
            notes += _placed(entry, [(payload.place, said) for said in extract.notes])
        if extract.faults:
            count.faults += len(extract.faults)
            faults += _placed(entry, [(f"{payload.place} {fault.place}", fault.reason) for fault in extract.faults])
        if state is not State.OUTDATED:
            arrived.arrivals.append(Arrival(entry, extract, state, is_fresh(entry, extract)))
    store.add_items(connection, sorted(kept))
    store.add_faults(connection, faults)
    store.add_notes(connection, notes)
    for identifier, n in counts.items():
        store.count_items(connection, identifier, n.last_seq, n.fresh, n.duplicates, n.outdated, n.conflicts, n.faults)
    if superseded or outdated:
        # What a newer version ended once does not end again with the next.
        superseded = sorted(set(superseded) - store.ended_among(connection, superseded))
        store.end_items(connection, [*superseded, *outdated])
        arrived.ended += [(entry, extract_entry(entry)) for entry in read_many(superseded) if entry.payload is not None]


def _placed(entry: Entry, said: Sequence[tuple[str, str]]) -> list[tuple[object, ...]]:
    """Return rows of what was found in an entry: (seq, position, first seq of its submission, place, words)."""
    return [
        (entry.seq, i, entry.commit_seq, storable(place.strip()), storable(words))
        for i, (place, words) in enumerate(said)
    ]


def _recall(connection: Connection, entry: Entry, read_many: ReadMany, arrived: Arrived) -> None:
    assert entry.payload is not None
    recall = msgspec.json.decode(entry.payload.body, type=Recall)
    row = (recall.first, recall.last, entry.audience, entry.at, entry.seq, int(recall.moved))
    if not store.add_recall(connection, row):
        return
    if recall.to:
        ends = (recall.contribution, entry.audience, entry.contribution, recall.to)
        store.add_moved(connection, (entry.seq, *ends))
    for start in range(recall.first, recall.last + 1, _RECALL_CHUNK):
        chunk = read_many(range(start, min(start + _RECALL_CHUNK, recall.last + 1)))
        items = [
            old
            for old in chunk
            if old.kind in ITEM_KINDS and old.payload is not None and old.audience == entry.audience
        ]
        gone = _forget(connection, {old.seq: idkey_of(old) for old in items})
        arrived.ended += [(old, extract_entry(old)) for old in items if old.seq in gone]
        arrived.withdrawn.update(gone)
    arrived.recalls.append((entry, recall))


def _forget(connection: Connection, items: dict[int, int]) -> set[int]:
    """Forget recalled items (position → idkey); return those that stood: no repeat, not superseded, not outdated.

    Where nothing stands any more under a key, its older versions are forgotten too: sent again, they count as new.
    """
    known = store.known_items(connection, sorted(set(items.values())))
    rows = [(key, seq) for key, found in known.items() for seq, _, _ in found]
    ended = store.ended_among(connection, [seq for _, seq in rows])
    left = {key for key, seq in rows if seq not in items and seq not in ended}
    store.forget_items(connection, [(key, seq) for key, seq in rows if seq in items or key not in left])
    return {seq for _, seq in rows if seq in items and seq not in ended}
