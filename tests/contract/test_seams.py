"""Where rooms meet on both databases: the graph with clusters and entities, triage with KEV, clusters by value."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from databases import START
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.picture.graph import Graph, Link, NodeKind
from fusioncell.picture.graph.model import ref_of
from fusioncell.picture.triage import Why
from fusioncell.web.pages.related import related_view

CVE = "CVE-2026-1234"
EVIL = Observable(ObservableType.DOMAIN, "evil.example")


class World:
    """Ada of a member, Fay of the cell, and what they say."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.viewers: dict[str, Viewer] = {}
        for name, role in (("Ada", "member"), ("Fay", "analyst")):
            org = hub.members.add_organisation(f"Org of {name}", "finance", "industry")
            made = hub.members.add_person(org.id, name, f"{name.lower()}@x.example", [role])
            hub.settle()
            viewer = hub.members.viewer_of(f"person:{made.id}")
            assert viewer is not None
            self.viewers[name] = viewer

    def say(self, name: str, title: str, *values: str, tlp: Tlp = Tlp.GREEN) -> str:
        """A MISP event: its attributes are of attackers."""
        self.clock.advance(MINUTE)
        event = {"Event": {
            "info": title, "uuid": f"0b8ad5c2-7d05-4b2f-9c3e-{self.clock.now() % 10**12:012}", "date": "2026-11-20",
            "Tag": [{"name": 'misp-galaxy:mitre-attack-pattern="Spearphishing Link - T1566.002"'}],
            "Attribute": [{"type": "vulnerability" if value.startswith("CVE") else "domain", "value": value,
                           "category": "External analysis", "to_ids": True} for value in values]}}  # fmt: skip
        body = json.dumps(event).encode()
        made = self.hub.intake.accept(self.viewers[name], body, "application/json", Terms(tlp, ()))
        self.hub.settle()
        return made.contribution

    def grow(self, name: str, start: str, *opened: str) -> Graph:
        return self.hub.graphs.grow(self.viewers[name], [start], [ref_of(key) for key in opened])


@pytest.fixture
def world(open_again: Callable[..., Hub]) -> World:
    clock = ManualClock(START)
    return World(open_again(clock, SeededRandomness(5)), clock)


def test_clusters_and_entities_are_nodes_and_open(world: World) -> None:
    one, two = world.say("Ada", "First", "evil.example"), world.say("Fay", "Second", "evil.example", "more.example")
    graph = world.grow("Ada", f"contribution:{one}")
    kinds = {node.kind: node for node in graph.nodes}
    assert {NodeKind.CLUSTER, NodeKind.ENTITY} <= kinds.keys()
    assert (kinds[NodeKind.ENTITY].title, kinds[NodeKind.CLUSTER].title) == ("Spearphishing Link", "evil[.]example")
    for kind in (NodeKind.CLUSTER, NodeKind.ENTITY):
        key = kinds[kind].key
        opened = world.grow("Ada", key)
        assert {node.key for node in opened.nodes} == {key, f"contribution:{one}", f"contribution:{two}"}
        # The edge is the same one whichever of the two is opened, and is drawn once.
        both = world.grow("Ada", f"contribution:{one}", key)
        assert [(edge.first, edge.second) for edge in both.edges
                if edge.link is Link.MEMBER and edge.first == f"contribution:{one}" and edge.second == key
                or edge.first == key] == [(f"contribution:{one}", key)]  # fmt: skip


def test_what_one_does_not_see_is_no_node(world: World) -> None:
    world.say("Ada", "First", "evil.example")
    hidden = world.say("Fay", "Second", "evil.example", CVE, tlp=Tlp.AMBER_STRICT)
    assert world.grow("Ada", f"cluster:{hidden}").unknown == (f"cluster:{hidden}",)
    assert world.grow("Ada", "entity:nothing").unknown == ("entity:nothing",)
    seen = {node.key for node in world.grow("Ada", "observable:domain-name:evil.example").nodes}
    assert f"contribution:{hidden}" not in seen
    assert not [node for node in world.grow("Ada", "entity:T1566.002").nodes if hidden in node.key]
    assert world.grow("Fay", f"contribution:{hidden}").nodes


def test_what_kev_lists_deserves_a_look(world: World) -> None:
    world.say("Ada", "Flaws", CVE, "CVE-2026-9999")
    table = {"title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.11.20",
             "dateReleased": "2026-11-20T00:00:00Z", "count": 1, "vulnerabilities": [{
                 "cveID": CVE, "vendorProject": "Vendor", "product": "Gateway", "vulnerabilityName": "A flaw",
                 "dateAdded": "2026-11-18", "shortDescription": "x", "requiredAction": "Patch", "dueDate": "2026-12-09",
                 "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []}]}  # fmt: skip
    operator = world.hub.members.operator_viewer(None)
    assert operator is not None
    world.hub.vulns.import_file(operator, json.dumps(table).encode())
    world.hub.settle()
    said = {item.candidate.observable.value: {each.why: each.detail for each in item.reasons}
            for item in world.hub.triage.queue(world.viewers["Fay"]).items if item.candidate.observable}  # fmt: skip
    assert said[CVE][Why.EXPLOITED] == "KEV, 2026-11-18"
    assert Why.EXPLOITED not in said.get("CVE-2026-9999", {})


def test_clusters_are_found_by_value_by_name_and_by_size(world: World) -> None:
    world.say("Ada", "First", "evil.example", "other.example")
    world.say("Fay", "Second", "evil.example", "other.example")
    for _ in range(3):
        last = world.say("Fay", "Third", "bad.example", "worse.example")
    clusters, fay = world.hub.clusters, world.viewers["Fay"]

    def found(text: str = "", least: int = 0) -> list[int]:
        return [one.members for one in clusters.newest(fay, text=text, least=least)[0]]

    assert found() == [3, 2]
    assert found("hxxp://evil[.]example") == found("EVIL.example") == [2]
    assert found("evil.example", 3) == found("nowhere.example") == [] and found("", 3) == [3]
    clusters.decide(fay, "name", last, "They call themselves so", name="Parcel gang 100%")
    world.hub.settle()
    assert found("parcel GANG") == found("100%") == [3] and found("%") == [3] and found("_") == []
    world.say("Fay", "Hidden", "evil.example", "secret.example", tlp=Tlp.AMBER_STRICT)
    assert clusters.newest(world.viewers["Ada"], text="secret.example")[0] == []


def test_what_is_related_is_of_what_one_sees(world: World) -> None:
    one = world.say("Ada", "First", "evil.example", "other.example")
    two = world.say("Fay", "Second", "evil.example", "other.example", "third.example")
    hidden = world.say("Fay", "Hidden", "evil.example", "secret.example", tlp=Tlp.AMBER_STRICT)
    view = related_view(world.hub, world.viewers["Ada"], EVIL, [hidden, two, one])
    assert [(row["one"]["value"], row["count"]) for row in view["rows"]] == [("other.example", 2), ("third.example", 1)]
    assert [row["members"] for row in view["clusters"]] == [2]
    assert [(row["name"], row["count"]) for row in view["entities"]] == [("Spearphishing Link", 2)]
    mine = related_view(world.hub, world.viewers["Fay"], EVIL, [hidden, two, one])
    assert "secret.example" in [row["one"]["value"] for row in mine["rows"]]
