"""Values of notification: what one watches, what came of it, how one wants to be told. And their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from fusioncell.kernel.clock import DAY, MINUTE, Instant
from fusioncell.kernel.marking import Tlp, Viewer

KINDS = ("assets", "network", "tag", "sector", "campaign", "group", "query", "all")
"""What can be watched: the own organisation's proved assets; one network (CIDR, address, AS number, domain name); a
label; the sector of contributors; a campaign by its name; what is addressed to a group; what a saved query asks for, by
its id; everything (webhooks only).
Conversations are watched and muted where they stand (``exchange.talk``).
"""
BARE = frozenset({"assets", "all"})
"""Kinds that take no value."""
ALERT = "alert"
"""Why one is told that a block was proposed which touches a name of one's organisation: its leads are, unwatched."""
OWN = frozenset({"assets", "network", ALERT})
"""Kinds whose hits are of the watcher's own networks: these may be mailed at once."""
MENTION, THREAD = "mention", "thread"
"""Why one is told of a post: it names one (nobody needs to watch for that), or one watches its thread."""
DEADLINE, UNANSWERED = "deadline", "unanswered"
"""Why one is told of a question again: its deadline is near and one is asked; it passed, and one has no answer."""
REMIND_BEFORE = DAY
"""Those who are asked are reminded so long before a question's deadline …"""
TELL_FOR = 7 * DAY
"""… and the asker is told of one that passed unanswered, for so long after it (a hub may have been down)."""
UNWATCHED = (THREAD, MENTION, DEADLINE, UNANSWERED, ALERT)
"""Reasons that no watch gives."""

WATCHES_PER_OWNER = 200
LONGEST_VALUE = 300
SEQS_PER_NOTICE = 20
"""Entries of one contribution that a notice remembers; beyond them it counts."""
WHYS_PER_NOTICE = 5
KEEP = 90 * DAY
INSTANT_EVERY = 10 * MINUTE
"""Least time between two instant mails to one person."""
REFRESH_EVERY = MINUTE
"""Assets are proved and disputed elsewhere: what is watched is read anew this often."""

DIGESTS = ("off", "daily", "weekly")
LANGUAGES = ("en", "cy")


@dataclass(frozen=True, slots=True)
class Watch:
    """What one owner watches. ``owner``: ``person:ID``, or ``hook:ID`` for a webhook; ``org`` is theirs."""

    id: str
    owner: str
    org: str
    kind: str
    value: str
    created: Instant


Why = tuple[str, str]
"""(kind of watch, what was hit): ``("assets", "192.0.2.0/24")``."""


@dataclass(slots=True)
class Hit:
    """What of one contribution, in one audience, concerns one owner."""

    owner: str
    contribution: str
    audience: int
    org: str
    at: Instant
    seqs: list[int]
    count: int
    whys: list[Why]
    thread: str = ""

    @property
    def own(self) -> bool:
        """Whether it is about the owner's own networks."""
        return any(kind in OWN for kind, _ in self.whys)


@dataclass(frozen=True, slots=True)
class Row:
    """A notice as it is kept: positions and audience, no content."""

    seq: int
    owner: str
    contribution: str
    audience: int
    org: str
    at: Instant
    seqs: tuple[int, ...]
    count: int
    whys: tuple[Why, ...]
    own: bool
    thread: str
    read: Instant | None
    mailed: Instant | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as its owner may see it now.

    ``standing`` False: it was withdrawn since, and then it holds no title, no reasons and no contributor. ``id`` is the
    sealed id of its first entry. ``thread``: the conversation that it is of, "" for none.
    """

    id: str
    standing: bool
    at: Instant
    read: Instant | None
    contribution: str = ""
    title: str = ""
    kind: str = ""
    count: int = 0
    org: str = ""
    tlp: Tlp | None = None
    whys: tuple[Why, ...] = ()
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a person wants to be told. ``quiet_from``/``quiet_to``: minutes of the local day; equal: no quiet hours.

    ``zone``: an IANA name. ``morning``: the minute of the local day from which a digest is sent.
    """

    digest: str = "daily"
    instant: bool = True
    quiet_from: int = 22 * 60
    quiet_to: int = 7 * 60
    zone: str = "Europe/London"
    language: str = "en"
    morning: int = 8 * 60


class Alerted(Protocol):
    """What an organisation was told of a proposed block (``members.assets.Alert``)."""

    @property
    def decision(self) -> str:
        """Its id."""
        ...

    @property
    def org(self) -> str:
        """Whose name it touches."""
        ...

    @property
    def name(self) -> str:
        """What would be blocked."""
        ...

    @property
    def at(self) -> Instant:
        """When the organisation was told …"""
        ...

    @property
    def seq(self) -> int:
        """… by the entry at this position …"""
        ...

    @property
    def audience(self) -> int:
        """… which its people read."""
        ...


class Threads(Protocol):
    """What notification asks of conversations."""

    def watchers(self, thread: str) -> Mapping[str, str]:
        """Return person → ``watch`` or ``mute`` of all who said something about a thread."""
        ...

    def watch(self, person: str, thread: str, state: str) -> None:
        """Let a person ``watch`` or ``mute`` a thread; "" lets it go."""
        ...


class Parties(Protocol):
    """What notification asks of the membership. Parties stay opaque ids here."""

    def viewer_of(self, party: str) -> Viewer | None:
        """Return what ``person:ID`` or ``org:ID`` sees now; None for one that is suspended, gone or not yet in."""
        ...

    def address_of(self, person: str) -> str:
        """Return a person's e-mail address, "" for none."""
        ...

    def sector_of(self, org: str) -> str:
        """Return the sector of an organisation, "" for one that is none (the hub, a pseudonym)."""
        ...
