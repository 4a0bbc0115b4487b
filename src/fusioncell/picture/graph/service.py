"""Use cases of the graph: grow one from its starts, for one viewer.

1. The starts are nodes where the viewer sees anything of them; else they are said to be unknown, and are no nodes.
2. What is opened is taken in the order in which it was found. A value's neighbours are the newest contributions that
   name it and what it stands on; a contribution's are the values that it names first; others come from ``more``.
3. Bounds: so many neighbours of one node (a hub's others are counted), so many nodes in all. All that is left out is
   counted among what the viewer may see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from fusioncell.fusion.service import Fusion
from fusioncell.kernel.errors import BadInput, NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, Observable, canonical, type_named
from fusioncell.picture.graph.lay_out import lay_out, size_of
from fusioncell.picture.graph.model import (
    MOST_CLAIMS,
    MOST_CONTRIBUTIONS,
    MOST_NODES,
    MOST_OPEN,
    MOST_STARTS,
    MOST_VALUES,
    Edge,
    Graph,
    Link,
    Neighbours,
    Node,
    NodeKind,
)
from fusioncell.picture.service import Picture, around
from fusioncell.record.service import Record


@dataclass(slots=True)
class _Growing:
    """A graph that grows: nodes by key in the order in which they were found, edges once each."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    full: bool = False

    def add(self, node: Node) -> bool:
        """Add a node unless it is there; tell whether it is there now."""
        if node.key in self.nodes:
            return True
        if len(self.nodes) >= MOST_NODES:
            self.full = True
            return False
        self.nodes[node.key] = node
        return True


