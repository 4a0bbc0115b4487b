"""A thread as a tree: answers under what they answer, each branch in order of time. Pure.

Only what the viewer sees takes part: an answer to a post that is hidden, gone or on another page stands at the top, as
it would if that post had never been (DESIGN rule 5).
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_DEPTH = 20
"""Deeper answers stand at this depth, in order."""


def in_tree(posts: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Return (post, its seen parent or "", depth) in the order of the tree, of (post, parent, place in time)."""
    rows = sorted(posts, key=_place)
    seen = {post: place for post, _, place in rows}
    children: dict[str, list[str]] = {}
    parent_of: dict[str, str] = {}
    for post, parent, place in rows:
        # An answer comes after what it answers: so no circle can be told, whatever an entry says.
        above = parent if seen.get(parent, place) < place else ""
        parent_of[post] = above
        children.setdefault(above, []).append(post)
    order: list[tuple[str, str, int]] = []
    waiting = [(post, 0) for post in reversed(children.get("", []))]
    while waiting:
        post, depth = waiting.pop()
        order.append((post, parent_of[post], min(depth, MAX_DEPTH)))
        waiting += [(child, depth + 1) for child in reversed(children.get(post, []))]
    return order


def _place(row: tuple[str, str, int]) -> int:
    return row[2]
