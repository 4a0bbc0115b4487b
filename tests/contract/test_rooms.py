"""All rooms behave the same on SQLite and PostgreSQL (DESIGN rule 14).

Told twice: as one short story whose every answer is stated, and as random partnerships, played alike on both databases,
after which every table and every answer must be equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from databases import DIALECTS, START, Dump, dump, fresh_url, hub_in
from fusioncell.bootstrap import Hub
from fusioncell.edges.database import SqlDatabase
from fusioncell.edges.folder import KEY_FILE, Folder
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, MINUTE, ManualClock
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.ids import SeededRandomness
from fusioncell.kernel.marking import PUBLIC, Tlp, Viewer
from fusioncell.kernel.observable import Observable, ObservableType
from fusioncell.picture.words import tokens
from fusioncell.shield.model import State
from partnership import NAMES, WORDS, Partnership

EVIL = Observable(ObservableType.DOMAIN, "evil-bank.example")


def viewer_of(hub: Hub, name: str) -> Viewer:
    viewer = hub.members.operator_viewer(name)
    assert viewer is not None
    return viewer


def say(hub: Hub, name: str, text: str, tlp: Tlp = Tlp.GREEN, media: str = "text/plain") -> str:
    accepted = hub.intake.accept(viewer_of(hub, name), text.encode(), media, Terms(tlp=tlp))
    hub.settle()
    return accepted.contribution


@pytest.fixture
def partners(hub: Hub) -> Hub:
    for name in ("Gov", "Bank", "ISP"):
        hub.members.add_organisation(name, name.lower(), "industry")
    return hub


# The story


def test_from_report_to_block_and_back(partners: Hub) -> None:
    hub = partners
    bank, gov = viewer_of(hub, "Bank"), viewer_of(hub, "Gov")
    first = say(hub, "Gov", "Phishing at hxxps://login[.]evil-bank[.]example/x and evil-bank[.]example")
    alone = hub.fusion.look_up(EVIL, hub.record.visible_to(bank))
    assert alone is not None
    assert hub.fusion.look_up(EVIL, hub.record.visible_to(PUBLIC)) is None
    assert hub.shield.decisions(gov, list(State)) == []

    say(hub, "Bank", "we saw evil-bank[.]example as well")
    both = hub.fusion.look_up(EVIL, hub.record.visible_to(bank))
    assert both is not None
    assert both.malicious > alone.malicious
    [proposed] = hub.shield.decisions(gov, [State.PROPOSED])
    assert (proposed.name, proposed.proposed_by, len(proposed.evidence)) == ("evil-bank.example", "rule", 2)

    hub.shield.approve(gov, "evil-bank.example")
    hub.settle()
    assert hub.shield.zone.image().count == 1
    hub.intake.recall(gov, first, "a mistake")
    hub.settle()
    assert hub.shield.zone.image().count == 0
    [ended] = hub.shield.decisions(gov, [State.WITHDRAWN])
    assert ended.id == proposed.id


def test_search_finds_values_and_words_newest_first(partners: Hub) -> None:
    hub = partners
    one = say(hub, "Gov", "The campaign Ünïcode привет met evil-bank[.]example")
    two = say(hub, "Bank", "A campaign of the ΟΔΌΣ kind, 1e5 hits, T1566")
    say(hub, "ISP", "campaign kept to ourselves", Tlp.AMBER_STRICT)

    def hits(query: str, name: str = "Gov") -> list[str]:
        return [hit.entry.contribution for hit in hub.picture.search(viewer_of(hub, name), query).hits]

    assert hits("campaign") == [two, one]
    assert len(hits("campaign", "ISP")) == 3
    assert hits("CAMPAIGN ünïCODE") == hits("привет") == hits("met evil") == [one]
    assert hits("οδός") == hits("1E5") == hits("t1566") == [two]
    assert hits("camp") == hits("campaign nothing") == hits("'\"; --") == hits("* OR NOT") == []
    found = hub.picture.search(viewer_of(hub, "Gov"), "hxxp://evil-bank[.]example")
    assert found.observable is not None
    assert hub.picture.search(viewer_of(hub, "Gov"), "evil-bank[.]example").assessment is not None
    other = say(hub, "Gov", "for example, what an evil bank may do")
    for value in ("evil-bank[.]example", "evil-bank(dot)example", "hxxps://evil-bank.example", " EVIL-BANK.example"):
        assert hits(value) == [one], "a value is its words side by side, in any defanging"
    assert hits("evil bank example") == [other, one]


SCRIPTS = [
    "ꭰꭱꭲ", "a\u0301b", "ⅷ", "½x", "１２３", "ﬁn", "ß", "İstanbul", "नमस्ते", "𝔘𝔫𝔦", "日本語", "x" * 200,
    "\U0001e900b", "\u1980\u19b5\u1981", "0x1f", "12e3", "1.5", "e-mail",
]  # fmt: skip


@pytest.mark.parametrize("word", SCRIPTS)
def test_a_word_of_any_script_finds_its_text(partners: Hub, word: str) -> None:
    """One tokenizer of ours; what the databases make of letters that they do not know must not show."""
    told = say(partners, "Gov", f"about {word} here")
    say(partners, "Gov", "about others here")
    found = partners.picture.search(viewer_of(partners, "Gov"), word).hits
    assert [hit.entry.contribution for hit in found] == ([told] if tokens(word) else [])


HOSTILE = [
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\u202e",
    "\ufeff",
    "\U0010ffff",
    "%s",
    "?",
    "'",
    "\\",
    "x" * 70_000,
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_text_stops_the_river(partners: Hub, number: int) -> None:
    """PostgreSQL's text holds no NUL, and no UTF-8 holds half a surrogate pair: neither may stop a hub."""
    hub, nasty = partners, HOSTILE[number]
    indicator = {
        "type": "indicator", "spec_version": "2.1", "id": "indicator--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a01",
        "created": "2026-05-31T00:00:00Z", "modified": "2026-05-31T00:00:00Z", "valid_from": "2026-05-31T00:00:00Z",
        "name": f"name {nasty}", "description": f"about {nasty}", "labels": [nasty], "pattern_type": "stix",
        "pattern": f"[domain-name:value = 'evil-bank.example' OR file:name = '{nasty}']", "confidence": 50,
        "external_references": [{"source_name": nasty, "url": f"https://x.example/{nasty}"}],
        "created_by_ref": f"identity--{nasty}",
    }  # fmt: skip
    event = {
        "uuid": "6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a02", "info": f"info {nasty}", "date": "2026-05-31",
        "Orgc": {"name": f"maker {nasty}", "uuid": "6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a03"}, "Tag": [{"name": nasty}],
        "Attribute": [{"uuid": "6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a04", "type": kind, "value": value, "to_ids": True,
                       "category": "Network activity", "comment": nasty, "timestamp": "1780000000"}
                      for kind, value in (("filename", nasty), ("domain", "evil-bank.example"), ("text", nasty))],
    }  # fmt: skip
    # JSON's escapes carry what UTF-8 cannot.
    bodies: list[tuple[str, bytes]] = [
        ("application/stix+json", json.dumps({"type": "bundle", "id": "bundle--1", "objects": [indicator]}).encode()),
        ("application/json", json.dumps({"Event": event}).encode()),
        ("text/csv", f"domain,comment\nevil-bank.example,{nasty}\n".encode("utf-8", "surrogatepass")),
        ("text/plain", f"seen at evil-bank[.]example {nasty} today".encode("utf-8", "surrogatepass")),
    ]
    viewer, taken = viewer_of(hub, "Gov"), 0
    for media, body in bodies:
        for filename in ("", "evil.txt"):
            try:
                hub.intake.accept(viewer, body, media, Terms(tlp=Tlp.GREEN, filename=filename))
                taken += 1
            except Exception as fault:  # noqa: BLE001 - a clear refusal is fine, anything else is not
                assert getattr(fault, "title", ""), repr(fault)
    hub.settle()
    assert hub.river.position == hub.record.head()[0] and not hub.river.set_aside
    with hub.databases["projections"].read() as connection:
        assert not connection.rows("SELECT place, reason FROM intake_fault WHERE reason LIKE ?", ("%cannot read it%",))
    hub.shield.propose(viewer, "other.example", "phishing", f"reason {nasty[:50]}".encode("utf-8", "replace").decode())
    hub.settle()
    last = say(hub, "Gov", "a last word at evil-bank[.]example")
    assert hub.picture.newest(viewer)[0].contribution == last
    hub.picture.search(viewer, nasty[:500])
    hub.picture.search(viewer, f"word {nasty[:500]}")
    with pytest.raises(NotFound):
        hub.shield.decision(viewer, f"id{nasty[:50]}".replace("\udfff", "").replace("\ud800", ""))
    assert taken >= 2


