"""The pages and doors of entities and of the ATT&CK matrix, as a person and a machine use them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, browser, make_hub, visitor

APT29, MITRE = "b2056ff0-00b9-482e-b11c-c771daa5f28a", "899ce53f-13a0-479b-a0e4-67d46e241542"
TEXT = """Wave of mails on Tuesday: T1566.001 and T1059 seen; the loader calls itself UnheardLoader. CVE-2024-3400
was tried. The operators are Cloaked Ursa, says the vendor. 192.0.2.44"""


@pytest.fixture
def made(tmp_path: Path) -> Any:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(parse_instant("2026-11-20T09:00:00Z")))
    yield hub
    hub.hub.close()


def give(made: MadeHub, body: bytes, media: str = "text/plain", tlp: Tlp = Tlp.GREEN, org: str = "") -> str:
    viewer = made.hub.members.operator_viewer(org or made.provider.org)
    assert viewer is not None
    given = made.hub.intake.accept(viewer, body, media, Terms(tlp)).contribution
    made.hub.settle()
    return given


def event(*tags: str) -> bytes:
    return json.dumps({"Event": {
        "uuid": "5a0c0000-1111-4000-8000-000000000001", "info": "Tuesday", "date": "2026-11-19",
        "timestamp": "1795000000", "Tag": [{"name": tag} for tag in tags],
        "Attribute": [{"uuid": "5a0c0000-2222-4000-8000-000000000001", "type": "domain", "value": "evil.example",
                       "category": "Network activity", "to_ids": True, "timestamp": "1795000000"}],
    }}).encode()  # fmt: skip


def test_a_person_finds_an_actor_reads_its_page_and_links_it(made: MadeHub) -> None:
    give(made, event('misp-galaxy:threat-actor="APT29"'), "application/json")
    give(made, TEXT.encode())
    with browser(made, made.provider) as page:
        listed = page.get("/entities").text
        assert "APT29" in listed
        found = page.get("/entities", params={"q": "cozy bear"}).text
        assert found.count("APT29") >= 2
        shown = page.get(f"/entities/{APT29}").text
        assert "Tuesday" in shown
        assert "evil[.]example" in shown
        assert "by a tag" in shown
        assert "in its text" in shown, "Cloaked Ursa is a name of its alone"
        token = shown.partition('name="csrf" value="')[2].partition('"')[0]
        fields = {"csrf": token, "other": MITRE, "says": "same", "reason": "Same names, same tools.", "tlp": "GREEN"}
        assert page.post(f"/entities/{APT29}/link", data=fields).status_code == 303
        shown = page.get(f"/entities/{MITRE}").text
        assert "Same names, same tools." in shown
        undo = shown.partition('action="/entities/links/')[2].partition('"')[0]
        taken = page.post(f"/entities/links/{undo}", data={"csrf": token, "back": MITRE, "reason": "No."})
        assert taken.headers["location"] == f"/entities/{MITRE}"
        assert "Taken back" in page.get(f"/entities/{MITRE}").text


def test_techniques_go_by_their_names_everywhere(made: MadeHub) -> None:
    give(made, event('misp-galaxy:mitre-attack-pattern="Spearphishing Attachment - T1566.001"', "T1059"),
         "application/json")  # fmt: skip
    with browser(made, made.provider) as page:
        for path in ("/", "/observables/domain-name/evil.example"):
            text = page.get(path).text
            assert "Phishing: Spearphishing Attachment (T1566.001)" in text, path
            assert "Command and Scripting Interpreter (T1059)" in text, path
        assert "Phishing: Spearphishing Attachment" in page.get("/entities/T1566.001").text


def test_the_matrix_counts_what_one_sees_and_leaves_as_a_layer(made: MadeHub) -> None:
    give(made, event("T1566.001", "T1059"), "application/json")
    give(made, b"T1059 again, in an own list", tlp=Tlp.AMBER_STRICT, org=made.ministry.org)
    key = {"authorization": f"Bearer {made.provider.key}"}
    with browser(made, made.provider) as page:
        shown = page.get("/matrix").text
        assert 'href="/entities/T1059"' in shown
        assert "2 of" in shown
        assert '<h3>Initial access <span class="note">1/' in shown, "a sub-technique names its technique"
        assert len(gzip.compress(shown.encode())) < 24_000
        assert "2 of" not in page.get("/matrix", params={"sector": "government"}).text
        token = shown.partition('name="csrf" value="')[2].partition('"')[0]
        own = {"name": "Our sensors", "domain": "enterprise-attack", "versions": {"layer": "4.5"},
               "techniques": [{"techniqueID": "T1566.001", "score": 50}, {"techniqueID": "T1003", "score": 10},
                              {"techniqueID": "T1059", "score": 0}]}  # fmt: skip
        files = {"layer": ("layer.json", json.dumps(own).encode(), "application/json")}
        compared = page.post("/matrix", data={"csrf": token}, files=files)
        assert compared.status_code == 200
        assert "Our sensors" in compared.text
        wrong = page.post("/matrix", data={"csrf": token}, files={"layer": ("x", b"{}", "application/json")})
        assert wrong.status_code == 400
        assert "export it again" in wrong.text
    with visitor(made) as machine:
        layer = machine.get("/api/matrix/layer", headers=key).json()
        assert layer["versions"]["layer"] == "4.5"
        assert layer["domain"] == "enterprise-attack"
        rows = {row["techniqueID"]: row["score"] for row in layer["techniques"]}
        assert rows == {"T1059": 1, "T1566.001": 1}
        answer = machine.post("/api/matrix/compare", headers=key, json=own).json()
        assert [row["technique"] for row in answer["gap"]] == ["T1059"]
        assert [row["technique"] for row in answer["both"]] == ["T1566.001"]
        assert [row["technique"] for row in answer["quiet"]] == ["T1003"]
        assert machine.post("/api/matrix/compare", headers=key, json=layer).json()["gap"] == [], "out and in again"


def test_the_api_tells_the_same_and_refuses_what_it_does_not_know(made: MadeHub) -> None:
    give(made, event('misp-galaxy:threat-actor="APT29"'), "application/json")
    key = {"authorization": f"Bearer {made.provider.key}"}
    with visitor(made) as machine:
        listed = machine.get("/api/entities", params={"kind": "actor"}, headers=key).json()
        assert [(row["id"], row["seen"]["contributions"]) for row in listed["entities"]] == [(APT29, 1)]
        one = machine.get(f"/api/entities/{APT29}", headers=key).json()
        assert one["observables"] == [{"type": "domain-name", "value": "evil.example"}]
        assert any(each["id"] == MITRE and each["strength"] == "strong" for each in one["suggestions"])
        assert machine.get("/api/entities/G0016", headers=key).json()["id"] == MITRE
        assert machine.get("/api/entities", params={"colour": "red"}, headers=key).status_code == 400
        assert machine.get("/api/entities/nothing", headers=key).status_code == 404
        assert machine.get("/api/entities").json()["entities"] == [], "a visitor sees nothing of it"
