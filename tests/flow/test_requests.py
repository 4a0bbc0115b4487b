"""A request for information, end to end: asked on the page and through the API, answered, accepted, on the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.web.app import make_app
from hubs import MadeHub, Party, browser, make_hub

START = 1_767_225_600_000_000
UNTIL = "2026-01-05"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


def token(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def by(party: Party) -> dict[str, str]:
    return {"Authorization": f"Bearer {party.key}"}


def test_people_ask_answer_and_accept(made: MadeHub) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    with browser(made, made.provider) as jon, browser(made, made.ministry) as ada:
        form = jon.get("/exchange/new", params={"request": "1"}).text
        assert "Ask for information" in form and 'name="deadline" type="date"' in form
        fields = {"csrf": token(form), "request": "1", "title": "The kit", "text": "Who saw it?", "tlp": "green"}
        early = jon.post("/exchange/new", data={**fields, "deadline": "2020-01-01"})
        assert early.status_code == 400 and "The deadline has passed" in early.text and "Who saw it?" in early.text
        preview = jon.post("/exchange/preview", data=fields).text
        assert "will see this" in preview, "before a day is chosen"
        sent = jon.post("/exchange/new", data={**fields, "deadline": UNTIL, "cell": "1"})
        assert sent.status_code == 303, sent.text
        thread = sent.headers["location"].split("?")[0]
        board = ada.get("/exchange/requests").text
        assert f'<a href="{thread}">The kit</a>' in board and "The Fusion Cell" in board
        assert "% of the time is left" in board
    clock.advance(9 * DAY)
    with browser(made, made.provider) as jon, browser(made, made.ministry) as ada:
        assert "The kit" not in ada.get("/exchange/requests").text
        assert "The kit" in ada.get("/exchange/requests", params={"show": "overdue"}).text
        page = ada.get(thread).text
        assert "Overdue" in page and 'name="answer" type="checkbox" value="1" checked' in page
        post = page.split('name="parent" value="')[1].split('"')[0]
        said = ada.post("/exchange/new", data={"csrf": token(page), "parent": post, "text": "We did.", "answer": "1"})
        assert said.status_code == 303, said.text
        assert "Accept this answer" not in ada.get(thread).text
        page = jon.get(thread).text
        assert "Answered" in page and page.count("Accept this answer") == 1
        answer = page.split('name="answer" value="')[1].split('"')[0]
        act = {"csrf": token(page), "act": "missing", "said": "Since when?"}
        where = thread.replace("/exchange/", "/exchange/requests/")
        assert jon.post(where, data=act).status_code == 303
        assert "Since when?" in ada.get(thread).text and "Overdue" in ada.get(thread).text
        assert ada.post(where, data={"csrf": token(ada.get(thread).text), "act": "accept"}).status_code in (403, 409)
        assert jon.post(where, data={**act, "csrf": "wrong"}).status_code == 403
        assert jon.post(where, data={**act, "act": "accept", "answer": answer}).status_code == 303
        page = ada.get(thread).text
        assert "Accepted answer" in page and f'href="/exchange/posts/{answer}"' in page
        assert "The kit" in ada.get("/exchange/requests", params={"show": "accepted"}).text


def test_machines_ask_and_answer(made: MadeHub) -> None:
    with TestClient(make_app(made.hub), raise_server_exceptions=False) as app:
        asked = app.post("/api/requests", json={"text": "Who saw it?", "deadline": UNTIL, "to_cell": True},
                         headers=by(made.provider))  # fmt: skip
        assert asked.status_code == 202, asked.text
        which = asked.json()["request"]
        made.hub.settle()
        one: dict[str, Any] = app.get(f"/api/requests/{which}", headers=by(made.ministry)).json()
        assert (one["state"], one["tlp"], one["to_cell"]) == ("open", "amber+strict", True), "an administrator answers"
        assert app.get(f"/api/requests/{which}").status_code == 404
        assert app.get("/api/requests").json()["counts"]["open"] == 0
        said = app.post(f"/api/requests/{which}/answers", json={"text": "We did."}, headers=by(made.ministry))
        assert said.status_code == 202, said.text
        made.hub.settle()
        listed = app.get("/api/requests", params={"state": "answered"}, headers=by(made.provider)).json()
        assert [each["id"] for each in listed["requests"]] == [which] and listed["counts"]["answered"] == 1
        refused = app.post(f"/api/requests/{which}/accept", json={}, headers=by(made.ministry))
        assert refused.status_code == 403
        done = app.post(f"/api/requests/{which}/accept", json={"answer": said.json()["id"]}, headers=by(made.provider))
        assert done.status_code == 202, done.text
        made.hub.settle()
        one = app.get(f"/api/requests/{which}", headers=by(made.ministry)).json()
        assert (one["state"], one["accepted"]) == ("accepted", said.json()["id"])
        bad = ({"text": "x", "deadline": "soon"}, {"text": "x", "deadline": UNTIL, "to_cell": True, "tlp": "red"},
               {"text": "x", "deadline": UNTIL, "groups": ["may:approve"]}, {"text": "x"})  # fmt: skip
        for body in bad:
            assert app.post("/api/requests", json=body, headers=by(made.provider)).status_code == 400, body
        assert app.get("/api/requests", params={"state": "lost"}).status_code == 400
        assert app.get("/api/requests", params={"lost": "1"}).status_code == 400
