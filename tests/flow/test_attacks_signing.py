"""The attack table of signing in: each row is an attack that is tried, and what must come of it.

Passkeys are a software authenticator's (tests/authenticator.py), so that it can be made to lie; Chromium's own are in
tests/browser/test_passkeys.py, a provider's lies in tests/flow/test_oidc.py and tests/unit/test_oidc_token.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from litestar.testing import TestClient

from authenticator import Authenticator
from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import HOUR, MINUTE, SECOND, ManualClock
from fusioncell.members import Person
from fusioncell.members.signing import Cost
from fusioncell.web.access import COOKIE, CSRF_HEADER
from fusioncell.web.app import make_app
from fusioncell.web.pages import account, signing

ORIGIN = "https://hub.example"
PASSWORD = "correct horse battery"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SCRIPT = {"accept": "*/*"}
"""What a script's fetch sends: it is answered as a machine is."""
START = 1_800_000_000 * SECOND


@dataclass
class Stage:
    """A hub behind https, two people of it, and Ada's browser."""

    hub: Hub
    clock: ManualClock
    ada: Person
    bea: Person

    def __post_init__(self) -> None:
        self.app_of_hub = make_app(self.hub)
        self.client = self.browser()

    def browser(self) -> TestClient[Any]:
        client = TestClient(self.app_of_hub, base_url=ORIGIN, raise_server_exceptions=False)
        client.headers["accept"], client.follow_redirects = "text/html", False
        return client

    def signs_in(self, client: TestClient[Any] | None = None, someone: Person | None = None) -> str:
        """Sign in by link; returns the token of the session's forms."""
        client = client or self.client
        link = self.hub.members.make_link((someone or self.ada).id).reveal()
        assert client.post(f"/sign-in/link/{link}").status_code == 303
        return self.hub.members.csrf_of(client.cookies[COOKIE])

    def who(self, client: TestClient[Any] | None = None) -> str | None:
        viewer = self.hub.members.viewer_for_session((client or self.client).cookies.get(COOKIE, ""))
        return viewer.person if viewer else None

    def registers(self, device: Authenticator, person: Person | None = None) -> None:
        someone = person or self.ada
        self.hub.signing.add_passkey(someone.id, device.create(self.hub.signing.offer_passkey(someone.id)))

    def options(self) -> str:
        return self.client.post("/sign-in/passkey/options").text

    def sends(self, answer: bytes, then: str = "/") -> Any:
        body = b'{"answer": ' + answer + b', "next": ' + json.dumps(then).encode() + b"}"
        return self.client.post("/sign-in/passkey", content=body, headers=SCRIPT)

    def adds(self, body: bytes, token: str) -> Any:
        """Send a registration."""
        return self.client.post("/account/passkeys", content=body, headers={**SCRIPT, CSRF_HEADER: token})

    def app(self) -> pyotp.TOTP:
        """Ada's password and app are set."""
        self.hub.signing.set_password(self.ada.id, PASSWORD)
        app = pyotp.TOTP(self.hub.signing.offer_totp(self.ada.id).secret.reveal())
        self.hub.signing.confirm_totp(self.ada.id, self.code(app), "setup")
        self.clock.advance(MINUTE)
        return app

    def code(self, app: pyotp.TOTP) -> str:
        return app.generate_otp(self.clock.now() // (30 * SECOND))

    def state(self) -> str:
        """Give the password; returns the state of the second step."""
        shown = self.client.post("/sign-in", data={"email": self.ada.email, "password": PASSWORD})
        assert shown.status_code == 200, shown.text
        return re.findall(r'name="state" value="([^"]+)"', shown.text)[0]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    Folder(tmp_path / "hub").make("hub")
    clock = ManualClock(START)
    hub = open_hub(tmp_path / "hub", read_settings(data=str(tmp_path / "hub"), public_url=ORIGIN), clock=clock,
                   known_good=KnownGood.nothing())  # fmt: skip
    hub.signing._cost = Cost(memory=8, passes=1, lanes=1)
    org = hub.members.add_organisation("Ministry of Works", "government", "government")
    ada, bea = (hub.members.add_person(org.id, name, f"{name.lower()}@works.example", ["analyst"])
                for name in ("Ada", "Bea"))
    made = Stage(hub, clock, ada, bea)
    with made.client:
        yield made
    hub.close()


# -- cross-site request forgery ----------------------------------------------------------------------------------------


def doors(*modules: Any) -> list[tuple[str, bool]]:
    """Return every POST door of these pages: its path, and whether it is a form."""
    return [(path, bool(handler.opt.get("form"))) for module in modules for handler in module.HANDLERS
            for path in handler.paths if "POST" in handler.http_methods]


@pytest.mark.parametrize(("path", "form"), doors(account))
def test_no_change_of_an_account_without_the_sessions_token(stage: Stage, path: str, form: bool) -> None:
    token = stage.signs_in()
    stage.registers(Authenticator(ORIGIN, "hub.example"))
    before = state_of(stage)
    other = stage.hub.members.csrf_of("another session")
    place = re.sub(r"\{[^}]*\}", "x", path)
    for wrong in ("", "guessed", other, token[:-1]):
        if form:
            sent = {"csrf": wrong, "password": PASSWORD, "label": "x", "role": "reader"}
            answer = stage.client.post(place, data=sent)
        else:
            answer = stage.client.post(place, content=b"{}", headers={CSRF_HEADER: wrong} if wrong else {})
        assert answer.status_code == 403, (path, wrong, answer.status_code)
    assert state_of(stage) == before


def state_of(stage: Stage) -> Any:
    ada = stage.ada.id
    return (stage.hub.signing.methods_of(ada), stage.hub.signing.passkeys_of(ada), stage.hub.signing.keys_of(ada),
            stage.hub.members.sessions_of(ada), stage.hub.signing.offered_totp(ada))


def test_every_sign_in_door_refuses_another_site(stage: Stage) -> None:
    found = [re.sub(r"\{[^}]*\}", "x", path) for path, _ in doors(signing) if path != "/sign-out"]
    assert len(found) >= 6
    for path in found:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Site": "same-site"}):
            assert stage.client.post(path, headers=headers).status_code == 403, (path, headers)


def test_a_key_grows_into_no_account(stage: Stage) -> None:
    """A leaked key makes no passkey, no password, no session and no key."""
    stage.signs_in()
    viewer = stage.hub.members.viewer_for_session(stage.client.cookies[COOKIE])
    assert viewer is not None
    key = stage.hub.signing.make_key(viewer, "leaked", "analyst", None, 30)[1].reveal()
    client = stage.browser()
    client.headers["Authorization"] = f"Bearer {key}"
    assert client.get("/api/account/keys").json()["keys"][0]["label"] == "leaked"
    before = state_of(stage)
    for path, _ in doors(account):
        answer = client.post(re.sub(r"\{[^}]*\}", "x", path), data={"csrf": stage.hub.members.csrf_of("")})
        assert answer.status_code in (303, 401, 403), (path, answer.status_code)
        assert answer.headers.get("location", "/sign-in").startswith("/sign-in"), path
    assert client.post("/api/account/keys", json={"label": "x"}).status_code == 403
    assert state_of(stage) == before


# -- sessions ----------------------------------------------------------------------------------------------------------


WAYS: dict[str, Callable[[Stage, TestClient[Any]], Any]] = {}


def way(act: Callable[[Stage, TestClient[Any]], Any]) -> Callable[[Stage, TestClient[Any]], Any]:
    WAYS[act.__name__] = act
    return act


@way
def link(stage: Stage, client: TestClient[Any]) -> Any:
    return client.post(f"/sign-in/link/{stage.hub.members.make_link(stage.ada.id).reveal()}")


@way
def password(stage: Stage, client: TestClient[Any]) -> Any:
    stage.hub.signing.set_password(stage.ada.id, PASSWORD)
    return client.post("/sign-in", data={"email": stage.ada.email, "password": PASSWORD})


@way
def code(stage: Stage, client: TestClient[Any]) -> Any:
    app = stage.app()
    return client.post("/sign-in/code", data={"state": stage.state(), "code": stage.code(app)})


@way
def recovery(stage: Stage, client: TestClient[Any]) -> Any:
    code = stage.hub.signing.make_recovery_codes(stage.ada.id)[0].reveal()
    return client.post("/sign-in/recovery", data={"email": stage.ada.email, "code": code})


@way
def passkey(stage: Stage, client: TestClient[Any]) -> Any:
    device = Authenticator(ORIGIN, "hub.example")
    stage.registers(device)
    answer = device.get(client.post("/sign-in/passkey/options").text)
    return client.post("/sign-in/passkey", content=b'{"answer": ' + answer + b"}")


@pytest.mark.parametrize("name", WAYS)
def test_no_session_is_fixed_and_its_cookie_is_closed(stage: Stage, name: str) -> None:
    """Whatever session the browser came with, it gets a new one, the old one ends, and no script reads it."""
    other = stage.browser()
    stage.signs_in(other, stage.bea)
    planted = other.cookies[COOKIE]
    stage.client.cookies.set(COOKIE, planted)
    answer = WAYS[name](stage, stage.client)
    assert answer.status_code in (200, 303), answer.text
    flags = next(value for name, value in answer.headers.multi_items()
                 if name == "set-cookie" and value.startswith(COOKIE)).lower().replace("; ", ";").split(";")
    assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(flags)
    assert not any(flag.startswith("domain=") for flag in flags)
    fresh = answer.cookies[COOKIE]
    assert fresh != planted
    assert stage.hub.members.viewer_for_session(planted) is None
    viewer = stage.hub.members.viewer_for_session(fresh)
    assert viewer is not None and viewer.person == stage.ada.id


def test_another_persons_session_passkey_and_key_are_out_of_reach(stage: Stage) -> None:
    other = stage.browser()
    stage.signs_in(other, stage.bea)
    session = stage.hub.members.session_id(other.cookies[COOKIE])
    stage.registers(Authenticator(ORIGIN, "hub.example"), stage.bea)
    theirs = stage.hub.signing.passkeys_of(stage.bea.id)[0].id
    viewer = stage.hub.members.viewer_for_session(other.cookies[COOKIE])
    assert viewer is not None
    key = stage.hub.signing.make_key(viewer, "hers", "reader", None, 30)[0].id
    token = stage.signs_in()
    for path in (f"/account/sessions/{session}/end", f"/account/passkeys/{theirs}/end", f"/account/keys/{key}/revoke"):
        assert stage.client.post(path, data={"csrf": token}).status_code == 404, path
    for path in (f"/api/account/sessions/{session}", f"/api/account/keys/{key}"):
        assert stage.client.delete(path, headers={CSRF_HEADER: token}).status_code == 404, path
    assert stage.who(other) == stage.bea.id and stage.hub.signing.keys_of(stage.bea.id)


# -- open redirects, framing, markup -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example",
                                    "javascript:alert(1)", "/a\r\nSet-Cookie: x=1", "\t//evil.example", "evil",
                                    "/%0d%0a\n", "/" + "x" * 3000])
