"""A newcomer's first hour in a real Chromium (issue 3, acceptance check 7), and the same work by keyboard alone (8).

Invited by mail (a real SMTP server on loopback), a passkey (Chromium's virtual authenticator), the first page, an
indicator pasted into the search, its verdict, a GREEN post with its preview, and an answer that arrives by itself:
under twenty actions. An action is a link opened, a click, a field filled in, Enter.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from browser.test_axe_samples import AXE, VENDOR, find_faults
from browser.test_passkeys import Device
from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.intake.service import Terms
from fusioncell.kernel.marking import Tlp
from fusioncell.web.app import make_app
from receivers import Mailbox, smtp_server
from resolvers import free_port, wait_until

pytestmark = pytest.mark.browser

EVIL = "parcel-redelivery.example"
DEFANGED = "parcel-redelivery[.]example"
MOST_ACTIONS = 20
PASSWORD = "correct horse battery staple 26"


@dataclass
class Scene:
    """A hub that sends mail: Nia of a provider leads and invites; Ada of a ministry answers."""

    hub: Hub
    site: str
    mailbox: Mailbox
    key: str
    nia: str
    ada: str
    provider: str

    def knows(self) -> None:
        """Two organisations report the same name: it is likely malicious."""
        for who, body, media in (
            (self.nia, f"Parcel lures\n\nThe lure leads to {DEFANGED}", "text/plain"),
            (self.ada, f"value,type\n{EVIL},domain\n", "text/csv"),
        ):
            viewer = self.hub.members.viewer_of(f"person:{who}")
            assert viewer is not None
            self.hub.intake.accept(viewer, body.encode(), media, Terms(Tlp.GREEN, ()))
        seq = self.hub.record.head()[0]
        assert self.hub.river.wait_for(seq, 20)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    if not VENDOR.is_file() or not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    mailbox, port = Mailbox(), free_port()
    with smtp_server(mailbox) as smtp:
        Folder(tmp_path / "hub").make("hub")
        settings = read_settings(
            data=str(tmp_path / "hub"), http_listen=f"127.0.0.1:{port}", public_url=f"http://localhost:{port}",
            smtp_host="127.0.0.1", smtp_port=str(smtp), smtp_tls="none",
        )  # fmt: skip
        hub = open_hub(tmp_path / "hub", settings, known_good=KnownGood.nothing())
        ministry = hub.members.add_organisation("Ministry of Works", "government", "government")
        provider = hub.members.add_organisation("Northern Broadband", "telecommunications", "isp")
        ada = hub.members.add_person(ministry.id, "Ada Okafor", "ada@works.example", ["member"])
        nia = hub.members.add_person(provider.id, "Nia Rees", "nia@northern.example", ["lead"])
        key = hub.members.make_key(ministry.id, role="member")[1].reveal()
        hub.start()
        server = uvicorn.Server(uvicorn.Config(make_app(hub), host="127.0.0.1", port=port, log_level="critical",
                                               timeout_graceful_shutdown=1))  # fmt: skip
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        assert wait_until(lambda: server.started)
        yield Scene(hub, f"http://localhost:{port}", mailbox, key, nia.id, ada.id, provider.id)
        server.should_exit = True
        thread.join(10)
        hub.close()


class Newcomer:
    """Someone at a browser, whose actions are counted."""

    def __init__(self, chromium: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        self.page = self.context.new_page()
        self.done: list[str] = []
        self.faults: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def opens(self, address: str) -> None:
        self.done.append("open the link in the mail")
        self.page.goto(address)

    def clicks(self, selector: str) -> None:
        self.done.append(f"click {selector}")
        self.page.click(selector)

    def fills(self, selector: str, text: str) -> None:
        self.done.append(f"fill {selector}")
        self.page.fill(selector, text)

    def enters(self) -> None:
        self.done.append("Enter")
        self.page.keyboard.press("Enter")

    def sees(self, text: str, within: str = "main") -> None:
        self.page.wait_for_selector(f"{within} >> text={text}")

    def looks(self, name: str) -> None:
        """Look at the page as it stands, wide and narrow, light and dark."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        for width in (1280, 360):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.wait_for_function("width => innerWidth === width", arg=width)
            for scheme in ("light", "dark"):
                self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.faults += [f"{name} {width} {scheme}: {fault}" for fault in find_faults(self.page, width, scheme)]
        self.page.set_viewport_size({"width": 1280, "height": 900})


