"""The frozen values of participation."""

from __future__ import annotations

from dataclasses import dataclass, fields

from fusioncell.kernel.clock import Instant

KINDS = ("contributions", "posts", "replies", "reactions", "sightings")
"""What is counted: submissions, first posts, replies, reactions, confirmed sightings (the reaction *seen* too)."""
CONTEXT = ("malware", "campaign", "technique", "rsit", "until", "described")
"""What an indicator may say beside its value: malware, campaign or actor, technique, RSIT type, end of validity,
description."""
FEWEST = 3
"""Organisations that a figure of a sector covers at least."""
OTHER = "other"
"""The sector of those whose own has too few organisations."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one organisation, sector or the partnership did in a quarter. ``indicators`` and what follows: how complete
    the context of the indicators is; ``context``: those that name malware, campaign, technique or RSIT type.
    """

    contributions: int = 0
    posts: int = 0
    replies: int = 0
    reactions: int = 0
    sightings: int = 0
    indicators: int = 0
    context: int = 0
    malware: int = 0
    campaign: int = 0
    technique: int = 0
    rsit: int = 0
    until: int = 0
    described: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Figures)))

    def share(self, name: str) -> float | None:
        """Return the share of indicators that say something (``context`` or a name of :data:`CONTEXT`), 0 to 1."""
        return getattr(self, name) / self.indicators if self.indicators else None

    @property
    def active(self) -> bool:
        """Tell whether anything was done at all."""
        return any(getattr(self, kind) for kind in KINDS)


@dataclass(frozen=True, slots=True)
class Spell:
    """A week or month: its first instant, what all did in it, and what the viewer's own organisation did."""

    begins: Instant
    all: Figures
    own: Figures


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast first replies by others come: how many were asked and answered; median and 90th percentile in µs."""

    asked: int
    answered: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector of at least three organisations. ``quiet``: those of whom nothing is seen in the quarter.

    ``given``: replies and reactions by it to what other sectors wrote; ``taken``: those by others to what it wrote.
    """

    name: str
    organisations: int
    quiet: int
    figures: Figures
    given: int
    taken: int


@dataclass(frozen=True, slots=True)
class Named:
    """The figures of one organisation."""

    org: str
    name: str
    sector: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """A quarter, as a viewer sees it.

    ``total`` None: so few organisations that it would name one. ``own``: the viewer's organisation, ``median`` that of
    its sector, ``beside`` (None where too few). ``organisations``: for those who run the hub; None for all others.
    """

    quarter: str
    begins: Instant
    ends: Instant
    weeks: tuple[Spell, ...]
    months: tuple[Spell, ...]
    total: Figures | None
    anonymous: Figures
    own: Figures
    beside: str
    median: dict[str, float] | None
    sectors: tuple[Sector, ...]
    flows: tuple[tuple[str, str, int], ...]
    """(sector that answered, sector that was answered, how often)."""
    posts: Pace
    requests: Pace
    organisations: tuple[Named, ...] | None
