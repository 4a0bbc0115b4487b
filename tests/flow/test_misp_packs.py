"""The MISP door's common knowledge as clients meet it: lists, switches, tags, galaxies, members' own clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.edges.misp_packs import warninglist_file
from fusioncell.exchange.misp.library import Library
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.knownindex import compile_lists
from fusioncell.kernel.clock import SECOND, ManualClock, parse_instant
from hubs import MadeHub, Party, app_of, make_hub

NOW = parse_instant("2026-11-22T10:00:00Z")
CLUSTER = {"value": "Made Up Spider", "description": "Of a test.", "authors": ["Test"],
           "GalaxyElement": [{"key": "synonyms", "value": "Invented"}]}  # fmt: skip


class Asking:
    """A client of the MISP door, with a key."""

    def __init__(self, client: TestClient[Any], key: str) -> None:
        self.client, self.headers = client, {"authorization": key, "accept": "application/json"}

    def get(self, path: str, status: int = 200) -> Any:
        return self._said(self.client.get(f"/misp/{path}", headers=self.headers), status)

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self._said(self.client.post(f"/misp/{path}", headers=self.headers, json=body), status)

    def _said(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json()


class World:
    """A hub with three organisations' keys."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOW)
        self.made: MadeHub = make_hub(folder, clock=self.clock)
        other = self.made.hub.members.add_organisation("Southern Broadband", "telecommunications", "isp")
        self.other = Party(other.id, "", self.made.hub.members.make_key(other.id, role="member")[1].reveal())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "hub")
    yield world
    world.made.hub.close()


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Any]]:
    with TestClient(app_of(world.made.hub), raise_server_exceptions=False) as client:
        yield client


def test_switches_are_the_operators_and_hold_for_all(world: World, client: TestClient[Any]) -> None:
    admin, member = Asking(client, world.made.ministry.key), Asking(client, world.made.provider.key)
    member.post("taxonomies/enable/1", status=403)
    member.post("warninglists/toggleEnable", {"id": [1]}, status=403)
    named = {row["Taxonomy"]["namespace"]: row["Taxonomy"] for row in member.get("taxonomies/index")}
    assert named["tlp"]["enabled"] and not named["veris"]["enabled"]
    assert admin.post("taxonomies/enable/veris")["message"] == "Taxonomy enabled"
    assert member.get(f"taxonomies/view/{named['veris']['id']}")["Taxonomy"]["enabled"]
    assert admin.post("taxonomies/disable/veris")["message"] == "Taxonomy disabled"
    admin.post("taxonomies/addTag/veris", status=405)
    assert admin.post("taxonomies/toggleRequired/tlp", {"Taxonomy": {"required": True}})["message"] == (
        "Taxonomy toggleRequireded"
    )
    assert member.get("taxonomies/view/tlp")["Taxonomy"]["required"]
    member.get("taxonomies/view/no-such", status=404)


def test_warninglists_by_pattern_one_way_and_back(world: World, client: TestClient[Any]) -> None:
    admin = Asking(client, world.made.ministry.key)
    said = admin.post("warninglists/toggleEnable", {"name": ["%dns resolv%"], "enabled": True})
    assert said == {"saved": True, "success": "3 warninglist(s) enabled"}
    rows = admin.get("warninglists/index/enabled:1")["Warninglists"]
    assert len(rows) == 3 and all("dns resolv" in row["Warninglist"]["name"].lower() for row in rows)
    assert admin.post("warninglists/toggleEnable", {"name": "%dns resolv%"})["success"] == "3 warninglist(s) toggled"
    assert admin.get("warninglists/index/enabled:1")["Warninglists"] == []
    assert admin.post("warninglists/toggleEnable", {"id": "99999"})["saved"] is False
    shown = admin.get(f"warninglists/view/{rows[0]['Warninglist']['id']}")["Warninglist"]
    assert len(shown["WarninglistEntry"]) == int(shown["warninglist_entry_count"])
    admin.get("warninglists/view/0", status=404)


