"""Values of hit counts: what an agent reports, what is kept of it, what is released, what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Instant

REPORTED, RELEASED, OVERRIDDEN = "hits.reported", "hits.released", "hits.overridden"
KINDS = frozenset({REPORTED, RELEASED, OVERRIDDEN})

K = 10
"""The smallest count that is taken, whatever k an agent uses."""
ENOUGH = 3
"""Organisations from which on a sum is released."""
RELEASE_AFTER = 2 * HOUR
"""How long an hour waits for its reports before its sums are released."""
LATEST = 15 * DAY
"""A report of an hour longer ago is not taken."""
AHEAD = 5 * MINUTE
"""How far a subscriber's clock may be ahead."""
GRACE = 15 * MINUTE
"""A name counts as listed this long after it was lifted: until each resolver and cache has let it go."""
MAX_ROWS = 100_000
MAX_OVERRIDES = 1_000
NOT_TAKEN = "not taken: its count is below k, or the name was not listed in that hour"
"""One text for both, so that no answer tells which names are listed."""

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name's counts as an agent sends them."""

    name: Text
    blocked: Count = 0
    shadow: Count = 0


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One closed hour of one subscriber, as its agent sends it. ``hour``: the instant (µs) of its beginning."""

    subscriber: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    hour: Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
    k: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    rows: Annotated[list[Row], msgspec.Meta(max_length=MAX_ROWS)]


class Overrides(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The listed names that an ISP lets pass, all of them, as its agent sends them."""

    subscriber: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    names: Annotated[list[Text], msgspec.Meta(max_length=MAX_OVERRIDES)]


class Line(msgspec.Struct, frozen=True, array_like=True):
    """A decision's counts in one hour. ``organisations``: of a release, how many saw it."""

    decision: str
    blocked: int
    shadow: int
    organisations: int = 1


class Reported(msgspec.Struct, frozen=True):
    """The body of a report's entry. ``digest``: of what was sent, to know a repeat."""

    subscriber: str
    org: str
    hour: int
    k: int
    digest: str
    lines: list[Line]


class Released(msgspec.Struct, frozen=True):
    """The body of a release: an hour's sums. The totals hold what no line says by itself."""

    hour: int
    organisations: int
    blocked: int
    shadow: int
    lines: list[Line]


class Overridden(msgspec.Struct, frozen=True):
    """The body of an override's entry: which decisions an ISP lets pass from now on, and which no more.

    ``claims``: the contributions that say so to fusion, in the order of ``added``.
    """

    subscriber: str
    org: str
    added: list[str]
    ended: list[str]
    claims: list[str] = []


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report: how many rows were kept; the places of those that were not. ``known``: it was here."""

    kept: int
    refused: tuple[int, ...] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Spell:
    """Counts of one stretch of time (an hour or a day)."""

    begins: Instant
    blocked: int
    shadow: int


@dataclass(frozen=True, slots=True)
class Series:
    """Counts of one circle of readers over a period: in all, over time, of the decisions with most."""

    blocked: int
    shadow: int
    spells: tuple[Spell, ...]
    decisions: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """Time from the first report of what was cited to the block, over the decisions of a period (µs; None: none)."""

    count: int
    median: int | None
    p95: int | None


@dataclass(frozen=True, slots=True)
class Impact:
    """What blocking came to in a period, for one viewer.

    ``released``: the partnership's sums; ``reported``: the reports that the viewer may read (own, or all for who
    operates the hub). ``lifted``: blocks of the period that a person ended as wrong; ``overridden``: those that an ISP,
    of those the viewer may read, lets pass.
    """

    begins: Instant
    ends: Instant
    step: int
    pace: Pace
    published: int
    lifted: int
    overridden: int
    released: Series
    reported: Series
    subscribers: int

    @property
    def false_positives(self) -> float | None:
        """The share of the period's blocks that turned out wrong; None where there was none."""
        return self.lifted / self.published if self.published else None


@dataclass(frozen=True, slots=True)
class OfDecision:
    """One decision's part. ``carried``: subscribers that the viewer may see and that enforce it, of how many."""

    released: Series
    reported: Series
    step: int
    waited: int | None
    overridden: int
    carried: int
    subscribers: int
