"""Values with several claims, weighed as columns: who repeats whom is told of all of them at once. Pure.

The rules are those of :func:`fusion.assess.independent`, and each sum is taken in its order, so that it comes to the
same bits; a property test compares the two. Logarithms and powers, which differ between libraries, are Python's.

1. Claims of one contributor that name one source, on one side and fading alike, are joined by maximum.
2. On each side of a value they stand strongest first. The first is a voice; each next one is a repeat of the voice with
   which it shares its contributor, else an object, else its source, and a voice of its own where it shares nothing.

Left to :mod:`fusion.stand`: values of families, with claims of several objects or half-lives, or with many claims
(:func:`plain`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from math import floor, log2
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fusioncell.fusion import weigh
from fusioncell.fusion.learned.fading import STEP

_HIGHEST = 900
"""Forward-decayed weights beyond 2 to this are counted from later than the landmark: a float ends at 2 to the 1,024th,
which a half-life of a day reaches within three years."""
MOST = 16
"""Claims of a value up to which it is weighed here: the work grows with their square."""
_BENIGN = 3
_DIGITS = 16
_NO_KEY = "0" * _DIGITS
"""Of a key in ``fusion_claim.keys``, hexadecimal; several stand there with blanks between."""
_NUMBERS = itemgetter(0, 1, 4, 5, 6, 9, 2, 3, 7)

Row = tuple[Any, ...]
Column = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Told(NamedTuple):
    """Claims as columns, by value; ``of``: the place of its value among them. ``key``: of its object, 0 for none or for
    several."""

    of: Column
    ids: Column
    codes: Column
    stance: Column
    weight: Column
    latest: Column
    fade: Column
    contributor: Column
    creator: Column
    at: Column
    key: Column

    def where(self, chosen: Flags) -> Told:
        """Return those of some values, whose places are counted anew."""
        part = Told(*(column[chosen] for column in self))
        return part._replace(of=_places(part.ids))


class Sums(NamedTuple):
    """What claims come to, value by value, as :func:`fusion.stand.standing_of` wants it: undecayed and forward-decayed
    sums, for and against taken together, without the prior; whether anything accuses it; half-life in days.
    ``lifted``: from how many half-lives after the landmark ``left`` is counted."""

    ids: Floats
    codes: Floats
    against: Floats
    excuses: Floats
    left: Floats
    accused: Flags
    days: Floats
    lifted: Floats


def numbers(rows: Sequence[Row]) -> Floats:
    """Return what is a number in rows of ``store.claims_of_many``, the columns of ``store.claims_between`` first. Those
    up to 2^53 are exact in a float; ids, codes and instants are far below."""
    return np.fromiter(chain.from_iterable(map(_NUMBERS, rows)), np.float64, 9 * len(rows)).reshape(-1, 9)


def columns(table: Floats, keys: Sequence[str]) -> Told:
    """Return :func:`numbers` of claims, and their objects' keys, as columns."""
    ids, codes, stance, weight, latest, fade, contributor, creator, at = np.ascontiguousarray(table.T)
    whole = "".join([key if len(key) == _DIGITS else _NO_KEY for key in keys])
    key = np.frombuffer(bytes.fromhex(whole), ">u8").astype(np.uint64)
    return Told(_places(ids), ids, codes, stance, weight, latest, fade, contributor, creator, at, key)


def _places(ids: Column) -> Ints:
    return np.cumsum(np.diff(ids, prepend=ids[:1]) != 0)


def plain(told: Told, keys: Sequence[str], family: Collection[int]) -> Flags:
    """Tell for each claim whether its value is weighed here. ``family``: contributors and sources that are of one."""
    odd = np.fromiter(map(len, keys), np.int64, len(keys)) > _DIGITS
    if family:
        members = np.array(sorted(family), np.float64)
        odd |= np.isin(told.contributor, members) | np.isin(told.creator, members)
    lives = told.fade % STEP
    odd[1:] |= (lives[1:] != lives[:-1]) & (told.of[1:] == told.of[:-1])
    many = np.bincount(told.of) > MOST
    many[told.of[odd]] = True
    return np.asarray(~many[told.of])


def lifted(latest: float) -> float:
    """Return how many half-lives after the landmark a value's forward-decayed weights are counted from, whose strongest
    is 2 to this: 0 but for what lies far from it.

    >>> [lifted(each) for each in (-1_500.0, 899.9, 901.5)]
    [0.0, 0.0, 1.0]
    """
    return float(max(0, floor(latest) - _HIGHEST))


