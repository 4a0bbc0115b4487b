"""Entities end to end: what reports name, as far as each viewer sees them; links by people; a rebuild ends the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion.entities import Kind, Strength
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.rebuild import check

START = parse_instant("2026-11-20T09:00:00Z")
APT29 = "b2056ff0-00b9-482e-b11c-c771daa5f28a"
"""APT29 in the galaxy threat-actor."""
STORM, RAIN = "5a0c0000-0000-4000-8000-000000000001", "5a0c0000-0000-4000-8000-000000000002"


def bundle(number: int, *objects: dict[str, object]) -> bytes:
    stamped = [{"spec_version": "2.1", "created": "2026-11-19T08:00:00Z", "modified": "2026-11-19T08:00:00Z"} | one
               for one in objects]  # fmt: skip
    return json.dumps({"type": "bundle", "id": f"bundle--{number:08}-0000-4000-8000-000000000000",
                       "objects": stamped}).encode()  # fmt: skip


def actor(uuid: str, name: str, *aliases: str) -> dict[str, object]:
    return {"type": "intrusion-set", "id": f"intrusion-set--{uuid}", "name": name, "aliases": list(aliases)}


def event(info: str, tags: list[str], *values: str) -> bytes:
    number = crc32(info.encode()) % 10**8
    return json.dumps({"Event": {
        "uuid": f"{number:08}-1111-4000-8000-000000000000", "info": info, "date": "2026-11-19",
        "timestamp": "1795000000",
        "Tag": [{"name": tag} for tag in tags],
        "Attribute": [{"uuid": f"{number:08}-2222-4000-8000-{at:012}", "type": "ip-dst", "value": value,
                       "category": "Network activity", "to_ids": True, "timestamp": "1795000000"}
                      for at, value in enumerate(values)],
    }}).encode()  # fmt: skip


class World:
    """Two organisations."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        self.folder, self.clock = folder, ManualClock(START)
        self.hub: Hub = open_hub(folder, clock=self.clock, known_good=KnownGood.nothing())
        self.orgs = [self.hub.members.add_organisation(name, "energy", "industry").id for name in ("Alpha", "Beta")]

    def who(self, number: int) -> Viewer:
        found = self.hub.members.operator_viewer(self.orgs[number])
        assert found is not None
        return found

    def gives(self, number: int, body: bytes, media: str = "application/json", tlp: Tlp = Tlp.GREEN) -> str:
        made = self.hub.intake.accept(self.who(number), body, media, Terms(tlp)).contribution
        self.hub.settle()
        return made


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "hub")
    yield made
    made.hub.close()


TAG = 'misp-galaxy:threat-actor="APT29"'


def test_an_actor_is_seen_by_its_tag_as_far_as_one_sees(world: World) -> None:
    entities = world.hub.entities
    entity = entities.one(world.who(0), APT29)
    assert entity.name == "APT29"
    assert entities.seen(world.who(0), entity) is None
    world.gives(0, event("One", [TAG], "192.0.2.1", "192.0.2.2"))
    hidden = world.gives(0, event("Two", [TAG], "192.0.2.3"), tlp=Tlp.AMBER_STRICT)
    for number, count in ((0, 2), (1, 1)):
        seen = entities.seen(world.who(number), entity)
        assert seen is not None
        assert seen.count == count, "contributions, not attributes"
        assert len(entities.reports(world.who(number), entity)) == count
        assert entities.weeks(world.who(number), entity)[-1] == count
    assert entities.seen(PUBLIC, entity) is None
    assert hidden not in [one.contribution for one in entities.reports(world.who(1), entity)]
    assert [one.value for one in entities.values(world.who(1), entity)] == ["192.0.2.1", "192.0.2.2"]
    rows = entities.mentioned(world.who(1), Kind.ACTOR, since=START - DAY).rows
    assert [(row.name, row.seen and row.seen.count) for row in rows] == [("APT29", 1)]


def test_a_recall_takes_it_out_of_all_counts(world: World) -> None:
    given = world.gives(0, event("One", [TAG, "T1566.001", "Emotet"], "192.0.2.1"))
    entities, who = world.hub.entities, world.who(1)
    assert entities.counts(who, ["T1566.001"], since=START - DAY) == {"T1566.001": 1}
    world.hub.intake.recall(world.who(0), given, "wrong")
    world.hub.settle()
    assert entities.counts(who, ["T1566.001"], since=START - DAY) == {}
    assert entities.seen(who, entities.one(who, APT29)) is None
    assert entities.mentioned(who).rows == ()


