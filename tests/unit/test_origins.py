"""Who copies whom, families, and what outcomes say of a source."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion.origins import Said, detect, families, marks, posterior
from fusioncell.kernel.clock import DAY, HOUR

MINUTE = HOUR // 60


def world(seed: int, copiers: dict[int, tuple[int, int, int]], sources: int = 6, values: int = 600) -> list[Said]:
    """Independent sources, each of which sees a share of what happens after a delay that scatters, and copiers:
    number → (original, delay, scatter of the delay)."""
    rng = random.Random(seed)
    said: list[Said] = []
    for value in range(values):
        begins = rng.randrange(90 * DAY)
        when: dict[int, int] = {}
        for source in range(sources):
            if source not in copiers and rng.random() < 0.25:
                when[source] = begins + int(rng.expovariate(1 / (18 * HOUR)))
        for copier, (original, delay, scatter) in copiers.items():
            if original in when and rng.random() < 0.9:
                when[copier] = when[original] + delay + rng.randrange(scatter + 1)
        said += [Said(value, source, at, at + source) for source, at in sorted(when.items())]
    return said


@pytest.mark.parametrize("seed", range(12))
def test_independent_sources_are_not_joined(seed: int) -> None:
    assert detect(world(seed, {})) == []


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("delay", "scatter"), [(6 * HOUR, 30 * MINUTE), (3 * DAY, 2 * HOUR), (0, 0), (0, DAY)])
def test_a_copier_is_found_and_nobody_else(seed: int, delay: int, scatter: int) -> None:
    (found,) = detect(world(seed, {5: (2, delay, scatter)}))
    assert (found.copier, found.original) == (5, 2)
    assert found.order >= 0.9 and found.shared >= 20 and found.shared > found.expected * found.values
    assert delay <= found.lag <= delay + scatter


def test_a_copy_of_a_copy_is_one_family() -> None:
    found = detect(world(3, {4: (1, 6 * HOUR, HOUR), 5: (4, 6 * HOUR, HOUR)}))
    assert {one.copier for one in found} == {4, 5}
    group = families((str(one.original), str(one.copier)) for one in found)
    assert group["1"] == group["4"] == group["5"] == {"1", "4", "5"}


def test_who_repeats_common_values_copies_nobody() -> None:
    # All name the same hundred values, one of them always last: too many name them for that to mean anything.
    said = [Said(value, source, value * HOUR + source * HOUR, source) for value in range(100) for source in range(7)]
    assert detect(said) == []


def test_who_shares_little_of_what_it_says_copies_nobody() -> None:
    said = [Said(value, 0, value * HOUR, 0) for value in range(30)]
    said += [Said(value, 1, value * HOUR + HOUR, 1) for value in range(100)]
    assert detect(sorted(said)) == []


def test_the_later_of_two_at_the_same_instant_is_the_copier() -> None:
    said = [Said(value, source, value * DAY + 12345, 10 * value + source) for value in range(40) for source in (0, 1)]
    (found,) = detect(said)
    assert (found.copier, found.original, found.lag) == (1, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=8), st.randoms())
def test_a_family_does_not_hang_on_the_order_of_joins(joins: list[tuple[str, str]], rng: random.Random) -> None:
    other = joins[:]
    rng.shuffle(other)
    assert marks(joins) == marks(other)
    group = families(joins)
    for first, second in joins:
        assert group[first] is group[second] or group[first] == group[second]
        assert marks(joins)[first].number == marks(joins)[second].number
        assert marks(joins)[second].copier
    for name, names in group.items():
        assert name in names and all(group[each] == names for each in names)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_a_posterior_is_between_its_bounds_and_moves_the_right_way(upheld: int, overturned: int) -> None:
    one = posterior(upheld, overturned)
    assert 0 <= one.low <= one.mean <= one.high <= 1
    assert posterior(upheld + 1, overturned).mean > one.mean > posterior(upheld, overturned + 1).mean
    assert (one.letter == "F") == (upheld + overturned < 5)
    if one.letter != "F" and upheld + overturned >= 5:
        assert posterior(upheld + 1, overturned).letter <= one.letter <= posterior(upheld, overturned + 1).letter


def test_letters() -> None:
    assert [posterior(*pair).letter for pair in ((3, 0), (10, 0), (60, 2), (400, 2), (8, 2), (6, 6), (2, 12))] == [
        "F", "C", "B", "B", "C", "D", "E"
    ]  # fmt: skip
