"""Values of clusters: the kinds of features that reports share, how much each counts, and a link with its reasons."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec

from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Audience, Tlp


class Kind(IntEnum):
    """What two reports may share. The number stands in the index."""

    __hash__ = int.__hash__  # an Enum's own is written in Python, and is asked for with every look-up

    HOST = 1
    """A full host name, as it stands."""
    DOMAIN = 2
    """The registered domain above it (below a public suffix, private ones included)."""
    ADDRESS = 3
    """An IP address."""
    SOCKET = 4
    """An IP address with a port."""
    NET = 5
    """The /24 (IPv6: /64) around an address."""
    PATH = 6
    """The path of a URL, without its query."""
    HASH = 7
    REFERENCE = 8
    """An address of a post, an article or an analysis that several reports cite."""
    THREAD = 9
    """Posts that one account wrote within the same four minutes, by the time that stands in their numbers."""
    SENDER = 10
    """A mail address."""
    OTHER = 11
    """An account, a phone number, a wallet, a mutex: any other value, as it stands."""


STRENGTH = {
    Kind.HOST: 1000, Kind.DOMAIN: 1000, Kind.ADDRESS: 1000, Kind.SOCKET: 500, Kind.NET: 500, Kind.PATH: 1000,
    Kind.HASH: 500, Kind.REFERENCE: 500, Kind.THREAD: 1000, Kind.SENDER: 1000, Kind.OTHER: 1000,
}  # fmt: skip
"""What a feature counts that one earlier report has, in thousandths. A socket comes beside its address.

Chosen on every second line of the measured corpus, and checked on the others (``docs/clusters.md``).
"""
LEAST = 250
"""Two reports that share less than this are not linked."""
STRONG = 1000
"""From here a link costs one step of the reach, below it two."""
REACH = 2
"""Steps from a cluster's head: two strong links in a row, or a weak one. What is further away is another cluster."""
CANDIDATES = 20
"""Of those that have a feature, so many are asked, the earliest: a hub's members are never compared with each other."""
HUB = 4096
"""A feature that so many earlier reports have says nothing any more."""
MAX_VALUES = 500
"""Values of one report that are looked at; what has more is a listing."""


class Feature(NamedTuple):
    """One thing that reports may share."""

    kind: Kind
    text: str


class Link(NamedTuple):
    """Why a report hangs where it does: the report that it hangs at, the steps from the head, and the weight of all
    that the two share (thousandths)."""

    to: int
    reach: int
    weight: int


class Sharers(NamedTuple):
    """Who had a feature before: how many (at most :data:`HUB`), and the earliest :data:`CANDIDATES` of them."""

    kind: Kind
    earlier: int
    first: tuple[int, ...]


ACT, UNDO = "cluster.act", "cluster.undo"
"""Kinds of the entries by which an analyst decides something of a cluster, and takes it back."""
SPLIT, JOIN, NAME = "split", "join", "name"
ACTS = (SPLIT, JOIN, NAME)
MAX_NAME, MAX_REASON = 120, 1000
MAX_PAGE = 200
MAX_SHARED = 50
"""Values that a cluster or a link shows."""


class ActBody(msgspec.Struct, frozen=True):
    """The body of an :data:`ACT` entry. ``split``: the contribution stands for itself; ``join``: it hangs at the
    ``other`` one; ``name``: its cluster is called ``name``."""

    does: str
    contribution: str
    reason: str
    other: str = ""
    name: str = ""


class UndoBody(msgspec.Struct, frozen=True):
    """The body of an :data:`UNDO` entry."""

    contribution: str
    reason: str = ""


def is_clear(audience: Audience) -> bool:
    """Tell whether the whole world may see it."""
    return audience.tlp is Tlp.CLEAR


def is_common(audience: Audience) -> bool:
    """Tell whether the whole partnership may see it."""
    return audience.tlp in (Tlp.CLEAR, Tlp.GREEN)


TIERS = (is_clear, is_common)
"""The audiences that each tier is made of: every reader of a tier sees all that it is made of."""


class Shared(NamedTuple):
    """A feature that reports share. ``weight``: what it adds to a link (thousandths); ``members``: who have it."""

    kind: Kind
    text: str
    weight: int = 0
    members: int = 0


class Member(NamedTuple):
    """A report of a cluster. ``toward``: the contribution that it hangs at, "" for the head; ``shared``: why.

    ``narrow``: it is not for all who may see the cluster, and takes no part in it.
    """

    contribution: str
    org: str
    at: Instant
    toward: str
    weight: int
    shared: tuple[Shared, ...]
    narrow: bool = False


class Decision(NamedTuple):
    """What an analyst decided of a cluster."""

    id: str
    does: str
    contribution: str
    other: str
    name: str
    reason: str
    org: str
    at: Instant
    undone_at: Instant
    undone_why: str


class Summary(NamedTuple):
    """A cluster in a list. ``id``: its head's contribution. ``sign``: the value that most of its members share."""

    id: str
    name: str
    members: int
    first: Instant
    last: Instant
    sign: Shared | None


class Cluster(NamedTuple):
    """A cluster as a viewer gets it. ``next``: after which member to go on, "" at the end."""

    summary: Summary
    members: tuple[Member, ...]
    narrow: tuple[Member, ...]
    values: tuple[Shared, ...]
    decisions: tuple[Decision, ...]
    next: str


class Related(NamedTuple):
    """A report that shares something with another. ``weight``: thousandths, by how rare it is for the viewer."""

    contribution: str
    org: str
    at: Instant
    weight: int
    values: int
