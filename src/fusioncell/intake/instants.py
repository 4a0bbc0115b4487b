"""Times as the formats write them, read fast: a body of 60,000 attributes holds as many of them."""

from __future__ import annotations

from datetime import datetime, timezone

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
    """Read what feeds write: RFC 3339, ``2022-01-10 04:32:13``, with or without ``UTC``, a date, Unix seconds."""
    text = text.strip().removesuffix("UTC").rstrip()
    if text.isascii() and text.isdigit() and len(text) in (9, 10):
        return epoch_seconds(text)
    try:
        return rfc3339(text)
    except ValueError:
        return None
