"""Hit counts at the hub: who may report what, once; who sees which counts; what is released and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient

from edges import Isp, add_isp
from fusioncell.kernel.clock import DAY, HOUR, MINUTE, ManualClock, parse_instant
from fusioncell.shield.hits.model import ENOUGH, NOT_TAKEN, K, Row
from fusioncell.shield.hits.reckon import is_taken, pace, release, spells
from fusioncell.shield.subscribers.model import Step
from hubs import MadeHub, browser, make_hub, visitor

START = parse_instant("2026-11-02T09:30:00Z")
BAD = "login-parcel.example"


@dataclass
class World:
    """A hub with a published block and some ISPs."""

    made: MadeHub
    clock: ManualClock
    client: TestClient[Any]
    isps: list[Isp]
    decision: str

    def settle(self) -> None:
        self.made.hub.settle()

    def send(self, isp: Isp, hour: int, rows: list[dict[str, Any]], **more: Any) -> Any:
        body = {"subscriber": isp.subscriber, "hour": hour, "k": K, "rows": rows, **more}
        answer = self.client.post("/api/shield/hits", json=body, headers=isp.header)
        self.settle()
        return answer

    def impact(self, header: dict[str, str], days: int = 7) -> dict[str, Any]:
        answer = self.client.get("/api/shield/impact", params={"days": days}, headers=header)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def world(folder: Path, count: int = 1) -> Iterator[World]:
    """Open one."""
    clock = ManualClock(START)
    made = make_hub(folder, clock=clock)
    hub = made.hub
    try:
        with visitor(made) as client:
            client.headers["accept"] = "application/json"
            csv = f"domain,tags\n{BAD},phishing\n".encode()
            answer = client.post("/api/contributions", content=csv, params={"tlp": "green"},
                                 headers={"Authorization": f"Bearer {made.provider.key}", "content-type": "text/csv"})
            assert answer.status_code == 202, answer.text
            clock.advance(12 * MINUTE)
            hub.settle()
            operator = {"Authorization": f"Bearer {made.ministry.key}"}
            answer = client.post("/api/shield/decisions", headers=operator,
                                 json={"name": BAD, "category": "phishing", "reason": "seen by us"})
            assert answer.status_code == 202, answer.text
            hub.settle()
            decision = answer.json()["decision"]
            answer = client.post(f"/api/shield/decisions/{decision}/approve", headers=made.own_key(made.approver),
                                 params={"reason": "proportionate"})
            assert answer.status_code == 202, answer.text
            hub.settle()
            isps = [add_isp(made, f"ISP {number}") for number in range(count)]
            yield World(made, clock, client, isps, decision)
    finally:
        hub.close()


def _hour(world: World) -> int:
    now = world.clock.now()
    return now - now % HOUR


def test_a_report_is_taken_once_and_good_rows_alone(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        isp, hour = w.isps[0], _hour(w)
        assert w.send(isp, hour, []).status_code == 400, "the hour is not over"
        w.clock.advance(HOUR)
        rows = [{"name": BAD, "blocked": 40, "shadow": 0}, {"name": "never-listed.example", "blocked": 40, "shadow": 0},
                {"name": "other.example", "blocked": K - 1, "shadow": 0}]
        answer = w.send(isp, hour, rows)
        assert answer.status_code == 202 and answer.json()["kept"] == 1
        refused = answer.json()["refused"]
        assert [one["place"] for one in refused] == ["rows[1]", "rows[2]"]
        assert {one["detail"] for one in refused} == {NOT_TAKEN}, "unlisted and too small are told alike"
        assert w.send(isp, hour, rows).json()["status"] == "known"
        changed = w.send(isp, hour, [{"name": BAD, "blocked": 41, "shadow": 0}])
        assert changed.status_code == 409, "a second version would give a small count away by its difference"
        told = w.impact(isp.header)["reported"]
        assert told["blocked"] == 40 and told["decisions"] == [{"decision": w.decision, "blocked": 40, "shadow": 0}]


@pytest.mark.parametrize(("change", "status"), [
    ({"k": K - 1}, 400), ({"hour": START // HOUR * HOUR + 1}, 400), ({"hour": START // HOUR * HOUR - 20 * DAY}, 400),
    ({"hour": START // HOUR * HOUR + 5 * HOUR}, 400), ({"subscriber": "nobody"}, 404), ({"client": "192.0.2.1"}, 400),
    ({"rows": [{"name": BAD, "blocked": K, "client": "192.0.2.1"}]}, 400),
    ({"rows": [{"name": BAD, "blocked": -1}]}, 400),
])  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path: Path, change: dict[str, Any], status: int) -> None:
    with world(tmp_path) as w:
        hour = _hour(w)
        w.clock.advance(HOUR)
        more = dict(change)
        answer = w.send(w.isps[0], more.pop("hour", hour), more.pop("rows", []), **more)
        assert answer.status_code == status, answer.text
        assert "192.0.2.1" not in answer.text


def test_a_report_for_another_organisations_resolver_is_as_for_none(tmp_path: Path) -> None:
    with world(tmp_path, 2) as w:
        one, other = w.isps
        hour = _hour(w)
        w.clock.advance(HOUR)
        stolen = w.send(Isp(one.org, other.subscriber, one.header), hour, [])
        missing = w.send(Isp(one.org, "nobody", one.header), hour, [])
        assert stolen.status_code == missing.status_code == 404 and stolen.json() == missing.json()
        member = w.client.post("/api/shield/hits", headers={"Authorization": f"Bearer {w.made.provider.key}"},
                               json={"subscriber": one.subscriber, "hour": hour, "k": K, "rows": []})
        assert member.status_code == 403


def test_counts_are_seen_by_their_organisation_and_operators_and_sums_by_all_once_enough_reported(
    tmp_path: Path,
) -> None:
    with world(tmp_path, ENOUGH) as w:
        hour = _hour(w)
        w.clock.advance(HOUR)
        member = {"Authorization": f"Bearer {w.made.provider.key}"}
        operator = {"Authorization": f"Bearer {w.made.ministry.key}"}
        for number, isp in enumerate(w.isps):
            assert w.send(isp, hour, [{"name": BAD, "blocked": 20 + number, "shadow": 0}]).status_code == 202
        w.made.hub.shielding.act()
        w.settle()
        assert [w.impact(isp.header)["reported"]["blocked"] for isp in w.isps] == [20, 21, 22]
        assert w.impact(member)["reported"]["blocked"] == 0 and w.impact(member)["released"]["blocked"] == 0
        assert w.impact(operator)["reported"]["blocked"] == 63, "who operates the hub reads all reports"
        w.clock.advance(2 * HOUR)
        w.made.hub.shielding.act()
        w.settle()
        released = w.impact(member)["released"]
        assert released["blocked"] == 63 and released["decisions"][0]["blocked"] == 63
        assert w.made.hub.shielding.act() == 0, "an hour is released once"
        found = w.client.get(f"/api/shield/decisions/{BAD}/hits", headers=member).json()
        assert found["released"]["blocked"] == 63 and found["reported"]["blocked"] == 0
        assert found["report_to_block_minutes"] == 12.0
        own = w.client.get(f"/api/shield/decisions/{BAD}/hits", headers=w.isps[0].header).json()
        assert own["carried_by"] == own["subscribers"] == 1
        lines = w.client.get("/api/shield/impact/csv", headers=member).text.splitlines()
        assert lines[1].split(",")[1] == BAD and lines[1].split(",")[7:] == ["63", "0", "0", "0"]


def test_too_few_reports_are_released_to_nobody(tmp_path: Path) -> None:
    with world(tmp_path, ENOUGH - 1) as w:
        hour = _hour(w)
        w.clock.advance(HOUR)
        for isp in w.isps:
            w.send(isp, hour, [{"name": BAD, "blocked": 99, "shadow": 0}])
        w.clock.advance(5 * HOUR)
        w.made.hub.shielding.act()
        w.settle()
        assert w.impact(w.isps[0].header)["released"]["blocked"] == 0


def test_shadow_is_never_counted_as_protection(tmp_path: Path) -> None:
    with world(tmp_path, 0) as w:
        isp, hour = add_isp(w.made, "Shadow ISP", Step.SHADOW), _hour(w)
        w.clock.advance(HOUR)
        w.send(isp, hour, [{"name": BAD, "blocked": 30, "shadow": 12}])
        told = w.impact(isp.header)["reported"]
        assert (told["blocked"], told["shadow"]) == (0, 42)


def test_an_override_is_a_claim_that_the_name_is_benign_until_it_ends(tmp_path: Path) -> None:
    with world(tmp_path, 2) as w:
        isp, other = w.isps

        def send(*names: str) -> dict[str, Any]:
            answer = w.client.post("/api/shield/overrides", headers=isp.header,
                                   json={"subscriber": isp.subscriber, "names": list(names)})
            assert answer.status_code == 202, answer.text
            w.settle()
            found: dict[str, Any] = answer.json()
            return found

        def claims(header: dict[str, str]) -> list[str]:
            found = w.client.get(f"/api/observables/domain-name/{BAD}", headers=header).json()
            return [one["stance"] for one in found["explanation"]["origins"]]

        assert send(BAD, "our-own-shop.example") == {"status": "accepted", "added": 1, "ended": 0}
        assert send(BAD)["added"] == 0
        assert "benign" in claims(isp.header) and "benign" not in claims(other.header)
        operator = {"Authorization": f"Bearer {w.made.ministry.key}"}
        assert w.impact(operator)["overridden"] == 1 and w.impact(other.header)["overridden"] == 0
        assert send() == {"status": "accepted", "added": 0, "ended": 1}
        assert "benign" not in claims(isp.header), "the claim is withdrawn with the override"
        assert w.impact(operator)["overridden"] == 0
        kept = b"".join(file.read_bytes() for file in tmp_path.glob("*.db*"))
        assert b"our-own-shop" not in kept, "a name that is not blocked is the ISP's own affair"


def test_headline_figures(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        member = {"Authorization": f"Bearer {w.made.provider.key}"}
        found = w.impact(member)
        assert found["report_to_block_minutes"] == {"count": 1, "median": 12.0, "p95": 12.0}
        assert (found["published"], found["lifted_as_wrong"], found["false_positive_rate"]) == (1, 0, 0.0)
        answer = w.client.post(f"/api/shield/decisions/{BAD}/withdraw", headers=w.made.own_key(w.made.approver),
                               params={"reason": "wrong"})
        assert answer.status_code == 202, answer.text
        w.settle()
        found = w.impact(member)
        assert (found["published"], found["lifted_as_wrong"], found["false_positive_rate"]) == (1, 1, 1.0)


def test_a_name_that_was_lifted_long_before_the_hour_is_not_taken(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.client.post(f"/api/shield/decisions/{BAD}/withdraw", headers=w.made.own_key(w.made.approver),
                      params={"reason": "wrong"})
        w.settle()
        first = _hour(w)
        w.clock.advance(3 * HOUR)
        row = {"name": BAD, "blocked": 50, "shadow": 0}
        assert w.send(w.isps[0], first, [row]).json()["kept"] == 1, "within its own hour it was listed"
        assert w.send(w.isps[0], first + 2 * HOUR, [row]).json()["kept"] == 0


def test_another_isps_report_changes_nothing_that_one_gets(tmp_path: Path) -> None:
    """Non-interference, byte for byte: until sums are released, another's reports and overrides are as if not there."""
    with world(tmp_path, 2) as w:
        one, other = w.isps
        hour = _hour(w)
        w.clock.advance(HOUR)
        w.send(one, hour, [{"name": BAD, "blocked": 20, "shadow": 0}])
        viewers = (one.header, {"Authorization": f"Bearer {w.made.provider.key}"})

        def seen() -> list[tuple[int, bytes]]:
            paths = ("/api/shield/impact?days=7", "/api/shield/impact?days=90", "/api/shield/impact/csv?days=7",
                     f"/api/shield/decisions/{BAD}/hits", f"/api/shield/decisions/{BAD}",
                     f"/api/observables/domain-name/{BAD}", "/api/shield/decisions")  # fmt: skip
            answers = [w.client.get(path, headers=header) for header in viewers for path in paths]
            assert {answer.status_code for answer in answers} == {200}
            return [(answer.status_code, answer.content) for answer in answers]

        before = seen()
        assert w.send(other, hour, [{"name": BAD, "blocked": 777, "shadow": 0}]).json()["kept"] == 1
        answer = w.client.post("/api/shield/overrides", headers=other.header,
                               json={"subscriber": other.subscriber, "names": [BAD]})
        assert answer.json()["added"] == 1
        w.settle()
        w.made.hub.shielding.hit_counts.act()
        w.settle()
        assert seen() == before
        assert w.send(one, hour, [{"name": BAD, "blocked": 20, "shadow": 0}]).json()["status"] == "known"


