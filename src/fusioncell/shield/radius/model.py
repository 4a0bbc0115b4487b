"""Values of the blast radius, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.fusion import Ground

NAMED = 20
"""Names that are named; the others are counted."""
MOST_BELOW = 200
"""Names below one that are looked at; in a list of many decisions ``FEW_BELOW`` of each."""
FEW_BELOW = 50
MOST_ADDRESSES = 8
MOST_BESIDE = 400
"""Names on one address that are counted."""
DAYS = 30
"""Days of resolvers' counts that are summed."""


class Said(StrEnum):
    """What is said of a name, by all whose claims the viewer sees."""

    MALICIOUS = "malicious"
    BENIGN = "benign"
    BOTH = "both"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of popular or well-known names that a name stands on. ``within``: it is among the first so many of the
    list's source; 0 where the list has no order. Where among them, the lists do not tell: they are sorted by name.
    """

    title: str
    within: int = 0


@dataclass(frozen=True, slots=True)
class Near:
    """A name that a block would take with it, or that stands beside. ``guarded``: it is on a list of well-known names,
    a public suffix, or a public body's. ``blocked``: it is blocked already."""

    name: str
    said: Said = Said.NOTHING
    guarded: bool = False
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """Names of one kind around another. ``named``: the first ``NAMED``, those whom a block would wrong first.

    ``count``: how many there are (``more``: at least so many), of which ``accused`` are called malicious by someone and
    ``guarded`` are guarded.
    """

    named: tuple[Near, ...] = ()
    count: int = 0
    more: bool = False
    accused: int = 0
    guarded: int = 0

    @property
    def spared(self) -> int:
        """How many of them nobody calls malicious."""
        return self.count - self.accused


@dataclass(frozen=True, slots=True)
class Host:
    """An address on which a name is said to stand, and how many other names are (``more``: at least so many)."""

    address: str
    count: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Radius:
    """What a block of a name would take with it.

    ``lists``: of popular and well-known names, on which it stands itself; ``others``: titles of other known-good lists.
    ``registered``: the registered domain that it stands under, "" where that is itself or there is none;
    ``registered_lists``: those of that one. ``ground``: the public suffix or shared platform that it is or stands on.
    ``below``: known names below it; ``blocked``: of these, as many are blocked already (of ``NAMED`` at most);
    ``covered``: a name above it that is blocked already, "" for none.
    ``hosts``: its addresses, ``beside``: the other names on these; ``shared``: so many of them are called malicious by
    no one that the host looks like one of many customers, on which a site may have been broken into.
    ``asked``: how often resolvers counted it, or what is blocked below it, in the last ``DAYS`` days; None where none
    ever told (a name is counted only while it is listed).
    """

    name: str
    lists: tuple[Listed, ...] = ()
    others: tuple[str, ...] = ()
    registered: str = ""
    registered_lists: tuple[Listed, ...] = ()
    ground: Ground | None = None
    below: Circle = Circle()
    blocked: int = 0
    covered: str = ""
    hosts: tuple[Host, ...] = ()
    more_hosts: bool = False
    beside: Circle = Circle()
    shared: bool = False
    asked: int | None = None
