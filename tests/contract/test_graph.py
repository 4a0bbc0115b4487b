"""The investigation graph on both databases: what it shows, to whom, and where it stops."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from databases import START
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.graph import Graph, Link, Node, NodeKind
from fusioncell.picture.graph.model import MOST_CONTRIBUTIONS, MOST_NODES, MOST_VALUES, ref_of

EVIL = "observable:domain-name:evil.example"


class World:
    """Ada and Bo of two members, and what they say."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.viewers: dict[str, Viewer] = {}
        for name in ("Ada", "Bo"):
            org = hub.members.add_organisation(f"Org of {name}", "finance", "industry")
            viewer = hub.members.operator_viewer(org.id)
            assert viewer is not None
            self.viewers[name] = viewer
        hub.settle()

    def say(self, name: str, *values: str, tlp: Tlp = Tlp.GREEN) -> str:
        self.clock.advance(MINUTE)
        body = "value\n" + "".join(f"{value}\n" for value in values)
        made = self.hub.intake.accept(self.viewers[name], body.encode(), "text/csv", Terms(tlp, ()))
        self.hub.settle()
        return f"contribution:{made.contribution}"

    def grow(self, name: str, *starts: str, opened: tuple[str, ...] = ()) -> Graph:
        return self.hub.graphs.grow(self.viewers[name], starts or (EVIL,), [ref_of(key) for key in opened])


@pytest.fixture
def world(open_again: Callable[..., Hub]) -> World:
    clock = ManualClock(START)
    return World(open_again(clock, SeededRandomness(5)), clock)


def keys(graph: Graph) -> list[str]:
    return [node.key for node in graph.nodes]


def node_of(graph: Graph, key: str = EVIL) -> Node:
    return next(node for node in graph.nodes if node.key == key)


def test_a_value_opens_to_who_names_it_and_those_to_what_else_they_name(world: World) -> None:
    one = world.say("Ada", "evil.example", "other.example")
    two = world.say("Bo", "evil.example")
    graph = world.grow("Bo")
    assert keys(graph) == [EVIL, two, one]
    assert {(edge.first, edge.second) for edge in graph.edges} == {(one, EVIL), (two, EVIL)}
    grown = world.grow("Bo", opened=(one,))
    # The two share a value, so they are one cluster, named after its first report.
    assert keys(grown)[3:] == ["observable:domain-name:other.example", one.replace("contribution:", "cluster:")]
    assert node_of(grown, one).opened and node_of(grown).assessment is not None
    assert len(grown.positions) == 5 and grown == world.grow("Bo", opened=(one,))


def test_a_url_stands_on_its_host(world: World) -> None:
    world.say("Ada", "http://a.evil.example/x")
    world.say("Bo", "a.evil.example")
    graph = world.grow("Ada", "observable:url:http://a.evil.example/x")
    assert ("observable:url:http://a.evil.example/x", "observable:domain-name:a.evil.example", Link.ON) in {
        (edge.first, edge.second, edge.link) for edge in graph.edges}  # fmt: skip


def test_what_is_hidden_leaves_no_trace(world: World) -> None:
    world.say("Ada", "evil.example")
    before = world.grow("Ada")
    inner = world.say("Bo", "evil.example", "inner.example", tlp=Tlp.AMBER_STRICT)
    world.clock.advance(-MINUTE)
    assert world.grow("Ada") == before
    hidden = world.grow("Ada", inner, "observable:domain-name:inner.example")
    assert hidden.nodes == () and hidden.unknown == (inner, "observable:domain-name:inner.example")
    assert inner in keys(world.grow("Bo"))


def test_hubs_are_capped_and_say_so(world: World) -> None:
    for number in range(MOST_CONTRIBUTIONS + 5):
        world.say("Ada", "evil.example", f"with{number}.example")
    big = world.say("Bo", *(f"n{n}.example" for n in range(MOST_VALUES + 30)))
    graph = world.grow("Bo", EVIL, big)
    assert node_of(graph).left == 5 and not node_of(graph).least
    assert (node_of(graph, big).left, node_of(graph, big).least) == (30, True)
    assert len(graph.nodes) <= MOST_NODES and not graph.full


def test_what_cannot_be_a_start_is_refused(world: World) -> None:
    with pytest.raises(BadInput):
        world.grow("Ada", "observable:domain-name:not a name")
    with pytest.raises(BadInput):
        world.grow("Ada", *(f"observable:domain-name:n{n}.example" for n in range(21)))
    assert world.grow("Ada", "nothing:at-all").unknown == ("nothing:at-all",)


def test_other_rooms_add_their_neighbours(world: World) -> None:
    world.say("Ada", "evil.example")
    cluster = Node("cluster:c1", NodeKind.CLUSTER, "Parcels")

    class Clusters:
        def of(self, viewer: Viewer, key: str) -> list[tuple[Node, Link]]:
            return [(cluster, Link.MEMBER)] if key == EVIL else []

    world.hub.graphs.more.append(Clusters())
    assert "cluster:c1" in keys(world.grow("Ada"))
