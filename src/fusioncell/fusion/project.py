"""Project claims: intern observables in order of first appearance, add the claims, end what ended.

Ids are given in record order, so a rebuild gives the same ids. The work is done in batches sorted by key, because the
random index is what costs (STACK.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log2
from typing import Protocol

from xxhash import xxh3_64_hexdigest

from fusioncell.fusion import store, weigh
from fusioncell.fusion.learned.context import context_of
from fusioncell.fusion.learned.fading import STEP
from fusioncell.fusion.learned.project import days_of
from fusioncell.fusion.weigh import LANDMARK
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.marking import is_pseudonym, voice_of
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, key64, key64_of
from fusioncell.kernel.ports import Connection, storable

# Plain integers: an Enum's member costs an attribute look-up of its own, three times a claim.
_MALICIOUS, _SUSPICIOUS, _BENIGN, _END = (
    int(each) for each in (Stance.MALICIOUS, Stance.SUSPICIOUS, Stance.BENIGN, Stance.END)
)
_ATTACKER = int(Role.ATTACKER)
_DAYS = {code: weigh.half_life(type) // DAY for code, type in TYPES_BY_CODE.items()}
"""The usual half-life of each type, in days."""
_MAX_KEYS = 4


class Reliability(Protocol):
    """Says how reliable an entry's contributor is, as an Admiralty letter; from entries, as all that is replayed."""

    def __call__(self, entry: Entry) -> str:
        """Return A to F."""
        ...


class HalfLives(Protocol):
    """Says by what half-lives the claims of an audience fade; from entries, as all that is learned."""

    def of(self, number: int) -> Mapping[tuple[int, int], int]:
        """Return days by type and context, of what was learned; empty for nothing."""
        ...


@dataclass(slots=True)
class Changes:
    """What a cut changed: observables whose evidence moved, by id."""

    moved: dict[int, Observable] = field(default_factory=dict)
    stale_news: set[int] = field(default_factory=set)
    """Of those, observables first named in this cut, by history alone: nothing is due for them (see ``shield``)."""
    seen: dict[int, list[int]] = field(default_factory=dict)
    """Entry position → ids of the observables that it mentions, in order."""


def project(connection: Connection, arrived: Arrived, reliability: Reliability, lives: HalfLives) -> Changes:
    """Apply one cut. Returns what moved, for the rooms downstream."""
    changes = Changes()
    _end(connection, arrived, changes)
    _add(connection, arrived, reliability, lives, changes)
    return changes


def _end(connection: Connection, arrived: Arrived, changes: Changes) -> None:
    pairs = [(claim.observable, entry.seq) for entry, extract in arrived.ended for claim in extract.claims]
    if not pairs:
        return
    ids = _known(connection, {observable for observable, _ in pairs})
    gone = sorted({(ids[o], seq) for o, seq in pairs if o in ids and seq in arrived.withdrawn})
    store.withdraw_claims(connection, gone)
    store.end_claims(connection, sorted({(ids[o], seq) for o, seq in pairs if o in ids}))
    changes.moved.update({ids[o]: o for o, _ in pairs if o in ids})


def _known(connection: Connection, wanted: set[Observable]) -> dict[Observable, int]:
    by_key: dict[tuple[int, int, str], Observable] = {(key64(o), TYPE_CODES[o.type], o.value): o for o in wanted}
    found: dict[Observable, int] = {}
    for number, hash64, code, value in store.ids_by_hash(connection, sorted({k[0] for k in by_key})):
        match = by_key.get((hash64, code, value))
        if match is not None:
            found[match] = number
    return found


def _add(
    connection: Connection, arrived: Arrived, reliability: Reliability, lives: HalfLives, changes: Changes
) -> None:
    ids: dict[Observable, int] = {}
    for arrival in arrived.arrivals:
        for claim in arrival.extract.claims:
            ids[claim.observable] = 0
    if not ids:
        return
    last_id = _intern(connection, ids)
    rows, endings = _rows(connection, arrived, ids, reliability, lives, changes)
    news = {row[0] for row in rows if row[11]}
    changes.stale_news = {number for number in changes.moved if number > last_id and number not in news}
    rows.sort()
    store.add_claims(connection, rows)
    if endings:
        store.end_party_claims(connection, endings)


