"""Passkeys in a real Chromium, with its virtual authenticator (CDP's WebAuthn domain): registration and sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from browser.test_axe_samples import AXE, find_faults
from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.web.app import make_app
from resolvers import free_port, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub that was told nothing but where it listens: its passkeys are localhost's."""
    Folder(tmp_path / "hub").make("hub")
    settings = read_settings(data=str(tmp_path / "hub"), http_listen=f"127.0.0.1:{free_port()}")
    hub = open_hub(tmp_path / "hub", settings, known_good=KnownGood.nothing())
    org = hub.members.add_organisation("Ministry of Works", "government", "government")
    hub.members.add_person(org.id, "Ada Okafor", "ada@works.example", ["analyst"])
    yield hub
    hub.close()


@pytest.fixture
def site(hub: Hub) -> Iterator[str]:
    import threading

    hub.start()
    port = int(hub.settings.http_listen.rpartition(":")[2])
    server = uvicorn.Server(uvicorn.Config(make_app(hub), host="127.0.0.1", port=port, log_level="critical",
                                           timeout_graceful_shutdown=1))  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started)
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    yield page
    context.close()


class Device:
    """The browser's virtual authenticator: a platform's own, which keeps passkeys and verifies its user."""

    def __init__(self, page: Any) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("WebAuthn.enable", {"enableUI": False})
        self.id = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": False}})["authenticatorId"]  # fmt: skip

    def present(self, there: bool = True) -> None:
        """The person touches the device when asked, or does not."""
        self.cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self.id, "enabled": there})

    def passkeys(self) -> list[dict[str, Any]]:
        return self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]  # type: ignore[no-any-return]


def sign_in_by_link(page: Any, hub: Hub, site: str) -> None:
    ada = hub.members.person_of_email("ada@works.example")
    assert ada is not None
    page.goto(f"{site}/sign-in/link/{hub.members.make_link(ada.id).reveal()}")
    page.click("main button")
    page.wait_for_url(f"{site}/")


def register(page: Any, site: str) -> None:
    page.goto(f"{site}/account")
    page.fill("#passkey-label", "work laptop")
    page.click("text=Add a passkey")
    page.wait_for_selector("text=The passkey is added")


def without_autofill(page: Any) -> None:
    """Be a browser that offers no passkeys in fields: it would now and then sign in before the button is pressed."""
    page.add_init_script("if (window.PublicKeyCredential)"
                         " PublicKeyCredential.isConditionalMediationAvailable = async () => false")  # fmt: skip


def test_a_passkey_is_registered_and_signs_in(page: Any, hub: Hub, site: str) -> None:
    device = Device(page)
    device.present()
    sign_in_by_link(page, hub, site)
    register(page, site)
    assert "work laptop" in page.inner_text("[aria-labelledby=h-passkeys]")
    assert "A passkey was added" in page.inner_text("[aria-labelledby=h-lately]")
    assert [one["rpId"] for one in device.passkeys()] == ["localhost"]
    assert all(one["isResidentCredential"] for one in device.passkeys())

    page.click("text=Sign out")
    page.wait_for_selector("text=You are signed out")
    device.present(False)
    without_autofill(page)
    page.goto(f"{site}/sign-in?next=/account")
    page.wait_for_selector("[data-passkey=sign-in]:not([hidden])")
    device.present()
    page.click("text=Sign in with a passkey")
    page.wait_for_url(f"{site}/account")
    assert "by a passkey" in page.inner_text("[aria-labelledby=h-sessions]")
    assert page.faults == []


def test_a_device_is_registered_once_and_a_stranger_is_refused(page: Any, hub: Hub, site: str) -> None:
    device = Device(page)
    device.present()
    sign_in_by_link(page, hub, site)
    register(page, site)
    page.fill("#passkey-label", "the same again")
    page.click("text=Add a passkey")
    page.wait_for_selector("text=This device has a passkey for your account already.")

    # A passkey that was deleted at the hub still answers; the hub does not know it any more.
    page.click("[aria-labelledby=h-passkeys] button:has-text('Delete')")
    page.wait_for_selector("text=The passkey is deleted")
    page.click("text=Sign out")
    device.present(False)
    without_autofill(page)
    page.goto(f"{site}/sign-in")
    page.wait_for_selector("[data-passkey=sign-in]:not([hidden])")
    device.present()
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("text=The passkey was not accepted.")
    assert page.url.startswith(f"{site}/sign-in")


def test_by_its_number_the_hub_leads_to_its_name(page: Any, hub: Hub, site: str) -> None:
    page.goto(site.replace("localhost", "127.0.0.1") + "/sign-in")
    assert page.query_selector("[data-passkey]") is None
    page.click(f"text={site}")
    page.wait_for_url(f"{site}/sign-in")
    page.wait_for_selector("[data-passkey=sign-in]:not([hidden])")


def test_the_account_page_is_for_everyone(page: Any, hub: Hub, site: str) -> None:
    if not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    device = Device(page)
    device.present()
    sign_in_by_link(page, hub, site)
    register(page, site)
    page.click("summary:has-text('Make a key')")
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(AXE.read_text(encoding="utf-8"))
        assert find_faults(page, width) == []
