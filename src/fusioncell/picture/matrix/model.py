"""Values of the ATT&CK matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import Instant

DOMAINS = {"enterprise": "enterprise-attack", "ics": "ics-attack"}
"""Domain → its name in a Navigator layer."""
CHAINS = {"enterprise": "mitre-attack", "ics": "mitre-ics-attack"}
"""Domain → its kill chain's name in STIX."""
MAX_DAYS = 3660
LEVELS = 5


class Coverage(StrEnum):
    """A technique beside a member's layer."""

    BOTH = "both"
    """Reported, and covered."""
    GAP = "gap"
    """Reported, and not covered."""
    QUIET = "quiet"
    """Covered, and reported by nobody whom the viewer sees."""
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Cell:
    """A technique in a column. ``count``: contributions that name it; ``level``: 0 for none, 1 to 5 by the most named.

    ``subs``: its sub-techniques. ``coverage``: None where no layer lies beside.
    """

    id: str
    name: str
    count: int
    level: int
    subs: tuple[Cell, ...] = ()
    coverage: Coverage | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A tactic and its techniques."""

    tactic: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A matrix. ``named``: techniques that anything names; ``most``: contributions of the most often named one."""

    domain: str
    days: int
    sector: str
    since: Instant
    columns: tuple[Column, ...]
    named: int
    techniques: int
    most: int
    layer: str = ""
    """What the layer that lies beside is called, "" for none."""

    @property
    def cells(self) -> dict[str, Cell]:
        """Return technique → cell, sub-techniques too, each once."""
        found: dict[str, Cell] = {}
        for column in self.columns:
            for cell in column.cells:
                for each in (cell, *cell.subs):
                    found.setdefault(each.id, each)
        return found


@dataclass(frozen=True, slots=True)
class Layer:
    """A member's Navigator layer, as far as it is compared: which techniques it covers."""

    name: str
    domain: str
    covered: frozenset[str]
