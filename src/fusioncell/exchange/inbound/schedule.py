"""When a feed is pulled next. Pure."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, MINUTE, Instant

FIRST_PAUSE = 5 * MINUTE
LONGEST_PAUSE = DAY
SPREAD = 20
"""A pull comes up to a twentieth of its interval later, drawn anew each time, so that hubs do not come all at once."""


def next_pull(now: Instant, every: int, drawn: int) -> Instant:
    """Return when to pull again after a success. ``drawn``: a random number from 0 to 65,535."""
    return now + every + every // SPREAD * drawn // 65_536


def next_try(now: Instant, every: int, failures: int, wait: int, drawn: int) -> Instant:
    """Return when to try again after ``failures`` in a row: growing pauses, and never sooner than the source asks."""
    pause = min(FIRST_PAUSE << min(failures - 1, 20), LONGEST_PAUSE)
    return next_pull(now, max(min(pause, max(every, FIRST_PAUSE)) if failures < 3 else pause, wait), drawn)


def is_late(now: Instant, since: Instant, every: int) -> bool:
    """Tell whether a feed that was last seen whole at ``since`` is late: two of its intervals and a pause."""
    return now - since > 2 * every + FIRST_PAUSE
