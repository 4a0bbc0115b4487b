"""Two hubs by MISP's sync protocol: the one pulls from and pushes to the other, which is a MISP to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.exchange.inbound import Kind, Standing
from fusioncell.exchange.inbound.model import Wanted
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp, Viewer
from served import Party, ServedHub


@dataclass
class World:
    """``far``: the MISP, with a member and the key of a sync user. ``near``: the hub that pulls and pushes."""

    far: ServedHub
    near: ServedHub
    member: Party
    sync: Party
    reader: Party
    operator: Viewer
    feed: Standing

    def pull(self) -> Standing:
        CLOCK.advance(MINUTE)
        done = self.near.hub.inbound.run(self.feed.feed.id)
        assert done is not None
        self.near.hub.settle()
        assert not done.progress.fault, done.progress.fault
        return done


CLOCK = ManualClock(parse_instant("2026-11-22T10:00:00Z"))
"""Of both hubs: MISP's times are whole seconds."""


def new_hub(folder: Path, **settings: str) -> Hub:
    Folder(folder).make("hub")
    return open_hub(folder, read_settings(data=str(folder), **settings), clock=CLOCK, known_good=KnownGood.nothing())


def post(party: Party, path: str, body: Any) -> Any:
    CLOCK.advance(MINUTE)
    answer = party.http.post(f"/misp/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def made(party: Party, info: str, *named: str, distribution: str = "3", **more: Any) -> dict[str, Any]:
    """Add an event and publish it."""
    event = {"info": info, "distribution": distribution, "published": True, "Attribute": [
        {"type": "domain", "value": one} for one in named], **more}
    found: dict[str, Any] = post(party, "events/add", {"Event": event})["Event"]
    return found


def view(party: Party, uuid: str) -> dict[str, Any] | None:
    answer = party.http.get(f"/misp/events/view/{uuid}/deleted[]:0/deleted[]:1")
    return answer.json()["Event"] if answer.status_code == 200 else None


def standing(event: dict[str, Any] | None) -> set[str]:
    return {one["value"] for one in event["Attribute"] if not one["deleted"]} if event else set()


@pytest.fixture
def world(tmp_path: Any) -> Iterator[World]:
    far, near = new_hub(tmp_path / "far"), new_hub(tmp_path / "near", feed_allow="127.0.0.1")
    with ServedHub(far) as there, ServedHub(near) as here:
        member, sync = there.party("Far member"), there.party("Near hub")
        ministry = near.members.add_organisation("Ministry", "government", "government")
        operator = near.members.operator_viewer(ministry.id)
        assert operator is not None
        reader = here.party("Reader")
        wanted = Wanted(name="The far MISP", url=there.url + "/misp", kind=Kind.MISP_SERVER, every=HOUR,
                        push=Tlp.GREEN)
        key = sync.http.headers["Authorization"].split()[1]
        feed = near.inbound.add(operator, wanted, f"Authorization: {key}", enabled=False)
        yield World(there, here, member, sync, reader, operator, feed)


def test_a_pull_brings_events_whole_and_an_unchanged_one_is_one_request(world: World) -> None:
    event = made(world.member, "Far", "one.example", "two.example", Object=[
        {"name": "file", "meta-category": "file", "Attribute": [
            {"type": "md5", "object_relation": "md5", "value": "d41d8cd98f00b204e9800998ecf8427e"}]}])
    done = world.pull()
    assert done.progress.last_items == 5
    shown = view(world.reader, event["uuid"])
    assert shown is not None and standing(shown) == {"one.example", "two.example"}
    assert shown["Object"][0]["Attribute"][0]["value"] == "d41d8cd98f00b204e9800998ecf8427e"
    assert shown["Orgc"]["uuid"] == event["Orgc"]["uuid"] and shown["Org"]["name"] != shown["Orgc"]["name"]
    assert {one["uuid"] for one in shown["Attribute"]} == {one["uuid"] for one in event["Attribute"]}
    assert world.reader.sees("domain-name", "one.example") is not None
    before = world.near.hub.record.head()[0]
    again = world.pull()
    assert (again.progress.last_requests, again.progress.last_items) == (1, 0)
    assert world.near.hub.record.head()[0] == before


def test_levels_step_down_and_what_is_not_published_or_local_stays_there(world: World) -> None:
    connected = made(world.member, "Connected", "connected.example", distribution="2")
    community = made(world.member, "Community", "community.example", distribution="1")
    draft = made(world.member, "Draft", "draft.example", published=False)
    strict = made(world.member, "Strict", "strict.example", Tag=[{"name": "tlp:amber"}])
    post(world.sync, "tags/attachTagToObject", {"uuid": connected["uuid"], "tag": "sync:local", "local": 1})
    world.pull()
    here = view(world.reader, connected["uuid"])
    assert here is not None and here["distribution"] == "1" and here["Tag"] == []
    for hidden in (community, draft, strict):
        assert view(world.reader, hidden["uuid"]) is None, hidden["info"]
    owner = world.near.party("Ministry")
    kept = view(owner, community["uuid"])
    assert kept is not None and kept["distribution"] == "0", "this community's is the answering organisation's own"


def test_edits_deletions_and_narrowing_arrive(world: World) -> None:
    event = made(world.member, "Edited", "one.example", "two.example", "three.example")
    world.pull()
    names = {each["value"]: each for each in event["Attribute"]}
    post(world.member, f"attributes/edit/{names['one.example']['uuid']}", {"value": "changed.example"})
    post(world.member, f"attributes/delete/{names['two.example']['uuid']}", {})
    post(world.member, f"attributes/edit/{names['three.example']['uuid']}", {"distribution": "0"})
    world.pull()
    assert standing(view(world.reader, event["uuid"])) == {"one.example", "two.example", "three.example"}, "a draft"
    post(world.member, f"events/publish/{event['uuid']}", {})
    world.pull()
    shown = view(world.reader, event["uuid"])
    assert standing(shown) == {"changed.example"}
    assert world.reader.sees("domain-name", "three.example") is None, "what was narrowed there is withdrawn here"


def test_a_narrowed_event_is_narrowed_here(world: World) -> None:
    event = made(world.member, "Narrowed", "one.example")
    world.pull()
    assert view(world.reader, event["uuid"]) is not None
    post(world.member, f"events/edit/{event['uuid']}", {"Event": {"distribution": "1", "published": True}})
    world.pull()
    assert view(world.reader, event["uuid"]) is None


def test_a_push_sends_what_the_agreement_allows_and_nothing_comes_back(world: World) -> None:
    mine = made(world.reader, "Mine", "mine.example", "inner.example")
    inner = next(one for one in mine["Attribute"] if one["value"] == "inner.example")
    post(world.reader, f"attributes/edit/{inner['uuid']}", {"distribution": "1"})
    post(world.reader, f"events/publish/{mine['uuid']}", {})
    post(world.reader, "tags/attachTagToObject", {"uuid": mine["uuid"], "tag": "reader:local", "local": 1})
    kept = [made(world.reader, "Community", "x1.example", distribution="1"),
            made(world.reader, "Amber", "x2.example", Tag=[{"name": "tlp:amber"}]),
            made(world.reader, "Own", "x3.example", distribution="0"),
            made(world.reader, "Draft", "x4.example", published=False)]
    world.pull()
    there = view(world.member, mine["uuid"])
    assert there is not None and standing(there) == {"mine.example"} and there["Tag"] == []
    assert there["Orgc"]["uuid"] == mine["Orgc"]["uuid"] and there["Org"]["name"] == "Near hub"
    for one in kept:
        assert view(world.sync, one["uuid"]) is None, one["info"]
    before = world.near.hub.record.head()[0]
    world.pull()
    assert world.near.hub.record.head()[0] == before, "what was pushed does not come back"
    assert world.pull().progress.last_requests == 1
    assert view(world.reader, mine["uuid"])["Org"]["name"] == "Reader"  # type: ignore[index]


def test_edits_sightings_and_recalls_are_pushed(world: World) -> None:
    mine = made(world.reader, "Mine", "one.example", "two.example", distribution="2")
    world.pull()
    there = view(world.member, mine["uuid"])
    assert there is not None and there["distribution"] == "1"
    two = next(one for one in mine["Attribute"] if one["value"] == "two.example")
    post(world.reader, f"attributes/delete/{two['uuid']}", {})
    post(world.reader, f"events/publish/{mine['uuid']}", {})
    world.pull()
    assert standing(view(world.member, mine["uuid"])) == {"one.example"}
    post(world.reader, f"events/delete/{mine['uuid']}", {})
    world.pull()
    assert standing(view(world.member, mine["uuid"])) == set(), "what was recalled is deleted there"
    left = world.member.sees("domain-name", "one.example")
    assert left is not None and (left["independent_origins"], left["verdict"]) == (0, "mentioned")
    world.pull()
    assert view(world.reader, mine["uuid"]) is None, "and does not come back"


def test_sightings_notes_and_clusters_are_pulled_once(world: World) -> None:
    event = made(world.member, "Seen", "one.example")
    uuid = event["Attribute"][0]["uuid"]
    sighting = post(world.sync, f"sightings/add/{uuid}", {"type": "0", "source": "pot"})["Sighting"]
    note = post(world.member, f"analyst_data/add/Note/{event['uuid']}/Event",
                {"note": "look here", "distribution": "3"})["Note"]
    world.pull()
    asked = {"returnFormat": "json", "last": 0, "uuid": [event["uuid"]]}
    seen = post(world.reader, "sightings/restSearch/event", asked)["response"]
    assert [one["Sighting"]["uuid"] for one in seen] == [sighting["uuid"]]
    assert seen[0]["Sighting"]["Organisation"]["name"] == "Near hub"
    assert post(world.reader, "analyst_data/indexMinimal", {})["Note"].keys() == {note["uuid"]}
    before = world.near.hub.record.head()[0]
    post(world.member, f"sightings/add/{uuid}", {"type": "1"})
    world.pull()
    after = world.near.hub.record.head()[0]
    world.pull()
    assert world.near.hub.record.head()[0] == after >= before
    assert json.dumps(post(world.reader, "analyst_data/indexMinimal", {})) == json.dumps(
        post(world.reader, "analyst_data/indexMinimal", {}))
