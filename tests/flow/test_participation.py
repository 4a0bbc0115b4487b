"""Participation in figures that were counted by hand, and that tell of nothing a viewer may not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.cli.main import main
from fusioncell.exchange.participation import Figures, measure
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Tlp, Viewer, org
from fusioncell.web.app import make_app

START = parse_instant("2026-10-05T09:00:00Z")
SECTORS = {"Alpha Bank": "finance", "Beta Bank": "Finance", "Gamma Bank": "finance", "North Net": "telecoms",
           "South Net": "telecoms", "Grid": "energy"}  # fmt: skip


class Partnership:
    """Three banks, two providers and a grid operator."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        self.clock = ManualClock(START)
        self.hub: Hub = open_hub(folder, clock=self.clock, known_good=KnownGood.nothing())
        members = self.hub.members
        self.orgs = {name: members.add_organisation(name, sector, "industry").id for name, sector in SECTORS.items()}

    def who(self, name: str) -> Viewer:
        found = self.hub.members.operator_viewer(self.orgs[name])
        assert found is not None
        return found

    def gives(self, name: str, body: bytes, media: str = "text/plain", tlp: Tlp = Tlp.GREEN, *groups: str) -> str:
        return self.hub.intake.accept(self.who(name), body, media, Terms(tlp, groups)).contribution

    def posts(self, name: str, text: str, parent: str = "", **more: Any) -> str:
        tlp = more.pop("tlp", None if parent else Tlp.GREEN)
        made = self.hub.talk.post(self.who(name), NewPost(text=text, parent=parent, tlp=tlp, **more))
        self.hub.settle()
        return made.id

    def report(self, name: str, quarter: str = "") -> Any:
        self.hub.settle()
        return self.hub.participation.report(self.who(name), quarter)


@pytest.fixture
def all_of(tmp_path: Path) -> Iterator[Partnership]:
    made = Partnership(tmp_path / "hub")
    yield made
    made.hub.close()


def indicator(number: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-10-01T00:00:00.000Z", "modified": "2026-10-01T00:00:00.000Z", "name": f"n{number}",
        "pattern_type": "stix", "pattern": f"[domain-name:value = 'evil-{number}.example']",
        "valid_from": "2026-10-01T00:00:00Z", **more,
    }  # fmt: skip


def bundle(*objects: dict[str, Any]) -> bytes:
    return json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000000",
                       "objects": objects}).encode()  # fmt: skip


