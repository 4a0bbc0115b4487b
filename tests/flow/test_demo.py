"""The demonstration: its first ten minutes at full speed, always the same; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.bootstrap import Folder, Hub, SystemRandomness, open_hub
from fusioncell.cli.demo import ReadyLinks, demo_folder, on_loopback, run_demo
from fusioncell.demo import PAST, PLAYERS, Director, StoryClock, campaigns, history, prepare, story, talks
from fusioncell.demo.dice import Dice
from fusioncell.demo.director import QUIET_AFTER, QUIET_FACTOR
from fusioncell.demo.plot import Approve, Recall, Say
from fusioncell.demo.protection import MISTAKEN, RESOLVERS, TAKEN_OVER
from fusioncell.kernel.clock import HOUR, SECOND, ManualClock, format_day, parse_instant
from fusioncell.kernel.errors import BadInput, Conflict, NotFound, NotSignedIn
from fusioncell.kernel.marking import Viewer, is_pseudonym
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.members.sealing.boxes import make_key
from fusioncell.shield.model import State

BESIDE = ["Marta Olsen", "Tess Varga"]
"""Who has a link beside the players: the new member's lead, and the guest of an event room."""
NOW = parse_instant("2026-11-21T10:00:00Z")
OFFICERS = [make_key(SystemRandomness())[1] for _ in range(2)]


class Notes:
    """A notebook in memory."""

    def __init__(self) -> None:
        self.kept: str | None = None

    def load(self) -> dict[str, Any] | None:
        return None if self.kept is None else json.loads(self.kept)

    def save(self, notes: dict[str, Any]) -> None:
        self.kept = json.dumps(notes)


class Stage:
    """A hub with the demonstration on it, its clock in the test's hand."""

    def __init__(self, folder: Path, notes: Notes, now: int = NOW) -> None:
        if not Folder(folder).exists:
            Folder(folder).make("demo")
        self.real = ManualClock(now)
        clock = StoryClock(self.real, now - PAST)
        self.hub: Hub = open_hub(folder, clock=clock)
        self.director: Director = prepare(self.hub, clock, now, notes, OFFICERS)
        clock.go_live()

    def play_until(self, second: int) -> None:
        place = self.director.place
        while place.elapsed + self.director.due() <= second:
            self.real.advance(self.director.due() * SECOND)
            self.director.step()
            self.hub.settle()

    def zone(self) -> set[str]:
        return {rule.name for rule in self.hub.shield.zone.image().rules()}

    def told(self, key: str) -> list[tuple[str, str, int, int]]:
        viewer = self.hub.members.operator_viewer(
            next(p for p in self.hub.members.organisations() if p.id == self.director.cast.partners[key]).id)
        assert viewer is not None
        return [(one.title, one.audience.tlp.value, one.items, one.at) for one in
                self.hub.picture.newest(viewer, limit=1000)]


@pytest.fixture()
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "demo", Notes())
    yield made
    made.hub.close()


def test_the_first_ten_minutes(stage: Stage) -> None:
    """A campaign is blocked once approved, a mistake is undone, a circle stays closed, faults are quarantined."""
    hub, director = stage.hub, stage.director
    assert story.FIRST_NAME not in stage.zone()

    stage.play_until(170)
    newest = hub.shield.newest(story.FIRST_NAME)
    assert newest is not None and newest.state is State.PROPOSED
    assert len({cited.contributor for cited in newest.evidence}) >= 2
    assert story.FIRST_NAME not in stage.zone()
    stage.play_until(180)
    assert story.FIRST_NAME in stage.zone()

    stage.play_until(300)
    assert story.WRONG_NAME in stage.zone()
    stage.play_until(465)
    assert story.WRONG_NAME not in stage.zone()

    stage.play_until(600)
    assert {story.FIRST_NAME, *story.SECOND_NAMES, *story.THIRD_NAMES[:2]} <= stage.zone()
    assert story.WRONG_NAME not in stage.zone()

    secret = Observable(ObservableType.DOMAIN, story.CLOSED_NAME)
    members, others = ("bank", "police", "department"), ("northern", "coastline", "university")
    for key in members + others:
        viewer = director.cast.viewer(key)
        assert viewer is not None
        found = hub.fusion.look_up(secret, hub.record.visible_to(viewer))
        assert (found is not None) is (key in members), key
    assert story.CLOSED_NAME not in stage.zone()

    old = hub.shield.newest("parcel-office-fee.example")
    assert old is None, "what is old proposes nothing"
    quarantined = [line for file in (hub.folder.path / "quarantine").glob("*.jsonl") for line in file.open()]
    assert len(quarantined) == 4


