"""The appeal walk through the doors: block, explanation, appeal, decision, free; in English and Welsh, no cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from blocking import block, blocked
from hubs import MadeHub, browser, make_hub, visitor


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


def test_the_appeal_walk(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with visitor(made) as someone, browser(made, made.approver) as eve:
        page = someone.get("/blocked/www.shop.example")
        assert page.status_code == 200 and "This name is blocked" in page.text and "shop[.]example" in page.text
        sent = someone.post("/blocked/www.shop.example", data={"text": "We sell shoes.", "role": "owner",
                                                               "contact": "jo@shop.example"})  # fmt: skip
        assert sent.status_code == 200 and "_fusioncell.shop.example" in sent.text
        code = re.search(r'href="(/appeals/[0-9a-f]{40})"', sent.text)
        assert code is not None
        assert "It waits for a decision" in someone.get(code[1]).text
        waiting = eve.get("/shield/appeals").text
        assert "We sell shoes." in waiting and "jo@shop.example" in waiting
        token = re.search(r'name="csrf" value="([^"]+)"', waiting)
        url = re.search(r'"(/shield/appeals/[^"]+)"', waiting)
        assert token is not None and url is not None
        which = url[1].rpartition("/")[2]
        done = eve.post(url[1], data={"csrf": token[1], f"reason-{which}": "A shop: we looked.", "decision": "uphold"})
        assert done.status_code == 303, done.text
        assert blocked(made.hub) == set()
        assert "This name is not blocked" in someone.get("/blocked/www.shop.example").text
        told = someone.get(code[1]).text
        assert "A shop: we looked." in told and "We sell shoes." not in told and "jo@shop.example" not in told


def test_a_mistake_keeps_what_was_written(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with visitor(made) as someone:
        answer = someone.post("/blocked/shop.example", data={"text": " ", "contact": "jo@shop.example"})
        assert answer.status_code == 400 and 'id="text-error"' in answer.text and "jo@shop.example" in answer.text
        assert someone.post("/blocked/free.example", data={"text": "x"}).status_code == 409
        assert someone.get("/blocked/no%20name").status_code == 400


@pytest.mark.parametrize("typed", [
    "Shop.example", " shop.example ", "https://shop.example/basket?of=x", "shop.example/basket", "shop.example:8443",
    "hxxps://shop[.]example/", "//shop.example", "orders@shop.example",
])  # fmt: skip
def test_what_is_copied_from_the_address_bar_leads_to_its_name(made: MadeHub, typed: str) -> None:
    with visitor(made) as someone:
        led = someone.get("/blocked", params={"name": typed})
        assert led.status_code == 303 and led.headers["location"] == "/blocked/shop.example"


@pytest.mark.parametrize("typed", ["https://", "///", "http://[::1", "a b", "[.]"])
def test_what_names_nothing_is_no_dead_end(made: MadeHub, typed: str) -> None:
    with visitor(made) as someone:
        answer = someone.get("/blocked", params={"name": typed}, follow_redirects=True)
        assert "Is a name blocked?" in answer.text and answer.status_code in (200, 400)


def test_the_logs_address_leads_a_browser_to_its_page(made: MadeHub) -> None:
    with visitor(made) as someone:
        for address in ("/log", "/log/"):
            assert someone.get(address).headers["location"] == "/transparency"
        shown = someone.get("/transparency").text
        made.hub.settings = replace(made.hub.settings, public_url="https://hub.example/")
        assert "--log https://hub.example/log/" in someone.get("/transparency").text, "by a proxy"
        assert "fusioncell-verify public \\\n  --log http" in shown, "each option on a line of its own"


def test_public_pages_set_no_cookie_and_speak_welsh(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with visitor(made) as someone:
        for path in ("/blocked", "/blocked/shop.example", "/blocked/free.example"):
            english = someone.get(path)
            welsh = someone.get(path, headers={"accept-language": "cy"})
            assert "set-cookie" not in english.headers and "set-cookie" not in welsh.headers
            assert '<html lang="cy"' in welsh.text
            heads = [re.search(r"<h1>(.*?)</h1>", answer.text) for answer in (english, welsh)]
            assert heads[0] is not None and heads[1] is not None and heads[0][1] != heads[1][1]
            assert not re.search(r'(?:src|href)="https?://', english.text), "nothing is loaded from elsewhere"


def test_the_api_says_the_same(made: MadeHub) -> None:
    block(made.hub, "shop.example")
    with visitor(made) as someone:
        found = someone.get("/api/blocked/www.shop.example").json()
        assert found["blocked"] and found["by_name"] == "shop.example" and found["policy"]["number"] == 1
        assert someone.get("/api/blocked/free.example").json() == {"name": "free.example", "blocked": False}
        made_ = someone.post("/api/blocked/shop.example/appeal", json={"text": "We sell shoes."})
        assert made_.status_code == 201, made_.text
        code = made_.json()["code"]
        made.hub.settle()
        assert someone.get(f"/api/appeals/{code}").json()["state"] == "open"
        assert someone.post(f"/api/appeals/{code}/withdraw").json() == {"state": "withdrawn"}
        made.hub.settle()
        assert someone.get("/api/shield/appeals").json() == {"appeals": []}


def test_who_asks_too_often_waits(made: MadeHub) -> None:
    with visitor(made) as someone:
        # Twice a minute's worth and one: too many, whether or not a minute ends meanwhile.
        codes = [someone.get("/api/blocked/free.example").status_code for _ in range(121)]
        assert codes[0] == 200 and 429 in codes
