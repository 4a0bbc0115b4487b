"""Follow the record: what each submission shares, and where it hangs, for each tier. Called by the river.

1. What ended leaves the index, what arrived enters it; how many have a feature is counted by difference.
2. Whoever changed, and every later unit that shares what changed, is looked at anew, in order: what a unit is depends
   on earlier ones alone (``choose``). Whose place changes sends on those that share with it or hang at it.
3. The tiers are CLEAR, and CLEAR with GREEN: narrower entries stand in the index and take no part.

The result is a function of what stands in the index and of what analysts decided, whatever the order of coming: batch
boundaries never show, and a rebuild without what was recalled or erased gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from fusioncell.fusion.clusters import store
from fusioncell.fusion.clusters.choose import choose, weigh
from fusioncell.fusion.clusters.derive import features_of, features_of_reference
from fusioncell.fusion.clusters.model import (
    ACT,
    CANDIDATES,
    HUB,
    JOIN,
    MAX_VALUES,
    SPLIT,
    TIERS,
    UNDO,
    ActBody,
    Feature,
    Kind,
    Sharers,
    UndoBody,
)
from fusioncell.fusion.clusters.store import metadata
from fusioncell.intake import signed64
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["TIERS", "metadata", "project"]

_MALICIOUS = frozenset((Stance.MALICIOUS, Stance.SUSPICIOUS))
_MAX_KEYS = 20
_Values = dict[int, dict[int, int]]


def project(
    connection: Connection, entries: Sequence[Entry], arrived: Arrived, tiers: Sequence[frozenset[int]]
) -> None:
    """Apply one cut. ``tiers``: the audiences of each of :data:`TIERS`."""
    rows, found = _rows(arrived)
    gone = [entry for entry, _ in arrived.ended if entry.seq - entry.commit_seq <= MAX_VALUES]
    touched = {row[0] for row in found} | {entry.commit_seq for entry in gone}
    acted = [entry for entry in entries if entry.kind in (ACT, UNDO) and entry.payload is not None]
    if not touched and not acted:
        return
    before = [_values(connection, touched, tier) for tier in tiers]
    if gone:
        store.drop_seqs(connection, [entry.seq for entry in gone])
    if rows:
        store.add_units(connection, found)
        store.add_values(connection, rows)
    if gone:
        store.drop_empty_units(connection, {entry.commit_seq for entry in gone})
    named = {contribution for entry in acted for contribution in _act(connection, entry)}
    for number, audiences in enumerate(tiers):
        after = _values(connection, touched, audiences)
        _Tier(connection, number, audiences).change(touched, before[number], after, named)


def _rows(arrived: Arrived) -> tuple[list[tuple[object, ...]], list[tuple[int, str, str, int]]]:
    """Return the rows of the index, and those of their units."""
    rows: list[tuple[object, ...]] = []
    units: dict[int, tuple[int, str, str, int]] = {}
    for arrival in arrived.arrivals:
        entry = arrival.entry
        if entry.seq - entry.commit_seq > MAX_VALUES:
            continue
        features = _features(arrival.extract)
        rows += [(_hash(each), entry.commit_seq, entry.seq, entry.audience, int(each.kind), each.text)
                 for each in sorted(features)]  # fmt: skip
        if features:
            units[entry.commit_seq] = (entry.commit_seq, entry.contribution, entry.org, entry.at)
    return rows, list(units.values())


def _features(extract: Extract) -> set[Feature]:
    """Return what an entry may share: what it says of attackers, and what it cites for that."""
    found: set[Feature] = set()
    for claim in extract.claims[:MAX_VALUES]:
        if claim.role is Role.ATTACKER and claim.stance in _MALICIOUS:
            found.update(features_of(claim.observable))
            for key in claim.keys[:_MAX_KEYS]:
                if key.startswith(("http://", "https://")):
                    found.update(features_of_reference(key))
    return {Feature(each.kind, storable(each.text)) for each in found}


def _hash(feature: Feature) -> int:
    return signed64(f"{int(feature.kind)}:{feature.text}".encode("utf-8", "replace"))


def _values(connection: Connection, units: set[int], audiences: frozenset[int]) -> _Values:
    found: _Values = {unit: {} for unit in units}
    for unit, hash64, kind, _ in store.values_of(connection, units, audiences) if units else ():
        found[unit][hash64] = kind
    return found


def _act(connection: Connection, entry: Entry) -> list[str]:
    """Keep a decision, or that it was taken back; return the contributions that it concerns."""
    assert entry.payload is not None
    if entry.kind == UNDO:
        undo = msgspec.json.decode(entry.payload.body, type=UndoBody)
        store.undo_act(connection, entry.payload.subject, entry.audience, entry.at, storable(undo.reason))
        return [undo.contribution]
    body = msgspec.json.decode(entry.payload.body, type=ActBody)
    store.add_act(connection, (
        entry.payload.subject, entry.seq, entry.audience, body.does, storable(body.contribution),
        storable(body.other), storable(body.name), storable(body.reason), entry.org, entry.at,
    ))  # fmt: skip
    return [body.contribution]


class Place(NamedTuple):
    """Where a unit hangs; a head hangs at itself, at no distance."""

    head: int
    toward: int
    reach: int
    weight: int


class _Tier:
    """One tier's clusters, within a transaction."""

    def __init__(self, connection: Connection, number: int, audiences: frozenset[int]) -> None:
        self._connection, self._number, self._audiences = connection, number, audiences
        self._last = store.last_unit(connection)
        self._heads: set[int] = set()

    def change(self, touched: set[int], before: _Values, after: _Values, named: set[str]) -> None:
        """Bring the tier up to date after the values of some units changed, and decisions about contributions."""
        differences: dict[int, int] = {}
        dirty: set[int] = set()
        for unit in touched:
            changed = before[unit].keys() ^ after[unit].keys()
            if not changed:
                continue
            for hash64 in changed:
                differences[hash64] = differences.get(hash64, 0) + (1 if hash64 in after[unit] else -1)
            dirty.add(unit)
            dirty.update(self._later(unit, changed))
        if differences:
            store.count(self._connection, [(self._number, *item) for item in sorted(differences.items())])
        for contribution in sorted(named):
            if unit := store.unit_of(self._connection, contribution, self._audiences):
                dirty.add(unit)
        self._settle(list(dirty), after)
        for head in sorted(self._heads):
            store.recount_head(self._connection, self._number, head)

    def _later(self, unit: int, hashes: set[int] | dict[int, int]) -> list[int]:
        if unit >= self._last or not hashes:
            return []
        return store.later_sharers(self._connection, sorted(hashes), unit, self._audiences)

    def _settle(self, queue: list[int], known: _Values) -> None:
        heapify(queue)
        done = 0
        while queue:
            unit = heappop(queue)
            if unit == done:
                continue
            done = unit
            values = known.get(unit)
            if values is None:
                values = _values(self._connection, {unit}, self._audiences)[unit]
            old = store.links(self._connection, self._number, [unit]).get(unit)
            new = self._place(unit, values) if values else None
            if old == new:
                continue
            store.set_link(self._connection, self._number, unit, new)
            self._heads.update(place[0] for place in (old, new) if place is not None)
            # A newcomer is nobody's neighbour yet but for those of the same batch, which wait in the queue.
            if old is not None:
                later = store.hanging(self._connection, self._number, unit)
                for other in {*later, *self._later(unit, values)}:
                    heappush(queue, other)

    def _place(self, unit: int, values: dict[int, int]) -> Place:
        decided = self._decided(unit)
        if decided is not None:
            return decided
        shared = self._shared(unit, values)
        places = store.links(self._connection, self._number, {each for one in shared for each in one.first})
        link = choose(weigh(shared), {other: place[2] for other, place in places.items()})
        if link is None:
            return Place(unit, unit, 0, 0)
        return Place(places[link.to][0], link.to, link.reach, link.weight)

    def _shared(self, unit: int, values: dict[int, int]) -> list[Sharers]:
        counts = store.counts(self._connection, self._number, values)
        several = [hash64 for hash64, count in counts.items() if count > 1]
        if not several:
            return []
        own = {} if unit >= self._last else store.sharers_from(self._connection, several, unit, self._audiences)
        found = []
        for hash64 in several:
            earlier = counts[hash64] - own.get(hash64, 1)
            if 0 < earlier < HUB:
                first = store.sharers_before(self._connection, hash64, unit, self._audiences, CANDIDATES)
                found.append(Sharers(Kind(values[hash64]), earlier, first))
        return found

    def _decided(self, unit: int) -> Place | None:
        """Return where an analyst put a unit, None where nobody did."""
        row = store.units(self._connection, [unit]).get(unit)
        acts = store.acts_of(self._connection, [row[0]], self._audiences) if row else []
        standing = [act for act in acts if act[1] in (SPLIT, JOIN) and not act[8]]
        if not standing:
            return None
        if standing[-1][1] == SPLIT:
            return Place(unit, unit, 0, 0)
        other = store.unit_of(self._connection, standing[-1][3], self._audiences)
        place = store.links(self._connection, self._number, [other]).get(other) if 0 < other < unit else None
        # At no distance, so that what hangs at the unit comes with it.
        return None if place is None else Place(place[0], other, 0, 0)
