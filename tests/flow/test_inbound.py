"""Feeds: what is published elsewhere is pulled, once, as an origin of its own; and what is wrong is said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.exchange.inbound import Kind, Standing
from fusioncell.exchange.inbound.model import Wanted
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from sources import Source, misp_event, source_server

START = parse_instant("2026-11-21T10:00:00Z")


@dataclass
class World:
    """A hub with an operator, a member, and a server of feeds."""

    hub: Hub
    clock: ManualClock
    source: Source
    operator: Viewer
    member: Viewer

    def add(self, path: str, kind: Kind = Kind.FILE, *, enabled: bool = True, secret: str = "", **more: object
            ) -> Standing:
        wanted = Wanted(name=f"Feed {len(self.hub.inbound.standings())}", url=self.source.url + path, kind=kind,
                        every=HOUR, **more)  # type: ignore[arg-type]
        return self.hub.inbound.add(self.operator, wanted, secret, enabled=enabled)

    def pull(self, one: Standing) -> Standing:
        done = self.hub.inbound.run(one.feed.id)
        assert done is not None
        self.hub.settle()
        return done

    def entries(self) -> int:
        return self.hub.record.head()[0]

    def knows(self, name: str, viewer: Viewer | None = None) -> bool:
        return self.origins(name, viewer) > 0

    def origins(self, name: str, viewer: Viewer | None = None) -> int:
        audiences = self.hub.record.visible_to(viewer or self.member)
        found = self.hub.fusion.look_up(Observable(ObservableType.DOMAIN, name), audiences)
        return 0 if found is None else len(found.origins)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = ManualClock(START)
    Folder(tmp_path / "data").make("hub")
    settings = read_settings(data=str(tmp_path / "data"), feed_allow="127.0.0.1")
    hub = open_hub(tmp_path / "data", settings, clock=clock, known_good=KnownGood.nothing())
    first = hub.members.add_organisation("Ministry of Works", "government", "government")
    other = hub.members.add_organisation("Harbour Bank", "finance", "industry")
    operator, member = hub.members.operator_viewer(first.id), hub.members.viewer_of(f"org:{other.id}")
    assert operator is not None and member is not None
    with source_server(Source()) as source:
        yield World(hub, clock, source, operator, member)
    hub.close()


def test_a_list_is_pulled_and_an_unchanged_pull_is_one_request_and_adds_nothing(world: World) -> None:
    world.source.pages["/list.txt"] = b"# a list\nbad-one.example\nbad-two.example\n"
    feed = world.add("/list.txt", format="list")
    done = world.pull(feed)
    assert (done.progress.last_items, done.progress.fault, done.lag, done.late) == (2, "", 0, False)
    assert world.knows("bad-one.example")
    before = world.entries()
    world.clock.advance(HOUR)
    again = world.pull(feed)
    assert (again.progress.last_requests, again.progress.last_items) == (1, 0)
    assert world.source.headers[-1]["if-none-match"]
    assert world.entries() == before


def test_a_server_without_etags_is_known_by_what_it_sent(world: World) -> None:
    world.source.tags = False
    world.source.pages["/list.txt"] = b"bad-one.example\n"
    feed = world.add("/list.txt", format="list")
    world.pull(feed)
    before = world.entries()
    world.pull(feed)
    assert world.entries() == before


def test_of_a_changed_listing_only_what_is_new_is_kept_and_another_day_lists_anew(world: World) -> None:
    world.source.pages["/list.txt"] = b"bad-one.example\nbad-two.example\n"
    feed = world.add("/list.txt", format="list")
    world.pull(feed)
    world.source.pages["/list.txt"] = b"bad-one.example\nbad-two.example\nbad-three.example\n"
    assert world.pull(feed).progress.last_items == 1
    world.clock.advance(DAY)
    world.source.pages["/list.txt"] = b"bad-one.example\nbad-three.example\n"
    assert world.pull(feed).progress.last_items == 2, "another day's listing is a re-sighting"


def test_rows_with_dates_of_their_own_are_kept_once_however_long_they_are_listed(world: World) -> None:
    head = b"value,type,first_seen\n"
    rows = [b"bad-%d.example,domain,2026-11-20 10:00:00\n" % number for number in range(3)]
    world.source.pages["/t.csv"] = head + rows[0] + rows[1]
    feed = world.add("/t.csv", format="csv")
    assert world.pull(feed).progress.last_items == 2
    world.clock.advance(DAY)
    world.source.pages["/t.csv"] = head + rows[0] + rows[1] + rows[2]
    assert world.pull(feed).progress.last_items == 1


def test_a_packed_file_and_a_packed_answer_are_unpacked_and_a_bomb_is_refused(world: World) -> None:
    world.source.packed = True
    world.source.pages["/list.gz"] = gzip.compress(b"bad-one.example\n")
    assert world.pull(world.add("/list.gz", format="list")).progress.last_items == 1
    world.source.packed = False
    world.source.pages["/bomb.gz"] = gzip.compress(b"\0" * (50 << 20))
    done = world.pull(world.add("/bomb.gz", format="list"))
    assert "bytes" in done.progress.fault and done.progress.last_items == 0


def test_json_lines(world: World) -> None:
    lines = [{"indicator": "bad-one.example", "type": "domain", "tags": ["emotet", "c2"]}, {"url": "http://bad-two.example/x"},
             {"type": "indicator", "id": "indicator--0b8ad5c2-7d05-4b2f-9c3e-000000000001",
              "spec_version": "2.1", "created": "2026-11-20T10:00:00Z", "modified": "2026-11-20T10:00:00Z",
              "pattern": "[domain-name:value = 'bad-three.example']", "pattern_type": "stix",
              "valid_from": "2026-11-20T10:00:00Z"}]  # fmt: skip
    world.source.pages["/x.jsonl"] = "\n".join([*map(json.dumps, lines), "{broken", '{"note": "nothing"}']).encode()
    done = world.pull(world.add("/x.jsonl"))
    assert (done.progress.last_items, done.progress.faults) == (3, 2)
    assert world.knows("bad-one.example") and world.knows("bad-three.example")


def test_a_page_for_people_is_no_data(world: World) -> None:
    world.source.pages["/down"] = b"<html>We are down. Write to us at help@feed.example</html>"
    world.source.types["/down"] = "text/html; charset=utf-8"
    before = world.entries()
    done = world.pull(world.add("/down"))
    assert "for people" in done.progress.fault
    assert done.progress.hint
    assert world.entries() <= before + 1, "no more than the organisation of the feed"


# -- MISP feeds ------------------------------------------------------------------------------------------------------


def test_of_a_misp_feed_only_changed_events_are_fetched(world: World) -> None:
    events = [misp_event(1, 1_700_000_000, ["misp-one.example"]), misp_event(2, 1_700_000_100, ["misp-two.example"])]
    world.source.misp("/feed/", events, integrity=True)
    feed = world.add("/feed/", Kind.MISP)
    done = world.pull(feed)
    assert done.progress.last_requests == 3
    assert world.knows("misp-one.example") and world.knows("misp-two.example")
    before = world.entries()
    assert world.pull(feed).progress.last_requests == 1
    assert world.entries() == before
    events[1] = misp_event(2, 1_700_000_200, ["misp-two.example", "misp-three.example"])
    world.source.misp("/feed/", events, integrity=True)
    world.source.asked.clear()
    world.pull(feed)
    assert world.source.asked == ["/feed/manifest.json", f"/feed/{events[1]['uuid']}.json"]
    assert world.knows("misp-three.example")


def test_an_event_that_cannot_be_had_is_asked_for_again_and_the_others_are_kept(world: World) -> None:
    events = [misp_event(number, 1_700_000_000 + number, [f"misp-{number}.example"]) for number in range(3)]
    world.source.misp("/feed/", events, integrity=True)
    good = world.source.pages[f"/feed/{events[1]['uuid']}.json"]
    world.source.pages[f"/feed/{events[1]['uuid']}.json"] = b'{"Event": {"info": "cut off in the mid'
    feed = world.add("/feed/manifest.json", Kind.MISP)
    done = world.pull(feed)
    assert (done.progress.fault, done.progress.behind) == ("", 1)
    assert "digest" in done.progress.note
    assert world.knows("misp-2.example") and not world.knows("misp-1.example")
    world.source.pages[f"/feed/{events[1]['uuid']}.json"] = good
    done = world.pull(feed)
    assert (done.progress.note, done.progress.behind) == ("", 0)
    assert world.knows("misp-1.example")


def test_own_organisation_only_means_theirs_and_tlp_red_goes_to_nobody_here(world: World) -> None:
    red = misp_event(2, 1_700_000_001, ["red.example"], Tag=[{"name": "tlp:red"}])
    world.source.misp("/feed/", [misp_event(1, 1_700_000_000, ["own.example"], distribution="0"), red])
    world.pull(world.add("/feed/", Kind.MISP))
    assert world.knows("own.example")
    assert not world.knows("red.example") and not world.knows("red.example", world.operator)


# -- one origin each -------------------------------------------------------------------------------------------------


def test_each_feed_is_an_origin_and_a_member_that_relays_it_is_not_another(world: World) -> None:
    event = misp_event(1, 1_700_000_000, ["seen.example"])
    world.source.misp("/feed/", [event])
    world.source.pages["/list.txt"] = b"seen.example\n"
    world.pull(world.add("/feed/", Kind.MISP))
    assert world.origins("seen.example") == 1
    world.pull(world.add("/list.txt", format="list"))
    assert world.origins("seen.example") == 2, "what the hub fetched itself is an origin of its own"
    from fusioncell.intake.service import Terms

    world.hub.intake.accept(world.member, json.dumps({"Event": event}).encode(), "application/json", Terms(Tlp.GREEN))
    world.hub.settle()
    assert world.origins("seen.example") == 2, "the creator that both name is one"


def test_the_grade_of_a_feed_weighs_and_survives_a_replay(world: World, tmp_path: Path) -> None:
    weights = {}
    for grade in ("A", "E"):
        world.source.pages[f"/{grade}"] = f"grade-{grade.lower()}.example\n".encode()
        world.pull(world.add(f"/{grade}", format="list", grade=grade))
        audiences = world.hub.record.visible_to(world.member)
        found = world.hub.fusion.look_up(Observable(ObservableType.DOMAIN, f"grade-{grade.lower()}.example"), audiences)
        assert found is not None
        weights[grade] = found.origins[0].weight
    assert weights["A"] > weights["E"]


def test_feeds_are_no_members(world: World) -> None:
    world.source.pages["/list.txt"] = b"bad-one.example\n"
    feed = world.add("/list.txt", format="list")
    world.pull(feed)
    assert feed.feed.org not in {one.id for one in world.hub.members.organisations()}
    assert world.hub.members.organisation(feed.feed.org).kind == "feed"


def test_what_is_amber_is_for_the_organisation_that_answers_for_the_feed(world: World) -> None:
    world.source.pages["/list.txt"] = b"amber.example\n"
    world.pull(world.add("/list.txt", format="list", tlp=Tlp.AMBER))
    assert world.knows("amber.example", world.operator) and not world.knows("amber.example")


def test_a_floor_narrows_what_says_that_it_is_clear(world: World) -> None:
    world.source.misp("/feed/", [misp_event(1, 1_700_000_000, ["clear.example"], Tag=[{"name": "tlp:clear"}])])
    world.pull(world.add("/feed/", Kind.MISP, at_least=Tlp.AMBER))
    assert world.knows("clear.example", world.operator) and not world.knows("clear.example")


# -- what is wrong, and when it is tried again ------------------------------------------------------------------------


def test_what_fails_is_tried_again_with_growing_pauses_and_says_what_to_do(world: World) -> None:
    feed = world.add("/gone.txt")
    pauses = []
    for _ in range(6):
        done = world.pull(feed)
        pauses.append(done.due - world.clock.now())
        world.clock.advance(done.due - world.clock.now())
    assert "404" in done.progress.fault and "homepage" in done.progress.hint
    assert pauses[0] < 6 * MINUTE and pauses[-1] > 2 * HOUR
    assert done.late
    world.source.pages["/gone.txt"] = b"back.example\n"
    done = world.pull(feed)
    assert (done.progress.failures, done.progress.fault, done.late) == (0, "", False)


def test_a_source_that_asks_to_be_left_alone_is(world: World) -> None:
    world.source.pages["/busy"] = lambda query, headers: (429, {"Retry-After": "7200"}, b"")
    done = world.pull(world.add("/busy"))
    assert done.due - world.clock.now() >= 2 * HOUR


def test_a_round_pulls_what_is_due_and_nothing_that_is_off(world: World) -> None:
    world.source.pages["/a"] = b"a.example\n"
    world.source.pages["/b"] = b"b.example\n"
    on, off = world.add("/a", format="list"), world.add("/b", format="list", enabled=False)
    world.add("/nothing-here")
    assert world.hub.inbound.round() == 2
    assert world.hub.inbound.round() == 0, "neither is due"
    world.clock.advance(2 * HOUR)
    assert world.hub.inbound.round() == 2
    assert world.hub.inbound.standing(on.feed.id).progress.pulls == 2
    assert world.hub.inbound.standing(off.feed.id).progress.pulls == 0


def test_credentials_are_sealed_sent_to_their_server_alone_and_never_shown(world: World) -> None:
    with source_server(Source(pages={"/there": b"redirected.example\n"})) as other:
        there = other.url.replace("127.0.0.1", "localhost") + "/there"
        world.source.pages["/a"] = b"a.example\n"
        world.source.pages["/away"] = lambda query, headers: (302, {"Location": there}, b"")
        feed = world.add("/a", format="list", secret="basic ada:very-secret-word")
        world.pull(feed)
        assert world.source.headers[-1]["authorization"].startswith("Basic ")
        world.hub.inbound.change(world.operator, feed.feed.id, {"url": f"{world.source.url}/away"})
        done = world.pull(feed)
        assert "not on the public Internet" in done.progress.fault, "a redirect leads to no other inner host"
        assert other.asked == []
    vault = (Path(world.hub.folder.path) / "vault.db").read_bytes()
    assert b"very-secret-word" not in vault and b"YWRhOnZlcnk" not in vault


def test_a_killed_pull_is_taken_up_again(world: World) -> None:
    world.source.pages["/a"] = b"a.example\n"
    feed = world.add("/a", format="list")
    vault = world.hub.databases["vault"]
    with vault.write() as connection:
        connection.run("UPDATE exchange_vault_feed SET leased = ?", (world.clock.now() + 30 * MINUTE,))
    assert world.hub.inbound.run(feed.feed.id) is None, "somebody else pulls it"
    world.clock.advance(31 * MINUTE)
    assert world.pull(feed).progress.last_items == 1


def test_the_catalogue_is_off_until_enabled(world: World) -> None:
    assert "circl-osint" in world.hub.inbound.available()
    assert world.hub.inbound.standings() == []
    assert world.hub.inbound.round() == 0
    made = world.hub.inbound.enable(world.operator, "circl-osint")
    assert made.feed.enabled and "circl-osint" not in world.hub.inbound.available()
    assert world.hub.inbound.enable(world.operator, "circl-osint", False).feed.enabled is False


def test_a_feed_that_was_poisoned_is_recalled_by_its_operators(world: World) -> None:
    world.source.pages["/a"] = b"wrong.example\n"
    feed = world.add("/a", format="list")
    world.pull(feed)
    every = world.hub.record.audiences_where(lambda _: True)
    mine = [e for e in world.hub.record.read_after(0, visible=every) if e.org == feed.feed.org]
    assert mine
    world.hub.inbound.withdraw(world.operator, feed.feed.id, mine[0].contribution, "poisoned")
    world.hub.settle()
    assert not world.knows("wrong.example")
