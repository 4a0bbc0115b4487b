"""What is known of a value, by API and page: an analyst's word over the machine, and the tree behind each figure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, browser, make_hub, visitor

CSRF = '<input type="hidden" name="csrf" value="'
PAGE = "/observables/domain-name/evil.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    found = make_hub(tmp_path / "hub")
    for party in (found.ministry, found.provider):
        viewer = found.hub.members.operator_viewer(party.org)
        assert viewer is not None
        for name in ("evil.example", "other.example"):
            rows = f"# seen by {party.org}\n{name}\n"
            found.hub.intake.accept(viewer, rows.encode(), "text/plain", Terms(Tlp.GREEN, filename=f"{name}.txt"))
    found.hub.settle()
    yield found
    found.hub.close()


def form(client: Any, path: str, **fields: str) -> Any:
    token = client.get(PAGE).text.partition(CSRF)[2].partition('"')[0]
    return client.post(path, data={"csrf": token, **fields})


def test_an_analyst_judges_on_the_page_and_takes_it_back(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        assert "No analyst has judged over the machine." in client.get(PAGE).text
        said = form(client, "/overrides", type="domain-name", value="evil.example", verdict="benign",
                    reason="Its <owner> wrote.", readers="green")  # fmt: skip
        assert (said.status_code, said.headers["location"]) == (303, PAGE)
        shown = client.get(PAGE).text
        for text in ("Harmless, says an analyst", "Its &lt;owner&gt; wrote.", "says: Likely malicious.", "Jon Berg"):
            assert text in shown, text
        (one,) = client.get("/api/overrides").json()["overrides"]
        found = client.get("/api" + PAGE).json()
        assert (found["verdict"], found["machine_verdict"]) == ("unlikely malicious", "malicious")
        assert found["override"]["id"] == one["id"] and one["tlp"] == "green"
        nothing = form(client, f"/overrides/{one['id']}/restore", reason=" ")
        assert nothing.status_code == 400 and "say why" in nothing.text.lower()
        assert form(client, f"/overrides/{one['id']}/restore", reason="It was another.").status_code == 303
        assert client.get("/api" + PAGE).json()["override"] is None and "taken back" in client.get(PAGE).text


def test_all_that_analysts_say_stands_on_one_page(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        assert "No analyst has judged over the machine." in client.get("/overrides").text
        assert 'href="/overrides"' in client.get(PAGE).text
        for name, readers in (("evil.example", "green"), ("other.example", "cell")):
            form(client, "/overrides", type="domain-name", value=name, verdict="benign", reason=f"Of <{name}>.",
                 readers=readers)  # fmt: skip
        shown = client.get("/overrides").text
        for text in ("Of &lt;evil.example&gt;.", "Of &lt;other.example&gt;.", "the Fusion Cell alone", "Jon Berg",
                     "Likely malicious", "Harmless, says an analyst", "% malicious", "% active"):
            assert text in shown, text
        assert "Of &lt;other" in client.get("/overrides?limit=1").text
        assert "Of &lt;evil" not in client.get("/overrides?limit=1").text
        newest = client.get("/api/overrides").json()["overrides"][0]
        assert newest["value"] == "other.example"
        back = form(client, f"/overrides/{newest['id']}/restore", reason="It was another.", back="list")
        assert (back.status_code, back.headers["location"]) == (303, "/overrides")
        assert "Of &lt;other" not in client.get("/overrides").text
    with browser(made, made.approver) as client:
        shown = client.get("/overrides").text
        assert "Of &lt;evil" in shown and "Take it back" not in shown
    with visitor(made) as client:
        assert client.get("/overrides").headers["location"].startswith("/sign-in")


def test_who_is_no_analyst_reads_and_judges_nothing(made: MadeHub) -> None:
    with browser(made, made.approver) as client:
        assert "Judge over the machine" not in client.get(PAGE).text
        body = {"type": "domain-name", "value": "evil.example", "verdict": "benign", "reason": "no"}
        assert client.post("/api/overrides", json=body).status_code == 403
        assert client.get("/api/overrides").json() == {"overrides": []}


def test_by_api_what_is_wrong_is_said_without_an_echo(made: MadeHub) -> None:
    key = made.own_key(made.provider)
    with browser(made, made.provider) as client:
        client.cookies.clear()
        client.headers.update({**key, "accept": "application/json"})
        good = {"type": "domain-name", "value": "evil.example", "verdict": "malicious", "reason": "We looked."}
        for change in ({"verdict": "nice"}, {"readers": "all"}, {"type": "ipv4-addr"}, {"reason": ""}):
            assert client.post("/api/overrides", json={**good, **change}).status_code == 400
        assert client.post("/api/overrides", json={**good, "value": "never.example"}).status_code == 404
        made_id = client.post("/api/overrides", json=good).json()["id"]
        made.hub.settle()
        assert client.get("/api/observables/domain-name/evil.example").json()["verdict"] == "malicious"
        gone = client.delete("/api/overrides/none", params={"reason": "x"})
        assert gone.status_code == 404
        assert client.delete(f"/api/overrides/{made_id}", params={"reason": "x"}).status_code == 200


def test_an_explanation_unfolds_to_the_entries_behind_each_voice(made: MadeHub) -> None:
    with browser(made, made.provider) as client:
        found = client.get("/api/explanations/domain-name/evil.example").json()
        assert found["malicious"] == client.get("/api" + PAGE).json()["malicious"]
        assert len(found["tree"]) == found["independent_origins"] == 2
        for branch in found["tree"]:
            (voice,) = branch["voices"]
            (entry,) = voice["entries"]
            assert voice["speaks"] and voice["not_shown"] == 0 and entry["says"] == "malicious"
            assert entry["weight"] == branch["weight"] and entry["tlp"] == "green"
            assert client.get(f"/api/contributions/{entry['contribution']}").status_code == 200
        assert client.get("/api/explanations/domain-name/never.example").status_code == 404
