"""Talk through its doors: begin, answer, edit, react, withdraw, close; the live stream tells of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.exchange.live import LiveEvent
from fusioncell.web.app import make_app
from hubs import MadeHub, make_hub


class Caller:
    """Asks the doors as one person, and lets the river run after each change."""

    def __init__(self, made: MadeHub, client: TestClient[Any], name: str) -> None:
        party = getattr(made, name)
        role = "administrator" if name == "ministry" else "member"
        key = made.hub.members.make_key(party.org, party.person, role=role)
        self.headers = {"Authorization": f"Bearer {key[1].reveal()}"}
        self.made, self.client, self.org = made, client, party.org

    def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        answer = self.client.request(method, path, headers=self.headers, **more)
        assert answer.status_code == status, (method, path, answer.text)
        self.made.hub.settle()
        return answer.json() if answer.content else None


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[tuple[Caller, Caller, list[LiveEvent]]]:
    made = make_hub(tmp_path / "hub")
    events: list[LiveEvent] = []
    made.hub.river.on_events(lambda more, _: events.extend(more))
    # Litestar's client runs no lifespan until it is entered: the river stays ours to move.
    client = TestClient(make_app(made.hub), raise_server_exceptions=False)
    yield Caller(made, client, "ministry"), Caller(made, client, "provider"), events
    made.hub.close()


def test_a_conversation(cast: tuple[Caller, Caller, list[LiveEvent]]) -> None:
    ada, jon, events = cast
    begun = ada.ask("POST", "/api/threads", 202, json={
        "text": "Who saw evil-bank[.]example?", "title": "Phishing", "tlp": "green", "about": ["campaign:Storm"]})
    thread = begun["thread"]
    answer = jon.ask("POST", f"/api/threads/{thread}/replies", 202, json={"text": "We did, at shop.example"})
    jon.ask("POST", f"/api/posts/{begun['id']}/reactions", 202, json={"kind": "seen"})
    said = [json.loads(event.data) for event in events if event.name == "entry"]
    assert [(one["kind"], one["thread"], one.get("parent")) for one in said] == [
        ("post", thread, ""), ("post", thread, begun["id"]), ("reaction", thread, None)
    ]  # fmt: skip
    assert (said[2]["on"], said[2]["reaction"]) == (f"post:{begun['id']}", "seen")

    page = ada.ask("GET", f"/api/threads/{thread}")
    assert [(one["text"], one["depth"], one["edited"]) for one in page["posts"]] == [
        ("Who saw evil-bank[.]example?", 0, None), ("We did, at shop.example", 1, None)
    ]  # fmt: skip
    assert page["posts"][0]["reactions"][0]["organisation"] == jon.org
    [known] = page["posts"][0]["observables"]
    assert known["value"] == "evil-bank.example" and known["malicious"] > 0.5
    assert page["posts"][0]["entry"] == said[0]["id"]

    jon.ask("PUT", f"/api/posts/{answer['id']}", 202, json={"text": "We did not"})
    assert [one["text"] for one in ada.ask("GET", f"/api/posts/{answer['id']}/versions")["versions"]] == [
        "We did, at shop.example", "We did not"
    ]  # fmt: skip
    ada.ask("PUT", f"/api/posts/{begun['id']}", 202, json={"text": "Who saw evil-bank[.]example today?"})
    again = ada.ask("GET", f"/api/posts/{begun['id']}")
    assert (again["text"][-6:], again["title"]) == ("today?", page["title"])
    assert ada.ask("GET", f"/api/posts/{answer['id']}")["edited"]
    ada.ask("PUT", f"/api/posts/{answer['id']}", 403, json={"text": "mine"})
    jon.ask("DELETE", f"/api/posts/{begun['id']}/reactions/seen", 202)
    assert ada.ask("GET", "/api/reactions", params={"on": f"post:{begun['id']}"})["reactions"] == []
    assert ada.ask("GET", "/api/search", params={"q": "did not"})["hits"][0]["kind"] == "post"

    jon.ask("DELETE", f"/api/posts/{answer['id']}", 202)
    assert events[-1].name == "tombstone"
    assert ada.ask("GET", f"/api/threads/{thread}")["count"] == 1
    state = {"closed": True, "reason": "answered", "watching": "mute", "read": ""}
    ada.ask("PUT", f"/api/threads/{thread}", json=state)
    jon.ask("POST", f"/api/threads/{thread}/replies", 409, json={"text": "but"})
    [listed] = jon.ask("GET", "/api/threads", params={"about": "campaign:Storm"})["threads"]
    assert (listed["id"], listed["closed"], listed["posts"]) == (thread, True, 1)


def test_drafts_bookmarks_and_suggestions(cast: tuple[Caller, Caller, list[LiveEvent]]) -> None:
    ada, jon, _ = cast
    draft = ada.ask("POST", "/api/drafts", 201, json={"text": "half"})["id"]
    ada.ask("PUT", f"/api/drafts/{draft}", json={"text": "half a thought", "tlp": "amber"})
    assert [(d["text"], d["tlp"]) for d in ada.ask("GET", "/api/drafts")["drafts"]] == [("half a thought", "amber")]
    assert jon.ask("GET", "/api/drafts")["drafts"] == []
    jon.ask("DELETE", f"/api/drafts/{draft}", 404)
    ada.ask("DELETE", f"/api/drafts/{draft}", 204)
    post = ada.ask("POST", "/api/threads", 202, json={"text": "hello"})["id"]
    jon.ask("PUT", f"/api/bookmarks/{post}")
    assert [one["post"] for one in jon.ask("GET", "/api/bookmarks")["bookmarks"]] == [post]
    jon.ask("DELETE", f"/api/bookmarks/{post}", 204)
    said = ada.ask("POST", "/api/suggestions", json={"text": "TLP:AMBER evil-bank[.]example"})
    assert (said["tlp"], said["observables"][0]["defanged"]) == ("amber", True)


REFUSED: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/api/threads", {"json": {"text": "x", "surplus": 1}}, 400),
    ("POST", "/api/threads", {"json": {"title": "x"}}, 400),
    ("POST", "/api/threads", {"json": {"text": "x", "tlp": "purple"}}, 400),
    ("POST", "/api/threads", {"json": {"text": "x", "uses": ["selling"]}}, 400),
    ("POST", "/api/threads", {"json": {"text": "x", "parent": "y"}}, 400),
    ("POST", "/api/threads", {"json": {"text": "x" * 60_000}}, 413),
    ("POST", "/api/threads/nothing/replies", {"json": {"text": "x"}}, 404),
    ("GET", "/api/threads/nothing", {}, 404),
    ("GET", "/api/threads?surplus=1", {}, 400),
    ("GET", "/api/threads?before=nonsense", {}, 400),
    ("GET", "/api/posts/nothing/versions", {}, 404),
    ("GET", "/api/reactions?on=nonsense", {}, 400),
    ("POST", "/api/reactions", {"json": {"kind": "seen", "on": "group:x"}}, 400),
    ("POST", "/api/reactions", {"json": {"kind": "seen", "on": "observable:auto:never.example"}}, 404),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_the_doors_refuse(cast: tuple[Caller, Caller, list[LiveEvent]], number: int) -> None:
    method, path, more, status = REFUSED[number]
    cast[0].ask(method, path, status, **more)
