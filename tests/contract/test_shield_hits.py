"""Hit counts on both databases: a report once, sums of enough organisations, overrides, figures, and a rebuild."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from databases import dump, rebuild
from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import HOUR, MINUTE, Instant, ManualClock
from fusioncell.kernel.errors import Conflict
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.shield.hits import store
from fusioncell.shield.hits.model import ENOUGH, RELEASE_AFTER, K, Overrides, Report, Row
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers.model import Choice, Step
from fusioncell.shield.subscribers.service import Wanted

NAME = "evil.example"


@dataclass
class World:
    hub: Hub
    gov: Viewer
    isps: list[tuple[Viewer, str]]
    """(key, its resolver's id)."""
    decision: str
    hour: Instant

    def report(self, number: int, *rows: Row) -> int:
        viewer, which = self.isps[number]
        kept = self.hub.shielding.hit_counts.report(viewer, Report(which, self.hour, K, list(rows))).kept
        self.hub.settle()
        return kept

    def later(self, span: int) -> None:
        assert isinstance(self.hub.clock, ManualClock)
        self.hub.clock.advance(span)
        self.hub.settle()


@pytest.fixture
def world(hub: Hub) -> World:
    hub.members.add_organisation("Gov", "gov", "government")
    gov = hub.members.operator_viewer("Gov")
    assert gov is not None and isinstance(hub.clock, ManualClock)
    hub.intake.accept(gov, f"domain,comment\n{NAME},seen\n".encode(), "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()
    hub.clock.advance(12 * MINUTE)
    decision = hub.shield.propose(gov, NAME, "phishing", "seen")
    hub.settle()
    hub.shield.approve(gov, decision)
    hub.settle()
    isps = []
    for number in range(ENOUGH):
        made = hub.members.add_organisation(f"ISP {number}", "telecommunications", "isp")
        which = hub.shielding.subscribers.add(gov, made.id, Wanted(label="one", choice=Choice(Kind.UNBOUND))).id
        hub.settle()
        for step in list(Step)[1 : list(Step).index(Step.ENFORCE) + 1]:
            hub.shielding.subscribers.change(gov, which, Wanted(step=step, reference="CHG-1"))
            hub.settle()
        viewer = hub.members.viewer_for_key(hub.members.make_key(made.id, role="isp")[1].reveal())
        assert viewer is not None
        isps.append((viewer, which))
    now = hub.clock.now()
    found = World(hub, gov, isps, decision, now - now % HOUR)
    found.later(HOUR)
    return found


def test_an_hour_is_reported_once_and_released_once_enough_organisations_did(world: World) -> None:
    hits = world.hub.shielding.hit_counts
    for number in range(ENOUGH):
        assert world.report(number, Row(NAME, 40 + number), Row("never.example", 40), Row("few.example", K - 1)) == 1
        assert world.report(number, Row(NAME, 40 + number), Row("never.example", 40), Row("few.example", K - 1)) == 1
        with pytest.raises(Conflict, match="reported already"):
            world.report(number, Row(NAME, 41 + number))
        shown = hits.impact(world.isps[0][0], 1)
        assert (shown.released.blocked, shown.reported.blocked, shown.subscribers) == (0, 40, 1), "one's own alone"
    world.later(RELEASE_AFTER + HOUR)
    shown, every = hits.impact(world.isps[0][0], 1), hits.impact(world.gov, 1)
    assert shown.released.blocked == every.released.blocked == 40 + 41 + 42
    assert (every.published, every.lifted, every.pace.count, every.pace.median) == (1, 0, 1, 12 * MINUTE)
    [line] = shown.released.decisions
    assert (line.decision, line.blocked, line.shadow) == (world.decision, 123, 0)
    [row] = hits.table(world.isps[0][0], 1)
    assert (row.name, row.released.blocked, row.reported.blocked, row.waited) == (NAME, 123, 40, 12 * MINUTE)
    figures = hits.metrics(world.hub.record.audiences_where(lambda _: True))
    assert figures["fusioncell_shield_blocked_week"] == 123
    assert figures["fusioncell_shield_reporting_subscribers"] == ENOUGH


def test_a_name_s_radius_tells_the_counts_that_its_viewer_may_see(world: World) -> None:
    radii, isp = world.hub.shielding.radii, world.isps[0][0]
    assert radii.of(isp, NAME).asked is None
    for number in range(ENOUGH):
        world.report(number, Row(NAME, 40 + number))
    assert [radii.of(who, NAME).asked for who, _ in world.isps] == [40, 41, 42], "one's own alone"
    world.later(RELEASE_AFTER + HOUR)
    assert radii.of(isp, NAME).asked == radii.of(world.gov, NAME).asked == 40 + 41 + 42
    assert radii.of(PUBLIC, NAME).asked is None and radii.of(isp, f"www.{NAME}").asked is None


def test_an_override_comes_and_goes(world: World) -> None:
    hits, (viewer, which) = world.hub.shielding.hit_counts, world.isps[0]
    assert hits.override(viewer, Overrides(which, [NAME, "not-blocked.example"])) == (1, 0)
    world.hub.settle()
    seen = world.hub.record.visible_to(world.gov)
    with world.hub.databases["projections"].read() as connection:
        assert store.overridden(connection, seen) == store.overridden(connection, seen, world.decision) == 1
        assert list(store.overrides_of(connection, which)) == [world.decision]
    assert hits.impact(world.isps[1][0], 1).overridden == 0, "another ISP's is not told"
    assert hits.override(viewer, Overrides(which, [])) == (0, 1)
    world.hub.settle()
    assert hits.impact(world.gov, 1).overridden == 0


def test_a_rebuild_gives_the_same_rows(world: World) -> None:
    for number in range(ENOUGH):
        world.report(number, Row(NAME, 40))
    viewer, which = world.isps[0]
    world.hub.shielding.hit_counts.override(viewer, Overrides(which, [NAME]))
    world.later(RELEASE_AFTER + HOUR)
    database = world.hub.databases["projections"]
    before = {name: rows for name, rows in dump(database).items() if name.startswith("shield_hits")}
    assert all(before.values()), "each table holds something"
    rebuild(world.hub)
    world.hub.settle()
    assert {name: rows for name, rows in dump(database).items() if name.startswith("shield_hits")} == before