def test_a_contributed_actor_is_known_to_its_readers_alone(world: World) -> None:
    body = bundle(1, actor(STORM, "Sunken Storm", "Drizzle Cat"), {
        "type": "relationship", "id": "relationship--5a0c0000-0000-4000-8000-000000000009", "relationship_type": "uses",
        "source_ref": f"intrusion-set--{STORM}", "target_ref": "attack-pattern--2e34237d-8574-43f6-aace-ae2915de8597"})
    world.gives(0, body, tlp=Tlp.AMBER_STRICT)  # fmt: skip
    entities = world.hub.entities
    entity = entities.one(world.who(0), STORM)
    assert (entity.name, entity.kind, entity.galaxy) == ("Sunken Storm", Kind.ACTOR, "")
    assert [(row.name, type) for row, type, _, _ in entities.relations(world.who(0), entity)] == [
        ("Spearphishing Attachment", "uses")]
    for who in (world.who(1), PUBLIC):
        with pytest.raises(NotFound):
            entities.one(who, STORM)
        assert entities.find(who, "drizzle").rows == ()
    assert [row.id for row in entities.find(world.who(0), "drizzle").rows] == [STORM]
    attachment = entities.one(world.who(1), "T1566.001")
    assert entities.relations(world.who(1), attachment) == [
        each for each in entities.relations(PUBLIC, attachment)]
    assert entities.seen(world.who(1), attachment) is None


def test_shared_names_and_infrastructure_are_suggested_with_their_evidence(world: World) -> None:
    world.gives(0, bundle(1, actor(STORM, "Sunken Storm", "Drizzle Cat")))
    world.gives(1, bundle(2, actor(RAIN, "Rainmaker", "Drizzle Cat")))
    entities = world.hub.entities
    found = entities.suggestions(world.who(0), entities.one(world.who(0), STORM))
    assert [(one.other, one.strength, one.names) for one in found] == [(RAIN, Strength.WEAK, ("Drizzle Cat",))]
    world.gives(0, event("Storm", [TAG], "192.0.2.7"))
    world.gives(1, event("Other", ['misp-galaxy:threat-actor="Turla"'], "192.0.2.7"))
    found = entities.suggestions(world.who(0), entities.one(world.who(0), APT29))
    turla = next(one for one in found if one.name == "Turla")
    assert turla.values == ("192.0.2.7",)


def test_infrastructure_that_one_does_not_see_is_no_evidence(world: World) -> None:
    world.gives(0, event("Storm", [TAG], "192.0.2.7"))
    world.gives(1, event("Other", ['misp-galaxy:threat-actor="Turla"'], "192.0.2.7"), tlp=Tlp.AMBER_STRICT)
    entities = world.hub.entities
    for number, expected in ((0, False), (1, True)):
        found = entities.suggestions(world.who(number), entities.one(world.who(number), APT29))
        assert any(one.values for one in found) is expected


def test_a_link_is_an_entry_with_a_reason_and_is_taken_back(world: World) -> None:
    world.gives(0, bundle(1, actor(STORM, "Sunken Storm", "Drizzle Cat")))
    world.gives(1, bundle(2, actor(RAIN, "Rainmaker", "Drizzle Cat")))
    entities = world.hub.entities
    with pytest.raises(BadInput):
        entities.link(world.who(0), STORM, RAIN, "same", "  ")
    with pytest.raises(BadInput):
        entities.link(world.who(0), STORM, STORM, "same", "why")
    which = entities.link(world.who(0), STORM, RAIN, "same", "One loader, one operator.")
    world.hub.settle()
    assert entities.same_as(world.who(1), RAIN) == [RAIN, STORM]
    assert entities.one(world.who(1), RAIN).name == "Rainmaker", "linked, not fused"
    assert entities.suggestions(world.who(1), entities.one(world.who(1), STORM)) == []
    with pytest.raises(Conflict):
        entities.link(world.who(1), RAIN, STORM, "same", "again")
    entities.take_back(world.who(0), which, "Two operators after all.")
    world.hub.settle()
    assert entities.same_as(world.who(1), RAIN) == [RAIN]
    past = entities.links(world.who(1), STORM)
    assert [(one.reason, one.undone_why) for one in past] == [("One loader, one operator.", "Two operators after all.")]
    assert entities.suggestions(world.who(1), entities.one(world.who(1), STORM))


def test_a_link_for_one_organisation_is_seen_by_no_other(world: World) -> None:
    entities = world.hub.entities
    mitre = "899ce53f-13a0-479b-a0e4-67d46e241542"
    which = entities.link(world.who(0), APT29, mitre, "same", "Same names.", Tlp.AMBER_STRICT)
    world.hub.settle()
    assert entities.same_as(world.who(0), APT29) == [APT29, mitre]
    assert entities.same_as(world.who(1), APT29) == [APT29]
    assert entities.links(world.who(1), APT29) == []
    with pytest.raises(NotFound):
        entities.take_back(world.who(1), which)
    with pytest.raises(NotAllowed):
        entities.link(PUBLIC, APT29, mitre, "same", "x")


def test_a_rebuild_ends_the_same(world: World) -> None:
    world.gives(0, bundle(1, actor(STORM, "Sunken Storm", "Drizzle Cat")))
    world.gives(0, event("One", [TAG], "192.0.2.1"))
    gone = world.gives(1, event("Two", [TAG], "192.0.2.2"))
    which = world.hub.entities.link(world.who(0), STORM, APT29, "related", "x")
    world.hub.settle()
    world.hub.intake.recall(world.who(1), gone)
    world.hub.entities.take_back(world.who(0), which)
    world.hub.settle()
    assert not check(world.hub).differing
