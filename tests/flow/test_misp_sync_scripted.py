"""A MISP as recorded from its sources: its spellings, its silences and its faults, asked by the hub's own pull."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Folder, open_hub, read_settings
from fusioncell.exchange.inbound import Kind, Standing
from fusioncell.exchange.inbound.model import Wanted
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.kernel.ports import WebAnswer

BASE = "https://misp.example"
ORGC = {"id": "7", "name": "CERT Elsewhere", "uuid": "55f6ea5e-2c60-40e5-964f-47a8950d210f"}
STAMP = 1_763_000_000


def uuid(number: int) -> str:
    return f"5f0000aa-0000-4000-8000-{number:012d}"


def event(number: int, stamp: int = STAMP, *named: str, distribution: str = "3", **more: Any) -> dict[str, Any]:
    """Make an event as ``events/view`` gives it: numbers as text, empty lists, fields of that instance."""
    return {
        "id": str(number), "org_id": "1", "orgc_id": "7", "uuid": uuid(number), "info": f"Event {number}",
        "date": "2026-11-01", "threat_level_id": "2", "analysis": "1", "published": True, "timestamp": str(stamp),
        "publish_timestamp": str(stamp), "distribution": distribution, "sharing_group_id": "0", "locked": False,
        "attribute_count": str(len(named)), "extends_uuid": "", "protected": None, "x_future": {"kept": [1]},
        "event_creator_email": "secret@misp.example", "Org": {"id": "1", "name": "Host", "uuid": uuid(900)},
        "Orgc": ORGC, "Object": [], "EventReport": [], "CryptographicKey": [], "ShadowAttribute": [],
        "Tag": [{"id": "3", "name": "tlp:green", "colour": "#339900", "local": 0},
                {"id": "4", "name": "internal:only", "colour": "#000000", "local": 1}],
        "Attribute": [
            {"id": str(number * 100 + n), "event_id": str(number), "object_id": "0", "object_relation": None,
             "uuid": uuid(number * 1000 + n), "type": "domain", "category": "Network activity", "value": value,
             "to_ids": True, "deleted": False, "distribution": "5", "sharing_group_id": "0", "timestamp": str(stamp),
             "comment": "", "disable_correlation": False, "first_seen": None, "last_seen": None, "Sighting": []}
            for n, value in enumerate(named)],
        **more,
    }  # fmt: skip


class Scripted:
    """The far MISP, as a ``WebReader``."""

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.sightings: list[dict[str, Any]] = []
        self.down: set[str] = set()
        self.asked: list[tuple[str, str, Any]] = []
        self.lacks: list[str] = []
        self.got: list[dict[str, Any]] = []

    def is_inner(self, url: str) -> bool:
        return False

    def get(self, url: str, headers: Mapping[str, str], limit: int, secret: Mapping[str, str] | None = None
            ) -> WebAnswer:
        return self.send("GET", url, b"", headers, limit, secret)

    def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], limit: int,
             secret: Mapping[str, str] | None = None) -> WebAnswer:
        path, said = url.removeprefix(BASE + "/"), json.loads(body) if body else None
        assert secret == {"Authorization": "k" * 40}
        self.asked.append((method, path, said))
        tag = f'"{sha256(json.dumps([self.events, self.sightings]).encode()).hexdigest()[:16]}"'
        if path == "events/index" and path not in self.down and headers.get("If-None-Match") == tag:
            return WebAnswer(url, 304, {"etag": tag}, b"")
        status, answer = self._answer(method, path, said)
        return WebAnswer(url, status, {"etag": tag} if path == "events/index" else {}, json.dumps(answer).encode())

    def _answer(self, method: str, path: str, said: Any) -> tuple[int, Any]:
        if any(path.startswith(one) for one in self.down):
            return 500, {"name": "An Internal Error Has Occurred."}
        if path == "events/index":
            assert said == {"minimal": 1, "published": 1}
            seen = {one["event"]: one["date_sighting"] for one in self.sightings}
            return 200, [{"id": one["id"], "timestamp": one["timestamp"], "published": "1", "uuid": one["uuid"],
                          "sighting_timestamp": seen.get(one["uuid"], "0"), "orgc_uuid": ORGC["uuid"]}
                         for one in self.events.values()]  # fmt: skip
        if path.startswith("events/view/"):
            found = self.events.get(path.split("/")[2])
            return (200, {"Event": found}) if found else (404, {"name": "Invalid event", "message": "Invalid event"})
        if path == "sightings/restSearch/event":
            return 200, {"response": [{"Sighting": one} for one in self.sightings if one["event"] in said["uuid"]]}
        if path == "events/filterEventIdsForPush":
            return 200, self.lacks
        if path == "events/add/metadata:1":
            self.got.append(said["Event"])
            return 200, {"Event": {"uuid": said["Event"]["uuid"]}}
        if path == "galaxy_clusters/restSearch":
            return 200, {"response": []}
        return (200, []) if path.startswith("shadow_attributes/index") else (404, {"name": "no such action"})


class World:
    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(parse_instant("2026-11-22T10:00:00Z"))
        Folder(folder).make("hub")
        self.hub = open_hub(folder, read_settings(data=str(folder)), clock=self.clock,
                            known_good=KnownGood.nothing())
        self.misp = Scripted()
        self.hub.inbound._web = self.misp  # noqa: SLF001
        first = self.hub.members.add_organisation("Ministry", "government", "government")
        other = self.hub.members.add_organisation("Bank", "finance", "industry")
        operator, member = self.hub.members.operator_viewer(first.id), self.hub.members.viewer_of(f"org:{other.id}")
        assert operator is not None and member is not None
        self.member = member
        wanted = Wanted(name="MISP", url=BASE, kind=Kind.MISP_SERVER, every=HOUR, push=Tlp.GREEN)
        self.feed = self.hub.inbound.add(operator, wanted, "Authorization: " + "k" * 40)

    def pull(self) -> Standing:
        self.clock.advance(MINUTE)
        done = self.hub.inbound.run(self.feed.feed.id)
        assert done is not None
        self.hub.settle()
        return done

    def knows(self, name: str) -> int:
        found = self.hub.fusion.look_up(Observable(ObservableType.DOMAIN, name),
                                        self.hub.record.visible_to(self.member))
        return len(found.origins) if found else 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data")
    yield made
    made.hub.close()


def test_a_recorded_pull_in_order_and_one_request_when_nothing_changed(world: World) -> None:
    world.misp.events = {uuid(1): event(1, STAMP, "one.example", "two.example"),
                         uuid(2): event(2, STAMP - 5, "older.example")}
    done = world.pull()
    assert not done.progress.fault and done.progress.last_items == 5
    asked = [path.split("/deleted")[0] for _, path, _ in world.misp.asked]
    assert asked[:3] == ["events/index", f"events/view/{uuid(2)}", f"events/view/{uuid(1)}"], "the oldest first"
    assert asked[1:] and all("excludeLocalTags:1" in path for _, path, _ in world.misp.asked[1:3])
    assert (world.knows("one.example"), world.knows("older.example")) == (1, 1)
    world.misp.asked.clear()
    assert world.pull().progress.last_requests == 1


def test_what_cannot_be_had_is_asked_for_again_and_holds_nothing_up(world: World) -> None:
    world.misp.events = {uuid(1): event(1, STAMP, "one.example"), uuid(2): event(2, STAMP, "two.example")}
    world.misp.down = {f"events/view/{uuid(1)}"}
    done = world.pull()
    assert world.knows("two.example") and not world.knows("one.example") and done.progress.behind == 1
    world.misp.down = set()
    world.pull()
    assert world.knows("one.example")
    world.misp.down = {"events/index"}
    assert "500" in world.pull().progress.fault


def test_an_edit_in_the_second_of_the_pull_is_not_lost(world: World) -> None:
    second = (world.clock.now() + MINUTE) // 1_000_000
    world.misp.events = {uuid(1): event(1, second, "first.example")}
    assert world.pull().progress.behind == 1 and not world.knows("first.example")
    world.misp.events = {uuid(1): event(1, second, "edited.example")}
    world.pull()
    assert world.knows("edited.example") and not world.knows("first.example")


def test_what_vanished_from_an_event_is_withdrawn_and_levels_only_narrow(world: World) -> None:
    world.misp.events = {uuid(1): event(1, STAMP, "one.example", "two.example")}
    world.pull()
    smaller = event(1, STAMP + 9, "one.example", "two.example")
    del smaller["Attribute"][1]
    world.misp.events = {uuid(1): smaller, uuid(2): event(2, STAMP, "community.example", distribution="1"),
                         uuid(3): event(3, STAMP, "group.example", distribution="4")}
    world.pull()
    assert [world.knows(f"{name}.example") for name in ("one", "two", "community", "group")] == [1, 0, 0, 0]


def test_sightings_come_once_and_what_came_from_there_is_not_pushed_back(world: World) -> None:
    world.misp.events = {uuid(1): event(1, STAMP, "one.example")}
    world.pull()
    world.misp.sightings = [{"id": "1", "event": uuid(1), "uuid": uuid(777), "attribute_uuid": uuid(1000), "type": "0",
                             "date_sighting": str(STAMP + 50), "source": "", "org_id": "7", "Organisation": ORGC}]
    assert world.pull().progress.last_items == 1
    before = world.hub.record.head()[0]
    world.pull()
    assert world.hub.record.head()[0] == before
    assert world.misp.got == [] and not any("Push" in path for _, path, _ in world.misp.asked)


def test_what_is_not_an_index_or_an_event_is_said_and_nothing_is_kept(world: World) -> None:
    world.misp.events = {uuid(1): {**event(1, STAMP, "one.example"), "uuid": uuid(1)}}
    world.misp.events[uuid(1)]["Attribute"].append({"type": 7})
    done = world.pull()
    assert world.knows("one.example") and done.progress.faults == 1
    other = event(5, STAMP + 1, "other.example")
    world.misp.events = {uuid(4): {**other, "uuid": uuid(4)}}
    world.misp.events[uuid(4)] = {**other, "uuid": uuid(4), "Attribute": "none"}
    assert not world.pull().progress.last_items > 1
