"""The workbench's pages over HTTP: triage in bulk, undo, the hand-over, what one's own browser keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import DAY, MINUTE, ManualClock, parse_instant
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, browser, make_hub, visitor

START = parse_instant("2026-11-22T08:00:00Z")
EVIL = "observable:domain-name:evil.example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    hub = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield hub
    hub.hub.close()


def tell(made: MadeHub, org: str, *values: str, tlp: Tlp = Tlp.GREEN) -> None:
    """Let an organisation contribute values."""
    viewer = made.hub.members.operator_viewer(org)
    assert viewer is not None
    body = "value,type\n" + "".join(f"{value},domain\n" for value in values)
    made.hub.intake.accept(viewer, body.encode(), "text/csv", Terms(tlp, ()))
    made.hub.settle()


def token(client: Any, path: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def test_triage_in_bulk_undone_and_handed_over(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example", "other.example")
    with browser(made, made.provider) as client:
        page = client.get("/triage")
        assert page.status_code == 200 and "evil[.]example" in page.text and "New: first named" in page.text
        csrf = token(client, "/triage")
        keys = [EVIL, "observable:domain-name:other.example"]
        missing = client.post("/triage/act", data={"csrf": csrf, "act": "dismiss", "key": keys, "said": ""})
        assert missing.status_code == 400 and "Say why" in missing.text
        done = client.post("/triage/act", data={"csrf": csrf, "act": "dismiss", "key": keys, "said": "ours"})
        assert done.status_code == 303, done.text
        page = client.get("/triage")
        assert "evil[.]example" not in page.text and "You dismissed" in page.text
        which = re.search(r'name="which" value="([^"]+)"', page.text)
        assert which is not None
        assert client.post("/triage/undo", data={"csrf": csrf, "which": which[1]}).status_code == 303
        assert "evil[.]example" in client.get("/triage").text
        asleep = client.post("/triage/act", data={"csrf": csrf, "act": "snooze", "key": EVIL, "until": "7"})
        assert asleep.status_code == 303
        assert "29 Nov 2026" in client.get("/triage?show=snoozed").text
        assert client.post("/triage/hand-over", data={"csrf": csrf, "note": "Look at parcels"}).status_code == 303
        assert "Look at parcels" in client.get("/triage").text


def test_what_is_new_is_known_to_the_browser_alone(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example")
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    with browser(made, made.provider) as client:
        assert "since your last visit" not in client.get("/triage").text
        clock.advance(40 * MINUTE)
        tell(made, made.ministry.org, "other.example")
        for _ in range(2):
            page = client.get("/triage").text
            assert "1 is new since your last visit" in page
            clock.advance(MINUTE)
        client.cookies.set("fc_visit", "nonsense", path="/triage")
    vault = made.hub.databases["vault"]
    with vault.read() as connection:
        seen = connection.rows("SELECT created, expires FROM members_vault_session")
    assert all(created % DAY == 0 for created, _ in seen)


def test_only_the_cell_has_a_queue(made: MadeHub) -> None:
    with browser(made, made.approver) as client:
        assert client.get("/triage").status_code == 403
        assert 'href="/triage"' not in client.get("/").text
    with visitor(made) as client:
        assert client.get("/triage").status_code == 303


def test_a_graph_is_drawn_opened_and_read_without_a_script(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example", "other.example")
    with browser(made, made.provider) as client:
        csrf = token(client, "/triage")
        led = client.post("/graph/draw", data={"csrf": csrf, "key": [EVIL]})
        assert led.status_code == 303
        page = client.get(led.headers["location"]).text
        assert "<svg" in page and "evil[.]example" in page and "other[.]example" not in page
        further = re.search(r'href="(/graph\?[^"]+opened=[^"]+)"', page)
        assert further is not None
        opened = client.get(further[1].replace("&amp;", "&").partition("#")[0]).text
        assert "other[.]example" in opened
        assert client.get("/graph?q=evil%5B.%5Dexample").text.count("evil[.]example") > 1
    with visitor(made) as client:
        page = client.get(f"/graph?start={EVIL}").text
        assert "Nothing that you may see names" in page and "<svg viewBox=\"0 0 702" not in page
