"""The investigation graph: values, the contributions that name them, and what they stand on, grown node by node.

Made anew for each look, from what its viewer may see; capped, and what was left out is said. The layout is computed
here (``lay_out``), the same for the same graph, so that a page needs no script and a print looks as the screen did.
"""

from fusioncell.picture.graph.lay_out import lay_out
from fusioncell.picture.graph.model import Edge, Graph, Link, Neighbours, Node, NodeKind
from fusioncell.picture.graph.service import Graphs, node_of

__all__ = ["Edge", "Graph", "Graphs", "Link", "Neighbours", "Node", "NodeKind", "lay_out", "node_of"]
