"""Coverage and the situation over time on both databases: counted day by day, of what one sees, nobody named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from databases import START
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.picture.coverage import GapKind

SECTORS = {"Bank": "finance", "Saver": "finance", "Insurer": "finance", "Grid": "energy", "Carrier": "telecoms"}


class World:
    """Five members of three sectors."""

    def __init__(self, hub: Hub, clock: ManualClock) -> None:
        self.hub, self.clock = hub, clock
        self.orgs = {name: hub.members.add_organisation(name, sector, "industry").id
                     for name, sector in SECTORS.items()}  # fmt: skip
        hub.settle()

    def viewer(self, name: str) -> Viewer:
        found = self.hub.members.operator_viewer(self.orgs[name])
        assert found is not None
        return found

    def tell(self, name: str, *values: str, tlp: Tlp = Tlp.GREEN) -> None:
        body = "\n".join(["Seen, T1566.002", "", *(value.replace(".", "[.]") for value in values)])
        self.hub.intake.accept(self.viewer(name), body.encode(), "text/plain", Terms(tlp, ()))
        self.hub.settle()


@pytest.fixture
def world(open_again: Callable[..., Hub]) -> World:
    clock = ManualClock(START)
    return World(open_again(clock, SeededRandomness(5)), clock)


def test_each_day_is_counted_beside_as_many_before(world: World) -> None:
    world.tell("Bank", "a.example")
    world.clock.advance(8 * DAY)
    world.tell("Bank", "b.example")
    world.tell("Grid", "c.example", "192.0.2.1")
    world.clock.advance(DAY)
    world.tell("Grid", "d.example")
    found = world.hub.situations.show(world.viewer("Saver"), days=7)
    assert (found.news.days, found.news.before) == ((0, 0, 0, 0, 0, 2, 1), 1)
    assert found.voices.days == (0, 0, 0, 0, 0, 2, 1)
    assert (found.active, found.active_before) == (2, 1)
    assert [(one.name, one.total, one.before) for one in found.sectors] == [("energy", 2, 0), ("finance", 1, 1)]
    assert [(one.name, one.total) for one in found.types] == [("domain-name", 3), ("ipv4-addr", 1)]
    assert [(one.name, one.total, one.before) for one in found.entities] == [("Spearphishing Link", 3, 1)]
    energy = world.hub.situations.show(world.viewer("Saver"), days=7, sector="energy")
    assert (energy.news.total, energy.active, energy.types, energy.sectors) == (2, 1, (), ())
    assert [one.total for one in energy.entities] == [2]
    with pytest.raises(BadInput):
        world.hub.situations.show(world.viewer("Saver"), days=8)


def test_what_is_hidden_is_counted_nowhere(world: World) -> None:
    world.tell("Bank", "a.example")
    before = world.hub.situations.show(world.viewer("Saver")), world.hub.coverages.look(world.viewer("Saver"))
    world.tell("Bank", "b.example", "192.0.2.1", tlp=Tlp.AMBER_STRICT)
    world.tell("Grid", "CVE-2026-1234", tlp=Tlp.AMBER_STRICT)
    after = world.hub.situations.show(world.viewer("Saver")), world.hub.coverages.look(world.viewer("Saver"))
    assert before == after
    assert world.hub.situations.show(world.viewer("Bank")).news.total == 2


def test_who_is_silent_stands_in_a_group_and_what_rests_on_one_is_said(world: World) -> None:
    world.tell("Bank", *(f"n{n}.example" for n in range(5)))
    world.tell("Bank", "n5.example")
    found = world.hub.coverages.look(world.viewer("Saver"))
    # Energy and telecoms have one member each: told apart, they would be named.
    (group,) = found.groups
    assert (group.sectors, group.members, group.voices) == (("finance", "energy", "telecoms"), 5, 1)
    said = {(gap.kind, gap.names): (gap.count, gap.of) for gap in found.gaps}
    assert said[GapKind.SECTOR, ("finance", "energy", "telecoms")] == (4, 5)
    assert said[GapKind.ALONE, ("domain-name",)] == (100, 0)
    assert (GapKind.TYPE, ("iban",)) in said and (GapKind.TYPE, ("domain-name",)) not in said
    assert (GapKind.TACTIC, ("initial-access",)) not in said and (GapKind.TACTIC, ("impact",)) in said
    assert (found.contributors, found.few) == (1, 1)
    domain = next(one for one in found.kinds if one.type == "domain-name")
    assert (domain.day, domain.month, domain.ago, domain.voices) == (6, 6, 0, 1)
    world.clock.advance(9 * DAY)
    stale = {gap.names: gap.count for gap in world.hub.coverages.look(world.viewer("Saver")).gaps
             if gap.kind is GapKind.STALE}  # fmt: skip
    assert stale == {("domain-name",): 9}


def test_silence_is_counted_from_the_first_news_on(world: World) -> None:
    world.tell("Bank", "a.example")
    assert world.hub.coverages.look(world.viewer("Saver")).silence == 0
    world.clock.advance(2 * DAY)
    assert world.hub.coverages.look(world.viewer("Saver")).silence == 47
    world.clock.advance(12 * DAY)
    assert world.hub.coverages.look(world.viewer("Saver")).silence == 167
