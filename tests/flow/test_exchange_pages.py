"""The exchange's pages: write, answer, react, edit, withdraw; nobody sees more than was shared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from fusioncell.kernel.marking import org
from hubs import MadeHub, browser, make_hub, visitor

Client = TestClient[Any]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub")
    yield made
    made.hub.close()


def token_of(client: Client) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/exchange/new").text)
    assert found is not None
    return found[1]


def write(client: Client, text: str, title: str = "", **more: str) -> str:
    """Post by the form; returns the thread's address."""
    form = {"csrf": token_of(client), "title": title, "text": text, "tlp": "green", **more}
    answer = client.post("/exchange/new", data=form)
    assert answer.status_code == 303, answer.text[-2000:]
    return str(answer.headers["location"]).partition("?")[0]


def post_ids(page: str) -> list[str]:
    return re.findall(r'<article class="post[^>]* id="post-([0-9a-f-]+)"', page)


def test_a_thread_is_written_answered_and_found(made: MadeHub) -> None:
    with browser(made, made.ministry) as ada, browser(made, made.provider) as jon:
        thread = write(ada, "See **evil[.]example** and tell.\n\n<script>alert(1)</script>", "A new kit")
        shown = jon.get("/exchange").text
        assert "A new kit" in shown
        page = jon.get(thread).text
        assert "<strong><a" in page
        assert "evil[.]example" in page
        assert "<script>alert" not in page
        (first,) = post_ids(page)
        answered = jon.post("/exchange/new", data={"csrf": token_of(jon), "parent": first, "text": "Seen at two."})
        assert answered.status_code == 303
        page = ada.get(thread).text
        assert "Seen at two." in page
        assert "Jon Berg" in page
        assert len(post_ids(page)) == 2
        # The search leads to it like to any other contribution.
        assert "A new kit" in jon.get("/search?q=kit").text
        assert "1 new" in ada.get("/exchange").text


def test_a_reaction_is_a_claim_of_its_organisation(made: MadeHub) -> None:
    with browser(made, made.ministry) as ada, browser(made, made.provider) as jon:
        thread = write(ada, "Block evil[.]example")
        (first,) = post_ids(jon.get(thread).text)
        csrf = token_of(jon)
        before = jon.get("/api/observables/domain-name/evil.example").json()["malicious"]
        assert jon.post(f"/exchange/posts/{first}/reactions", data={"csrf": csrf, "kind": "seen"}).status_code == 303
        after = jon.get("/api/observables/domain-name/evil.example").json()["malicious"]
        assert after > before
        page = jon.get(thread).text
        assert 'aria-pressed="true"' in page
        back = jon.post(f"/exchange/posts/{first}/reactions", data={"csrf": csrf, "kind": "seen", "off": "1"})
        assert back.status_code == 303
        assert jon.get("/api/observables/domain-name/evil.example").json()["malicious"] == before
        own = ada.post(f"/exchange/posts/{first}/reactions", data={"csrf": token_of(ada), "kind": "seen"})
        assert own.status_code == 409


def test_an_edit_keeps_its_history_and_only_its_author_may(made: MadeHub) -> None:
    with browser(made, made.ministry) as ada, browser(made, made.provider) as jon:
        thread = write(ada, "Block evil[.]example", "Kit")
        (first,) = post_ids(ada.get(thread).text)
        assert jon.get(f"/exchange/posts/{first}/edit").status_code == 404
        form = {"csrf": token_of(ada), "title": "Kit", "text": "Block vile[.]example instead"}
        assert ada.post(f"/exchange/posts/{first}/edit", data=form).status_code == 303
        page = jon.get(thread).text
        assert "vile[.]example" in page
        assert "evil[.]example" not in page
        assert "edited" in page
        history = jon.get(f"/exchange/posts/{first}/versions").text
        assert history.index("vile[.]example") < history.index("evil[.]example")
        assert jon.get("/api/observables/domain-name/evil.example").status_code == 404


