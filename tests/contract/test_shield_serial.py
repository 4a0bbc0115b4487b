"""The zone's serial when things go wrong at the hub: it only ever moves forward, and no step is lost or made twice.

| fault | what holds |
|---|---|
| the clock goes back | the serial still moves on with each step |
| the clock was a century ahead for a moment | that step is newer to every resolver, and so is the next |
| disk full while recording, or projecting | the zone stands as it was; with room again, one step is made |
"""

from __future__ import annotations

import pytest

from databases import failing_at
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.entry import Draft, Payload
from fusioncell.kernel.ids import new_id
from fusioncell.rebuild import NOBODY
from fusioncell.shield import store
from fusioncell.shield.live_zone import LiveZone, way_of
from fusioncell.shield.zone import Rule, ZoneImage, newer


def _step(hub: Hub) -> int:
    """Move the zone by a new epoch's entry, which needs no decision; return the serial."""
    audience = hub.record.intern_audience(NOBODY)
    hub.record.append("", [Draft("hub.epoch", audience, Payload("", "2", 0, "", b"{}"))], new_id(hub.randomness))
    hub.river.run_dry()
    hub.shield.follow()
    return hub.shield.zone.serial


def _moves(hub: Hub) -> int:
    """Count the steps that the projection holds."""
    with hub.databases["projections"].read() as connection:
        return len(store.changes_after(connection, 0, 1_000))


def test_a_clock_that_goes_back_stops_no_step(hub: Hub) -> None:
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    serials = [_step(hub)]
    for days in (-1, -400, 0, 2):
        clock.advance(days * DAY)
        serials.append(_step(hub))
    assert all(newer(later, earlier) for earlier, later in zip(serials, serials[1:], strict=False))


@pytest.mark.parametrize("years", [1, 60, 100, 500])
def test_a_clock_far_ahead_for_a_moment_strands_no_resolver(hub: Hub, years: int) -> None:
    """Whichever of the steps a resolver missed, the last is newer than what it holds."""
    clock = hub.clock
    assert isinstance(clock, ManualClock)
    serials = [_step(hub)]
    clock.advance(years * 365 * DAY)
    serials.append(_step(hub))
    clock.advance(-years * 365 * DAY)
    serials += [_step(hub), _step(hub)]
    assert all(newer(serials[-1], held) for held in serials[:-1])


@pytest.mark.parametrize("statement", ["UPDATE record_head", "INSERT INTO shield_change"])
def test_a_full_disk_leaves_the_zone_as_it_was(hub: Hub, statement: str) -> None:
    before, moves = _step(hub), _moves(hub)
    with failing_at(hub.databases["projections"], statement) as hit, pytest.raises(OSError, match="no space"):
        _step(hub)
    assert hit and hub.shield.follow() == 0
    assert (hub.shield.zone.serial, _moves(hub)) == (before, moves)
    hub.river.run_dry()
    hub.shield.follow()
    recorded = statement != "UPDATE record_head"
    assert newer(hub.shield.zone.serial, before) == recorded and _moves(hub) == moves + recorded
    assert newer(_step(hub), before)


def test_names_are_read_page_by_page(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"n{number}.example" for number in range(25)]
    with hub.databases["projections"].write() as connection:
        connection.run("INSERT INTO shield_category (id) VALUES ('phishing') ON CONFLICT (id) DO NOTHING")
        for number, name in enumerate([*names, "exercise.example", "over.example"]):
            values = {column.name: 0 if column.type.python_type in (int, float) else "" for column in store.decision.c}
            values |= {"seq": 900_000 + number, "id": f"d{number}", "name": name, "category": "phishing",
                       "scope": "phishing", "expires_at": 1,
                       "state": "expired" if name == "over.example" else "published", "severity": "medium",
                       "origin": "actor", "exercise": int(name == "exercise.example")}
            connection.run(f"INSERT INTO shield_decision ({', '.join(values)}) "
                           f"VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
    for page in (1, 7, 25, 100):
        monkeypatch.setattr(store, "PAGE", page)
        with hub.databases["projections"].read() as connection:
            assert list(store.published_names(connection)) == sorted(names)
            assert len(ZoneImage.build(store.published_names(connection), 1)) == 25


def _note(hub: Hub, steps: list[tuple[int, str, int]]) -> None:
    """Put steps of the zone into the projection, as it notes them."""
    with hub.databases["projections"].write() as connection:
        store.add_changes(connection, [(serial, name, added, 0, 900_000 + number)
                                       for number, (serial, name, added) in enumerate(steps)])  # fmt: skip


def test_who_came_by_steps_before_a_restart_does_after_it(hub: Hub) -> None:
    _note(hub, [(2_000, "a.example", 1), (2_001, "b.example", 1), (2_005, "a.example", 0)])
    with hub.databases["projections"].read() as connection:
        way = way_of(*store.last_changes(connection, 10))
        assert [(step.old_serial, step.new_serial) for step in way] == [
            (store.FIRST_SERIAL, 2_000), (2_000, 2_001), (2_001, 2_005)]
        assert (way[1].added, way[1].removed) == ((Rule("b.example"),), ())
        assert (way[2].added, way[2].removed) == ((), (Rule("a.example"),))
        assert way_of(*store.last_changes(connection, 2)) == way[1:]
        assert way_of(*store.last_changes(connection, 3)) == way
    _note(hub, [(2_006, "", 0), (2_009, "c.example", 1)])
    with hub.databases["projections"].read() as connection:
        after = way_of(*store.last_changes(connection, 10))
    assert [(step.old_serial, step.new_serial) for step in after] == [(2_006, 2_009)], "none across a restored hub's"
    zone = LiveZone(ZoneImage.build(["b.example", "c.example"], 2_009), deltas=after)
    assert zone.deltas(2_006) is not None and zone.deltas(2_005) is None


def test_a_restored_hub_serves_the_serial_that_it_will_after_a_restart(hub: Hub) -> None:
    """Steps and a new epoch in one look: the zone's serial is the projection's last, and no step leads there."""
    before = _step(hub)
    _note(hub, [(before + 5, "a.example", 1), (before + 6, "", 0), (before + 7, "b.example", 1)])
    assert hub.shield.follow() == 3
    zone = hub.shield.zone
    assert zone.serial == before + 7 and "a.example" in zone.image() and "b.example" in zone.image()
    assert zone.deltas(before) is None
