"""What would change an assessment most: one origin less, or one independent voice more. Pure.

Each origin is taken away in turn, with all that repeats it; then one more vetted member's word is added, for and
against. Only what the viewer may see takes part, since the assessment is made of nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

from fusioncell.fusion.model import Assessment, Origin
from fusioncell.fusion.weigh import ORIGIN_CAP, probability, weight

LIKELY = 0.8
"""P(malicious) from which a value is called malicious (and a rule may propose a block)."""
VOICE = min(weight("F", 6), ORIGIN_CAP)
"""What one more vetted member's word weighs."""


class Sway(NamedTuple):
    """A change, and P(malicious) and P(active) after it.

    ``origin``: the one taken away; None for one more, which speaks against the value, or for it where ``benign``.
    ``crosses``: P(malicious) comes to the other side of :data:`LIKELY`.
    """

    origin: Origin | None
    benign: bool
    malicious: float
    active: float
    crosses: bool


def sways(assessment: Assessment) -> list[Sway]:
    """Return what would change P(malicious) most, the greatest change first; what crosses the threshold before all."""
    found = [_without(assessment, origin) for origin in assessment.origins]
    if assessment.origins:
        found += [_with(assessment, VOICE, False), _with(assessment, -VOICE, True)]
    now = assessment.malicious
    return sorted(found, key=lambda s: (not s.crosses, -round(abs(s.malicious - now), 9), s.benign, s.origin is None))


def _without(assessment: Assessment, origin: Origin) -> Sway:
    sign = -1 if origin.voice.benign else 1
    return _sway(assessment, origin, origin.voice.benign, -sign * origin.weight, -sign * origin.decayed)


def _with(assessment: Assessment, voice: float, benign: bool) -> Sway:
    return _sway(assessment, None, benign, voice, voice)


def _sway(assessment: Assessment, origin: Origin | None, benign: bool, more: float, fresh: float) -> Sway:
    malicious = probability(assessment.line.says(assessment.score + more))
    crosses = (malicious >= LIKELY) != (assessment.malicious >= LIKELY)
    return Sway(origin, benign, malicious, probability(assessment.decayed + fresh), crosses)
