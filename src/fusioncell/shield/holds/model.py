"""Values of holds."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.marking import Audience, Tlp, Uses

ASKED, PLACED, LIFTED = "deconfliction.asked", "deconfliction.placed", "deconfliction.lifted"
KINDS = frozenset({ASKED, PLACED, LIFTED})
OFFICERS = Audience(Tlp.AMBER_STRICT, frozenset({"may:deconflict"}), Uses.NONE)
"""Who may know of a hold: those who may place one."""
MAX_DAYS = 14
CALL = "Call the duty officer."


class HoldBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every kind. ``sealed``: the reason, encrypted; ``until``: µs, once it is placed."""

    hold: str
    name: str
    by: str
    days: int = 0
    until: int = 0
    sealed: bytes = b""


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as it stands. ``second``: who confirmed it. ``reason``: opened. ``until``: 0 before it is placed."""

    id: str
    name: str
    by: str
    second: str
    days: int
    asked_at: int
    until: int
    lifted_at: int
    reason: str

    def holds(self, now: int) -> bool:
        """Tell whether it keeps the name from being blocked now."""
        return not self.lifted_at and now < self.until
