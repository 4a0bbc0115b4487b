"""Values of the shield: decisions, their states and bodies.

``proposed → published → expired | withdrawn``; ``refused`` where a guard fired. Each step is an entry, and each entry
carries all that a reader needs to see why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgspec

from fusioncell.kernel.errors import NotAllowed
from fusioncell.kernel.marking import Audience, Tlp, Uses, Viewer

APPROVERS = Audience(Tlp.AMBER_STRICT, frozenset({"may:approve"}), Uses.NONE)
"""Who reads a proposal: those who may approve it. A published decision is released to the partnership."""
OVERSIGHT = Audience(Tlp.AMBER_STRICT, frozenset({"may:approve", "may:audit"}), Uses.NONE)
"""Who reads how decisions come about: standing approvals, what waits for two people, that somebody appealed."""
PARTNERS = Audience(Tlp.GREEN, frozenset(), Uses.ANALYSIS)
SEVERITIES = ("low", "medium", "high")
ACTOR, COMPROMISED = "actor", "compromised"
"""Whose name a decision is on: the actor's own, or a legitimate site's that was broken into."""
PROPOSE = frozenset({"decision.proposed", "decision.refused"})
ENDORSED, RENEWED = "decision.endorsed", "decision.renewed"
"""An approval of a decision that needs more than one; a longer life on fresh evidence."""
KINDS = frozenset({*PROPOSE, ENDORSED, "decision.published", RENEWED, "decision.withdrawn", "decision.expired"})


WRONG, EXPIRED, SUPERSEDED, DECLINED = "wrong", "expired", "superseded", "declined"
REASON_CODES = (WRONG, EXPIRED, SUPERSEDED, DECLINED)
"""Why a person ends a decision: the block was wrong (then it is a lift, with a bar), it is not needed any more, another
measure took its place, or a proposal is not taken up. Only the first is a mistake of whoever said otherwise."""


class State(StrEnum):
    """Where a decision stands."""

    PROPOSED = "proposed"
    REFUSED = "refused"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


STATE_AFTER = {
    "decision.proposed": State.PROPOSED,
    "decision.refused": State.REFUSED,
    ENDORSED: State.PROPOSED,
    "decision.published": State.PUBLISHED,
    RENEWED: State.PUBLISHED,
    "decision.withdrawn": State.WITHDRAWN,
    "decision.expired": State.EXPIRED,
}


class Cited(msgspec.Struct, frozen=True):
    """One piece of evidence as a decision cites it: the contribution, its contributor's opaque id, its weight.

    ``audience``: who could read the cited entry; a decision is released to more, its citations are not (DESIGN rule 5).
    """

    contribution: str
    contributor: str
    weight: float
    audience: int = 0


class Body(msgspec.Struct, frozen=True):
    """The body of every decision entry.

    ``by``: ``rule`` or the person's id (a key's organisation where no person stands behind it). ``expires``: instant
    (µs), fixed at publication; 0 before. ``guards``: what stood against it, in plain words. ``approvers``: who
    approved, in order. ``standing``: id of the standing approval that it cites. ``origin``: whose name it is, the
    actor's own or a compromised site's; ``contact``: how its owner is reached. ``exercise``: never in a live zone.
    ``policy``: digest of the policy in force. ``reported``: when the first of what is cited came in, by the minute (0:
    nothing is cited): released with the decision, so that anyone may see how long a block took.
    """

    decision: str
    name: str
    category: str
    malicious: float = 0.0
    active: float = 0.0
    evidence: list[Cited] = []
    by: str = "rule"
    reason: str = ""
    expires: int = 0
    guards: list[str] = []
    approvers: list[str] = []
    standing: str = ""
    severity: str = "medium"
    origin: str = "actor"
    exercise: bool = False
    policy: str = ""
    reason_code: str = ""
    contact: str = ""
    reported: int = 0


class Endorsement(msgspec.Struct, frozen=True):
    """One person's approval: who, when (µs), and why it is proportionate."""

    by: str
    at: int
    reason: str


class Against(NamedTuple):
    """What a bar leaves of the case against a name: whether any origin speaks that was not wrong about it before
    (``fresh``), and whether those alone would suffice for a rule (``enough``).
    """

    fresh: bool
    enough: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as it stands."""

    id: str
    name: str
    category: str
    state: State
    malicious: float
    active: float
    proposed_at: int
    published_at: int
    expires_at: int
    ended_at: int
    evidence: tuple[Cited, ...]
    proposed_by: str
    approver: str
    reason: str
    guards: tuple[str, ...]
    audience: int
    approvers: tuple[str, ...] = ()
    standing: str = ""
    severity: str = "medium"
    origin: str = "actor"
    exercise: bool = False
    policy: str = ""
    reason_code: str = ""
    contact: str = ""
    endorsed: tuple[Endorsement, ...] = ()

    @property
    def open(self) -> bool:
        """Tell whether it waits or stands."""
        return self.state in (State.PROPOSED, State.PUBLISHED)


def actor_of(viewer: Viewer) -> str:
    """Name who acts: the person, or the organisation of a key behind which no person stands."""
    return viewer.person or viewer.org or ""


def named_person(viewer: Viewer) -> str:
    """Return the person who acts. Raises NotAllowed for a key of an organisation: it could be anyone, and twice."""
    if viewer.person is None:
        raise NotAllowed("this is for people by name", hint="Sign in, or use a key of your own, not one of your "
                         "organisation.")
    return viewer.person