def test_the_first_page(partners: Hub, open_again: Callable[..., Hub]) -> None:
    hub = partners
    bank = viewer_of(hub, "Bank")
    for name in ("Gov", "Bank", "ISP"):
        say(hub, name, "evil-bank[.]example and zeta[.]example alpha[.]example T1566")
    say(hub, "ISP", "ours alone: evil-bank[.]example", Tlp.AMBER_STRICT)
    rising = hub.picture.rising(bank)
    assert [r.observable.value for r in rising] == ["evil-bank.example", "zeta.example", "alpha.example"]
    assert {(r.contributors, r.mentions) for r in rising} == {(3, 3)}
    assert [count for _, count in hub.picture.facet(bank, "org")] == [1, 1, 1]
    assert hub.picture.facet(bank, "type") == [("domain-name", 3)]
    assert sum(count for _, count in hub.picture.hourly(bank)) == 3
    assert len(hub.picture.newest(bank)) == 3
    assert len(hub.picture.newest(viewer_of(hub, "ISP"))) == 4


def test_figures_that_are_remembered_are_those_of_now(partners: Hub) -> None:
    """Kept for all who see the same, and made anew as soon as anything came or went; the clock stands still."""
    hub = partners
    bank, isp = viewer_of(hub, "Bank"), viewer_of(hub, "ISP")
    say(hub, "Gov", "evil-bank[.]example")
    assert hub.picture.figures(bank).activity.contributions == 1
    assert hub.picture.figures(bank) is hub.picture.figures(bank)
    narrow = say(hub, "ISP", "ours alone: evil-bank[.]example", Tlp.AMBER_STRICT)
    assert [hub.picture.figures(who).activity.contributions for who in (bank, isp)] == [1, 2]
    types = [hub.picture.figures(who).facets["type"] for who in (bank, isp)]
    assert types == [[("domain-name", 1)], [("domain-name", 2)]]
    assert [rise.contributors for rise in hub.picture.rises(isp, hub.picture.figures(isp).risen)] == [2]
    hub.intake.recall(isp, narrow)
    hub.settle()
    assert [hub.picture.figures(who).activity.contributions for who in (bank, isp)] == [1, 1]


