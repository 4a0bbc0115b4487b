"""The zones that are rendered for subscribers: by resolver and tier, the same after a restart, with telling serials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event, current_thread

import pytest

from blocking import someone
from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from fusioncell.kernel.ports import Connection
from fusioncell.shield.live_zone import LiveZone
from fusioncell.shield.resolvers import Kind
from fusioncell.shield.subscribers import Action, Choice, Step, Subscriber
from fusioncell.shield.subscribers import store as subscribers_store
from fusioncell.shield.subscribers.layout import PROBE, shard
from fusioncell.shield.subscribers.service import Wanted
from fusioncell.shield.subscribers.views import View
from fusioncell.shield.zone import Action as ZoneAction
from publishing import publish, withdraw
from resolvers import wait_until


def subscribe(hub: Hub, choice: Choice, *, step: Step = Step.ENFORCE, org: str = "Isp") -> Subscriber:
    """Add a resolver that has taken all steps up to one."""
    viewer = replace(someone(hub, org), permissions=frozenset({"lead"}))
    made = hub.shielding.subscribers.add(viewer, "", Wanted(label="Leeds", choice=choice, addresses=("127.0.0.1",)))
    hub.settle()
    for each in (Step.SHADOW, Step.CANARY, Step.ENFORCE):
        if hub.shielding.subscribers.one(viewer, made.id).step != step:
            hub.shielding.subscribers.change(viewer, made.id, Wanted(step=each, reference="CHG1"))
            hub.settle()
    hub.shielding.subscribers.follow()
    return hub.shielding.subscribers.one(viewer, made.id)


def zones(hub: Hub, one: Subscriber) -> dict[str, LiveZone]:
    view = hub.shielding.subscribers.serving.view_of(one)
    assert view is not None
    return view.zones


def held(zone: LiveZone) -> dict[str, ZoneAction]:
    """What a zone holds beside its test names."""
    return {rule.name: rule.action for rule in zone.image().rules() if not rule.name.endswith(PROBE)}


def later(hub: Hub, microseconds: int) -> None:
    """Let time pass, and the hub do what is due."""
    assert isinstance(hub.clock, ManualClock)
    hub.clock.advance(microseconds)
    hub.settle()


def test_each_kind_has_its_zones(hub: Hub) -> None:
    publish(hub, "bad.example")
    labels = {}
    for kind in Kind:
        one = subscribe(hub, Choice(kind))
        labels[kind] = list(zones(hub, one))
    assert labels[Kind.UNBOUND] == labels[Kind.KNOT] == ["fresh", "main"]
    assert labels[Kind.BIND] == ["allow", "fresh", *(f"main-{n}" for n in range(1, 9))]
    categories = ["command-and-control", "dga", "malware", "phishing"]
    assert labels[Kind.POWERDNS] == ["allow", *(f"fresh_{category}" for category in categories), *categories]


def test_a_name_stands_where_its_tier_says_and_a_merge_moves_it(hub: Hub) -> None:
    one = subscribe(hub, Choice(Kind.BIND))
    publish(hub, "first.example")  # what stands when the first subscriber comes is merged at once
    later(hub, 2 * MINUTE)
    publish(hub, "bad.example")
    found, main = zones(hub, one), f"main-{shard('bad.example')}"
    assert "first.example" in held(found[f"main-{shard('first.example')}"])
    assert held(found["fresh"])["bad.example"] is ZoneAction.BLOCK and "bad.example" not in held(found[main])
    later(hub, DAY)
    assert "bad.example" in held(found["fresh"]) and "bad.example" in held(found[main]), "in both, so never in none"
    publish(hub, "later.example")
    later(hub, DAY)
    assert set(held(found["fresh"])) == {"later.example"} and "bad.example" in held(found[main])
    assert sum(len(held(zone)) for label, zone in found.items() if label.startswith("main")) == 3


def test_a_lift_frees_at_once_and_passes_until_all_hold_it(hub: Hub) -> None:
    one = subscribe(hub, Choice(Kind.BIND))
    serving = hub.shielding.subscribers.serving
    publish(hub, "shop.example")
    publish(hub, "evil.shop.example")
    later(hub, DAY)
    later(hub, DAY)
    withdraw(hub, "shop.example")
    found = zones(hub, one)
    assert held(found["allow"]) == {"shop.example": ZoneAction.PASSTHRU}
    assert not any("shop.example" in held(zone) for label, zone in found.items() if label != "allow")
    rule = found["allow"].image().find("shop.example")
    assert rule is not None and not rule.subtree, "or it would free what is blocked under it"
    for origin in [zone.origin for zone in found.values()]:  # it comes, takes, and is seen to hold all
        assert serving.may_transfer(origin, "", "127.0.0.1")
    later(hub, 2 * MINUTE)
    assert held(found["allow"]), "nobody has said that it holds main without the name"
    for zone in found.values():
        zone.on_transfer("127.0.0.1", zone.serial)
    later(hub, 2 * MINUTE)
    assert not held(found["allow"])
    assert "evil.shop.example" in {name for zone in found.values() for name in held(zone)}


def test_the_same_choice_shares_one_image_and_another_does_not(hub: Hub) -> None:
    first, second = subscribe(hub, Choice(Kind.UNBOUND)), subscribe(hub, Choice(Kind.UNBOUND), org="Other")
    third = subscribe(hub, Choice(Kind.UNBOUND, categories=("phishing",)))
    assert zones(hub, first)["main"] is zones(hub, second)["main"]
    assert zones(hub, third)["main"] is not zones(hub, first)["main"]


@pytest.mark.parametrize(("action", "expected"), [
    (Action.NXDOMAIN, ZoneAction.BLOCK), (Action.NODATA, ZoneAction.NODATA), (Action.GARDEN, ZoneAction.GARDEN),
    (Action.PASSTHRU, ZoneAction.PASSTHRU),
])  # fmt: skip
def test_the_action_is_the_subscribers(hub: Hub, action: Action, expected: ZoneAction) -> None:
    one = subscribe(hub, Choice(Kind.UNBOUND, action=action, garden="garden.isp.example"))
    publish(hub, "bad.example")
    assert held(zones(hub, one)["fresh"]) == {"bad.example": expected}


def test_categories_and_severities_choose(hub: Hub) -> None:
    publish(hub, "bad.example")
    decision = hub.shield.newest("bad.example")
    assert decision is not None
    for choice, taken in [
        (Choice(Kind.UNBOUND, categories=(decision.category,)), True),
        (Choice(Kind.UNBOUND, categories=tuple({"phishing", "dga", "malware"} - {decision.category})), False),
        (Choice(Kind.UNBOUND, severities=(decision.severity,)), True),
        (Choice(Kind.UNBOUND, severities=tuple({"low", "medium", "high"} - {decision.severity})), False),
    ]:
        one = subscribe(hub, choice)
        assert bool(held(zones(hub, one)["fresh"])) == taken


def test_while_rehearsing_nothing_is_served(hub: Hub) -> None:
    one = subscribe(hub, Choice(Kind.UNBOUND), step=Step.REHEARSE)
    serving = hub.shielding.subscribers.serving
    origin = f"main.{serving.base(one.choice)}"
    assert serving.view_of(one) is None and serving.zone(origin) is None and not serving.keys()
    assert not serving.may_transfer(origin, one.keys[0].name, "127.0.0.1")


def test_a_restart_changes_no_byte_and_keeps_the_steps(open_again: Callable[..., Hub]) -> None:
    hub = open_again()
    one = subscribe(hub, Choice(Kind.BIND))
    for day in range(4):
        publish(hub, f"a{day}.example")
        publish(hub, f"b{day}.example")
        if day:
            withdraw(hub, f"b{day - 1}.example")
        later(hub, DAY)
    publish(hub, "last.example")
    withdraw(hub, "a3.example")
    before = {label: zone.image() for label, zone in zones(hub, one).items()}
    ways = {label: zone.deltas(before[label].serial) for label, zone in zones(hub, one).items()}
    fresh = zones(hub, one)["fresh"]
    past = [delta.old_serial for delta in fresh.deltas(fresh._state[1][0].old_serial) or ()][-2:]  # noqa: SLF001
    hub.close()
    again = open_again(clock=hub.clock)
    after = {label: zone.image() for label, zone in zones(again, one).items()}
    for label, image in before.items():
        assert after[label] == image, label
        assert ways[label] is None
    reborn = zones(again, one)["fresh"]
    assert past and all(reborn.deltas(serial) is not None for serial in past), "those who are behind come by steps"


def test_serials_only_grow_and_move_with_each_change(hub: Hub) -> None:
    one = subscribe(hub, Choice(Kind.UNBOUND))
    seen = []
    for number in range(3):
        publish(hub, f"n{number}.example")
        seen.append(zones(hub, one)["fresh"].serial)
        later(hub, HOUR)
    withdraw(hub, "n0.example")
    seen.append(zones(hub, one)["fresh"].serial)
    assert seen == sorted(set(seen))
    assert str(seen[-1]).encode() in zones(hub, one)["fresh"].image().pulse()


def test_many_fresh_names_are_merged_before_the_quiet_hours(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fusioncell.shield.subscribers.service.MOST_FRESH", 2)
    one = subscribe(hub, Choice(Kind.UNBOUND))
    later(hub, DAY)
    for number in range(3):
        publish(hub, f"n{number}.example")
    later(hub, 2 * MINUTE)
    assert len(held(zones(hub, one)["main"])) == 3
    later(hub, 2 * MINUTE)
    publish(hub, "next.example")
    assert set(held(zones(hub, one)["main"])) == {"n0.example", "n1.example", "n2.example"}


# -- made apart: where the hub runs, another thread makes the zones of a new choice ------------------------------------


@pytest.fixture
def apart(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub with three merges and steps behind them, in which all zones count as big."""
    monkeypatch.setattr("fusioncell.shield.subscribers.serving.SOON", 0)
    subscribe(hub, Choice(Kind.UNBOUND, severities=("high",)))  # merges are for somebody
    for day in range(3):
        publish(hub, f"a{day}.example", f"b{day}.example", f"shop{day}.example")
        if day:
            withdraw(hub, f"b{day - 1}.example")
        later(hub, DAY)
    publish(hub, "evil.shop0.example", "late.example")
    hub.shielding.subscribers.serving.apart = True
    return hub


