"""Sources that repeat others count once; joins and grades are entries, and can be taken back. On both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from pathlib import Path

import pytest

from databases import START, dump, fresh_url, hub_in, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.fusion.origins.service import Origins
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, ManualClock
from fusioncell.kernel.errors import BadInput, NotAllowed
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType

DAYS = 25


class World:
    """Three providers: the second repeats the first six hours later, the third sees some of it by itself."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        members = hub.members
        self.names = [members.add_organisation(name, "telecoms", "isp").id for name in ("North", "Copy", "South")]
        self.told: dict[str, tuple[int, int]] = {}
        self.origins = Origins(hub.record, hub.databases["projections"], clock, SeededRandomness(3),
                               self.outcomes)  # fmt: skip
        cell = members.add_organisation("Cell", "government", "government")
        ann = members.add_person(cell.id, "Ann", "ann@cell.example", ["analyst"])
        analyst = members.viewer_of(f"person:{ann.id}")
        assert analyst is not None
        self.analyst = analyst
        self.member = self.viewer(2)

    def outcomes(self, audiences: frozenset[int], proven: Set[str]) -> dict[str, tuple[int, int]]:
        """Say what was told, to those of the partnership."""
        green = any(self.hub.record.audience(number).tlp is Tlp.GREEN for number in audiences)
        return self.told if green else {}

    def viewer(self, number: int) -> Viewer:
        found = self.hub.members.operator_viewer(self.names[number])
        assert found is not None
        return found

    def say(self, number: int, *names: str, tlp: Tlp = Tlp.GREEN) -> None:
        # Each has lists of its own: two files of the same bytes are one object, whoever sends them.
        body = "\n".join((f"# list of {self.names[number]}", *names)).encode()
        self.hub.intake.accept(self.viewer(number), body, "text/plain", Terms(tlp, filename="list.txt"))

    def live(self) -> None:
        for day in range(DAYS):
            self.say(0, f"evil-{day}.example")
            if day % 3 == 0:
                self.say(2, f"evil-{day}.example", f"other-{day}.example")
            self.clock.advance(6 * HOUR)
            self.say(1, f"evil-{day}.example")
            self.clock.advance(DAY - 6 * HOUR)
        self.hub.settle()

    def weighs(self, name: str, viewer: Viewer | None = None) -> tuple[int, float]:
        audiences = self.hub.record.visible_to(viewer or self.member)
        found = self.hub.fusion.look_up(Observable(ObservableType.DOMAIN, name), audiences)
        assert found is not None
        same = self.hub.fusion.match([found.observable], audiences)[found.observable]
        assert (same.score, len(same.origins)) == (found.score, len(found.origins))
        return len(found.origins), found.score


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(START)
    with fresh_url(request.param) as url:
        hub = hub_in(tmp_path / "hub", url, clock=clock)
        try:
            made = World(hub, clock)
            made.live()
            yield made
        finally:
            hub.close()


def same_when_rebuilt(hub: Hub) -> bool:
    standing = dump(hub.databases["projections"])
    rebuild(hub)
    hub.river.run_dry()
    return bool(dump(hub.databases["projections"]) == standing)


def test_a_copier_adds_nothing_once_it_is_found_out_and_parting_restores_it(world: World) -> None:
    two, before = world.weighs("evil-1.example")
    three, most = world.weighs("evil-3.example")
    assert (two, three) == (2, 3)

    assert world.origins.learn() == 1
    world.hub.settle()
    (join,) = world.origins.joins(world.member)
    assert (join.join.first, join.join.second) == (world.names[0], world.names[1])
    assert join.join.by == "rule" and join.join.shared == DAYS and join.join.lag == 6 * HOUR and join.tlp is Tlp.GREEN
    one, after = world.weighs("evil-1.example")
    assert one == 1 and after < before
    assert world.weighs("evil-3.example")[0] == 2
    assert world.origins.learn() == 0, "what stands is not said again"
    assert same_when_rebuilt(world.hub)

    world.origins.part(world.analyst, join.id, "They share a sensor by contract, and each looks itself.")
    world.hub.settle()
    assert world.weighs("evil-1.example") == (2, before) and world.weighs("evil-3.example") == (3, most)
    assert world.origins.joins(world.member) == []
    assert world.origins.learn() == 0, "what an analyst parted, the rule leaves apart"
    assert same_when_rebuilt(world.hub)


