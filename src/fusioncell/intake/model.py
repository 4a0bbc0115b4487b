"""The frozen values of intake: items that a body was split into, faults with their place, what an item claims."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from fusioncell.kernel.claim import Claim
from fusioncell.kernel.marking import Tlp


class Item(msgspec.Struct, frozen=True):
    """One thing that a submission was split into; it becomes one entry.

    ``kind``: ``stix`` | ``misp.event`` | ``misp.object`` | ``misp.attribute`` | ``csv.row`` | ``text``.
    ``subject``: its own id (STIX id, MISP uuid; for rows and text a digest of the content).
    ``version``: its version as an instant in µs (STIX ``modified``, MISP ``timestamp``), 0 where unversioned.
    ``place``: where it stood (``objects[17]``, ``Event.Attribute[3]``, ``line 12``).
    ``body``: its exact bytes (for a MISP event or object the shell, its child lists emptied to ``[]``).
    ``tlp``: the marking that it carries, None where it carries none. ``meta``: what extraction needs besides.
    """

    kind: str
    subject: str
    version: int
    place: str
    body: bytes
    tlp: Tlp | None = None
    meta: dict[str, object] = {}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that could not be taken: where, why, and the bytes, so that it can be mended and re-run."""

    place: str
    reason: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Split:
    """A body, split: its items in order, and its faults."""

    items: tuple[Item, ...]
    faults: tuple[Fault, ...] = ()
    title: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """What one item says: claims, words for the search, and faults found only on a closer look."""

    claims: tuple[Claim, ...] = ()
    title: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = field(default=())