class Graphs:
    """The front door of the graph. ``more``: what else links nodes, and ``named``: what names nodes of other kinds by
    their keys; filled by ``bootstrap``."""

    def __init__(self, record: Record, picture: Picture, fusion: Fusion) -> None:
        self._record, self._picture, self._fusion = record, picture, fusion
        self.more: list[Neighbours] = []
        self.named: list[Callable[[Viewer, str], Node | None]] = []

    def grow(self, viewer: Viewer, starts: Sequence[str], opened: Iterable[str] = ()) -> Graph:
        """Return the graph that begins at these keys, with the nodes opened whose refs are given.

        Raises BadInput for a key that names nothing, and for too many.
        """
        if len(starts) > MOST_STARTS:
            raise BadInput(f"a graph begins at {MOST_STARTS} nodes at most", hint="Choose fewer.", place="start")
        graph, wanted = _Growing(), set(opened)
        unknown = []
        for key in dict.fromkeys(starts):
            node = self._node(viewer, key)
            if node is None or not graph.add(node):
                unknown.append(key)
        waiting, done = deque(graph.nodes), set(graph.nodes)
        count = 0
        while waiting and count < MOST_OPEN:
            key = waiting.popleft()
            count += 1
            for found in self._open(viewer, graph, key):
                if found not in done and graph.nodes[found].ref in wanted:
                    done.add(found)
                    waiting.append(found)
        return self._drawn(viewer, graph, unknown)

    def _node(self, viewer: Viewer, key: str) -> Node | None:
        """Return the node of a key, None where the viewer sees nothing of it."""
        kind, _, rest = key.partition(":")
        if kind == NodeKind.OBSERVABLE:
            one = _observable(rest)
            found = self._fusion.look_up(one, self._record.visible_to(viewer))
            return _of_value(one) if found is not None else None
        if kind == NodeKind.CONTRIBUTION:
            return node_of(self._picture, viewer, rest)
        for name in self.named:
            found_node = name(viewer, key)
            if found_node is not None:
                return found_node
        for each in self.more:
            linked = each.of(viewer, key)
            if linked:
                return Node(key, NodeKind(kind) if kind in set(NodeKind) else NodeKind.ENTITY, rest)
        return None

    def _open(self, viewer: Viewer, graph: _Growing, key: str) -> list[str]:
        """Open a node: add its neighbours and the edges to them; return the neighbours that are in the graph."""
        node = graph.nodes[key]
        linked, left, least = (
            self._of_observable(viewer, node.observable) if node.observable is not None
            else self._of_contribution(viewer, key.partition(":")[2]) if node.kind is NodeKind.CONTRIBUTION
            else ([], 0, False)
        )
        for each in self.more:
            linked += [(other, _edge(node, other, link)) for other, link in each.of(viewer, key)]
        inside = []
        for other, edge in linked:
            if graph.add(other):
                graph.edges[edge] = None
                inside.append(other.key)
            else:
                left += 1
        graph.nodes[key] = replace(node, opened=True, left=left, least=least)
        return inside

    def _of_observable(self, viewer: Viewer, one: Observable) -> tuple[list[tuple[Node, Edge]], int, bool]:
        audiences, key = self._record.visible_to(viewer), _key(one)
        rows = self._fusion.mentions(one, audiences, MOST_CLAIMS)
        entries = self._picture.entries_at([row[0] for row in rows])
        identifiers = dict.fromkeys(entries[row[0]].contribution for row in rows if row[0] in entries)
        linked = []
        for identifier in list(identifiers)[:MOST_CONTRIBUTIONS]:
            node = node_of(self._picture, viewer, identifier)
            if node is not None:
                linked.append((node, Edge(node.key, key, Link.NAMES)))
        for under in self._fusion.match(around(one), audiences):
            linked.append((_of_value(under), Edge(key, _key(under), Link.ON)))
        return linked, max(0, len(identifiers) - MOST_CONTRIBUTIONS), len(rows) == MOST_CLAIMS

    def _of_contribution(self, viewer: Viewer, identifier: str) -> tuple[list[tuple[Node, Edge]], int, bool]:
        found = self._picture.contribution(viewer, identifier)
        values = self._picture.sample(viewer, found, MOST_VALUES + 1)
        key = f"contribution:{identifier}"
        shown = [(_of_value(one), Edge(key, _key(one), Link.NAMES)) for one in values[:MOST_VALUES]]
        more = len(values) > MOST_VALUES
        return shown, max(0, found.mentions - MOST_VALUES) if more else 0, more

    def _drawn(self, viewer: Viewer, graph: _Growing, unknown: Sequence[str]) -> Graph:
        """Assess the values, lay all out."""
        values = [node.observable for node in graph.nodes.values() if node.observable is not None]
        known = self._fusion.match(values, self._record.visible_to(viewer))
        nodes = tuple(
            node if node.observable is None or (found := known.get(node.observable)) is None
            else replace(node, assessment=found, at=found.last or 0)
            for node in graph.nodes.values()
        )
        places = {node.key: place for place, node in enumerate(nodes)}
        edges = tuple(graph.edges)
        points = lay_out(len(nodes), [(places[edge.first], places[edge.second]) for edge in edges])
        width, height = size_of(len(nodes))
        return Graph(nodes, edges, tuple(points), width, height, graph.full, tuple(unknown))


def node_of(picture: Picture, viewer: Viewer, contribution: str) -> Node | None:
    """Return the node of a contribution, None where the viewer sees nothing of it."""
    try:
        found = picture.contribution(viewer, contribution)
    except NotFound:
        return None
    return Node(f"{NodeKind.CONTRIBUTION}:{contribution}", NodeKind.CONTRIBUTION, found.title, at=found.at,
                org=found.org, tlp=found.audience.tlp, form=found.kind, items=found.items)  # fmt: skip


def _edge(node: Node, other: Node, link: Link) -> Edge:
    """Return the edge to a neighbour; one of belonging leads from the member, whichever of the two was opened."""
    if link is Link.MEMBER and node.kind in (NodeKind.CLUSTER, NodeKind.ENTITY):
        return Edge(other.key, node.key, link)
    return Edge(node.key, other.key, link)


def _key(one: Observable) -> str:
    return f"{NodeKind.OBSERVABLE}:{one.type.value}:{one.value}"


def _of_value(one: Observable) -> Node:
    return Node(_key(one), NodeKind.OBSERVABLE, one.value, one)


def _observable(text: str) -> Observable:
    name, _, value = text.partition(":")
    try:
        return canonical(type_named(name), value)
    except BadValue as fault:
        raise BadInput(f"{text[:80]!r} names no value: {fault}", place="start") from None