def test_a_join_shows_to_nobody_who_may_not_see_what_it_was_learned_from(world: World) -> None:
    world.say(0, "seen-by-all.example", tlp=Tlp.CLEAR)
    world.say(1, "seen-by-all.example", tlp=Tlp.CLEAR)
    world.hub.settle()
    stranger = Viewer(None, None, False, frozenset(), frozenset(), frozenset())
    before = world.weighs("seen-by-all.example", stranger)
    world.origins.learn()
    world.hub.settle()
    assert world.weighs("seen-by-all.example", stranger) == before
    assert world.weighs("seen-by-all.example") != before
    assert world.origins.joins(stranger) == []


def test_a_block_that_rested_on_a_source_and_its_copier_ends(world: World) -> None:
    assert world.hub.shield.newest("evil-23.example") is not None
    world.origins.learn()
    world.hub.settle()
    ended = world.hub.shield.newest("evil-23.example")
    kept = world.hub.shield.newest("evil-24.example")
    assert ended is not None and ended.state.value == "withdrawn"
    assert kept is not None and kept.state.value == "proposed", "the third provider saw it by itself"


def test_outcomes_grade_a_source_and_an_analyst_has_the_last_word(world: World) -> None:
    bad, good, few = world.names
    world.told = {bad: (1, 11), good: (60, 1), few: (2, 0)}
    assert world.origins.learn() == 3  # two grades, and the join
    world.hub.settle()
    letters = {one.name: one.letter for one in world.origins.sources(world.member)}
    assert letters == {bad: "E", good: "B", few: "F"}
    before = world.weighs("evil-2.example")
    world.say(0, "new.example")
    world.say(2, "newer.example")
    world.hub.settle()
    assert world.weighs("new.example")[1] < world.weighs("newer.example")[1], "a grade weighs what comes after it"
    assert world.weighs("evil-2.example") == before
    assert same_when_rebuilt(world.hub)

    world.origins.grade(world.analyst, bad, "C", "They have changed their sensors.")
    world.hub.settle()
    world.told[bad] = (1, 30)
    assert world.origins.learn() == 0, "an analyst's grade is never overridden"
    (source,) = [one for one in world.origins.sources(world.member) if one.name == bad]
    assert source.letter == "C" and source.graded_by == world.analyst.person and source.outcome.letter == "E"
    assert source.graded is not None and (source.graded.upheld, source.graded.overturned) == (1, 11)
    world.say(0, "newest.example")
    world.hub.settle()
    assert world.weighs("newest.example")[1] > world.weighs("new.example")[1]


def test_a_grade_for_the_partnership_does_not_show_in_what_is_public(world: World) -> None:
    world.origins.grade(world.analyst, world.names[0], "E", "It lists what it is asked about.")
    world.hub.settle()
    world.say(0, "green.example")
    world.say(0, "clear.example", tlp=Tlp.CLEAR)
    world.hub.settle()
    assert world.weighs("green.example")[1] < world.weighs("clear.example")[1]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda w: w.origins.join(w.member, w.names[0], w.names[2], "why"), NotAllowed),
        (lambda w: w.origins.join(w.analyst, w.names[0], w.names[0], "why"), BadInput),
        (lambda w: w.origins.join(w.analyst, w.names[0], w.names[2], " "), BadInput),
        (lambda w: w.origins.grade(w.analyst, w.names[0], "G", "why"), BadInput),
        (lambda w: w.origins.grade(w.analyst, w.names[0], "A", "why", Tlp.RED), BadInput),
    ],
)
def test_what_cannot_be_judged(world: World, act: Callable[[World], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        act(world)