def test_no_way_of_signing_in_leads_elsewhere(stage: Stage, target: str) -> None:
    stage.hub.signing.set_password(stage.ada.id, PASSWORD)
    sent = {"email": stage.ada.email, "password": PASSWORD, "next": target}
    assert stage.client.post("/sign-in", data=sent).headers["location"] == "/"
    codes = stage.hub.signing.make_recovery_codes(stage.ada.id)
    sent = {"email": stage.ada.email, "code": codes[0].reveal(), "next": target}
    assert stage.client.post("/sign-in/recovery", data=sent).headers["location"] == "/"
    device = Authenticator(ORIGIN, "hub.example")
    stage.registers(device)
    assert stage.sends(device.get(stage.options()), target).json() == {"location": "/"}
    app = stage.app()
    sent = {"state": stage.state(), "code": stage.code(app), "next": target}
    assert stage.client.post("/sign-in/code", data=sent).headers["location"] == "/"
    for path in ("/sign-in", "/sign-in/recovery"):
        assert 'name="next" value="/"' in stage.client.get(path, params={"next": target}).text


def test_no_page_is_framed_and_none_runs_scripts_of_others(stage: Stage) -> None:
    token = stage.signs_in()
    pages = [stage.client.get(path) for path in ("/sign-in", "/sign-in/recovery", "/account")]
    pages += [stage.client.post("/account/app", data={"csrf": token}),
              stage.client.post("/account/recovery", data={"csrf": token}),
              stage.client.post("/account/app/confirm", data={"csrf": token, "code": "000000"})]
    for shown in pages:
        policy = shown.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy and "script-src 'self'" in policy and "base-uri 'none'" in policy
        assert shown.headers["cache-control"] == "no-store"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", shown.text)


