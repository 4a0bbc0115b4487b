"""Undoing blocks through the doors: the lift page and API, the page of what waits for two people, the CLI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from blocking import block, blocked
from fusioncell.cli.main import main
from hubs import MadeHub, browser, make_hub


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    if made.hub.folder._lock is not None:
        made.hub.close()


def token(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def send(client: Any, path: str, where: str, **fields: str) -> Any:
    return client.post(path, data={"csrf": token(client.get(where).text), **fields})


def test_an_approver_lifts_a_block_from_a_page(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with browser(made, made.approver) as client:
        shown = send(client, "/shield/lift", "/shield/lift", by="name", value="not a name", step="preview")
        assert shown.status_code == 400 and "no domain name" in shown.text
        shown = send(client, "/shield/lift", "/shield/lift", by="name", value="shop[.]example", step="preview")
        assert "1 block would be lifted" in shown.text and blocked(made.hub) == {"shop.example"}
        without = send(client, "/shield/lift", "/shield/lift", by="name", value="shop.example", step="lift")
        assert without.status_code == 400 and 'id="reason-error"' in without.text
        done = send(client, "/shield/lift", "/shield/lift", by="name", value="shop.example", reason="a shop",
                    step="lift")  # fmt: skip
        assert done.status_code == 303 and blocked(made.hub) == set()
        listed = client.get("/shield/lift").text
        assert "a shop" in listed and "shop[.]example" in listed and "Eve Lind" in listed


def test_who_may_not_lift_sees_no_form_and_is_refused(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with browser(made, made.provider) as client:
        page = client.get("/shield/lift")
        assert page.status_code == 200 and 'id="value"' not in page.text
        answer = client.post("/api/shield/lifts", json={"name": "shop.example", "reason": "a shop"},
                             headers={"x-csrf-token": "", "accept": "application/json"})  # fmt: skip
        assert answer.status_code == 403 and blocked(made.hub) == {"shop.example"}


def test_a_bar_ends_from_the_pages_by_two_people(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with browser(made, made.approver) as eve, browser(made, made.ministry) as ada:
        send(eve, "/shield/lift", "/shield/lift", by="name", value="shop.example", reason="a shop", step="lift")
        asked = send(eve, "/shield/bars/shop.example/end", "/shield/lift", reason="the wrong one")
        assert asked.status_code == 303
        page = ada.get("/shield/fuse").text
        assert "1 of 2 people agree" in page and "the wrong one" in page
        confirm = re.search(r'action="(/shield/fuse/[^"]+/confirm)"', page)
        assert confirm is not None
        assert send(ada, confirm[1], "/shield/fuse").status_code == 303
        assert "No bar stands." in eve.get("/shield/lift").text


def test_the_whole_zone_goes_back_from_the_page(made: MadeHub) -> None:
    block(made.hub, "a.example")
    serial = str(made.hub.shield.zone.serial)
    block(made.hub, "b.example")
    with browser(made, made.approver) as eve, browser(made, made.ministry) as ada:
        shown = send(eve, "/shield/rollback", "/shield/fuse", serial=serial, step="preview")
        assert "Freed: 1." in shown.text and "b[.]example" in shown.text
        send(eve, "/shield/rollback", "/shield/fuse", serial=serial, reason="went wild", step="ask")
        assert blocked(made.hub) == {"a.example", "b.example"}
        send(ada, "/shield/rollback", "/shield/fuse", serial=serial, reason="so it did", step="ask")
        assert blocked(made.hub) == {"a.example"}


def test_the_command_lifts_on_the_hub_itself(made: MadeHub, tmp_path: Path) -> None:
    block(made.hub, "shop.example")
    made.hub.close()
    run = CliRunner()
    data = ["--data", str(tmp_path / "hub")]
    seen = run.invoke(main, ["shield", "lift", "shop.example", "--preview", *data])
    assert "Would lift 1 blocks" in seen.output, seen.output
    done = run.invoke(main, ["shield", "lift", "shop.example", "--reason", "a shop", *data])
    assert done.exit_code == 0 and "1 lifted" in done.output, done.output
    bars = run.invoke(main, ["shield", "bars", *data])
    assert "shop[.]example" in bars.output
    waiting = run.invoke(main, ["shield", "fuse", "list", *data])
    assert "Nothing waits" in waiting.output
