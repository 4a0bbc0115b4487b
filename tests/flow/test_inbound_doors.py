"""The doors of inbound feeds: API, page, command; for operators alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from litestar.testing import TestClient

from fusioncell.cli.main import main
from hubs import MadeHub, app_of, browser, make_hub
from sources import Source, source_server


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeHub]:
    monkeypatch.setenv("FUSIONCELL_FEED_ALLOW", "127.0.0.1")
    made = make_hub(tmp_path / "data")
    yield made
    made.hub.close()


@pytest.fixture
def source() -> Iterator[Source]:
    with source_server(Source(pages={"/list.txt": b"bad-one.example\nbad-two.example\n"})) as source:
        yield source


def _asks(made: MadeHub, key: str) -> TestClient[Any]:
    client = TestClient(app_of(made.hub), raise_server_exceptions=False)
    client.headers["authorization"] = f"Bearer {key}"
    return client


def test_an_operator_adds_runs_changes_and_removes_a_feed(made: MadeHub, source: Source) -> None:
    with _asks(made, made.ministry.key) as client:
        asked = {"name": "A list", "url": f"{source.url}/list.txt", "format": "list", "grade": "C", "every": 30,
                 "secret": "bearer very-secret"}  # fmt: skip
        added = client.post("/api/inbound/feeds", json=asked)
        assert added.status_code == 201, added.text
        feed = added.json()
        assert (feed["enabled"], feed["every_minutes"], feed["credentials"]) == (False, 30, True)
        assert "very-secret" not in added.text
        ran = client.post(f"/api/inbound/feeds/{feed['id']}/run").json()
        assert (ran["last_items"], ran["error"], ran["lag_seconds"]) == (2, None, 0)
        assert source.headers[-1]["authorization"] == "Bearer very-secret"
        changed = client.post(f"/api/inbound/feeds/{feed['id']}", json={"grade": "B", "secret": ""}).json()
        assert (changed["grade"], changed["credentials"], changed["format"]) == ("B", False, "list")
        assert client.post(f"/api/inbound/feeds/{feed['id']}/enable").json()["enabled"] is True
        listed = client.get("/api/inbound/feeds").json()
        assert [one["id"] for one in listed["feeds"]] == [feed["id"]]
        assert {"circl-osint", "urlhaus"} <= {one["key"] for one in listed["available"]}
        assert client.delete(f"/api/inbound/feeds/{feed['id']}").json()["status"] == "removed"
        assert client.get(f"/api/inbound/feeds/{feed['id']}").status_code == 404


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({"name": "", "url": "https://feed.example/"}, "name"),
        ({"name": "A", "url": "ftp://feed.example/"}, "url"),
        ({"name": "A", "url": "file:///etc/passwd"}, "url"),
        ({"name": "A", "url": "https://user:word@feed.example/"}, "url"),
        ({"name": "A", "url": "http://feed.example/", "secret": "bearer x"}, "url"),
        ({"name": "A", "url": "https://feed.example/", "every": 1}, "every"),
        ({"name": "A", "url": "https://feed.example/", "grade": "G"}, "grade"),
        ({"name": "A", "url": "https://feed.example/", "kind": "gopher"}, "kind"),
        ({"name": "A", "url": "https://feed.example/", "format": "zip"}, "format"),
        ({"name": "A", "url": "https://feed.example/", "tlp": "red"}, "tlp"),
        ({"name": "A", "url": "https://feed.example/", "tlp": "amber", "groups": ["group:none.1"]}, "groups"),
        ({"name": "A", "url": "https://feed.example/", "secret": "X: a\r\nY: b"}, "secret"),
        ({"name": "A", "url": "https://feed.example/", "secret": "Host: inner"}, "secret"),
        ({"name": "A", "url": "https://feed.example/", "unknown": 1}, ""),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused_with_its_field(made: MadeHub, asked: dict[str, Any], place: str) -> None:
    with _asks(made, made.ministry.key) as client:
        answer = client.post("/api/inbound/feeds", json=asked)
        assert answer.status_code == 400, answer.text
        assert answer.json().get("place", "") == place or not place
        assert client.get("/api/inbound/feeds").json()["feeds"] == []


def test_members_have_no_such_doors(made: MadeHub) -> None:
    with _asks(made, made.provider.key) as client:
        for method, path in (("GET", "/api/inbound/feeds"), ("POST", "/api/inbound/feeds/urlhaus/enable"),
                             ("POST", "/api/inbound/feeds/urlhaus/run"), ("GET", "/ops/feeds")):  # fmt: skip
            assert client.request(method, path).status_code == 403, path
    assert made.hub.inbound.standings() == []


def _csrf(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def test_the_page_adds_shows_and_switches(made: MadeHub, source: Source) -> None:
    with browser(made, made.ministry) as client:
        shown = client.get("/ops/feeds")
        assert "No feed yet" in shown.text and "CIRCL OSINT" in shown.text
        form = {"csrf": _csrf(shown.text), "name": "A list", "url": f"{source.url}/list.txt", "kind": "file",
                "format": "list", "every": "60", "tlp": "green", "grade": "C"}  # fmt: skip
        wrong = client.post("/ops/feeds", data={**form, "url": "gopher://feed.example"})
        assert wrong.status_code == 400 and "begins with https" in wrong.text and "A list" in wrong.text
        assert client.post("/ops/feeds", data=form).status_code == 303
        made.hub.inbound.round()
        text = client.get("/ops/feeds").text
        assert "up to date" in text and "2 items" in text
        feed = made.hub.inbound.standings()[0].feed.id
        for how, more in (("grade", {"grade": "A"}), ("disable", {}), ("run", {})):
            assert client.post(f"/ops/feeds/{feed}/{how}", data={"csrf": form["csrf"], **more}).status_code == 303
        done = made.hub.inbound.standing(feed)
        assert (done.feed.wanted.grade, done.feed.enabled) == ("A", False)
        source.pages.clear()
        made.hub.inbound.run(feed)
        text = client.get("/ops/feeds").text
        assert "answered 404" in text and "homepage" in text
        assert client.post(f"/ops/feeds/{feed}/remove", data={"csrf": form["csrf"]}).status_code == 303
        assert client.post(f"/ops/feeds/{feed}/enable", data={"csrf": form["csrf"]}).status_code == 404
        assert client.post("/ops/feeds/urlhaus/enable", data={"csrf": "wrong"}).status_code == 403


def test_the_command(made: MadeHub, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(made.hub.folder.path)
    made.hub.close()
    run = CliRunner()

    def said(*words: str, code: int = 0) -> dict[str, Any]:
        answer = run.invoke(main, ["feeds", *words, "--data", folder, "--json"])
        assert answer.exit_code == code, answer.output
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    added = said("add", f"{source.url}/list.txt", "--name", "A list", "--format", "list", "--grade", "C")
    assert added["enabled"] is False
    assert said("run", added["id"])["last_items"] == 2
    assert said("set", "a LIST", "--every", "120")["id"] == added["id"], "by its name"
    assert said("run", added["id"])["every_minutes"] == 120
    assert said("enable", "botvrij")["known"] == "botvrij"
    assert said("disable", "botvrij")["enabled"] is False
    assert said("remove", "botvrij")["status"] == "removed"
    source.pages.clear()
    assert "404" in said("run", added["id"], code=4)["error"]
    text = run.invoke(main, ["feeds", "list", "--data", folder]).output
    assert "A list" in text and "off, failing" in text and "urlhaus" in text
    assert "A list: Nothing is there: check the address" in text, "what to do stands below"


def test_the_command_of_federation(made: MadeHub, source: Source) -> None:
    folder = str(made.hub.folder.path)
    made.hub.close()
    run = CliRunner()

    def said(*words: str, code: int = 0) -> dict[str, Any]:
        answer = run.invoke(main, ["federation", *words, "--data", folder, "--json"])
        assert answer.exit_code == code, answer.output
        found: dict[str, Any] = json.loads(answer.stdout) if answer.stdout else {}
        return found

    agreed = said("agree", "Hub of the coast", "--ceiling", "green")
    assert agreed["key"] and agreed["ceiling"] == "green"
    assert said("ceiling", "Hub of the coast", "amber")["ceiling"] == "amber"
    said("agree", "Hub of the coast", "--ceiling", "clear", code=1)
    said("ceiling", "Ministry of Works", "clear", code=1)
    added = said("add", source.url, "--name", "Hub of the north", "--partner-key", "fc_x")
    assert (added["kind"], added["enabled"], added["credentials"]) == ("hub", True, True)
    listed = said("list")
    assert [one["name"] for one in listed["partners"]] == ["Hub of the coast"]
    assert [one["name"] for one in listed["reads"]] == ["Hub of the north"]
    assert "404" in said("run", added["id"], code=4)["error"], "that is no hub"
    assert "Hub of the coast" in run.invoke(main, ["federation", "list", "--data", folder]).output
