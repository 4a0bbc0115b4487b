"""Which readers MISP's distribution levels, sharing groups and ``tlp:`` tags mean. Pure.

The strictest of all wins (issue 4): the levels of the chain event → object → attribute, and every ``tlp:`` tag.

0 (own organisation) is AMBER+STRICT of the own organisation; 1 (this community) GREEN; 2 and 3 (connected, all) what
the source's default is, never CLEAR unless a tag says so; 4 AMBER+STRICT of the sharing group's organisations; 5
inherits. Tags only tighten: ``tlp:clear`` opens CLEAR where the levels are 2 or 3, and nothing else. One that is no
label, a misspelt one say, means the strictest: nobody but its own organisation, until somebody mends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Audience, Tlp, audience_for, default_uses, org, parse_tlp

_NO_LABELS = frozenset({"tlp:unclear", "tlp:ex:chr"})
"""Of MISP's taxonomy ``tlp``, those that are no markings: they say nothing of readers by themselves."""
OWN, COMMUNITY, CONNECTED, ALL, GROUP, INHERIT = range(6)


@dataclass(frozen=True, slots=True)
class Level:
    """One distribution of the chain; ``orgs``: of its sharing group (None where it has none or it is unknown)."""

    distribution: int
    orgs: frozenset[str] | None = None


def tlp_of(tags: Iterable[str], *, unknown: Tlp | None = Tlp.RED) -> Tlp | None:
    """Return the strictest marking that tags state, None where they state none. ``unknown``: what is no label means."""
    strictest: Tlp | None = None
    label: Tlp | None
    for tag in tags:
        if tag[:4].lower() != "tlp:" or tag.lower() in _NO_LABELS:
            continue
        try:
            label = parse_tlp(tag)
        except BadInput:
            label = unknown
        if label is not None and (strictest is None or label.strictness > strictest.strictness):
            strictest = label
    return strictest


def audience_of(own: str, levels: Iterable[Level], tags: Iterable[str] = (), *, private: bool = False,
                default: Tlp = Tlp.GREEN, unknown: Tlp | None = Tlp.RED) -> Audience:  # fmt: skip
    """Return the readers of something that ``own`` contributes. ``private``: unpublished, its organisation's alone.

    ``unknown``: what a ``tlp:`` tag means that is no label (None: nothing, as for a stock MISP).
    """
    if private:
        return audience_for(Tlp.AMBER_STRICT, own_org=own)
    said = tlp_of(tags, unknown=unknown)
    tlp, named = Tlp.CLEAR, None
    free = True
    for level in levels:
        if level.distribution == INHERIT:
            continue
        if level.distribution in (CONNECTED, ALL):
            label = said if said is Tlp.CLEAR else default if default is not Tlp.CLEAR else Tlp.GREEN
            orgs = None
        elif level.distribution == COMMUNITY:
            label, orgs = Tlp.GREEN, None
        elif level.distribution == GROUP:
            label, orgs = Tlp.AMBER_STRICT, level.orgs or frozenset()
        else:
            label, orgs = Tlp.AMBER_STRICT, frozenset[str]()
        free = False
        tlp = max(tlp, label, key=lambda one: one.strictness)
        if orgs is not None:
            named = orgs if named is None else named & orgs
    if free:
        tlp = Tlp.GREEN
    if said is not None:
        tlp = max(tlp, said, key=lambda one: one.strictness)
    if tlp in (Tlp.CLEAR, Tlp.GREEN):
        return Audience(tlp, frozenset(), default_uses(tlp))
    if tlp is Tlp.RED:
        return audience_for(Tlp.RED, own_org=own)
    return audience_for(tlp, own_org=own, groups=[org(each) for each in sorted(named or ())])


def near(own: str, target: Audience, contributor: str) -> Audience:
    """Return the readers of what ``own`` says of another's thing to its contributor: the two, and nobody else."""
    if target.tlp is Tlp.RED:
        return Audience(Tlp.RED, frozenset({org(own), *target.parties}), default_uses(Tlp.RED))
    return audience_for(Tlp.AMBER_STRICT, own_org=own, groups=[org(contributor)] if contributor else [])


def within_target(own: str, wanted: Audience, target: Audience, contributor: str) -> Audience:
    """Narrow what is said of a thing to the thing's own readers: who may not see it learns nothing of it."""
    if target.tlp.strictness <= wanted.tlp.strictness and target.tlp in (Tlp.CLEAR, Tlp.GREEN):
        return wanted
    if wanted.tlp in (Tlp.CLEAR, Tlp.GREEN):
        return Audience(target.tlp, target.parties | {org(own)}, wanted.uses & target.uses) if (
            target.tlp not in (Tlp.CLEAR, Tlp.GREEN)
        ) else Audience(target.tlp, frozenset(), target.uses)  # fmt: skip
    if target.tlp in (Tlp.CLEAR, Tlp.GREEN):
        return wanted
    both = (wanted.parties & target.parties) | {org(own)}
    return Audience(max(wanted.tlp, target.tlp, key=lambda one: one.strictness), both, wanted.uses & target.uses)
