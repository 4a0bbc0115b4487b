"""The values of anonymous contribution."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.kernel.clock import HOUR
from fusioncell.members.sealing.model import Case

LONGEST_WAIT = HOUR
"""A submission goes into the record at a random moment of the hour after it came."""
LARGEST = 4 << 20
"""Bytes that an anonymous submission may have."""
FEW = 5
"""Where fewer organisations than this could be the author, the page warns."""
MOST_AN_HOUR = 200
"""Submissions of one person within an hour; known in memory alone, as no row may name who was there."""
MOST_HELD = 10_000
"""Submissions that may wait at once; beyond that the hub asks to come back later."""


class Held(msgspec.Struct, frozen=True):
    """A submission that waits: what was sent, to whom, as what. Nothing in it names who sent it.

    ``kind``: ``contribution`` or ``post``. ``body``: the bytes, or the post as JSON. ``groups``: the groups' parties of
    which the author is, so that the record's own check of who may post passes again.
    """

    kind: str
    body: bytes
    media_type: str
    tlp: str
    groups: tuple[str, ...]
    people: tuple[str, ...]
    uses: int | None
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Mine:
    """What its author sees of an anonymous contribution.

    ``contribution``: its public id, "" while it waits. ``cases``: every attempt to reveal the author, ended or not.
    """

    pseudonym: str
    waiting: bool
    contribution: str
    fault: str
    cases: tuple[Case, ...]
