"""A thread that does one thing again and again: what waits for servers elsewhere must hold up nothing here."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger("fusioncell.rounds")


class Rounds:
    """Calls ``action`` every ``seconds``, and after :meth:`wake`. One that fails is logged, and the next comes."""

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._action, self._seconds = action, seconds
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._go, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Do the next round now."""
        self._wake.set()

    def _go(self) -> None:
        while not self._stop:
            self._wake.clear()
            try:
                self._action()
            except Exception:
                _log.exception("a round of %s failed; the next goes on", self._thread.name)
            self._wake.wait(self._seconds)

    def close(self, seconds: float = 5.0) -> None:
        """Stop after the round under way; wait for it no longer than this (what it left undone is taken up again)."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
