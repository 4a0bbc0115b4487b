"""Check a rule, and tell whether a name's evidence meets one. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from fusioncell.fusion.model import Assessment, Evidence
from fusioncell.fusion.service import reassess
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.shield.charter.model import Policy
from fusioncell.shield.policy import ACTIVE_AT_LEAST, MALICIOUS_AT_LEAST
from fusioncell.shield.standing.model import FEWEST_WRONG, Fared, Rule

_BOUNDS: dict[str, tuple[float, float]] = {
    "probability": (MALICIOUS_AT_LEAST, 1.0), "origins": (2, 20), "daily_cap": (1, 10_000), "sample": (1, 200),
    "false_positives": (0.0, 0.1),
}  # fmt: skip


def read_rule(given: object, policy: Policy) -> Rule:
    """Read and check a rule under a policy. Raises BadInput."""
    try:
        rule = msgspec.convert(given, Rule)
    except msgspec.ValidationError as fault:
        said = f": {fault}" if len(str(fault)) <= 200 else ""  # never a part of what was sent
        raise BadInput(f"this is no rule{said}", hint="See docs/shield.md, standing approvals.") from None
    bounds = _BOUNDS | {"longest_days": (1, policy.longest_days), "days": (1, policy.standing_days)}
    for name, (least, most) in bounds.items():
        if not least <= getattr(rule, name) <= most:
            raise BadInput(f"{name} is from {least:g} to {most:g}", place=name)
    known = [one.id for one in policy.categories]
    if not rule.categories or len(set(rule.categories)) != len(rule.categories) or not set(rule.categories) <= {*known}:
        raise BadInput("categories are some that the policy names, each once", hint=f"It names: {', '.join(known)}.",
                       place="categories")  # fmt: skip
    if not 1 <= len(rule.title.strip()) <= 200:
        raise BadInput("a rule has a title", place="title")
    if len(rule.sources) > 200 or not all(0 < len(one) <= 64 for one in rule.sources):
        raise BadInput("sources are at most 200 ids", place="sources")
    if rule.sources and len(set(rule.sources)) < rule.origins:
        raise BadInput("fewer sources are named than origins are asked for", place="sources")
    return rule


def meets(rule: Rule, category: str, found: Assessment | None, now: Instant) -> bool:
    """Tell whether evidence meets a rule: of its sources alone, where it names some."""
    if category not in rule.categories or found is None or found.spared or not found.fresh:
        return False
    if rule.sources:
        others = {one.contributor for one in _voices(found)} - set(rule.sources)
        found = reassess(found, others, now) if others else found
        if found is None:
            return False
    origins = sum(not origin.voice.benign for origin in found.origins)
    return origins >= rule.origins and found.malicious >= rule.probability and found.active >= ACTIVE_AT_LEAST


def _voices(found: Assessment) -> Iterable[Evidence]:
    for origin in found.origins:
        yield origin.voice
        yield from origin.repeats


def too_wrong(rule: Rule, fared: Fared) -> bool:
    """Tell whether a rule was wrong too often."""
    return fared.wrong >= FEWEST_WRONG and fared.wrong > rule.false_positives * fared.looked_at
