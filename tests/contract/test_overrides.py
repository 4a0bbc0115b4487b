"""An analyst's word over the machine: beside its figures, for who may know it, and taken back. On both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databases import START, dump, fresh_url, hub_in, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.fusion import explain, machine_verdict, verdict
from fusioncell.fusion.model import Assessment
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import HOUR, ManualClock
from fusioncell.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from fusioncell.kernel.marking import PUBLIC, Tlp, Uses, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.shield.model import State

EVIL = Observable(ObservableType.DOMAIN, "evil.example")
OPEN = Observable(ObservableType.DOMAIN, "open.example")
SECRET = Observable(ObservableType.DOMAIN, "secret.example")
_BLOCKING = Uses.ANALYSIS | Uses.BLOCKING | Uses.PRODUCTS


class World:
    """Three members accuse one name; an analyst, a colleague from elsewhere, and a member who judges nothing."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.orgs = [hub.members.add_organisation(name, "telecoms", "isp").id for name in ("North", "East", "South")]
        self.ann, self.bob = (self._person(place, name, "analyst") for place, name in ((0, "Ann"), (1, "Bob")))
        self.member = self._person(2, "Mia", "member")
        for place in range(3):
            self.say(place, "evil.example", tlp=Tlp.GREEN)
            self.say(place, "open.example", tlp=Tlp.CLEAR)
        self.say(0, "secret.example", tlp=Tlp.AMBER)
        hub.settle()

    def _person(self, place: int, name: str, role: str) -> Viewer:
        made = self.hub.members.add_person(self.orgs[place], name, f"{name}@x.example".lower(), [role])
        viewer = self.hub.members.viewer_of(f"person:{made.id}")
        assert viewer is not None
        return viewer

    def say(self, place: int, name: str, *, tlp: Tlp) -> None:
        viewer = self.hub.members.operator_viewer(self.orgs[place])
        assert viewer is not None
        body = f"# list of {place}\n{name}\n".encode()
        self.hub.intake.accept(viewer, body, "text/plain", Terms(tlp, filename=f"{place}.txt", uses=_BLOCKING))

    def override(self, viewer: Viewer, one: Observable, said: str, readers: str = "green") -> str:
        made = self.hub.overrides.override(viewer, one, said, "We looked.", readers)
        self.hub.settle()
        return made

    def seen(self, viewer: Viewer, one: Observable) -> Assessment:
        audiences = self.hub.record.visible_to(viewer)
        found = self.hub.fusion.look_up(one, audiences)
        assert found is not None
        same = self.hub.fusion.match([one], audiences)[one]
        assert (same.score, same.override) == (found.score, found.override)
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(START)
    with fresh_url(request.param) as url:
        hub = hub_in(tmp_path / "hub", url, clock=clock)
        try:
            yield World(hub, clock)
        finally:
            hub.close()


def test_the_machines_view_stays_beside_the_word_and_alone_once_it_is_taken_back(world: World) -> None:
    before = world.seen(world.member, EVIL)
    assert verdict(before) == "malicious"
    made = world.override(world.ann, EVIL, "benign")
    after = world.seen(world.member, EVIL)
    assert (after.malicious, after.active, after.origins) == (before.malicious, before.active, before.origins)
    assert (verdict(after), machine_verdict(after)) == ("unlikely malicious", "malicious")
    said = explain(after)
    assert said["override"]["reason"] == "We looked." and said["override"]["by"] == world.ann.person
    assert said["override"]["newer_evidence"] is False
    world.clock.advance(HOUR)
    world.say(1, "evil.example", tlp=Tlp.GREEN)
    world.hub.settle()
    standing = dump(world.hub.databases["projections"])
    rebuild(world.hub)
    world.hub.river.run_dry()
    assert dump(world.hub.databases["projections"]) == standing

    world.hub.overrides.restore(world.bob, made, "It was a look-alike.")
    world.hub.settle()
    assert world.seen(world.member, EVIL).override is None and verdict(world.seen(world.member, EVIL)) == "malicious"
    assert world.hub.overrides.listed(world.member) == []
    assert [one.restored_at > 0 for one in world.hub.overrides.history(world.member, EVIL)] == [True]
    with pytest.raises(Conflict):
        world.hub.overrides.restore(world.bob, made, "Again.")


