"""Members' clusters on each database: who sees them, before and after each change, and what a recall leaves."""

from __future__ import annotations

import pytest

from fusioncell.bootstrap import Hub
from fusioncell.exchange.misp import Caller, MispRefused, MispRole
from fusioncell.exchange.misp.galaxies import Galaxies
from fusioncell.kernel.errors import NotFound

ACTOR = 'misp-galaxy:threat-actor="{}"'


def _caller(hub: Hub, name: str) -> Caller:
    viewer = hub.members.operator_viewer(hub.members.add_organisation(name, "isp", "industry").id)
    assert viewer is not None
    return Caller(viewer, 1, viewer.org or "", MispRole(3, "User"))


def _sees(galaxies: Galaxies, caller: Caller, uuid: str) -> bool:
    try:
        galaxies.find(caller, uuid)
    except NotFound:
        return False
    return True


def test_a_cluster_moves_with_its_distribution_and_leaves_when_it_is_erased(hub: Hub) -> None:
    galaxies = hub.mispdoor.actions[("galaxies", "index")].run.args[0]  # type: ignore[attr-defined]
    assert isinstance(galaxies, Galaxies)
    one, two = _caller(hub, "One"), _caller(hub, "Two")
    place = galaxies.galaxy("threat-actor")
    made = galaxies.add(one, place, {"value": "Made Up", "distribution": 1, "meta": {"synonyms": ["A", "B"]}})
    tag = ACTOR.format(made.uuid)
    assert _sees(galaxies, two, made.uuid)
    assert [row["GalaxyCluster"][0]["meta"] for row in galaxies.galaxies(two, [tag, "tlp:red"])] == [
        {"synonyms": ["A", "B"]}
    ]
    with pytest.raises(MispRefused):
        galaxies.edit(two, made, {"value": "Taken over"})
    target = galaxies.pack.document("cluster", galaxies.pack.galaxies[place]["first"])["uuid"]
    relation = {"galaxy_cluster_uuid": made.uuid, "referenced_galaxy_cluster_uuid": target,
                "referenced_galaxy_cluster_type": "similar", "distribution": 3}  # fmt: skip
    galaxies.relate(one, relation)
    galaxies.relate(one, relation)
    galaxies.relate(two, relation)
    for caller in (one, two):
        shown = galaxies.shown(caller, galaxies.find(caller, made.uuid))
        assert len(shown["GalaxyClusterRelation"]) == 2, "one for each organisation that says so"
    edited = galaxies.edit(one, galaxies.misp.by_uuids(one, [made.uuid])[0], {"distribution": 0})
    assert edited.number == made.number
    assert _sees(galaxies, one, made.uuid) and not _sees(galaxies, two, made.uuid)
    assert galaxies.galaxies(two, [tag]) == [] and galaxies.of_galaxy(two, place, "custom") == []
    galaxies.erase(one, edited)
    assert not _sees(galaxies, one, made.uuid)
    assert [row.org for row in galaxies.misp.about(two, [made.uuid])] == [two.org], "each withdraws its own"


def test_one_uuid_from_two_organisations_shows_the_first_that_is_visible(hub: Hub) -> None:
    galaxies = hub.mispdoor.actions[("galaxies", "index")].run.args[0]  # type: ignore[attr-defined]
    one, two = _caller(hub, "One"), _caller(hub, "Two")
    place = galaxies.galaxy("threat-actor")
    uuid = "6f5e3b1c-71a4-4f3a-9d0e-5b1f4c2a9e10"
    galaxies.add(one, place, {"uuid": uuid, "value": "Hidden", "distribution": 0})
    mine = galaxies.add(two, place, {"uuid": uuid, "value": "Mine", "distribution": 1})
    assert galaxies.shown(two, mine)["value"] == "Mine"
    assert galaxies.shown(one, galaxies.find(one, uuid))["value"] == "Hidden"
    with pytest.raises(MispRefused):
        galaxies.add(two, place, {"uuid": uuid, "value": "Again"})