def test_a_value_is_checked_against_the_enabled_lists_only(tmp_path: Path) -> None:
    """With two of the real lists, compiled."""
    names = ("public-dns-v4", "common-ioc-false-positive")
    lists = KnownGood(compile_lists((name, warninglist_file(name)) for name in names))
    folder = tmp_path / "hub"
    Folder(folder).make("hub")
    hub = open_hub(folder, clock=ManualClock(NOW), known_good=lists)
    org = hub.members.add_organisation("Ministry of Works", "government", "government")
    key = hub.members.make_key(org.id, role="administrator")[1].reveal()
    with TestClient(app_of(hub), raise_server_exceptions=False) as client:
        admin = Asking(client, key)
        md5 = "d41d8cd98f00b204e9800998ecf8427e"
        assert admin.post("warninglists/checkValue", [md5, "8.8.8.8"]) == []
        admin.post("warninglists/toggleEnable", {"name": "%florian roth%", "enabled": True})
        found = admin.post("warninglists/checkValue", [md5, "8.8.8.8", "<junk>"])
        assert list(found) == [md5] and "Florian Roth" in found[md5][0]["name"]
        library = library_of(hub)
        admin.post("warninglists/toggleEnable", {"name": "%ipv4 public dns%", "enabled": True})
        warned = library.warnings_of_many(
            [("ip-dst", "8.8.8.8"), ("ip-dst", "8.8.8.9"), ("md5", md5), ("domain|ip", "x.example|8.8.8.8"),
             ("text", "8.8.8.8"), ("ip-dst", "no address")]
        )  # fmt: skip
        assert [bool(each) for each in warned] == [True, False, True, True, False, False]
    hub.close()


def library_of(hub: Any) -> Library:
    """The library that the door's actions ask."""
    found: Library = hub.mispdoor.actions[("warninglists", "index")].run.args[0]
    return found


def test_tags_exist_by_definition_or_taxonomy_and_can_be_changed(world: World, client: TestClient[Any]) -> None:
    editor, other = Asking(client, world.made.ministry.key), Asking(client, world.other.key)
    assert {row["name"] for row in other.get("tags/index")["Tag"]} >= {"tlp:red", "PAP:RED"}
    made = editor.post("tags/add", {"name": "field test", "exportable": False})["Tag"]
    assert made["exportable"] is False and made["colour"].startswith("#")
    assert editor.post("tags/add", {"Tag": {"name": "Field Test"}})["Tag"]["id"] == made["id"], "it is one tag"
    assert editor.get(f"tags/view/{made['id']}")["count"] == 0
    edited = editor.post(f"tags/edit/{made['id']}", {"name": "field test 2", "colour": "#123456"})["Tag"]
    assert (edited["id"], edited["name"], edited["colour"]) == (made["id"], "field test 2", "#123456")
    assert [row["Tag"]["name"] for row in other.post("tags/search", {"tagname": "field%"})] == ["field test 2"]
    editor.post(f"tags/edit/{made['id']}", {"colour": "red; } body"}, status=405)
    assert editor.post(f"tags/delete/{made['id']}")["message"] == "Tag deleted."
    editor.post(f"tags/delete/{made['id']}", status=404)
    editor.get(f"tags/view/{made['id']}", status=404)
    red = next(row for row in editor.get("tags/index/searchall:tlp:red")["Tag"])
    assert editor.post(f"tags/edit/{red['id']}", {"hide_tag": True})["Tag"]["hide_tag"] is True
    assert editor.get(f"tags/view/{red['id']}")["name"] == "tlp:red"


def test_ids_of_tags_differ_between_organisations(world: World, client: TestClient[Any]) -> None:
    mine, theirs = Asking(client, world.made.provider.key), Asking(client, world.other.key)
    here = {row["name"]: row["id"] for row in mine.get("tags/index")["Tag"]}
    there = {row["name"]: row["id"] for row in theirs.get("tags/index")["Tag"]}
    assert here.keys() == there.keys() and here["tlp:red"] != there["tlp:red"]
    theirs.get(f"tags/view/{there['tlp:red']}")
    assert len(set(here.values())) == len(here)


def test_a_package_s_galaxy_and_cluster(world: World, client: TestClient[Any]) -> None:
    member = Asking(client, world.made.provider.key)
    galaxies = member.get("galaxies/index")
    assert len(galaxies) > 100
    assert len(member.post("galaxies", {"value": galaxies[0]["Galaxy"]["name"]})) == 1
    actor = member.get("galaxies/view/threat-actor")
    assert actor["Galaxy"]["type"] == "threat-actor" and len(actor["GalaxyCluster"]) > 500
    one = next(row for row in actor["GalaxyCluster"] if row["value"] == "APT1")
    shown = member.get(f"galaxy_clusters/view/{one['id']}")["GalaxyCluster"]
    assert shown["tag_name"] == 'misp-galaxy:threat-actor="APT1"' and shown["default"]
    assert "PLA Unit 61398" in {row["value"] for row in shown["GalaxyElement"]}
    assert shown["GalaxyClusterRelation"][0]["referenced_galaxy_cluster_type"] == "similar"
    found = member.post("galaxy_clusters/index/threat-actor", {"context": "all", "searchall": "pla unit 61398"})
    assert [row["GalaxyCluster"]["value"] for row in found] == ["APT1"]
    member.post(f"galaxy_clusters/edit/{one['uuid']}", {"value": "x"}, status=405)
    member.get("galaxy_clusters/view/4", status=404)


