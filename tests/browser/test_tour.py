"""The README's tour, walked by two people in two browsers on a served hub: share, see, corroborate, block, recall; and
talk: a question with its preview, an answer that arrives live, an event room, a post without a name.

Every page on the way is looked at by axe (WCAG 2.2 AA), light and dark, at 360 and 1,280 px; nothing scrolls sideways
and the content policy is never broken. ``FUSIONCELL_SCREENSHOTS=DIR`` also keeps a picture of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.test_axe_samples import AXE, VENDOR, find_faults
from fusioncell.members.sealing.boxes import make_key
from hubs import MadeHub, make_hub, served
from resolvers import wait_until

pytestmark = pytest.mark.browser

PICTURES = os.environ.get("FUSIONCELL_SCREENSHOTS")
LURE = "Parcel redelivery phishing: new landing pages"
QUESTION = "Who else gets the parcel texts?"
EVIL = "parcel-redelivery.example"
DEFANGED = "parcel-redelivery[.]example"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    if not VENDOR.is_file() or not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    made = make_hub(tmp_path / "hub")
    for name in ("Oona Fraser", "Bertil Nyman"):
        officer = made.hub.members.add_person(made.ministry.org, name, f"{name[:4]}@works.example", ["officer"])
        viewer = made.hub.members.viewer_of(f"person:{officer.id}")
        assert viewer is not None
        made.hub.sealing.register(viewer, make_key(made.hub.randomness)[1])
    yield made
    made.hub.close()


@pytest.fixture
def site(made: MadeHub) -> Iterator[str]:
    with served(made) as address:
        yield address


class Person:
    """Someone at a browser of their own."""

    def __init__(self, chromium: Any, site: str) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.site = site
        self.faults: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> None:
        assert self.page.goto(self.site + path, wait_until="load").ok

    def sign_in(self, link: str) -> None:
        self.go(link)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.site}/")

    def contribute(self, text: str, tlp: str = "green") -> str:
        """Contribute by the form; returns the path of the contribution once the page says that it is in the picture."""
        self.go("/contribute")
        self.page.check(f"input[value='{tlp}']")
        self.page.fill("#text", text)
        self.page.click("main button:has-text('Contribute')")
        self.page.wait_for_selector("text=In the picture.")
        return str(self.page.get_attribute("main a.button", "href"))

    def sees(self, text: str, within: str = "main") -> None:
        self.page.wait_for_selector(f"{within} >> text={text}")

    def looks(self, name: str) -> None:
        """Look at the page as it stands, as everyone: wide and narrow, light and dark."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.wait_for_function("width => innerWidth === width", arg=width)
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.faults += [f"{name} {width} {scheme}: {fault}" for fault in find_faults(self.page, width, scheme)]
                if PICTURES:
                    Path(PICTURES).mkdir(parents=True, exist_ok=True)
                    self.page.screenshot(path=f"{PICTURES}/tour-{name}-{width}-{scheme}.png", full_page=True)
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.page.emulate_media(color_scheme="light", reduced_motion="reduce")


def test_the_tour(chromium: Any, site: str, made: MadeHub) -> None:
    ada, jon = Person(chromium, site), Person(chromium, site)

    # Two people of two organisations sign in, each by a link that works once.
    ada.go(made.link(made.ministry))
    ada.looks("sign-in-link")
    ada.sign_in(made.link(made.ministry))
    jon.sign_in(made.link(made.provider))
    jon.sees("Nothing has been contributed that you may see.")
    jon.looks("home-empty")
    jon.page.wait_for_selector("[data-live-state][data-state=live]")
    jon.page.evaluate("window.notReloaded = true")

    # Ada pastes a report with a defanged name. Jon sees it arrive, without touching his page.
    ada.go("/contribute")
    ada.looks("contribute")
    first = ada.contribute(f"{LURE}\n\nThe lure leads to hxxps://{DEFANGED}/track and {DEFANGED}")
    ada.looks("contributed")
    jon.sees(LURE, "[data-live-list]")
    jon.sees("Ministry of Works", "[data-live-list]")
    assert jon.page.evaluate("window.notReloaded") is True
    assert jon.page.query_selector("[data-live-empty]") is None

    # Anyone may search for it in any form, and learn why the hub thinks so: one origin does not suffice.
    ada.page.press("body", "/")
    ada.page.keyboard.type(DEFANGED)
    ada.page.keyboard.press("Enter")
    ada.sees("Suspicious")
    ada.looks("search")
    ada.page.click("text=Why, and who says so")
    ada.sees("1 independent origin against it")
    ada.looks("observable")
    ada.go("/shield")
    ada.sees("Nothing waits for approval.")

    # Jon's organisation reports it independently: now it is likely malicious, and rises.
    jon.contribute(f"value,type\n{EVIL},domain\n198.51.100.23,ip-dst\n")
    ada.go(f"/observables/domain-name/{EVIL}")
    ada.sees("Likely malicious")
    ada.sees("2 independent origins against it")
    ada.go("/")
    ada.sees("2 origins, before 0")
    ada.looks("home")

    # Ada approves the block; the zone holds the name.
    ada.go("/shield")
    ada.looks("shield-proposed")
    ada.page.click("button:has-text('Approve')")
    ada.sees("Published")
    ada.sees("Ada Okafor")
    ada.looks("decision")
    names = made.hub.shield.zone
    assert wait_until(lambda: [rule.name for rule in names.image().rules()] == [EVIL])
    jon.go("/shield?state=published")
    jon.sees(DEFANGED)
    jon.looks("shield-published")
    jon.go("/")
    jon.sees("Being blocked now")
    jon.page.wait_for_selector("[data-live-state][data-state=live]")
    jon.page.evaluate("window.notReloaded = true")

    # Ada was wrong and recalls: it vanishes for Jon at once, and the name is free again.
    ada.go(first)
    ada.looks("contribution")
    ada.page.click("text=Recall this contribution")
    ada.sees("1 blocked name rests on it")
    ada.looks("recall")
    ada.page.fill("#reason", "A false positive: the name is the postal operator's own.")
    ada.page.click("button:has-text('Recall it')")
    ada.sees("It no longer counts as evidence anywhere")
    ada.looks("contribution-recalled")
    jon.sees("This contribution was recalled", "[data-live-list]")
    assert jon.page.query_selector(f"[data-live-list] >> text={LURE}") is None
    assert jon.page.evaluate("window.notReloaded") is True
    assert wait_until(lambda: list(names.image().rules()) == [])
    jon.go("/search?q=phishing")
    assert LURE not in jon.page.inner_text("main")
    jon.go("/shield?state=ended")
    jon.sees("no longer suffices")
    jon.looks("shield-ended")
    jon.go("/account")
    jon.looks("account")
    ada.go("/ops")
    ada.looks("ops")

    # Signed out, there is nothing left to see but what is shared with everyone.
    ada.page.click("text=Sign out")
    ada.sees("You are signed out.")
    ada.sees("The public picture")
    ada.looks("home-public")
    ada.go("/sign-in")
    ada.looks("sign-in")

    ada.context.close()
    jon.context.close()
    assert ada.faults + jon.faults == []


