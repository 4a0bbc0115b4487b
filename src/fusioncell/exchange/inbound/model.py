"""The frozen values of inbound feeds, and what a pull may want of the world."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

from fusioncell.kernel.clock import HOUR, MINUTE, Instant
from fusioncell.kernel.errors import Unavailable
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.ports import WebAnswer

SHORTEST = 5 * MINUTE
LONGEST = 31 * 24 * HOUR
MOST_FEEDS = 500
FORMATS = ("", "csv", "list", "text", "stix", "misp", "jsonl")
"""What a file may be said to hold; "": the content decides."""
GRADES = ("", "A", "B", "C", "D", "E", "F")
"""Admiralty reliability; "": what is known of the contributor."""


class Kind(StrEnum):
    """What a source speaks."""

    FILE = "file"
    """One address: CSV, a plain list, text, JSON lines, a STIX bundle, a MISP event."""
    MISP = "misp"
    """A MISP feed: ``manifest.json`` and events beside it."""
    TAXII = "taxii"
    """A collection of a TAXII 2.1 server."""
    MISP_SERVER = "misp-server"
    """A MISP, by its own sync protocol: pulled, and pushed to where an agreement says so."""
    HUB = "hub"
    """Another Fusion Cell, by TAXII, with recall (``exchange.federation``)."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the operators want of a feed. ``every``: µs between two pulls. ``groups``: readers of what is AMBER.

    ``tlp``: the marking of what carries none; ``at_least``: of all ("" for none). ``collection``: its id, alias or
    title where the address is a TAXII server's or an API root.
    """

    name: str
    url: str
    kind: Kind = Kind.FILE
    format: str = ""
    every: int = HOUR
    tlp: Tlp = Tlp.GREEN
    at_least: Tlp | None = None
    groups: tuple[str, ...] = ()
    grade: str = ""
    collection: str = ""
    homepage: str = ""
    push: Tlp | None = None
    """Of a MISP: what is pushed to it is marked no more strictly than this; None: nothing is pushed."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed. ``org``: the organisation that stands for it; ``owner``: the one that answers for it.

    ``known``: its key in the catalogue, "" for one of the operators' own. ``secret``: whether it has credentials.
    """

    id: str
    wanted: Wanted
    org: str
    owner: str
    author: str
    created: Instant
    enabled: bool
    known: str = ""
    secret: bool = False

    @property
    def kind(self) -> Kind:
        """What it speaks."""
        return self.wanted.kind


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a feed is. Instants are 0 for never; ``digest`` is of the last body, ``day`` of the last new listing.
    ``behind``: what is known to wait there (events, pages); ``more``: it is pulled at once.
    ``last_items``: what the last pull brought.
    """

    cursor: str = ""
    etag: str = ""
    modified: str = ""
    digest: str = ""
    address: str = ""
    day: Instant = 0
    tried: Instant = 0
    succeeded: Instant = 0
    changed: Instant = 0
    failures: int = 0
    fault: str = ""
    hint: str = ""
    note: str = ""
    behind: int = 0
    more: bool = False
    pulls: int = 0
    requests: int = 0
    items: int = 0
    faults: int = 0
    last_items: int = 0
    last_requests: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A feed with how far it is. ``due``: when it is pulled next. ``lag``: µs since it was last seen whole, -1: never.

    ``late``: it is enabled, and that is longer ago than two of its intervals.
    """

    feed: Feed
    progress: Progress
    due: Instant
    lag: int
    late: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A pull wants an address asked. ``conditional``: only if it has changed since the last pull."""

    url: str
    accept: str = "*/*"
    conditional: bool = False
    method: str = "GET"
    body: bytes = b""
    """JSON that is sent along, by another method than GET."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind an object of another hub: whose contribution, the hubs that it came over, the last first."""

    contribution: str
    hops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """A pull learnt that something was withdrawn there: (contribution there, ids of its objects)."""

    told: tuple[tuple[str, tuple[str, ...]], ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Give:
    """A pull has something to keep. ``mark``: (name, version) by which it is known as taken, ``cursor``: how far it is.

    ``rows``: it is a listing, whose rows are remembered; ``behind``: of another hub, what of it is taken, by its id.
    ``media``: a media type, "" where the content decides.
    """

    body: bytes
    media: str
    filename: str
    mark: tuple[str, int] | None = None
    cursor: str = ""
    rows: bool = False
    behind: Mapping[str, Behind] | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A MISP's peer has kept something, or something was sent: ``mark`` is noted, ``taken`` counted."""

    taken: Taken
    mark: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a :class:`Give`: items kept, faults listed, and why nothing could be taken ("" if it could)."""

    items: int
    faults: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pull ended. ``changed``: the source had something else than last time; ``note``: for operators.

    ``address``: where a TAXII server's collection was found. ``cursor`` "": as it was. ``more``: it goes on at once.
    """

    changed: bool = True
    cursor: str = ""
    digest: str = ""
    behind: int = 0
    note: str = ""
    address: str = ""
    more: bool = False


T = TypeVar("T")
Steps = Generator[Ask | Give | Drop | Noted, WebAnswer | Taken, T]
Pull = Steps[Outcome]
"""A pull: yields what it wants, is sent what became of it, returns how it ended. Raises FusionCellError."""


class Peer(Protocol):
    """What of the hub a MISP's pull and push need, as the feed sees it (``exchange.misp.peer``)."""

    def known(self, asked: Mapping[str, int]) -> set[str]:
        """Return which events (uuid → timestamp) are not to be had: here as new, or here from their own origin."""
        ...

    def take_event(self, event: Mapping[str, Any]) -> tuple[int, int, str]:
        """Keep an event as it stands there now: what is gone from it is withdrawn here.

        Returns things kept, faults, and why it is refused, "" where it is not.
        """
        ...

    def take_sightings(self, rows: Sequence[Any]) -> int:
        """Keep sightings that are not here yet; return how many."""
        ...

    def take_proposals(self, rows: Sequence[Any]) -> int:
        """Keep proposals that are not here yet; return how many."""
        ...

    def wanted_notes(self, listed: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return which notes (model → uuid → when changed) are new or newer, by model."""
        ...

    def take_notes(self, rows: Sequence[Any]) -> int:
        """Keep notes, opinions and relationships; return how many."""
        ...

    def wanted_clusters(self, listed: Sequence[Any]) -> list[str]:
        """Return which clusters (uuid, version) are new or newer."""
        ...

    def take_clusters(self, rows: Sequence[Any]) -> int:
        """Keep members' clusters of a MISP; return how many."""
        ...

    def outgoing(self, ceiling: Tlp, had: Mapping[str, int]) -> tuple[list[tuple[str, int]], list[str]]:
        """Return the events to push (uuid, timestamp), and those pushed before that may not be there any more."""
        ...

    def sent(self, ceiling: Tlp, event: str) -> dict[str, Any] | None:
        """Return an event as it is sent; None where it does not leave."""
        ...

    def sent_sightings(self, ceiling: Tlp, had: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
        """Return event → sightings to push."""
        ...


class Refused(Unavailable):
    """The source answered with an error. ``wait``: µs that it asks to be left alone, 0 where it does not say."""

    def __init__(self, detail: str, *, hint: str, wait: int = 0) -> None:
        super().__init__(detail, hint=hint)
        self.wait = wait
