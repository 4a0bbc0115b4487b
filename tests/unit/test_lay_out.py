"""The layout of graphs: every node within the picture, none upon another, the same each time."""

from __future__ import annotations

from itertools import combinations
from math import dist, isfinite

from hypothesis import given
from hypothesis import strategies as st

from fusioncell.picture.graph.lay_out import APART, MARGIN, lay_out, size_of


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(0, 40))
    places = st.integers(0, max(0, count - 1))
    edges = draw(st.lists(st.tuples(places, places), max_size=80)) if count else []
    return count, [(one, other) for one, other in edges if one != other]


@given(graphs())
def test_nodes_lie_within_and_apart_and_the_same_each_time(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, edges = graph
    points = lay_out(count, edges)
    assert len(points) == count and points == lay_out(count, edges)
    width, height = size_of(count)
    for x, y in points:
        assert isfinite(x) and isfinite(y)
        assert MARGIN <= x <= width - MARGIN and MARGIN <= y <= height - MARGIN
    assert all(dist(one, other) > 24 for one, other in combinations(points, 2)), APART


def test_what_is_linked_lies_nearer() -> None:
    edges = [(0, n) for n in range(1, 10)] + [(10, n) for n in range(11, 20)] + [(0, 10)]
    points = lay_out(20, edges)
    linked = [dist(points[one], points[other]) for one, other in edges]
    others = [dist(points[n], points[m]) for n in range(1, 10) for m in range(11, 20)]
    assert sum(linked) / len(linked) < 0.6 * sum(others) / len(others)


def test_a_full_graph_has_no_two_nodes_in_one_place() -> None:
    points = lay_out(500, [(0, n) for n in range(1, 500)])
    assert min(dist(one, other) for one, other in combinations(points, 2)) > 24
