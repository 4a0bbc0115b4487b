"""Signing in with an account at a real identity provider (oidc-provider-mock: authlib's server side), over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import HOUR, MINUTE, SECOND, ManualClock
from fusioncell.web.access import COOKIE
from fusioncell.web.app import make_app
from fusioncell.web.pages.signing import OIDC_COOKIE

mock = pytest.importorskip("oidc_provider_mock", reason="oidc-provider-mock is not installed")
ADA, MALLORY, UNVERIFIED = "ada-248289", "mallory-666", "unverified-1"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = [
        mock.User(sub=ADA, claims={"email": "ada@works.example", "email_verified": True}),
        mock.User(sub=MALLORY, claims={"email": "mallory@evil.example", "email_verified": True}),
        mock.User(sub=UNVERIFIED, claims={"email": "ada@works.example", "email_verified": False}),
    ]
    with mock.run_server_in_thread(require_nonce=True, user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def clock() -> ManualClock:
    """The provider's clock is the wall's."""
    return ManualClock(time.time_ns() // 1000 // SECOND * SECOND)


def open_with(folder: Path, issuer: str, clock: ManualClock, **settings: str) -> Hub:
    Folder(folder).make("hub")
    chosen = read_settings(data=str(folder), public_url="http://testserver.local", oidc_issuer=issuer,
                           oidc_client_id="hub", oidc_client_secret="s3cret", oidc_name="the works' account",
                           **settings)  # fmt: skip
    hub = open_hub(folder, chosen, clock=clock, known_good=KnownGood.nothing())
    org = hub.members.add_organisation("Ministry of Works", "government", "government")
    for name in ("Ada", "Bea"):
        hub.members.add_person(org.id, name, f"{name.lower()}@works.example", ["analyst"])
    return hub


@pytest.fixture
def hub(tmp_path: Path, issuer: str, clock: ManualClock) -> Iterator[Hub]:
    hub = open_with(tmp_path / "hub", issuer, clock)
    yield hub
    hub.close()


class Browser(TestClient[Any]):
    """A browser that goes to the provider and back."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(make_app(hub), raise_server_exceptions=False)
        self.headers["accept"] = "text/html"
        self.follow_redirects = False
        self.hub = hub

    def signs_in_by_link(self, email: str) -> str:
        someone = self.hub.members.person_of_email(email)
        assert someone is not None
        answer = self.post(f"/sign-in/link/{self.hub.members.make_link(someone.id).reveal()}")
        assert answer.status_code == 303
        return self.hub.members.csrf_of(self.cookies[COOKIE])

    def at_provider(self, url: str, subject: str) -> str:
        """Sign in there as someone; returns the path and query with which the browser is sent back."""
        sent = httpx.post(url, data={"sub": subject}, follow_redirects=False)
        assert sent.status_code == 302, sent.text
        back = sent.headers["location"]
        assert back.startswith("http://testserver.local/sign-in/oidc/back?")
        return back.removeprefix("http://testserver.local")

    def goes(self, subject: str, then: str = "/") -> str:
        begun = self.get("/sign-in/oidc", params={"next": then})
        assert begun.status_code == 303, begun.text
        return self.at_provider(begun.headers["location"], subject)

    def links(self, subject: str, email: str = "ada@works.example") -> str:
        """Begin to link an account as who signs in by link; returns the way back."""
        token = self.signs_in_by_link(email)
        shown = self.post("/account/provider", data={"csrf": token})
        assert shown.status_code == 200, shown.text
        url = shown.text.split('<a class="button" href="')[1].split('"')[0].replace("&amp;", "&")
        return self.at_provider(url, subject)


@pytest.fixture
def browser(hub: Hub) -> Iterator[Browser]:
    with Browser(hub) as browser:
        yield browser


@pytest.fixture
def linked(browser: Browser) -> Browser:
    """Ada has linked her account, and signed out."""
    answer = browser.get(browser.links(ADA))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    browser.cookies.clear()
    return browser


def who(browser: Browser) -> str | None:
    viewer = browser.hub.members.viewer_for_session(browser.cookies.get(COOKIE, ""))
    return browser.hub.members.person(viewer.person).name if viewer and viewer.person else None


