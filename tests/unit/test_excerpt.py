"""The words by which a post is called where it has no title."""

from __future__ import annotations

import pytest

from fusioncell.intake import excerpt


@pytest.mark.parametrize(("text", "expected"), [
    ("Seen **twice** at `noon`.", "Seen twice at noon."),
    ("# Title\n\n- one\n* two\n3. three\n> said", "Title one two three said"),
    ("| name | seen |\n|---|---|\n| a[.]example | today |", "name seen a[.]example today"),
    ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ("*quietly*, **Northern, Coastline**: block", "quietly, Northern, Coastline: block"),
    ("", ""),
    ("   \n\n ", ""),
])  # fmt: skip
def test_it_holds_the_words_alone(text: str, expected: str) -> None:
    assert excerpt(text) == expected


def test_it_ends_between_words() -> None:
    shortened = excerpt("word " * 100, 22)
    assert shortened == "word word word word\u2026"
    assert excerpt("x" * 100, 10) == "x" * 9 + "\u2026"
