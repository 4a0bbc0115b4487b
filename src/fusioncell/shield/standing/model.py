"""Values of standing approvals."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

PROPOSED, SIGNED, STOPPED, REVIEWED = "standing.proposed", "standing.signed", "standing.stopped", "standing.reviewed"
KINDS = frozenset({PROPOSED, SIGNED, STOPPED, REVIEWED})
RULE = "rule"
FEWEST_WRONG = 2
"""One mistake is no rate."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is approved. ``sources``: contributors' ids whose evidence counts, none for all. ``probability``: of being
    malicious, at least. ``origins``: independent ones, at least. ``false_positives``: the share of decisions found
    wrong, of those looked at, above which it stops. ``days``: for how long it stands."""

    title: str
    categories: list[str]
    sources: list[str] = []
    probability: float = 0.95
    origins: int = 2
    daily_cap: int = 200
    longest_days: int = 30
    days: int = 90
    sample: int = 10
    false_positives: float = 0.02


class StandingBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every kind. ``by``: a person, or ``rule`` where it stopped itself; ``decision`` is of a review."""

    standing: str
    by: str
    rule: Rule | None = None
    reason: str = ""
    decision: str = ""
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing approval as it stands. ``until``: 0 before the second person signed."""

    id: str
    rule: Rule
    by: str
    second: str
    proposed_at: int
    signed_at: int
    until: int
    stopped_at: int
    stopped_by: str
    stopped_why: str

    def holds(self, now: int) -> bool:
        """Tell whether decisions may cite it now."""
        return not self.stopped_at and self.signed_at > 0 and now < self.until


@dataclass(frozen=True, slots=True)
class Fared:
    """How a standing approval fared. ``today``: published in the last 24 hours; ``looked_at``, ``wrong``: in all."""

    today: int
    published: int
    looked_at: int
    wrong: int
