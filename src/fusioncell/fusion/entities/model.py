"""Values of entities: what an actor, a malware or a technique is called, who says so, and what links two of them.

An entity has an id of its own: the UUID of its MISP galaxy cluster, which for ATT&CK's objects is the UUID of their
STIX id too; the UUID of a contributed STIX object; a CVE's own name; of a tag that no known galaxy has, ``type=value``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from fusioncell.kernel.clock import Instant

LINK = "entity.link"
"""Kind of the entry in which an analyst says that two entities are the same, related, or different."""
UNLINK = "entity.unlink"
"""Kind of the entry that takes such a link back; its subject is the link."""
MAX_REASON = 1000
MAX_PAGE = 200
SAYS = ("same", "related", "different")


class Kind(StrEnum):
    """What an entity is."""

    ACTOR = "actor"
    MALWARE = "malware"
    TOOL = "tool"
    TECHNIQUE = "technique"
    CAMPAIGN = "campaign"
    VULNERABILITY = "vulnerability"


@dataclass(frozen=True, slots=True)
class Name:
    """A name and who uses it: a galaxy or organisation (an opaque id where ``galaxy`` is False)."""

    name: str
    by: str
    galaxy: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """An entity of the installed galaxies, as far as it is kept in memory. ``names``: its own first, then aliases.

    ``external``: its id in ATT&CK (``T1566.001``, ``G0016``), "" for none. ``tactics``: of a technique its kill chain's
    phases, ``DOMAIN:phase``. ``place``: where the galaxies' compiled block holds the whole of it, -1 where it has none.
    """

    id: str
    kind: Kind
    names: tuple[str, ...]
    galaxy: str
    external: str
    tactics: tuple[str, ...]
    place: int

    @property
    def name(self) -> str:
        """Return its own name."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as a viewer knows it.

    ``refs``: by what contributions refer to it. ``galaxy``: which one has it, "" for one that is contributed alone.
    ``tactics``: as of :class:`Known`. ``place``: in the galaxies' block, None for none.
    """

    id: str
    kind: Kind
    name: str
    names: tuple[Name, ...]
    refs: tuple[str, ...]
    galaxy: str = ""
    external: str = ""
    description: str = ""
    tactics: tuple[str, ...] = ()
    place: int | None = None
    links: tuple[str, ...] = ()
    """Web addresses that its galaxy or contributors cite."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How often the viewer sees something referred to: contributions, first and last acceptance (µs)."""

    count: int
    first: Instant
    last: Instant


@dataclass(frozen=True, slots=True)
class Row:
    """An entity in a list. ``seen`` is None where no contribution that the viewer sees refers to it."""

    id: str
    kind: Kind
    name: str
    galaxy: str
    external: str
    aliases: int
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: rows, and the place where the next page begins (0: there is none)."""

    rows: tuple[Row, ...]
    next: int
    total: int


@dataclass(frozen=True, slots=True)
class Report:
    """A contribution that refers to an entity. ``how``: by which kinds of reference (``id tag name``)."""

    contribution: str
    org: str
    at: Instant
    audience: int
    how: tuple[str, ...]


class Strength(StrEnum):
    """How far evidence that two entities are one goes. None of them joins anything by itself."""

    STATED = "stated"
    """A galaxy says that they are similar."""
    STRONG = "strong"
    """One's own name is the other's, and no third entity goes by a name of either."""
    WEAK = "weak"
    """They share an alias that others share too, or behaviour, or infrastructure."""
    APART = "apart"
    """They share a name, and a galaxy that has both keeps them apart: most likely two."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two entities that may be one, with what speaks for it.

    ``names``: shared names. ``techniques``: ids of shared ATT&CK techniques, of which the two have ``of`` together.
    ``values``: shared observables, as text. ``rivals``: names of others that go by a shared name.
    """

    other: str
    kind: Kind
    name: str
    galaxy: str
    strength: Strength
    names: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    of: int = 0
    values: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()


class LinkBody(msgspec.Struct, frozen=True):
    """The body of a :data:`LINK` entry. ``says``: one of :data:`SAYS`."""

    a: str
    b: str
    says: str
    reason: str


class UnlinkBody(msgspec.Struct, frozen=True):
    """The body of an :data:`UNLINK` entry."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """What an analyst said of two entities, and whether it still holds. ``other``: the one that is not asked about."""

    id: str
    other: str
    says: str
    reason: str
    org: str
    at: Instant
    audience: int
    undone_at: Instant = 0
    undone_by: str = ""
    undone_why: str = ""


class Technique(msgspec.Struct, frozen=True):
    """An ATT&CK technique, for whoever shows one: id, entity, name as people say it (a sub-technique's with its own).

    ``parent``: the id of the technique that it is part of, "" for none. ``tactics``: as of :class:`Known`.
    """

    id: str
    entity: str
    name: str
    parent: str = ""
    tactics: tuple[str, ...] = ()
