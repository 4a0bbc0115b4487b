"""One tokenizer for both databases, so that a search finds the same everywhere (DESIGN rule 5). Pure.

A *page* holds the words of the entries of one block of the record, a line an entry: ``o`` and its offset from the
block's first position, then its words. The index knows in which pages a word stands, :func:`lines_with` on which lines.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence

_WORD = re.compile(r"[^\W_\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]{1,64}")
"""What a word is; of the letters and digits, these few are none to SQLite's tokenizer, which would split the word."""
_BETWEEN = re.compile(r"[^\w\x00-\x7f]|[\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]")
"""What is no part of a word, beyond ASCII: typographers' quotes, mostly."""
MAX_TOKENS = 10_000
MAX_WORD = 64
_TOO_LONG = re.compile(r"[a-z0-9]{64}(?=[a-z0-9])")
_ASCII = bytes(
    ord(chr(code).lower()) if code < 128 and (chr(code).isalnum() or code == 10) else 32 for code in range(256)
)
"""Letters to lower case, digits and the line's end as they are, all else to a space."""
_IN_WORDS = bytes(1 if 48 <= code < 58 or 97 <= code < 123 else 0 for code in range(256))
_LONG = bytes([1]) * (MAX_WORD + 1)
"""A word that is too long, in that table's terms."""


def tokens(text: str) -> list[str]:
    """Return the words of a text: letters and digits in any script, folded to one case, at most 10,000."""
    text = _plain(text)
    return (_folded(text).split() if text.isascii() else _WORD.findall(text))[:MAX_TOKENS]


def _plain(text: str) -> str:
    """Return a text in ASCII, if its words are."""
    return text if text.isascii() else _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).casefold())


def _folded(text: str) -> str:
    """Return an ASCII text with its words any spaces apart: three times as fast as the pattern, and most are such."""
    folded = text.encode("ascii").translate(_ASCII)
    # A run of so many ones is found four times as fast as all words are measured.
    if len(folded) > MAX_WORD and _LONG in folded.translate(_IN_WORDS):
        return _TOO_LONG.sub(r"\g<0> ", folded.decode("ascii"))
    return folded.decode("ascii")


def page_of(texts: Sequence[tuple[int, str]]) -> str:
    """Return the page of some entries: their offsets and texts, in order. Each line is as it would be by itself: what
    else came in the same batch must not show in the page."""
    lines = [f"o{offset} {_plain(text)}".replace("\n", " ") for offset, text in texts]
    page = "\n".join(lines)
    if page.isascii():
        return _folded(page)
    # All that are ASCII in one go, with a gap for each of the others.
    others = {i: f"o{offset} {' '.join(tokens(text))}" for i, (offset, text) in enumerate(texts)
              if not lines[i].isascii()}  # fmt: skip
    folded = _folded("\n".join(["" if i in others else line for i, line in enumerate(lines)])).split("\n")
    return "\n".join([others.get(i) or line for i, line in enumerate(folded)])


def without(page: str, offsets: Container[int]) -> str:
    """Return a page less the lines of the entries at these offsets."""
    return "\n".join([each for each in page.split("\n") if int(each[1 : each.index(" ")]) not in offsets])


def words_in(page: str) -> list[str]:
    """Return the different words of a page, its offsets too: they find nothing, and few ask for a word such as o17."""
    return list(dict.fromkeys(page.split()))


def lines_with(page: str, words: Sequence[str], phrase: str = "") -> list[int]:
    """Return the offsets of the entries that hold all the words (one at least) and, side by side, the phrase."""
    wanted = [f" {each} " for each in (*words, phrase) if each]
    longest = max(words, key=len)
    found = []
    at = page.find(longest)
    while at >= 0:
        end = page.find("\n", at)
        line = page[page.rfind("\n", 0, at) + 1 : end if end >= 0 else None]
        offset, _, text = line.partition(" ")
        spaced = f" {' '.join(text.split())} "
        if all([each in spaced for each in wanted]):
            found.append(int(offset[1:]))
        at = page.find(longest, end) if end >= 0 else -1
    return found
