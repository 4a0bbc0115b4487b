"""The values of horizon scanning: papers as they are written, the items that they come to, what scores are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience

PAPER = "horizon.paper"
"""Kind of the entry that is a paper; its subject is the paper's id."""
MOST_PAPERS = 500
"""Papers of one item."""
MOST_BY_ONE = 100
"""Papers that one person, or an organisation's machines, may put into one item."""
MOST_LISTED = 100
"""Items of one kind in a list."""
MOST_TEXT = 8000
MOST_TITLE = 200
MOST_SOURCE = 2000
MOST_LINKS = 60
LONGEST_DAYS = 1830
"""A forecast looks five years ahead at most: later nobody is there who asked."""
CATEGORIES = ("political", "economic", "social", "technological", "legal", "environmental")
"""Where a signal or a driver belongs (PESTLE)."""
OUTCOMES = ("yes", "no", "void")
"""What may come of a forecast; void: it cannot be told, and is not scored."""
SCALE = range(1, 6)
"""How much a driver would change things, and how uncertain its course is: 1 little to 5 much."""


class Kind(StrEnum):
    """What an item is."""

    SIGNAL = "signal"
    DRIVER = "driver"
    SCENARIO = "scenario"
    FORECAST = "forecast"


class What(StrEnum):
    """What a paper does."""

    ITEM = "item"
    """Opens an item."""
    NOTE = "note"
    LINK = "link"
    """The item speaks for, or stands on, another (``to``)."""
    UNLINK = "unlink"
    RATE = "rate"
    """Impact and uncertainty of a driver; the latest counts."""
    JUDGEMENT = "judgement"
    """How likely a scenario is, and how confident one is; the latest counts."""
    ESTIMATE = "estimate"
    """One person's probability of a forecast, in percent; the latest of each counts."""
    OUTCOME = "outcome"
    """What came of a forecast, as one person says; the latest counts."""
    CONFIRM = "confirm"
    """Another person says the same of an outcome (``about``): the forecast is resolved."""
    REOPEN = "reopen"
    """An outcome is taken back, said or confirmed."""
    RETIRE = "retire"
    """An item is done with."""


class Paper(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of a :data:`PAPER` entry. ``of``: the item, "" for one itself; the rest as ``what`` needs it.

    ``deadline``: of a forecast, an instant. ``category``: of :data:`CATEGORIES`. ``word`` and ``confidence``: as in
    notebooks, of the PHIA yardstick.
    """

    what: What
    of: str = ""
    kind: Kind = Kind.SIGNAL
    title: str = ""
    text: str = ""
    category: str = ""
    source: str = ""
    deadline: Instant = 0
    to: str = ""
    about: str = ""
    percent: int = -1
    impact: int = 0
    uncertainty: int = 0
    word: str = ""
    confidence: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A paper as it was written: its id, by whom, when. ``by``: the person, or a machine's organisation."""

    id: str
    by: str
    org: str
    at: Instant
    paper: Paper


@dataclass(frozen=True, slots=True)
class Estimate:
    """A probability (0 to 1) that someone gave."""

    by: str
    at: Instant
    chance: float


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a forecast. ``confirmed_by``: "" while a second person has not said the same."""

    id: str
    outcome: str
    by: str
    at: Instant
    ground: str
    confirmed_by: str = ""
    confirmed: Instant = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item as its readers have it. ``papers``: all that was written into it, in order; ``links``: ids of others.

    ``found``: what came of a forecast, said or confirmed; ``resolved`` tells which.
    """

    id: str
    kind: Kind
    title: str
    text: str
    category: str
    source: str
    by: str
    org: str
    at: Instant
    last: Instant
    audience: Audience
    retired: bool = False
    papers: tuple[Written, ...] = ()
    links: tuple[str, ...] = ()
    impact: int = 0
    uncertainty: int = 0
    word: str = ""
    confidence: str = ""
    deadline: Instant = 0
    estimates: tuple[Estimate, ...] = ()
    found: Found | None = None

    @property
    def resolved(self) -> bool:
        """Whether two people say what came of it."""
        return self.found is not None and bool(self.found.confirmed_by)

    @property
    def closes(self) -> Instant:
        """When estimates cease to count: the deadline, or before it when the outcome was said."""
        return min(self.deadline, self.found.at) if self.found is not None else self.deadline


@dataclass(frozen=True, slots=True)
class Bin:
    """Estimates of about the same size: how many, their mean, and the share of them that came true."""

    count: int
    said: float
    came: float


@dataclass(frozen=True, slots=True)
class Score:
    """Brier's score over ``count`` forecasts: 0 is perfect, ``reference`` is what always saying the share that came
    true would score (known only afterwards). None where nothing is scored."""

    count: int
    brier: float | None
    reference: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """How good forecasts were: of the one who asks, of all together (their median), and whether what was said to be as
    likely as x came true as often as x."""

    own: Score
    crowd: Score
    bins: tuple[Bin, ...]
