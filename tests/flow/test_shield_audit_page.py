"""The auditor's page: who may open it, what it tells, and that each look at openings is written down."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell.cli.main import main
from fusioncell.kernel.clock import DAY, ManualClock, parse_instant
from fusioncell.shield.auditing.model import Day, Period
from fusioncell.web.pages.shield_audit import bars, spells
from hubs import MadeHub, Party, app_of, browser, make_hub, served

START = parse_instant("2026-06-01T12:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


@pytest.fixture
def auditor(made: MadeHub) -> Party:
    who = made.hub.members.add_person(made.ministry.org, "Ruth Ellison", "ruth@works.example", ["auditor"])
    return Party(made.ministry.org, who.id, "")


def block(made: MadeHub, name: str, *, compromised: bool = False, guarded: bool = False) -> str:
    jon, eve, ada = (made.hub.members.viewer_of(f"person:{who.person}")
                     for who in (made.provider, made.approver, made.ministry))  # fmt: skip
    assert jon is not None and eve is not None and ada is not None
    decision = made.hub.shield.propose(jon, name, "phishing", "seen", compromised=compromised,
                                       contact="+44 20 7946 0000")
    made.hub.settle()
    for approver in (eve, ada)[: 2 if guarded else 1]:
        made.hub.shield.approve(approver, decision, reason="all of it is the actor's")
        made.hub.settle()
    return decision


def test_an_auditor_finds_all_in_one_place(made: MadeHub, auditor: Party) -> None:
    plain, hacked = block(made, "evil.example"), block(made, "shop.example", compromised=True)
    over = block(made, "tax.gov.uk", guarded=True)
    with browser(made, auditor) as ruth:
        shown = ruth.get("/shield/audit").text
        assert "tax[.]gov[.]uk" in shown and "all of it is the actor" in shown and "Eve Lind" in shown
        assert f'href="/shield/{over}"' in shown
        proof = re.search(r'href="(/api/shield/log/proof/\d+)"', shown)
        assert proof is not None and ruth.get(proof[1]).status_code == 200
        assert "fusioncell-verify public \\\n  --openings http" in shown and 'data-copy="fusioncell-verify' in shown
        assert 'class="fill"' in shown and "No appeal" not in shown
        assert "tax[.]gov[.]uk" not in ruth.get("/shield/audit?category=malware").text
        assert "No block began in this period." in ruth.get("/shield/audit?since=2026-05-01&until=2026-05-31").text
        assert ruth.get("/shield/audit?since=tomorrow").status_code == 400
        assert ruth.get("/shield/audit?since=2026-06-02&until=2026-06-01").status_code == 400
        table = ruth.get("/api/shield/audit/csv", headers={"accept": "text/csv"})
        rows = list(csv.DictReader(io.StringIO(table.text)))
        assert {row["decision"] for row in rows} == {plain, hacked, over}
        assert {row["published_by"] for row in rows} == {"person", "guarded"} and all(row["log_index"] for row in rows)
        told = ruth.get("/api/shield/audit").json()
        assert [one["name"] for one in told["guarded"]] == ["tax.gov.uk"] and told["lifts"]["median_minutes"] is None


def test_it_is_for_auditors_alone(made: MadeHub) -> None:
    for party in (made.approver, made.provider):
        with browser(made, party) as client:
            for path in ("/shield/audit", "/api/shield/audit", "/api/shield/audit/csv"):
                assert client.get(path).status_code == 403
            assert 'href="/shield/audit"' not in client.get("/shield").text


def test_each_look_at_openings_is_written_down(made: MadeHub, auditor: Party) -> None:
    block(made, "shop.example", compromised=True)
    with browser(made, auditor) as ruth:
        assert [one["name"] for one in ruth.get("/api/shield/openings").json()["openings"]] == ["shop.example"]
        ruth.get("/api/shield/openings?name=shop.example")
    lines = made.hub.audit.lines(None, action="openings.read")
    assert [(one.actor, one.detail) for one in lines] == [
        (f"person:{auditor.person}", "of one name"), (f"person:{auditor.person}", "of all names")]
    with TestClient(app_of(made.hub)) as nobody:
        assert nobody.get("/api/shield/openings").json()["openings"] == [], "a hacked site's is for nobody else"
    assert len(made.hub.audit.lines(None, action="openings.read")) == 2


def test_the_command_tells_it_too(made: MadeHub, auditor: Party) -> None:
    block(made, "tax.gov.uk", guarded=True)
    key = made.own_key(auditor)["Authorization"].partition(" ")[2]
    with served(made) as address:
        done = CliRunner().invoke(main, ["shield", "audit", "--category", "phishing", "--hub", address, "--key", key])
    assert done.exit_code == 0, done.output
    assert "Over a guard: tax[.]gov[.]uk" in done.output and "Appeals: 0 open, 0 upheld" in done.output


def test_bars_stand_for_days_and_of_long_periods_for_weeks() -> None:
    begins = 100 * DAY
    short = spells([Day(101, 2, 1), Day(109, 0, 4)], Period(begins, begins + 10 * DAY))
    assert len(short) == 10 and short[1] == (101 * DAY, 2, 1) and short[9] == (109 * DAY, 0, 4)
    long = spells([Day(101, 2, 1), Day(106, 1, 1)], Period(begins, begins + 365 * DAY))
    assert len(long) == 53 and long[0] == (100 * DAY, 3, 2)
    assert max(one["y"] + one["tall"] for one in bars(short)) <= 156 and len(bars(short)) == 3
