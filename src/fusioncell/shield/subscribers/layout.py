"""Which zones a choice is rendered as, and in which of them a name stands. Pure.

Three tiers, as in a log-structured merge, for big zones are slow to change in real resolvers:

* ``allow``: what was lifted, to pass at once; tiny.
* ``fresh``: what was published since the merge before the last one.
* ``main``: what was published up to the last merge. Between two merges a name stands in both, so none is free while a
  resolver has taken the one zone and not yet the other.

Unbound slows with each zone: ``fresh`` (with what passes) and ``main``. Knot Resolver reads two files the same way.
BIND rebuilds a zone's index at each change: ``main`` in eight shards by the name's hash. PowerDNS sends one code and
text for each zone, and copies a zone at each change: for each category one ``fresh`` zone and one main zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.model import Action, Choice
from fusioncell.shield.zone import ORIGIN, Rule
from fusioncell.shield.zone import Action as ZoneAction

PROBE = "probe.fusioncell"
"""What all test names end in; no real name does."""
SHARDS = 8
ALLOW, FRESH, MAIN = "allow", "fresh", "main"
_TWO_TIERS = (Kind.UNBOUND, Kind.KNOT)
_FRESH_OF = "fresh_"
"""Before a category's name: its fresh zone. No category has an underscore in its name."""
_ACTIONS = {Action.NXDOMAIN: ZoneAction.BLOCK, Action.NODATA: ZoneAction.NODATA, Action.GARDEN: ZoneAction.GARDEN,
            Action.PASSTHRU: ZoneAction.PASSTHRU}  # fmt: skip


class Fact(NamedTuple):
    """What stands on a name. ``serial``: at which it was published, 0 where it is not. ``lifted``: it was lifted, and a
    resolver may still block it. ``alone``: names under it are blocked, so it alone passes.
    """

    name: str
    category: str
    severity: str
    serial: int = 0
    lifted: bool = False
    alone: bool = False


class Tiers(NamedTuple):
    """Serials of the last merge and of the one before."""

    merged: int = 0
    before: int = 0


def labels(choice: Choice, categories: Iterable[str]) -> tuple[str, ...]:
    """Return the zones of a choice by their labels, in the order in which a resolver asks them."""
    if choice.kind in _TWO_TIERS:
        return (FRESH, MAIN)
    if choice.kind is Kind.BIND:
        return (ALLOW, FRESH, *(f"{MAIN}-{number}" for number in range(1, SHARDS + 1)))
    sorts = sorted(choice.categories or set(categories))
    return (ALLOW, *(_FRESH_OF + each for each in sorts), *sorts)


def is_main(kind: Kind, label: str) -> bool:
    """Tell whether a zone is of those from which a lifted name must be gone before it need not pass any more."""
    return label.startswith(MAIN) if kind is not Kind.POWERDNS else label != ALLOW and not label.startswith(_FRESH_OF)


def category_of(label: str) -> str:
    """Return the category of a PowerDNS's zone; of another zone, its label."""
    return label.removeprefix(_FRESH_OF)


def shard(name: str) -> int:
    """Return the shard of a name, from 1."""
    return crc32(name.encode()) % SHARDS + 1


def place(choice: Choice, fact: Fact, tiers: Tiers) -> dict[str, Rule]:
    """Return the rules of a name by the labels of the zones in which they stand."""
    if not choice.takes(fact.category, fact.severity):
        return {}
    if fact.lifted:
        allow = FRESH if choice.kind in _TWO_TIERS else ALLOW
        return {allow: Rule(fact.name, not fact.alone, ZoneAction.PASSTHRU)}
    if not fact.serial:
        return {}
    rule = Rule(fact.name, True, _ACTIONS[choice.action])
    fresh, main = FRESH, MAIN
    if choice.kind is Kind.BIND:
        main = f"{MAIN}-{shard(fact.name)}"
    elif choice.kind is Kind.POWERDNS:
        fresh, main = _FRESH_OF + fact.category, fact.category
    found = {}
    if fact.serial > tiers.before:
        found[fresh] = rule
    if fact.serial <= tiers.merged:
        found[main] = rule
    return found


def candidates(choice: Choice, labels: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the zones in which a name could stand at all."""
    return (ALLOW, FRESH, f"{MAIN}-{shard(name)}") if choice.kind is Kind.BIND else labels


def probe(origin: str) -> str:
    """Return the name under which a zone's test names stand. Not the zone's own: a BIND answers for that itself."""
    return f"{origin.removesuffix(ORIGIN)}{PROBE}"


def tests(choice: Choice, origin: str) -> list[Rule]:
    """Return the names by which an ISP's monitoring tries a zone: one for each action that it can answer."""
    under = probe(origin)
    found = [Rule(f"nxdomain.{under}", False, ZoneAction.BLOCK), Rule(f"nodata.{under}", False, ZoneAction.NODATA),
             Rule(f"passthru.{under}", False, ZoneAction.PASSTHRU)]  # fmt: skip
    if choice.garden:
        found.append(Rule(f"garden.{under}", False, ZoneAction.GARDEN))
    return found


def heartbeat(origin: str) -> str:
    """Return the name that answers (TXT) with a zone's serial."""
    return f"heartbeat.{probe(origin)}"
