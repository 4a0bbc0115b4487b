"""The frozen values of groups: what a group is, who asks to be in it, its guests, and as what a viewer stands to it.

Words kept here: a *party* is ``org:ID`` or ``person:ID``; a group's *owners* are parties too. ``open``: any member of
the partnership joins; ``request``: the owners decide; ``invitation``: the owners invite, and nobody else knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fusioncell.kernel.clock import DAY, Instant
from fusioncell.kernel.errors import BadInput

KINDS = ("sector", "region", "event", "project")
"""What a group is about."""

GUEST_ROLE = "guest"
GUEST_STAY = 14 * DAY
"""A guest stays at most so long; then the admission is renewed, or it ends."""
MOST_MEMBERS = 1000
"""Parties of one group."""
MOST_GUESTS = 50
"""Guests of one group at a time."""
MOST_OWNED = 500
"""Groups of one owner that are not closed: all members list those that are open."""
MOST_ROWS = 10_000
"""No listing is longer."""


class Openness(StrEnum):
    """How one comes into a group."""

    OPEN = "open"
    REQUEST = "request"
    INVITATION = "invitation"


class Place(StrEnum):
    """As what a viewer stands to a group; each but the last shows it."""

    MEMBER = "member"
    GUEST = "guest"
    INVITED = "invited"
    ASKED = "asked"
    OUTSIDE = "outside"


class Way(StrEnum):
    """Who wants it: the party asked to be let in, or the group invited it."""

    REQUEST = "request"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Group:
    """A circle. ``generation`` is the current one: what is posted now is for those who hold it.

    ``members``: party → the generation since which it belongs. ``open_history``: made so that those who join see what
    was posted before them; it never changes. ``owners``: who admit and decide; where none of them is a member any more,
    every member may. ``about``: the public id of what an event room was opened from, "" for none.
    """

    id: str
    name: str
    generation: int
    members: tuple[tuple[str, int], ...]
    kind: str = "sector"
    purpose: str = ""
    openness: Openness = Openness.INVITATION
    open_history: bool = False
    owners: tuple[str, ...] = ()
    about: str = ""
    created: Instant = 0
    closed: Instant | None = None

    @property
    def parties(self) -> frozenset[str]:
        """Its members, without the generations."""
        return frozenset(party for party, _ in self.members)


@dataclass(frozen=True, slots=True)
class Choice:
    """An audience that a contributor may name: ``party`` goes into :func:`kernel.marking.audience_for`."""

    party: str
    name: str
    open_history: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to join, or an invitation. ``state``: ``open``, ``declined``. ``by``: the person who wrote it."""

    group: str
    party: str
    way: Way
    message: str
    by: str
    at: Instant
    state: str = "open"


@dataclass(frozen=True, slots=True)
class Guest:
    """Someone from outside the partnership in one group, until an instant. ``host``: the member that answers for them.

    ``since``: the generation from which they hold; never an earlier one, whatever the group's history.
    """

    person: str
    org: str
    group: str
    name: str
    email: str
    organisation: str
    host: str
    host_person: str
    since: int
    at: Instant
    until: Instant
    ended: Instant | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A group as a viewer may see it. From outside: no members and no owners, but their count.

    ``leads``: may decide as its owners do. ``askings``: to those who lead, the open ones; to others, their own.
    ``guests``: to members. ``mine``: the parties of the viewer's that belong to it.
    """

    group: Group
    place: Place
    count: int
    leads: bool = False
    mine: tuple[str, ...] = ()
    askings: tuple[Asking, ...] = ()
    guests: tuple[Guest, ...] = ()


def kind_named(text: str) -> str:
    """Return the kind of group of this name; BadInput lists them."""
    kind = text.strip().lower()
    if kind not in KINDS:
        raise BadInput(f"{text[:40]!r} is no kind of group", hint=f"Use one of: {', '.join(KINDS)}.", place="kind")
    return kind


def openness_named(text: str) -> Openness:
    """Return the openness of this name; BadInput lists them."""
    try:
        return Openness(text.strip().lower())
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no way into a group", hint=f"Use one of: {', '.join(Openness)}.",
                       place="openness") from None
