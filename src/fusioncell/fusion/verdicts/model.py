"""Values of verdicts."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.observable import Observable

UPHELD = "decision.published"
OVERTURNED = "decision.withdrawn"
RULE = "rule"
NOBODY = frozenset({RULE, "rollback"})
"""What ends a decision and is no one's word on the value: the rule, the zone's return to a former state."""


class Decided(msgspec.Struct, frozen=True):
    """What is read of a decision's entry (``shield.model.Body``): whose decision, of which name, how likely it was."""

    decision: str
    name: str
    malicious: float = 0.0
    by: str = RULE
    exercise: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A person's word on a value. ``malicious``: P(malicious) as the decision stated it; ``seq``: where it stands."""

    observable: Observable
    upheld: bool
    malicious: float
    at: Instant
    seq: int