def whole(hub: Hub, one: Subscriber) -> dict[str, LiveZone]:
    """The zones as a hub that starts now makes them."""
    serving, store = hub.shielding.subscribers.serving, subscribers_store
    with hub.databases["projections"].read() as connection:
        base = serving.base(one.choice)
        return View(one.choice, base, hub.shielding.subscribers.categories(), store, connection).zones


def test_nothing_of_a_zone_is_served_before_all_of_it(apart: Hub) -> None:
    one, serving = subscribe(apart, Choice(Kind.BIND)), apart.shielding.subscribers.serving
    origin = f"main-1.{serving.base(one.choice)}"
    assert serving.is_building(one) and serving.view_of(one) is None and serving.taken(one) == []
    assert serving.zone(origin) is None and not serving.may_transfer(origin, one.keys[0].name, "127.0.0.1")
    serving.build()
    assert serving.zone(origin) is None, "made, and not yet taken over by who follows the record"
    assert serving.follow() == {zone.origin for zone in zones(apart, one).values()}, "all are told of it"
    assert not serving.is_building(one) and serving.may_transfer(origin, one.keys[0].name, "127.0.0.1")
    assert {label: zone.image() for label, zone in zones(apart, one).items()} == {
        label: zone.image() for label, zone in whole(apart, one).items()}  # fmt: skip


