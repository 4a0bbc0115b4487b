"""The pages of the shield's rules: guarded names by two people, the policy, standing approvals, holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from fusioncell.shield.charter import FIRST, policy_text
from hubs import MadeHub, Party, browser, make_hub

START = parse_instant("2026-06-01T12:00:00Z")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def officer(made: MadeHub, name: str) -> Party:
    who = made.hub.members.add_person(made.ministry.org, name, f"{name}@works.example", ["officer"])
    return Party(made.ministry.org, who.id, "")


def send(client: Any, page: str, action: str, **fields: str) -> Any:
    """Send a form of a page."""
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(action, data={"csrf": token.group(1), **fields})


def propose(made: MadeHub, name: str) -> str:
    viewer = made.hub.members.viewer_of(f"person:{made.provider.person}")
    assert viewer is not None
    decision = made.hub.shield.propose(viewer, name, "phishing", "seen")
    made.hub.settle()
    return f"/shield/{decision}"


def test_two_people_approve_a_guarded_name_and_see_what_hangs_on_it(made: MadeHub) -> None:
    viewer = made.hub.members.viewer_of(f"person:{made.provider.person}")
    assert viewer is not None
    body = b"domain,ip\na.tax.gov.uk,192.0.2.7\ntax.gov.uk,198.51.100.9\nneighbour.example,198.51.100.9\n"
    made.hub.intake.accept(viewer, body, "text/csv", Terms(tlp=Tlp.GREEN))
    address = propose(made, "tax.gov.uk")
    with ExitStack() as stack:
        eve = stack.enter_context(browser(made, made.approver))
        shown = eve.get(address).text
        assert "What a block would take with it" in shown
        assert "a[.]tax[.]gov[.]uk" in shown and "neighbour[.]example" in shown
        assert "public bodies" in shown or "government" in shown
        assert "0 of 2 approvals so far" in shown
        assert send(eve, address, f"{address}/approve").status_code == 409
        assert send(eve, address, f"{address}/approve", reason="all of it").status_code == 303
        after = eve.get(address).text
        assert "Kept. Another person has to approve it, too." in after and "1 of 2 approvals so far" in after
        ada = stack.enter_context(browser(made, made.ministry))
        assert send(ada, address, f"{address}/approve", reason="I looked").status_code == 303
        assert "Approved and published" in ada.get(address).text
    assert made.hub.shield.zone.image().count == 1


def test_what_hangs_on_a_name_is_shown_by_ones_own_sight(made: MadeHub) -> None:
    other = made.hub.members.operator_viewer(made.ministry.org)
    assert other is not None
    made.hub.intake.accept(other, b"domain\nsecret.shop.example\n", "text/csv", Terms(tlp=Tlp.AMBER_STRICT))
    address = propose(made, "shop.example")
    with browser(made, made.approver) as eve:
        assert "secret" not in eve.get(address).text
    with browser(made, made.ministry) as ada:
        assert "secret[.]shop[.]example" in ada.get(address).text


def test_the_policy_is_approved_on_its_page(made: MadeHub) -> None:
    second = msgspec.structs.replace(FIRST, number=2, title="Shorter", usual_days=20)
    viewer = made.hub.members.viewer_of(f"person:{made.approver.person}")
    assert viewer is not None
    change = made.hub.shield.charter.propose(viewer, policy_text(second), "too long")
    made.hub.settle()
    for party in (made.approver, made.ministry):
        with browser(made, party) as client:
            assert "Shorter" in client.get("/shield/policy").text
            done = send(client, "/shield/policy", f"/shield/policy/changes/{change}/approve")
            assert done.status_code == 303
            assert send(client, "/shield", f"/shield/policy/changes/{change}/approve").status_code == 409
    assert made.hub.shield.charter.in_force() == second
    with browser(made, made.provider) as jon:
        assert "Policy 2: Shorter" in jon.get("/shield/policy").text


def test_a_standing_approval_is_made_signed_and_stopped_on_its_page(made: MadeHub) -> None:
    fields = {"title": "Feeds", "category": "phishing", "probability": "0.9", "origins": "2", "daily_cap": "50",
              "days": "30"}  # fmt: skip
    with browser(made, made.approver) as eve:
        for wrong in ({"title": ""}, {"origins": "one"}, {"origins": "1"}, {"category": "libel"}, {"days": "999"}):
            assert send(eve, "/shield/standing", "/shield/standing", **{**fields, **wrong}).status_code == 400
        assert send(eve, "/shield/standing", "/shield/standing", **fields).status_code == 303
        found = eve.get("/shield/standing").text
        assert "Waits for a second signature" in found and "Sign as the second" not in found
    with browser(made, made.ministry) as ada:
        sign = re.search(r'action="(/shield/standing/[^"]+/sign)"', ada.get("/shield/standing").text)
        assert sign is not None
        assert send(ada, "/shield/standing", sign.group(1)).status_code == 303
        stop = sign.group(1).replace("/sign", "/stop")
        assert send(ada, "/shield/standing", stop, reason="").status_code == 400
        assert send(ada, "/shield/standing", stop, reason="enough").status_code == 303
        assert "Why it stopped" in ada.get("/shield/standing").text
    with browser(made, made.provider) as jon:
        assert jon.get("/shield/standing").status_code == 403


def test_officers_hold_a_name_on_their_page(made: MadeHub) -> None:
    odd, pia = officer(made, "Odd"), officer(made, "Pia")
    with browser(made, odd) as client:
        for wrong in ({"name": "no name"}, {"reason": " "}, {"days": "99"}, {"days": "x"}):
            fields = {"name": "watched.example", "reason": "case 12", "days": "3", **wrong}
            assert send(client, "/shield/holds", "/shield/holds", **fields).status_code == 400
        done = send(client, "/shield/holds", "/shield/holds", name="watched.example", reason="case 12", days="3")
        assert done.status_code == 303
        assert "/confirm" not in client.get("/shield/holds").text
    with browser(made, pia) as client:
        confirm = re.search(r'action="(/shield/holds/[^"]+/confirm)"', client.get("/shield/holds").text)
        assert confirm is not None
        assert send(client, "/shield/holds", confirm.group(1)).status_code == 303
        assert "held; ends" in client.get("/shield/holds").text
    address = propose(made, "watched.example")
    with browser(made, made.approver) as eve:
        assert eve.get("/shield/holds").status_code == 403
        told = send(eve, address, f"{address}/approve")
        assert told.status_code == 409 and "Call the duty officer" in told.text and "case 12" not in told.text
    with browser(made, pia) as client:
        assert send(client, "/shield/holds", confirm.group(1).replace("confirm", "lift")).status_code == 303
