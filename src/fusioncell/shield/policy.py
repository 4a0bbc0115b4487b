"""What may be blocked, and when a rule may propose it. Pure.

The categories are a closed list: nothing outside it can be proposed, by rule or by hand (DESIGN §5).
"""

from __future__ import annotations

from collections.abc import Iterable

from fusioncell.fusion.model import Assessment
from fusioncell.kernel.clock import DAY, HOUR
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical
from fusioncell.shield.charter import FIRST
from fusioncell.shield.charter.model import Category, Policy
from fusioncell.shield.model import ACTOR, State
from fusioncell.shield.zone import ORIGIN, fits

CATEGORIES = {one.id: one.name for one in FIRST.categories}
"""The first policy's categories, with their names in plain words."""

MALICIOUS_AT_LEAST = 0.80
"""P(malicious) from which a rule proposes a block, and below which a block's evidence no longer suffices."""
ACTIVE_AT_LEAST = 0.70
"""P(active) from which a rule proposes a block."""


def category_named(text: str, policy: Policy) -> Category:
    """Return the category that a text names, by id or name. Raises BadInput for what is not in the policy."""
    name = text.strip().lower().replace(" ", "-").replace("_", "-")
    for one in policy.categories:
        if name in (one.id, one.name.lower().replace(" ", "-")):
            return one
    known = ", ".join(one.id for one in policy.categories)
    raise BadInput(f"{text[:60]!r} is not a category of the blocking policy", hint=f"The policy knows: {known}.")


def category_of(context: Iterable[str], policy: Policy) -> Category | None:
    """Choose the category from what the evidence says of the name; the one without words where it says nothing closer.

    None where the policy has no such category: then no rule proposes the name.
    """
    said = " ".join(context).lower()
    for one in policy.categories:
        if any(word in said for word in one.words):
            return one
    return next((one for one in policy.categories if not one.words), None)


def life_of(policy: Policy, origin: str, days: int) -> int:
    """Return for how long a block may stand, in µs. ``days``: as asked, 0 for the usual."""
    longest = policy.longest_days * DAY if origin == ACTOR else policy.compromised_hours * HOUR
    return min((days or policy.usual_days) * DAY, longest)


def can_block(observable: Observable) -> bool:
    """Tell whether the observable is one that the zone can hold: a domain name that fits."""
    return observable.type is ObservableType.DOMAIN and fits(observable.value)


WIDEST = f"{'x' * 46}.{'x' * 10}.{ORIGIN}"
"""As long as the name of a subscriber's zone gets: ``fresh_`` and a category of 40 characters, the choice's name."""
MOST_OF_NAME = 178
"""Characters of a name that has room in each zone, with its wildcard (255 octets in all, RFC 1035 §2.3.4)."""


def fits_all(name: str) -> bool:
    """Tell whether each subscriber's zone has room for a name, whatever they choose."""
    return fits(name, origin=WIDEST)


def blockable(text: str) -> Observable:
    """Return the name that a text means, one that all zones can hold. Raises BadInput."""
    try:
        observable = canonical(ObservableType.DOMAIN, text)
    except BadValue as fault:
        raise BadInput(f"{text[:80]!r} is not a name that can be blocked: {fault}") from None
    if not can_block(observable):
        raise BadInput(f"{text[:80]!r} is not a name that can be blocked", hint="Give a domain name.")
    if not fits_all(observable.value):
        raise BadInput(f"a name of more than {MOST_OF_NAME} characters has no room in subscribers' zones",
                       hint="Propose a name above it, if losing all below that is proportionate.", place="name")
    return observable


def suffices(assessment: Assessment) -> bool:
    """Tell whether the evidence is enough for a rule to propose a block, as of the assessment's instant."""
    if assessment.spared:
        return False  # an analyst said to leave it alone
    return assessment.fresh and assessment.malicious >= MALICIOUS_AT_LEAST and assessment.active >= ACTIVE_AT_LEAST


def due(assessment: Assessment, last_state: State | None, by_rule: bool) -> str:
    """Say what is due for a name: ``propose``, ``end`` or nothing (empty).

    Pure in the evidence and the last decision, so that a replay ends the same:

    1. an open block or proposal made by rule whose evidence was recalled below the threshold is to end;
    2. a name without a decision, or whose last one ran out or lost its evidence, is to be proposed when it suffices;
    3. what an analyst said to leave alone is not proposed, and what was proposed by rule and waits is to end; a block
       that stands is lifted by who may lift it;
    4. what a person withdrew or a guard refused is barred: no rule proposes it again.
    """
    if last_state in (State.PROPOSED, State.PUBLISHED):
        spared = assessment.spared and last_state is State.PROPOSED
        return "end" if by_rule and (spared or assessment.malicious < MALICIOUS_AT_LEAST) else ""
    if last_state is None or last_state is State.EXPIRED or (last_state is State.WITHDRAWN and by_rule):
        return "propose" if suffices(assessment) else ""
    return ""
