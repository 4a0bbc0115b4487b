"""The values of lifts and bars, and the bodies of their entries.

A lift ends blocks; its bar says which origins were wrong about a name. While a bar stands, no rule proposes the name on
claims of those origins, however often they are repeated; a new origin alone can, and two people must approve.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.clock import Instant

MADE, BARRED, UNBARRED = "lift.made", "lift.barred", "lift.unbarred"
KINDS = frozenset({MADE, BARRED, UNBARRED})
BY = ("name", "source", "rule", "since")
"""By what the blocks of a lift are chosen: a name, who is cited for them, the rule that made them, since when."""
MOST = 20_000
"""Blocks that one lift ends; whoever has more gives another command."""
BARS_AN_ENTRY = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a lift is asked to end. ``by``: one of :data:`BY`; ``value``: the name, id or instant (RFC 3339)."""

    by: str
    value: str


class Bar(msgspec.Struct, frozen=True):
    """A name that was blocked wrongly. ``origins``: contributors and creators whose claims were wrong about it."""

    name: str
    decision: str
    origins: list[str]


class Made(msgspec.Struct, frozen=True):
    """The body of :data:`MADE`: what was lifted, by whom and why. ``names``: how many blocks ended."""

    lift: str
    by: str
    chosen: str
    value: str
    reason: str
    names: int


class Barred(msgspec.Struct, frozen=True):
    """The body of :data:`BARRED`: some of the bars that a lift sets."""

    lift: str
    by: str
    reason: str
    bars: list[Bar]


class Unbarred(msgspec.Struct, frozen=True):
    """The body of :data:`UNBARRED`: a bar ended, by two people."""

    name: str
    by: list[str]
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A bar that stands, as people see it. The origins are not told: who may read them differs from reader to reader.

    ``by``: the person's opaque id.
    """

    name: str
    lift: str
    by: str
    reason: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Lifted:
    """A lift that was made."""

    id: str
    by: str
    chosen: Chosen
    reason: str
    names: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Found:
    """What a lift would end: ``names`` of blocks and of open proposals, in order; ``more``: over :data:`MOST`."""

    chosen: Chosen
    blocks: tuple[str, ...]
    proposals: tuple[str, ...]
    more: bool = False