def test_a_quarter_counted_by_hand(all_of: Partnership) -> None:
    stix = "application/stix+json;version=2.1"
    one = all_of.gives("Alpha Bank", bundle(
        indicator(1, labels=["malware"], kill_chain_phases=[], valid_until="2027-01-01T00:00:00Z"),
        indicator(2, description="Seen in mail", labels=["rsit:malicious-code", "T1566"]),
        indicator(3),
    ), stix)  # fmt: skip
    all_of.gives("Beta Bank", b"Phishing from evil-4[.]example and evil-5[.]example today")
    all_of.gives("North Net", b"Loader at evil-6[.]example")
    all_of.hub.settle()
    post = all_of.posts("Alpha Bank", "Who saw this?")
    other = all_of.posts("Gamma Bank", "And this?")
    silent = all_of.posts("Beta Bank", "Nobody answers")
    all_of.clock.advance(10 * MINUTE)
    all_of.posts("Alpha Bank", "one moment, more soon", post)
    all_of.clock.advance(20 * MINUTE)
    reply = all_of.posts("North Net", "We did", post)
    all_of.clock.advance(2 * HOUR)
    all_of.posts("Grid", "So did we", post)
    all_of.clock.advance(30 * MINUTE)
    all_of.posts("Alpha Bank", "Here too", other)
    all_of.hub.talk.react(all_of.who("South Net"), f"post:{post}", "seen")
    all_of.hub.talk.react(all_of.who("Gamma Bank"), f"contribution:{one}", "useful")
    all_of.hub.talk.react(all_of.who("Grid"), f"contribution:{one}", "seen")

    found = all_of.report("Gamma Bank")
    assert (found.quarter, found.beside) == ("2026-Q4", "finance")
    counts = ("contributions", "posts", "replies", "reactions", "sightings", "indicators")
    assert [getattr(found.total, each) for each in counts] == [3, 3, 4, 3, 2, 6]
    assert [getattr(found.total, each) for each in ("context", "malware", "technique", "rsit", "until", "described")] \
        == [2, 1, 1, 1, 1, 4]  # fmt: skip
    assert [getattr(found.own, each) for each in counts] == [0, 1, 0, 1, 0, 0]
    # Finance: Alpha 1 1 2 0 0, Beta 1 1 0 0 0, Gamma 0 1 0 1 0.
    assert [found.median[each] for each in counts] == [1, 1, 0, 0, 0, 2]
    # Telecoms has two organisations and energy one: three together.
    assert [(one.name, one.organisations, one.quiet) for one in found.sectors] == [("finance", 3, 0), ("other", 3, 0)]
    assert [(one.figures.contributions, one.given, one.taken) for one in found.sectors] == [(2, 0, 4), (1, 4, 0)]
    # Within finance: Alpha answered Gamma, and Gamma found Alpha's contribution useful.
    assert found.flows == (("finance", "finance", 2), ("other", "finance", 4))
    # Alpha waited 30 min for another's reply, its own does not count; Gamma 180 min; Beta got none.
    assert (found.posts.asked, found.posts.answered) == (3, 2)
    assert (found.posts.median, found.posts.p90) == (105 * MINUTE, 180 * MINUTE)
    assert [spell.all.contributions for spell in found.weeks][:2] == [3, 0] and len(found.weeks) == 14
    assert [spell.all.posts for spell in found.months] == [3, 0, 0]

    all_of.hub.intake.recall(all_of.who("Alpha Bank"), one, "wrong")
    all_of.hub.talk.withdraw(all_of.who("North Net"), reply, "wrong")
    all_of.hub.talk.withdraw(all_of.who("Beta Bank"), silent, "wrong")
    found = all_of.report("Gamma Bank")
    assert [getattr(found.total, each) for each in counts] == [2, 2, 3, 3, 2, 3]
    assert found.posts.median == 165 * MINUTE and found.posts.asked == 2
    # Reactions on what is gone answer nobody.
    assert found.flows == (("finance", "finance", 1), ("other", "finance", 2))
    assert all_of.report("Gamma Bank", "2026-Q3").total == Figures()


def test_counts_tell_of_nothing_hidden(all_of: Partnership) -> None:
    quiet = all_of.report("South Net")
    all_of.gives("Alpha Bank", b"Quietly evil-1[.]example", "text/plain", Tlp.AMBER_STRICT, org(all_of.orgs["Grid"]))
    post = all_of.posts("Alpha Bank", "Between us", tlp=Tlp.AMBER, groups=(org(all_of.orgs["Grid"]),))
    all_of.posts("Grid", "Yes", post)
    assert all_of.report("South Net") == quiet
    assert all_of.report("Grid").total.contributions == 1
    assert all_of.report("Grid").flows == (("other", "finance", 1),)


def test_an_edit_and_a_move_count_once_and_when_they_began(all_of: Partnership) -> None:
    post = all_of.posts("Alpha Bank", "Frist")
    given = all_of.gives("Alpha Bank", b"Phishing at evil-1[.]example", "text/plain", Tlp.GREEN)
    all_of.hub.settle()
    all_of.clock.advance(100 * DAY)
    all_of.hub.talk.edit(all_of.who("Alpha Bank"), post, "First", "")
    all_of.hub.intake.narrow(all_of.who("Alpha Bank"), given, Terms(Tlp.AMBER, (org(all_of.orgs["Grid"]),)))
    assert all_of.report("Grid").total == Figures()
    then = all_of.report("Grid", "2026-Q4").total
    assert (then.contributions, then.posts, then.indicators) == (1, 1, 1)
    assert all_of.report("South Net", "2026-Q4").total.contributions == 0


