"""Bounds how often one address asks, and keeps no address.

Counted in memory, by a keyed digest of the address; key and counts are thrown away with each window. Nothing is stored,
nothing is logged, and after a window nothing can tell who asked.
"""

from __future__ import annotations

import hashlib
import threading

from fusioncell.kernel.clock import Clock
from fusioncell.kernel.ids import Randomness
from fusioncell.shield.appeals.model import ASKED_A_MINUTE, WINDOW, TooManyQuestions

_MOST_KNOWN = 50_000
_REST = b""
"""Counts all addresses beyond the bound together."""


class Brake:
    """Counts questions, a window long."""

    def __init__(self, clock: Clock, randomness: Randomness, most: int = ASKED_A_MINUTE) -> None:
        self._clock, self._randomness, self._most = clock, randomness, most
        self._lock = threading.Lock()
        self._window = -1
        self._key = b""
        self._asked: dict[bytes, int] = {}

    def count(self, address: str) -> None:
        """Count a question. Raises TooManyQuestions over the bound."""
        window = self._clock.now() // WINDOW
        with self._lock:
            if window != self._window:
                self._window, self._key, self._asked = window, self._randomness.bytes(16), {}
            who = hashlib.blake2b(address.encode(errors="replace"), key=self._key, digest_size=12).digest()
            most = self._most
            if who not in self._asked and len(self._asked) >= _MOST_KNOWN:
                who, most = _REST, self._most * 100
            self._asked[who] = self._asked.get(who, 0) + 1
            over = self._asked[who] > most
        if over:
            raise TooManyQuestions("that was asked too often from here", hint="Wait a minute, then ask again.")
