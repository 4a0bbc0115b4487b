"""What is learned from the record is an entry of its tier, replayed and never recomputed. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import START, dump, fresh_url, hub_in, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.fusion import explain, probability
from fusioncell.fusion.model import Assessment
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType

VERDICTS = 60


def name(number: int) -> Observable:
    return Observable(ObservableType.DOMAIN, f"name-{number}.example")


class World:
    """Three members who accuse names, two of them together; and an analyst."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.orgs = [hub.members.add_organisation(each, "telecoms", "isp").id for each in ("North", "East", "South")]
        self.member, self.analyst = self.person("Mia", "member"), self.person("Ann", "analyst")

    def person(self, who: str, role: str) -> Viewer:
        made = self.hub.members.add_person(self.orgs[2], who, f"{who}@x.example".lower(), [role])
        viewer = self.hub.members.viewer_of(f"person:{made.id}")
        assert viewer is not None
        return viewer

    def say(self, place: int, names: list[str], tlp: Tlp = Tlp.GREEN) -> None:
        viewer = self.hub.members.operator_viewer(self.orgs[place])
        assert viewer is not None
        # Each has lists of its own: two files of the same bytes are one object, whoever sends them.
        body = "\n".join((f"# {place} {self.clock.now()}", *names)).encode()
        self.hub.intake.accept(viewer, body, "text/plain", Terms(tlp, filename="list.txt"))

    def seen(self, number: int, viewer: Viewer | None = None) -> Assessment:
        """Look one name up, in each of the ways in which it can be looked up."""
        hub, one = self.hub, name(number)
        audiences = hub.record.visible_to(viewer or self.member)
        found = hub.fusion.look_up(one, audiences)
        assert found is not None
        assert hub.fusion.match([one], audiences)[one].malicious == found.malicious
        hub.matcher.memory.load()
        said = hub.matcher.say([one], audiences, self.clock.now())[one]
        assert (said.malicious, said.active) == pytest.approx((found.malicious, found.active))
        hub.matcher.memory.merge(least=1)
        said = hub.matcher.say([one], audiences, self.clock.now())[one]
        assert (said.malicious, said.active) == pytest.approx((found.malicious, found.active))
        table = hub.fusion.standing(audiences)
        rows = dict(zip(table.ids.tolist(), table.malicious.tolist(), strict=True))
        assert rows.get(hub.fusion.ids_of([one])[0], found.malicious) == found.malicious
        return found

    def rebuilt(self) -> bool:
        standing = dump(self.hub.databases["projections"])
        rebuild(self.hub)
        self.hub.river.run_dry()
        return bool(dump(self.hub.databases["projections"]) == standing)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(START)
    with fresh_url(request.param) as url:
        hub = hub_in(tmp_path / "hub", url, clock=clock)
        try:
            yield World(hub, clock)
        finally:
            hub.close()


def judged(world: World, readers: str = "green", tlp: Tlp = Tlp.GREEN) -> None:
    """Of names that two accuse, two in three are called harmless by the analyst."""
    for place in (0, 1):
        world.say(place, [name(each).value for each in range(VERDICTS)], tlp)
    world.say(0, ["name-100.example"])
    world.hub.settle()
    for each in range(VERDICTS):
        said = "malicious" if each % 3 == 0 else "benign"
        world.hub.overrides.override(world.analyst, name(each), said, "We looked.", readers)
    world.hub.settle()


def test_p_malicious_is_uncalibrated_until_there_are_verdicts_and_then_by_them(world: World) -> None:
    judged(world)
    before = world.seen(0)
    assert before.line.verdicts == 0 and explain(before)["calibrated"] is False
    assert world.hub.learning.learn() == 1
    world.hub.settle()
    after, alone = world.seen(0), world.seen(100)
    assert after.line.verdicts == VERDICTS and explain(after)["calibrated"] is True
    assert after.score == before.score, "the evidence adds up as before"
    assert abs(after.malicious - 1 / 3) < abs(before.malicious - 1 / 3) / 2
    assert alone.malicious <= probability(alone.score)
    told = explain(after)["explanation"]["calibration"]
    assert (told["verdicts"], told["learned_from"]) == (VERDICTS, "green")
    assert told["uncalibrated"] == round(before.malicious, 4)
    assert world.hub.learning.learn() == 0, "what stands is not said again"
    assert world.rebuilt() and world.seen(0).malicious == after.malicious


