"""The real clock and the real randomness, behind the kernel's ports."""

from __future__ import annotations

import os
import time


class SystemClock:
    """The wall clock of this machine (UTC)."""

    def now(self) -> int:
        """Return microseconds since the epoch."""
        return time.time_ns() // 1000


class SystemRandomness:
    """The operating system's random source."""

    def bytes(self, count: int) -> bytes:
        """Return ``count`` bytes from the system."""
        return os.urandom(count)
