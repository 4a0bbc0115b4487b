"""Horizon scanning on both databases: who reads what, who resolves, what is shown before one has estimated."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from databases import START, dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, MINUTE, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.horizon import Kind, Paper, What
from fusioncell.picture.horizon.model import MOST_BY_ONE

SIGNAL = Paper(What.ITEM, kind=Kind.SIGNAL, title="A kit sells for 20", category="economic")
ASKED = Paper(What.ITEM, kind=Kind.FORECAST, title="Will it reach us?", text="Two members say so",
              deadline=START + 30 * DAY)  # fmt: skip


class World:
    """Fay and Gus of the cell; Ada and Bo (a reader) of a bank."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock, self.ids = hub, clock, dict[str, str]()
        homes = {"Cell": {"Fay": "analyst", "Gus": "analyst"}, "Bank": {"Ada": "member", "Bo": "reader"}}
        for home, people in homes.items():
            org = hub.members.add_organisation(home, "finance", "industry")
            for name, role in people.items():
                self.ids[name] = hub.members.add_person(org.id, name, f"{name.lower()}@x.example", [role]).id
        hub.settle()

    def viewer(self, name: str) -> Viewer:
        found = self.hub.members.viewer_of(f"person:{self.ids[name]}")
        assert found is not None
        return found

    def open(self, name: str, paper: Paper, readers: str = "partnership") -> str:
        self.clock.advance(MINUTE)
        made = self.hub.horizon.open(self.viewer(name), paper, readers)
        self.hub.settle()
        return made

    def write(self, name: str, item: str, what: What, **more: object) -> str:
        self.clock.advance(MINUTE)
        paper = msgspec.structs.replace(Paper(what), **more)
        made = self.hub.horizon.write(self.viewer(name), item, paper)
        self.hub.settle()
        return made


@pytest.fixture
def world(open_again: Callable[..., Hub]) -> World:
    clock = ManualClock(START)
    return World(open_again(clock, SeededRandomness(5)), clock)


def test_what_is_no_contribution_has_no_status_and_no_receipts(world: World) -> None:
    item, colleague = world.open("Ada", SIGNAL, "me"), world.viewer("Bo")
    for ask in (world.hub.intake.status, world.hub.intake.own, world.hub.receipts.receipts):
        for viewer in (colleague, world.viewer("Ada")):
            with pytest.raises(NotFound):
                ask(viewer, item)


def test_each_reads_what_was_opened_for_them(world: World) -> None:
    horizon = world.hub.horizon
    cell, everyone, bank = (world.open(name, SIGNAL, readers) for name, readers in (
        ("Fay", "cell"), ("Fay", "partnership"), ("Ada", "org")))  # fmt: skip
    assert [one.id for one in horizon.listed(world.viewer("Gus"), Kind.SIGNAL)] == [everyone, cell]
    assert [one.id for one in horizon.listed(world.viewer("Bo"), Kind.SIGNAL)] == [bank, everyone]
    assert horizon.listed(world.viewer("Bo"), Kind.DRIVER) == []
    for refused in (cell, "nowhere"):
        with pytest.raises(NotFound):
            horizon.one(world.viewer("Ada"), refused)
    with pytest.raises(NotAllowed):
        world.open("Bo", SIGNAL)


def test_a_link_shows_from_both_ends_to_who_reads_both(world: World) -> None:
    horizon = world.hub.horizon
    signal = world.open("Ada", SIGNAL)
    driver = world.open("Fay", Paper(What.ITEM, kind=Kind.DRIVER, title="Cheap kits", category="economic"), "cell")
    world.write("Fay", driver, What.LINK, to=signal)
    world.write("Fay", signal, What.LINK, to=driver)
    for name, item, others in (("Gus", signal, [driver]), ("Gus", driver, [signal]), ("Ada", signal, [])):
        found = horizon.one(world.viewer(name), item)
        assert [one.id for one in horizon.linked(world.viewer(name), found)] == others
    with pytest.raises(NotFound):
        world.write("Ada", signal, What.LINK, to=driver)


