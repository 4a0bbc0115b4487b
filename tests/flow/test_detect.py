"""Detection exports end to end: what a member's tools are given, what never leaves, and what a recall does."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.exchange.detect import FORMATS
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.fusion.model import Standing
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, ManualClock
from fusioncell.kernel.marking import Tlp, Uses, Viewer
from fusioncell.web.app import make_app

START = 1_790_000_000_000_000


class World:
    """A hub with three organisations, a clock of its own, and a client without pages."""

    def __init__(self, folder: Path) -> None:
        Folder(folder).make("hub")
        self.folder, self.clock = folder, ManualClock(START)
        self.open()
        members = self.hub.members
        self.orgs = {name: members.add_organisation(name, "test", "industry").id for name in ("Ash", "Birch", "Cedar")}
        self.keys = {name: members.make_key(org, role="lead")[1].reveal() for name, org in self.orgs.items()}
        self.plain = members.make_key(self.orgs["Ash"], role="reader")[1].reveal()
        self.hub.settle()

    def open(self) -> None:
        settings = read_settings(data=str(self.folder), public_url="https://hub.example")
        self.hub: Hub = open_hub(self.folder, settings, clock=self.clock, known_good=KnownGood.nothing())
        self.client: TestClient[Any] = TestClient(make_app(self.hub), raise_server_exceptions=False)

    def reopen(self) -> None:
        """Stop the hub and start it again: what stood in memory is gone."""
        self.hub.close()
        self.open()

    def viewer(self, name: str) -> Viewer:
        found = self.hub.members.operator_viewer(self.orgs[name])
        assert found is not None
        return found

    def says(self, name: str, body: str | dict[str, Any], tlp: Tlp = Tlp.GREEN, uses: Uses | None = None) -> str:
        media, raw = ("text/csv", body) if isinstance(body, str) else ("application/json", json.dumps(body))
        done = self.hub.intake.accept(self.viewer(name), raw.encode(), media, Terms(tlp, uses=uses))
        self.hub.settle()
        return done.contribution

    def recalls(self, name: str, contribution: str) -> None:
        self.hub.intake.recall(self.viewer(name), contribution)
        self.hub.settle()

    def get(self, path: str, name: str = "Ash", *, etag: str = "", key: str = "", **asked: Any) -> Any:
        key = key or self.keys.get(name, "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if etag:
            headers["If-None-Match"] = etag
        return self.client.get(f"/api/feeds{path}", params=asked or None, headers=headers)

    def values(self, name: str = "Ash", **asked: Any) -> list[str]:
        answer = self.get("/list", name, **asked)
        assert answer.status_code == 200, answer.text
        lines: list[str] = answer.text.splitlines()
        return lines


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.hub.close()


def table(*values: str, verdict: str = "malicious") -> str:
    return "\n".join(["value,verdict", *(f"{value},{verdict}" for value in values)])


def stix(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d", "objects": list(objects)}


def indicator(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{number:08d}-7d05-4b2f-9c3e-1d2f3a4b5c6d",
        "created": "2026-09-20T00:00:00.000Z", "modified": "2026-09-20T00:00:00.000Z", "pattern": pattern,
        "pattern_type": "stix", "valid_from": "2026-09-20T00:00:00Z", "indicator_types": ["malicious-activity"], **more,
    }  # fmt: skip


def name(number: int, value: str, **more: Any) -> dict[str, Any]:
    return indicator(number, f"[domain-name:value = '{value}']", **more)


def test_what_members_call_malicious_is_exported_in_every_form(world: World) -> None:
    world.says("Birch", stix(
        name(1, "evil.example"), indicator(2, "[ipv4-addr:value = '8.8.9.9']"),
        indicator(3, "[url:value = 'http://bad.example/a?b=c']"),
        indicator(4, "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"),
    ))  # fmt: skip
    assert world.values() == ["8.8.9.9", "evil.example", "http://bad.example/a?b=c", "d41d8cd98f00b204e9800998ecf8427e"]
    assert world.values(types="domain") == ["evil.example"]
    for form in FORMATS.values():
        answer = world.get(f"/{form.name}")
        assert answer.status_code == 200, (form.name, answer.text)
        assert answer.headers["content-type"].startswith(form.media) and answer.headers["etag"].strip('"')
        if form.types and not form.fixed:
            assert "evil.example" in answer.text or "8.8.9.9" in answer.text or form.one_type
    rows = list(csv.DictReader(io.StringIO(world.get("/csv").text)))
    assert {row["type"] for row in rows} == {"domain-name", "ipv4-addr", "url", "md5"}
    assert all(row["link"].startswith("https://hub.example/observables/") for row in rows)
    assert all(row["expires"] > "2026-09" for row in rows)


def test_mentioned_is_not_guilty_and_neither_is_what_is_known_good(world: World) -> None:
    world.says("Birch", stix({"type": "domain-name", "spec_version": "2.1", "value": "mentioned.example",
                              "id": "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"}))  # fmt: skip
    world.says("Birch", stix(name(1, "co.uk"), indicator(2, "[ipv4-addr:value = '10.0.0.1']"), name(3, "evil.example")))
    assert world.values() == ["evil.example"]


def test_each_viewer_gets_what_it_may_see_and_a_ceiling_narrows(world: World) -> None:
    world.says("Birch", stix(name(1, "own.example")), Tlp.AMBER)
    world.says("Birch", stix(name(2, "all.example")), Tlp.GREEN)
    world.says("Birch", stix(name(3, "open.example")), Tlp.CLEAR)
    assert world.values("Birch") == ["all.example", "open.example", "own.example"]
    assert world.values("Ash") == ["all.example", "open.example"]
    assert world.values("nobody") == ["open.example"]
    assert world.values("Birch", tlp="green") == ["all.example", "open.example"]
    assert world.values("Birch", tlp="clear") == ["open.example"]


def test_forms_that_block_hold_what_may_be_blocked(world: World) -> None:
    world.says("Birch", stix(name(1, "watch.example")), Tlp.GREEN, Uses.ANALYSIS)
    world.says("Birch", stix(name(2, "block.example")), Tlp.GREEN)
    assert world.values() == ["block.example", "watch.example"]
    for form in ("rpz", "hosts"):
        text = world.get(f"/{form}").text
        assert "block.example" in text and "watch.example" not in text


def test_more_origins_are_likelier_and_the_best_come_first(world: World) -> None:
    world.says("Birch", stix(name(1, "one.example"), name(2, "two.example")))
    world.says("Cedar", stix(name(3, "two.example")))
    rows = [json.loads(line) for line in world.get("/jsonl").text.splitlines()]
    assert [row["value"] for row in rows] == ["two.example", "one.example"]
    assert rows[0]["malicious"] > 0.8 > rows[1]["malicious"]
    assert world.values(min_probability=0.8) == ["two.example"] == world.values(limit=1)
    native = world.client.get("/api/observables/domain-name/two.example",
                              headers={"Authorization": f"Bearer {world.keys['Ash']}"}).json()  # fmt: skip
    assert native["malicious"] == rows[0]["malicious"]


def test_the_etag_moves_with_the_content_and_never_else(world: World) -> None:
    world.says("Birch", stix(name(1, "evil.example")))
    first = world.get("/rpz")
    serial = first.text.split("( ")[1].split()[0]
    assert world.get("/rpz").headers["etag"] == first.headers["etag"]
    world.clock.advance(3600 * 1_000_000)
    world.says("Cedar", "value\nsomething-else.example", Tlp.AMBER)
    world.reopen()
    same = world.get("/rpz", etag=first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")
    assert world.get("/rpz", etag='"other", W/' + first.headers["etag"]).status_code == 304
    world.says("Cedar", stix(name(2, "more.example")))
    moved = world.get("/rpz", etag=first.headers["etag"])
    assert moved.status_code == 200 and int(moved.text.split("( ")[1].split()[0]) == int(serial) + 1
    assert world.get("/rpz").text == moved.text


def test_a_value_leaves_on_the_day_on_which_it_expires(world: World) -> None:
    world.says("Birch", stix(name(1, "evil.example")))
    (row,) = csv.DictReader(io.StringIO(world.get("/csv").text))
    before = world.get("/csv").headers["etag"]
    world.clock.advance(44 * DAY)
    assert row["expires"] > "2026-11" and world.get("/csv").headers["etag"] == before
    world.clock.advance(4 * DAY)
    # Nobody withdrew it, and the fuse knows why it is gone.
    assert world.get("/csv").text.splitlines() == ["type,value,malicious,expires,link"]


def test_a_recall_leaves_every_form_and_the_originator_reads_who_had_it(world: World) -> None:
    said = world.says("Birch", stix(name(1, "evil.example")))
    for form in FORMATS.values():
        world.get(f"/{form.name}")
    world.recalls("Birch", said)
    for form in FORMATS.values():
        answer = world.get(f"/{form.name}")
        assert answer.status_code == 200 and "evil.example" not in answer.text, (form.name, answer.text)
    found = world.hub.receipts.receipts(world.viewer("Birch"), said)
    assert [(row.org, row.state.name) for row in found.rows if row.org == world.orgs["Ash"]] == [
        (world.orgs["Ash"], "EXPORTED")
    ]
    assert all(row.state.name == "HERE" for row in found.rows if row.org == world.orgs["Cedar"])


def test_a_newer_version_that_revokes_and_a_word_for_it_explain_themselves(world: World) -> None:
    world.says("Birch", stix(name(1, "evil.example")))
    world.says("Birch", stix(name(2, "good.example")))
    assert len(world.values()) == 2
    world.says("Birch", stix(name(1, "evil.example", modified="2026-09-21T00:00:00.000Z", revoked=True)))
    assert world.values() == ["good.example"]
    world.says("Cedar", stix(name(3, "good.example", indicator_types=["benign"])))
    assert world.values() == []


def test_sudden_emptiness_is_refused_until_someone_says_that_it_is_right(world: World) -> None:
    said = world.says("Birch", stix(*(name(n, f"evil{n}.example") for n in range(10))))
    assert len(world.values()) == 10
    # As if the projections had lost everything: no entry says so.
    with world.hub.databases["projections"].write() as connection:
        connection.run("DELETE FROM fusion_claim")
    world.reopen()
    refused = world.get("/list")
    assert refused.status_code == 503 and "application/problem+json" in refused.headers["content-type"]
    assert "10 values" in refused.json()["detail"]
    etag = refused.json()["hint"].rpartition("=")[2].rstrip(".")
    assert world.get("/list", "Cedar").status_code == 200, "who never had more is not held up"
    assert world.get("/list", key=world.plain, confirm_empty=etag).status_code == 403
    assert world.get("/list", confirm_empty="0" * 40).status_code == 400
    assert world.get("/list").status_code == 503
    assert world.get("/list", confirm_empty=etag).status_code == 200
    assert world.values() == [] and said


def test_the_fuse_holds_against_a_great_loss_and_lets_a_small_one_pass(world: World, tmp_path: Path) -> None:
    world.says("Birch", stix(*(name(n, f"evil{n}.example") for n in range(10))))
    assert len(world.values()) == 10
    for lost, status in ((3, 200), (6, 503)):
        with world.hub.databases["projections"].write() as connection:
            connection.run("DELETE FROM fusion_claim WHERE observable <= ?", (lost,))
        world.reopen()
        assert world.get("/list").status_code == (status if lost == 3 else 200)
    with world.hub.databases["projections"].write() as connection:
        connection.run("DELETE FROM fusion_claim WHERE observable <= 9")
    world.reopen()
    assert world.get("/list").status_code == 503


def test_a_recall_while_the_hub_was_down_for_the_fuse_counts_too(world: World) -> None:
    said = world.says("Birch", stix(*(name(n, f"evil{n}.example") for n in range(10))))
    assert len(world.values()) == 10
    world.recalls("Birch", said)
    world.reopen()
    assert world.values() == []


def test_what_others_recall_unseen_excuses_nothing(world: World) -> None:
    world.says("Birch", stix(*(name(n, f"evil{n}.example") for n in range(10))))
    hidden = world.says("Cedar", stix(*(name(100 + n, f"hidden{n}.example") for n in range(10))), Tlp.AMBER)
    assert len(world.values()) == 10
    world.recalls("Cedar", hidden)
    with world.hub.databases["projections"].write() as connection:
        connection.run("DELETE FROM fusion_claim")
    world.hub.feeds._tables.clear()
    assert world.get("/list").status_code == 503


def test_deltas_with_removals(world: World) -> None:
    gone = world.says("Birch", stix(name(1, "gone.example")))
    world.says("Birch", stix(name(2, "stays.example")))
    whole = world.get("/jsonl")
    version = whole.headers["etag"]
    assert whole.headers["x-feed-version"] == version.strip('"')
    world.recalls("Birch", gone)
    world.says("Birch", stix(name(3, "new.example")))
    delta = world.get("/jsonl", since=version)
    said = [json.loads(line) for line in delta.text.splitlines()]
    assert [(row["op"], row["value"]) for row in said] == [("add", "new.example"), ("remove", "gone.example")]
    assert delta.headers["x-feed-version"] == world.get("/jsonl").headers["etag"].strip('"')
    nothing = world.get("/jsonl", since=delta.headers["x-feed-version"])
    assert (nothing.status_code, nothing.text) == (200, "")
    table = world.get("/csv", since=world.get("/csv").headers["etag"])
    assert table.text.splitlines() == ["op,type,value,malicious,expires,link"]
    assert world.get("/jsonl", since="0" * 40).status_code == 410
    assert world.get("/jsonl", "Cedar", since=version).status_code == 410, "a version is its party's own"
    assert world.get("/list", since=version).status_code == 400


REFUSED = (
    "/nonsense", "/list?colour=red", "/list?types=nonsense", "/list?types=filename", "/list?min_probability=2",
    "/list?min_probability=-1", "/list?limit=-1", "/list?tlp=purple", "/hosts?types=md5", "/list?limit=x",
    "/suricata-dataset?types=domain,ip", "/yara?limit=3", "/yara?types=md5", "/list?min_probability=nan",
)  # fmt: skip


def test_what_is_not_understood_is_refused(world: World) -> None:
    for path in REFUSED:
        answer = world.get(path)
        assert answer.status_code in (400, 404) and answer.json()["detail"], (path, answer.text)


def test_rules_stand_as_contributed(world: World) -> None:
    yara = 'rule Loader {\n  strings: $a = "x\\"\u00e9"\n  condition: $a\n}'
    world.says("Birch", stix(
        indicator(1, yara, pattern_type="yara"), indicator(2, "title: T\ndetection: {}\n", pattern_type="sigma"),
        indicator(3, "rule Off { condition: true }", pattern_type="yara", revoked=True),
    ))  # fmt: skip
    event = {"Event": {"uuid": "5f6b1c9e-0000-4000-8000-000000000001", "info": "x", "date": "2026-09-20", "Attribute": [
        {"uuid": "5f6b1c9e-0000-4000-8000-00000000000a", "type": "yara", "category": "Payload delivery", "to_ids": True,
         "value": "rule FromMisp { condition: true }", "timestamp": "1758326400"},
        {"uuid": "5f6b1c9e-0000-4000-8000-00000000000b", "type": "yara", "category": "Payload delivery",
         "to_ids": False, "value": "rule Mentioned { condition: true }", "timestamp": "1758326400"},
    ]}}  # fmt: skip
    said = world.says("Cedar", event)
    text = world.get("/yara").text
    assert yara in text and "rule FromMisp { condition: true }" in text
    assert "rule Off" not in text and "rule Mentioned" not in text and text.count("// fusioncell ") == 2
    assert "title: T\ndetection: {}\n" in world.get("/sigma").text
    assert "rule" not in world.get("/yara", "nobody").text.replace("/yara", "")
    world.recalls("Cedar", said)
    assert "FromMisp" not in world.get("/yara").text and yara in world.get("/yara").text
    pytest.importorskip("yara").compile(source=world.get("/yara").text)


def test_what_goes_out_is_noted_once_for_the_same_content(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[tuple[str, int]] = []
    monkeypatch.setattr(world.hub.receipts, "exported", lambda org, what: noted.append((org, len(list(what)))))
    world.says("Birch", stix(name(1, "evil.example")))
    tag = world.get("/list").headers["etag"]
    world.get("/list", etag=tag)
    world.get("/list")
    assert noted == [(world.orgs["Ash"], 1)]
    world.says("Cedar", stix(name(2, "evil.example")))
    world.get("/list")
    assert len(noted) == 2, "the same list again, but of other items now"
    world.get("/list", "nobody")
    assert len(noted) == 2


def test_tables_are_mended_as_they_would_be_made_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[bool] = []
    made = world.hub.fusion.standing

    def standing(audiences: frozenset[int], ids: list[int] | None = None) -> Standing:
        whole.append(ids is None)
        return made(audiences, ids)

    monkeypatch.setattr(world.hub.fusion, "standing", standing)
    kept = []
    for number in range(30):
        kept.append(world.says(("Birch", "Cedar")[number % 2], stix(
            name(number, f"evil{number % 7}.example"), name(100 + number, f"other{number % 5}.example"))))  # fmt: skip
        if number % 4 == 3:
            world.recalls(("Birch", "Cedar")[(number - 2) % 2], kept[number - 2])
        assert world.get("/jsonl").status_code == 200
    assert sum(whole) == 1, "the whole was read once"
    mended = world.get("/jsonl").text
    monkeypatch.undo()
    world.hub.feeds._tables.clear()
    world.hub.feeds._bodies.clear()
    assert world.get("/jsonl").text == mended and len(mended.splitlines()) == 12


def test_the_forms_are_listed(world: World) -> None:
    said = world.get("").json()["feeds"]
    assert [one["format"] for one in said] == list(FORMATS)
