"""The values of weekly summaries: a week by its ISO 8601 name, what an entry says, what the text is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import Observable

BEFORE = 28 * DAY
"""How far back is looked for what is not new."""
MAX_ENTRIES = 2_000_000
"""Entries that are read for one summary; a week with more is not written."""
MAX_LINES = 50
"""Lines of one section."""
_NAME = re.compile(r"(\d{4})-W(\d\d)\Z")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Week:
    """A week from Monday 00:00 UTC (``start``) to the next (``end``). ``name``: ``2026-W47``."""

    name: str
    start: Instant
    end: Instant


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
    return Week(name.strip().upper(), start, start + 7 * DAY)


def week_of(at: Instant) -> Week:
    """Return the week in which an instant lies."""
    day = _EPOCH + timedelta(days=at // DAY)
    year, number, _ = day.isocalendar()
    return week_named(f"{year:04}-W{number:02}")


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
    """A week's summary. ``position``: of the record, for operators; ``text``: markdown."""

    week: Week
    position: int
    title: str
    text: str
