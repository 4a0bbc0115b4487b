"""Reckon the blast radius of what was found around a name, and say in a line what it comes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from fusioncell.fusion import Class, Hit, KnownGood, Match
from fusioncell.fusion.model import Assessment
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield.guards import is_public_body
from fusioncell.shield.radius.model import NAMED, Circle, Listed, Near, Radius, Said

_LISTS = (Class.POPULAR, Class.WELL_KNOWN)
_FIRST = {Said.BENIGN: 0, Said.BOTH: 1, Said.NOTHING: 2, Said.MALICIOUS: 3}


def rounded_up(entries: int) -> int:
    """Return what a list of the first so many names is called by: its source's own number, though some were left out.

    >>> [rounded_up(500), rounded_up(9_999), rounded_up(998_421), rounded_up(0)]
    [500, 10000, 1000000, 0]
    """
    size: int = 10 ** (len(str(entries)) - 1)
    return -(-entries // size) * size


def lists_of(hits: Iterable[Hit], sizes: Mapping[str, int]) -> tuple[tuple[Listed, ...], tuple[str, ...]]:
    """Return the lists of popular and well-known names that hold the very name, the narrowest first, and the titles of
    the others that do. ``sizes``: entries by list."""
    exact = [hit for hit in hits if hit.kind is Match.EXACT]
    found = {Listed(hit.title, rounded_up(sizes.get(hit.list, 0)) if hit.sort is Class.POPULAR else 0)
             for hit in exact if hit.sort in _LISTS}  # fmt: skip
    ranked = sorted(found, key=lambda one: (one.within or 1 << 62, one.title))
    return tuple(ranked), tuple(sorted({hit.title for hit in exact if hit.sort not in _LISTS}))


def said_of(found: Assessment | None) -> Said:
    """Return what is said of a name: by any voice, however long ago."""
    benign = {origin.voice.benign for origin in found.origins} if found is not None else set()
    if len(benign) == 2:
        return Said.BOTH
    return Said.NOTHING if not benign else Said.BENIGN if True in benign else Said.MALICIOUS


def circle(
    names: Mapping[str, Assessment | None], known: KnownGood, blocked: Set[str], *, more: bool = False
) -> Circle:
    """Return names as a circle: those that are guarded or called benign come first, then those of whom nobody says
    anything."""
    asked = [Observable(ObservableType.DOMAIN, name) for name in names]
    guarded = {
        one.value: bool(known.guards(one, hits)) or is_public_body(one.value)
        for one, hits in zip(asked, known.batch_hits(asked), strict=True)
    }
    found = [Near(name, said_of(said), guarded[name], name in blocked) for name, said in names.items()]
    found.sort(key=lambda one: (not one.guarded, _FIRST[one.said], one.name))
    accused = sum(one.said in (Said.MALICIOUS, Said.BOTH) for one in found)
    return Circle(tuple(found[:NAMED]), len(found), more, accused, sum(guarded.values()))


def verdict(found: Radius) -> str:
    """Say in a line what a block would take with it.

    >>> verdict(Radius("evil.example"))
    'Blocks this name alone, as far as you may see; on no list of popular names.'
    """
    return f"{_below(found)}; {_lists(found)}."


def _below(found: Radius) -> str:
    circle = found.below
    if not circle.count:
        return "Blocks this name alone, as far as you may see"
    least = "at least " if circle.more else ""
    text = f"Blocks this name and {least}{circle.count} known name{'s' * (circle.count > 1)} below it"
    if not circle.spared:
        return f"{text}, {'all' if circle.count > 1 else 'which is'} called malicious"
    if circle.spared < circle.count:
        return f"{text}, {circle.spared} of which nobody calls malicious"
    return f"{text}, {'none of them called' if circle.count > 1 else 'which nobody calls'} malicious"


def _lists(found: Radius) -> str:
    for lists, name in ((found.lists, ""), (found.registered_lists, found.registered)):
        if lists:
            stands = f"{name}, above it, is" if name else "it is"
            within = f"among the {lists[0].within:,} most popular names" if lists[0].within else "a well-known name"
            return f"{stands} {within}"
    return "on no list of popular names"
