"""The frozen values of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.members.joining.model import Sponsored
from fusioncell.members.model import Person

REMOVED = "removed by their organisation"
IDLE = "idle"
"""Reasons of suspensions that a lead may take back; any other is an administrator's."""

LEAD_GIVES = ("reader", "member", "lead", "editor", "moderator", "analyst")
"""The roles that a lead may give, as far as the lead's own permissions reach."""


class Step(StrEnum):
    """Where an account stands on the way out."""

    ACTIVE = "active"
    NOTICE_DUE = "notice due"
    GRACE = "grace"
    REMOVAL_DUE = "removal due"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class IdleRule:
    """How many days an account may lie unused before its notice, and how many then remain."""

    idle_days: int = 180
    grace_days: int = 30

    @property
    def idle(self) -> int:
        """Microseconds until the notice."""
        return self.idle_days * DAY

    @property
    def grace(self) -> int:
        """Microseconds from the notice to the removal."""
        return self.grace_days * DAY


@dataclass(frozen=True, slots=True)
class Idle:
    """A person on the way out. ``last``: the beginning of the day of last use, or when they were added.

    ``used``: whether they ever used the account. ``noticed``: when they were told, 0 for not yet. ``due``: when the
    next step follows.
    """

    person: Person
    last: Instant
    used: bool
    noticed: Instant
    step: Step
    due: Instant


@dataclass(frozen=True, slots=True)
class Suspension:
    """A suspended party (``org:…``, ``person:…``) by its name, and all whom it stood for, the nearest first."""

    party: str
    name: str
    org: str
    reason: str
    since: Instant
    stood_for: tuple[Sponsored, ...] = ()
