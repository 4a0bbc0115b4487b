"""The values of the investigation graph, and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Protocol

from fusioncell.fusion.model import Assessment
from fusioncell.kernel.clock import Instant
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable

MOST_NODES = 500
MOST_OPEN = 40
"""Nodes that are opened in one graph, those that it starts from included."""
MOST_STARTS = 20
MOST_CLAIMS = 200
"""Newest claims about a value from which its contributions are found."""
MOST_CONTRIBUTIONS = 25
"""Contributions shown of one value: a hub's others are counted, not drawn."""
MOST_VALUES = 40
"""Values shown of one contribution."""


class NodeKind(StrEnum):
    """What a node is. Further kinds come through :class:`Neighbours`."""

    OBSERVABLE = "observable"
    CONTRIBUTION = "contribution"
    CLUSTER = "cluster"
    ENTITY = "entity"


class Link(StrEnum):
    """What an edge says, from its first node to its second."""

    NAMES = "names"
    """The contribution names the value."""
    ON = "on"
    """The value stands on the other: a URL on its host, a name on the registered one."""
    MEMBER = "member"
    """It belongs to the cluster or the entity."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node. ``key`` names it (``observable:domain-name:evil.example``, ``contribution:ID``); ``at``: when it came, of
    a value when it was last named. ``org``, ``tlp``, ``form`` (its entries' kind), ``items``: of a contribution.

    ``opened``: its neighbours are shown; ``left``: how many of them are not (``least``: at least so many).
    """

    key: str
    kind: NodeKind
    title: str = ""
    observable: Observable | None = None
    assessment: Assessment | None = None
    at: Instant = 0
    org: str = ""
    tlp: Tlp | None = None
    form: str = ""
    items: int = 0
    opened: bool = False
    left: int = 0
    least: bool = False

    @property
    def ref(self) -> str:
        """A short name of the node within a graph's address."""
        return ref_of(self.key)


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge between two nodes, by their keys."""

    first: str
    second: str
    link: Link


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph. ``positions``: (x, y) of each node in ``width`` × ``height``, in the order of the nodes.

    ``full``: nodes were left out as the whole is full.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    positions: tuple[tuple[float, float], ...]
    width: int
    height: int
    full: bool = False
    unknown: tuple[str, ...] = ()
    """Starts of which the viewer sees nothing."""


class Neighbours(Protocol):
    """What else a node is linked to (clusters, entities), for one viewer; joined in ``bootstrap``."""

    def of(self, viewer: Viewer, key: str) -> list[tuple[Node, Link]]:
        """Return the neighbours of a node that the viewer may see, and how they are linked; [] for none."""
        ...


def ref_of(key: str) -> str:
    """Return the short name of a key: 12 hex digits."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
