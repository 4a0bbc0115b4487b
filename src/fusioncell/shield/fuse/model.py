"""The values of the fuse, its limits, and the bodies of its entries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import msgspec

from fusioncell.kernel.clock import DAY, HOUR, Instant

ASKED, AGREED, REFUSED, CARRIED, THAWED = "fuse.asked", "fuse.agreed", "fuse.refused", "fuse.carried", "fuse.thawed"
KINDS = frozenset({ASKED, AGREED, REFUSED, CARRIED, THAWED})
NEEDED = 2
"""People who must agree to an act; who asks for it is one of them."""
Sort = tuple[str, str]
"""Category and severity of a name: by these a subscriber chooses what its zones hold."""
LAPSES = DAY
"""What a person asked for lapses after this: the zone has moved on. A machine's change waits until it is decided."""
MOST_NAMES = 20_000
"""Names that one act lists; what a machine wants beyond waits for the next."""
ROLLED_BACK = "rollback"
"""Who ended the blocks that a rollback takes out: no verdict on those who spoke against the names."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the zone a machine may change within ``window`` (µs): a ``share`` of it, and ``always`` some names.

    A zone of fewer than ``always`` names is being set up: it can be emptied by rule.
    """

    share: float = 0.10
    always: int = 25
    window: int = HOUR


class Part(Protocol):
    """A part of all names that is a zone of its own: what a subscriber chose."""

    def takes(self, category: str, severity: str) -> bool:
        """Tell whether a name of this category and severity stands in it."""
        ...


class Kind(StrEnum):
    """What waits for two people."""

    ADD = "add"
    """A machine wants to publish these names."""
    REMOVE = "remove"
    """A machine wants to end the blocks of these names."""
    ROLLBACK = "rollback"
    """The whole zone back to a serial."""
    UNBAR = "unbar"
    """The end of a bar."""


class State(StrEnum):
    """Where an act stands."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CARRIED = "carried"
    LAPSED = "lapsed"


class Asked(msgspec.Struct, frozen=True):
    """The body of :data:`ASKED`. ``decisions``: what a machine wants to change; ``value``: a serial, or a name."""

    act: str
    kind: str
    by: str
    reason: str
    value: str = ""
    decisions: list[str] = []


class Said(msgspec.Struct, frozen=True):
    """The body of :data:`AGREED`, :data:`REFUSED`, :data:`CARRIED` and :data:`THAWED`: who says it of which act."""

    act: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that waits for two people, or did. ``agreed``: who has, in order; ``count``: decisions in it."""

    id: str
    kind: Kind
    by: str
    reason: str
    value: str
    count: int
    at: Instant
    state: State
    ended_at: Instant
    ended_by: str
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What operators are told: acts that wait, and since when the zones are frozen (0: they are not)."""

    acts: int
    frozen_since: Instant


@dataclass(frozen=True, slots=True)
class Way:
    """What a rollback to ``serial`` would do. ``left``: names that stay out, with the reason in plain words."""

    serial: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    left: tuple[tuple[str, str], ...]
