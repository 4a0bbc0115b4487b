"""The pages of products: written with a preview, reviewed, read, compared, printed, fed, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flow.test_products import NAME, Cell
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, Party, browser, make_hub, visitor

START = 1_767_225_600_000_000


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


@pytest.fixture
def cell(made: MadeHub) -> Cell:
    return Cell(made)


def token(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_people_write_review_publish_read_and_answer(cell: Cell) -> None:
    made, source = cell.made, cell.contribute(Tlp.AMBER)
    second = Party(made.provider.org, cell.second_id, made.provider.key)
    with browser(made, made.provider) as jon, browser(made, second) as kim, browser(made, made.ministry) as ada:
        assert "None here yet" in ada.get("/products").text
        form = jon.get("/products/new").text
        text = f"Look out for [[contribution:{source}]] & <script>alert(1)</script> at [[observable:{NAME}]]."
        fields = {"csrf": token(form), "form": "alert", "title": "The panel", "text": text, "tlp": "green"}
        preview = jon.post("/products/preview", data=fields).text
        assert "may not see all that it cites" in preview and source in preview and "<script>" not in preview
        assert f"/contributions/{source}/consent?product=The+panel&amp;tlp=green" in preview
        assert "The panel" in jon.get(f"/contributions/{source}/consent", params={"product": "The panel"}).text
        saved = jon.post("/products/new", data=fields)
        assert saved.status_code == 303, saved.text
        draft = saved.headers["location"]
        act = draft.replace("/draft", "/act")
        refused = jon.post(act, data={"csrf": token(form), "act": "submit"})
        assert refused.status_code == 403 and source in refused.text and "TLP:AMBER" in refused.text
        asked = cell.hub.receipts.ask(cell.author, source, "The panel", Tlp.GREEN, "Needed.")
        cell.hub.settle()
        cell.hub.receipts.answer(cell.ministry, asked, granted=True, reason="Yes.")
        cell.hub.settle()
        assert jon.post(act, data={"csrf": token(form), "act": "submit"}).status_code == 303
        assert "You wrote in it" in jon.get(draft).text and 'value="approve"' not in jon.get(draft).text
        assert "The panel" in kim.get("/products/drafts").text.split("Under way")[0]
        seen = kim.get(draft).text
        returned = kim.post(act, data={"csrf": token(seen), "act": "return", "said": ""})
        assert returned.status_code == 400 and "Say what is to change" in returned.text
        assert kim.post(act, data={"csrf": token(seen), "act": "approve"}).status_code == 303
        done = kim.post(act, data={"csrf": token(seen), "act": "publish"})
        assert done.status_code == 303, done.text
        where = done.headers["location"]
        assert ada.get(draft).status_code == ada.get("/products/none").status_code == 404
        page = ada.get(where).text
        assert "By consent of" in page and "Ministry of Works" in page and "Kim Roe" in page
        assert NAME not in page.replace(f"/observables/domain-name/{NAME}", "") and "<script>alert" not in page
        heard = ada.post(f"{where}/feedback", data={"csrf": token(page), "heard": "acted", "said": "Blocked."})
        assert heard.status_code == 303, heard.text
        assert ada.post(f"{where}/feedback", data={"csrf": token(page)}).status_code == 400
        assert "Blocked." in jon.get(where).text
        assert "The panel" in ada.get("/products", params={"form": "alert"}).text
        assert "There is one version" in ada.get(f"{where}/versions").text
        pdf = ada.get(f"{where}/pdf")
        assert pdf.status_code == 200 and pdf.content.startswith(b"%PDF-")
        assert ada.get(f"{where}/pdf").content == pdf.content, "the same bytes each time"
        cell.hub.intake.recall(cell.ministry, source)
        cell.hub.settle()
        page = ada.get(where).text
        assert page.count("a source that was withdrawn") == 2 and NAME not in page
        assert "a source was withdrawn" in ada.get(f"{where}/versions").text
        last = {"csrf": token(jon.get(where).text), "act": "withdraw", "said": "No."}
        withdrawn = jon.post(f"{where}/act", data=last)
        assert withdrawn.status_code == 303
        assert "This product was withdrawn" in ada.get(where).text and ada.get(f"{where}/pdf").status_code == 404


def test_visitors_read_what_is_clear_as_page_and_feed(cell: Cell) -> None:
    from fusioncell.picture.products import Form, Written

    which = cell.published(Written(Form.ALERT, "For <everyone>", "Take **care** of bad[.]example.", Tlp.CLEAR))
    hidden = cell.published(Written(Form.ALERT, "For members", "Only.", Tlp.GREEN))
    with visitor(cell.made) as anyone:
        page = anyone.get(f"/products/{which}").text
        assert "<strong>care</strong>" in page and "Jon Berg" not in page and "Was it of use" not in page
        assert anyone.get(f"/products/{hidden}").status_code in (303, 404)
        listed = anyone.get("/products").text
        assert "For &lt;everyone&gt;" in listed and "For members" not in listed
        feed = anyone.get("/products/feed.atom")
        assert feed.headers["content-type"].startswith("application/atom+xml")
        assert "For &lt;everyone&gt;" in feed.text and "For members" not in feed.text and feed.text.startswith("<?xml")
        assert anyone.get("/products/new").status_code in (303, 401, 403)
        assert anyone.get(f"/products/{which}/pdf").content.startswith(b"%PDF-")
