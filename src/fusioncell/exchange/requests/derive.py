"""Derive what has become of a request, from what a viewer sees of it. Pure.

1. What the asker said last counts: accepted, or withdrawn.
2. Answered is what has an answer that came after the asker last said what is missing.
3. Otherwise it is open, and overdue once its deadline has passed.
"""

from __future__ import annotations

from collections.abc import Sequence

from fusioncell.exchange.requests.model import State, Told
from fusioncell.kernel.clock import Instant


def state_of(deadline: Instant, last_answer: int, told: Sequence[Told], now: Instant) -> State:
    """Return the state. ``last_answer``: position of the newest answer that is seen, 0 for none; ``told`` in order."""
    last = told[-1] if told else None
    if last is not None and last.step.kind in (State.ACCEPTED, State.WITHDRAWN):
        return State(last.step.kind)
    if last_answer > (last.seq if last is not None else 0):
        return State.ANSWERED
    return State.OVERDUE if now > deadline else State.OPEN


def share_left(at: Instant, deadline: Instant, now: Instant) -> int:
    """Return how much of the time is left, in whole percent."""
    if deadline <= at or now >= deadline:
        return 0
    return max(1, min(100, 100 * (deadline - now) // (deadline - at)))
