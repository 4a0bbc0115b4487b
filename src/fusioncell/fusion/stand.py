"""What stands against many observables at once: the sums of ``assess``, as columns, without a value a claim. Pure.

* P(malicious) is that of :func:`fusion.assess.assess`, to the last bit; a property test compares the two.
* The end is when P(active) falls to :data:`FLOOR` if nothing new is said, rounded up to a day (UTC). Unlike
  ``fades_at`` it is a function of the claims alone: asked again tomorrow, it is the same day. For that an origin's cap
  is taken where its claim was made, and not where it is read.
* What never reaches the floor is left out: it was mentioned, and is not guilty.
* Most observables have one claim, which is one origin: of those it need not be known who said it. Who repeats whom
  among several is told by columns too (:mod:`fusion.fold`), but for families and the like.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, compress, groupby
from math import ceil, log, log2
from operator import itemgetter
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from fusioncell.fusion import fold, weigh
from fusioncell.fusion.assess import independent
from fusioncell.fusion.learned.fading import STEP, days_in
from fusioncell.fusion.learned.model import RAW, Line
from fusioncell.fusion.model import Evidence, Standing
from fusioncell.fusion.origins.model import Kin
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import TYPES_BY_CODE

FLOOR = 0.2
"""P(active) below which a value is no longer looked for: some 46 days after one member's word on a name, 14 on an
address, a year and a half on a digest."""
_LOG_FLOOR = log(FLOOR / (1 - FLOOR))
_BENIGN = 3
NEVER = 2**31 - 1
"""The day of what never ends: none of today's types has such a prior."""

Row = tuple[Any, ...]
Floats = npt.NDArray[np.float64]
_Judge = Callable[[float], float]
_Voices = Sequence[tuple[Evidence, Sequence[Evidence]]]
"""Independent voices, each with what repeats it."""


@cache
def _of_type(code: int) -> tuple[float, float]:
    """Return (prior, log2 of the weight that must be left to be above the floor) of a type."""
    base = weigh.prior(TYPES_BY_CODE[code])
    need = _LOG_FLOOR - base
    return base, log2(need) if need > 0 else -1e9


def several(claims: Sequence[Row]) -> list[int]:
    """Return the observables of which more than one claim counts. ``claims``: of ``store.claims_between``."""
    ids = np.fromiter(map(itemgetter(0), claims), np.int64, len(claims))
    return np.unique(ids[1:][ids[1:] == ids[:-1]]).tolist()  # type: ignore[no-any-return]


def standing_of(
    claims: Sequence[Row] | None,
    told: Sequence[Row],
    names: Mapping[int, str],
    kin: Mapping[str, Kin] = MappingProxyType({}),
    line: Line = RAW,
) -> Standing:
    """Return what stands against the observables of claims that are accused, by id.

    ``claims``: (observable, type, stance, weight, latest, fade), by observable, all of an observable; None where
    ``told`` has them all. ``told``: who said what of those of which :func:`several` claims count: rows of
    ``store.claims_of_many``. ``names``: of contributors and sources. ``kin``: what joins families, by name. ``line``:
    what calibrates P(malicious).
    """
    judge = _judge(line)
    who = fold.numbers(told)
    table = who[:, :6] if claims is None else (
        np.fromiter(chain.from_iterable(claims), np.float64, 6 * len(claims)).reshape(-1, 6)
    )  # fmt: skip
    same = table[1:, 0] == table[:-1, 0]
    single = np.ones(len(table), bool)
    single[1:] &= ~same
    single[:-1] &= ~same
    found = [_alone(table[single & (table[:, 2] != _BENIGN)], judge)]
    if claims is None:
        who, told = who[~single], list(compress(told, (~single).tolist()))
    if not told:
        return found[0]
    both = Standing.of(found + _several(who, told, names, kin, judge))
    return both.at(np.argsort(both.ids, kind="stable"))


def _several(
    who: Floats, told: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin], judge: _Judge
) -> list[Standing]:
    """Weigh what has several claims."""
    keys = [row[8] for row in told]
    claims = fold.columns(who, keys)
    plain = fold.plain(claims, keys, [number for number, name in names.items() if name in kin] if kin else ())
    found = [_folded(fold.sums(claims.where(plain), names), judge)]
    odd = compress(told, (~plain).tolist())
    joined = []
    for number, rows in groupby(odd, itemgetter(0)):
        of_one = list(rows)
        made = _joined(of_one, names, kin, judge)
        if made is not None:
            joined.append((number, of_one[0][1], *made))
    if joined:
        ids, codes, malicious, days = zip(*joined, strict=True)
        found.append(Standing(np.array(ids, np.int64), np.array(codes, np.int16), np.array(malicious, np.float64),
                              np.array(days, np.int32)))  # fmt: skip
    return found


