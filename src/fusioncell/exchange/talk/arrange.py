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
    seen = {post for post, _, _ in rows}
    children: dict[str, list[str]] = {}
    for post, parent, _ in rows:
        children.setdefault(parent if parent in seen else "", []).append(post)
    order: list[tuple[str, str, int]] = []
    told: set[str] = set()
    # Whatever entries say, each post comes once: of a circle, the first in time stands at the top.
    waiting = [(post, "", 0) for post in [*(post for post, _, _ in reversed(rows)), *reversed(children.get("", []))]]
    while waiting:
        post, above, depth = waiting.pop()
        if post not in told:
            told.add(post)
            order.append((post, above, min(depth, MAX_DEPTH)))
            waiting += [(child, post, depth + 1) for child in reversed(children.get(post, []))]
    return order


def _place(row: tuple[str, str, int]) -> int:
    return row[2]
