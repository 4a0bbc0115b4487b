"""The frozen values of talk: what is posted, what a viewer gets of a thread, and what a person keeps beside it.

Positions never leave this room bare: ``next``, ``before`` and ``entry`` are sealed tokens (DESIGN rule 5). Authors and
organisations are opaque ids; pages name them.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from fusioncell.fusion.model import Assessment
from fusioncell.intake import Attached, Question
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience, Tlp, Uses
from fusioncell.kernel.observable import Observable
from fusioncell.record.model import Receipt

MAX_TEXT = 50_000
"""Characters of one post."""
MAX_TITLE = 200
MAX_ABOUT = 20
MAX_MENTIONS = 50
MAX_FILES = 20
MAX_NAMED = 200
"""Groups, organisations and people that a post names; a draft too."""
MAX_PARTY = 100
"""Characters by which a party is named."""
MAX_PAGE = 200
"""Posts or threads of one page."""
MAX_CHOSEN = 50
"""Observables that a reaction speaks of unless it names them."""


class NewPost(msgspec.Struct, frozen=True, kw_only=True):
    """What an author hands in. ``text`` is markdown.

    ``tlp`` None: as proposed (the parent's readers; GREEN for a new thread). ``groups``: parties
    ``group:ID.GENERATION`` or ``org:ID`` for AMBER and AMBER+STRICT; ``people``: ``person:ID`` for RED. ``uses``:
    ``kernel.marking.Uses``, None for those proposed for the marking. ``about``: anchors of a new thread
    (``observable:TYPE:VALUE``, ``contribution:ID``, ``group:ID``, ``campaign:NAME``). ``parent``: id of the post that
    it answers. ``question``: makes a new thread a request for information; ``answer``: answers such a request. To ask
    the Fusion Cell alone, name ``kernel.marking.CELL`` among the groups.
    """

    text: str
    title: str = ""
    tlp: Tlp | None = None
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    uses: int | None = None
    about: tuple[str, ...] = ()
    parent: str = ""
    mentions: tuple[str, ...] = ()
    files: tuple[Attached, ...] = ()
    question: Question | None = None
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A post, a new version of one or a reaction that is durably kept. ``receipt`` None: it stood already."""

    id: str
    thread: str
    contribution: str
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Reaction:
    """One organisation's reaction. ``kind``: ``seen``, ``useful`` or ``false-positive``."""

    on: str
    kind: str
    org: str
    author: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Post:
    """A post as a viewer gets it, in its newest version.

    ``parent`` is "" where what it answers cannot be seen or is gone; ``depth`` counts seen ancestors on this page.
    ``at``: when it was first posted; ``edited``: when it was last changed, 0 where it never was. ``entry``: its sealed
    entry id, as the stream gives it. ``own``: it is of the viewer's organisation.
    """

    id: str
    thread: str
    parent: str
    depth: int
    org: str
    author: str
    at: Instant
    edited: Instant
    title: str
    text: str
    audience: Audience
    contribution: str
    entry: str
    about: tuple[str, ...]
    mentions: tuple[str, ...]
    files: tuple[Attached, ...]
    observables: tuple[Observable, ...]
    reactions: tuple[Reaction, ...]
    own: bool
    bookmarked: bool

    def reacted(self) -> dict[str, tuple[str, ...]]:
        """Return kind of reaction → ids of the organisations that reacted so, in order."""
        found: dict[str, tuple[str, ...]] = {}
        for reaction in self.reactions:
            found[reaction.kind] = (*found.get(reaction.kind, ()), reaction.org)
        return found


@dataclass(frozen=True, slots=True)
class Closing:
    """How a thread was closed (or opened again)."""

    org: str
    author: str
    at: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One page of a thread, as the viewer sees it.

    ``posts``: in the order of the tree. ``count``: all posts that the viewer sees in it. ``before``/``after``: tokens
    for the page of older and of newer posts, "" where there is none. ``assessments``: what the viewer may know of the
    observables named on this page, and of what they stand on (``anchor.grounds_of``). ``watching``: ``watch``, ``mute``
    or "". ``new``: ids of posts on this page that came since the viewer last read it.
    """

    id: str
    title: str
    about: tuple[str, ...]
    closed: Closing | None
    count: int
    posts: tuple[Post, ...]
    before: str
    after: str
    assessments: dict[Observable, Assessment]
    watching: str
    new: frozenset[str]


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread in a list, of the posts that the viewer sees: its first one, its newest one, how many, how many new.

    ``audience`` is that of the first post that is seen.
    """

    id: str
    title: str
    excerpt: str
    org: str
    author: str
    at: Instant
    audience: Audience
    about: tuple[str, ...]
    posts: int
    last_org: str
    last_author: str
    last_at: Instant
    unread: int
    closed: bool
    watching: str


@dataclass(frozen=True, slots=True)
class Threads:
    """A page of threads, the one with the newest post first; ``next`` is the token of the page after it, or ""."""

    threads: tuple[ThreadSummary, ...]
    next: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which threads. ``group``: a group's id. ``about``: an anchor. ``org``: who began it."""

    group: str = ""
    about: str = ""
    org: str = ""
    unanswered: bool = False
    watched: bool = False
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a post."""

    at: Instant
    title: str
    text: str
    contribution: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What is proposed for a text: marking, parties, uses, why; and the observables in it (True: defanged)."""

    tlp: Tlp
    groups: tuple[str, ...]
    people: tuple[str, ...]
    uses: Uses
    reason: str
    observables: tuple[tuple[Observable, bool], ...]
    assessments: dict[Observable, Assessment]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that a person has not posted yet; nobody else reads it."""

    id: str
    at: Instant
    post: NewPost


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A post that a person keeps at hand, of those that the person still sees."""

    post: str
    thread: str
    title: str
    excerpt: str
    org: str
    author: str
    at: Instant
