"""Gather texts that are alike around the first of each: of a hundred reports of one mail the first leads. Pure.

In their order, each text joins the first leader with which it shares a band and has enough in common; else it leads
itself. A later text changes nothing for those before it, and nothing hangs at what is only like a copy of a leader.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fusioncell.fusion.alike.model import LEAST
from fusioncell.fusion.alike.sketch import BANDS, ROWS


def gathered(texts: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Return of each text, (position, sketch as it is packed), the position of its leader: its own where it leads."""
    leaders: dict[tuple[int, str], list[int]] = {}
    sketches: dict[int, np.ndarray[tuple[int], np.dtype[np.uint16]]] = {}
    found: dict[int, int] = {}
    for position, text in sorted(texts):
        numbers = np.frombuffer(bytes.fromhex(text), ">u2")
        keys = [(band, text[4 * ROWS * band : 4 * ROWS * (band + 1)]) for band in range(BANDS)]
        met = sorted({leader for key in keys for leader in leaders.get(key, ())})
        first = next((one for one in met if float(np.mean(sketches[one] == numbers)) >= LEAST), position)
        found[position] = first
        if first == position:
            sketches[position] = numbers
            for key in keys:
                leaders.setdefault(key, []).append(position)
    return found