def test_what_members_judged_shows_to_nobody_else(world: World) -> None:
    judged(world, "green", Tlp.CLEAR)
    before = world.seen(1, PUBLIC)
    world.hub.learning.learn()
    world.hub.settle()
    assert world.seen(1, PUBLIC) == before
    assert world.hub.learning.known(PUBLIC) == [] and len(world.hub.learning.known(world.member)) == 1


def test_what_everyone_may_know_is_learned_for_everyone(world: World) -> None:
    judged(world, "clear", Tlp.CLEAR)
    assert world.hub.learning.learn() == 2
    world.hub.settle()
    assert world.seen(1, PUBLIC).line.verdicts == VERDICTS
    assert (world.seen(1, PUBLIC).line.tier, world.seen(1).line.tier) == (0, 1)


def test_verdicts_that_are_taken_back_are_unlearned(world: World) -> None:
    judged(world)
    world.hub.learning.learn()
    world.hub.settle()
    for one in world.hub.overrides.listed(world.member)[: VERDICTS // 2]:
        world.hub.overrides.restore(world.analyst, one.id, "We erred.")
    world.hub.settle()
    assert world.hub.learning.learn() == 1
    world.hub.settle()
    assert world.seen(0).line.verdicts == 0 and world.seen(0).malicious == probability(world.seen(0).score)


def test_what_was_said_after_a_verdict_teaches_nothing_about_it(world: World) -> None:
    judged(world)
    world.hub.learning.learn()
    world.hub.settle()
    ((_, _, _, first),) = world.hub.learning.known(world.member)
    world.clock.advance(DAY)
    world.say(2, [name(each).value for each in range(VERDICTS)])
    world.hub.settle()
    assert world.hub.learning.learn() == 0, "the same scores stood when it was judged"
    assert world.hub.learning.known(world.member)[0][3] == first


def play(world: World, tlp: Tlp = Tlp.GREEN, days: int = 250) -> None:
    """Each day some names are accused for the first time, a few of them again in the days after, then never more."""
    for day in range(days):
        again = [name(1000 + each).value for back in (1, 2, 3) if day >= back
                 for each in range(4 * (day - back), 4 * (day - back) + 4 - back)]  # fmt: skip
        world.say(day % 2, [*(name(1000 + each).value for each in range(4 * day, 4 * day + 4)), *again], tlp)
        world.clock.advance(DAY)
    world.hub.settle()


def test_half_lives_are_learned_and_serve_what_comes_after(world: World) -> None:
    play(world)
    world.say(0, [name(1).value])
    world.hub.settle()
    usual = world.seen(1).origins[0].half
    assert usual == 30 * DAY
    assert world.hub.learning.learn() == 2
    world.hub.settle()
    assert world.hub.learning.learn() == 0, "what stands is not said again"
    told = {kind: body for kind, _, _, body in world.hub.learning.known(world.member)}
    (life,) = told["learned.half-lives"]["lives"]
    assert life["days"] < 30 and life["asked"] > 200 and life["back"] > 30
    assert world.seen(1).origins[0].half == usual, "what was said before fades as it did"
    world.say(1, [name(1).value, name(2).value])
    world.say(0, [name(2).value], Tlp.CLEAR)
    world.hub.settle()
    assert {origin.half for origin in world.seen(1).origins} == {usual, life["days"] * DAY}
    assert sorted(origin.half // DAY for origin in world.seen(2).origins) == [life["days"], 30], (
        "what everybody reads weighs by nothing that only members know"
    )
    ends = world.seen(2).fades_at
    assert ends is not None
    world.clock.advance(ends - world.clock.now())
    assert world.seen(2).active == pytest.approx(0.5, abs=1e-3), "of two half-lives, too"
    before = world.seen(1)
    assert world.rebuilt() and world.seen(1) == before


def test_p_active_within_a_week_and_a_month_is_learned_and_told(world: World) -> None:
    play(world)
    assert world.seen(1000).again == () and explain(world.seen(1000))["reported_again"] is None
    world.hub.learning.learn()
    world.hub.settle()
    world.say(0, [name(5000).value])
    world.hub.settle()
    old, new = (explain(world.seen(each))["reported_again"] for each in (1000, 5000))
    assert set(new) == {"7", "30"} and all(0 <= new[days] <= 1 for days in new)
    assert new["7"] > 5 * old["7"]
    told = {kind: body for kind, _, _, body in world.hub.learning.known(world.member)}["learned.outlook"]
    assert all(each["brier"] < each["brier_base"] for each in told["horizons"])
    assert world.hub.learning.known(PUBLIC) == []