def _intern(connection: Connection, ids: dict[Observable, int]) -> int:
    """Fill in the ids of the observables, giving new ones in order of appearance; return the last id before."""
    order = [(o, TYPE_CODES[o.type], o.value) for o in ids]
    hashes = [key64_of(code, value) for _, code, value in order]
    known = {(code, value): number for number, _, code, value in store.ids_by_hash(connection, sorted(set(hashes)))}
    next_id = last_id = store.last_observable(connection)
    new: list[tuple[int, int, int, str]] = []
    for (o, code, value), hash64 in zip(order, hashes, strict=True):
        number = known.get((code, value))
        if number is None:
            number = next_id = next_id + 1
            new.append((number, hash64, code, value))
        ids[o] = number
    store.add_observables(connection, new)
    return last_id


class _Parties:
    """Interned names of contributors and sources, those of this cut added at its end."""

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known
        self.added: list[tuple[int, str]] = []

    def number(self, name: str) -> int:
        """Return the number of a name, 0 for none."""
        found = self._known.get(name)
        if found is None:
            if not name:
                return 0
            found = self._known[name] = len(self._known) + 1
            self.added.append((found, name))
        return found


def _rows(
    connection: Connection,
    arrived: Arrived,
    ids: dict[Observable, int],
    reliability: Reliability,
    lives: HalfLives,
    changes: Changes,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    parties = _Parties(store.parties(connection))
    number_of, moved = parties.number, changes.moved
    rows: list[tuple[object, ...]] = []
    endings: list[tuple[object, ...]] = []
    sources: dict[str, int] = {}
    of, contributor, grade = "", 0, ""
    audience_of, context = -1, 0
    labels: tuple[str, ...] | None = None
    learned: Mapping[tuple[int, int], int] = {}
    for arrival in arrived.arrivals:
        claims = arrival.extract.claims
        if not claims:
            continue
        # A plain integer: SQLite's driver looks for an adapter for each bool, which takes a fifth of the row's time.
        entry, fresh = arrival.entry, int(arrival.fresh)
        seq, audience = entry.seq, entry.audience
        if entry.contribution != of:
            of = entry.contribution
            contributor = number_of(voice_of(entry.org))
            # The hub's operators grade what it fetches; the grade of the day stands in the entry, so a replay knows it.
            given = entry.payload.meta.get("grade") if entry.payload is not None else None
            grade = given if isinstance(given, str) else reliability(entry)
        if audience != audience_of:
            audience_of, learned = audience, lives.of(audience)
        seen = changes.seen[seq] = []
        for position, claim in enumerate(claims):
            o = claim.observable
            number = ids[o]
            seen.append(number)
            stance, weight, at = _worth(claim, entry.at, grade)
            if stance:
                code = TYPE_CODES[o.type]
                if claim.context is not labels:
                    labels = claim.context
                    context = context_of(labels)
                half = days_of(learned, code, context, _DAYS[code]) if learned else _DAYS[code]
                latest, fade = log2(weight) + (at - LANDMARK) / (half * DAY), half + STEP * context
            else:
                latest, fade = 0.0, 0
            if claim.stance == _END and not is_pseudonym(entry.org):
                # Of several anonymous authors, none can speak for another.
                endings.append((number, contributor, audience, seq))
                moved[number] = o
            elif stance:
                moved[number] = o
            creator = sources.get(claim.creator)
            if creator is None:
                creator = sources[claim.creator] = number_of(storable(claim.creator[:200]))
            rows.append((number, seq, position, audience, contributor, creator, int(claim.role), stance, weight,
                         latest, at, fresh, _keys(claim.keys), fade))  # fmt: skip
    store.add_parties(connection, parties.added)
    return rows, endings


def _keys(keys: tuple[str, ...]) -> str:
    if len(keys) == 1:
        return xxh3_64_hexdigest(keys[0].encode("utf-8", "replace"))
    return " ".join([xxh3_64_hexdigest(key.encode("utf-8", "replace")) for key in keys[:_MAX_KEYS]])


def _worth(claim: Claim, arrived_at: int, grade: str) -> tuple[int, float, int]:
    """Return (stance that counts, weight, instant): mentioned is not guilty."""
    # A claim dated in the future is no immortal: it counts from its arrival (DESIGN §4).
    stated, stance = claim.stated, claim.stance
    at = arrived_at if stated is None or stated > arrived_at else stated
    guilty = (
        claim.role == _ATTACKER
        and (stance == _MALICIOUS or stance == _SUSPICIOUS)
        and (claim.until is None or claim.until > arrived_at)
    )
    if not guilty and stance != _BENIGN:
        return 0, 0.0, at
    return int(stance), weigh.weight(grade, claim.credibility, stance == _SUSPICIOUS), at
