"""What can happen in the story, as values: someone says something, approves a block, recalls what was said."""

from __future__ import annotations

from dataclasses import dataclass

from fusioncell.demo.voices import Piece
from fusioncell.kernel.marking import Tlp


@dataclass(frozen=True, slots=True)
class Say:
    """A partner contributes a piece. ``name``: for a later recall; ``closed``: to the finance group only."""

    by: str
    piece: Piece
    name: str = ""
    tlp: Tlp = Tlp.GREEN
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Approve:
    """The department approves these names, where they are still proposed and no visitor was faster."""

    names: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recall:
    """A partner withdraws what it said under a name."""

    by: str
    said: str
    reason: str


@dataclass(frozen=True, slots=True)
class Round:
    """The department's approver looks at what waits, and leaves the newest few to whoever comes."""


Act = Say | Approve | Recall | Round


@dataclass(frozen=True, slots=True)
class Beat:
    """An act and when it happens: seconds of the story (before the doors open: below zero)."""

    at: int
    act: Act
