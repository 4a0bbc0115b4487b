"""The hundredth report of one mail stands with the first, of what each viewer sees. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import START, dump, fresh_url, hub_in, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.fusion.alike import Alike
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import MINUTE, ManualClock
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer

MAIL = (
    "Dear customer {n}, your parcel NL{n} is held at our depot because customs fees were not paid. Please confirm your "
    "address and pay within 24 hours at https://parcel.example/{n} or it goes back to its sender. You find the details "
    "of the delivery in your account. With kind regards, your parcel service."
)
OTHER = "The members agreed to publish the summary of the exercise and to review the list of contacts in each quarter."


class World:
    """Two members who report mails."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        orgs = [hub.members.add_organisation(name, "telecoms", "isp").id for name in ("North", "East")]
        self.viewers: list[Viewer] = []
        for number, org in enumerate(orgs):
            made = hub.members.add_person(org, f"P{number}", f"p{number}@x.example", ["member"])
            viewer = hub.members.viewer_of(f"person:{made.id}")
            assert viewer is not None
            self.viewers.append(viewer)

    def say(self, place: int, text: str, tlp: Tlp = Tlp.GREEN) -> str:
        self.clock.advance(MINUTE)
        made = self.hub.intake.accept(self.viewers[place], text.encode(), "text/plain", Terms(tlp, filename="mail.txt"))
        self.hub.settle()
        return made.contribution

    def alike(self, contribution: str, viewer: Viewer | None = None) -> Alike:
        return self.hub.texts.alike(viewer or self.viewers[0], contribution)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(START)
    with fresh_url(request.param) as url:
        hub = hub_in(tmp_path / "hub", url, clock=clock)
        try:
            yield World(hub, clock)
        finally:
            hub.close()


def test_copies_stand_with_the_first_until_it_is_recalled(world: World) -> None:
    first = world.say(0, MAIL.format(n=1001))
    other = world.say(0, OTHER)
    copies = [world.say(n % 2, MAIL.format(n=2000 + n)) for n in range(5)]
    found = world.alike(copies[-1])
    assert found.first is not None and found.first.contribution == first and not found.more
    assert {one.contribution for one in found.found} == {first, *copies[:-1]}
    assert all(one.share > 0.9 for one in found.found)
    assert world.alike(first).first is None and len(world.alike(first).found) == 5
    assert world.alike(other) == Alike(None, (), False)

    standing = dump(world.hub.databases["projections"])
    rebuild(world.hub)
    world.hub.river.run_dry()
    assert dump(world.hub.databases["projections"]) == standing

    world.hub.intake.recall(world.viewers[0], first, "An error.")
    world.hub.settle()
    found = world.alike(copies[-1])
    assert found.first is not None and found.first.contribution == copies[0] and len(found.found) == 4
    assert world.alike(first) == Alike(None, (), False)


def test_what_one_may_not_see_is_alike_to_nothing(world: World) -> None:
    hidden = world.say(1, MAIL.format(n=1), Tlp.AMBER)
    seen = world.say(0, MAIL.format(n=2))
    assert world.alike(seen) == Alike(None, (), False)
    assert world.alike(hidden) == world.alike("no-such-contribution") == Alike(None, (), False)
    assert world.alike(seen, PUBLIC) == Alike(None, (), False)
    mine = world.alike(seen, world.viewers[1])
    assert mine.first is not None and mine.first.contribution == hidden


def test_of_very_many_the_oldest_and_the_newest_are_compared(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusioncell.fusion.alike.service.MOST", 4)
    made = [world.say(0, MAIL.format(n=n + 1)) for n in range(6)]
    found = world.alike(made[3])
    assert found.more and found.first is not None and found.first.contribution == made[0]
    assert {one.contribution for one in found.found} == {made[0], made[1], made[4], made[5]}
