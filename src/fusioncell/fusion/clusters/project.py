"""Follow the record: what each submission shares, and where it hangs, for each tier. Called by the river.

1. What ended leaves the index, what arrived enters it; how many have a feature is counted by difference.
2. Whoever changed, and every later unit that shares what changed, is looked at anew, in order: what a unit is depends
   on earlier ones alone (``choose``). Whose place changes sends on those that share with it or hang at it.
3. The tiers are CLEAR, and CLEAR with GREEN: narrower entries stand in the index and take no part.

The result is a function of what stands in the index and of what analysts decided, whatever the order of coming: batch
boundaries never show, and a rebuild without what was recalled or erased gives the same bytes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import NamedTuple

import msgspec

from fusioncell.fusion.clusters import store
from fusioncell.fusion.clusters.choose import choose, weigh
from fusioncell.fusion.clusters.common import Commons
from fusioncell.fusion.clusters.derive import Hashed, features_of_reference, hashed, parts_of
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
from fusioncell.intake.model import Extract
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Role, Stance
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.ports import Connection, storable

__all__ = ["TIERS", "metadata", "project"]

_MALICIOUS = frozenset((Stance.MALICIOUS, Stance.SUSPICIOUS))
_MAX_KEYS = 20
_Values = dict[int, dict[int, int]]
_Counts = dict[int, tuple[int, int]]
"""Feature → how many units of each tier have it."""
_Found = dict[tuple[int, int], Counter[Hashed]]
"""(unit, audience) → how often it says each feature."""


def project(
    connection: Connection, entries: Sequence[Entry], arrived: Arrived, tiers: Sequence[frozenset[int]],
    commons: Commons | None = None,
) -> None:
    """Apply one cut. ``tiers``: the audiences of each of :data:`TIERS`."""
    found, units = _found((arrival.entry, arrival.extract) for arrival in arrived.arrivals)
    gone, ended = _found(arrived.ended)
    acted = [entry for entry in entries if entry.kind in (ACT, UNDO) and entry.payload is not None]
    if not found and not gone and not acted:
        return
    # A unit that comes with this cut, and of which nothing goes with it, stands in what is at hand.
    stood = set(store.units(connection, units)) | ended.keys()
    before, last = [_values(connection, stood, tier) for tier in tiers], store.last_unit(connection)
    had = _had(connection, {one[0] for features in (*found.values(), *gone.values()) for one in features}, tiers)
    if gone:
        store.drop_values(connection, _rows(gone))
    if found:
        store.add_units(connection, list(units.values()))
        store.add_values(connection, _rows(found))
    if gone:
        store.drop_empty_units(connection, ended)
    named = {contribution for entry in acted for contribution in _act(connection, entry)}
    fresh = {key: {one[0]: one[1] for one in features} for key, features in found.items() if key[0] not in stood}
    after = [_values(connection, stood, tier) | _fresh(fresh, tier) for tier in tiers]
    changed = [_changed(*each) for each in zip(before, after, strict=True)]
    counts = _count(connection, had, before, changed)
    texts = {one[0]: one for features in found.values() for one in features if one[0] in counts} if counts else {}
    for number, audiences in enumerate(tiers):
        tier = _Tier(connection, number, audiences, commons)
        tier.know(after[number], last, {each: both[number] for each, both in counts.items()}, texts)
        tier.change(changed[number], after[number], named, last)


def _found(said: Iterable[tuple[Entry, Extract]]) -> tuple[_Found, dict[int, tuple[int, str, str, int]]]:
    """Return what entries say, and the rows of their units."""
    found: dict[tuple[int, int], list[Hashed]] = {}
    units: dict[int, tuple[int, str, str, int]] = {}
    for entry, extract in said:
        unit = entry.commit_seq
        if entry.seq - unit > MAX_VALUES:
            continue
        features = _features(extract)
        if features:
            known = found.get((unit, entry.audience))
            if known is None:
                known = found[unit, entry.audience] = []
                units[unit] = (unit, entry.contribution, entry.org, entry.at)
            known += features
    return {key: Counter(features) for key, features in found.items()}, units


def _rows(found: _Found) -> list[store.Row]:
    """Return the rows of the index, in order of feature."""
    return sorted(
        (hash64, unit, audience, kind, text, uses)
        for (unit, audience), features in found.items() for (hash64, kind, text), uses in features.items()
    )  # fmt: skip


def _fresh(fresh: dict[tuple[int, int], dict[int, int]], audiences: frozenset[int]) -> _Values:
    """Return what stands in the units that came with this cut."""
    found: _Values = {}
    for (unit, audience), values in fresh.items():
        if audience in audiences:
            found[unit] = {**found[unit], **values} if unit in found else values
    return found


def _changed(before: _Values, after: _Values) -> dict[int, set[int]]:
    """Return, by unit, the features that it has now and had not, or had and has not."""
    nothing: dict[int, int] = {}
    each = {unit: before.get(unit, nothing).keys() ^ after.get(unit, nothing).keys() for unit in {*before, *after}}
    return {unit: hashes for unit, hashes in each.items() if hashes}


def _had(connection: Connection, hashes: set[int], tiers: Sequence[frozenset[int]]) -> _Counts:
    """Return how many units of each tier have features, of those that any unit has: what one alone has is not kept
    as a count, it is seen from the index."""
    clear, common = tiers
    ordered = sorted(hashes)
    counts = store.several(connection, ordered) if ordered else {}
    alone: dict[int, set[int]] = {}
    for hash64, _, audience in store.places(connection, [each for each in ordered if each not in counts], common):
        alone.setdefault(hash64, set()).add(audience)
    return {**counts, **{hash64: (int(not clear.isdisjoint(found)), 1) for hash64, found in alone.items()}}


def _count(
    connection: Connection, had: _Counts, before: Sequence[_Values], changed: Sequence[dict[int, set[int]]]
) -> _Counts:
    """Count by difference how many units of each tier have a feature; return it of what several have."""
    clear, common = (_difference(*each) for each in zip(before, changed, strict=True))
    moved = [each for each in had if each in clear or each in common]
    moved += [each for each, more in common.items() if more > 1 and each not in had]
    counts = dict(had)
    for each in moved:
        was = had.get(each, (0, 0))
        counts[each] = (was[0] + clear[each], was[1] + common[each])
    store.keep_counts(connection, sorted((each, *counts[each]) for each in moved if counts[each][1] > 1))
    store.drop_counts(connection, sorted(each for each in moved if counts[each][1] < 2 <= had.get(each, (0, 0))[1]))
    return {each: both for each, both in counts.items() if both[1] > 1}


def _difference(before: _Values, changed: dict[int, set[int]]) -> Counter[int]:
    """Return by how many the units grew that have each feature."""
    found: Counter[int] = Counter()
    for unit, hashes in changed.items():
        had = before.get(unit, {}).keys()
        found.update(hashes - had)
        found.subtract(hashes & had)
    return found


def _features(extract: Extract) -> list[Hashed]:
    """Return what an entry may share, as often as it says it: what it says of attackers, and what it cites for that."""
    found: list[Hashed] = []
    for claim in extract.claims[:MAX_VALUES]:
        if claim.role is Role.ATTACKER and claim.stance in _MALICIOUS:
            for features in parts_of(claim.observable):
                found += _hashed(features)
            for key in claim.keys[:_MAX_KEYS]:
                if key.startswith(("http://", "https://")):
                    found += _of_reference(key)
    return found


@lru_cache(maxsize=4096)
def _of_reference(address: str) -> tuple[Hashed, ...]:
    """Return the features of a reference; most items of one event cite the same."""
    return _hashed(tuple(features_of_reference(address)))


@lru_cache(maxsize=4096)
def _hashed(features: tuple[Feature, ...]) -> tuple[Hashed, ...]:
    """Return features as they stand in the index; those of a host come again with each of its URLs."""
    return tuple(map(hashed, features))


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
        self._stood = self._last
        self._counts: dict[int, int] = {}
        self._newcomers: dict[int, list[int]] = {}
        self._texts: dict[int, Hashed] = {}

    def know(self, after: _Values, last: int, counts: dict[int, int], texts: dict[int, Hashed]) -> None:
        """Take what the cut brought, so that nobody asks for it: what stands in its units, those after ``last``, and of
        the features that several units have, how many and what they are."""
        self._stood, self._texts = last, texts
        self._counts = {each: count for each, count in counts.items() if count > 1}
        for unit in sorted(after):
            if unit > last:
                for hash64 in after[unit].keys() & self._counts.keys():
                    self._newcomers.setdefault(hash64, []).append(unit)

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
            old = None if unit > self._stood else store.links(self._connection, self._number, [unit]).get(unit)
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
        counts = self._counts
        if unit <= self._stood:
            counts = store.counts(self._connection, self._number, values)
        several = [each for each in values if each in counts]
        if several and self._commons is not None:
            several = self._commons.telling(several, lambda: self._texts_of(unit, several))
        if not several:
            return []
        own = self._from(unit, several)
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

    def _texts_of(self, unit: int, several: list[int]) -> Iterable[tuple[int, int, int, str]]:
        if unit > self._stood:
            return [(unit, *self._texts[each]) for each in several]
        return store.values_of(self._connection, [unit], self._audiences)

    def _from(self, unit: int, several: list[int]) -> dict[int, int]:
        """Return how many units from this one on have each feature; those that one has are left out."""
        if unit >= self._last:
            return {}
        if unit <= self._stood:
            return store.sharers_from(self._connection, several, unit, self._audiences)
        newcomers = self._newcomers
        return {each: len(newcomers[each]) - bisect_left(newcomers[each], unit) for each in several}

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
