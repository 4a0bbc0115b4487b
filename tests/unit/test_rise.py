"""What rises among mentions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.picture.rise import rises_in


def test_contributors_count_before_mentions_and_mentions_before_time() -> None:
    newest_first = [(1, "a"), (2, "a"), (3, "a"), (3, "a"), (4, "a"), (4, "b"), (5, "a"), (2, "a")]
    assert rises_in(newest_first, 10) == [(4, 2, 2), (2, 1, 2), (3, 1, 2), (1, 1, 1), (5, 1, 1)]
    assert rises_in(newest_first, 2) == [(4, 2, 2), (2, 1, 2)]
    assert rises_in([], 5) == []


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abcd")), max_size=60), st.integers(1, 8))
def test_the_order_is_that_of_all_sorted(newest_first: list[tuple[int, str]], limit: int) -> None:
    firsts = list(dict.fromkeys(one for one, _ in newest_first))
    found = [(one, len({org for each, org in newest_first if each == one}), [n for n, _ in newest_first].count(one))
             for one in firsts]  # fmt: skip
    assert rises_in(newest_first, limit) == sorted(found, key=lambda row: (-row[1], -row[2]))[:limit]
