"""The numeric ids of the MISP door: a permutation, per organisation, that comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.exchange.misp.ids import TOP, Numbers
from fusioncell.kernel.errors import NotFound

NUMBERS = Numbers(b"k" * 32)


@given(st.integers(1, TOP))
def test_an_id_comes_back_and_is_in_range(number: int) -> None:
    seen = NUMBERS.out("org-a", number)
    assert 1 <= seen <= TOP
    assert NUMBERS.back("org-a", seen) == number
    assert NUMBERS.back("org-a", str(seen)) == number


def test_neighbours_have_unlike_ids_and_organisations_differ() -> None:
    ours = [NUMBERS.out("org-a", number) for number in range(1, 2001)]
    theirs = [NUMBERS.out("org-b", number) for number in range(1, 2001)]
    assert len(set(ours)) == 2000
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) <= 1
    rising = sum(a < b for a, b in zip(ours, ours[1:], strict=False))
    assert 900 < rising < 1100  # a coin's throw, 10 standard deviations wide
    assert [Numbers(b"other key" * 4).out("org-a", n) for n in range(1, 20)] != ours[:19]


@pytest.mark.parametrize("given_id", ["", "0", "-1", "x", "2147483648", "99999999999999999999", "1.5", None])
def test_what_is_no_id_is_not_found(given_id: str) -> None:
    with pytest.raises(NotFound):
        NUMBERS.back("org-a", given_id)


def test_many_at_once_are_what_each_is() -> None:
    numbers = Numbers(b"k" * 32)
    asked = [*range(1, 1001), TOP, TOP - 1, 12_345_678]
    assert numbers.out_many("org", asked) == [numbers.out("org", number) for number in asked]
    with pytest.raises(ValueError, match="no inner number"):
        numbers.out_many("org", [*asked, 0])
