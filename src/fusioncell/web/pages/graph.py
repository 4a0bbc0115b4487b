"""The investigation graph's page: drawn by the server, each node a link that opens it, beside a table of the same."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import guess
from fusioncell.picture.graph import Graph, Link, Node, NodeKind
from fusioncell.picture.graph.model import MOST_STARTS
from fusioncell.picture.triage import key_of
from fusioncell.web.pages.frame import FORM, Asked, Page, fault_on, form_of, page, see_other, ticked_of
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, contribution_title, label_of, mark_of, observable_href, printed
from fusioncell.web.words import N_, Words

LONGEST = 12_000
"""Bytes of an address that browsers and proxies carry."""
LABELLED = 60
"""A graph of more nodes prints the names of opened nodes alone; the others' stand in their titles and in the table."""
LONGEST_LABEL = 26
MOST_DAYS = 60
KINDS = {NodeKind.CONTRIBUTION: N_("Contribution"), NodeKind.CLUSTER: N_("Cluster"),
         NodeKind.ENTITY: N_("Actor, malware, technique or the like")}  # fmt: skip
SAYS = {Link.NAMES: N_("names"), Link.ON: N_("stands on"), Link.MEMBER: N_("belongs to")}


def drawing_href(starts: list[str], opened: list[str] | None = None) -> str:
    """Return the address of a graph. BadInput where it is longer than an address can be."""
    asked = [("start", one) for one in starts] + [("opened", one) for one in opened or ()]
    path = f"/graph?{urlencode(asked)}" if asked else "/graph"
    if len(path) > LONGEST:
        raise BadInput("that is too much for one drawing", hint="Choose fewer, or shorter, values.", place="q")
    return path


def _title(node: Node) -> str:
    if node.observable is not None:
        return printed(node.observable)
    if node.kind is NodeKind.CONTRIBUTION:
        return contribution_title(node.title, node.form, node.items)
    return node.title


def _href(node: Node) -> str:
    if node.observable is not None:
        return observable_href(node.observable)
    kind, _, which = node.key.partition(":")
    return f"/{kind}s/{quote(which, safe='')}" if kind != "entity" else f"/entities/{quote(which, safe='')}"


def _left(node: Node) -> Words | None:
    if not node.left and not node.least:
        return None
    if node.least and not node.left:
        return N_("there are more")
    return N_("{count} more is not drawn", "{count} more are not drawn", node.left)


class _View:
    """Makes the views of one graph's nodes."""

    def __init__(self, graph: Graph, starts: list[str], opened: list[str], names: Names) -> None:
        self._graph, self._starts, self._opened, self._names = graph, starts, opened, names
        self._links: dict[str, list[str]] = {}
        titles = {node.key: _title(node) for node in graph.nodes}
        for edge in graph.edges:
            self._links.setdefault(edge.first, []).append(titles[edge.second])
            self._links.setdefault(edge.second, []).append(titles[edge.first])

    def node(self, node: Node, at: tuple[float, float]) -> View:
        kind = KINDS.get(node.kind, KINDS[NodeKind.CONTRIBUTION])
        level, words = mark_of(node.assessment) if node.observable is not None else ("none", kind)
        title, links = _title(node), self._links.get(node.key, [])
        few = len(self._graph.nodes) <= LABELLED or node.opened
        return {
            "ref": node.ref, "key": node.key, "kind": node.kind.value, "x": at[0], "y": at[1], "level": level,
            "words": words, "title": title, "href": _href(node), "opened": node.opened,
            "type": label_of(node.observable.type) if node.observable is not None else kind,
            "label": title if len(title) <= LONGEST_LABEL else f"{title[: LONGEST_LABEL - 1]}…" if few else "",
            "labelled": few, "open": None if node.opened else self._opening(node), "left": _left(node),
            "org": self._names.organisation(node.org) if node.org else "", "tlp": node.tlp.value if node.tlp else None,
            "at": node.at or None, "links": links[:5], "count": len(links),
        }  # fmt: skip

    def _opening(self, node: Node) -> str | None:
        try:
            return f"{drawing_href(self._starts, [*self._opened, node.ref])}#n-{node.ref}"
        except BadInput:
            return None