def test_a_linked_account_signs_in(linked: Browser) -> None:
    answer = linked.get(linked.goes(ADA, "/account"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert who(linked) == "Ada"
    assert OIDC_COOKIE not in linked.cookies
    page = linked.get("/account").text
    assert "ada@works.example" in page and "your account with the identity provider" in page


def test_the_request_carries_state_nonce_and_pkce(browser: Browser) -> None:
    first, second = (parse_qs(urlsplit(browser.get("/sign-in/oidc").headers["location"]).query) for _ in range(2))
    assert first["response_type"] == ["code"] and first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://testserver.local/sign-in/oidc/back"]
    assert "openid" in first["scope"][0].split()
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) == 43 and first[name] != second[name]


def test_an_account_that_nobody_linked_signs_nobody_in(browser: Browser) -> None:
    answer = browser.get(browser.goes(ADA))
    assert answer.status_code == 401 and "No member is linked with this account" in answer.text
    assert COOKIE not in browser.cookies


def test_a_verified_address_suffices_where_the_setting_says_so(
        tmp_path: Path, issuer: str, clock: ManualClock) -> None:
    hub = open_with(tmp_path / "open", issuer, clock, oidc_match_email="yes")
    with Browser(hub) as browser:
        for stranger in (UNVERIFIED, MALLORY):
            assert browser.get(browser.goes(stranger)).status_code == 401
            assert who(browser) is None
        assert browser.get(browser.goes(ADA)).status_code == 303
        assert who(browser) == "Ada"
        ada = hub.members.person_of_email("ada@works.example")
        assert ada is not None
        assert [one.subject for one in hub.providers.accounts_of(ada.id)] == [ADA]
        assert "identity.linked" in [line.action for line in hub.audit.lines_of(f"person:{ada.id}")]
    hub.close()


def test_an_answer_works_once(linked: Browser) -> None:
    back = linked.goes(ADA)
    state = linked.cookies[OIDC_COOKIE]
    assert linked.get(back).status_code == 303
    linked.cookies.clear()
    assert linked.get(back).status_code == 401, "the cookie is gone"
    linked.cookies.set(OIDC_COOKIE, state)
    assert linked.get(back).status_code == 401, "the state is used"
    assert who(linked) is None


def test_an_answer_to_another_browser_is_refused(linked: Browser) -> None:
    """Login CSRF: a stranger's answer does not sign this browser in as the stranger."""
    back = linked.goes(ADA)
    with Browser(linked.hub) as other:
        assert other.get(back).status_code == 401
        other.get("/sign-in/oidc")
        assert other.get(back).status_code == 401
        assert who(other) is None


@pytest.mark.parametrize("change", ["state", "code", "no state", "no code", "error", "another issuer", "cookie"])
def test_a_changed_answer_is_refused(linked: Browser, change: str) -> None:
    query = {name: values[0] for name, values in parse_qs(urlsplit(linked.goes(ADA)).query).items()}
    match change:
        case "state" | "code":
            query[change] = query[change][:-1] + ("A" if query[change][-1] != "A" else "B")
        case "no state" | "no code":
            del query[change.removeprefix("no ")]
        case "error":
            query = {"error": "access_denied", "state": query["state"]}
        case "another issuer":
            query["iss"] = "https://evil.example"
        case "cookie":
            linked.cookies.set(OIDC_COOKIE, linked.cookies[OIDC_COOKIE][:-6] + "AAAAA=")
    assert linked.get("/sign-in/oidc/back", params=query).status_code in (401, 503)
    assert who(linked) is None


def test_who_takes_too_long_begins_again(linked: Browser, clock: ManualClock) -> None:
    back = linked.goes(ADA)
    clock.advance(10 * MINUTE)
    assert linked.get(back).status_code == 401


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_token_of_another_time_is_refused(linked: Browser, clock: ManualClock, hours: int) -> None:
    """The provider's tokens live an hour from its own now."""
    clock._now += hours * HOUR
    assert linked.get(linked.goes(ADA)).status_code == 401
    assert who(linked) is None


def test_an_account_is_linked_by_who_asked_for_it_alone(browser: Browser) -> None:
    """Mallory's answer brought to Ada's browser, and Ada's request finished by Bea, link nothing."""
    with Browser(browser.hub) as mallory:
        foreign = mallory.goes(MALLORY)
    browser.signs_in_by_link("ada@works.example")
    assert browser.get(foreign).status_code == 401
    back = browser.links(MALLORY)
    browser.signs_in_by_link("bea@works.example")
    assert browser.get(back).status_code == 401
    for email in ("ada@works.example", "bea@works.example"):
        someone = browser.hub.members.person_of_email(email)
        assert someone is not None and browser.hub.providers.accounts_of(someone.id) == []


def test_linking_is_asked_by_the_sessions_own_form(browser: Browser) -> None:
    browser.signs_in_by_link("ada@works.example")
    for token in ("", "guessed"):
        assert browser.post("/account/provider", data={"csrf": token}).status_code == 403
    assert OIDC_COOKIE not in browser.cookies


def test_an_account_of_another_is_not_taken_over(linked: Browser) -> None:
    answer = linked.get(linked.links(ADA, "bea@works.example"))
    assert answer.status_code == 409 and "linked already" in answer.text


def test_unlinked_it_signs_nobody_in(linked: Browser, issuer: str) -> None:
    token = linked.signs_in_by_link("ada@works.example")
    sent = {"csrf": token, "issuer": issuer, "subject": ADA}
    assert linked.post("/account/provider/end", data=sent).status_code == 303
    linked.cookies.clear()
    assert linked.get(linked.goes(ADA)).status_code == 401


def test_the_suspended_are_not_let_in(linked: Browser) -> None:
    ada = linked.hub.members.person_of_email("ada@works.example")
    assert ada is not None
    linked.hub.members.suspend(f"person:{ada.id}")
    assert linked.get(linked.goes(ADA)).status_code == 401
    assert who(linked) is None


def test_while_the_provider_is_down_everything_else_works(tmp_path: Path, clock: ManualClock) -> None:
    hub = open_with(tmp_path / "down", "http://localhost:9", clock)
    ada = hub.members.person_of_email("ada@works.example")
    assert ada is not None
    code = hub.signing.make_recovery_codes(ada.id)[0].reveal()
    with Browser(hub) as browser:
        answer = browser.get("/sign-in/oidc")
        assert answer.status_code == 503 and "Sign in another way" in answer.text
        assert "Use a recovery code" in answer.text
        sent = {"email": "ada@works.example", "code": code, "next": "/account"}
        assert browser.post("/sign-in/recovery", data=sent).headers["location"] == "/account"
        assert who(browser) == "Ada"
    hub.close()
