"""Use cases of fusion: look one observable up, explain it, match many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from fusioncell.fusion import store
from fusioncell.fusion.assess import assess
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.learned.fading import days_in
from fusioncell.fusion.learned.model import NOTHING, Judged, Learned
from fusioncell.fusion.learned.project import learned_for
from fusioncell.fusion.model import MANY, Assessment, Evidence, Profile, Profiled, Standing
from fusioncell.fusion.origins.model import Kin
from fusioncell.fusion.origins.project import marks_for
from fusioncell.fusion.overrides.project import overridden, overrides_among
from fusioncell.fusion.stand import score_of, several, standing_of
from fusioncell.kernel.clock import DAY, Clock, Instant
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, ObservableType, key64
from fusioncell.kernel.ports import Connection, Database

Row = tuple[Any, ...]
_PAGE = 20_000
_MOST_KIN = 1000
_NO_KEYS: frozenset[int] = frozenset()
WINDOW = 20_000
"""Observables that are assessed in one transaction, where all of them are."""


def _keys(low: str, high: str) -> frozenset[int]:
    if low == high and " " not in low:  # as nearly all
        return frozenset((int(low, 16),)) if low else _NO_KEYS
    return frozenset(int(key, 16) for text in (low, high) for key in text.split())


def evidence_from(row: Row, kin: Mapping[str, Kin]) -> Evidence:
    """Make the value from a grouped row of the store. ``kin``: what joins families: a number that its members share as
    they would share an object."""
    _, contributor, creator, benign, weight, latest, first, last, fresh, count, seq, low, high, fade = row
    keys = _keys(low, high)
    found = [kin[name] for name in (contributor, creator) if name in kin] if kin else []
    if found:
        keys |= {each.number for each in found}
    return Evidence(contributor, creator, bool(benign), weight, latest, first, last, bool(fresh), keys, count, seq,
                    any(each.copier for each in found), days_in(fade) * DAY)  # fmt: skip


def assess_within(
    connection: Connection, observables: dict[int, Observable], audiences: frozenset[int], now: Instant | None
) -> dict[int, Assessment]:
    """Assess many observables, by id, on what stands in the audiences, within a transaction.

    ``now`` None: each as of its own newest claim, which no batch boundary moves (for projections).
    """
    grouped: dict[int, list[Evidence]] = {number: [] for number in observables}
    kin, learned = marks_for(connection, audiences), learned_for(connection, audiences)
    for row in store.evidence_of_many(connection, sorted(observables), audiences):
        grouped[row[0]].append(evidence_from(row, kin))  # type: ignore[index]
    found = {}
    for number, items in grouped.items():
        at = max([e.last for e in items], default=0) if now is None else now
        found[number] = assess(observables[number], items, sum([e.count for e in items]), at, learned)
    said = overrides_among(connection, observables.values(), audiences)
    for number, one in observables.items() if said else ():
        if one in said:
            found[number] = replace(found[number], override=said[one])
    return found


def reassess(found: Assessment, without: Set[str], now: Instant) -> Assessment | None:
    """Assess an observable anew, as if some contributors had said nothing of it; None where nobody else did."""
    evidence = [each for origin in found.origins for each in (origin.voice, *origin.repeats)]
    return reassess_on(found, [each for each in evidence if each.contributor not in without], now)


def reassess_on(found: Assessment, rest: Sequence[Evidence], now: Instant) -> Assessment | None:
    """Assess an observable anew on a part of its evidence; None where there is none."""
    learned = Learned(found.line)
    return assess(found.observable, rest, sum(each.count for each in rest), now, learned) if rest else None


def find_many(connection: Connection, observables: Sequence[Observable]) -> dict[int, Observable]:
    """Return those of the observables that are known, by id."""
    by_key = {(TYPE_CODES[o.type], o.value): o for o in observables}
    hashes = sorted({key64(o) for o in by_key.values()})
    return {
        number: by_key[(code, value)]
        for number, _, code, value in store.ids_by_hash(connection, hashes)
        if (code, value) in by_key
    }


class Fusion:
    """The front door of the fusion room."""

    def __init__(self, database: Database, clock: Clock, known_good: KnownGood) -> None:
        self._database = database
        self._clock = clock
        self.known_good = known_good
        self._kin: tuple[int, dict[frozenset[int], dict[str, Kin]]] = (0, {})
        """Families by audiences, as of the newest join."""
        self._learned: tuple[int, dict[frozenset[int], Learned]] = (0, {})
        """What was learned by audiences, as of what was learned last."""
        self._guarded = np.zeros(0, np.uint8)
        """By an observable's id: 0 not looked up yet, 1 free, 2 known good. The lists stay while the hub runs."""

    def now(self) -> Instant:
        """Return the instant as of which look-ups are answered."""
        return self._clock.now()

    def look_up(self, observable: Observable, audiences: frozenset[int]) -> Assessment | None:
        """Return the assessment for a viewer of these audiences, None where nothing that they see mentions it."""
        with self._database.read() as connection:
            code = TYPE_CODES[observable.type]
            number, mentions = store.find_mentioned(connection, key64(observable), code, observable.value, audiences)
            if not mentions:
                return None
            joined, taught, judged = store.stamps(connection)
            kin = self._families(connection, audiences, joined)
            items = [evidence_from(row, kin) for row in store.evidence_of(connection, number, audiences)]
            said = overrides_among(connection, (observable,), audiences) if judged else {}
            learned = self._known(connection, audiences, taught)
        found = assess(observable, items, mentions, self._clock.now(), learned)
        return replace(found, override=said[observable]) if observable in said else found

    def _families(self, connection: Connection, audiences: frozenset[int], newest: int) -> dict[str, Kin]:
        if not newest:
            return {}
        if self._kin[0] != newest or len(self._kin[1]) > _MOST_KIN:
            self._kin = (newest, {})
        known = self._kin[1]
        if audiences not in known:
            known[audiences] = marks_for(connection, audiences)
        return known[audiences]

    def _known(self, connection: Connection, audiences: frozenset[int], newest: int) -> Learned:
        if not newest:
            return NOTHING
        if self._learned[0] != newest or len(self._learned[1]) > _MOST_KIN:
            self._learned = (newest, {})
        known = self._learned[1]
        if audiences not in known:
            known[audiences] = learned_for(connection, audiences)
        return known[audiences]

    def learned(self, audiences: frozenset[int]) -> Learned:
        """Return what was learned, as a viewer of these audiences may know it."""
        with self._database.read() as connection:
            return self._known(connection, audiences, store.stamps(connection)[1])

    def scores_before(self, judged: Sequence[Judged], audiences: frozenset[int]) -> list[float | None]:
        """Return the log-odds that stood against each value before it was judged, by what these audiences see of it
        today; None where nothing accused it then."""
        found: dict[Observable, float | None] = {}
        with self._database.read() as connection:
            names = {number: name for name, number in store.parties(connection).items()}
            kin = marks_for(connection, audiences)
        for start in range(0, len(judged), _PAGE):
            page = {one.observable: one for one in judged[start : start + _PAGE]}
            with self._database.read() as connection:
                ids = find_many(connection, list(page))
                rows = store.claims_before(connection, sorted(ids), audiences)
            grouped: dict[int, list[Row]] = {}
            for row in rows:
                if row[10] < page[ids[row[0]]].seq:
                    grouped.setdefault(row[0], []).append(row)
            found.update({ids[number]: score_of(group, names, kin) for number, group in grouped.items()})
        return [found.get(one.observable) for one in judged]

    def mentions(self, observable: Observable, audiences: frozenset[int], limit: int = 50) -> list[Row]:
        """Return the newest claims and mentions that these audiences see, newest first."""
        with self._database.read() as connection:
            number = store.find(connection, key64(observable), TYPE_CODES[observable.type], observable.value)
            return [] if number is None else store.mentions_of(connection, number, audiences, limit)

    def entries_naming(
        self, observables: Sequence[Observable], audiences: frozenset[int], each: int, most: int
    ) -> dict[Observable, list[int]]:
        """Return the positions of all entries in the audiences that name an observable, of one after the other until
        there are ``most``; not of those that more than ``each`` entries name."""
        found: dict[Observable, list[int]] = {}
        with self._database.read() as connection:
            numbers = {one: number for number, one in find_many(connection, observables).items()}
            for one in observables:
                if one not in numbers or most <= 0:
                    continue
                seqs = store.entries_naming(connection, numbers[one], audiences, each + 1)
                most -= len(seqs)
                if len(seqs) <= each:
                    found[one] = seqs
        return found

    def match(self, observables: Sequence[Observable], audiences: frozenset[int]) -> dict[Observable, Assessment]:
        """Assess those of the observables that these audiences know, in one batch."""
        now = self._clock.now()
        with self._database.read() as connection:
            found = find_many(connection, observables)
            if not found:
                return {}
            seen = store.visible_among(connection, sorted(found), audiences)
            assessed = assess_within(connection, {n: o for n, o in found.items() if n in seen}, audiences, now)
        return {a.observable: a for a in assessed.values()}

    def standing(
        self, audiences: frozenset[int], ids: Sequence[int] | None = None, *, before: int = 0
    ) -> Standing:
        """Return what stands against all observables (or those with these ids) for a viewer of these audiences.

        Left out is what is only mentioned, what has never reached :data:`fusion.stand.FLOOR`, what a known-good list,
        or its own nature, guards from an automatic block, and what an analyst said to leave alone. ``before``: of those
        with ids, by what stands of what was said up to a position of the record.
        """
        found: list[Standing] = []
        claims: list[Row] | None = None
        with self._database.read() as connection:
            names = {number: name for name, number in store.parties(connection).items()}
            end = store.last_observable(connection)
            kin, line = marks_for(connection, audiences), learned_for(connection, audiences).line
            spared = _spared(connection, audiences)
        wanted = None if ids is None else sorted(ids)
        for start in range(0, end if wanted is None else len(wanted), WINDOW):
            with self._database.read() as connection:
                if wanted is None:
                    claims = store.claims_between(connection, start, start + WINDOW, audiences)
                    told = store.claims_of_many(connection, several(claims), audiences)
                else:
                    part = wanted[start : start + WINDOW]
                    if before:
                        said = store.claims_before(connection, part, audiences)
                        told = [row[:-1] for row in said if row[-1] <= before]
                    else:
                        told = store.claims_of_many(connection, part, audiences)
            made = standing_of(claims, told, names, kin, line)
            free = self._unguarded(made.ids)
            if spared:
                free &= ~np.isin(made.ids, spared)
            found.append(made.at(free))
        return Standing.of(found)

    def standing_of_few(self, audiences: frozenset[int], most: int) -> Standing | None:
        """Return what stands against all observables, None where over ``most`` claims count, at no more cost than
        those."""
        ids: dict[int, None] = {}
        said = 0
        with self._database.read() as connection:
            end = store.last_observable(connection)
        for start in range(0, end, most):
            with self._database.read() as connection:
                rows = store.claims_between(connection, start, start + most, audiences)
            said += len(rows)
            if said > most:
                return None
            ids.update(dict.fromkeys(row[0] for row in rows))
        return self.standing(audiences, list(ids))

    def _unguarded(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell for each observable whether nothing guards it from an automatic block."""
        known = self._guarded
        if len(ids) and ids[-1] >= len(known):
            # Of several threads that look some up meanwhile, one's are looked up once more.
            known = self._guarded = np.concatenate((known, np.zeros(ids[-1] + WINDOW - len(known), np.uint8)))
        new = self.observables(ids[known[ids] == 0].tolist())
        if new:
            guarded = self.known_good.batch_guarded(list(new.values()))
            known[list(new)] = np.where(guarded, 2, 1)
        free: npt.NDArray[np.bool_] = known[ids] == 1
        return free

    def ids_of(self, observables: Sequence[Observable]) -> list[int]:
        """Return the ids of those of the observables that are known."""
        with self._database.read() as connection:
            return list(find_many(connection, observables))

    def observables(self, ids: Iterable[int]) -> dict[int, Observable]:
        """Return observables by id. The caller has seen to it that the viewer may see them."""
        with self._database.read() as connection:
            return {
                number: Observable(TYPES_BY_CODE[code], value)
                for number, code, value in store.observables(connection, ids)
            }

    def profiles(self) -> Iterator[list[Profiled]]:
        """Give the profile of every observable that anything mentions, in pages, each a snapshot of its own."""
        after = 0
        with self._database.read() as connection:
            last = store.last_observable(connection)
        while after < last:
            until = after + _PAGE
            with self._database.read() as connection:
                rows = store.profiles_between(connection, after, until)
                yield _profiled(connection, rows)
            after = until

    def profiles_of(self, observables: Sequence[Observable]) -> list[Profiled]:
        """Return the profiles of some observables, of one snapshot; those that nothing mentions are left out."""
        with self._database.read() as connection:
            ids = find_many(connection, observables)
            return _profiled(connection, store.profiles_of(connection, sorted(ids))) if ids else []

    def nets(self) -> list[str]:
        """Return the values of all networks that were ever mentioned."""
        with self._database.read() as connection:
            return store.values_of_type(connection, TYPE_CODES[ObservableType.CIDR])


def _spared(connection: Connection, audiences: frozenset[int]) -> list[int]:
    """Return the observables, by id, that analysts said to leave alone, as a viewer of these audiences knows it."""
    said = [Observable(TYPES_BY_CODE[code], value) for code, value in overridden(connection)]
    spared = [one for one, word in overrides_among(connection, said, audiences).items() if word.spares]
    return list(find_many(connection, spared)) if spared else []


def _profiled(connection: Connection, rows: list[Row]) -> list[Profiled]:
    """Make profiles of rows; of those that memory cannot assess, read whose they are."""
    gone = store.withdrawn_among(connection, [row[0] for row in rows])
    judged = overridden(connection)
    made: list[Profiled] = []
    known: dict[tuple[Any, ...], Profile] = {}
    several: dict[int, int] = {}
    for row in rows:
        id, code, value, least, most, counted, by, to, source, other, side, against, weight, latest, fade, *rest = row
        if least != most or by != to or source != other or side != against or rest != [fade] or (
            id in gone or (code, value) in judged
        ):
            several[id] = len(made)
            made.append(Profiled(id, value, Profile(frozenset((least,)), code, MANY), 0.0))
            continue
        key = (least, code, side, weight, counted, fade)
        profile = known.get(key)
        if profile is None:
            profile = known[key] = Profile(frozenset((least,)), code, side or 0, weight or 0.0, counted,
                                           days_in(fade or 0))  # fmt: skip
        made.append(Profiled(id, value, profile, latest or 0.0))
    if several:
        audiences: dict[int, set[int]] = {}
        for id, audience in store.audiences_among(connection, several):
            audiences.setdefault(id, set()).add(audience)
        for id, place in several.items():
            seen = frozenset(audiences.get(id, ()))
            made[place] = made[place]._replace(profile=made[place].profile._replace(audiences=seen))
    return made
