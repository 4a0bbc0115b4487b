"""What rises among mentions."""

from __future__ import annotations

from fusioncell.picture.rise import rises_in


def test_contributors_count_before_mentions_and_mentions_before_time() -> None:
    newest_first = [(1, "a"), (2, "a"), (3, "a"), (3, "a"), (4, "a"), (4, "b"), (5, "a"), (2, "a")]
    assert rises_in(newest_first, 10) == [(4, 2, 2), (2, 1, 2), (3, 1, 2), (1, 1, 1), (5, 1, 1)]
    assert rises_in(newest_first, 2) == [(4, 2, 2), (2, 1, 2)]
    assert rises_in([], 5) == []