def strip_of(instants: list[int]) -> View | None:
    """Make the strip of a timeline: contributions a day, oldest first, up to the last that holds any; None for none."""
    days = sorted(at // DAY for at in instants)
    if not days:
        return None
    last, first = days[-1], max(days[0], days[-1] - MOST_DAYS + 1)
    series = [sum(day == each for day in days) for each in range(first, last + 1)]
    return {"series": series, "from": first * DAY, "to": last * DAY, "before": sum(day < first for day in days)}


def timeline_of(graph: Graph, names: Names) -> list[View]:
    """Return the contributions of a graph, newest first."""
    found = [node for node in graph.nodes if node.kind is NodeKind.CONTRIBUTION]
    return [
        {"at": node.at, "kind": "context", "text": _title(node), "org": names.organisation(node.org),
         "tlp": node.tlp.value if node.tlp else None, "href": _href(node)}
        for node in sorted(found, key=lambda node: (-node.at, node.key))
    ]  # fmt: skip


def starts_in(text: str) -> list[str]:
    """Return the keys of the values in a text, line by line or word by word, in any defanged form."""
    found = dict.fromkeys(one for part in text.replace(",", " ").replace(";", " ").split()
                          if (one := guess(part)) is not None)  # fmt: skip
    return [key_of(one) for one in found]


@get("/graph", opt={"permission": "search", "query": frozenset({"start", "opened", "q"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def show(request: Asked, hub: Hub, viewer: Viewer, start: list[str] | None = None, opened: list[str] | None = None,
         q: Annotated[str, Parameter(max_length=8192)] = "") -> Page:
    """Draw a graph, or ask where it begins."""
    starts = [*(start or ()), *starts_in(q)][:MOST_STARTS]
    names = Names(hub, viewer)
    if not starts:
        wrong = {"field": "graph-q", "text": N_("There is no name, address, hash or other value in this.")}
        return page(request, "graph/index.html", here="workbench", graph=None, errors=(wrong,) if q.strip() else (),
                    typed=q, most=MOST_STARTS)  # fmt: skip
    graph = hub.graphs.grow(viewer, starts, opened or ())
    view = _View(graph, starts, opened or [], names)
    nodes = [view.node(node, at) for node, at in zip(graph.nodes, graph.positions, strict=True)]
    at = {node["key"]: (node["x"], node["y"]) for node in nodes}
    events = timeline_of(graph, names)
    return page(
        request, "graph/index.html", here="workbench", typed="", most=MOST_STARTS,
        graph={
            "nodes": nodes, "width": graph.width, "height": graph.height, "full": graph.full,
            "edges": [{"x1": at[edge.first][0], "y1": at[edge.first][1], "x2": at[edge.second][0],
                       "y2": at[edge.second][1], "on": edge.link is Link.ON} for edge in graph.edges],
            "unknown": [key.partition(":")[2] for key in graph.unknown],
            "events": events[:100], "strip": strip_of([event["at"] for event in events]),
            "takeable": [node["key"] for node in nodes if node["kind"] == "observable"],
        },
    )  # fmt: skip


@post("/graph/draw", opt={"permission": "search", **FORM}, include_in_schema=False)
async def draw(request: Asked, viewer: Viewer) -> Page:
    """Lead from ticked items to their drawing."""
    await form_of(request)
    keys = await ticked_of(request)
    starts = [key for key in keys if key.startswith("observable:")][:MOST_STARTS]
    try:
        return see_other(drawing_href(starts))
    except BadInput as fault:
        return page(request, "graph/index.html", here="workbench", graph=None, errors=(fault_on("graph-q", fault),),
                    code=fault.status, typed="", most=MOST_STARTS)  # fmt: skip


HANDLERS = (show, draw)
"""The graph's page."""