def test_names_and_labels_are_never_markup(stage: Stage) -> None:
    mallory = stage.hub.members.add_person(stage.ada.org, EVIL, "mallory@works.example", ["lead"])
    token = stage.signs_in(someone=mallory)
    device = Authenticator(ORIGIN, "hub.example")
    made = device.create(stage.client.post("/account/passkeys/options", headers={CSRF_HEADER: token}).text)
    body = b'{"answer": ' + made + b', "label": ' + json.dumps(EVIL).encode() + b"}"
    assert stage.adds(body, token).status_code == 200
    key = stage.client.post("/account/keys", data={"csrf": token, "label": EVIL, "role": "reader", "days": "30"})
    assert key.status_code == 200
    wrong = stage.client.post("/sign-in", data={"email": f"{EVIL}@x.example", "password": "x"})
    for shown in (key, stage.client.get("/account"), wrong):
        assert "<script>alert" not in shown.text and "<img src=x" not in shown.text
    assert "&lt;script&gt;alert" in stage.client.get("/account").text


# -- passkeys ----------------------------------------------------------------------------------------------------------


def test_a_passkeys_answer_works_once(stage: Stage) -> None:
    device = Authenticator(ORIGIN, "hub.example")
    stage.registers(device)
    answer = device.get(stage.options())
    assert stage.sends(answer).status_code == 200
    stage.client.cookies.clear()
    assert stage.sends(answer).status_code == 401 and stage.who() is None


