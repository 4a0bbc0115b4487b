"""The Permissible Actions Protocol: what a contributor lets be done with what they share (MISP taxonomy ``PAP``). Pure.

GREEN and CLEAR (once WHITE) let it be blocked; AMBER and RED do not, for the target could notice. A label that nobody
knows meant to keep something back. TLP says who may read; PAP never widens what TLP or the uses allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

KEPT = "pap"
"""The key of an item's meta that says: not for blocking."""
_TAG = re.compile(r"\s*pap\s*[:=]\s*[\"']?(?!\s*(?:green|clear|white)\b)", re.IGNORECASE)
_NAMED = re.compile(rb"pap\s*[:=]", re.IGNORECASE)
_CHUNK = 1 << 18
_QUOTED = re.compile(rb'"\s*pap\s*[:=]\s*(?:\\")?(?!\s*(?:green|clear|white)\b)', re.IGNORECASE)


def is_passive(tag: str) -> bool:
    """Tell whether a tag is a PAP label that does not let the value be blocked.

    >>> [is_passive(tag) for tag in ("PAP:RED", "pap:amber", "PAP:GREEN", "PAP:WHITE", "tlp:red", "papaya")]
    [True, True, False, False, False, False]
    """
    return _TAG.match(tag) is not None


def any_passive(tags: Iterable[str]) -> bool:
    """Tell whether any of the tags keeps a value from being blocked."""
    return any(is_passive(tag) for tag in tags)


def says_passive(body: bytes) -> bool:
    """Tell whether any text in a JSON object is such a label."""
    return _QUOTED.search(body) is not None


def may_say_passive(body: bytes) -> bool:
    """Tell whether :func:`says_passive` can be true of any part of a body: it names PAP. Four times as fast a byte, and
    hardly a body does."""
    octets = np.frombuffer(body, dtype=np.uint8)
    for start in range(0, len(body), _CHUNK):
        folded = octets[start : start + _CHUNK + 2] | 0x20
        found = (folded[:-2] == ord("p")) & (folded[1:-1] == ord("a")) & (folded[2:] == ord("p"))
        if any(_NAMED.match(body, start + int(at)) for at in np.flatnonzero(found)):
            return True
    return False
