"""What stands against many values at once is what stands against each, and its end is the same tomorrow."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from math import ceil, log, log2
from operator import itemgetter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.fusion import weigh
from fusioncell.fusion.assess import assess
from fusioncell.fusion.learned.fading import STEP
from fusioncell.fusion.model import Evidence, Origin
from fusioncell.fusion.origins.model import Kin
from fusioncell.fusion.stand import FLOOR, _joined, several, standing_of
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.observable import TYPE_CODES, TYPES_BY_CODE, Observable, ObservableType

NAME = Observable(ObservableType.DOMAIN, "evil.example")
CODE = TYPE_CODES[NAME.type]
HALF = weigh.half_life(NAME.type)
KEYS = tuple(f"{number:016x}" for number in (1, 2**63, 2**64 - 1))
SAID_OF = ("", *KEYS[:2], " ".join(KEYS[:2]))
NAMES = {0: "", 1: "a", 2: "b", 3: "c", 4: "feed", 5: "other feed"}


def claim(
    contributor: int, creator: int, stance: int, weight: float, age: int, key: str, half: int = HALF // DAY
) -> tuple[Any, ...]:
    at = weigh.LANDMARK + (400 - age) * DAY
    return (7, CODE, contributor, creator, stance, weight, weigh.forward(weight, at, half * DAY), at, key, half)


CLAIMS = st.lists(
    st.builds(
        claim, st.integers(1, 3), st.sampled_from((0, 4, 5)), st.sampled_from((1, 1, 1, 2, 3)),
        st.sampled_from((0.9, 1.8, 2.16, 2.5, 3.0)), st.integers(0, 200), st.sampled_from(SAID_OF),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
SEVERAL = st.lists(
    st.builds(
        claim, st.integers(1, 3), st.sampled_from((0, 4)), st.sampled_from((1, 1, 1, 3)), st.sampled_from((0.9, 1.8)),
        st.integers(0, 100), st.sampled_from(("", KEYS[0])), st.sampled_from((5, 30, 90)),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def evidence(rows: list[tuple[Any, ...]]) -> list[Evidence]:
    """Group as the store's query does."""
    groups: dict[tuple[int, int, bool, int], list[tuple[Any, ...]]] = {}
    for row in rows:
        groups.setdefault((row[2], row[3], row[4] == 3, row[9]), []).append(row)
    made = []
    for (contributor, creator, benign, half), claims in groups.items():
        keys = frozenset(int(k, 16) for t in (min(c[8] for c in claims), max(c[8] for c in claims)) for k in t.split())
        made.append(
            Evidence(NAMES[contributor], NAMES[creator], benign, max(c[5] for c in claims), max(c[6] for c in claims),
                     min(c[7] for c in claims), max(c[7] for c in claims), True, keys, len(claims), 1,
                     half=half * DAY)
        )  # fmt: skip
    return made