def test_a_forecast_from_the_question_to_the_score(world: World) -> None:
    horizon = world.hub.horizon
    which = world.open("Fay", ASKED)
    world.write("Ada", which, What.ESTIMATE, percent=20)
    world.write("Gus", which, What.ESTIMATE, percent=60)
    one = horizon.one(world.viewer("Gus"), which)
    seen = {name: horizon.sees_crowd(world.viewer(name), one) for name in ("Gus", "Ada", "Fay", "Bo")}
    assert seen == {"Gus": True, "Ada": True, "Fay": False, "Bo": True}
    with pytest.raises(NotAllowed):
        world.write("Ada", which, What.OUTCOME, outcome="yes", text="Seen")
    with pytest.raises(BadInput, match="may still come true"):
        world.write("Fay", which, What.OUTCOME, outcome="no", text="Nothing came")
    world.clock.advance(31 * DAY)
    with pytest.raises(Conflict):
        world.write("Ada", which, What.ESTIMATE, percent=1)
    outcome = world.write("Fay", which, What.OUTCOME, outcome="no", text="Nothing came")
    with pytest.raises(NotAllowed, match="second person"):
        world.write("Fay", which, What.CONFIRM, about=outcome)
    assert horizon.track(world.viewer("Ada")).crowd.count == 0
    world.write("Gus", which, What.CONFIRM, about=outcome)
    track = horizon.track(world.viewer("Ada"))
    assert track.own.brier == pytest.approx(0.04) and track.crowd.count == 1
    assert [(each.said, each.came) for each in track.bins] == [(0.2, 0.0), (0.6, 0.0)]
    with pytest.raises(Conflict):
        world.write("Gus", which, What.OUTCOME, outcome="yes", text="Late")


def test_machines_give_no_probabilities(world: World) -> None:
    which = world.open("Fay", ASKED)
    machine = world.hub.members.operator_viewer(world.viewer("Fay").org or "")
    assert machine is not None and machine.person is None
    with pytest.raises(NotAllowed, match="only people"):
        world.hub.horizon.write(machine, which, Paper(What.ESTIMATE, percent=5))


def test_what_makes_no_sense_is_refused(world: World) -> None:
    signal, asked = world.open("Fay", SIGNAL), world.open("Fay", ASKED)
    for wrong in (msgspec.structs.replace(SIGNAL, title=" "), msgspec.structs.replace(SIGNAL, category="magic"),
                  msgspec.structs.replace(SIGNAL, source="javascript:x"), msgspec.structs.replace(ASKED, text=""),
                  msgspec.structs.replace(ASKED, deadline=START)):  # fmt: skip
        with pytest.raises(BadInput):
            world.open("Fay", wrong)
    for item, what, more in ((signal, What.ESTIMATE, {"percent": 5}), (asked, What.ESTIMATE, {"percent": 101}),
                             (signal, What.RATE, {"impact": 3, "uncertainty": 3}), (signal, What.NOTE, {}),
                             (asked, What.OUTCOME, {"outcome": "perhaps", "text": "x"})):  # fmt: skip
        with pytest.raises(BadInput):
            world.write("Fay", item, what, **more)
    with pytest.raises(Conflict):
        world.write("Gus", asked, What.CONFIRM, about="")
    world.write("Fay", signal, What.RETIRE)
    with pytest.raises(Conflict):
        world.write("Fay", signal, What.NOTE, text="x")


def test_one_person_fills_no_item(world: World) -> None:
    which = world.open("Fay", SIGNAL)
    for count in range(MOST_BY_ONE):
        world.hub.horizon.write(world.viewer("Ada"), which, Paper(What.NOTE, text=str(count)))
    world.hub.settle()
    with pytest.raises(Conflict):
        world.write("Ada", which, What.NOTE, text="one more")
    world.write("Gus", which, What.NOTE, text="another's")


def test_rebuilt_to_the_same_bytes_and_handed_over(world: World) -> None:
    which = world.open("Fay", ASKED)
    world.write("Ada", which, What.ESTIMATE, percent=20)
    standing = dump(world.hub.databases["projections"])
    rebuild(world.hub)
    world.hub.river.run_dry()
    assert dump(world.hub.databases["projections"]) == standing
    sight = world.hub.record.visible_to(world.viewer("Ada"))
    assert [row["paper"] for row in world.hub.horizon.written(world.ids["Ada"], sight)] == [
        {"what": "estimate", "of": which, "percent": 20}]  # fmt: skip
