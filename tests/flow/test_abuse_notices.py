"""Abuse notices end to end: two ISPs, each told of its own addresses alone, by API, page, command, and as XARF."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, Party, browser, make_hub, visitor

START = parse_instant("2026-11-22T08:00:00Z")
NORTH, NORTH6, COAST = "45.10.0.0/22", "2a00:1450::/32", "45.10.4.0/24"
ROWS = """ip,port,protocol,last_seen,tags,comment
45.10.0.7,447,tcp,2026-11-21T10:00:00Z,c2;Emotet,talks to 8.8.4.4 of Jane Roe
45.10.4.9,,udp,2026-11-21T11:00:00Z,scanner,seen at 45.10.0.8
2a00:1450::25,25,tcp,2026-11-20T00:00:00Z,spam,
9.9.9.9,80,tcp,2026-11-20T00:00:00Z,spam,
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def tell(made: MadeHub, text: str, tlp: Tlp = Tlp.GREEN, org: str = "", media: str = "text/csv") -> str:
    viewer = made.hub.members.operator_viewer(org or made.ministry.org)
    assert viewer is not None
    kept = made.hub.intake.accept(viewer, text.encode(), media, Terms(tlp, ()))
    made.hub.settle()
    return kept.contribution


def own(made: MadeHub, party: Party, *networks: str) -> None:
    """The networks are proved to be an organisation's."""
    hub = made.hub
    lead = hub.members.add_person(party.org, "Lea Lead", f"lea{len(networks[0])}@{party.org}.example", ["lead"])
    hub.settle()
    viewers = [hub.members.viewer_of(f"person:{who}") for who in (lead.id, made.ministry.person)]
    assert viewers[0] is not None and viewers[1] is not None
    for network in networks:
        claimed = hub.assets.claim(viewers[0], network)
        hub.settle()
        hub.assets.approve(viewers[1], claimed.id, "The registry says so.")
        hub.settle()


def coastline(made: MadeHub) -> Party:
    """A second ISP, with a key that exports."""
    org = made.hub.members.add_organisation("Coastline Cable", "telecommunications", "isp")
    who = made.hub.members.add_person(org.id, "Cor Vis", "cor@coastline.example", ["isp"])
    return Party(org.id, who.id, made.hub.members.make_key(org.id, role="isp")[1].reveal())


def ask(made: MadeHub, party: Party, **asked: Any) -> httpx.Response:
    with visitor(made) as client:
        answer = client.get("/api/abuse-notices", params=asked, headers={"Authorization": f"Bearer {party.key}"})
    assert answer.status_code == 200, answer.text
    return answer


