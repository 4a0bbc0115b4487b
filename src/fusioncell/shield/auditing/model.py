"""Values of the auditor's report. Instants and spans in µs, 0 for what has not happened."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from fusioncell.kernel.clock import Instant
from fusioncell.shield.appeals.model import Appeal
from fusioncell.shield.charter.model import Change, Policy
from fusioncell.shield.fuse.model import Act
from fusioncell.shield.model import Decision
from fusioncell.shield.standing.model import Fared, Standing


class Way(StrEnum):
    """Who or what published a block."""

    PERSON = "person"
    GUARDED = "guarded"
    """Several people, over a guard."""
    STANDING = "standing"
    ROLLBACK = "rollback"
    """It came back with the whole zone; two people agreed."""


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked about: blocks that began from ``since`` to before ``until``; ``category``: "" for all."""

    since: Instant
    until: Instant
    category: str = ""


class Sum(NamedTuple):
    """Blocks of a category that were published one way: how many, how many stand, how many a person ended as wrong."""

    category: str
    way: str
    blocks: int
    standing: int
    wrong: int


class Share(NamedTuple):
    """Blocks that one person, or one standing approval (by its id), published."""

    standing: str
    approver: str
    blocks: int
    wrong: int


class Day(NamedTuple):
    """Blocks that began on a day (since 1970), by people and by standing approvals."""

    day: int
    people: int
    rules: int


class Sampled(NamedTuple):
    """A decision that the daily sample drew, and what was found of it. ``at``: looked at; ``late``: nobody has in time.
    """

    decision: str
    name: str
    category: str
    standing: str
    drawn: Instant
    at: Instant
    by: str
    wrong: bool
    note: str
    late: bool


class Samples(NamedTuple):
    """Of the daily samples: how many were drawn, looked at, found wrong, not looked at in time."""

    drawn: int
    looked_at: int
    wrong: int
    late: int


class Lifted(NamedTuple):
    """A block that a person ended. ``code``: why (``shield.model.REASON_CODES``)."""

    decision: str
    name: str
    category: str
    began: Instant
    ended: Instant
    by: str
    reason: str
    code: str


class Lifts(NamedTuple):
    """Blocks that people ended in the period, those that were wrong, and half of these within how long (-1: none)."""

    ended: int
    wrong: int
    median: int


class Heard(NamedTuple):
    """Appeals of the period by outcome; ``late``: decided, or still open, past their time."""

    open: int
    upheld: int
    refused: int
    withdrawn: int
    late: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that an auditor is shown. Lists hold the newest; ``places``: of decisions and appeals in the log, by id."""

    period: Period
    policy: tuple[Policy, str]
    changes: tuple[Change, ...]
    sums: tuple[Sum, ...]
    shares: tuple[Share, ...]
    days: tuple[Day, ...]
    guarded: tuple[Decision, ...]
    exercises: tuple[Decision, ...]
    exercise_count: int
    samples: Samples
    sampled: tuple[Sampled, ...]
    standing: tuple[tuple[Standing, Fared], ...]
    lifts: Lifts
    lifted: tuple[Lifted, ...]
    heard: Heard
    appeals: tuple[Appeal, ...]
    acts: tuple[Act, ...]
    logged: dict[str, int]
    places: dict[str, int]

    @property
    def blocks(self) -> int:
        """How many blocks began in the period."""
        return sum(one.blocks for one in self.sums)

    @property
    def wrong(self) -> int:
        """How many of them a person ended as wrong."""
        return sum(one.wrong for one in self.sums)

    def by(self, way: Way) -> int:
        """Return how many of them were published this way."""
        return sum(one.blocks for one in self.sums if one.way == way)
