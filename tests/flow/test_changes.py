"""What changes: a wave rises, a name is new, one returns, one reaches a sector; each viewer by what it sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, Instant, ManualClock, format_instant, parse_instant
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.changes import Change, How

START = parse_instant("2026-06-01T12:00:00Z")
USUAL, RISES, REACHES, BACK, NEW = "APT28", "APT29", "Turla", "Lazarus Group", "Sandworm"


def event(number: int, actor: str, now: Instant) -> bytes:
    """Write a MISP event that names an actor."""
    return json.dumps({"Event": {
        "uuid": f"00000000-0000-4000-8000-{number:012}", "info": f"wave {number}",
        "date": format_instant(now)[:10], "timestamp": str(now // 1_000_000),
        "Tag": [{"name": f'misp-galaxy:threat-actor="{actor}"'}],
        "Attribute": [{"uuid": f"10000000-0000-4000-8000-{number:012}", "type": "domain", "to_ids": True,
                       "category": "Network activity", "value": f"evil-{number}.example",
                       "timestamp": str(now // 1_000_000)}],
    }}).encode()  # fmt: skip


class World:
    """Ten weeks of three organisations of three sectors."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        self.clock, self.number = ManualClock(START), 0
        self.hub: Hub = open_hub(folder, clock=self.clock, known_good=KnownGood.nothing())
        self.orgs = {
            name: self.hub.members.add_organisation(name, sector, "industry").id
            for name, sector in (("Bank", "finance"), ("Clinic", "health"), ("Wires", "telecoms"))
        }
        self.report("Bank", BACK)
        self.clock.advance(30 * DAY)
        for day in range(63):
            late = day >= 56
            self.report("Bank", USUAL)
            if day % 3 == 0:
                self.report("Wires", REACHES)
            for _ in range(4 if late else day % 2):
                self.report("Bank", RISES)
            if late:
                self.report("Wires", NEW, Tlp.AMBER_STRICT if day < 62 else Tlp.GREEN)
            self.clock.advance(DAY)
        self.clock.advance(-DAY)
        self.report("Wires", BACK)
        self.report("Clinic", REACHES)
        self.hub.settle()

    def viewer(self, name: str) -> Viewer:
        found = self.hub.members.operator_viewer(self.orgs[name])
        assert found is not None
        return found

    def report(self, name: str, actor: str, tlp: Tlp = Tlp.GREEN) -> None:
        self.number += 1
        now = self.clock.now()
        body = event(self.number, actor, now)
        self.hub.intake.accept(self.viewer(name), body, "application/json", Terms(tlp))

    def look(self, name: str, sector: str = "") -> dict[str, Change]:
        return {one.entity.name: one for one in self.hub.whatchanges.look(self.viewer(name), sector=sector).found}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("changes") / "hub")
    yield made
    made.hub.close()


def test_each_in_its_way(world: World) -> None:
    found = world.look("Bank")
    assert {name: one.how for name, one in found.items()} == {
        RISES: How.RISING, REACHES: How.SECTOR, BACK: How.RETURNING, NEW: How.NEW,
    }  # fmt: skip
    assert found[REACHES].sectors == ("health",)
    assert found[RISES].week == 28 and found[RISES].usual == 3.5 and found[RISES].strength > 1
    assert found[RISES].since == 6, "begun at the first of the seven days"


def test_what_one_may_not_see_is_counted_for_others_alone(world: World) -> None:
    assert world.look("Wires")[NEW].week == 7 and world.look("Bank")[NEW].week == 1
    assert world.look("Bank")[NEW].members == 1


def test_of_one_sector(world: World) -> None:
    found = world.look("Bank", "telecoms")
    assert RISES not in found and found[BACK].members == 1


def test_in_a_young_hub_all_is_new_and_it_is_said_once(tmp_path: Path, world: World) -> None:
    assert not world.hub.whatchanges.look(world.viewer("Bank")).young
    Folder(tmp_path / "young").make("hub")
    clock = ManualClock(START)
    hub = open_hub(tmp_path / "young", clock=clock, known_good=KnownGood.nothing())
    try:
        bank = hub.members.operator_viewer(hub.members.add_organisation("Bank", "finance", "industry").id)
        assert bank is not None
        hub.intake.accept(bank, event(1, NEW, START), "application/json", Terms(Tlp.GREEN))
        clock.advance(6 * DAY)
        hub.settle()
        found = hub.whatchanges.look(bank)
        assert found.young and [one.how for one in found.found] == [How.NEW]
        clock.advance(DAY)
        hub.intake.accept(bank, event(2, NEW, clock.now()), "application/json", Terms(Tlp.GREEN))
        hub.settle()
        assert not hub.whatchanges.look(bank).young
    finally:
        hub.close()


def test_the_rate_of_false_alarms_is_stated(world: World) -> None:
    found = world.hub.whatchanges.look(world.viewer("Bank"))
    assert found.watched == 5 and found.false_alarms == pytest.approx(5 * 7 / 365)