def _folded(sums: fold.Sums, judge: _Judge) -> Standing:
    """What follows of sums, step by step as of a single value's."""
    bases, needs = _by_type(sums.codes)
    score = bases + sums.against - sums.excuses
    known = sums.accused & (score >= _LOG_FLOOR) & (sums.left > 0)
    malicious = _judged(score[known], judge)
    halves = np.array([log2(each) for each in sums.left[known].tolist()]) + sums.lifted[known] - needs[known]
    days = _days(halves, sums.days[known])
    return Standing(sums.ids[known].astype(np.int64), sums.codes[known].astype(np.int16), malicious, days)


def _by_type(codes: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """Return :func:`_of_type` of many, as two columns."""
    kinds, kind = np.unique(codes, return_inverse=True)
    bases, needs = np.array([_of_type(int(code)) for code in kinds]).reshape(-1, 2).T
    return bases[kind], needs[kind]


def _judged(score: Floats, judge: _Judge) -> Floats:
    scores, place = np.unique(score, return_inverse=True)
    return np.array([judge(each) for each in scores.tolist()])[place] if len(scores) else scores


def _days(halves: Floats, lives: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Return the days (UTC) after so many half-lives, in days, from the landmark."""
    days = np.ceil((weigh.LANDMARK + halves * (lives * DAY)) / DAY)
    return np.asarray(np.clip(days, 0, NEVER), np.int32)


def _alone(claims: Floats, judge: _Judge) -> Standing:
    """One claim is one origin: no need to look for who repeats whom. The arithmetic is that of single values, step by
    step, so that it comes to the same bits; logarithms, which differ between libraries, are taken of each weight once.
    """
    ids, codes, _, weights, latest, fades = claims.T
    bases, needs = _by_type(codes)
    amounts, amount = np.unique(weights, return_inverse=True)
    over = np.array([log2(each / weigh.ORIGIN_CAP) if each > weigh.ORIGIN_CAP else 0.0 for each in amounts.tolist()])
    score = bases + np.minimum(amounts, weigh.ORIGIN_CAP)[amount]
    known = score >= _LOG_FLOOR
    halves = (latest - over[amount] - needs)[known]
    return Standing(ids[known].astype(np.int64), codes[known].astype(np.int16), _judged(score[known], judge),
                    _days(halves, fades[known] % STEP))  # fmt: skip


@lru_cache(maxsize=16)
def _judge(line: Line) -> Callable[[float], float]:
    """Return what makes P(malicious) of log-odds; of single claims there are few."""
    return lru_cache(maxsize=10_000)(lambda score: weigh.probability(line.says(score)))


def _day(halves: float, half: int) -> int:
    """Return the day after so many half-lives from the landmark."""
    return min(NEVER, max(0, ceil((weigh.LANDMARK + halves * half) / DAY)))


def _joined(
    rows: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin], judge: _Judge
) -> tuple[float, int] | None:
    """Several claims: the origins are chosen as for a single look-up, where it takes choosing."""
    base, need = _of_type(rows[0][1])
    lives = {days_in(row[9]) for row in rows}
    lifted = fold.lifted(max([row[6] for row in rows]))
    accusing: _Voices = ()
    excusing: _Voices = ()
    if len(lives) == 1 and _apart(rows, names, kin):
        # The strongest first, as they are summed there: the same bits.
        ordered = sorted([(-row[5], -row[6], row[4]) for row in rows])
        against = [_capped(-weight, -latest, lifted) for weight, latest, stance in ordered if stance != _BENIGN]
        excuses = [_capped(-weight, -latest, lifted) for weight, latest, stance in ordered if stance == _BENIGN]
        score = base + sum([weight for weight, _ in against]) - sum([weight for weight, _ in excuses])
        left = sum([fading for _, fading in against]) - sum([fading for _, fading in excuses])
        accused = bool(against)
    else:
        score, accusing, excusing = _summed(rows, names, kin)
        since = weigh.LANDMARK + int(lifted) * min(lives) * DAY
        left = _forward(accusing, since) - _forward(excusing, since)
        accused = bool(accusing)
    if not accused or score < _LOG_FLOOR:
        return None
    if len(lives) > 1:
        return judge(score), _last_day(accusing, excusing, 2.0**need, max(row[7] for row in rows), max(lives))
    return (judge(score), _day(log2(left) + lifted - need, lives.pop() * DAY)) if left > 0 else None


def _apart(rows: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin]) -> bool:
    """Tell whether each claim is an origin of its own at a glance: no contributor, source or object stands twice, and
    none is of a family."""
    contributors = [row[2] for row in rows]
    sources = [row[3] for row in rows if row[3]]
    keys = [key for row in rows for key in row[8].split()]
    return (
        len(set(contributors)) == len(rows) and len(set(sources)) == len(sources) and len(set(keys)) == len(keys)
        and not (kin and any(names.get(each, "") in kin for each in (*contributors, *sources)))
    )  # fmt: skip


def _capped(weight: float, latest: float, lifted: float) -> tuple[float, float]:
    """Return what an origin of one claim weighs, and its forward-decayed weight, both capped."""
    if weight > weigh.ORIGIN_CAP:
        return weigh.ORIGIN_CAP, 2.0 ** (latest - log2(weight / weigh.ORIGIN_CAP) - lifted)
    return weight, 2.0 ** (latest - lifted)


def score_of(rows: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin]) -> float | None:
    """Return the log-odds that rows of one observable add up to, undecayed; None where nothing accuses it."""
    score, accusing, _ = _summed(rows, names, kin)
    return score if accusing else None


def _summed(
    rows: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin]
) -> tuple[float, _Voices, _Voices]:
    """Return the log-odds, and the independent voices against and for it."""
    base, _ = _of_type(rows[0][1])
    groups: dict[tuple[int, int, bool, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row[2], row[3], row[4] == _BENIGN, row[9]), []).append(row)
    items = [_evidence(key, claims, names, kin) for key, claims in groups.items()]
    accusing, excusing = independent([e for e in items if not e.benign]), independent([e for e in items if e.benign])
    against, excuses = ([min(voice.weight, weigh.ORIGIN_CAP) for voice, _ in side] for side in (accusing, excusing))
    return base + sum(against) - sum(excuses), accusing, excusing


def _evidence(
    key: tuple[int, int, bool, int], claims: Sequence[Row], names: Mapping[int, str], kin: Mapping[str, Kin]
) -> Evidence:
    contributor, creator = names.get(key[0], ""), names.get(key[1], "")
    weight, latest, first, text = claims[0][5:9]
    texts: tuple[str, ...] = (text,)
    if len(claims) > 1:
        weight, latest = max([c[5] for c in claims]), max([c[6] for c in claims])
        first, said = min([c[7] for c in claims]), [c[8] for c in claims]
        texts = (min(said), max(said))
    keys = frozenset([int(part, 16) for each in texts for part in each.split()])
    found = [kin[name] for name in (contributor, creator) if name in kin] if kin else []
    if found:
        keys |= {each.number for each in found}
    return Evidence(contributor, creator, key[2], weight, latest, first, 0, False, keys, len(claims), 0,
                    any([each.copier for each in found]), days_in(key[3]) * DAY)  # fmt: skip


def _forward(voices: _Voices, at: int) -> float:
    """Sum what is left of origins at an instant, each capped where it was made; at the landmark, the forward-decayed
    weights."""
    total = 0.0
    for voice, repeats in voices:
        most = min(weigh.ORIGIN_CAP, voice.weight)
        total += max([
            2.0 ** (e.latest - max(0.0, log2(e.weight / most)) - (at - weigh.LANDMARK) / e.half)
            for e in (voice, *repeats)
        ])
    return total


def _last_day(accusing: _Voices, excusing: _Voices, need: float, last: int, longest: int) -> int:
    """Return the day after which claims of several half-lives leave less than ``need``: found by halving, from the day
    of the newest claim (``last``) on, as far as 64 of the longest half-life (days)."""

    def left(day: int) -> bool:
        return _forward(accusing, day * DAY) - _forward(excusing, day * DAY) > need

    early = ceil(last / DAY)
    if not left(early):
        return max(0, early)
    late = early + 64 * longest
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (middle, late) if left(middle) else (early, middle)
    return min(NEVER, late)