@pytest.mark.parametrize("kind", list(Kind))
def test_what_happens_while_zones_are_made_is_in_them(apart: Hub, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names come, go, and are merged between the two snapshots of who makes them, and behind both."""
    one, serving = subscribe(apart, Choice(kind)), apart.shielding.subscribers.serving
    other = zones(apart, apart.shielding.subscribers.serving._tables.subscribers[0])  # noqa: SLF001
    came: list[Connection] = []
    follow = View.follow

    def during(view: View, connection: Connection) -> set[str]:
        if view.choice.kind is kind and not view.choice.severities and not came:
            came.append(connection)
            publish(apart, "behind.example")  # the second snapshot is open: only who follows the record sees it
            later(apart, DAY)
        return follow(view, connection)

    def making(choice: Choice, base: str, categories: tuple[str, ...], connection: Connection) -> View:
        view = make(choice, base, categories, connection)
        publish(apart, "between.example", "grave.example", severity="high")
        withdraw(apart, "a0.example", "shop0.example")
        later(apart, DAY)
        assert serving.view_of(one) is None
        return view

    make = serving._view  # noqa: SLF001
    monkeypatch.setattr(serving, "_view", making)
    monkeypatch.setattr(View, "follow", during)
    serving.build()
    assert came and "grave.example" in {**held(other["fresh"]), **held(other["main"])}, "the record went on meanwhile"
    serving.follow()
    found, expected = zones(apart, one), whole(apart, one)
    names = {name for zone in found.values() for name, action in held(zone).items() if action is ZoneAction.BLOCK}
    assert {"between.example", "behind.example", "grave.example", "evil.shop0.example"} <= names
    assert not {"a0.example", "b0.example", "shop0.example"} & names
    for label, zone in found.items():  # (in which order names came to a block is all that may differ)
        image, right = zone.image(), expected[label].image()
        assert (image.serial, image.size, set(image.rules())) == (right.serial, right.size, set(right.rules())), label


def test_the_river_goes_on_while_another_thread_makes_zones(apart: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    serving, begun, go_on = apart.shielding.subscribers.serving, Event(), Event()
    one, make, by = subscribe(apart, Choice(Kind.BIND)), serving._view, []  # noqa: SLF001

    def making(choice: Choice, base: str, categories: tuple[str, ...], connection: Connection) -> View:
        by.append(current_thread().name)
        begun.set()
        assert go_on.wait(120)
        return make(choice, base, categories, connection)

    monkeypatch.setattr(serving, "_view", making)
    apart.start()
    assert begun.wait(120)
    publish(apart, "meanwhile.example")
    assert wait_until(lambda: "meanwhile.example" in apart.shield.zone.image(), 120) and serving.view_of(one) is None
    go_on.set()
    assert wait_until(lambda: serving.view_of(one) is not None, 120)
    assert by == ["zones"] and "meanwhile.example" in held(zones(apart, one)["fresh"])


def test_what_nobody_wants_any_more_is_left(apart: Hub) -> None:
    one, serving = subscribe(apart, Choice(Kind.KNOT)), apart.shielding.subscribers.serving
    serving.build()
    viewer = replace(someone(apart, "Isp"), permissions=frozenset({"lead"}))
    apart.shielding.subscribers.end(viewer, one.id, "gone")
    apart.settle()
    assert not serving.is_building(one) and serving.zone(f"main.{serving.base(one.choice)}") is None
    serving.build()
    assert not serving._made  # noqa: SLF001


def test_zones_that_there_are_go_on_while_others_take_their_place(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PowerDNS has a zone for each category: a new policy means new zones for it, and none for the others."""
    one, unbound = subscribe(hub, Choice(Kind.POWERDNS)), subscribe(hub, Choice(Kind.UNBOUND))
    subscribers, serving = hub.shielding.subscribers, hub.shielding.subscribers.serving
    publish(hub, "bad.example")
    monkeypatch.setattr("fusioncell.shield.subscribers.serving.SOON", 0)
    serving.apart, before, kept = True, zones(hub, one), zones(hub, unbound)
    known = {**subscribers.categories(), "scareware": "Scareware"}
    monkeypatch.setattr(serving, "_categories", lambda: known)
    publish(hub, "worse.example")
    assert serving.is_building(one) and zones(hub, one) is before and "worse.example" in held(before["fresh_malware"])
    serving.build()
    serving.follow()
    assert set(zones(hub, one)) - set(before) == {"scareware", "fresh_scareware"}
    assert set(held(zones(hub, one)["fresh_malware"])) == {"bad.example", "worse.example"}
    assert zones(hub, one)["fresh_malware"].serial == before["fresh_malware"].serial
    assert zones(hub, unbound) is kept


def test_a_dropped_category_leaves_a_zone_that_is_made_anew(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood in it at the last merge but one has no place any more."""
    one = subscribe(hub, Choice(Kind.POWERDNS))
    publish(hub, "gone.example", category="dga")
    publish(hub, "bad.example")
    for _ in range(3):
        later(hub, DAY)
        publish(hub, f"n{hub.clock.now()}.example")
    withdraw(hub, "gone.example", "bad.example")
    serving = hub.shielding.subscribers.serving
    kept = {key: name for key, name in hub.shielding.subscribers.categories().items() if key != "dga"}
    monkeypatch.setattr(serving, "_categories", lambda: kept)
    serving.follow()
    assert "dga" not in zones(hub, one)
    assert not {"gone.example", "bad.example"} & {
        name for zone in zones(hub, one).values() for name, action in held(zone).items() if action is ZoneAction.BLOCK}
