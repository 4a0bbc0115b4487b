"""Times as MISP's clients write them (``5d``, epoch, ISO 8601, Go's UnixDate …), as seconds since 1970. Pure.

A time without a zone is UTC. What is no time at all gives None, and a search for it finds nothing.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

_DELTA = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]*)\Z")
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1,
          "weeks": 604800, "week": 604800, "days": 86400, "day": 86400, "hours": 3600, "hour": 3600, "minutes": 60,
          "minute": 60, "min": 60, "mins": 60, "seconds": 1, "second": 1, "sec": 1, "secs": 1, "months": 2629800,
          "month": 2629800, "years": 31557600, "year": 31557600, "y": 31557600}  # fmt: skip
_FORMS = (
    "%a %b %d %H:%M:%S %Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%b %d %Y", "%B %d %Y",
    "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y",
    "%A, %d-%b-%y %H:%M:%S", "%Y%m%d%H%M%S",
)  # fmt: skip
"""Forms beside ISO 8601: C's asctime and Go's UnixDate (its zone cut out), RFC 2822 and RFC 850, English dates."""
_ZONE = re.compile(r"\s+(?:UTC|GMT|Z)(?=\s|\Z)")
_OFFSET = re.compile(r"\s([+-])(\d\d):?(\d\d)\Z")
_LOWEST, _HIGHEST = -62135596800, 253402300799


def seconds(given: object, now: float) -> float | None:
    """Return the instant that a text or number means; ``5d`` is five days before ``now``. None for what is no time."""
    if isinstance(given, bool) or given is None:
        return None
    if isinstance(given, int | float):
        return _bounded(float(given))
    text = str(given).strip()
    if not text or len(text) > 64:
        return None
    try:
        return _bounded(float(text))
    except ValueError:
        pass
    found = _delta(text.lower().removesuffix("ago").strip().lstrip("-"))
    return now - found if found is not None else _date(text, now)


def _bounded(value: float) -> float | None:
    return value if math.isfinite(value) and _LOWEST <= value <= _HIGHEST else None


def _delta(text: str) -> float | None:
    """Return the seconds of ``5d``, ``12h``, ``30 minutes``; None for anything else."""
    found = _DELTA.match(text)
    unit = _UNITS.get(found[2]) if found else None
    return float(found[1]) * unit if found and unit else None


def _date(text: str, now: float) -> float | None:
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": day.timestamp(), "yesterday": (day - timedelta(days=1)).timestamp()}
    if text.lower() in named:
        return named[text.lower()]
    try:
        return _instant(datetime.fromisoformat(text))
    except ValueError:
        pass
    plain = _ZONE.sub("", text)
    offset = timedelta()
    if found := _OFFSET.search(plain):
        plain = plain[: found.start()]
        offset = timedelta(hours=int(found[2]), minutes=int(found[3])) * (1 if found[1] == "+" else -1)
    for form in _FORMS:
        try:
            return _instant(datetime.strptime(plain, form) - offset)
        except (ValueError, OverflowError):
            continue
    return None


def _instant(moment: datetime) -> float | None:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def day(given: object, now: float) -> str | None:
    """Return the day that a time falls on, as ISO 8601; None for what is no time."""
    text = str(given).strip()
    if len(text) == 8 and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        try:
            return datetime.fromisoformat(text).date().isoformat()
        except ValueError:
            return None
    moment = seconds(given, now)
    return None if moment is None else datetime.fromtimestamp(moment, UTC).date().isoformat()
