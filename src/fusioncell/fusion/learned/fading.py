"""How a claim fades, in one small number: its half-life in days, and what it is about, which chose it. Pure.

One number, since it stands in every claim.
"""

from __future__ import annotations

STEP = 512
"""Above any half-life in days; the context counts in such steps."""


def days_in(fade: int) -> int:
    """Return the half-life in days."""
    return fade % STEP