def test_a_member_s_cluster_is_seen_by_whom_its_distribution_says(world: World, client: TestClient[Any]) -> None:
    mine, theirs = Asking(client, world.made.provider.key), Asking(client, world.other.key)
    hidden = mine.post("galaxy_clusters/add/threat-actor", CLUSTER | {"distribution": 0})["GalaxyCluster"]
    shared = mine.post("galaxy_clusters/add/threat-actor", CLUSTER | {"distribution": 1})["GalaxyCluster"]
    assert theirs.get(f"galaxy_clusters/view/{shared['uuid']}")["GalaxyCluster"]["value"] == "Made Up Spider"
    none = theirs.get("galaxy_clusters/view/3b2b1d0e-0000-4000-8000-000000000000", status=404)
    answer = theirs.get(f"galaxy_clusters/view/{hidden['uuid']}", status=404)
    assert answer["message"] == none["message"]
    custom = theirs.post("galaxy_clusters/restSearch", {"custom": 1, "minimal": 1})["response"]
    assert [row["GalaxyCluster"]["uuid"] for row in custom] == [shared["uuid"]]
    theirs.post(f"galaxy_clusters/edit/{shared['uuid']}", {"value": "Mine now"}, status=403)
    theirs.post(f"galaxy_clusters/delete/{shared['uuid']}", {"hard": 1}, status=403)
    world.clock.advance(SECOND)
    moved = mine.post(f"galaxy_clusters/edit/{shared['uuid']}", {"distribution": 0})["GalaxyCluster"]
    assert (moved["id"], moved["distribution"]) == (shared["id"], "0") and moved["version"] > shared["version"]
    theirs.get(f"galaxy_clusters/view/{shared['uuid']}", status=404)
    assert theirs.post("galaxy_clusters/restSearch", {"custom": 1})["response"] == []


def test_relations_are_added_changed_withdrawn(world: World, client: TestClient[Any]) -> None:
    mine, theirs = Asking(client, world.made.provider.key), Asking(client, world.other.key)
    made = mine.post("galaxy_clusters/add/threat-actor", CLUSTER | {"distribution": 1})["GalaxyCluster"]
    target = mine.get("galaxies/view/threat-actor")["GalaxyCluster"][-1]
    rel = {"galaxy_cluster_uuid": made["uuid"], "referenced_galaxy_cluster_uuid": target["uuid"],
           "referenced_galaxy_cluster_type": "similar", "distribution": 1}  # fmt: skip
    added = mine.post("galaxy_cluster_relations/add/", rel)["GalaxyClusterRelation"]
    assert added["referenced_galaxy_cluster_id"] == target["id"]
    theirs.get(f"galaxy_clusters/view/{made['id']}", status=404)
    shown = theirs.get(f"galaxy_clusters/view/{made['uuid']}")["GalaxyCluster"]
    assert [row["uuid"] for row in shown["GalaxyClusterRelation"]] == [added["uuid"]]
    world.clock.advance(SECOND)
    changed = mine.post(f"galaxy_cluster_relations/edit/{added['id']}", {"Tag": [{"name": "tlp:red"}]})
    assert [tag["name"] for tag in changed["GalaxyClusterRelation"]["Tag"]] == ["tlp:red"]
    shown = theirs.get(f"galaxy_clusters/view/{made['uuid']}")["GalaxyCluster"]
    assert shown["GalaxyClusterRelation"] == [], "a marking on a relation narrows it"
    theirs.post(f"galaxy_cluster_relations/delete/{added['uuid']}", status=404)
    assert mine.post(f"galaxy_cluster_relations/delete/{added['uuid']}")["success"]
    assert mine.get(f"galaxy_clusters/view/{made['uuid']}")["GalaxyCluster"]["GalaxyClusterRelation"] == []


