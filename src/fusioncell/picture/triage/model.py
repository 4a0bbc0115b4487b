"""The values of triage: items and why they are looked at, what was done about them, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import msgspec

from fusioncell.fusion.model import Assessment
from fusioncell.kernel.clock import DAY, HOUR, Instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import CELL, Audience, Tlp, Uses, Viewer
from fusioncell.kernel.observable import BadValue, Observable, canonical, type_named

ACT = "triage.act"
"""Kind of the entry in which an analyst says what becomes of items; its audience is :data:`DESK`."""
DESK = Audience(Tlp.AMBER_STRICT, frozenset({CELL}), Uses.NONE)
"""The Fusion Cell as an office (ADR 0009): who works there reads what was done, whoever that is today."""

WINDOW = 14 * DAY
"""Mentions older than this put nothing on the queue."""
RECENT = 3 * DAY
"""What was first named within this is new; who named it within this counts for its rising."""
HALF_LIFE = 3 * DAY
"""An item's score halves when nobody names it for so long."""
MOST_KEYS = 500
"""Items of one act."""
MOST_SAID = 1000
"""Characters of a reason."""
MOST_NOTE = 8000
"""Characters of a hand-over note."""
MOST_SNOOZE = 366 * DAY
MOST_ITEMS = 200
"""Items of a page."""
MOST_CANDIDATES = 200
"""Items that are assessed for a page: those that are named most, and the newest of each contributor."""
MOST_REPORTS, MOST_ENTRIES = 150, 1000
"""Entries that name one item, and entries of all items, among which copies of one text are looked for."""
NOTE_KEY = "shift"
"""The key under which hand-over notes stand."""


class Kind(StrEnum):
    """What an analyst does. ``undo`` takes back an earlier act, ``handover`` is a note for the next shift."""

    CLAIM = "claim"
    ASSIGN = "assign"
    RELEASE = "release"
    SNOOZE = "snooze"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    UNDO = "undo"
    HANDOVER = "handover"


class Show(StrEnum):
    """Which items a page shows."""

    OPEN = "open"
    MINE = "mine"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"


class Why(StrEnum):
    """Why an item deserves a look. What each is worth says ``rank``."""

    ASSET = "asset"
    """It is of, or within, what the viewer's own organisation has proved to be its own; ``detail``: what."""
    QUESTION = "question"
    """A member asks the Fusion Cell; ``number``: hours until the answer is due, below zero where it is overdue."""
    CONTRADICTED = "contradicted"
    """Some call it malicious, ``number`` others harmless."""
    KNOWN_GOOD = "known-good"
    """It is accused, and stands on a list of known good ones, ``detail``."""
    CORROBORATED = "corroborated"
    """``number`` independent origins accuse it."""
    RISING = "rising"
    """``number`` contributors named it lately, more than before."""
    NEAR = "near"
    """P(malicious) is ``number`` percent: close under the blocking threshold."""
    OVER = "over"
    """P(malicious) is ``number`` percent: over the threshold, and nothing is decided."""
    EXPLOITED = "exploited"
    """It is exploited now; ``detail``: who says so."""
    SECTOR = "sector"
    """``number`` contributors of the viewer's own sector, ``detail``, name it."""
    AGAIN = "again"
    """It will be accused again within a week with ``number`` percent, by what the hub learned for the viewer's tier."""
    NEW = "new"
    """It was first named ``number`` hours ago."""
    BULK = "bulk"
    """One contributor alone names it, with ``number`` others: it counts for less."""
    RETURNED = "returned"
    """It was dismissed, and someone has named it since who had not before."""


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an :data:`ACT` entry; its subject is the act's id.

    ``keys``: the items. ``to``: who gets them (assign). ``until``: when a snooze ends. ``said``: the reason, or the
    note. ``of``: the act that is undone.
    """

    kind: Kind
    keys: tuple[str, ...] = ()
    to: str = ""
    until: Instant = 0
    said: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """An act on one item as it was kept. ``by``: the person, or a machine's organisation."""

    act: str
    kind: Kind
    by: str
    org: str
    at: Instant
    seq: int
    key: str
    to: str
    until: Instant
    said: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of an item. ``holder``: who has it; ``until``: when a snooze ends; ``said``, ``by``, ``at``: of
    the act that made it so; ``dismissed``: since when, 0 for not."""

    show: Show = Show.OPEN
    holder: str = ""
    until: Instant = 0
    said: str = ""
    by: str = ""
    at: Instant = 0
    dismissed: Instant = 0


OPEN = Standing()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item deserves a look, and how much that counts."""

    why: Why
    points: float
    number: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be an item: ``key`` names it, ``at`` is when something was last said of it.

    An observable has its ``assessment`` and when it was ``first`` named; anything else (a question) has a ``title``.
    """

    key: str
    at: Instant
    reasons: tuple[Reason, ...] = ()
    title: str = ""
    observable: Observable | None = None
    assessment: Assessment | None = None
    first: Instant = 0


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the queue, with its score, why, and what has become of it.

    ``alike``: items that are named in copies of the same text alone, and stand with this one; ``reports``: how many
    such copies there are, 0 where it is no such text that names it.
    """

    candidate: Candidate
    score: float
    reasons: tuple[Reason, ...]
    standing: Standing = OPEN
    alike: tuple[Item, ...] = ()
    reports: int = 0

    @property
    def keys(self) -> list[str]:
        """Return the keys of this and of all that stand with it."""
        return [self.candidate.key, *(one.candidate.key for one in self.alike)]


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, what deserves a look first, first. ``more``: items that are left out of the page."""

    items: tuple[Item, ...]
    more: int
    counts: dict[Show, int] = field(default_factory=dict)


class Source(Protocol):
    """What else puts items on the queue (questions of members, clusters), for one viewer."""

    def candidates(self, viewer: Viewer) -> list[Candidate]:
        """Return what deserves a look, of what the viewer may see."""
        ...


class Context(Protocol):
    """What other rooms know that makes an observable matter more, for one viewer; joined in ``bootstrap``."""

    threshold: float
    """P(malicious) from which a rule proposes a block."""

    def assets(self, viewer: Viewer) -> list[str]:
        """Return what the viewer's own organisation has proved to be its own: networks, AS numbers, names."""
        ...

    def sector(self, org: str) -> str:
        """Return an organisation's sector, "" for one that has none."""
        ...

    def decided(self, viewer: Viewer, name: str) -> bool:
        """Tell whether a block of the name is proposed or published, as the viewer may know."""
        ...

    def exploited(self, viewer: Viewer, cves: list[str]) -> dict[str, str]:
        """Return, of these CVE ids, those that are exploited now, with who says so."""
        ...


def key_of(one: Observable) -> str:
    """Return the key of an observable's item: ``observable:domain-name:evil.example``."""
    return f"observable:{one.type.value}:{one.value}"


def observable_of(key: str) -> Observable | None:
    """Return the observable that a key names, None where it names something else. Raises BadInput for a wrong one."""
    kind, _, rest = key.partition(":")
    if kind != "observable":
        return None
    name, _, value = rest.partition(":")
    try:
        return canonical(type_named(name), value)
    except BadValue as fault:
        raise BadInput(f"{key[:80]!r} names no item: {fault}", place="keys") from None


def hours(since: Instant, now: Instant) -> int:
    """Return whole hours between two instants, rounded down; below zero where the first lies ahead."""
    return (now - since) // HOUR
