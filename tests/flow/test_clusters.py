"""One campaign, many reports: one cluster with each report's own provenance, of what its viewer may see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.fusion.clusters import store
from hubs import browser, make_hub, visitor
from served import Party, ServedHub, eventually, new_hub

C2, KIT = "login.sunken-storm.example", "http://203.0.113.77/kit/gate.php"
MAIL = b"""From: Abuse desk <abuse@victim.example>\r
To: reports@hub.example\r
Subject: Phishing against our customers\r
Date: Tue, 10 Nov 2026 10:00:00 +0000\r
Message-ID: <7@victim.example>\r
Content-Type: text/plain; charset=utf-8\r
\r
We see phishing at hxxps://login[.]sunken-storm[.]example/in and the kit at hxxp://203[.]0[.]113[.]77/kit/gate[.]php\r
"""
STIX = {"type": "bundle", "id": "bundle--7b1f4a3e-6a3f-4c2c-9f39-1d0b1a1f0001", "objects": [{
    "type": "indicator", "spec_version": "2.1", "id": "indicator--7b1f4a3e-6a3f-4c2c-9f39-1d0b1a1f0002",
    "created": "2026-11-10T10:00:00.000Z", "modified": "2026-11-10T10:00:00.000Z",
    "valid_from": "2026-11-10T10:00:00Z", "pattern_type": "stix", "indicator_types": ["malicious-activity"],
    "pattern": f"[domain-name:value = '{C2}'] OR [url:value = '{KIT}']",
}]}  # fmt: skip
API = {"Event": {
    "uuid": "7b1f4a3e-6a3f-4c2c-9f39-1d0b1a1f0003", "info": "Sunken Storm", "date": "2026-11-10",
    "timestamp": "1793000000", "published": True, "Attribute": [
        {"uuid": f"7b1f4a3e-6a3f-4c2c-9f39-1d0b1a1f001{n}", "type": kind, "category": "Network activity",
         "to_ids": True, "value": value, "timestamp": "1793000000"}
        for n, (kind, value) in enumerate((("domain", C2), ("url", KIT)))
    ],
}}  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedHub]:
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        yield served


def contributed(client: TestClient[Any], names: str) -> str:
    answer = client.post("/api/contributions?tlp=green", content=f"domain\n{names}\n",
                         headers={"Content-Type": "text/csv"})  # fmt: skip
    which: str = answer.json()["contribution"]
    return which


def cluster(party: Party, which: str) -> dict[str, Any]:
    answer = party.http.get(f"/api/clusters/{which}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_five_members_five_ways_one_cluster(served: ServedHub) -> None:
    """Acceptance check 4: mail text, CSV, STIX, form and API; one cluster with five provenance chains."""
    members = [served.party(name) for name in ("Bank", "Provider", "Ministry", "Police", "University")]
    text, table, stix, form, api = members
    made = [
        text.posts(MAIL, "text/plain", tlp="green"),
        table.posts(f"domain,url\n{C2},{KIT}\n".encode(), "text/csv", tlp="green"),
        stix.posts(STIX, tlp="green"),
        form.posts("Malicious: login[.]sunken-storm[.]example and hxxp://203[.]0[.]113[.]77/kit/gate[.]php",
                       "text/plain", tlp="green"),
        api.posts(json.dumps(API), "application/json", tlp="green"),
    ]
    other = text.posts(b"domain\nunrelated.example\n", "text/csv", tlp="green")
    for party in members:
        found = cluster(party, made[3])
        assert {one["contribution"] for one in found["members"]} == set(made) and found["reports"] == 5
        assert {one["organisation"] for one in found["members"]} == {each.org for each in members}
        for one in found["members"]:
            assert (one["hangs_at"] is None) == (one["contribution"] == found["id"])
            assert one["hangs_at"] is None or one["shared"], "each link shows its evidence"
    assert served.party("Bank").http.get(f"/api/clusters/{other}").status_code == 404
    listed = api.http.get("/api/clusters").json()["clusters"]
    assert [one["id"] for one in listed] == [made[0]]


def test_what_one_may_not_see_takes_no_part_and_recall_takes_out(served: ServedHub) -> None:
    bank, provider = served.party("Bank"), served.party("Provider")
    first = bank.posts(b"domain\nc2.deep-tide.example\n", "text/csv", tlp="green")
    secret = bank.posts(b"domain\nc2.deep-tide.example\n", "text/csv", tlp="amber+strict")
    assert provider.http.get(f"/api/clusters/{first}").status_code == 404, "alone, as far as the provider sees"
    assert provider.http.get(f"/api/clusters/{secret}").status_code == 404
    assert provider.http.get(f"/api/contributions/{first}/related").json()["related"] == []
    assert len(bank.http.get(f"/api/contributions/{first}/related").json()["related"]) == 1
    second = provider.posts(b"domain\nc2.deep-tide.example\n", "text/csv", tlp="green")
    seen, hers = cluster(provider, first), cluster(bank, first)
    assert [one["contribution"] for one in seen["members"]] == [second, first] and seen["attached"] == []
    assert hers["members"] == seen["members"] and hers["reports"] == 2
    assert [(one["contribution"], one["takes_part"]) for one in hers["attached"]] == [(secret, False)]
    assert cluster(bank, secret)["id"] == first, "a narrower report leads to the cluster that it attaches to"
    assert bank.http.post(f"/api/contributions/{first}/recall").status_code == 202
    assert eventually(lambda: provider.http.get(f"/api/clusters/{second}").status_code == 404)
    assert provider.http.get("/api/clusters").json() == {"clusters": [], "next": None}


def test_analysts_split_join_name_and_take_back(served: ServedHub) -> None:
    bank, cell = served.party("Bank"), served.party("Cell", "analyst")
    ones = [bank.posts(f"domain\nc2.one.example\nn{n}.example\n".encode(), "text/csv", tlp="green") for n in range(3)]
    twos = [bank.posts(f"domain\nc2.two.example\nm{n}.example\n".encode(), "text/csv", tlp="green") for n in range(2)]

    def decide(**what: str) -> str:
        answer = cell.http.post("/api/clusters/decisions", json={"reason": "Seen in the logs.", **what})
        assert answer.status_code == 202, answer.text
        which: str = answer.json()["id"]
        return which

    assert bank.http.post("/api/clusters/decisions", json={
        "does": "name", "contribution": ones[0], "reason": "x", "name": "x"}).status_code == 403  # fmt: skip
    named = decide(does="name", contribution=ones[1], name="Sunken Storm")
    assert eventually(lambda: cluster(bank, ones[0])["name"] == "Sunken Storm")
    split = decide(does="split", contribution=ones[2])
    assert eventually(lambda: bank.http.get(f"/api/clusters/{ones[2]}").status_code == 404)
    joined = decide(does="join", contribution=twos[1], other=ones[0])
    assert eventually(lambda: cluster(bank, twos[0])["id"] == ones[0])
    assert cluster(bank, ones[0])["reports"] == 4 and cluster(bank, twos[1])["id"] == ones[0]
    assert {one["id"] for one in cluster(bank, ones[0])["decisions"]} == {named, joined}
    for which in (named, split, joined):
        assert cell.http.post(f"/api/clusters/decisions/{which}/undo", json={"reason": "No."}).status_code == 202
        assert eventually(lambda which=which: cell.http.post(
            f"/api/clusters/decisions/{which}/undo", json={}).status_code == 409)  # fmt: skip
    assert cluster(bank, ones[2])["id"] == ones[0] and cluster(bank, twos[1])["id"] == twos[0]
    assert cluster(bank, ones[0])["name"] is None
    for wrong in ({"does": "eat"}, {"does": "split", "contribution": ones[0]}, {"does": "name", "name": " "},
                  {"does": "join", "other": ones[1]}, {"does": "join", "other": "no-such"}):  # fmt: skip
        answer = cell.http.post("/api/clusters/decisions",
                                json={"contribution": ones[0], "reason": "Why.", **wrong})  # fmt: skip
        assert 400 <= answer.status_code < 500, wrong


def test_many_that_share_everything_cost_a_line_and_are_all_reached(tmp_path: Path) -> None:
    """Acceptance check 9, in small: pairs are never kept, and all that is related is reached in rank order."""
    made = make_hub(tmp_path / "hub")
    hub, number = made.hub, 60
    values = "\n".join(f"domain{n}.example" for n in range(50))
    with visitor(made) as client:
        client.headers.update(made.own_key(made.provider))
        ids = [contributed(client, f"{values}\nown{n}.example") for n in range(number)]
        hub.settle()
        with hub.databases["projections"].read() as connection:
            rows = {table.name: connection.rows(f"SELECT count(*) FROM {table.name}")[0][0]
                    for table in store.metadata.sorted_tables}  # fmt: skip
        assert rows["fusion_clusters_value"] == number * 51 * 2
        assert rows["fusion_clusters_link"] == number and rows["fusion_clusters_head"] == 1
        assert rows["fusion_clusters_count"] == 50 * 2, "what one report alone has is not counted"
        found, start = [], 0
        while True:
            answer = client.get(f"/api/contributions/{ids[7]}/related?limit=25&start={start}").json()
            found += answer["related"]
            start = answer["next"]
            if not start:
                break
        assert [one["contribution"] for one in found] == [one for one in ids if one != ids[7]]
        assert {one["values"] for one in found} == {100}


def test_pages_show_and_decide(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    with visitor(made) as key:
        key.headers.update(made.own_key(made.provider))
        ids = [contributed(key, f"c2.page.example\nx{n}.example") for n in range(3)]
    made.hub.settle()
    with browser(made, made.provider) as client:
        listed = client.get("/clusters").text
        assert f"/clusters/{ids[0]}" in listed and "3 reports" in listed
        shown = client.get(f"/clusters/{ids[2]}").text
        assert "Hangs at this report" in shown and "c2[.]page[.]example" in shown
        token = re.search(r'name="csrf" value="([^"]+)"', shown)
        assert token is not None
        said = client.post(f"/clusters/{ids[0]}", data={
            "csrf": token[1], "does": "name", "name": "Page Storm", "reason": "It is."})  # fmt: skip
        assert said.status_code == 303 and "Page Storm" in client.get("/clusters").text
        assert client.post(f"/clusters/{ids[0]}", data={"csrf": token[1], "does": "x"}).status_code == 400