def read(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_isp_is_told_of_its_own_addresses_alone(made: MadeHub) -> None:
    other = coastline(made)
    own(made, made.provider, NORTH, NORTH6)
    own(made, other, COAST)
    kept = tell(made, ROWS)
    north, coast = ask(made, made.provider), ask(made, other)
    found = read(north)
    assert [(one["address"], one["network"], one["category"], one["type"], one["port"]) for one in found] == [
        ("45.10.0.7", NORTH, "malicious-code", "c2-server", 447),
        ("2a00:1450::25", NORTH6, "abusive-content", "spam", 25)]
    first = found[0]
    assert first["observed"] == "2026-11-21T10:00:00.000Z" and first["received"] == "2026-11-22T08:00:00.000Z"
    assert (first["protocol"], first["says"], first["role"], first["tlp"]) == ("tcp", "malicious", "attacker", "green")
    assert first["count"] == 1 and 0 < first["active"] <= first["malicious"] < 1
    assert first["contribution"] == kept and first["href"].endswith(f"/contributions/{kept}")
    assert [one["address"] for one in read(coast)] == ["45.10.4.9"]
    # Neither the other's addresses, nor a word of what was written.
    for text, others in ((north.text, ("45.10.4.", "9.9.9.9", "8.8.4.4")), (coast.text, ("45.10.0.", "2a00:", "9.9."))):
        assert not [one for one in (*others, "Jane", "Emotet", "talks", "seen at") if one in text]


def test_a_script_fetches_only_what_is_new(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, ROWS)
    first = ask(made, made.provider)
    cursor = first.headers["x-notices-cursor"]
    assert len(read(first)) == 1 and first.headers["x-notices-more"] == "false"
    assert read(ask(made, made.provider, cursor=cursor)) == []
    made.hub.clock.advance(60_000_000)  # type: ignore[attr-defined]
    tell(made, "ip,tags\n45.10.1.1,phishing\n45.10.2.2,ddos\n")
    after = ask(made, made.provider, cursor=cursor)
    assert [one["address"] for one in read(after)] == ["45.10.1.1", "45.10.2.2"]
    assert read(ask(made, made.provider, since="2026-11-22T08:00:30Z")) == read(after)
    # The same again, a notice a page; ids are the same on each look.
    pages, cursor = [], ""
    for _ in range(3):
        page = ask(made, made.provider, limit=1, **({"cursor": cursor} if cursor else {}))
        pages += read(page)
        cursor = page.headers["x-notices-cursor"]
        assert page.headers["x-notices-more"] == str(len(pages) < 3).lower()
    assert [one["id"] for one in pages] == [one["id"] for one in read(ask(made, made.provider))]
    assert len({one["id"] for one in pages}) == 3


def test_a_new_network_is_told_of_from_the_beginning(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, ROWS)
    cursor = ask(made, made.provider).headers["x-notices-cursor"]
    own(made, made.provider, NORTH6)
    again = ask(made, made.provider, cursor=cursor)
    assert again.headers["x-notices-again"] == "true"
    assert [one["address"] for one in read(again)] == ["45.10.0.7", "2a00:1450::25"]
    assert ask(made, made.provider, cursor=again.headers["x-notices-cursor"]).text == ""


def test_what_may_not_be_seen_is_absent_and_what_is_withdrawn_goes(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, ROWS, Tlp.AMBER_STRICT)
    seen = tell(made, "ip,tags\n45.10.0.7,scanner\n")
    found = read(ask(made, made.provider))
    assert [(one["type"], one["count"]) for one in found] == [("scanner", 1)]
    viewer = made.hub.members.operator_viewer(made.ministry.org)
    assert viewer is not None
    made.hub.intake.recall(viewer, seen, "wrong")
    made.hub.settle()
    assert read(ask(made, made.provider)) == []


def test_an_organisation_is_not_told_what_it_said_itself(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, ROWS, org=made.provider.org)
    assert read(ask(made, made.provider)) == []
    tell(made, ROWS)
    assert [(one["address"], one["count"]) for one in read(ask(made, made.provider))] == [("45.10.0.7", 1)]


def test_victims_and_compromised_hosts_are_told_of_and_benign_ones_not(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, '"timestamp","ip","port","protocol","asn","geo","tag"\n'
         '"2026-11-21 03:00:00","45.10.0.66","3389","tcp","3333","GB","rdp"\n')
    tell(made, "ip,verdict\n45.10.0.67,benign\n")
    tell(made, "url,tags\nhttp://45.10.0.68:8080/login/8.8.4.4/x?mail=jane@roe.example,phishing\n")
    found = {one["address"]: one for one in read(ask(made, made.provider))}
    assert set(found) == {"45.10.0.66", "45.10.0.68"}
    host = found["45.10.0.66"]
    assert (host["role"], host["says"], host["type"], host["port"]) == ("compromised", None, "infected-system", 3389)
    assert found["45.10.0.68"]["url"] == "http://45.10.0.68:8080/login/" and found["45.10.0.68"]["port"] == 8080


def test_the_same_as_csv_and_as_xarf(made: MadeHub) -> None:
    own(made, made.provider, NORTH)
    tell(made, ROWS + "45.10.0.9,,,2026-11-21T10:00:00Z,,\n")
    tell(made, "url,tags\nhttp://45.10.0.68/login/,phishing\n")
    plain = read(ask(made, made.provider))
    rows = list(csv.DictReader(io.StringIO(ask(made, made.provider, format="csv").text)))
    assert [row["id"] for row in rows] == [one["id"] for one in plain] and rows[0]["port"] == "447"
    reports = read(ask(made, made.provider, format="xarf"))
    assert [(one["category"], one["type"], one["source_identifier"]) for one in reports] == [
        ("infrastructure", "botnet", "45.10.0.7"), ("reputation", "threat_intelligence", "45.10.0.9"),
        ("content", "phishing", "45.10.0.68")]
    assert reports[0]["source_port"] == 447 and reports[2]["url"] == "http://45.10.0.68/login/"
    assert [one["report_id"] for one in reports] == [one["id"] for one in plain]
    # Another hub reads them as they are meant.
    kept = tell(made, json.dumps(reports), org=coastline(made).org, media="application/json")
    again = [one for one in read(ask(made, made.provider)) if one["contribution"] == kept]
    assert {one["address"] for one in again} == {one["address"] for one in plain}


def test_who_asks_for_what(made: MadeHub) -> None:
    headers = {"Authorization": f"Bearer {made.provider.key}"}
    wrong = ({"format": "pdf"}, {"cursor": "x"}, {"since": "yesterday"}, {"limit": "0"}, {"nets": "0.0.0.0/0"})
    with visitor(made) as client:
        assert client.get("/api/abuse-notices").status_code == 401
        for asked in wrong:
            assert client.get("/api/abuse-notices", params=asked, headers=headers).status_code == 400, asked
        made_cursor = client.get("/api/abuse-notices", headers=headers).headers["x-notices-cursor"]
        both = {"cursor": made_cursor, "since": "2026-11-22"}
        assert client.get("/api/abuse-notices", params=both, headers=headers).status_code == 400
        # Without a network there is nothing to tell.
        assert client.get("/api/abuse-notices", headers=headers).text == ""


def test_the_page_shows_the_newest_and_where_to_take_all(made: MadeHub) -> None:
    with browser(made, made.provider) as jon:
        assert "proved no network" in jon.get("/mine/abuse").text
    own(made, made.provider, NORTH)
    with browser(made, made.provider) as jon:
        assert "Nobody has named an address" in jon.get("/mine/abuse").text
    tell(made, ROWS)
    made.hub.clock.advance(60_000_000)  # type: ignore[attr-defined]
    tell(made, "ip,tags\n45.10.1.1,phishing\n")
    with browser(made, made.provider) as jon:
        page = jon.get("/mine/abuse").text
        assert page.index("45[.]10[.]1[.]1") < page.index("45[.]10[.]0[.]7") and "Command and control" in page
        assert "9[.]9[.]9[.]9" not in page and "Jane" not in page and "447/tcp" in page
        assert 'href="/mine/abuse"' in jon.get("/mine").text
    with visitor(made) as nobody:
        assert "45[.]10" not in nobody.get("/mine/abuse").text


def test_the_command_prints_what_is_new(made: MadeHub, tmp_path: Path) -> None:
    own(made, made.provider, NORTH)
    tell(made, "ip,tags\n" + "".join(f"45.10.{n // 200}.{n % 200},spam\n" for n in range(600)))
    tell(made, "ip,tags\n" + "".join(f"45.10.{n // 200}.{n % 200},scan\n" for n in range(600)))
    made.hub.close()
    run, state = CliRunner(), tmp_path / "abuse.cursor"
    asked = ["abuse-notices", "--data", str(tmp_path / "hub"), "--as", "Northern Broadband", "--state", str(state)]
    table = run.invoke(main, [*asked[:-2], "--format", "csv"])
    assert table.exit_code == 0, table.output
    assert len(list(csv.DictReader(io.StringIO(table.stdout)))) == 1200
    first = run.invoke(main, asked)
    found = [json.loads(line) for line in first.stdout.splitlines()]
    assert len(found) == 1200 and len({one["id"] for one in found}) == 1200 and state.read_text()
    assert run.invoke(main, asked).stdout == ""
    assert len(run.invoke(main, [*asked, "--since", "2026-11-21"]).stdout.splitlines()) == 1200
    assert run.invoke(main, [*asked, "--since", "soon"]).exit_code == 1


def test_what_is_hidden_changes_no_byte(made: MadeHub) -> None:
    own(made, made.provider, NORTH, NORTH6)
    tell(made, ROWS)
    tell(made, "url,tags\nhttp://45.10.0.68/login/,phishing\n")

    def look() -> list[str]:
        answers = [ask(made, made.provider, **asked) for asked in (
            {}, {"format": "csv"}, {"format": "xarf"}, {"limit": 1}, {"since": "2026-11-22T07:00:00Z"})]  # fmt: skip
        with browser(made, made.provider) as jon:
            page = jon.get("/mine/abuse").text.partition("<main")[2].partition("</main>")[0]
        return [f"{one.text} {one.headers['x-notices-more']}" for one in answers] + [page]

    before, cursor = look(), ask(made, made.provider).headers["x-notices-cursor"]
    assert before[0].count("\n") == 3 and "45[.]10[.]0[.]7" in before[-1]
    tell(made, ROWS, Tlp.AMBER_STRICT)
    hidden = tell(made, "ip,verdict\n45.10.0.7,benign\n45.10.3.3,malicious\n45.10.0.0/24,malicious\n", Tlp.AMBER_STRICT)
    assert look() == before
    viewer = made.hub.members.operator_viewer(made.ministry.org)
    assert viewer is not None
    made.hub.intake.recall(viewer, hidden, "wrong")
    made.hub.settle()
    assert look() == before
    after = ask(made, made.provider, cursor=cursor)
    assert after.text == "" and after.headers["x-notices-again"] == "false"