def test_a_newcomers_first_hour(chromium: Any, scene: Scene) -> None:
    scene.knows()
    lead = scene.hub.members.viewer_of(f"person:{scene.nia}")
    assert lead is not None
    scene.hub.accounts.invite(lead, scene.provider, "Mo Hale", "mo@northern.example", ["member"])
    assert wait_until(lambda: bool(scene.mailbox.got), 20)
    assert scene.mailbox.recipients[0] == ["mo@northern.example"]
    link = re.search(rf"{re.escape(scene.site)}/sign-in/link/\S+", scene.mailbox.texts()[0])
    assert link is not None

    mo = Newcomer(chromium)
    device = Device(mo.page)
    device.present()

    # The link in the mail signs in; a passkey makes the next time easy.
    mo.opens(link[0])
    mo.looks("link")
    mo.clicks("main button")
    mo.sees("The picture now")
    mo.looks("home")
    mo.clicks("nav >> text=Account")
    mo.fills("#passkey-label", "work laptop")
    mo.clicks("text=Add a passkey")
    mo.sees("The passkey is added")
    assert len(device.passkeys()) == 1
    mo.looks("account")

    # An indicator is pasted into the one box, as it came, and its verdict is read.
    mo.fills("#q", DEFANGED)
    mo.enters()
    mo.sees("Likely malicious")
    mo.sees("2 independent origins")
    mo.looks("search")

    # A post: GREEN, with what it will reach before it goes.
    mo.clicks("text=Go to")
    mo.page.wait_for_selector("#palette[open]")
    mo.looks("palette")
    mo.clicks("#palette >> text=Write a post")
    mo.sees("Before you send")
    mo.fills("#text", f"Three of our customers got a lure to {DEFANGED} this morning. Who else?")
    mo.clicks("input[value='green']")
    mo.sees("2 organisations (3 people) will see this", "#preview")
    mo.sees(DEFANGED, "#preview")
    mo.looks("compose")
    mo.clicks("main button:has-text('Send')")
    mo.page.wait_for_selector(".thread article")
    mo.page.wait_for_selector("[data-live-state][data-state=live]")
    mo.page.evaluate("window.notReloaded = true")
    thread = mo.page.get_attribute(".thread", "data-thread-id")

    # Another member answers by their own system: it arrives on the open page.
    answer = httpx.post(
        f"{scene.site}/api/threads/{thread}/replies", headers={"Authorization": f"Bearer {scene.key}"},
        json={"text": "We do: the same kit, since Thursday."},
    )  # fmt: skip
    assert answer.status_code == 202, answer.text
    mo.sees("We do: the same kit, since Thursday.", ".thread")
    mo.sees("Ministry of Works", ".thread")
    assert mo.page.evaluate("window.notReloaded") is True
    mo.looks("thread")

    print(f"{len(mo.done)} actions:", *mo.done, sep="\n  ")  # seen by -s, or when it fails
    assert mo.faults == []
    assert len(mo.done) < MOST_ACTIONS
    mo.context.close()


