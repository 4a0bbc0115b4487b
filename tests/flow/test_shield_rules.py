"""The shield's rules through doors and commands: the policy, standing approvals, holds, guarded and played names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from fusioncell.kernel.clock import ManualClock, parse_instant
from hubs import MadeHub, make_hub, served, visitor

START = parse_instant("2026-06-01T12:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


class People:
    """Ada (administrator), Eve (approver), two officers; each asks by a key of their own."""

    def __init__(self, made: MadeHub, client: Any) -> None:
        self.made, self.client = made, client
        self.ada, self.eve = made.own_key(made.ministry), made.own_key(made.approver)
        self.odd, self.pia = (self._officer(name) for name in ("Odd", "Pia"))
        self.jon = made.own_key(made.provider)

    def _officer(self, name: str) -> dict[str, str]:
        members = self.made.hub.members
        who = members.add_person(self.made.ministry.org, name, f"{name}@works.example", ["officer"])
        return {"Authorization": f"Bearer {members.make_key(who.org, who.id, role='officer')[1].reveal()}"}

    def post(self, who: dict[str, str], path: str, body: Any = None, **params: Any) -> Any:
        answer = self.client.post(path, headers={**who, "accept": "application/json"}, json=body, params=params)
        self.made.hub.settle()
        return answer

    def get(self, who: dict[str, str], path: str) -> Any:
        return self.client.get(path, headers={**who, "accept": "application/json"})


@pytest.fixture
def people(made: MadeHub) -> Iterator[People]:
    with visitor(made) as client:
        yield People(made, client)


def test_the_policy_changes_through_its_doors(people: People) -> None:
    now = people.get(people.jon, "/api/shield/policy").json()
    assert now["number"] == 1 and len(now["digest"]) == 64
    text = now["text"].replace("number = 1", "number = 2")
    text += '\n[[categories]]\nid = "ransomware"\nname = "ransomware"\n'
    refused = people.post(people.jon, "/api/shield/policy/changes", {"text": text, "reason": "so"})
    assert refused.status_code == 403
    for wrong in (text.replace("number = 2", "number = 5"), "no = policy", text + "colour = 1\n"):
        assert people.post(people.eve, "/api/shield/policy/changes", {"text": wrong, "reason": "so"}).status_code == 400
    change = people.post(people.eve, "/api/shield/policy/changes", {"text": text, "reason": "missing"}).json()["change"]
    approve = f"/api/shield/policy/changes/{change}/approve"
    assert people.post(people.eve, approve).json()["status"] == "approved"
    assert people.post(people.eve, approve).status_code == 409
    assert people.get(people.jon, "/api/shield/policy").json()["number"] == 1
    assert people.post(people.ada, approve).json()["status"] == "adopted"
    assert people.get(people.jon, "/api/shield/policy").json()["number"] == 2
    [listed] = people.get(people.jon, "/api/shield/policy/changes").json()["changes"]
    assert listed["adopted_at"] and len(listed["approvals"]) == 2
    out = people.post(people.jon, "/api/shield/decisions", {"name": "x.example", "category": "libel", "reason": "so"})
    assert out.status_code == 400 and "not a category" in out.text


def test_a_guarded_name_through_the_doors(people: People) -> None:
    made = people.post(people.jon, "/api/shield/decisions", {
        "name": "tax.gov.uk", "category": "phishing", "reason": "a copy", "severity": "high"}).json()["decision"]
    approve = f"/api/shield/decisions/{made}/approve"
    assert people.post(people.eve, approve).status_code == 409
    assert people.post(people.eve, approve, reason="the whole of it").json()["status"] == "endorsed"
    seen = people.get(people.ada, f"/api/shield/decisions/{made}").json()
    assert seen["state"] == "proposed" and [one["reason"] for one in seen["endorsed"]] == ["the whole of it"]
    assert people.post(people.ada, approve, reason="I looked").json()["status"] == "approved"
    seen = people.get(people.ada, f"/api/shield/decisions/{made}").json()
    assert (seen["state"], len(seen["approvers"]), seen["severity"]) == ("published", 2, "high")


def test_an_exercise_and_a_compromised_site_through_the_doors(people: People) -> None:
    unknown = people.post(people.jon, "/api/shield/decisions", {"name": "x.example", "category": "dga", "colour": "r"})
    assert unknown.status_code == 400
    played = people.post(people.jon, "/api/shield/decisions", {
        "name": "drill.example", "category": "dga", "reason": "we play", "exercise": True}).json()["decision"]
    people.post(people.eve, f"/api/shield/decisions/{played}/approve")
    seen = people.get(people.eve, f"/api/shield/decisions/{played}").json()
    assert seen["state"] == "published" and seen["exercise"] is True
    assert "drill.example" not in people.get(people.ada, "/api/shield/zone").text
    site = people.post(people.jon, "/api/shield/decisions", {
        "name": "shop.example", "category": "malware", "reason": "broken into", "compromised": True}).json()["decision"]
    assert people.post(people.eve, f"/api/shield/decisions/{site}/approve").status_code == 409
    assert people.post(people.eve, f"/api/shield/decisions/{site}/approve", contact="o@shop.example").status_code == 202
    assert people.post(people.eve, f"/api/shield/decisions/{site}/renew").status_code == 409


def test_holds_through_the_doors(people: People) -> None:
    asked = {"name": "watched.example", "reason": "case 12", "days": 3}
    assert people.post(people.ada, "/api/shield/holds", asked).status_code == 403
    hold = people.post(people.odd, "/api/shield/holds", asked).json()["hold"]
    assert people.post(people.odd, f"/api/shield/holds/{hold}/confirm").status_code == 409
    assert people.post(people.pia, f"/api/shield/holds/{hold}/confirm").json()["status"] == "placed"
    assert people.get(people.pia, "/api/shield/holds").json()["holds"][0]["reason"] == "case 12"
    assert people.get(people.eve, "/api/shield/holds").status_code == 403
    made = people.post(people.jon, "/api/shield/decisions", {
        "name": "watched.example", "category": "dga", "reason": "seen"}).json()["decision"]
    told = people.post(people.eve, f"/api/shield/decisions/{made}/approve")
    assert told.status_code == 409 and "Call the duty officer" in told.text and "case 12" not in told.text
    assert people.post(people.pia, f"/api/shield/holds/{hold}/lift").status_code == 202
    assert people.post(people.eve, f"/api/shield/decisions/{made}/approve").status_code == 202


def test_standing_approvals_through_the_doors(people: People) -> None:
    rule = {"title": "Feeds", "categories": ["phishing"]}
    assert people.post(people.jon, "/api/shield/standing", rule).status_code == 403
    assert people.post(people.eve, "/api/shield/standing", {**rule, "origins": 1}).status_code == 400
    assert people.post(people.eve, "/api/shield/standing", {**rule, "colour": "red"}).status_code == 400
    made = people.post(people.eve, "/api/shield/standing", rule).json()["standing"]
    assert people.post(people.eve, f"/api/shield/standing/{made}/sign").status_code == 409
    assert people.post(people.ada, f"/api/shield/standing/{made}/sign").status_code == 202
    [one] = people.get(people.eve, "/api/shield/standing").json()["standing"]
    assert one["until"] and one["published"] == 0 and one["rule"]["daily_cap"] == 200
    assert people.get(people.eve, f"/api/shield/standing/{made}/sample").json() == {"decisions": []}
    assert people.post(people.eve, f"/api/shield/standing/{made}/stop", {"reason": ""}).status_code == 400
    assert people.post(people.eve, f"/api/shield/standing/{made}/stop", {"reason": "enough"}).status_code == 202


def test_a_lead_asks_to_protect_a_name_and_nothing_tells_who(people: People) -> None:
    assert people.post(people.jon, "/api/shield/protected", {"name": "pay.cdn.example"}).status_code == 403
    asked = people.post(people.ada, "/api/shield/protected", {"name": "pay.cdn.example"})
    assert asked.json() == {"status": "accepted"}
    made = people.post(people.jon, "/api/shield/decisions", {
        "name": "pay.cdn.example", "category": "dga", "reason": "seen"}).json()["decision"]
    assert "proved this name or asked" in people.post(people.eve, f"/api/shield/decisions/{made}/approve").text
    assert people.post(people.eve, "/api/shield/protected/release", {"name": "pay.cdn.example"}).status_code == 202


def test_the_commands(made: MadeHub, tmp_path: Path) -> None:
    keys = [made.own_key(party)["Authorization"].split()[1] for party in (made.approver, made.ministry)]
    members = made.hub.members
    officers = []
    for name in ("Odd", "Pia"):
        who = members.add_person(made.ministry.org, name, f"{name}@works.example", ["officer"])
        officers.append(members.make_key(who.org, who.id, role="officer")[1].reveal())
    with served(made) as address:

        def run(key: str, *words: str, code: int = 0) -> Any:
            got = CliRunner().invoke(main, ["shield", *words, "--hub", address, "--key", key, "--json"])
            assert got.exit_code == code, got.output
            return json.loads(got.stdout) if code == 0 else got.output

        now = run(keys[0], "policy", "show")
        file = tmp_path / "policy.toml"
        file.write_text(now["text"].replace("number = 1", "number = 2").replace("usual_days = 30", "usual_days = 20"))
        change = run(keys[0], "policy", "propose", str(file), "--reason", "shorter")["change"]
        assert run(keys[0], "policy", "approve", change)["status"] == "approved"
        assert run(keys[1], "policy", "approve", change)["status"] == "adopted"
        assert run(keys[0], "policy", "show")["usual_days"] == 20
        assert len(run(keys[0], "policy", "changes")["changes"]) == 1

        file.write_text('title = "Feeds"\ncategories = ["phishing"]\n')
        rule = run(keys[0], "standing", "propose", str(file))["standing"]
        run(keys[1], "standing", "sign", rule)
        assert run(keys[0], "standing", "list")["standing"][0]["second"]
        assert run(keys[0], "standing", "sample", rule)["decisions"] == []
        run(keys[0], "standing", "stop", rule, "--reason", "enough")

        hold = run(officers[0], "hold", "ask", "watched.example", "--reason", "case 12", "--days", "2")["hold"]
        run(officers[0], "hold", "confirm", hold, code=1)
        run(officers[1], "hold", "confirm", hold)
        assert run(officers[1], "hold", "list")["holds"][0]["until"]
        run(officers[1], "hold", "lift", hold)

        run(keys[1], "protect", "pay.cdn.example")
        run(keys[1], "protect", "--no-more", "pay.cdn.example")
        run(keys[0], "propose", "tax.gov.uk", "--category", "phishing", "--reason", "a copy", "--severity", "high")
        run(keys[0], "approve", "tax.gov.uk", code=1)
        assert run(keys[0], "approve", "tax.gov.uk", "--reason", "all of it")["state"] == "proposed"
        assert run(keys[1], "approve", "tax.gov.uk", "--reason", "all of it")["state"] == "published"
        run(keys[0], "renew", "tax.gov.uk", code=1)
        run(keys[0], "standing", "review", "tax.gov.uk", "--right", code=1)


def test_two_who_approve_at_once_put_a_policy_in_force(made: MadeHub) -> None:
    """The second approval stands on the first, however soon it comes; whoever is second, one of the two adopts it."""
    keys = [made.own_key(party) for party in (made.approver, made.ministry)]
    with served(made) as address, ThreadPoolExecutor(2) as pool:
        now = httpx.get(f"{address}/api/shield/policy", headers=keys[0]).json()
        for number in range(2, 6):
            text = now["text"].replace("number = 1", f"number = {number}").replace("usual_days = 30", "usual_days = 20")
            asked = {"text": text, "reason": "shorter"}
            change = httpx.post(f"{address}/api/shield/policy/changes", headers=keys[0], json=asked).json()["change"]
            path = f"{address}/api/shield/policy/changes/{change}/approve"
            answers = [one.result().json() for one in [pool.submit(httpx.post, path, headers=key) for key in keys]]
            assert {answer["status"] for answer in answers} == {"approved", "adopted"}, answers
            assert httpx.get(f"{address}/api/shield/policy", headers=keys[0]).json()["number"] == number
