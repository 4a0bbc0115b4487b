"""Sources by API and page: listed, graded, joined, parted, by analysts alone; and a partnership with known truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.cli.simulate import measured, played
from fusioncell.demo import Plan, trial_of
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, browser, make_hub

CSRF = '<input type="hidden" name="csrf" value="'


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    found = make_hub(tmp_path / "hub")
    for party in (found.ministry, found.provider):
        viewer = found.hub.members.operator_viewer(party.org)
        assert viewer is not None
        rows = f"value,source,comment\nevil.example,,seen by {party.org}\n{party.org[:8]}.example,Vendor <b>,x\n"
        found.hub.intake.accept(viewer, rows.encode(), "text/csv", Terms(Tlp.GREEN))
    found.hub.settle()
    yield found
    found.hub.close()


def form(client: Any, path: str, **fields: str) -> Any:
    token = client.get("/sources").text.partition(CSRF)[2].partition('"')[0]
    return client.post(path, data={"csrf": token, **fields})


def test_sources_are_listed_with_who_names_them(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        found = client.get("/api/sources", headers={"accept": "application/json"}).json()["sources"]
        assert {(one["source"], one["claims"], one["reliability"]) for one in found} == {
            (made.ministry.org, 1, "F"), (made.provider.org, 1, "F"), ("Vendor <b>", 2, "F"),
        }  # fmt: skip
        shown = client.get("/sources").text
        for text in ("Ministry of Works", "Vendor &lt;b&gt;", "no verdict on what it said yet"):
            assert text in shown


def test_an_analyst_grades_joins_and_parts_on_the_page(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        said = form(client, "/sources/grade", source=made.ministry.org, letter="B", reason="A sensor of its own.")
        assert said.status_code == 303
        assert "A sensor of its own." in client.get("/sources").text
        joined = form(client, "/sources/join", first=made.ministry.org, second=made.provider.org, reason="One sensor.")
        assert joined.status_code == 303
        (one,) = client.get("/api/sources/joins").json()["joins"]
        assert (one["first"], one["second"], one["reason"]) == (made.ministry.org, made.provider.org, "One sensor.")
        assert one["evidence"] is None and one["tlp"] == "green"
        again = form(client, "/sources/join", first=made.provider.org, second=made.ministry.org, reason="One sensor.")
        assert again.status_code == 409 and "one origin already" in again.text
        nothing = form(client, f"/sources/joins/{one['id']}/part", reason=" ")
        assert nothing.status_code == 400 and "say why" in nothing.text.lower()
        assert form(client, f"/sources/joins/{one['id']}/part", reason="Two, in truth.").status_code == 303
        assert client.get("/api/sources/joins").json()["joins"] == []


def test_who_decides_on_a_block_sees_the_grade_of_each_origin(made: MadeHub) -> None:
    hub = made.hub
    told = hub.members.operator_viewer(made.ministry.org)
    assert told is not None
    hub.intake.accept(told, b"domain\ngraded.example\n", "text/csv", Terms(tlp=Tlp.GREEN))
    hub.settle()
    hub.shield.propose(told, "graded.example", "phishing", "seen")
    hub.settle()
    found = hub.shield.newest("graded.example", told)
    assert found is not None
    with browser(made, made.ministry) as client:
        before = client.get(f"/shield/{found.id}")
        assert before.status_code == 200 and "(Admiralty)" not in before.text
        form(client, "/sources/grade", source=made.ministry.org, letter="B", reason="A sensor of its own.")
        hub.settle()
        assert "grade B (Admiralty)" in client.get(f"/shield/{found.id}").text


def test_who_is_no_analyst_looks_and_judges_nothing(made: MadeHub) -> None:
    with browser(made, made.approver) as client:
        assert client.get("/sources").status_code == 200 and "Grade a source" not in client.get("/sources").text
        body = {"source": made.ministry.org, "letter": "E", "reason": "no"}
        assert client.post("/api/sources/grades", json=body).status_code == 403


def test_by_key_the_api_asks_for_a_person(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        client.cookies.clear()
        client.headers.update({"authorization": f"Bearer {made.ministry.key}", "accept": "application/json"})
        body = {"source": made.provider.org, "letter": "E", "reason": "no"}
        assert client.post("/api/sources/grades", json=body).status_code == 403
        assert client.get("/api/sources", params={"limit": 1}).json()["sources"][0]["source"] == "Vendor <b>"
        assert client.get("/api/sources", params={"limt": 1}).status_code == 400


@pytest.mark.parametrize("seed", [1, 5])
def test_a_partnership_with_known_truth(seed: int) -> None:
    trial = trial_of(Plan(seed=seed, days=40, values=360))
    found = measured(trial, played(trial))
    assert found["poisoner"]["over_threshold_alone"] == 0
    assert found["poisoner"]["highest_alone"] < found["poisoner"]["threshold"]
    assert not set(found["benign_names_proposed"]) & set(trial.targets)
    assert found["copycats"]["missed"] == [] and found["copycats"]["joined_wrongly"] == []
    assert found["copycats"]["largest_addition"] == 0.0
    assert found["brier"]["fused"] < found["brier"]["naive_count"] < found["brier"]["majority_vote"]
