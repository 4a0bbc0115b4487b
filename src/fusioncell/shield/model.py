"""Values of the shield: decisions, their states and bodies.

``proposed → published → expired | withdrawn``; ``refused`` where a guard fired. Each step is an entry, and each entry
carries all that a reader needs to see why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

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
    (µs), fixed at publication; 0 before. ``guards``: what stood against it, in plain words.
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
