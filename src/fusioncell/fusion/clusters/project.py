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
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from fusioncell.fusion.clusters import store
from fusioncell.fusion.clusters.choose import choose, weigh
from fusioncell.fusion.clusters.common import Commons
from fusioncell.fusion.clusters.derive import features_of, features_of_reference, hashed
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
    Kind,
    Sharers,
    UndoBody,
)
from fusioncell.fusion.clusters.store import metadata
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["TIERS", "metadata", "project"]

_MALICIOUS = frozenset((Stance.MALICIOUS, Stance.SUSPICIOUS))
_MAX_KEYS = 20
_Values = dict[int, dict[int, int]]
_Row = tuple[int, int, int, int, int, str]


def project(
    connection: Connection, entries: Sequence[Entry], arrived: Arrived, tiers: Sequence[frozenset[int]],
    commons: Commons | None = None,
) -> None:
    """Apply one cut. ``tiers``: the audiences of each of :data:`TIERS`."""
    rows, found = _rows(arrived)
    gone = [entry for entry, _ in arrived.ended if entry.seq - entry.commit_seq <= MAX_VALUES]
    acted = [entry for entry in entries if entry.kind in (ACT, UNDO) and entry.payload is not None]
    if not rows and not gone and not acted:
        return
    # A unit that comes with this cut, and of which nothing goes with it, stands in the rows at hand.
    stood = set(store.units(connection, {row[0] for row in found})) | {entry.commit_seq for entry in gone}
    before, last = [_values(connection, stood, tier) for tier in tiers], store.last_unit(connection)
    if gone:
        store.drop_entries(connection, [(entry.commit_seq, entry.seq) for entry in gone])
    if rows:
        store.add_units(connection, found)
        store.add_values(connection, rows)
    if gone:
        store.drop_empty_units(connection, {entry.commit_seq for entry in gone})
    named = {contribution for entry in acted for contribution in _act(connection, entry)}
    after = [_values(connection, stood, tier) | _fresh(rows, stood, tier) for tier in tiers]
    changed = [_changed(*each) for each in zip(before, after, strict=True)]
    _count(connection, before, changed)
    for number, audiences in enumerate(tiers):
        _Tier(connection, number, audiences, commons).change(changed[number], after[number], named, last)


def _fresh(rows: Sequence[_Row], stood: set[int], audiences: frozenset[int]) -> _Values:
    """Return what stands in the units that came with the rows."""
    found: _Values = {}
    for hash64, unit, _, audience, kind, _ in rows:
        if audience in audiences and unit not in stood:
            found.setdefault(unit, {})[hash64] = kind
    return found


def _changed(before: _Values, after: _Values) -> dict[int, set[int]]:
    """Return, by unit, the features that it has now and had not, or had and has not."""
    nothing: dict[int, int] = {}
    each = {unit: before.get(unit, nothing).keys() ^ after.get(unit, nothing).keys() for unit in {*before, *after}}
    return {unit: hashes for unit, hashes in each.items() if hashes}


def _count(connection: Connection, before: Sequence[_Values], changed: Sequence[dict[int, set[int]]]) -> None:
    """Count by difference how many units of each tier have a feature."""
    differences: dict[int, list[int]] = {}
    for tier, units in enumerate(changed):
        for unit, hashes in units.items():
            had = before[tier].get(unit, ())
            for hash64 in hashes:
                differences.setdefault(hash64, [0, 0])[tier] += -1 if hash64 in had else 1
    if differences:
        store.count(connection, [(hash64, *differences[hash64]) for hash64 in sorted(differences)])


def _rows(arrived: Arrived) -> tuple[list[_Row], list[tuple[int, str, str, int]]]:
    """Return the rows of the index, in order of feature, and those of their units."""
    rows: list[_Row] = []
    units: dict[int, tuple[int, str, str, int]] = {}
    for arrival in arrived.arrivals:
        entry = arrival.entry
        unit = entry.commit_seq
        if entry.seq - unit > MAX_VALUES:
            continue
        features = _features(arrival.extract)
        if features:
            rows += [(hash64, unit, entry.seq, entry.audience, kind, text) for hash64, kind, text in features]
            units[unit] = (unit, entry.contribution, entry.org, entry.at)
    return sorted(rows), list(units.values())


def _features(extract: Extract) -> set[tuple[int, int, str]]:
    """Return what an entry may share, (hash, kind, text): what it says of attackers, and what it cites for that."""
    found: set[tuple[int, int, str]] = set()
    for claim in extract.claims[:MAX_VALUES]:
        if claim.role is Role.ATTACKER and claim.stance in _MALICIOUS:
            found.update(map(_hashed, features_of(claim.observable)))
            for key in claim.keys[:_MAX_KEYS]:
                if key.startswith(("http://", "https://")):
                    found.update(_of_reference(key))
    return found


@lru_cache(maxsize=4096)
def _of_reference(address: str) -> tuple[tuple[int, int, str], ...]:
    """Return the features of a reference; most items of one event cite the same."""
    return tuple(map(_hashed, features_of_reference(address)))


_hashed = lru_cache(maxsize=4096)(hashed)


def _values(connection: Connection, units: set[int], audiences: frozenset[int]) -> _Values:
    """Return what stands in units: feature → kind."""
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

    def __init__(self, connection: Connection, number: int, audiences: frozenset[int], commons: Commons | None
                 ) -> None:  # fmt: skip
        self._connection, self._number, self._audiences, self._commons = connection, number, audiences, commons
        self._last = store.last_unit(connection)
        self._heads: set[int] = set()

    def change(self, changed: dict[int, set[int]], after: _Values, named: set[str], last: int) -> None:
        """Bring the tier up to date after the values of some units changed, and decisions about contributions.

        ``last``: the greatest unit that stood before. Those that came since have changed themselves.
        """
        dirty = set(changed)
        for unit, hashes in changed.items():
            if unit < last:
                dirty.update(self._later(unit, hashes))
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
        counts = store.counts(self._connection, self._number, values, least=2)
        several = list(counts)
        if several and self._commons is not None:
            several = self._commons.telling(
                several, lambda: store.values_of(self._connection, [unit], self._audiences))  # fmt: skip
        if not several:
            return []
        own = {} if unit >= self._last else store.sharers_from(self._connection, several, unit, self._audiences)
        few = [hash64 for hash64 in several if counts[hash64] <= CANDIDATES]
        of_few = store.all_sharers_before(self._connection, few, unit, self._audiences) if few else {}
        found = []
        for hash64 in several:
            earlier = counts[hash64] - own.get(hash64, 1)
            if 0 < earlier < HUB:
                first = of_few.get(hash64) or store.sharers_before(
                    self._connection, hash64, unit, self._audiences, CANDIDATES)  # fmt: skip
                found.append(Sharers(Kind(values[hash64]), earlier, tuple(first)))
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
