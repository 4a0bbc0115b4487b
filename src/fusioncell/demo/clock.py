"""The story's clock: it replays the days before fast, then follows the real one, and never goes back."""

from __future__ import annotations

from fusioncell.kernel.clock import Clock, Instant


class StoryClock:
    """A clock in two states: *held* at an instant that only :meth:`move_to` changes, then *live* after ``real``."""

    def __init__(self, real: Clock, start: Instant) -> None:
        self._real = real
        self._last = start
        self._held = True

    def now(self) -> Instant:
        """Return the instant of the story; never one before what was returned earlier."""
        if not self._held:
            self._last = max(self._last, self._real.now())
        return self._last

    def move_to(self, at: Instant) -> None:
        """While held: go forward to an instant (an earlier one changes nothing)."""
        self._last = max(self._last, at)

    def go_live(self) -> None:
        """Follow the real clock from now on."""
        self._held = False