def test_a_withdrawn_post_is_gone_everywhere(made: MadeHub) -> None:
    with browser(made, made.ministry) as ada, browser(made, made.provider) as jon:
        thread = write(ada, "Block evil[.]example", "Kit")
        (first,) = post_ids(jon.get(thread).text)
        assert jon.get(f"/exchange/posts/{first}/withdraw").status_code in (403, 404)
        assert ada.get(f"/exchange/posts/{first}/withdraw").status_code == 200
        assert ada.post(f"/exchange/posts/{first}/withdraw", data={"csrf": token_of(ada)}).status_code == 303
        assert jon.get(thread).status_code == 404
        assert "Kit" not in jon.get("/exchange").text.partition("<main")[2]
        assert "Kit" not in jon.get("/search?q=kit").text.partition("Contributions")[2]


def test_the_preview_names_who_will_see_it(made: MadeHub) -> None:
    circle = made.hub.circles.make_group("The circle", [org(made.ministry.org)])
    with browser(made, made.ministry) as ada:
        csrf = token_of(ada)

        def preview(**form: str) -> str:
            answer = ada.post("/exchange/preview", data={"csrf": csrf, "text": "at evil[.]example", **form})
            assert answer.status_code == 200
            return str(answer.text)

        wide = preview(tlp="green")
        assert "2 organisations (3 people) will see this; 0 will not." in wide
        assert "evil[.]example" in wide
        narrow = preview(tlp="amber", group=f"group:{circle.id}.1")
        assert "1 organisation (1 person) will see this; 1 will not." in narrow
        assert "Not: Northern Broadband" in narrow
        assert "Your text says TLP:RED" in preview(tlp="green", text="TLP:RED evil[.]example")
        assert "no member has the address" in preview(tlp="red", people="nobody@x.example").lower()
        before = made.hub.record.head()[0]
        preview(tlp="clear")
        assert made.hub.record.head()[0] == before


def test_a_closed_groups_thread_is_nothing_to_others(made: MadeHub) -> None:
    circle = made.hub.circles.make_group("The circle", [org(made.ministry.org)])
    with browser(made, made.ministry) as ada, browser(made, made.provider) as jon, visitor(made) as nobody:
        thread = write(ada, "quietly: evil[.]example", "Secret matter", tlp="amber", group=f"group:{circle.id}.1")
        for other in (jon, nobody):
            assert other.get(thread).status_code in (303, 404)
            assert "Secret matter" not in other.get("/exchange").text
        (first,) = post_ids(ada.get(thread).text)
        for path in ("", "/versions", "/withdraw", "/edit"):
            assert jon.get(f"/exchange/posts/{first}{path}").status_code in (403, 404)
        answer = jon.post("/exchange/new", data={"csrf": token_of(jon), "parent": first, "text": "me too"})
        assert answer.status_code == 404
        react = jon.post(f"/exchange/posts/{first}/reactions", data={"csrf": token_of(jon), "kind": "useful"})
        assert react.status_code == 404


def test_bad_forms_lose_nothing(made: MadeHub) -> None:
    with browser(made, made.ministry) as ada:
        csrf = token_of(ada)
        empty = ada.post("/exchange/new", data={"csrf": csrf, "title": "T", "text": " ", "tlp": "green"})
        assert empty.status_code == 400
        assert "There is no text" in empty.text
        kept = ada.post("/exchange/new", data={"csrf": csrf, "title": "Half", "text": "a thought", "keep": "1"})
        assert kept.status_code == 303
        listed = re.search(r'href="(/exchange/new\?draft=[^"]+)"', ada.get("/exchange").text)
        assert listed is not None
        form = ada.get(listed[1]).text
        assert "a thought" in form
        assert ada.post("/exchange/new", data={"csrf": "wrong", "text": "x", "tlp": "green"}).status_code == 403
        nameless = ada.post("/exchange/new", data={"csrf": csrf, "text": "x", "keep": "1", "anonymous": "1"})
        assert nameless.status_code == 400