def test_it_is_the_same_story_each_time(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        stage = Stage(tmp_path / name, Notes())
        stage.play_until(600)
        place = stage.director.place.notes() | {"said": ""}
        told.append((stage.told("bank"), stage.told("northern"), sorted(stage.zone()), place))
        stage.hub.close()
    assert told[0] == told[1]
    assert len(told[0][0]) > 250


def test_the_partnership_talks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rooms, posts, reactions that count, a nameless author, requests, applicants: and nothing of it is refused."""
    caplog.set_level("DEBUG", "fusioncell.demo")
    stage = Stage(tmp_path / "demo", Notes())
    hub, director = stage.hub, stage.director
    stage.play_until(595)
    said = director.place.said

    def viewer(key: str) -> Viewer:
        found = director.cast.viewer(key)
        assert found is not None
        return found

    night = Observable(ObservableType.DOMAIN, talks.NIGHT_NAME)
    before = hub.fusion.look_up(night, hub.record.visible_to(viewer("police")))
    assert hub.shield.newest(talks.NIGHT_NAME) is None, "one voice proposes nothing"
    stage.play_until(612)
    after = hub.fusion.look_up(night, hub.record.visible_to(viewer("police")))
    assert before is not None and after is not None and after.malicious > before.malicious
    assert hub.shield.newest(talks.NIGHT_NAME) is not None, "two partners have seen it too"

    thread = hub.talk.thread(viewer("reader"), said["sms"])
    assert thread.count >= 6 and thread.posts[0].edited and thread.posts[0].mentions
    assert set(thread.posts[0].reacted()["seen"]) == {director.cast.partners[key] for key in ("coastline", "bank")}
    nameless = hub.talk.read_one(viewer("administrator"), said["nameless"])
    assert is_pseudonym(nameless.org) and not nameless.author

    rooms = {key: {seen.group.name for seen in hub.circles.listed(viewer(key))} for key in ("bank", "university")}
    assert talks.ROOM in rooms["bank"] and talks.ROOM not in rooms["university"]
    with pytest.raises(NotFound):
        hub.talk.thread(viewer("university"), said["room"])
    [(guest, _, _)] = [one for one in director.cast.guests if hub.members.person(one[0]).name == "Tess Varga"]
    seen_by_guest = hub.members.viewer_of(f"person:{guest}")
    assert seen_by_guest is not None
    assert [one.id for one in hub.talk.threads(seen_by_guest).threads] == [said["officewise"]]

    hub.follower.follow(hub.river.position)
    whys = {why for notice in hub.notify.notices(viewer("bank"), limit=100)[0] for why, _ in notice.whys}
    assert {"mention", "thread", "campaign"} <= whys
    assert hub.notify.unread(viewer("bank")) > 5

    assert {one.filled.name: one.state.value for one in hub.joining.applications()} == {
        "Lantern Credit Union": "accepted", "Ferrymead Health Trust": "sponsored", "Kestrel Water": "asked"}
    contacts = hub.directory.contacts(viewer("bank"))
    assert sorted(one.is_stale(hub.clock.now()) for one in contacts) == [False] * 5 + [True]
    assert hub.sealing.ready() and len(hub.receipts.consents(viewer("bank"))) == 1
    stage.play_until(2400)
    assert not [record.getMessage() for record in caplog.records if record.name == "fusioncell.demo"]
    hub.close()


def test_each_page_of_the_shield_has_something_to_show(stage: Stage) -> None:
    """Resolvers and their counts, a standing approval at work, appeals of each end, a lift, a hold, a guarded name."""
    shielding, viewer = stage.hub.shielding, stage.director.cast.viewer
    department, operator, officer = viewer("department"), viewer("administrator"), viewer("officer")
    assert department is not None and operator is not None and officer is not None
    assert sorted((one.label, one.step) for one in shielding.subscribers.listed(operator)) == sorted(
        (label, step) for _, label, _, step, _, _ in RESOLVERS)
    came = shielding.hit_counts.impact(department, 7)
    assert came.released.blocked > 10_000 and len(came.released.decisions) > 5 and came.lifted == 1
    assert shielding.hit_counts.impact(operator, 7).reported.shadow > 1000
    [rule] = shielding.standing.listed(department)
    fared = shielding.standing.fared(rule)
    assert fared.published > 5 and fared.looked_at == 2 and not fared.wrong
    appeals = {one.name: one.state.value for one in shielding.appeals.listed(department)}
    own = [shielding.appeals.own(who, shielding.appeals.listed(who)) for who in (department, operator)]
    assert own[0] and not own[1], "who approved a block does not decide on it"
    assert sorted(appeals.values()) == ["open", "refused", "upheld"] and appeals[MISTAKEN] == "upheld"
    assert MISTAKEN not in stage.zone() and [one.name for one in shielding.lifts.bars(department)] == [MISTAKEN]
    assert sorted(bool(one.until) for one in shielding.holds.holds(officer)) == [False, True]
    guarded = stage.hub.shield.newest(TAKEN_OVER, department)
    assert guarded is not None and guarded.state is State.PROPOSED and guarded.guards and len(guarded.endorsed) == 1
    lead = viewer("lead")
    assert lead is not None and [one.name for one in stage.hub.assets.alerts(lead)] == [TAKEN_OVER]
    assert {table.source for table in stage.hub.vulns.tables()} == {"epss", "kev", "ssvc"}
    decided = {one.cve: one.decision.outcome for one in stage.hub.vulns.now(department)[0] if one.decision}
    assert len(set(decided.values())) > 1 and decided["CVE-2026-99902"] == "Immediate"
    assert all(table.date <= format_day(stage.hub.clock.now() - PAST) for table in stage.hub.vulns.tables())


def test_resolvers_report_each_hour_once(stage: Stage) -> None:
    operator = stage.director.cast.viewer("administrator")
    assert operator is not None
    hits = stage.hub.shielding.hit_counts
    before = hits.impact(operator, 7).reported.blocked
    stage.play_until(80)
    after = hits.impact(operator, 7).reported.blocked
    assert after > before and stage.director.place.counted == NOW // HOUR * HOUR - HOUR
    stage.play_until(230)
    assert hits.impact(operator, 7).reported.blocked == after, "no other hour has closed"


def test_sources_are_known_by_their_names(stage: Stage) -> None:
    department = stage.director.cast.viewer("department")
    assert department is not None
    known = {one.id for one in stage.hub.members.organisations()}
    assert {one.name for one in stage.hub.origins.sources(department)} <= known


def test_a_visitor_who_is_faster_wins(stage: Stage) -> None:
    stage.play_until(170)
    viewer = stage.director.cast.viewer("department")
    assert viewer is not None
    stage.hub.shield.withdraw(viewer, story.FIRST_NAME, "a visitor thinks otherwise")
    stage.hub.settle()
    stage.play_until(240)
    assert story.FIRST_NAME not in stage.zone()


def test_a_second_start_goes_on_and_fills_the_gap(tmp_path: Path) -> None:
    notes = Notes()
    first = Stage(tmp_path / "demo", notes)
    first.play_until(180)
    before, position = len(first.told("bank")), first.director.place.notes()
    first.hub.close()

    later = NOW + 5 * 3600 * SECOND
    second = Stage(tmp_path / "demo", notes, later)
    place = second.director.place
    assert (place.told, place.elapsed) == (position["told"], position["elapsed"])
    told = second.told("bank")
    assert len(told) == before + place.line - position["line"] > before
    assert all(at <= later for *_, at in told)
    assert len(second.hub.members.organisations()) == 7
    assert story.FIRST_NAME in second.zone()
    second.play_until(300)
    assert story.WRONG_NAME in second.zone()
    second.hub.close()


def test_instants_never_go_back() -> None:
    real = ManualClock(NOW)
    clock = StoryClock(real, NOW - PAST)
    clock.move_to(NOW + 5)
    clock.move_to(NOW)
    assert clock.now() == NOW + 5
    clock.go_live()
    assert clock.now() == NOW + 5
    real.advance(9)
    assert clock.now() == NOW + 9


def _values(act: object) -> list[tuple[str, str, str]]:
    if not isinstance(act, Say):
        return []
    return [*getattr(act.piece, "values", ()), *getattr(act.piece, "context", ())]


def test_only_reserved_names_and_addresses_stand_in_it() -> None:
    """RFC 2606, RFC 5737, RFC 3849, RFC 2544: nothing that anyone owns."""
    acts = [beat.act for beat in (*story.STORY, *history.old_campaigns())]
    acts += [beat.act for number in range(14) for beat in campaigns.beats_of(number, 0)]
    acts += [history.line_of(number) for number in range(3000)]
    values = [value for act in acts for value in _values(act)]
    assert len(values) > 5000
    for type, value, _ in values:
        if type == "sha256":
            assert len(value) == 64
        elif type == "ip":
            assert value.startswith(
                ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:", "198.18.", "198.19.")), value
        else:
            host = value.split("//")[-1].split("/")[0].split("@")[-1]
            assert host.endswith((".example", ".test")), value


def test_every_approval_and_recall_refers_to_something_said() -> None:
    said = {act.name for beat in story.STORY if isinstance(act := beat.act, Say) and act.name}
    named = [value for beat in story.STORY for _, value, _ in _values(beat.act)]
    for beat in story.STORY:
        if isinstance(beat.act, Recall):
            assert beat.act.said in said
        if isinstance(beat.act, Approve):
            assert all(name in named for name in beat.act.names)


def test_it_slows_to_a_trickle(stage: Stage) -> None:
    place = stage.director.place
    stage.director.play = lambda act, key: None  # type: ignore[method-assign]
    steps = 0
    while place.elapsed < QUIET_AFTER + 3600:
        stage.director.step()
        steps += place.elapsed > QUIET_AFTER + 300
    assert steps < 3300 / 75 + 3300 / (3 * QUIET_FACTOR) + 2
    assert place.told == len(stage.director._script)


def test_each_look_at_the_roles_makes_links_that_work_once(stage: Stage) -> None:
    roles = ReadyLinks(stage.director.cast)
    assert roles
    first, second = list(roles), list(roles)
    assert [one["name"] for one in first] == [*(player.name for player in PLAYERS), *BESIDE]
    assert not {one["href"] for one in first} & {one["href"] for one in second}
    signing = stage.hub.signing
    for one in second:
        token = one["href"].removeprefix("/sign-in/link/")
        assert signing.open_link(token).person.name == one["name"]
        with pytest.raises(NotSignedIn):
            signing.open_link(token)


def test_choices_are_seeded() -> None:
    assert [Dice("a").below(1000) for _ in range(3)] == [Dice("a").below(1000)] * 3
    assert Dice("a").below(10**6) != Dice("b").below(10**6)


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "192.0.2.1:8080", "[::]:8080", "hub.example:8080"])
def test_it_listens_on_loopback_alone(listen: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        run_demo(tmp_path / "d", http=listen, echo=lambda text: None)
    with pytest.raises(BadInput):
        run_demo(tmp_path / "d", http="127.0.0.1:0", dns=listen, echo=lambda text: None)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", "[::1]:8080", "localhost:1"])
def test_loopback_is_taken(listen: str) -> None:
    assert on_loopback(listen, "--http") == listen


def test_a_real_hub_is_left_alone(tmp_path: Path) -> None:
    Folder(tmp_path / "real").make("hub")
    before = {file.name: file.read_bytes() for file in (tmp_path / "real").iterdir()}
    for fresh in (False, True):
        with pytest.raises(Conflict, match="real hub"):
            run_demo(tmp_path / "real", http="127.0.0.1:0", dns="none", echo=lambda text: None, fresh=fresh)
    assert {file.name: file.read_bytes() for file in (tmp_path / "real").iterdir()} == before


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(Conflict):
        demo_folder(tmp_path, fresh=True)
    assert (tmp_path / "thesis.tex").exists()


def test_a_folder_in_use_is_not_deleted(tmp_path: Path) -> None:
    folder = demo_folder(tmp_path / "demo", fresh=False)
    assert folder.lock()
    with pytest.raises(Conflict, match="running"):
        demo_folder(tmp_path / "demo", fresh=True)
    folder.unlock()
    mark = (tmp_path / "demo" / "hub.key").read_bytes()
    assert demo_folder(tmp_path / "demo", fresh=True).kind == "demo"
    assert (tmp_path / "demo" / "hub.key").read_bytes() != mark


def test_settings_of_a_real_hub_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the database nor the resolvers that this machine's environment names for a real hub."""
    monkeypatch.setenv("FUSIONCELL_DATABASE_URL", "postgresql://real.example/hub")
    monkeypatch.setenv("FUSIONCELL_DNS_NOTIFY", "192.0.2.53:53")
    opened: list[Hub] = []

    def serve(hub: Hub, *rest: object) -> None:
        opened.append(hub)
        hub.close()

    monkeypatch.setattr("fusioncell.cli.demo.serve", serve)
    run_demo(tmp_path / "demo", http="127.0.0.1:0", dns="none", echo=lambda text: None)
    assert (opened[0].settings.database_url, opened[0].settings.dns_notify) == ("", "")
    assert opened[0].databases["record"].dialect == "sqlite"
