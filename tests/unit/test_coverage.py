"""Coverage: nobody is told apart, and gaps are what they are called."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.kernel.observable import ObservableType
from fusioncell.picture.coverage import Gap, GapKind, Group, Kind, Tactic
from fusioncell.picture.coverage.judge import carried_by, gaps_of, longest_silence, together
from fusioncell.picture.coverage.model import LEAST

_T = ObservableType
SIZES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9))


@given(SIZES)
def test_no_group_has_fewer_than_three_members_and_each_sector_stands_once(sizes: dict[str, int]) -> None:
    groups = together(sizes)
    assert all(sum(sizes[sector] for sector in group) >= LEAST for group in groups)
    held = [sector for group in groups for sector in group]
    assert sorted(held) == (sorted(sizes) if sum(sizes.values()) >= LEAST else [])


def test_small_sectors_stand_with_others() -> None:
    assert together({"a": 5, "b": 1, "c": 2}) == [("a",), ("c", "b")]
    assert together({"a": 5, "d": 3, "b": 2}) == [("a",), ("d", "b")]
    assert together({"a": 1, "b": 1}) == []


def test_the_longest_silence_and_how_few_carry_most() -> None:
    assert longest_silence([1, 0, 0, 2, 0, 0, 0]) == 3
    assert longest_silence([1]) == longest_silence([]) == 0
    assert carried_by([80, 10, 5, 5]) == 1
    assert carried_by([1, 1, 1, 1, 1]) == 4
    assert carried_by([]) == 0


@given(st.lists(st.integers(0, 50), max_size=20))
def test_those_who_carry_four_fifths_do_and_one_fewer_would_not(counts: list[int]) -> None:
    few, ranked = carried_by(counts), sorted(counts, reverse=True)
    assert sum(ranked[:few]) >= 0.8 * sum(counts)
    assert few == 0 or sum(ranked[: few - 1]) < 0.8 * sum(counts)


def kind(type_: ObservableType, *, month: int = 10, ago: int | None = 0, largest: float = 0.5) -> Kind:
    return Kind(type_, 0, 0, month, ago, 2, largest)


def test_each_gap_is_said_and_nothing_else() -> None:
    kinds = [kind(_T.DOMAIN), kind(_T.URL, ago=8), kind(_T.IBAN, month=0, ago=None), kind(_T.IPV4, largest=0.8),
             kind(_T.MUTEX, month=0, ago=None), kind(_T.SHA256, month=4, largest=1.0)]  # fmt: skip
    groups = [Group(("a",), 4, 2, {}), Group(("b", "c"), 5, 2, {})]
    tactics = [Tactic("impact", 0, 15), Tactic("discovery", 1, 30)]
    expected = [_T.DOMAIN, _T.URL, _T.IBAN]
    assert gaps_of(kinds, groups, tactics, 24, expected) == (
        Gap(GapKind.SILENCE, (), 24), Gap(GapKind.SECTOR, ("b", "c"), 3, 5), Gap(GapKind.TYPE, ("iban",)),
        Gap(GapKind.STALE, ("url",), 8), Gap(GapKind.ALONE, ("ipv4-addr",), 80),
        Gap(GapKind.TACTIC, ("impact",), 0, 15))  # fmt: skip
    assert gaps_of([kind(_T.DOMAIN)], groups[:1], tactics[1:], 23, expected) == ()
