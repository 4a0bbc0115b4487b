"""Project claims: intern observables in order of first appearance, add the claims, end what ended.

Ids are given in record order, so a rebuild gives the same ids. The work is done in batches sorted by key, because the
random index is what costs (STACK.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from fusioncell.fusion import store, weigh
from fusioncell.intake import signed64
from fusioncell.intake.project import Arrived
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.observable import TYPE_CODES, Observable, ObservableType, key64
from fusioncell.kernel.ports import Connection

_GUILTY = (Stance.MALICIOUS, Stance.SUSPICIOUS)
_MAX_KEYS = 4


class Reliability(Protocol):
    """Says how reliable a contributor is, as an Admiralty letter; from entries, so that a replay ends the same."""

    def __call__(self, contributor: str) -> str:
        """Return A to F."""
        ...


@dataclass(slots=True)
class Changes:
    """What a cut changed: observables whose evidence moved, by id."""

    moved: dict[int, Observable] = field(default_factory=dict)
    stale_news: set[int] = field(default_factory=set)
    """Of those, observables first named in this cut, by history alone: nothing is due for them (see ``shield``)."""
    seen: dict[int, list[int]] = field(default_factory=dict)
    """Entry position → ids of the observables that it mentions, in order."""


def project(connection: Connection, arrived: Arrived, reliability: Reliability) -> Changes:
    """Apply one cut. Returns what moved, for the rooms downstream."""
    changes = Changes()
    _end(connection, arrived, changes)
    _add(connection, arrived, reliability, changes)
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


def _add(connection: Connection, arrived: Arrived, reliability: Reliability, changes: Changes) -> None:
    wanted: dict[tuple[ObservableType, str], int] = {}
    order: list[tuple[int, int, str]] = []
    for arrival in arrived.arrivals:
        for claim in arrival.extract.claims:
            o = claim.observable
            if (o.type, o.value) not in wanted:
                wanted[(o.type, o.value)] = 0
                order.append((key64(o), TYPE_CODES[o.type], o.value))
    if not wanted:
        return
    by_code: dict[tuple[int, str], int] = {}
    for number, _, code, value in store.ids_by_hash(connection, sorted({k[0] for k in order})):
        by_code[(code, value)] = number
    fresh_id = last_id = store.last_observable(connection)
    new: list[tuple[int, int, int, str]] = []
    for hash64, code, value in order:
        if (code, value) not in by_code:
            fresh_id += 1
            by_code[(code, value)] = fresh_id
            new.append((fresh_id, hash64, code, value))
    for type, value in wanted:
        wanted[(type, value)] = by_code[(TYPE_CODES[type], value)]
    store.add_observables(connection, new)
    rows, endings = _rows(connection, arrived, wanted, reliability, changes)
    news = {row[0] for row in rows if row[11]}
    changes.stale_news = {number for number in changes.moved if number > last_id and number not in news}
    rows.sort(key=_place)
    store.add_claims(connection, rows)
    if endings:
        store.end_party_claims(connection, endings)


def _rows(
    connection: Connection,
    arrived: Arrived,
    ids: dict[tuple[ObservableType, str], int],
    reliability: Reliability,
    changes: Changes,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    parties = store.parties(connection)
    added: list[tuple[int, str]] = []

    def party(name: str) -> int:
        if not name:
            return 0
        number = parties.get(name)
        if number is None:
            number = parties[name] = len(parties) + 1
            added.append((number, name))
        return number

    rows: list[tuple[object, ...]] = []
    endings: list[tuple[object, ...]] = []
    for arrival in arrived.arrivals:
        entry = arrival.entry
        if not arrival.extract.claims:
            continue
        contributor = party(entry.org or f"anonymous:{entry.contribution}")
        grade = reliability(entry.org)
        seen = changes.seen[entry.seq] = []
        for position, claim in enumerate(arrival.extract.claims):
            o = claim.observable
            number = ids[(o.type, o.value)]
            seen.append(number)
            stance, weight, latest, at = _worth(claim, entry.at, grade)
            if claim.stance is Stance.END:
                endings.append((number, contributor, entry.audience, entry.seq))
            if stance or claim.stance is Stance.END:
                changes.moved[number] = o
            keys = " ".join([format(signed64(key), "x") for key in claim.keys[:_MAX_KEYS]])
            rows.append(
                (
                    number,
                    entry.seq,
                    position,
                    entry.audience,
                    contributor,
                    party(claim.creator[:200]),
                    claim.role,
                    stance,
                    weight,
                    latest,
                    at,
                    arrival.fresh,
                    keys,
                )
            )
    store.add_parties(connection, added)
    return rows, endings


def _place(row: tuple[object, ...]) -> tuple[object, ...]:
    return row[:3]


def _worth(claim: Claim, arrived_at: int, grade: str) -> tuple[int, float, float, int]:
    """Return (stance that counts, weight, forward-decayed weight, instant): mentioned is not guilty."""
    # A claim dated in the future is no immortal: it counts from its arrival (DESIGN §4).
    at = arrived_at if claim.stated is None else min(claim.stated, arrived_at)
    expired = claim.until is not None and claim.until <= arrived_at
    guilty = claim.stance in _GUILTY and claim.role is Role.ATTACKER and not expired
    if not guilty and claim.stance is not Stance.BENIGN:
        return 0, 0.0, 0.0, at
    weight = weigh.weight(grade, claim.credibility, suspicious=claim.stance is Stance.SUSPICIOUS)
    return int(claim.stance), weight, weigh.forward(weight, at, weigh.half_life(claim.observable.type)), at
