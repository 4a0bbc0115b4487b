"""Time as a value. An instant is an integer: microseconds since 1970-01-01T00:00:00Z (UTC).

No room reads the wall clock: a :class:`Clock` is handed in (DESIGN rule 12). The ticking one lives in ``edges``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Protocol

Instant = int

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_EARLIEST = (datetime.min.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(microseconds=1)
_LATEST = (datetime.max.replace(tzinfo=timezone.utc) - _EPOCH) // timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*([Zz]|[+-]\d\d:?\d\d)?\Z"
)


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> Instant:
        """Return the current instant (µs since the epoch, UTC)."""
        ...


class ManualClock:
    """A clock that moves only when told to; for tests, replays and the demonstration."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        """Return the instant that was last set."""
        return self._now

    def advance(self, microseconds: int) -> None:
        """Move forward (or back, to try a wrong clock)."""
        self._now += microseconds


def parse_instant(text: str) -> Instant:
    """Parse RFC 3339 (fraction, offset and time optional; no zone means UTC) to an instant.

    Raises ValueError where the text is no such time. Microseconds are kept, finer digits cut.
    """
    found = _RFC3339.match(text.strip())
    if found is None:
        raise ValueError(f"not an RFC 3339 time: {text[:40]!r}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    sec = int(second or 0)
    leap = sec == 60
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        59 if leap else sec,
        micro,
        tzinfo=timezone.utc,
    )
    if zone and zone not in "Zz":
        sign = 1 if zone[0] == "+" else -1
        digits = zone[1:].replace(":", "")
        try:
            moment -= sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        except OverflowError:
            raise ValueError(f"not a time of years 1 to 9999: {text[:40]!r}") from None
    return (moment - _EPOCH) // timedelta(microseconds=1) + (SECOND if leap else 0)


def format_instant(at: Instant) -> str:
    """Format as RFC 3339 in UTC with milliseconds, STIX's own form (STIX 2.1 §3.2).

    What lies outside the years 1 to 9999 (a version after 9999-12-31, which members do send) is written as their end.
    """
    moment = _EPOCH + timedelta(microseconds=min(max(at, _EARLIEST), _LATEST))
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def format_day(at: Instant) -> str:
    """Format the UTC day, ``2026-11-21``."""
    return (_EPOCH + timedelta(microseconds=min(max(at, _EARLIEST), _LATEST))).strftime("%Y-%m-%d")
