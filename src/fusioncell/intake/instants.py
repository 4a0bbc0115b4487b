"""Times as the formats write them, read fast: a body of 60,000 attributes holds as many of them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from fusioncell.kernel.clock import DAY, SECOND, Instant, parse_instant

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: what a calendar still writes."""


def rfc3339(text: str) -> Instant:
    """Read an RFC 3339 time (STIX 2.1 §3.2; MISP's ``first_seen`` too) as µs. Raises ValueError otherwise."""
    if text[-1:] == "Z" and text[10:11] == "T":
        try:
            delta = datetime.fromisoformat(text) - _EPOCH
            return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds
        except ValueError:
            pass
    try:
        return parse_instant(text)
    except OverflowError:
        raise ValueError(f"no such time: {text[:40]!r}") from None


def epoch_seconds(value: str | int | float | None) -> Instant | None:
    """Read Unix seconds, given as a string or a number, as µs; None for absent, empty, 0 and what is no such time."""
    try:
        seconds = int(value)  # type: ignore[arg-type]
    except (ValueError, OverflowError, TypeError):
        return None
    return seconds * SECOND if 0 < seconds <= _LATEST_SECOND else None


def end_of_day(date: str) -> Instant | None:
    """Read a date (``2026-01-20``) as the last second of that UTC day; None for what is no date."""
    try:
        return rfc3339(date[:10]) + DAY - SECOND
    except ValueError:
        return None


def any_time(text: str) -> Instant | None:
    """Read what feeds write: RFC 3339, ``2022-01-10 04:32:13``, with or without ``UTC``, a date, Unix seconds, and the
    forms of :func:`_spelt`."""
    text = text.strip().removesuffix("UTC").rstrip()
    if text.isascii() and text.isdigit() and len(text) in (9, 10):
        return epoch_seconds(text)
    try:
        return rfc3339(text)
    except ValueError:
        return _spelt(text)


_DAY_FIRST = re.compile(r"([0-3]?[0-9])\.([01]?[0-9])\.([0-9]{4})(?: ([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?\Z")
_LETTERS = re.compile(r"[A-Za-z]{3}")


def _spelt(text: str) -> Instant | None:
    """Read ``2022/01/10 04:32``, ``10.01.2022``, and what mail writes (``Mon, 10 Jan 2022 04:32:13 +0000``).

    ``01/10/2022`` means two days, and none is guessed.
    """
    if len(text) > 40:
        return None
    day = _DAY_FIRST.match(text)
    if day is not None:
        text = f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}" + (f" {day[4]}" if day[4] else "")
    elif text[4:5] == "/" and text[:4].isdigit():
        text = text.replace("/", "-", 2)
    try:
        if _LETTERS.search(text) and not text[:4].isdigit():
            return rfc3339(parsedate_to_datetime(text).isoformat())
        return rfc3339(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