def test_counts_stay_true_when_repeats_and_older_versions_are_recalled(partners: Hub) -> None:
    """Recalling what never counted, or counts no more, takes nothing from what stands."""
    hub = partners
    gov = viewer_of(hub, "Gov")

    def indicator(modified: str, name: str = "n") -> str:
        body = json.dumps({"type": "bundle", "id": "bundle--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a09", "objects": [{
            "type": "indicator", "spec_version": "2.1", "id": "indicator--6f6b6b1c-0b6c-4d5c-8a55-0b8d7b8f9a01",
            "created": "2026-05-01T00:00:00Z", "modified": modified, "valid_from": modified, "name": name,
            "pattern_type": "stix", "pattern": "[domain-name:value = 'evil-bank.example']"}]})  # fmt: skip
        return say(hub, "Gov", body, media="application/stix+json")

    def counted() -> tuple[list[int], int]:
        return [count for _, count in hub.picture.facet(gov, "org")], len(hub.picture.newest(gov))

    one = indicator("2026-05-29T00:00:00Z")
    repeat = indicator("2026-05-29T00:00:00Z")
    assert counted() == ([1], 1)
    hub.intake.recall(gov, repeat)
    hub.settle()
    assert counted() == ([1], 1)
    two, three = indicator("2026-05-30T00:00:00Z"), indicator("2026-05-31T00:00:00Z")
    assert counted() == ([1], 1)
    hub.intake.recall(gov, one)
    hub.settle()
    assert counted() == ([1], 1)
    hub.intake.recall(gov, three)
    hub.settle()
    assert counted() == ([], 0)
    assert hub.intake.status(gov, indicator("2026-05-30T00:00:00Z")).new == 1, "sent again, it counts as new"
    assert counted() == ([1], 1)
    assert hub.picture.entries(gov, two), "it stands in the record, superseded and never recalled"


