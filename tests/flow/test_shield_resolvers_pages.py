"""An ISP's page of its resolvers, its API and commands: added by who leads, seen by its own, the key shown once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fusioncell.cli.main import main
from hubs import MadeHub, browser, make_hub, visitor
from publishing import publish

RESOLVER = {"label": "Leeds, pair 2", "kind": "bind", "action": "nxdomain", "category-phishing": "1",
            "addresses": "192.0.2.53, 2001:db8::/64", "notify": "192.0.2.53@5301", "garden": "", "org": ""}  # fmt: skip


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub")
    yield hub
    hub.hub.close()


def csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_resolver_is_added_takes_its_steps_and_ends(made: MadeHub) -> None:
    publish(made.hub, "bad.example", category="phishing", severity="high")
    with browser(made, made.ministry) as client:
        page = client.get("/shield/resolvers").text
        assert "No resolver takes zones." in page
        wrong = client.post("/shield/resolvers", data={**RESOLVER, "label": " ", "csrf": csrf(page)})
        assert wrong.status_code == 400 and "at most 80 characters" in wrong.text
        wrong = client.post("/shield/resolvers", data={**RESOLVER, "kind": "nsd", "csrf": csrf(page)})
        assert wrong.status_code == 400 and "Choose one of the list" in wrong.text
        added = client.post("/shield/resolvers", data={**RESOLVER, "csrf": csrf(page)})
        assert added.status_code == 200 and "copy it now" in added.text
        [one] = made.hub.shielding.subscribers.serving._tables.subscribers  # noqa: SLF001
        address = f"/shield/resolvers/{one.id}"
        again = client.get(address).text
        assert "copy it now" not in again and one.keys[0].name in again
        command = f"--subscriber {one.id} \\\n  --primary 127.0.0.1 \\\n  --port 5353 \\\n  --hub http"
        assert command in again, "what is to be copied lacks nothing"
        skipped = client.post(f"{address}/step", data={"step": "enforce", "reference": "CHG1", "csrf": csrf(page)})
        assert skipped.status_code == 409 and "one step after the other" in skipped.text
        silent = client.post(f"{address}/step", data={"step": "shadow", "reference": " ", "csrf": csrf(page)})
        assert silent.status_code == 400 and "reference of your change" in silent.text
        for step in ("shadow", "canary", "enforce"):
            done = client.post(f"{address}/step", data={"step": step, "reference": f"CHG-{step}", "csrf": csrf(page)},
                               follow_redirects=True)  # fmt: skip
            assert done.status_code == 200 and f"CHG-{step}" in done.text
        assert "heartbeat.main-1." in done.text
        assert "copy it now" in client.post(f"{address}/rotate", data={"csrf": csrf(page)}).text
        ended = client.post(f"{address}/end", data={"reason": "sold", "csrf": csrf(page)}, follow_redirects=True)
        assert "Ended" in ended.text and "End this resolver" not in ended.text


def test_certificates_are_registered_by_page_api_and_command(made: MadeHub, tmp_path: Path) -> None:
    printed = "sha256 Fingerprint=" + "AB:" * 31 + "CD"  # as openssl prints it
    with browser(made, made.ministry) as client:
        page = client.get("/shield/resolvers").text
        wrong = client.post("/shield/resolvers", data={**RESOLVER, "certificates": "ab:cd", "csrf": csrf(page)})
        assert wrong.status_code == 400 and "no SHA-256 fingerprint" in wrong.text and 'value="ab:cd"' in wrong.text
        added = client.post("/shield/resolvers", data={**RESOLVER, "certificates": printed, "csrf": csrf(page)})
        assert added.status_code == 200 and "ab" * 31 + "cd" in added.text
        [which] = set(re.findall(r'/shield/resolvers/([^/"]+)/certificates', added.text))
        address = f"/shield/resolvers/{which}"
        wrong = client.post(f"{address}/certificates", data={"certificates": "x" * 64, "csrf": csrf(page)})
        assert wrong.status_code == 400 and "no SHA-256 fingerprint" in wrong.text
        both = {"certificates": f"{printed}\n{'12' * 32}", "csrf": csrf(page)}
        shown = client.post(f"{address}/certificates", data=both, follow_redirects=True).text
        assert "ab" * 31 + "cd" in shown and "12" * 32 in shown
    door, as_ministry = f"/api/shield/subscribers/{which}", {"Authorization": f"Bearer {made.ministry.key}"}
    with visitor(made) as client:
        for refused in (["ab" * 31], ["x" * 64], ["ab" * 33], [f"{number:064x}" for number in range(6)]):
            answer = client.post(door, json={"certificates": refused}, headers=as_ministry)
            assert answer.status_code == 400 and "certificate" in answer.text, refused
        assert client.post(door, json={"certificates": []}, headers=as_ministry).status_code == 202
        made.hub.settle()
        assert client.get(door, headers=as_ministry).json()["certificates"] == []
    made.hub.close()
    where = ["--data", str(made.hub.folder.path)]
    run = CliRunner().invoke(main, ["shield", "subscriber", "certificates", which, "ab" * 32, printed, *where])
    assert run.exit_code == 0, run.output
    listed = CliRunner().invoke(main, ["shield", "subscriber", "list", "--json", *where])
    assert json.loads(listed.output)["subscribers"][0]["certificates"] == ["ab" * 32, "ab" * 31 + "cd"]


def test_only_who_leads_or_operates_changes_and_only_its_own_sees(made: MadeHub) -> None:
    with visitor(made) as client:
        as_ministry = {"Authorization": f"Bearer {made.ministry.key}"}
        as_provider = {"Authorization": f"Bearer {made.provider.key}"}
        body = {"label": "Hull", "kind": "unbound"}
        assert client.post("/api/shield/subscribers", json=body, headers=as_provider).status_code == 403
        mine = client.post("/api/shield/subscribers", json=body, headers=as_ministry).json()
        theirs = client.post("/api/shield/subscribers", json={**body, "org": made.provider.org}, headers=as_ministry)
        made.hub.settle()
        listed = client.get("/api/shield/subscribers", headers=as_provider).json()["subscribers"]
        assert [one["subscriber"] for one in listed] == [theirs.json()["subscriber"]]
        assert len(client.get("/api/shield/subscribers", headers=as_ministry).json()["subscribers"]) == 2
        hidden = client.get(f"/api/shield/subscribers/{mine['subscriber']}", headers=as_provider)
        unknown = client.get("/api/shield/subscribers/nothing", headers=as_provider)
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.json()["detail"] == unknown.json()["detail"]
        assert mine["secret"] not in client.get("/api/shield/subscribers", headers=as_ministry).text
        changed = client.post(f"/api/shield/subscribers/{theirs.json()['subscriber']}",
                              json={"action": "garden", "garden": "g.isp.example"}, headers=as_ministry)
        assert changed.status_code == 202
        wrong = client.post("/api/shield/subscribers", json={**body, "categories": ["copyright"]}, headers=as_ministry)
        assert wrong.status_code == 400 and "not a category" in wrong.json()["detail"]


def test_a_zone_as_a_file_is_sent_again_only_when_it_moved(made: MadeHub) -> None:
    with visitor(made) as client:
        headers = {"Authorization": f"Bearer {made.ministry.key}"}
        body = {"label": "Hull", "kind": "knot", "addresses": ["192.0.2.53"]}
        which = client.post("/api/shield/subscribers", json=body, headers=headers).json()["subscriber"]
        made.hub.settle()
        change = {"step": "shadow", "reference": "CHG1"}
        assert client.post(f"/api/shield/subscribers/{which}", json=change, headers=headers).status_code == 202
        made.hub.settle()
        publish(made.hub, "bad.example")
        zones = client.get(f"/api/shield/subscribers/{which}", headers=headers).json()["zones"]
        fresh = zones[0]["zone"]
        first = client.get(f"/api/shield/zones/{fresh}", headers=headers)
        assert "bad.example CNAME .\n" in first.text
        known = {**headers, "If-None-Match": first.headers["etag"]}
        assert client.get(f"/api/shield/zones/{fresh}", headers=known).status_code == 304
        publish(made.hub, "next.example")
        assert "next.example CNAME ." in client.get(f"/api/shield/zones/{fresh}", headers=known).text
        other = {"Authorization": f"Bearer {made.provider.key}"}
        assert client.get(f"/api/shield/zones/{fresh}", headers=other).status_code == 404


def test_a_resolver_that_fetches_files_holds_what_it_showed_to_have(made: MadeHub) -> None:
    with visitor(made) as client:
        headers = {"Authorization": f"Bearer {made.ministry.key}"}
        both = []
        for label in ("Hull", "York"):
            body = {"label": label, "kind": "knot", "addresses": ["192.0.2.53"]}
            both.append(client.post("/api/shield/subscribers", json=body, headers=headers).json()["subscriber"])
            made.hub.settle()
            client.post(f"/api/shield/subscribers/{both[-1]}", json={"step": "shadow", "reference": "CHG1"},
                        headers=headers)  # fmt: skip
            made.hub.settle()
        publish(made.hub, "bad.example")

        def holds(which: str) -> tuple[int | None, int]:
            zone = client.get(f"/api/shield/subscribers/{which}", headers=headers).json()["zones"][0]
            return zone["holds"], zone["serial"]

        def fetch(which: str, tag: str = "") -> Any:
            more = {"If-None-Match": tag} if tag else {}
            asked = {"subscriber": which} if which else {}
            return client.get(f"/api/shield/zones/{fresh}", params=asked, headers={**headers, **more})

        fresh = client.get(f"/api/shield/subscribers/{both[0]}", headers=headers).json()["zones"][0]["zone"]
        tag = fetch(both[0]).headers["etag"]
        assert holds(both[0])[0] is None, "an answer may break off on its way"
        assert fetch("", tag).status_code == 304
        assert [holds(which)[0] for which in both] == [None, None], "which of the two has it was not said"
        assert fetch(both[0], tag).status_code == 304
        held, serial = holds(both[0])
        assert held == serial and holds(both[1])[0] is None
        publish(made.hub, "next.example")
        assert fetch(both[0], tag).status_code == 200
        now, newest = holds(both[0])
        assert now == serial < newest, "it lags until it shows the new one"
        client.get(f"/api/shield/zones/{fresh}", params={"subscriber": "x"}, headers=headers)
        files = client.get("/api/shield/resolver-config/knot", params={"subscriber": both[0]}, headers=headers)
        assert f"?subscriber={both[0]}'" in "".join(files.json()["files"].values())


def test_the_commands_of_an_isp(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    publish(made.hub, "bad.example")
    made.hub.close()

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["shield", *words, "--data", str(tmp_path / "hub")])
        assert done.exit_code == code, done.output
        return done.output

    added = json.loads(run("subscriber", "add", "Hull", "--kind", "bind", "--category", "phishing", "--json"))
    assert "shadow" in run("subscriber", "step", added["subscriber"], "shadow", "--reference", "CHG1")
    secret = tmp_path / "secret"
    secret.write_text(added["secret"] + "\n")
    out = tmp_path / "conf"
    run("resolver-config", "bind", "--subscriber", added["subscriber"], "--secret-file", str(secret), "--out", str(out))
    zones = (out / "fusioncell.zones").read_text()
    assert added["secret"] in zones and added["key"] in zones and "policy disabled" in (
        out / "fusioncell.options").read_text()  # fmt: skip
    rotated = json.loads(run("subscriber", "rotate", added["subscriber"], "--json"))
    assert rotated["key"] != added["key"]
    assert "Hull" in run("subscriber", "list")
    run("subscriber", "end", added["subscriber"])
    assert "Hull" not in run("subscriber", "list") and "ended" in run("subscriber", "list", "--ended")
    log = tmp_path / "query.log"
    log.write_text("question for 'www.bad.example|A' from 192.0.2.9:1\nquestion for 'ok.example|A' from 192.0.2.9:1\n")
    found = json.loads(run("rehearse", str(log), "--json"))
    assert found["top"] == [{"name": "bad.example", "hits": 1}] and found["queries"] == 2
    assert "bad[.]example" in run("rehearse", str(log)) and "192.0.2.9" not in run("rehearse", str(log))
    assert 'name: rpz.fusioncell' in run("resolver-config", "unbound", "--primary", "192.0.2.53")
