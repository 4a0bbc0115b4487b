"""When a person may be told: their local day, quiet hours, the morning of a digest. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from fusioncell.exchange.notify.admit import zone
from fusioncell.exchange.notify.model import Preferences
from fusioncell.kernel.clock import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def local(at: Instant, asked: Preferences) -> datetime:
    """Return the person's local time at an instant."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone(asked.zone))


def is_quiet(at: Instant, asked: Preferences) -> bool:
    """Tell whether it is within the person's quiet hours, which may pass midnight."""
    moment = local(at, asked)
    minute = moment.hour * 60 + moment.minute
    if asked.quiet_from <= asked.quiet_to:
        return asked.quiet_from <= minute < asked.quiet_to
    return minute >= asked.quiet_from or minute < asked.quiet_to


def digest_period(at: Instant, asked: Preferences) -> tuple[str, Instant] | None:
    """Return the digest that is due at an instant: (its local day, the instant up to which it tells); None for none.

    A daily one tells what arrived before this morning, a weekly one what arrived before Monday's. One that was missed
    is due later that day, or week, and tells the same. Before the morning of its day nothing is due.
    """
    if asked.digest == "off":
        return None
    moment = local(at, asked)
    day = moment.date()
    if asked.digest == "weekly":
        day -= timedelta(days=day.weekday())
    until = _at_minute(day, asked)
    if until > at:
        # On its own day, before the morning.
        return None
    return day.isoformat(), until


def _at_minute(day: date, asked: Preferences) -> Instant:
    moment = datetime(day.year, day.month, day.day, asked.morning // 60, asked.morning % 60, tzinfo=zone(asked.zone))
    return (moment.astimezone(timezone.utc) - _EPOCH) // timedelta(microseconds=1)
