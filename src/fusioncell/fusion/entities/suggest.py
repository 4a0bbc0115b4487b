"""The step that says which entities may be one, with the evidence. Pure: it suggests, and joins nothing.

Joined by shared names alone, the galaxies' own actors fall into wrong clusters: a vendor's name for one group is
another's for two. So a shared name is a suggestion, and how strong hangs on who else goes by it:

1. A galaxy that has both says that they are two: *apart*.
2. A galaxy says that they are similar, and of one galaxy it says so of one alone: *stated*.
3. Their own names are the same; or that of one is a name of the other, and no third entity of their galaxies goes by a
   name of either: *strong*.
4. All else that is shared (an alias, behaviour, infrastructure) is *weak*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fusioncell.fusion.entities.knowledge import Knowledge
from fusioncell.fusion.entities.model import Kind, Known, Strength, Suggestion
from fusioncell.fusion.entities.refer import fold

MOST = 20
_COMPARED = frozenset({Kind.ACTOR, Kind.MALWARE, Kind.TOOL, Kind.CAMPAIGN})
_SOFTWARE = frozenset({Kind.MALWARE, Kind.TOOL})
_ORDER = {each: at for at, each in enumerate(Strength)}


def suggest(
    knowledge: Knowledge, known: Known, shared: Mapping[str, tuple[str, ...]], contributed: Sequence[Known] = ()
) -> list[Suggestion]:
    """Return what an entity may be the same as, the best founded first.

    ``shared``: id → observables that both are reported with, from what the viewer sees. ``contributed``: entities of no
    galaxy that share a name or an observable with it, as the viewer sees them.
    """
    if known.kind not in _COMPARED:
        return []
    similar = _similar(knowledge, known)
    named = _sharing(knowledge, known)
    found = []
    for other in {one.id: one for one in (*named, *similar, *_by_id(knowledge, shared), *contributed)}.values():
        if other.id == known.id or not _comparable(known, other):
            continue
        names = _names_shared(known, other)
        rivals = _rivals(knowledge, known, other)
        strength = _strength(known, other, names, rivals, other in similar)
        ours, theirs = knowledge.techniques_of(known), knowledge.techniques_of(other)
        found.append(Suggestion(
            other.id, other.kind, other.name, other.galaxy, strength, names, tuple(sorted(ours & theirs)),
            len(ours | theirs), shared.get(other.id, ()), tuple(sorted({one.name for one in rivals})[:5]),
        ))  # fmt: skip
    return sorted(found, key=_weight)[:MOST]


def _weight(one: Suggestion) -> tuple[int, int, int, str, str]:
    return _ORDER[one.strength], -len(one.values), -len(one.names), one.name.lower(), one.other


def _comparable(a: Known, b: Known) -> bool:
    return a.kind is b.kind or {a.kind, b.kind} <= _SOFTWARE


def _sharing(knowledge: Knowledge, known: Known) -> list[Known]:
    return [one for name in known.names for one in knowledge.called(name) if one.id != known.id]


def _similar(knowledge: Knowledge, known: Known) -> list[Known]:
    """Return what a galaxy says is similar, either way round."""
    index = knowledge.index
    stated = [index.by_id.get(dest) for dest, type in knowledge.related(known) if type == "similar"]
    return [one for one in stated if one is not None and one.galaxy != known.galaxy]


def _by_id(knowledge: Knowledge, shared: Mapping[str, tuple[str, ...]]) -> list[Known]:
    return [one for each in shared if (one := knowledge.index.by_id.get(each)) is not None]


def _names_shared(a: Known, b: Known) -> tuple[str, ...]:
    other = {fold(name) for name in b.names}
    return tuple(name for name in a.names if fold(name) in other)


def _rivals(knowledge: Knowledge, a: Known, b: Known) -> list[Known]:
    """Return the others of the two galaxies that share a name with one of the two, or are called similar to it."""
    either = [*_sharing(knowledge, a), *_sharing(knowledge, b), *_similar(knowledge, a), *_similar(knowledge, b)]
    counted: Counter[str] = Counter()
    for one in either:
        if one.id not in (a.id, b.id) and one.galaxy in (a.galaxy, b.galaxy) and _comparable(a, one):
            counted[one.id] += 1
    return [knowledge.index.by_id[each] for each in counted]


def _strength(a: Known, b: Known, names: tuple[str, ...], rivals: list[Known], stated: bool) -> Strength:
    if a.galaxy and a.galaxy == b.galaxy:
        return Strength.APART
    own = {fold(a.name), fold(b.name)}
    if len(own) == 1:
        return Strength.STRONG
    if rivals:
        return Strength.WEAK
    if stated:
        return Strength.STATED
    return Strength.STRONG if any(fold(name) in own for name in names) else Strength.WEAK