def test_a_hub_that_catches_up_after_its_start_serves_its_zone(partners: Hub, open_again: Callable[..., Hub]) -> None:
    """Decisions older than the start of the process, projected after it: the zone's serial must be beyond its first."""
    hub = partners
    clock = ManualClock(START + 3 * DAY)
    say(hub, "Gov", "evil-bank[.]example")
    hub.shield.propose(viewer_of(hub, "Gov"), "other.example", "phishing", "seen")
    hub.settle()
    hub.shield.approve(viewer_of(hub, "Gov"), "other.example")
    hub.close()
    again = open_again(clock)
    assert again.river.position < again.record.head()[0]
    again.settle()
    assert again.shield.zone.image().count == 1
    first = again.shield.zone.image().serial
    again.shield.withdraw(viewer_of(again, "Gov"), "other.example", "wrong")
    again.settle()
    assert again.shield.zone.image().count == 0
    assert again.shield.zone.image().serial > first


def test_text_sorts_by_code_point(databases: dict[str, SqlDatabase]) -> None:
    """Else order, and so pages, would differ between the databases; PostgreSQL's default hangs on its locale."""
    names = ["b", "B", "a b", "ab", "_", "é", "z"]
    with databases["projections"].write() as connection:
        connection.run_many("INSERT INTO shield_due (name, action) VALUES (?, 'propose')", [(name,) for name in names])
        assert [row[0] for row in connection.rows("SELECT name FROM shield_due ORDER BY name")] == sorted(names)
        if connection.dialect == "postgresql":
            collations = connection.rows(
                "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = 'projections' "
                "AND data_type IN ('text', 'character varying')"
            )
            assert collations == [("C",)]


# The same on both


def answers(hub: Hub) -> list[Any]:
    """All that members of the partnership can ask of the rooms."""
    given: list[Any] = []
    viewers = [PUBLIC, *(viewer_of(hub, organisation.id) for organisation in hub.members.organisations())]
    for viewer in viewers:
        audiences = hub.record.visible_to(viewer)
        for query in (*NAMES, *WORDS):
            found = hub.picture.search(viewer, query)
            given.append((query, [hit.entry.seq for hit in found.hits], found.assessment))
        given.append(hub.picture.newest(viewer))
        given.append(hub.picture.rising(viewer, days=60))
        given += [hub.picture.facet(viewer, facet, days=60) for facet in ("org", "type", "technique")]
        given.append(hub.picture.hourly(viewer, hours=100))
        given.append(hub.shield.decisions(viewer, list(State)))
        threads = hub.talk.threads(viewer).threads
        given.append(threads)
        # Entry ids are sealed with the hub's own key.
        given += [replace(post, entry="") for one in threads for post in hub.talk.thread(viewer, one.id).posts]
        given.append(sorted(hub.shield.tally(viewer).items()))
        for name in NAMES:
            observable = Observable(ObservableType.DOMAIN, name)
            given.append(hub.picture.timeline(viewer, observable))
            given.append(hub.fusion.look_up(observable, audiences))
    image = hub.shield.zone.image()
    given.append((image.count, image.serial, sorted(map(str, image.rules()))))
    return given


def play(seed: int, folder: Path, url: str) -> tuple[Dump, list[Any]]:
    """Play a partnership; return every table and every answer."""
    clock = ManualClock(START)
    Folder(folder).make("hub")
    # One hub's log has one name, and its heads are signed by one key: both come of the hub's.
    (folder / KEY_FILE).write_bytes(bytes(64))
    hub = hub_in(folder, url, clock=clock, randomness=SeededRandomness(seed))
    try:
        partnership = Partnership(seed, clock)
        partnership.found(hub)
        for _ in range(50):
            partnership.operation(hub)
            clock.advance(MINUTE)
            hub.settle()
        return dump(hub.databases["projections"]), answers(hub)
    finally:
        hub.close()


@pytest.fixture
def urls() -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(fresh_url(dialect)) for dialect in DIALECTS]


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_both_databases_end_the_same(seed: int, urls: list[str], tmp_path: Path) -> None:
    (tables, told), (other_tables, other_told) = (
        play(seed, tmp_path / str(number), url) for number, url in enumerate(urls)
    )
    for table, rows in tables.items():
        assert rows == other_tables[table], table
    assert told == other_told
