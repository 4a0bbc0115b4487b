"""Values of the shield: decisions, their states and bodies.

``proposed → published → expired | withdrawn``; ``refused`` where a guard fired. Each step is an entry, and each entry
carries all that a reader needs to see why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

SEVERITIES = ("low", "medium", "high")
ACTOR, COMPROMISED = "actor", "compromised"
"""Whose name a decision is on: the actor's own, or a legitimate site's that was broken into."""
PROPOSE = frozenset({"decision.proposed", "decision.refused"})
KINDS = frozenset({*PROPOSE, "decision.published", "decision.withdrawn", "decision.expired"})


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
    "decision.published": State.PUBLISHED,
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
    actor's own or a compromised site's. ``exercise``: never in a live zone. ``policy``: digest of the policy in force.
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
