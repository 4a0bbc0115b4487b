"""Suggestions on the galaxies' own data: a shared alias joins nothing, and what is suggested firmly is never absurd."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from fusioncell.bootstrap.outside import open_galaxies
from fusioncell.fusion.entities.knowledge import ENTERPRISE, GALAXIES, ICS, Knowledge
from fusioncell.fusion.entities.model import Kind, Known, Strength
from fusioncell.fusion.entities.refer import fold
from fusioncell.fusion.entities.suggest import suggest

FIRM = (Strength.STATED, Strength.STRONG)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(open_galaxies)


def _actors(knowledge: Knowledge) -> list[Known]:
    return [one for one in knowledge.index.all if one.kind is Kind.ACTOR]


def _joined(actors: Iterable[Known], pairs: Iterable[tuple[str, str]]) -> list[list[Known]]:
    """Join what is paired, and what is paired with that: what a machine that merges silently would make of it."""
    actors = list(actors)
    above = {one.id: one.id for one in actors}

    def top(which: str) -> str:
        while above[which] != which:
            which = above[which]
        return which

    for a, b in pairs:
        above[top(a)] = top(b)
    groups: dict[str, list[Known]] = defaultdict(list)
    for one in actors:
        groups[top(one.id)].append(one)
    return list(groups.values())


def _wrong(groups: list[list[Known]]) -> list[list[Known]]:
    """Those in which one galaxy's two actors are one: it knows them apart."""
    return [group for group in groups if max(Counter(one.galaxy for one in group).values()) > 1]


def test_joining_by_alias_alone_makes_wrong_clusters(knowledge: Knowledge) -> None:
    # The trap itself: were there none, the next test would prove nothing.
    actors = [one for one in _actors(knowledge) if one.galaxy in ("threat-actor", "mitre-intrusion-set")]
    by_name: dict[str, list[str]] = defaultdict(list)
    for one in actors:
        for name in one.names:
            by_name[fold(name)].append(one.id)
    wrong = _wrong(_joined(actors, [(ids[0], each) for ids in by_name.values() for each in ids[1:]]))
    assert len(actors) > 1000
    assert len(wrong) >= 19, "19 wrong clusters of 44 actors were counted by others on 1,041 actors"
    assert sum(map(len, wrong)) >= 44


def test_all_firm_suggestions_taken_together_make_none(knowledge: Knowledge) -> None:
    # As if an analyst said yes to each of them, one after the other, in all galaxies of actors.
    actors = _actors(knowledge)
    pairs = [(one.id, found.other) for one in actors for found in suggest(knowledge, one, {})
             if found.strength in FIRM]  # fmt: skip
    groups = _joined(actors, pairs)
    assert _wrong(groups) == []
    assert sum(len(group) > 1 for group in groups) >= 100, "and it still finds those that are the same"


def test_what_a_galaxy_keeps_apart_is_said_to_be_apart(knowledge: Knowledge) -> None:
    actors = [one for one in _actors(knowledge) if one.galaxy == "threat-actor"]
    found = [each for one in actors for each in suggest(knowledge, one, {}) if each.galaxy == "threat-actor"]
    assert found
    assert {each.strength for each in found} == {Strength.APART}


def test_a_name_of_two_means_neither_for_certain(knowledge: Knowledge) -> None:
    for name, holders in knowledge.index.by_name.items():
        galaxies = Counter(one.galaxy for one in holders)
        for one in holders:
            if f"~{name}" in knowledge.refs(one):
                assert galaxies[one.galaxy] == 1, (name, [each.name for each in holders])


def test_suggestions_are_the_same_both_ways_round(knowledge: Knowledge) -> None:
    index = knowledge.index
    for one in _actors(knowledge)[:200]:
        for found in suggest(knowledge, one, {}):
            if found.strength is Strength.STRONG:
                back = {each.other: each.strength for each in suggest(knowledge, index.by_id[found.other], {})}
                assert back[one.id] in FIRM, (one.name, found.name)


def test_techniques_have_names_tactics_and_an_order(knowledge: Knowledge) -> None:
    attachment = knowledge.technique("T1566.001")
    assert attachment is not None
    assert attachment.name == "Phishing: Spearphishing Attachment"
    assert attachment.parent == "T1566"
    assert knowledge.technique("T9999") is None
    for domain, least in ((ENTERPRISE, 600), (ICS, 70)):
        techniques = knowledge.techniques(domain)
        tactics = knowledge.in_order(tactic for one in techniques for tactic in one.tactics)
        assert len(techniques) >= least
        assert len({one.id for one in techniques}) == len(techniques)
        assert tactics[-1] == "impact"
        assert set(tactics) <= knowledge.index.ics_tactics
    assert knowledge.tactics[:3] == ("reconnaissance", "resource-development", "initial-access")


def test_each_galaxy_of_entities_is_in_the_package(knowledge: Knowledge) -> None:
    assert set(Counter(one.galaxy for one in knowledge.index.all)) == set(GALAXIES)
