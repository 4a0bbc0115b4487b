"""Values of the package: who copies whom, families of sources, what outcomes say of a source, and their entries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from fusioncell.kernel.clock import Instant

JOINED = "origin.joined"
PARTED = "origin.parted"
GRADED = "origin.graded"
KINDS = frozenset({JOINED, PARTED, GRADED})
"""Entries of this package. Each is a release with an audience of its own: the tier that it was learned from, or the one
that its analyst chose."""

LETTERS = "ABCDEF"


class Kin(NamedTuple):
    """What a source shares with its family: a ``number``. ``copier``: it was found to repeat another of them."""

    number: int
    copier: bool


class Said(NamedTuple):
    """One source's first word on one observable. ``source``: its number; ``at``: microseconds; ``seq``: its entry."""

    observable: int
    source: int
    at: Instant
    seq: int


@dataclass(frozen=True, slots=True)
class Copying:
    """That one source repeats another, with what shows it.

    ``values``: rare values that the copier reported in the window. ``shared``: of those, how many the original reported
    earlier. ``order``: share of the values of both in which the original was first. ``expected``: share of the other
    sources' values that the original reported earlier, which is what overlap would be by chance. ``lag`` and
    ``spread``: median and interquartile range of the delay, in microseconds.
    """

    copier: int
    original: int
    values: int
    shared: int
    order: float
    expected: float
    lag: int
    spread: int


class Join(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of ``origin.joined`` and ``origin.parted``: two names that count as one origin, or no longer.

    ``first``, ``second``: names as claims carry them, an organisation's id or a source's name; the second repeats the
    first. ``by``: "rule" for what was detected, else "person". ``values`` to ``spread``: of :class:`Copying`.
    """

    first: str
    second: str
    by: str
    reason: str = ""
    values: int = 0
    shared: int = 0
    order: float = 0.0
    expected: float = 0.0
    lag: int = 0
    spread: int = 0


class Grade(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of ``origin.graded``: an analyst's word on how reliable a source is (Admiralty code, A to F).

    ``letter``: "" takes an earlier grade back. ``upheld``, ``overturned``: the outcomes that stood when it was given.
    """

    source: str
    letter: str
    reason: str
    upheld: int = 0
    overturned: int = 0


@dataclass(frozen=True, slots=True)
class Posterior:
    """What outcomes say of a source: Beta(``a``, ``b``) over the share of its claims that hold.

    ``mean`` and ``low``, ``high``: its mean and the central 90 %. ``letter``: the Admiralty letter that it suggests,
    "F" while there is too little to judge by.
    """

    upheld: int
    overturned: int
    a: float
    b: float
    mean: float
    low: float
    high: float
    letter: str
