"""Find what rises among mentions: what most contributors name, then what is named most, then what came last. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any


def rises_in(mentions: Iterable[Sequence[Any]], limit: int) -> list[tuple[int, int, int]]:
    """Return (observable, contributors, mentions) of those that rise most, from mentions that come newest first.

    A mention is (observable's number, contributor, …).
    """
    orgs: dict[int, set[str]] = {}
    times: dict[int, int] = {}
    for observable, org, *_ in mentions:
        if observable in times:
            times[observable] += 1
            orgs[observable].add(org)
        else:
            times[observable] = 1
            orgs[observable] = {org}
    # A dict keeps the order in which the keys came, so the newest stands first among equals.
    order = {observable: place for place, observable in enumerate(times)}
    most = nsmallest(limit, times, key=lambda one: (-len(orgs[one]), -times[one], order[one]))
    return [(one, len(orgs[one]), times[one]) for one in most]
