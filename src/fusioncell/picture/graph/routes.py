"""HTTP operations of the graph."""

from __future__ import annotations

from typing import Any

from litestar import get

from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import key64
from fusioncell.picture.graph.model import Graph, Node
from fusioncell.picture.graph.service import Graphs


def _node(node: Node, at: tuple[float, float]) -> dict[str, Any]:
    found = node.assessment
    return {
        "key": node.key, "ref": node.ref, "kind": node.kind.value, "title": node.title, "x": at[0], "y": at[1],
        "at": format_instant(node.at) if node.at else None, "organisation": node.org or None,
        "tlp": node.tlp.value if node.tlp else None, "malicious": round(found.malicious, 4) if found else None,
        "opened": node.opened, "left_out": node.left, "at_least": node.least,
    }  # fmt: skip


def graph_json(graph: Graph) -> dict[str, Any]:
    """Return a graph as JSON values."""
    return {
        "nodes": [_node(node, at) for node, at in zip(graph.nodes, graph.positions, strict=True)],
        "edges": [{"from": edge.first, "to": edge.second, "says": edge.link.value} for edge in graph.edges],
        "width": graph.width, "height": graph.height, "full": graph.full, "unknown": list(graph.unknown),
    }  # fmt: skip


@get("/api/graph", tags=["picture"], opt={"permission": "search"}, sync_to_thread=True,
     summary="A graph of values and contributions")  # fmt: skip
def graph(graphs: Graphs, viewer: Viewer, handed: Handed, start: list[str],
          opened: list[str] | None = None) -> dict[str, Any]:  # fmt: skip
    """Grow a graph from up to 20 nodes (``observable:TYPE:VALUE``, ``contribution:ID``), with the nodes opened whose
    ``ref`` is given; laid out, capped, and saying what was left out."""
    grown = graphs.grow(viewer, start, opened or ())
    handed.out([key64(node.observable) for node in grown.nodes if node.observable is not None])
    handed.out([node.key.partition(":")[2] for node in grown.nodes if node.observable is None])
    return graph_json(grown)


HANDLERS = (graph,)
"""The package's doors."""
