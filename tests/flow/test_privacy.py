"""Personal data through pages, doors and commands: read it, take it along, be erased; an officer's hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell import rebuild
from fusioncell.cli.main import main
from fusioncell.exchange.talk import NewPost
from fusioncell.kernel.clock import MINUTE, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, Party, browser, make_hub

START = parse_instant("2026-11-21T12:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


@pytest.fixture
def officer(made: MadeHub) -> Party:
    who = made.hub.members.add_person(made.ministry.org, "Olu Ade", "olu@works.example", ["officer"])
    return Party(made.ministry.org, who.id, "")


def sends(client: TestClient[Any], page: str, path: str, **fields: str) -> httpx.Response:
    """Send a form with the token of the page that holds it."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert found
    return client.post(path, data={"csrf": found[1], **fields})


def test_a_person_reads_and_takes_along_what_is_held_and_is_erased(made: MadeHub) -> None:
    with browser(made, made.provider) as jon:
        page = jon.get("/account/data")
        assert page.status_code == 200 and "jon@northern.example" in page.text and "age out" in page.text
        taken = jon.get("/api/account/data")
        assert "attachment" in taken.headers["content-disposition"]
        assert taken.json()["held"]["membership"]["person"][0]["name"] == "Jon Berg"
        assert sends(jon, "/account/data", "/account/data/erase").status_code == 400
        answer = sends(jon, "/account/data", "/account/data/erase", sure="1")
        assert answer.status_code == 303 and answer.headers["location"] == "/sign-in"
        assert jon.get("/api/account/data").status_code == 401
    assert made.hub.members.person_of_email("jon@northern.example") is None
    assert made.hub.record.verify() and rebuild.check(made.hub).equal


def test_erasing_oneself_asks_for_a_fresh_session(made: MadeHub) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    with browser(made, made.provider) as jon:
        clock.advance(20 * MINUTE)
        answer = sends(jon, "/account/data", "/account/data/erase", sure="1")
        assert answer.status_code == 403 and "sign in again" in answer.text
    key = made.hub.members.make_key(made.provider.org, made.provider.person)[1].reveal()
    with browser(made, made.ministry) as client:
        client.cookies.clear()
        asked = client.post(f"/api/people/{made.provider.person}/erase", json={},
                            headers={"authorization": f"Bearer {key}"})
        assert asked.status_code == 403


def test_a_thread_shows_a_former_member(made: MadeHub) -> None:
    signed = made.hub.signing.open_link(made.hub.members.make_link(made.provider.person).reveal())
    jon = made.hub.members.viewer_for_session(signed.session.reveal())
    assert jon is not None
    post = made.hub.talk.post(jon, NewPost(text="Seen here", title="Beacon", tlp=Tlp.GREEN))
    made.hub.settle()
    with browser(made, made.ministry) as ada:
        assert "Jon Berg" in ada.get(f"/exchange/{post.thread}").text
        page = ada.get(f"/admin/people/{made.provider.person}")
        assert "Beacon" in page.text and "Jon Berg" in page.text
        path = f"/admin/people/{made.provider.person}"
        assert sends(ada, path, f"{path}/erase", sure="1").headers["location"] == "/admin"
        shown = ada.get(f"/exchange/{post.thread}")
        assert shown.status_code == 200
        assert "Jon Berg" not in shown.text and "former member" in shown.text and "Seen here" in shown.text
        assert ada.get(path).status_code == 404


def test_a_hold_is_placed_shown_and_lifted(made: MadeHub, officer: Party) -> None:
    erase = f"/api/people/{made.provider.person}/erase"
    with browser(made, officer) as olu:
        wrong = sends(olu, "/admin/holds", "/admin/holds", scope="person", target="x@y.example", case="c", basis="b",
                      days="30")
        assert wrong.status_code == 404
        assert sends(olu, "/admin/holds", "/admin/holds", scope="person", target="jon@northern.example",
                     case="2026/117", basis="Evidence Act", days="30").status_code == 303
        assert "2026/117" in olu.get("/admin/holds").text
    with browser(made, made.ministry) as ada:
        path = f"/admin/people/{made.provider.person}"
        assert "held until" in ada.get(path).text and "2026/117" not in ada.get(path).text
        ada.cookies.clear()
        key = {"authorization": f"Bearer {made.ministry.key}", "accept": "application/json"}
        refused = ada.post(erase, json={}, headers=key)
        assert refused.status_code == 409
        assert "held until 2026-12-21" in refused.json()["detail"] and "117" not in refused.text
        [hold] = ada.get("/api/holds", headers=key).json()["holds"]
        assert (hold["case"], hold["legal_basis"], hold["lasts"]) == ("2026/117", "Evidence Act", True)
        assert ada.delete(f"/api/holds/{hold['id']}", headers=key).status_code == 403
        member = {"authorization": f"Bearer {made.provider.key}", "accept": "application/json"}
        assert ada.get("/api/holds", headers=member).status_code == 403
    with browser(made, officer) as olu:
        assert sends(olu, "/admin/holds", f"/admin/holds/{hold['id']}/lift").status_code == 303
    with browser(made, made.ministry) as ada:
        ada.cookies.clear()
        assert ada.post(erase, json={"posts": True}, headers=key).json()["status"] == "erased"
        assert ada.post(erase, json={}, headers=key).status_code == 404
        lines = ada.get("/api/audit", headers=key).json()["lines"]
        assert {"hold.placed", "hold.lifted", "person.erased"} <= {line["action"] for line in lines}
        assert made.provider.person not in json.dumps(lines)


def test_an_application_is_erased(made: MadeHub) -> None:
    made.hub.joining.apply(_form(), "192.0.2.1")
    [one] = made.hub.joining.applications()
    with browser(made, made.ministry) as ada:
        ada.cookies.clear()
        key = {"authorization": f"Bearer {made.ministry.key}", "accept": "application/json"}
        assert ada.post(f"/api/applications/{one.id}/erase", json={}, headers=key).status_code == 200
        assert ada.post(f"/api/applications/{one.id}/erase", json={}, headers=key).status_code == 404
    assert made.hub.joining.applications() == []


def _form() -> Any:
    from fusioncell.members.joining import fill_in

    return fill_in({"name": "Example Bank", "sector": "finance", "kind": "industry", "applicant": "Bo Lind",
                    "email": "bo@bank.example", "why": "We see phishing each day.", "sponsor": "jon@northern.example"})


def test_commands_hand_over_and_erase(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    made.hub.close()
    run, data = CliRunner(), ["--data", str(tmp_path / "hub")]
    found = run.invoke(main, ["person", "data", "jon@northern.example", *data])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["held"]["membership"]["person"][0]["name"] == "Jon Berg"
    assert run.invoke(main, ["person", "erase", "jon@northern.example", *data], input="n\n").exit_code == 1
    done = run.invoke(main, ["person", "erase", "jon@northern.example", "--yes", "--json", *data])
    assert done.exit_code == 0 and json.loads(done.stdout)["status"] == "erased", done.output
    again = run.invoke(main, ["person", "data", "jon@northern.example", *data])
    assert again.exit_code != 0
    holds = run.invoke(main, ["hold", "list", *data])
    assert holds.exit_code == 0, holds.output
