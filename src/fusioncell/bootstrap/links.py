"""Links of the graph to rooms that it does not know: clusters, and actors, malware, techniques, vulnerabilities."""

from __future__ import annotations

from fusioncell.fusion.clusters import Summary
from fusioncell.fusion.clusters.service import Clusters
from fusioncell.fusion.entities import Entities
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.refang import defang
from fusioncell.picture.graph import Link, Node, NodeKind, node_of
from fusioncell.picture.graph.model import MOST_CONTRIBUTIONS
from fusioncell.picture.service import Picture

_CVE = "vulnerability:"


class ClusterLinks:
    """Clusters among the nodes of the graph, with their reports."""

    def __init__(self, clusters: Clusters, picture: Picture) -> None:
        self._clusters, self._picture = clusters, picture

    def node(self, viewer: Viewer, key: str) -> Node | None:
        """Return the node of a cluster's key, None for what is no cluster that the viewer sees."""
        kind, _, which = key.partition(":")
        found = self._clusters.of(viewer, which) if kind == NodeKind.CLUSTER else None
        return None if found is None else _cluster(found)

    def of(self, viewer: Viewer, key: str) -> list[tuple[Node, Link]]:
        """Return the cluster of a contribution, or the newest reports of a cluster."""
        kind, _, which = key.partition(":")
        if kind == NodeKind.CONTRIBUTION:
            found = self._clusters.of(viewer, which)
            return [] if found is None else [(_cluster(found), Link.MEMBER)]
        if kind != NodeKind.CLUSTER:
            return []
        try:
            whole = self._clusters.one(viewer, which, limit=MOST_CONTRIBUTIONS)
        except NotFound:
            return []
        ids = [one.contribution for one in (*whole.members, *whole.narrow)][:MOST_CONTRIBUTIONS]
        return [(node, Link.MEMBER) for one in ids if (node := node_of(self._picture, viewer, one)) is not None]


class EntityLinks:
    """Actors, malware, techniques and the like among the nodes of the graph, with what refers to them."""

    def __init__(self, entities: Entities, picture: Picture) -> None:
        self._entities, self._picture = entities, picture

    def node(self, viewer: Viewer, key: str) -> Node | None:
        """Return the node of an entity's key, None for what is no entity to which the viewer sees a reference."""
        kind, _, which = key.partition(":")
        if kind != NodeKind.ENTITY:
            return None
        try:
            found = self._entities.one(viewer, which)
        except NotFound:
            return None
        return Node(f"{NodeKind.ENTITY}:{found.id}", NodeKind.ENTITY, found.name)

    def of(self, viewer: Viewer, key: str) -> list[tuple[Node, Link]]:
        """Return the entities that a contribution refers to, or the newest contributions that refer to an entity."""
        kind, _, which = key.partition(":")
        if kind == NodeKind.OBSERVABLE and which.startswith(_CVE):
            return self._flaw(viewer, which.removeprefix(_CVE))
        if kind == NodeKind.CONTRIBUTION:
            return [(Node(f"{NodeKind.ENTITY}:{one.id}", NodeKind.ENTITY, one.name), Link.MEMBER)
                    for one in self._entities.of_contribution(viewer, which)[:MOST_CONTRIBUTIONS]]  # fmt: skip
        if kind != NodeKind.ENTITY:
            return []
        try:
            found = self._entities.one(viewer, which)
        except NotFound:
            return []
        ids = [one.contribution for one in self._entities.reports(viewer, found, limit=MOST_CONTRIBUTIONS)]
        return [(node, Link.MEMBER) for one in ids if (node := node_of(self._picture, viewer, one)) is not None]

    def _flaw(self, viewer: Viewer, cve: str) -> list[tuple[Node, Link]]:
        """Return the vulnerability that a CVE is: contributions refer to it that do not name it as a value."""
        found = self._entities.one(viewer, cve)
        seen = self._entities.seen(viewer, found)
        return [(Node(f"{NodeKind.ENTITY}:{found.id}", NodeKind.ENTITY, found.name), Link.MEMBER)] if seen else []


def _cluster(found: Summary) -> Node:
    sign = defang(found.sign.text) if found.sign else ""
    return Node(f"{NodeKind.CLUSTER}:{found.id}", NodeKind.CLUSTER, found.name or sign or found.id, items=found.members)
