"""The values of coverage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.observable import ObservableType

DAYS = 30
"""How far back is looked."""
LEAST = 3
"""Members of which figures are shown at least together: fewer would be told apart."""
ALONE = 0.8
"""From this share on, what one contributor gives carries a type."""
LONG = 24
"""Hours without any news that are worth a word."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of observable: news of it within a day, a week and :data:`DAYS` days.

    ``ago``: days since the last, None where there was none. ``voices``: who named it lately, of the mentions looked at;
    ``largest``: the share of the one who named most of it.
    """

    type: ObservableType
    day: int
    week: int
    month: int
    ago: int | None
    voices: int
    largest: float


@dataclass(frozen=True, slots=True)
class Group:
    """Sectors that stand together: how many members they have, and how many of them gave news.

    ``types``: type → how many of them named it lately.
    """

    sectors: tuple[str, ...]
    members: int
    voices: int
    types: dict[ObservableType, int]


@dataclass(frozen=True, slots=True)
class Tactic:
    """A tactic of ATT&CK: how many of its techniques anything named, of how many."""

    tactic: str
    named: int
    techniques: int


class GapKind(StrEnum):
    """What is missing."""

    SILENCE = "silence"
    """Nothing at all came for ``count`` hours."""
    SECTOR = "sector"
    """``count`` of ``of`` members of the sectors ``names`` gave no news."""
    TYPE = "type"
    """Nobody named a value of the type ``names``."""
    STALE = "stale"
    """The last one of the type ``names`` is ``count`` days old."""
    ALONE = "alone"
    """One contributor gives ``count`` percent of the type ``names``."""
    TACTIC = "tactic"
    """No technique of the tactic ``names`` is named, of ``of``."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not seen."""

    kind: GapKind
    names: tuple[str, ...] = ()
    count: int = 0
    of: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a viewer sees and does not. ``few``: contributors who together give four fifths of all news."""

    gaps: tuple[Gap, ...]
    kinds: tuple[Kind, ...]
    groups: tuple[Group, ...]
    tactics: tuple[Tactic, ...]
    contributors: int
    few: int
    silence: int