def test_a_registration_works_once(stage: Stage) -> None:
    token = stage.signs_in()
    options = stage.client.post("/account/passkeys/options", headers={CSRF_HEADER: token}).text
    body = b'{"answer": ' + Authenticator(ORIGIN, "hub.example").create(options) + b"}"
    assert stage.adds(body, token).status_code == 200
    assert stage.adds(body, token).status_code == 409
    again = b'{"answer": ' + Authenticator(ORIGIN, "hub.example").create(options) + b"}"
    assert stage.adds(again, token).status_code == 409
    assert len(stage.hub.signing.passkeys_of(stage.ada.id)) == 1


LIES = {
    "of another origin": ("origin", "https://evil.example"),
    "of the same name without https": ("origin", "http://hub.example"),
    "of a name below": ("origin", "https://x.hub.example"),
    "for another site": ("site", "evil.example"),
    "without the person's finger": ("verifies_user", False),
    "of a copy, whose counter fell back": ("uses", -1),
    "signed with another key": ("_private", Authenticator()._private),
    "of a passkey that is not known": ("id", b"another"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_false_answer_signs_nobody_in(stage: Stage, lie: str) -> None:
    device = Authenticator(ORIGIN, "hub.example")
    stage.registers(device)
    assert stage.sends(device.get(stage.options())).status_code == 200
    stage.client.cookies.clear()
    setattr(device, *LIES[lie])
    assert stage.sends(device.get(stage.options())).status_code == 401 and stage.who() is None


@pytest.mark.parametrize("lie", list(LIES)[:5])
def test_a_false_registration_is_not_kept(stage: Stage, lie: str) -> None:
    token = stage.signs_in()
    device = Authenticator(ORIGIN, "hub.example")
    setattr(device, *LIES[lie])
    options = stage.client.post("/account/passkeys/options", headers={CSRF_HEADER: token}).text
    body = b'{"answer": ' + device.create(options) + b"}"
    assert stage.adds(body, token).status_code == 401
    assert stage.hub.signing.passkeys_of(stage.ada.id) == []


def test_a_challenge_is_fresh_ours_and_for_its_purpose(stage: Stage) -> None:
    device = Authenticator(ORIGIN, "hub.example")
    stage.registers(device)
    late = device.get(stage.options())
    stage.clock.advance(5 * MINUTE)
    assert stage.sends(late).status_code == 401
    assert stage.sends(device.get('{"challenge": "AAAA"}')).status_code == 401
    assert stage.sends(device.get(stage.hub.signing.offer_passkey(stage.ada.id))).status_code == 401
    token = stage.signs_in()
    theirs = Authenticator(ORIGIN, "hub.example").create(stage.hub.signing.offer_passkey(stage.bea.id))
    answer = stage.adds(b'{"answer": ' + theirs + b"}", token)
    assert answer.status_code == 401 and len(stage.hub.signing.passkeys_of(stage.ada.id)) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"answer": 1}', b'{"answer": {"id": 1}}', b"[" * 90_000,
                                  b'{"answer": {}, "next": 7}', b"\xff\xfe", b'{"answer": {"id": "' + b"x" * 90_000])
