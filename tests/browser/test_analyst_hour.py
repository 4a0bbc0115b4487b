"""An hour of an analyst's work in a real Chromium (issue 5, check 11): sign in, triage by keyboard, claim, open, draw,
paste, note, hypothesis, save a query, dismiss in bulk, undo, hand over. Each page on the way is looked at by axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.test_axe_samples import AXE, VENDOR, find_faults
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from hubs import MadeHub, make_hub, served

pytestmark = pytest.mark.browser

EVIL = "parcel-redelivery.example"
DEFANGED = "parcel-redelivery[.]example"
PASTED = f"hxxp://{DEFANGED}/login\n{DEFANGED}; 192.0.2[.]7\nsaid the caller"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[MadeHub, str]]:
    if not VENDOR.is_file() or not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    made = make_hub(tmp_path / "hub")
    bodies = (
        (made.ministry.org, f"value,type\n{EVIL},domain\n" + "".join(f"n{n}.example,domain\n" for n in range(12))),
        (made.provider.org, f"value,type\n{EVIL},domain\nhttp://{EVIL}/login,url\n"),
    )
    with served(made) as site:
        for org, body in bodies:
            viewer = made.hub.members.operator_viewer(org)
            assert viewer is not None
            made.hub.intake.accept(viewer, body.encode(), "text/csv", Terms(Tlp.GREEN, ()))
        assert made.hub.river.wait_for(made.hub.record.head()[0], 20)
        yield made, site
    made.hub.close()


class Analyst:
    """Someone at a browser, and what axe and the console find on the way."""

    def __init__(self, chromium: Any, site: str) -> None:
        self.site = site
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def goes(self, path: str) -> None:
        self.page.goto(f"{self.site}{path}")

    def presses(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def sees(self, text: str) -> None:
        self.page.wait_for_selector(f"main >> text={text}")

    def looks(self, name: str) -> None:
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.wait_for_function("width => innerWidth === width", arg=width)
            self.faults += [f"{name} {width}: {fault}" for fault in find_faults(self.page, width)]
        self.page.set_viewport_size({"width": 1280, "height": 900})


def test_an_hour_at_the_workbench(chromium: Any, scene: tuple[MadeHub, str]) -> None:
    made, site = scene
    jon = Analyst(chromium, site)
    page = jon.page
    jon.goes(made.link(made.provider))
    page.click("main form button")
    page.wait_for_url(f"{site}/")
    page.wait_for_load_state("load")
    # The queue, by keys alone: to it, to the first row, tick, claim.
    jon.presses("g", "t")
    page.wait_for_url("**/triage")
    jon.sees("Rising: 2 contributors in three days")
    jon.presses("j", "x")
    assert page.inner_text("[data-ticked]") == "Ticked: 1"
    jon.looks("triage")
    jon.presses("c")
    jon.sees("with Jon Berg")
    jon.sees("You claimed")
    # Open it, draw it, open a node with the keyboard.
    page.click(f"main a.value >> text={DEFANGED}")
    jon.sees("Why")
    jon.goes(f"/graph?q={EVIL}")
    jon.looks("graph")
    before = page.locator("svg .node").count()
    page.locator("svg .node").first.focus()
    jon.presses("ArrowRight")
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused is not None and page.evaluate("document.activeElement.classList.contains('node')")
    page.locator("svg a.node[href*='opened=']").first.focus()
    jon.presses("Enter")
    page.wait_for_url("**opened=**")
    assert page.locator("svg .node").count() > before
    # Paste, take what is known into an investigation.
    jon.presses("g", "v")
    page.wait_for_url("**/paste")
    page.fill("#text", PASTED)
    page.click("text=Look them up")
    jon.sees("3 values, 2 of them known")
    jon.looks("paste")
    page.check("[data-tick-all] input")
    page.click("text=To the notebook")
    page.fill("#title", "Who is behind the parcel lures?")
    page.select_option("#readers", "cell")
    page.click("main button >> text=Open")
    page.wait_for_url("**/notebook/*")
    page.fill("#note", "The kit is the one of last month.")
    page.click("text=Keep the note")
    jon.sees("The kit is the one of last month.")
    for text in ("One gang runs all of it", "Copycats buy the same kit"):
        page.fill("#hypothesis", text)
        page.click("text=Add the hypothesis")
        jon.sees(text)
    page.fill("#evidence", "All pages share one address")
    page.click("text=Add the evidence")
    page.select_option(".ach td:nth-of-type(2) select", "II")
    page.click("text=Keep the marks")
    jon.sees("weight against it: 2")
    page.click("main summary >> nth=0")
    page.select_option("#w-1", "likely")
    page.select_option("#c-1", "moderate")
    page.click("text=Keep the judgement >> nth=0")
    jon.sees("likely or probable (55–75 %), moderate confidence")
    jon.looks("investigation")
    # A query for the cell, watched.
    jon.presses("g", "q")
    page.wait_for_url("**/saved")
    page.fill("#name", "Names of the week")
    page.check("#t-domain-name")
    page.select_option("#readers", "cell")
    page.click("main button >> text=Save")
    jon.sees(DEFANGED)
    page.click("text=Watch it")
    jon.sees("Watch no more")
    jon.looks("saved")
    # Dismiss in bulk, take it back, hand over.
    jon.goes("/triage")
    waiting = page.locator(".ticks > li").count()
    page.check("[data-tick-all] input")
    page.fill("#said", "our own exercise")
    page.click("button >> text=Dismiss")
    jon.sees("Nothing waits for a look.")
    jon.presses("u")
    page.wait_for_selector(".ticks > li")
    assert page.locator(".ticks > li").count() == waiting
    page.fill("#note", "Parcels: see the investigation. Quiet else.")
    page.click("text=Leave the note")
    jon.sees("Parcels: see the investigation. Quiet else.")
    assert jon.faults == []
    jon.context.close()