def test_the_page_and_a_decisions_panel_show_what_the_viewer_may_see(tmp_path: Path) -> None:
    with world(tmp_path, ENOUGH) as w:
        hour = _hour(w)
        w.clock.advance(HOUR)
        for isp in w.isps:
            w.send(isp, hour, [{"name": BAD, "blocked": 1207, "shadow": 0}])
        w.clock.advance(2 * HOUR + MINUTE)
        w.made.hub.shielding.act()
        w.settle()
        with browser(w.made, w.made.ministry) as client:
            page = client.get("/shield/impact").text
            assert "3,621" in page and "login-parcel[.]example" in page and "<dd>12 minutes</dd>" in page
            assert "3,621" in client.get(f"/shield/{w.decision}").text
            assert client.get("/shield/impact?days=400").status_code == 400
        with visitor(w.made) as client:
            assert client.get("/shield/impact").status_code == 303


def test_metrics_tell_operators(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        hour = _hour(w)
        w.clock.advance(HOUR)
        w.send(w.isps[0], hour, [{"name": BAD, "blocked": 33, "shadow": 11}])
        text = w.client.get("/metrics", headers={"Authorization": f"Bearer {w.made.ministry.key}"}).text
        assert "\nfusioncell_shield_blocked_week 33\n" in text and "\nfusioncell_shield_shadow_week 11\n" in text
        assert "\nfusioncell_shield_report_to_block_median_minutes 12.0\n" in text
        assert w.client.get("/metrics", headers=w.isps[0].header).status_code == 403


# -- pure -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 30))
def test_a_row_is_taken_if_no_count_of_it_is_small(blocked: int, shadow: int, k: int) -> None:
    least = max(k, K)
    fine = all(count == 0 or count >= least for count in (blocked, shadow)) and blocked + shadow > 0
    assert is_taken(Row("a.example", blocked, shadow), k) is fine


LINES = st.lists(st.tuples(st.sampled_from("ABCDE"), st.sampled_from(["", "d1", "d2", "d3"]),
                           st.integers(K, 60), st.integers(K, 60)), max_size=20,
                 unique_by=lambda line: line[:2])  # fmt: skip


@given(LINES)
def test_no_release_is_of_fewer_organisations_than_enough(lines: list[tuple[str, str, int, int]]) -> None:
    """Neither a line nor the totals less any lines is a sum of fewer than ENOUGH organisations' counts."""
    rows = [(org, one, blocked if one else 0, shadow if one else 0) for org, one, blocked, shadow in lines]
    made = release(0, rows)
    orgs = {org for org, *_ in rows}
    if len(orgs) < ENOUGH:
        assert made is None
        return
    assert made is not None and made.organisations == len(orgs)
    for line in made.lines:
        who = {org for org, one, *_ in rows if one == line.decision}
        assert len(who) == line.organisations >= ENOUGH
        assert line.blocked == sum(row[2] for row in rows if row[1] == line.decision)
    told = {line.decision for line in made.lines}
    rest = [row for row in rows if row[1] and row[1] not in told]
    hidden = made.blocked - sum(line.blocked for line in made.lines)
    assert hidden == 0 or (hidden == sum(row[2] for row in rest) and len({row[0] for row in rest}) >= ENOUGH)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_median_and_ninety_fifth_of_waits(waits: list[int]) -> None:
    found = pace(waits)
    assert found.median is not None and found.p95 is not None and found.count == len(waits)
    assert sum(wait <= found.p95 for wait in waits) * 100 >= 95 * len(waits)
    assert sum(wait < found.p95 for wait in waits) * 100 < 95 * len(waits)
    assert found.median == int(median(waits))
    assert pace([]).median is None


@given(st.lists(st.tuples(st.integers(0, 9 * DAY // HOUR).map(lambda n: n * HOUR), st.integers(0, 50),
                          st.integers(0, 50)), max_size=30), st.sampled_from([HOUR, DAY]))  # fmt: skip
def test_spells_hold_each_hour_once(rows: list[tuple[int, int, int]], step: int) -> None:
    found = spells(rows, 0, 10 * DAY, step)
    assert sum(one.blocked for one in found) == sum(row[1] for row in rows)
    assert [one.begins for one in found] == list(range(0, 10 * DAY, step))
