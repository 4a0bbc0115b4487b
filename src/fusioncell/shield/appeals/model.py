"""The values of appeals, their clocks, and the bodies of their entries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import DAY, HOUR, MINUTE, Instant
from fusioncell.kernel.errors import FusionCellError

LODGED, SAID, PROVED, FORGOTTEN = "appeal.lodged", "appeal.said", "appeal.proved", "appeal.forgotten"
UPHELD, REFUSED, WITHDRAWN = "appeal.upheld", "appeal.refused", "appeal.withdrawn"
ENDS = frozenset({UPHELD, REFUSED, WITHDRAWN})
KINDS = frozenset({LODGED, SAID, PROVED, FORGOTTEN, *ENDS})
ROLES = ("owner", "visitor", "provider", "other")
"""As whom somebody appeals: the name's owner, who wants to reach it, an Internet provider, anybody else."""
DECIDE_WITHIN = {"proved": 4 * HOUR, "owner": 24 * HOUR, "visitor": 72 * HOUR, "provider": 24 * HOUR,
                 "other": 72 * HOUR}  # fmt: skip
"""Target times, from the appeal to its decision; ``proved``: of an owner who has proved it."""
KEEP_SAID = 90 * DAY
"""What an appellant wrote is erased this long after the appeal's end."""
MOST_TEXT, MOST_CONTACT = 4000, 200
MOST_OPEN = 20
"""Appeals of one name that wait; whoever proves the name is always heard."""
MOST_A_DAY = 1000
ASKED_A_MINUTE = 60
"""Questions that one address may ask in a minute."""
WINDOW = MINUTE


class TooManyQuestions(FusionCellError):
    """Asked more often than a person would."""

    status = 429
    title = "Too many questions"


class State(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Lodged(msgspec.Struct, frozen=True):
    """The body of :data:`LODGED`. ``mark``: digest of the appellant's code. Nothing of it is personal."""

    appeal: str
    name: str
    decision: str
    mark: str
    role: str
    language: str = "en"


class Words(msgspec.Struct, frozen=True):
    """The body of :data:`SAID`: what the appellant wrote, and how to reach them, if they said."""

    appeal: str
    text: str
    contact: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """The body of what happens to an appeal. ``by``: the person's opaque id, "" for the appellant."""

    appeal: str
    name: str = ""
    decision: str = ""
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a name is blocked, for anyone. ``by``: the name that is blocked, with all under it.

    ``policy``: (number, title, digest) of the policy that the decision was made under; the number is 0 for one that is
    no longer in force. ``compromised``: a legitimate site that was broken into; its owner is not accused.
    """

    name: str
    by: str
    decision: str
    category: str
    since: Instant
    until: Instant
    policy: tuple[int, str, str]
    compromised: bool
    reason_code: str


@dataclass(frozen=True, slots=True)
class Filed:
    """What an appellant writes. All but the text is their choice."""

    text: str
    role: str = "other"
    contact: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as it stands. ``text`` and ``contact`` are "" once they are erased, and for who may not read them."""

    id: str
    name: str
    decision: str
    role: str
    language: str
    at: Instant
    proved_at: Instant
    state: State
    ended_at: Instant
    ended_by: str
    reason: str
    text: str = ""
    contact: str = ""

    @property
    def due(self) -> Instant:
        """By when it should be decided."""
        if self.proved_at:
            return min(self.proved_at + DECIDE_WITHIN["proved"], self.at + DECIDE_WITHIN[self.role])
        return self.at + DECIDE_WITHIN.get(self.role, DECIDE_WITHIN["other"])
