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
        assert "<svg viewBox=\"-90 0 882" in page and "evil[.]example" in page and "other[.]example" not in page
        further = re.search(r'href="(/graph\?[^"]+opened=[^"]+)"', page)
        assert further is not None
        opened = client.get(further[1].replace("&amp;", "&").partition("#")[0]).text
        assert "other[.]example" in opened
        assert client.get("/graph?q=evil%5B.%5Dexample").text.count("evil[.]example") > 1
    with visitor(made) as client:
        page = client.get(f"/graph?start={EVIL}").text
        assert "Nothing that you may see names" in page and "<svg viewBox=\"-90 0 882" not in page


def test_a_paste_becomes_a_table_and_a_file(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example")
    text = "hxxp://evil[.]example/login\nevil[.]example, 192.0.2[.]7;\n\nnothing here\n=cmd@evil[.]example"
    with browser(made, made.provider) as client:
        csrf = token(client, "/paste")
        page = client.post("/paste", data={"csrf": csrf, "text": text}).text
        assert "4 values" in page and "1 of them known" in page and "1 line without a value" in page
        told = client.post("/paste/csv", data={"csrf": csrf, "text": text})
        rows = told.text.splitlines()
        assert told.headers["content-type"].startswith("text/csv") and len(rows) == 5
        assert rows[2].startswith("evil.example,domain-name,") and "Ministry of Works" in rows[2]
        assert all(row[0] not in "=+-@" for row in rows)
        one = client.post("/paste/csv", data={"csrf": csrf, "text": text, "key": EVIL}).text.splitlines()
        assert len(one) == 2
        watched = client.post("/paste", data={"csrf": csrf, "text": text, "key": EVIL, "watch": "1"}).text
        assert "Watched from now on: 1 of 1" in watched
        assert "evil.example" in client.get("/account/notifications").text.replace("[.]", ".")
        many = "\n".join(f"n{n}.example" for n in range(1200))
        assert "the first 1,000 are shown" in client.post("/paste", data={"csrf": csrf, "text": many}).text


def test_an_investigation_from_ticked_values_to_a_judgement(made: MadeHub) -> None:
    tell(made, made.ministry.org, "evil.example")
    with browser(made, made.provider) as client:
        csrf = token(client, "/triage")
        taken = client.post("/notebook/take", data={"csrf": csrf, "key": [EVIL]}).text
        assert "evil[.]example" in taken
        opened = client.post("/notebook", data={"csrf": csrf, "key": [EVIL], "title": "Parcels", "readers": "cell"})
        assert opened.status_code == 303, opened.text
        address = opened.headers["location"]

        def put(what: str, **fields: str) -> Any:
            return client.post(address, data={"csrf": csrf, "put": what, **fields})

        assert put("note", note="They moved <b>").status_code == 303
        assert put("hypothesis", hypothesis="One gang").status_code == 303
        assert put("evidence", evidence="The same kit").status_code == 303
        assert put("note", note="").status_code == 400
        page = client.get(address).text
        assert "evil[.]example" in page and "They moved &lt;b&gt;" in page
        cell = re.search(r'name="(m\.[^"]+)"', page)
        about = re.search(r'name="about" value="([0-9a-f-]{36})"', page)
        assert cell is not None and about is not None
        assert put("marks", **{cell[1]: "II", f"was.{cell[1]}": ""}).status_code == 303
        assert put("judgement", about=about[1], word="unlikely", confidence="low").status_code == 303
        page = client.get(address).text
        assert "unlikely (25–35 %), low confidence" in page and '<span class="number">2</span>' in page
        assert put("close").status_code == 303 and put("note", note="late").status_code == 409
    with browser(made, made.approver) as client:
        assert client.get(address).status_code == 404
        assert "Parcels" not in client.get("/notebook").text


def test_a_query_is_saved_listed_fed_and_watched(made: MadeHub) -> None:
    for org in (made.ministry.org, made.provider.org):
        tell(made, org, "evil.example", "other.example")
    with browser(made, made.provider) as client:
        csrf = token(client, "/saved")
        wrong = client.post("/saved", data={"csrf": csrf, "name": "", "readers": "org"})
        assert wrong.status_code == 400 and "Give it a name" in wrong.text
        done = client.post("/saved", data={"csrf": csrf, "name": "Names", "type": ["domain-name"], "readers": "org",
                                           "least": "10"})  # fmt: skip
        address = done.headers["location"]
        page = client.get(address).text
        assert "evil[.]example" in page and "/feed/csv" in page
        assert client.post(address, data={"csrf": csrf, "act": "watch"}).status_code == 303
        assert "Watch no more" in client.get(address).text
        assert "A saved query you watch: Names" in client.get("/account/notifications").text
    with visitor(made) as client:
        which = address.rpartition("/")[2]
        client.headers["authorization"] = f"Bearer {made.provider.key}"
        feed = client.get(f"/api/saved/{which}/feed/csv")
        assert feed.status_code == 200 and "evil.example" in feed.text, feed.text
        same = client.get(f"/api/saved/{which}/feed/csv", headers={"if-none-match": feed.headers["etag"]})
        assert same.status_code == 304
        assert client.get(f"/api/saved/{which}/feed/yara").status_code == 400
        client.headers["authorization"] = f"Bearer {made.ministry.key}"
        assert client.get(f"/api/saved/{which}/feed/csv").status_code == 404