def sums(told: Told, names: Mapping[int, str]) -> Sums:
    """Weigh values, of whose claims all are there."""
    claims = _ordered(_joined(told), names)
    voice = _voices(claims)
    own = voice == np.arange(len(voice))
    benign = claims.stance == _BENIGN
    counted = np.minimum(claims.weight, weigh.ORIGIN_CAP)
    over = claims.weight / counted[voice]
    more = over > 1.0
    over[more] = [log2(each) for each in over[more].tolist()]
    over[~more] = 0.0
    first = np.flatnonzero(np.diff(told.of, prepend=-1))
    tops = np.maximum.reduceat(told.latest, first) if len(first) else told.latest
    up = np.array([lifted(each) for each in tops.tolist()], np.float64)
    left = np.array([2.0**each for each in (claims.latest - over - up[claims.of]).tolist()])
    kept = left.copy()
    np.maximum.at(kept, voice[~own], left[~own])

    def summed(what: Floats, side: Flags) -> Floats:
        """Add up in their order: a sum of bincount is taken one after the other."""
        return np.bincount(claims.of[side], what[side], len(first)).astype(np.float64)

    for_it, against_it = own & benign, own & ~benign
    return Sums(
        told.ids[first], told.codes[first], summed(counted, against_it), summed(counted, for_it),
        summed(kept, against_it) - summed(kept, for_it), np.bincount(claims.of[against_it], minlength=len(first)) > 0,
        told.fade[first] % STEP, up,
    )  # fmt: skip


class _Joined(NamedTuple):
    """Joined claims: of their keys the least and the greatest; ``place``: of the first of them."""

    of: Column
    contributor: Column
    creator: Column
    stance: Column
    weight: Column
    latest: Column
    first: Column
    low: Column
    high: Column
    place: Column


def _joined(told: Told) -> _Joined:
    stance = np.where(told.stance == _BENIGN, _BENIGN, 0.0)
    alike = (told.of, told.contributor, told.creator, stance, told.fade)
    order = np.lexsort(alike[::-1])
    new = np.zeros(len(order), bool)
    new[:1] = True
    for column in alike:
        new[1:] |= np.diff(column[order]) != 0
    starts = np.flatnonzero(new)

    def by(take: np.ufunc, column: npt.NDArray[Any]) -> Any:
        return take.reduceat(column[order], starts)

    at = order[starts]
    return _Joined(
        told.of[at], told.contributor[at], told.creator[at], stance[at], by(np.maximum, told.weight),
        by(np.maximum, told.latest), by(np.minimum, told.at), by(np.minimum, told.key), by(np.maximum, told.key), at,
    )  # fmt: skip


def _ordered(claims: _Joined, names: Mapping[int, str]) -> _Joined:
    """Put claims in the order of ``assess._rank``, side by side of each value."""
    parties, place = np.unique(np.concatenate((claims.contributor, claims.creator)), return_inverse=True)
    called = [names.get(each, "") for each in parties.tolist()]
    rank = np.argsort(np.argsort(np.array(called, object), kind="stable"), kind="stable")[place]
    count = len(claims.of)
    order = np.lexsort((
        claims.place, rank[count:], rank[:count], claims.first, -claims.latest, -claims.weight, claims.stance,
        claims.of,
    ))  # fmt: skip
    return _Joined(*(column[order] for column in claims))


def _voices(claims: _Joined) -> Ints:
    """Return for each claim the place of the voice that it repeats, of a voice its own."""
    every = np.arange(len(claims.of))
    new = np.ones(len(every), bool)
    new[1:] = (np.diff(claims.of) != 0) | (np.diff(claims.stance) != 0)
    nth = every - np.maximum.accumulate(np.where(new, every, 0))
    voice = every.copy()
    for number in range(1, int(nth.max(initial=0)) + 1):
        here = every[nth == number]
        best = np.full(len(here), 4 * MOST)
        for back in range(1, number + 1):
            there = here - back
            shared = np.where(voice[there] == there, _shared(claims, here, there), 4)
            best = np.minimum(best, shared * MOST + back)
        voice[here] = np.where(best < 4 * MOST, here - best % MOST, here)
    return voice


def _shared(claims: _Joined, here: Ints, there: Ints) -> Ints:
    """Tell what claims share with others: 0 a contributor, 1 and 2 an object, 3 a source, 4 nothing."""
    low, high, others = claims.low[here], claims.high[here], (claims.low[there], claims.high[there])
    creator = claims.creator[here]
    return np.select(
        (
            claims.contributor[here] == claims.contributor[there],
            (low > 0) & ((low == others[0]) | (low == others[1])),
            (high > 0) & ((high == others[0]) | (high == others[1])),
            (creator > 0) & (creator == claims.creator[there]),
        ),
        (0, 1, 2, 3), 4,
    )  # fmt: skip