def test_the_newest_word_stands_for_whoever_may_know_it(world: World) -> None:
    world.override(world.ann, OPEN, "suspicious", "clear")
    world.override(world.bob, OPEN, "benign", "green")
    assert verdict(world.seen(PUBLIC, OPEN)) == "suspicious", "what is said to members shows to nobody else"
    assert verdict(world.seen(world.member, OPEN)) == "unlikely malicious"
    world.override(world.ann, OPEN, "unclear", "cell")
    assert verdict(world.seen(world.member, OPEN)) == "unlikely malicious"
    assert verdict(world.seen(world.bob, OPEN)) == "unclear"


def test_no_word_reaches_who_may_not_see_the_value(world: World) -> None:
    for readers in ("clear", "green"):
        with pytest.raises(BadInput):
            world.override(world.ann, SECRET, "benign", readers)
    with pytest.raises(BadInput):
        world.override(world.ann, EVIL, "benign", "clear")
    made = world.override(world.ann, SECRET, "benign", "cell")
    assert world.seen(world.ann, SECRET).override is not None
    assert [one.id for one in world.hub.overrides.listed(world.ann)] == [made]
    assert world.hub.overrides.listed(world.bob) == [], "a colleague who does not see the value learns nothing of it"
    for asked in (made, "no-such-override"):
        with pytest.raises(NotFound, match="no such override"):
            world.hub.overrides.restore(world.bob, asked, "x")
    with pytest.raises(NotFound, match="nothing that you may see"):
        world.override(world.bob, SECRET, "benign", "cell")


def test_analysts_alone_judge_and_say_why(world: World) -> None:
    with pytest.raises(NotAllowed):
        world.hub.overrides.override(world.member, EVIL, "benign", "x")
    for said, why in (("benign", " "), ("nice", "x"), ("benign", "x" * 2001)):
        with pytest.raises(BadInput):
            world.hub.overrides.override(world.ann, EVIL, said, why)


def test_what_is_spared_leaves_exports_match_and_the_rule(world: World) -> None:
    hub = world.hub
    audiences = hub.record.visible_to(world.member)
    number = hub.fusion.ids_of([EVIL])[0]
    hub.matcher.memory.load()
    assert number in hub.fusion.standing(audiences).ids.tolist()
    block = hub.shield.newest("evil.example")
    assert block is not None and (block.state, block.proposed_by) == (State.PROPOSED, "rule")
    world.override(world.ann, EVIL, "benign")
    assert number not in hub.fusion.standing(audiences).ids.tolist()
    assert number not in hub.fusion.standing(audiences, [number]).ids.tolist()
    assert hub.matcher.say([EVIL], audiences, world.clock.now())[EVIL].verdict == "unlikely malicious"
    hub.matcher.memory.merge(least=1)
    assert hub.matcher.say([EVIL], audiences, world.clock.now())[EVIL].verdict == "unlikely malicious"
    block = hub.shield.newest("evil.example")
    assert block is not None and block.state is State.WITHDRAWN, "what a rule proposed ends; nobody had approved it"
    world.say(1, "evil.example", tlp=Tlp.GREEN)
    hub.settle()
    assert hub.shield.newest("evil.example") == block, "and no rule proposes it again"
    made = hub.overrides.listed(world.member)[0].id
    hub.overrides.restore(world.ann, made, "No.")
    hub.settle()
    assert number in hub.fusion.standing(audiences).ids.tolist()
    assert hub.matcher.say([EVIL], audiences, world.clock.now())[EVIL].verdict == "malicious"
    block = hub.shield.newest("evil.example")
    assert block is not None and block.state is State.PROPOSED