class ByKeyboard:
    """Someone who has no mouse. Whatever takes the focus must show it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, selector: str, most: int = 60) -> None:
        """Go on with Tab until the focus is there."""
        for _ in range(most):
            self.press("Tab")
            where = self.page.evaluate(
                """selector => {
                    const at = document.activeElement, look = getComputedStyle(at);
                    const shown = at === document.body || look.outlineStyle !== 'none' || look.boxShadow !== 'none'
                        || (at.labels?.length && getComputedStyle(at.labels[0], '::before').boxShadow !== 'none');
                    return [at.matches(selector), Boolean(shown), at.outerHTML.slice(0, 120)];
                }""",
                selector,
            )
            assert where[1], f"the focus does not show: {where[2]}"
            if where[0]:
                return
        raise AssertionError(f"Tab does not reach {selector}")


def test_the_same_by_keyboard_alone(chromium: Any, scene: Scene) -> None:
    scene.hub.signing.set_password(scene.nia, PASSWORD)
    begun = httpx.post(
        f"{scene.site}/api/threads", headers={"Authorization": f"Bearer {scene.key}"},
        json={"title": "Who else sees parcel lures?", "text": f"They lead to {DEFANGED}", "tlp": "green"},
    )  # fmt: skip
    assert begun.status_code == 202, begun.text
    scene.knows()
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    nia = ByKeyboard(page)

    # Sign in.
    page.goto(f"{scene.site}/sign-in")
    nia.press("Tab", "Enter")  # the skip link
    assert page.evaluate("document.activeElement.id") == "main"
    nia.tab_to("#email")
    nia.type("nia@northern.example")
    nia.tab_to("#password")
    nia.type(PASSWORD)
    nia.press("Enter")
    page.wait_for_selector("text=The picture now")

    # The list of keys opens and closes, and gives the focus back; keys that are typed stay letters.
    nia.press("?")
    page.wait_for_selector("#shortcuts[open]")
    nia.press("Escape")
    assert not page.is_visible("#shortcuts")

    # Search, read the verdict, open the conversation about it.
    nia.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    nia.type(DEFANGED)
    nia.press("Enter")
    page.wait_for_selector("text=Why, and who says so")
    nia.tab_to("main a.button")
    nia.press("Enter")
    page.wait_for_selector("h2:has-text('Conversation')")
    nia.tab_to("[aria-labelledby=h-talk] .rows a")
    nia.press("Enter")
    page.wait_for_selector(".thread article")

    # To the post, to the answer, and off it goes.
    nia.press("j")
    assert page.evaluate("document.activeElement.matches('article.post')")
    nia.press("r")
    assert page.evaluate("document.activeElement.id") == "text"
    nia.type("We do, since Thursday: jkrn/? stay letters.")
    nia.tab_to("#reply button", 4)
    nia.press("Enter")
    page.wait_for_selector(".thread >> text=We do, since Thursday: jkrn/? stay letters.")

    # The palette finds the thread again, and the parts by "g".
    nia.press("g", "e")
    page.wait_for_url(f"{scene.site}/exchange")
    nia.press("Control+k")
    page.wait_for_selector("#palette[open]")
    nia.type("parcel lures")
    page.wait_for_selector("#palette [id^=found-]")
    nia.press("ArrowDown", "ArrowUp", "Enter")
    page.wait_for_selector("h1:has-text('Who else sees parcel lures?')")
    context.close()


def test_single_keys_can_be_switched_off(chromium: Any, scene: Scene) -> None:
    scene.hub.signing.set_password(scene.nia, PASSWORD)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{scene.site}/sign-in?next=/account")
    page.fill("#email", "nia@northern.example")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.click("text=Switch single keys off")
    page.wait_for_selector("text=Switch single keys on")
    for key in ("g", "e", "/", "?", "n"):
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url == f"{scene.site}/account" and page.evaluate("document.activeElement.tagName") == "BODY"
    page.keyboard.press("Control+k")
    page.wait_for_selector("#palette[open]")
    context.close()


def test_the_language_is_chosen_at_the_foot_and_stays(chromium: Any, scene: Scene) -> None:
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{scene.site}/search?q=parcel")
    page.click("text=Cymraeg")
    page.wait_for_selector("html[lang=cy]")
    assert page.url == f"{scene.site}/search?q=parcel" and page.is_visible("h1:has-text('Chwilio:')")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert find_faults(page, 360) == []
    page.goto(f"{scene.site}/sign-in")
    assert page.is_visible("h1:has-text('Mewngofnodi')")
    page.click("footer >> text=English")
    page.wait_for_selector("html[lang=en]")
    context.close()
