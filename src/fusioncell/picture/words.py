"""One tokenizer for both databases, so that a search finds the same everywhere (DESIGN rule 5). Pure."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]{1,64}")
"""What a word is; of the letters and digits, these few are none to SQLite's tokenizer, which would split the word."""
MAX_TOKENS = 4000
MAX_WORD = 64
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
"""Letters to lower case, digits as they are, all else to a space."""


def tokens(text: str) -> list[str]:
    """Return the words of a text: letters and digits in any script, folded to one case, at most 4,000."""
    if text.isascii():
        # Three times as fast as the pattern, and nearly all texts are such; a run too long for it goes the long way.
        folded = text.encode("ascii").translate(_ASCII).decode("ascii")
        words = folded.split()
        if len(text) <= MAX_WORD or max(map(len, words), default=0) <= MAX_WORD:
            return words[:MAX_TOKENS]
    else:
        folded = unicodedata.normalize("NFKC", text).casefold()
    return _WORD.findall(folded)[:MAX_TOKENS]
