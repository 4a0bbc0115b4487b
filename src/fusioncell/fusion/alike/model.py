"""Values of the package."""

from __future__ import annotations

from typing import NamedTuple

from fusioncell.kernel.clock import Instant

LEAST = 0.6
"""Share of three-word sequences in common from which two texts are called alike."""
MOST = 200
"""Texts that are compared with one: the oldest half of these that share a band, and the newest half."""
MOST_TEXTS = 5
"""Texts of one contribution that are looked at."""


class Near(NamedTuple):
    """A contribution with a text like the one asked about. ``share``: of what they have in common, as estimated."""

    contribution: str
    org: str
    at: Instant
    share: float


class Alike(NamedTuple):
    """What a viewer sees that is alike: the ``first`` that came (maybe the one asked about: None), all that were
    found, the nearest first, and whether there may be more than were compared."""

    first: Near | None
    found: tuple[Near, ...]
    more: bool