def test_forks_publication_and_both_ways_to_delete(world: World, client: TestClient[Any]) -> None:
    mine = Asking(client, world.made.provider.key)
    origin = next(
        row for row in mine.get("galaxies/view/threat-actor")["GalaxyCluster"] if row["value"] == "APT1"
    )
    fork = mine.post(f"galaxy_clusters/add/threat-actor/forkUuid:{origin['uuid']}", {"value": "APT1 of ours"})
    made = fork["GalaxyCluster"]
    assert made["extends_uuid"] == origin["uuid"] and len(made["GalaxyElement"]) == len(origin["GalaxyElement"])
    assert mine.post(f"galaxy_clusters/publish/{made['id']}")["message"] == "GalaxyCluster published"
    assert mine.get(f"galaxy_clusters/view/{made['id']}")["GalaxyCluster"]["published"]
    assert mine.post(f"galaxy_clusters/delete/{made['uuid']}")["success"]
    assert mine.get(f"galaxy_clusters/view/{made['uuid']}")["GalaxyCluster"]["deleted"]
    assert mine.post("galaxy_clusters/restSearch", {"custom": 1})["response"] == []
    assert mine.post(f"galaxy_clusters/restore/{made['uuid']}")["success"]
    assert mine.post(f"galaxy_clusters/delete/{made['uuid']}", {"hard": 1})["success"]
    mine.get(f"galaxy_clusters/view/{made['uuid']}", status=404)


def test_another_misp_s_clusters_are_taken_in_once_and_a_step_narrower(world: World, client: TestClient[Any]) -> None:
    mine, theirs = Asking(client, world.made.provider.key), Asking(client, world.other.key)
    galaxy = mine.get("galaxies/view/threat-actor")["Galaxy"]["uuid"]
    uuid = "6f5e3b1c-71a4-4f3a-9d0e-5b1f4c2a9e10"
    pushed = {"GalaxyCluster": CLUSTER | {
        "uuid": uuid, "version": "1700000000", "distribution": "2", "Galaxy": {"uuid": galaxy},
        "Orgc": {"name": "Elsewhere", "uuid": "1c3f1d6e-5f0a-4a7e-8a5e-1f0e8b7a2c11"},
    }}  # fmt: skip
    said = mine.post("galaxies/pushCluster", [pushed, {"GalaxyCluster": {"uuid": "x"}}])
    assert (said["imported"], said["ignored"]) == (1, 1)
    assert mine.post("galaxies/pushCluster", [pushed])["imported"] == 0, "nothing newer"
    shown = theirs.get(f"galaxy_clusters/view/{uuid}")["GalaxyCluster"]
    assert (shown["distribution"], shown["version"], shown["Orgc"]["name"]) == ("1", "1700000000", "Elsewhere")
    pushed["GalaxyCluster"] |= {"version": "1700000001", "distribution": "1"}
    assert mine.post("galaxies/pushCluster", [pushed])["imported"] == 1
    theirs.get(f"galaxy_clusters/view/{uuid}", status=404)


def test_templates_types_models_notices_communities(world: World, client: TestClient[Any]) -> None:
    admin = Asking(client, world.made.ministry.key)
    names = {row["ObjectTemplate"]["name"]: row["ObjectTemplate"] for row in admin.get("objectTemplates/index")}
    shown = admin.get(f"objectTemplates/view/{names['file']['uuid']}")
    assert "md5" in {row["object_relation"] for row in shown["ObjectTemplateElement"]}
    assert admin.get("objectTemplates/getRaw/domain-ip")["requiredOneOf"]
    assert admin.post("objectTemplates/update") == []
    admin.get("objectTemplates/getRaw/no-such", status=404)
    assert len(admin.get("attributes/describeTypes.json")["result"]["types"]) > 150
    model = next(row["DecayingModel"] for row in admin.get("decayingModel/index") if "NIDS" in
                 row["DecayingModel"]["name"])  # fmt: skip
    assert admin.post(f"decayingModel/enable/{model['id']}")["DecayingModel"]["enabled"]
    library = library_of(world.made.hub)
    seen = NOW // SECOND - 30 * 86_400
    rows = library.fading("ip-dst", [], []).scores(seen)
    assert [(round(row["score"], 1), row["decayed"]) for row in rows] == [(40.0, False)]
    assert library.fading("ip-dst", [], [], overrides={"threshold": 50}).scores(seen)[0]["decayed"]
    assert library.fading("sha256", [], []).scores(seen) == []
    notice = admin.post("noticelists/enableNoticelist/1/true")["Noticelist"]
    assert notice["name"] == "gdpr" and notice["enabled"] and notice["NoticelistEntry"]
    assert len(admin.get("communities/index")) == 2
    for path in ("warninglists", "taxonomies", "noticelists", "galaxies"):
        assert admin.post(f"{path}/update")["saved"]