def test_anonymous_authors_are_one_voice_of_no_organisation(all_of: Partnership) -> None:
    hub = all_of.hub
    author = Viewer(None, "anon:" + "a" * 40, True, frozenset(), frozenset(), frozenset({"contribute", "recall"}))
    another = Viewer(None, "anon:" + "b" * 40, True, frozenset(), frozenset(), frozenset({"contribute", "recall"}))
    for who in (author, another):
        hub.intake.accept(who, b"Whispered evil-9[.]example", "text/plain", Terms(Tlp.GREEN))
    post = hub.talk.post(author, NewPost(text="Hm", tlp=Tlp.GREEN)).id
    hub.settle()
    hub.talk.react(all_of.who("Grid"), f"post:{post}", "useful")
    operator = all_of.report("Alpha Bank")
    assert (operator.anonymous.contributions, operator.anonymous.posts) == (2, 1)
    assert operator.total.contributions == 2 and operator.flows == ()
    assert sum(one.figures.contributions for one in operator.sectors) == 0
    assert all(not row.figures.contributions and not row.figures.posts for row in operator.organisations)
    assert "anon:" not in repr(operator)


def test_the_doors_agree(all_of: Partnership, tmp_path: Path) -> None:
    hub = all_of.hub
    all_of.gives("Alpha Bank", b"Phishing from evil-4[.]example today")
    all_of.posts("Alpha Bank", "Who saw it?")
    key = hub.members.make_key(all_of.orgs["Beta Bank"], role="member")[1].reveal()
    someone = hub.members.add_person(all_of.orgs["Beta Bank"], "Bea", "bea@beta.example", ["member"]).id
    hub.settle()
    client = TestClient(make_app(hub), raise_server_exceptions=False)
    said = client.get("/api/participation", headers={"Authorization": f"Bearer {key}"})
    assert said.status_code == 200 and said.json()["total"]["contributions"] == 1
    assert "organisations" not in said.json() and all_of.orgs["Alpha Bank"] not in said.text
    assert client.get("/api/participation?quarter=soon", headers={"Authorization": f"Bearer {key}"}).status_code == 400
    assert client.get("/api/participation").status_code in (401, 403)
    client.follow_redirects = False
    client.headers["accept"] = "text/html"
    assert client.post(f"/sign-in/link/{hub.members.make_link(someone).reveal()}").status_code == 303
    page = client.get("/exchange/participation")
    assert page.status_code == 200 and "finance" in page.text and "Alpha Bank" not in page.text
    hub.close()
    command = ["participation", "--quarter", "2026-Q4", "--data", str(tmp_path / "hub"), "--json"]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["sectors"][0]["contributions"] == 1


@pytest.mark.parametrize(("given", "joined"), [
    ({"a": "x", "b": "x"}, {}),
    ({"a": "x", "b": "x", "c": "y"}, {"a": "other", "b": "other", "c": "other"}),
    ({"a": "x", "b": "X ", "c": "x", "d": "y"}, {one: "other" for one in "abcd"}),
    ({**dict.fromkeys("abc", "x"), **dict.fromkeys("def", "y")},
     {**dict.fromkeys("abc", "x"), **dict.fromkeys("def", "y")}),
    ({**dict.fromkeys("abcd", "x"), **dict.fromkeys("efg", "y"), "h": "z"},
     {**dict.fromkeys("abcd", "x"), **dict.fromkeys("efgh", "other")}),
])  # fmt: skip
def test_no_sector_that_is_shown_has_fewer_than_three(given: dict[str, str], joined: dict[str, str]) -> None:
    assert measure.join_sectors(given) == joined


def test_quarters() -> None:
    assert measure.quarter_of(parse_instant("2026-12-31T23:59:59Z")) == "2026-Q4"
    begins, ends = measure.bounds_of("2026-Q4")
    assert (begins, ends) == (parse_instant("2026-10-01"), parse_instant("2027-01-01"))
    for wrong in ("", "2026", "2026-Q5", "2026-q4", "2026-Q1 "):
        with pytest.raises(BadInput):
            measure.bounds_of(wrong)
    assert measure.pace_of([None, 10, 20, 30]).p90 == 30 and measure.pace_of(list(range(1, 11))).p90 == 9
