"""Whether a machine's change is too large to pass alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from fusioncell.shield.fuse.model import Limits, Part, Sort


def blows(limits: Limits, names: int, done: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Tell whether the fuse stops a change.

    ``names``: in the zone now. ``done``: (added, removed) by machine within the window; ``wanted``: now. Both count
    together, so that a large change made in small steps is stopped as well, against the zone as it was before them.
    """
    before = max(names - done[0] + done[1], 0)
    most = max(limits.always, int(limits.share * before))
    if done[0] + wanted[0] > most or done[1] + wanted[1] > most:
        return True
    return before >= limits.always and 0 < names <= wanted[1]


def caught(limits: Limits, parts: Iterable[Part], names: Mapping[Sort, int], done: tuple[Collection[Sort], ...],
           wanted: Mapping[str, Sort]) -> set[str]:  # fmt: skip
    """Return those of the decisions whose blocks a machine wants to end that it may not, for the sake of a part of the
    names that is a zone of its own somewhere: too much of it would go.

    ``names``: blocked now, of each sort. ``done``: the sorts of what a machine (added, removed) within the window.
    """
    found: set[str] = set()
    for part in parts:
        gone = {one for one, sort in wanted.items() if part.takes(*sort)}
        if not gone <= found:
            now = sum(count for sort, count in names.items() if part.takes(*sort))
            added, removed = (sum(part.takes(*sort) for sort in sorts) for sorts in done)
            if blows(limits, now, (added, removed), (0, len(gone))):
                found |= gone
    return found


def back(steps: Iterable[tuple[str, bool]], published: frozenset[str]) -> tuple[list[str], list[str]]:
    """Return (to remove, to add) that bring the zone back to before these steps, which are in order.

    The first step of a name after a serial tells how it stood at it: what was added was not there,
    what was removed was.
    """
    stood: dict[str, bool] = {}
    for name, added in steps:
        stood.setdefault(name, not added)
    removed = sorted(name for name, was in stood.items() if not was and name in published)
    gone = sorted(name for name, was in stood.items() if was and name not in published)
    return removed, gone
