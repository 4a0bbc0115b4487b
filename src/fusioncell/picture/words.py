"""One tokenizer for both databases, so that a search finds the same everywhere (DESIGN rule 5). Pure."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]{1,64}")
"""What a word is; of the letters and digits, these few are none to SQLite's tokenizer, which would split the word."""
MAX_TOKENS = 4000


def tokens(text: str) -> list[str]:
    """Return the words of a text: letters and digits in any script, folded to one case, at most 4,000."""
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return _WORD.findall(folded)[:MAX_TOKENS]