def test_the_tour_of_the_conversation(chromium: Any, site: str, made: MadeHub) -> None:
    ada, jon = Person(chromium, site), Person(chromium, site)
    ada.sign_in(made.link(made.ministry))
    jon.sign_in(made.link(made.provider))

    # Ada asks, and is told before she sends who will read it.
    ada.go("/exchange")
    ada.looks("exchange-empty")
    ada.go("/exchange/new")
    ada.page.fill("#title", QUESTION)
    ada.page.fill("#text", f"They lead to {DEFANGED}. @Jon Berg, is it the same at yours?")
    ada.sees("2 organisations (5 people) will see this; 0 will not.")
    ada.looks("write")
    ada.page.click("main button:has-text('Send')")
    ada.sees(QUESTION, "h1")
    ada.page.wait_for_selector("[data-live-state][data-state=live]")
    ada.page.evaluate("window.notReloaded = true")

    # Jon finds it, answers, and has seen it too; Ada's open page shows the answer.
    jon.go("/exchange")
    jon.page.click(f"main >> text={QUESTION}")
    jon.page.click("button:has-text('Seen here too')")
    jon.page.wait_for_selector("button[aria-pressed=true]:has-text('Seen here too')")
    jon.page.fill("#reply textarea", "Here too, since noon: 40 look-ups an hour.")
    jon.page.click("#reply button:has-text('Send')")
    ada.sees("Here too, since noon", "[data-thread-live]")
    assert ada.page.evaluate("window.notReloaded") is True
    ada.looks("thread")
    ada.go(f"/observables/domain-name/{EVIL}")
    ada.sees("2 independent origins against it")

    # From the thread an event room opens in two actions, with those who took part.
    jon.page.click("text=Open an event room")
    jon.looks("room-new")
    jon.page.click("main button:has-text('Open the room')")
    jon.sees("by invitation")
    jon.sees("Ministry of Works")
    jon.looks("room")

    # Without a name: the author gets a secret; the others see a post, and of its author nothing.
    ada.go("/exchange")
    ada.page.wait_for_selector("[data-live-state][data-state=live]")
    jon.go("/exchange/new")
    jon.page.fill("#title", "We were taken in")
    jon.page.fill("#text", "One of ours entered a password. Look for sign-ins at night.")
    jon.page.click("summary:has-text('Your name')")
    jon.page.check("#anonymous")
    jon.page.check("#at_once")
    jon.sees("they may guess that it was you")
    jon.looks("write-anonymous")
    jon.page.click("main button:has-text('Send')")
    jon.page.wait_for_url(f"{site}/exchange/new")
    jon.looks("anonymous-sent")
    ada.sees("We were taken in", "[data-live-list]")
    ada.sees("An anonymous member", "[data-live-list]")
    assert "Jon Berg" not in ada.page.inner_text("li:has-text('We were taken in')")
    for path, name in (("/groups", "groups"), ("/directory", "directory"), ("/contacts", "contacts"),
                       ("/notifications", "notifications"), ("/account/notifications", "preferences")):  # fmt: skip
        jon.go(path)
        jon.looks(name)
    jon.sees("Watched")
    ada.context.close()
    jon.context.close()
    assert ada.faults + jon.faults == []


def test_the_pages_work_without_scripts(chromium: Any, site: str, made: MadeHub) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + made.link(made.ministry))
    page.click("main button")
    page.goto(f"{site}/contribute")
    page.fill("#text", f"{LURE}\n\n{DEFANGED}")
    page.click("main button:has-text('Contribute')")
    page.click("text=See the contribution")
    assert DEFANGED in page.inner_text("main")
    page.fill("#q", DEFANGED)
    page.press("#q", "Enter")
    assert "Suspicious" in page.inner_text("main")
    context.close()