def standing(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows of the table that is made of claims, all of an observable together."""
    claims = [(row[0], row[1], *row[4:7], row[9]) for row in rows]
    more = several(claims)
    table = standing_of(claims, [row for row in rows if row[0] in more], NAMES)
    return list(zip(*(column.tolist() for column in table), strict=True))


def left_of(origins: Iterable[Origin], at: int) -> float:
    """Sum what is left of origins at an instant, each voice capped where its claim was made."""
    total = 0.0
    for origin in origins:
        said = [2.0 ** (voice.latest - max(0.0, log2(voice.weight / weigh.ORIGIN_CAP))
                        - (at - weigh.LANDMARK) / voice.half)
                for voice in (origin.voice, *origin.repeats)]  # fmt: skip
        total += (-1 if origin.voice.benign else 1) * max(said)
    return total


@settings(max_examples=400, deadline=None)
@given(CLAIMS)
def test_as_for_a_single_look_up(rows: list[tuple[Any, ...]]) -> None:
    found = standing(rows)
    now = weigh.LANDMARK + 400 * DAY
    one = assess(NAME, evidence(rows), len(rows), now)
    accused = any(not origin.voice.benign for origin in one.origins)
    if not found:
        assert not accused or one.malicious < FLOOR or one.decayed < one.prior + 1e-9 or one.active < FLOOR
        return
    ((number, code, malicious, day),) = found
    assert (number, code, malicious) == (7, CODE, one.malicious) and accused
    # At the end it has fallen to the floor. A single look-up takes the cap where it is read, so there what weighs more
    # fades later; where nothing does, the two agree.
    end = max(day * DAY, now)
    assert weigh.probability(one.prior + left_of(one.origins, end)) <= FLOOR + 1e-9
    if all(row[5] <= weigh.ORIGIN_CAP for row in rows):
        assert assess(NAME, evidence(rows), len(rows), end).active <= FLOOR + 1e-9


@settings(max_examples=300, deadline=None)
@given(SEVERAL)
def test_where_claims_fade_by_several_half_lives(rows: list[tuple[Any, ...]]) -> None:
    found = standing(rows)
    now = weigh.LANDMARK + 400 * DAY
    one = assess(NAME, evidence(rows), len(rows), now)
    for _, _, malicious, day in found:
        assert malicious == one.malicious
        assert weigh.probability(one.prior + left_of(one.origins, max(day * DAY, now))) <= FLOOR + 1e-9 or any(
            origin.voice.benign for origin in one.origins
        ), "what excuses may fade before what accuses"
    if one.fades_at is not None:
        assert assess(NAME, evidence(rows), len(rows), one.fades_at).active < 0.5 + 1e-6


def test_a_claim_of_a_shorter_half_life_is_gone_sooner() -> None:
    days = [standing([claim(1, 0, 1, 1.8, 0, "", half)])[0][3] for half in (10, 30)]
    assert 9 < days[1] - days[0] and days[0] > 400


def test_observables_are_kept_apart() -> None:
    rows = [claim(1, 0, 1, 1.8, 0, "")[1:], claim(2, 0, 1, 1.8, 0, "")[1:]]
    apart = [(1, *rows[0]), (2, *rows[1])]
    assert [row[0] for row in standing(apart)] == [1, 2]
    together = [(1, *rows[0]), (1, *rows[1])]
    ((_, _, both, _),) = standing(together)
    assert both > standing(apart)[0][2]


def test_spoken_for_alone_is_not_accused() -> None:
    assert standing([claim(1, 0, 3, 1.8, 0, "")]) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(CLAIMS, SEVERAL), max_size=6))
def test_many_are_weighed_as_each_by_itself(groups: list[list[tuple[Any, ...]]]) -> None:
    """One claim is weighed in a column, several are joined; the table is by id, and no neighbour weighs."""
    apart = [[(number, *row[1:]) for row in group] for number, group in enumerate(groups, 1)]
    assert standing([row for group in apart for row in group]) == [row for group in apart for row in standing(group)]


TIED = st.lists(
    st.builds(
        claim, st.integers(1, 3), st.sampled_from((0, 4, 5)), st.sampled_from((1, 2, 3)),
        st.sampled_from((0.9, 1.8, 2.7, 3.0)), st.integers(0, 3), st.sampled_from((*KEYS, *SAID_OF)),
        st.sampled_from((30, 30 + STEP, 30, 90)),
    ),
    min_size=2, max_size=7,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(TIED, min_size=1, max_size=8), st.sampled_from(({}, {"b": Kin(9, True), "c": Kin(9, False)})))
def test_columns_come_to_the_bits_of_single_values(groups: list[list[tuple[Any, ...]]], kin: dict[str, Kin]) -> None:
    """Who repeats whom, with ties, objects of several claims, sources and families, told of many values at once."""
    told = [(number, *row[1:]) for number, group in enumerate(groups, 1) for row in group]
    claims = [(row[0], row[1], *row[4:7], row[9]) for row in told]
    table = standing_of(claims, told, NAMES, kin)
    apart = []
    for number, rows in groupby(told, itemgetter(0)):
        made = _joined(list(rows), NAMES, kin, weigh.probability)
        apart += [(number, CODE, *made)] if made is not None else []
    assert list(zip(*(column.tolist() for column in table), strict=True)) == apart


def test_of_many_claims_about_one_value_each_counts() -> None:
    rows = [claim(1, 0, 1, 0.9, age, f"{age:016x}") for age in range(40)]
    ((_, _, alone, _),) = standing(rows)
    assert alone == standing(rows[:2])[0][2] == weigh.probability(weigh.prior(NAME.type) + 0.9)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TYPES_BY_CODE)), st.sampled_from((0.01, 0.2, 0.9, 1.8, 2.5, 3.0)),
       st.floats(-500.0, 500.0), st.integers(1, 400))  # fmt: skip
def test_a_single_claim_ends_on_the_day_that_plain_arithmetic_tells(
    code: int, weight: float, latest: float, half: int
) -> None:
    found = standing([(3, code, 1, 0, 1, weight, latest, 0, "", half)])
    base = weigh.prior(TYPES_BY_CODE[code])
    score = base + min(weight, weigh.ORIGIN_CAP)
    if score < log(FLOOR / (1 - FLOOR)):
        assert found == []
        return
    voice = latest - (log2(weight / weigh.ORIGIN_CAP) if weight > weigh.ORIGIN_CAP else 0.0)
    days = (weigh.LANDMARK + (voice - log2(log(FLOOR / (1 - FLOOR)) - base)) * (half * DAY)) / DAY
    assert found == [(3, code, weigh.probability(score), max(0, ceil(days)))]


@settings(max_examples=60, deadline=None)
@given(st.lists(TIED, min_size=1, max_size=4))
def test_years_after_the_landmark_a_half_life_of_a_day_is_no_overflow(groups: list[list[tuple[Any, ...]]]) -> None:
    """The day moves by as many days as the claims were made later, and nothing else changes."""
    later = 1_800

    def moved(rows: list[tuple[Any, ...]], days: int) -> list[tuple[Any, ...]]:
        return [(*row[:6], weigh.forward(row[5], row[7] + days * DAY, DAY), row[7] + days * DAY, row[8], 1)
                for row in rows]  # fmt: skip

    for group in groups:
        sooner, found = standing(moved(group, 0)), standing(moved(group, later))
        assert [row[:3] for row in found] == [row[:3] for row in sooner]
        assert all(abs(one[3] - other[3] - later) <= 1 for one, other in zip(found, sooner, strict=True))
        apart = _joined(moved(group, later), NAMES, {}, weigh.probability) if len(group) > 1 else None
        assert apart is None or [(7, CODE, *apart)] == found