def test_nonsense_is_refused_as_such(stage: Stage, body: bytes) -> None:
    assert stage.client.post("/sign-in/passkey", content=body).status_code == 400
    assert stage.client.post("/sign-in/passkey", content=body + b" " * 200_000).status_code == 413


# -- guessing and replay -----------------------------------------------------------------------------------------------


GUESSES: dict[str, tuple[str, Callable[[Stage, int], dict[str, str]]]] = {
    "passwords": ("/sign-in", lambda stage, n: {"email": stage.ada.email, "password": f"wrong horse {n}"}),
    "codes": ("/sign-in/code", lambda stage, n: {"state": stage.state(), "code": f"{n:06}"}),
    "recovery codes": ("/sign-in/recovery", lambda stage, n: {"email": stage.ada.email, "code": f"{n:016}"}),
}


@pytest.mark.parametrize("what", GUESSES)
def test_guessing_is_slowed(stage: Stage, what: str) -> None:
    """An hour of guessing without rest gets few guesses; each refusal says how long to wait."""
    app = stage.app()
    path, fields = GUESSES[what]
    tried, end = 0, stage.clock.now() + HOUR
    while stage.clock.now() < end:
        answer = stage.client.post(path, data=fields(stage, tried))
        assert answer.status_code in (401, 429)
        if answer.status_code == 429:
            assert int(answer.headers["retry-after"]) > 0
            stage.clock.advance(int(answer.headers["retry-after"]) * SECOND)
        tried += answer.status_code == 401
    assert 5 <= tried < 20
    assert stage.who() is None and app


def test_guessing_many_accounts_is_slowed_by_address(stage: Stage) -> None:
    answers = [stage.client.post("/sign-in", data={"email": f"g{n}@works.example", "password": "x"}).status_code
               for n in range(31)]  # fmt: skip
    assert answers[:30] == [401] * 30 and answers[30] == 429
    assert stage.sends(b'{"id": "x"}').status_code == 429, "one brake for all ways"


def test_codes_are_not_replayed(stage: Stage) -> None:
    app = stage.app()
    state, code = stage.state(), stage.code(app)
    assert stage.client.post("/sign-in/code", data={"state": state, "code": code}).status_code == 303
    stage.client.cookies.clear()
    for again in (state, stage.state()):
        assert stage.client.post("/sign-in/code", data={"state": again, "code": code}).status_code == 401
    codes = stage.hub.signing.make_recovery_codes(stage.ada.id)
    sent = {"email": stage.ada.email, "code": codes[0].reveal()}
    assert stage.client.post("/sign-in/recovery", data=sent).status_code == 303
    stage.client.cookies.clear()
    assert stage.client.post("/sign-in/recovery", data=sent).status_code == 401
    assert stage.who() is None


def test_the_code_is_not_stepped_over(stage: Stage) -> None:
    """The password alone opens nothing, and the state of the second step is no session."""
    stage.app()
    state = stage.state()
    assert stage.who() is None
    stage.client.cookies.set(COOKIE, state)
    assert stage.who() is None
    for code in ("", "000000", " ", "٠٠٠٠٠٠"):
        assert stage.client.post("/sign-in/code", data={"state": state, "code": code}).status_code in (401, 429)


def test_an_account_is_not_found_out(stage: Stage) -> None:
    """Known and unknown addresses get the same answers, for passwords and for recovery codes."""
    stage.hub.signing.set_password(stage.ada.id, PASSWORD)
    for path, field in (("/sign-in", "password"), ("/sign-in/recovery", "code")):
        shown = [stage.client.post(path, data={"email": who, field: "0000-0000-0000-0000"})
                 for who in (stage.ada.email, "zoe@works.example")]  # fmt: skip
        assert shown[0].status_code == shown[1].status_code == 401
        assert shown[0].text.replace("ada@", "zoe@") == shown[1].text
