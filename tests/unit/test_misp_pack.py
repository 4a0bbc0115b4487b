"""MISP's common knowledge, compiled: what is found by which name, and what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fusioncell.exchange.misp.library import Pack, cluster_tag, compile_pack, like


def made() -> Pack:
    """A pack of two galaxies (one UUID in both), two taxonomies, a template and a warninglist."""

    def galaxy(name: str, uuid: str) -> dict[str, Any]:
        return {"name": name.title(), "type": name, "uuid": uuid, "description": "", "version": 1, "icon": "map",
                "namespace": "misp"}  # fmt: skip

    def clusters(name: str, *values: dict[str, Any]) -> dict[str, Any]:
        return {"type": name, "authors": ["A"], "source": "S", "version": 7, "values": list(values)}

    actors = clusters(
        "actor",
        {"uuid": "u-1", "value": "Bear", "meta": {"synonyms": ["Ursa", "Ours"]}},
        {"uuid": "u-2", "value": "Wolf", "related": [{"dest-uuid": "u-3", "type": "uses", "tags": ["x:y"]}]},
    )  # fmt: skip
    tools = clusters("tool", {"uuid": "u-3", "value": "Hammer"}, {"uuid": "u-1", "value": "Bear"})
    colour = {
        "namespace": "colour", "description": "", "version": 1, "uuid": "t-1",
        "predicates": [{"value": "plain"}, {"value": "shade", "expanded": "Shade"}],
        "values": [{"predicate": "shade", "entry": [{"value": "dark", "numerical_value": 75}, {"value": "pale"}]}],
    }
    files = [
        ("galaxy", "actor", galaxy("actor", "g-1")), ("galaxy", "tool", galaxy("tool", "g-2")),
        ("clusters", "actor", actors), ("clusters", "tool", tools), ("taxonomy", "colour", colour),
        ("template", "box", {"uuid": "o-1", "name": "box", "attributes": {}}),
        ("warninglist", "resolvers", {"name": "Resolvers", "type": "cidr", "version": 1, "list": ["192.0.2.1"]}),
        ("types", "describeTypes", {"result": {"types": ["domain"]}}),
    ]  # fmt: skip
    return Pack(compile_pack((section, name, json.dumps(body, indent=2).encode()) for section, name, body in files))


def test_a_cluster_is_found_by_its_tag_whatever_the_case_and_by_nothing_like_it() -> None:
    pack = made()
    assert pack.cluster_of_tag('misp-galaxy:actor="Bear"') == 0
    assert pack.cluster_of_tag('misp-galaxy:ACTOR="bear"') == 0
    assert pack.cluster_of_tag('misp-galaxy:tool="Bear"') == 3
    assert pack.cluster_of_tag('misp-galaxy:tool="Wolf"') is None
    assert [pack.tag_of_cluster(at) for at in range(5)] == [
        cluster_tag("actor", "Bear"), cluster_tag("actor", "Wolf"), cluster_tag("tool", "Hammer"),
        cluster_tag("tool", "Bear"), None,
    ]  # fmt: skip


def test_one_uuid_may_stand_in_two_galaxies() -> None:
    pack = made()
    assert pack.find("cluster", "uuid", "u-1") == [0, 3]
    assert [pack.galaxy_of(at) for at in (0, 1, 2, 3)] == [0, 0, 1, 1]
    with pytest.raises(IndexError):
        pack.galaxy_of(4)


def test_synonyms_and_relations_lead_to_clusters() -> None:
    pack = made()
    assert pack.clusters_called("ursa") == [0] and pack.clusters_called("bear") == [0, 3]
    assert pack.towards("u-3") == [1]
    assert pack.towards("u-1") == []


def test_machine_tags_have_numbers_and_come_back_by_them() -> None:
    pack = made()
    known = pack.entry_of_tag('COLOUR:shade="Dark"')
    assert known is not None
    place, number, entry = known
    assert (place, number, entry["numerical_value"], entry["expanded"]) == (0, 1, 75, "Shade: dark")
    assert [pack.tag_numbered(at) for at in range(4)] == [
        "colour:plain", 'colour:shade="dark"', 'colour:shade="pale"', None,
    ]  # fmt: skip
    assert pack.entry_of_tag("colour:shade") is None


def test_names_of_one_section_lead_nowhere_in_another() -> None:
    pack = made()
    assert pack.find("template", "name", "box") == [0]
    assert pack.find("galaxy", "name", "box") == [] == pack.find("warninglist", "name", "box")
    assert pack.document("warninglist", 0)["entries"] == 1
    assert json.loads(pack.raw("types", 0)) == {"result": {"types": ["domain"]}}
    with pytest.raises(IndexError):
        pack.raw("template", 1)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("%dns resolv%", "List of known IPv4 public DNS resolvers", True), ("a%", "ABC", True), ("%c", "abc", True),
        ("abc", "abcd", False), ("a%c%e", "abcde", True), ("a%b%a", "aba", True), ("ab%ba", "aba", False),
        ("%", "", True), ("", "x", False), ("a%x%e", "abcde", False),
    ],
)  # fmt: skip
def test_a_percent_sign_stands_for_anything(pattern: str, text: str, fits: bool) -> None:
    assert like(pattern, text) is fits
