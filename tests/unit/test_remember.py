"""What is remembered is what would be worked out anew, and is bounded."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY
from fusioncell.picture.remember import Remembered
from fusioncell.picture.rise import Risen, risen_in


def test_it_is_made_once_for_a_key_and_the_least_asked_goes() -> None:
    made: list[int] = []
    kept: Remembered[int] = Remembered(most=2)

    def ask(key: int) -> int:
        return kept.get(key, lambda: made.append(key) or 10 * key)  # type: ignore[func-returns-value]

    assert [ask(1), ask(2), ask(1), ask(3), ask(1), ask(2)] == [10, 20, 10, 30, 10, 20]
    assert made == [1, 2, 3, 2]


def test_what_rises_is_of_the_days_asked_beside_those_before() -> None:
    now = 100 * DAY + 5
    named = [
        (7, "a", now - 1), (7, "b", now - DAY), (9, "a", now - DAY), (7, "a", now - 8 * DAY), (9, "c", now - 9 * DAY),
    ]
    assert risen_in(named, now, 7, 5) == [
        Risen(7, 2, 2, 1, (0, 0, 0, 0, 0, 1, 1)), Risen(9, 1, 1, 1, (0, 0, 0, 0, 0, 1, 0)),
    ]  # fmt: skip
