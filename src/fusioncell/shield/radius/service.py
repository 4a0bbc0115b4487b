"""Use cases of the blast radius: gather what stands around a name, for one viewer, by index alone.

Each query is over the audiences that the viewer sees. What organisations protect is no part of it: nobody reads which
names those are, and that one is touched stands among the guards of a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fusioncell.fusion import ground
from fusioncell.fusion.service import Fusion
from fusioncell.kernel.clock import DAY
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, registered_domain
from fusioncell.kernel.ports import Connection, Database
from fusioncell.record.service import Record
from fusioncell.shield.guards import above
from fusioncell.shield.guards.model import MANY
from fusioncell.shield.guards.service import Guards
from fusioncell.shield.radius import store
from fusioncell.shield.radius.model import (
    DAYS,
    FEW_BELOW,
    MOST_ADDRESSES,
    MOST_BELOW,
    MOST_BESIDE,
    NAMED,
    Host,
    Radius,
)
from fusioncell.shield.radius.reckon import circle, lists_of
from fusioncell.shield.radius.stated import HOPS, NODE


class Radii:
    """The front door of the package."""

    def __init__(self, record: Record, projections: Database, fusion: Fusion, guards: Guards) -> None:
        self._record, self._projections = record, projections
        self._fusion, self._guards = fusion, guards
        self._sizes = {one.name: one.entries for one in fusion.known_good.lists}

    def of(self, viewer: Viewer, name: str) -> Radius:
        """Return what a block of a name would take with it, as the viewer may know it. BadInput for what is no name."""
        try:
            asked = canonical(ObservableType.DOMAIN, name).value
        except BadValue:
            raise BadInput("that is no domain name", hint="Write it as shop.example.", place="name") from None
        return self._around(viewer, asked, MOST_BELOW, beside=True)

    def glances(self, viewer: Viewer, names: Sequence[str]) -> list[Radius]:
        """Return the same of many names, in order, in short: fewer names are looked at below each, none beside."""
        return [self._around(viewer, name, FEW_BELOW, beside=False) for name in names]

    def _around(self, viewer: Viewer, name: str, most: int, *, beside: bool) -> Radius:
        seen, known = self._record.visible_to(viewer), self._fusion.known_good
        one, over = Observable(ObservableType.DOMAIN, name), registered_domain(name) or ""
        lists, others = lists_of(known.hits(one), self._sizes)
        over = "" if over == name else over
        over_lists = lists_of(known.hits(Observable(ObservableType.DOMAIN, over)), self._sizes)[0] if over else ()
        below, more = self._guards.below(name, seen, most)
        with self._projections.read() as connection:
            blocked = store.blocked_below(connection, name, seen, NAMED + 1)
            covered = [row[0] for row in store.blocked_among(connection, above(name), seen)]
            taken = {row[0] for row in store.blocked_among(connection, list(below), seen)}
        found = Radius(name, lists, others, over, over_lists, ground(one), circle(below, known, taken, more=more),
                       min(len(blocked), NAMED), max(covered, key=len, default=""))  # fmt: skip
        return self._beside(found, seen) if beside else found

    def _beside(self, found: Radius, seen: frozenset[int]) -> Radius:
        """Add the names on its addresses, and how often it was asked for."""
        own, under = found.name, f".{found.name}"
        with self._projections.read() as connection:
            addresses, more_hosts = _walk(connection, store.ADDRESSES, found.name, seen, MOST_ADDRESSES)
            on = {one: _walk(connection, store.NAMES, one, seen, MOST_BESIDE) for one in addresses}
            ids = store.decisions_on(connection, own, seen, NAMED)
            ids += [row[1] for row in store.blocked_below(connection, own, seen, NAMED)]
            asked = store.counted(connection, ids, self._fusion.now() - DAYS * DAY, seen)
        hosts: list[Host] = []
        beside: dict[str, None] = {}
        for address, (names, more) in on.items():
            others = [one for one in names if one != own and not one.endswith(under)]
            hosts.append(Host(address, len(others), more))
            beside.update(dict.fromkeys(others))
        assessed = self._fusion.match([Observable(ObservableType.DOMAIN, one) for one in beside], seen)
        known = {one: assessed.get(Observable(ObservableType.DOMAIN, one)) for one in sorted(beside)}
        with self._projections.read() as connection:
            taken = {row[0] for row in store.blocked_among(connection, list(known), seen)}
        around = circle(known, self._fusion.known_good, taken, more=any(one.more for one in hosts))
        return replace(found, hosts=tuple(hosts), more_hosts=more_hosts, beside=around, shared=around.spared >= MANY,
                       asked=asked)  # fmt: skip


def _walk(
    connection: Connection, way: tuple[str, str], start: str, seen: frozenset[int], most: int
) -> tuple[list[str], bool]:
    """Follow edges from a value to the values at their other end; return at most so many, and whether there are more.

    What leads on (an object, an id) is followed within the same bound.
    """
    found: dict[str, None] = {}
    waiting, met, more = [start], {start}, False
    for _ in range(HOPS):
        if not waiting:
            break
        reached = store.across(connection, way, waiting, seen, most + 1)
        more = more or len(reached) > most
        found.update(dict.fromkeys(one for one in reached if not one.startswith(NODE)))
        waiting = [one for one in reached if one.startswith(NODE) and one not in met]
        met.update(waiting)
    return sorted(found)[:most], more or len(found) > most
