"""A page of words answers as each of its texts would alone, whatever stands beside it."""

from __future__ import annotations

import random

import pytest

from fusioncell.picture.words import MAX_WORD, lines_with, page_of, tokens, without, words_in

TEXTS = [
    "Login page of evil-bank.example/verify?x=1",
    "evil bank, an example",
    "two\nlines, one text 7",
    "Ünïcode привет ＦＵＬＬ ½",
    "x" * 200 + " after",
    "a" * MAX_WORD + " " + "b" * (MAX_WORD + 1),
    "",
    "... !!",
    "0 1 2 12e3 T1566",
    "the bank’s “evil” page – two\nlines\u00a07",
    "é\u0301vil evil\u19b0bank 中文 evil",
    "end\r\x0bof\x85line\u2028here",
]
QUERIES = ["evil", "evil bank", "example evil", "7", "0", "12e3", "x" * 200, "b", "page of", "here", "привет"]


def expected(texts: list[tuple[int, str]], words: list[str], phrase: str) -> list[int]:
    """Look into each text by itself."""
    found = []
    for offset, text in texts:
        held = tokens(text)
        side_by_side = f" {phrase} " in f" {' '.join(held)} "
        if set(words) <= set(held) and (not phrase or side_by_side):
            found.append(offset)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_a_page_finds_what_its_texts_hold(seed: int) -> None:
    chance = random.Random(seed)
    texts = [(offset, text) for offset, text in enumerate(chance.choices(TEXTS, k=14)) if chance.random() < 0.8]
    if chance.random() < 0.5:
        texts = [(offset, text) for offset, text in texts if text.isascii() and "\n" not in text]
    page = page_of(texts)
    for query in QUERIES:
        words = tokens(query)
        assert lines_with(page, words) == expected(texts, words, "")
        assert lines_with(page, words, " ".join(words)) == expected(texts, words, " ".join(words))
        if lines_with(page, words):
            assert set(words) <= set(words_in(page)), "the index leads to the page"


def test_what_ended_leaves_its_page() -> None:
    page = page_of([(3, "one here"), (4, "two here"), (127, "three here")])
    assert lines_with(without(page, {4}), ["here"]) == [3, 127]
    assert without(page, {3, 4, 127}) == ""


def test_pages_of_a_block_that_came_in_parts_are_joined() -> None:
    page = "\n".join([page_of([(0, "one")]), page_of([(1, "two\nlines"), (2, "ö")])])
    assert lines_with(page, ["two"]) == lines_with(page, ["lines"]) == [1]
    assert lines_with(page, ["ö"]) == [2]
