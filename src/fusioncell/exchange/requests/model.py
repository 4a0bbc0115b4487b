"""The values of requests for information."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.marking import Audience

LONGEST = 366 * DAY
"""A deadline lies no further away."""
MAX_SAID = 1000
"""Characters of what the asker says of the answers."""
MAX_PAGE = 200
STEP = "request.step"
"""Kind of the entry in which the asker says what becomes of a request; its subject is the request."""


class State(StrEnum):
    """What has become of a request, for a viewer."""

    OPEN = "open"
    OVERDUE = "overdue"
    """Its deadline has passed, and nobody has answered."""
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class Step(msgspec.Struct, frozen=True):
    """The body of a :data:`STEP` entry. ``kind``: ``accepted``, ``missing`` or ``withdrawn``; ``answer``: which one."""

    kind: str
    answer: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A step as it was told: its position, when, and what it says."""

    seq: int
    at: Instant
    step: Step


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a viewer gets it.

    ``id`` is that of its post and thread. ``cell``: the Fusion Cell is asked. ``answers``: how many the viewer sees.
    ``said``: what the asker said last: what is missing, why it was accepted or withdrawn.
    """

    id: str
    title: str
    org: str
    author: str
    audience: Audience
    at: Instant
    deadline: Instant
    cell: bool
    state: State
    answers: int
    said: str
    said_at: Instant
    accepted: str
    """Id of the answer that was accepted; "" where none was, and where the viewer does not see it."""


@dataclass(frozen=True, slots=True)
class Board:
    """A page of requests, what is due first, first. ``counts``: of each state; ``next``: after which to go on."""

    requests: tuple[Asked, ...]
    counts: dict[State, int]
    next: str


@dataclass(frozen=True, slots=True)
class Due:
    """A request whose deadline is near or has passed, for whoever reminds.

    ``audience``, ``seq``: of the entry that asks, by number; ``cell``: the Fusion Cell is asked.
    """

    id: str
    org: str
    author: str
    audience: int
    seq: int
    deadline: Instant
    cell: bool
