"""The frozen values of intake: items that a body was split into, faults with their place, what an item claims, what
moving and withdrawing did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fusioncell.kernel.claim import Claim, Stance
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Tlp
from fusioncell.record.model import Receipt


class Item(msgspec.Struct, frozen=True, gc=False):
    """One thing that a submission was split into; it becomes one entry.

    ``kind``: ``stix`` | ``misp.event`` | ``misp.object`` | ``misp.attribute`` | ``misp.more`` | ``csv.row`` (of lists
    too) | ``text`` | ``post`` | ``reaction`` | ``product`` | ``csaf``.
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
    """A body, split: its items in order, its faults, and notes on what was recognised and left out on purpose."""

    items: tuple[Item, ...]
    faults: tuple[Fault, ...] = ()
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Codes:
    """Code lists of CSAF 2.0 that its tests need (``intake.csaf``). What is empty is not tested by.

    ``weaknesses`` gives CWE number → its newest name; ``languages`` type of subtag → subtags of the IANA registry
    (``ranges``: first and last of private use, by type); ``schema`` (path, why) of what is not as it says.
    """

    weaknesses: Callable[[], Mapping[str, str]] = dict
    languages: Callable[[], Mapping[str, Any]] = dict
    schema: Callable[[Any], Iterable[tuple[str, str]]] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one body (DESIGN rule 15): sizes in bytes; ``max_depth`` counts an item's nested arrays and objects.

    ``codes``: code lists by which documents are judged.
    """

    max_body: int = 64 * 1024 * 1024
    max_items: int = 500_000
    max_depth: int = 64
    max_item: int = 8 * 1024 * 1024
    codes: Codes = Codes()


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """A statement about another thing by its id, whose observables stand in that thing's own entry.

    ``subject``: the id of what was sighted (a STIX id, a MISP attribute's uuid). ``stance``: MALICIOUS refreshes
    what its contributor claims of it, BENIGN speaks against it, END ends it. ``stated``: when (µs), None if undated.
    """

    subject: str
    stance: Stance
    stated: int | None = None
    count: int = 1
    creator: str = ""


class Extract(msgspec.Struct, frozen=True, gc=False):
    """What one item says: claims, words for the search, and faults found only on a closer look.

    ``labels``: tags as given. ``notes``: what was kept but not read (a YARA rule, a pattern that is no equality).
    ``sightings``: what it says of other things by their ids. What follows is of STIX objects, for rooms that would else
    read the same bytes again; empty where only the bytes say it right (a property of a wrong type). ``ties``: of a
    relationship that is not revoked, what it ties: source, target, type. ``spec``: its ``spec_version``.
    """

    claims: tuple[Claim, ...] = ()
    title: str = ""
    text: str = ""
    labels: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    ties: tuple[str, str, str] | None = None
    spec: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """What narrowing or widening did: the contribution as which it goes on ("" where nothing stood any more)."""

    contribution: str
    receipt: Receipt
    items: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What one recall ended: the items of one audience within a range. ``moved``: they go on in another audience."""

    first: int
    last: int
    audience: int
    at: Instant
    seq: int
    moved: bool
    goes_on: int
    """The audience in which they go on, 0 for none."""
