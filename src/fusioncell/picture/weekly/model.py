"""The values of summaries: a week or a month by its ISO 8601 name, what an entry says, what the text is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import Observable

BEFORE = 28 * DAY
"""How far back is looked for what is not new, before a week."""
BEFORE_MONTH = 92 * DAY
MAX_ENTRIES = 2_000_000
"""Entries that are read for one summary; a week with more is not written."""
MAX_LINES = 50
"""Lines of one section."""
_NAME = re.compile(r"(\d{4})-W(\d\d)\Z")
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday 00:00 UTC (``start``) to the next (``end``), or a calendar month. ``name``: ``2026-W47``,
    ``2026-11``; ``word``: which of the two it is.

    ``last``: the start of the one before; ``known``: from when on is looked for what is not new.
    """

    name: str
    start: Instant
    end: Instant
    word: str
    last: Instant
    known: Instant


def week_named(name: str) -> Week:
    """Return the week with an ISO 8601 name. Raises BadInput."""
    found = _NAME.match(name.strip().upper())
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first = None
    if first is None:
        raise BadInput(f"{name[:20]!r} is no week", hint="Write it as 2026-W47.", place="week")
    start = (first - _EPOCH).days * DAY
    return Week(name.strip().upper(), start, start + 7 * DAY, "week", start - 7 * DAY, start - BEFORE)


def week_of(at: Instant) -> Week:
    """Return the week in which an instant lies."""
    day = _EPOCH + timedelta(days=at // DAY)
    year, number, _ = day.isocalendar()
    return week_named(f"{year:04}-W{number:02}")


def month_named(name: str) -> Week:
    """Return the month with an ISO 8601 name. Raises BadInput."""
    found = _MONTH.match(name.strip())
    if found is None or int(found[1]) < 1:
        raise BadInput(f"{name[:20]!r} is no month", hint="Write it as 2026-11.", place="month")
    first = date(int(found[1]), int(found[2]), 1)
    start, end = _days(first), _days((first + timedelta(days=31)).replace(day=1)) if first.year < 9999 else 0
    last = _days((first - timedelta(days=1)).replace(day=1)) if first > date(1, 1, 1) else start
    return Week(name.strip(), start, end or start + 31 * DAY, "month", last, start - BEFORE_MONTH)


def month_of(at: Instant) -> Week:
    """Return the month in which an instant lies."""
    day = _EPOCH + timedelta(days=at // DAY)
    return month_named(f"{day.year:04}-{day.month:02}")


def _days(day: date) -> Instant:
    return (day - _EPOCH).days * DAY


@dataclass(frozen=True, slots=True)
class Item:
    """What an entry says: when it was accepted, as whom it counts, what it accuses, which vulnerabilities it names.

    ``sector``: its contributor's. ``stands``: it was not recalled since.
    """

    at: Instant
    voice: str
    sector: str
    accused: tuple[Observable, ...]
    named: tuple[Observable, ...]
    stands: bool


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision on a name: ``kind`` of its entry, its category, why it was lifted."""

    kind: str
    name: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section by another room: its heading and lines (a campaign's name, a cluster's)."""

    heading: str
    lines: tuple[str, ...]


More = Callable[[Week, int], Iterable[Section]]
"""Gives sections of other rooms for a week as of a position: clusters, for one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A week's or a month's summary. ``position``: of the record, for operators; ``text``: markdown; ``quiet``: nothing
    is told in it."""

    week: Week
    position: int
    title: str
    text: str
    quiet: bool = False
