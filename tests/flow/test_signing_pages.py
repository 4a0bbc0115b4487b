"""The account's page and its API: sessions, keys, an app, recovery codes, passwords, as a person meets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from litestar.testing import TestClient

from fusioncell.kernel.clock import SECOND, ManualClock
from fusioncell.web.access import COOKIE, CSRF_HEADER
from hubs import MadeHub, browser, make_hub, visitor

CLOCK_START = 1_800_000_000 * SECOND
PASSWORD = "correct horse battery"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(CLOCK_START))
    yield made
    made.hub.close()


@pytest.fixture
def jon(made: MadeHub) -> Iterator[TestClient[Any]]:
    """Jon, an analyst, signed in."""
    with browser(made, made.provider) as client:
        client.csrf = made.hub.members.csrf_of(client.cookies[COOKIE])  # type: ignore[attr-defined]
        yield client


def sends(client: Any, path: str, **fields: str) -> Any:
    return client.post(path, data={"csrf": client.csrf, **fields})


def follows(client: Any, answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return str(client.get(answer.headers["location"]).text)


def test_an_app_is_set_up_and_then_asked_for(made: MadeHub, jon: Any) -> None:
    assert "The password is set" in follows(jon, password := sends(jon, "/account/password", password=PASSWORD))
    assert COOKIE in password.cookies
    jon.csrf = made.hub.members.csrf_of(jon.cookies[COOKIE])
    shown = sends(jon, "/account/app").text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", shown)[0]
    assert 'src="data:image/svg+xml' in shown
    app = pyotp.TOTP(secret)
    wrong = sends(jon, "/account/app/confirm", code="000000")
    assert wrong.status_code == 400 and secret in wrong.text
    right = sends(jon, "/account/app/confirm", code=app.generate_otp(made.hub.clock.now() // (30 * SECOND)))
    codes = re.findall(r"<code>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</code>", right.text)
    assert len(codes) == 10
    assert "You have 10 recovery codes left." in jon.get("/account").text

    made.hub.clock.advance(60 * SECOND)  # type: ignore[attr-defined]
    with visitor(made) as other:
        shown = other.post("/sign-in", data={"email": "jon@northern.example", "password": PASSWORD, "next": "/account"})
        assert shown.status_code == 200 and COOKIE not in shown.cookies
        state = re.findall(r'name="state" value="([^"]+)"', shown.text)[0]
        refused = other.post("/sign-in/code", data={"state": state, "code": "000000", "next": "/account"})
        assert refused.status_code == 401 and state in refused.text
        code = app.generate_otp(made.hub.clock.now() // (30 * SECOND))
        answer = other.post("/sign-in/code", data={"state": state, "code": code, "next": "/account"})
        assert answer.headers["location"] == "/account"
        assert "A recovery code" not in other.get("/account").text
    assert "The app is removed" in follows(jon, sends(jon, "/account/app/end"))


def test_new_recovery_codes_are_shown_once(jon: Any) -> None:
    first, second = (set(re.findall(r"<code>([0-9a-z-]{19})</code>", sends(jon, "/account/recovery").text))
                     for _ in range(2))  # fmt: skip
    assert len(first) == len(second) == 10 and not first & second
    page = jon.get("/account").text
    assert not any(code in page for code in first | second)


def test_a_password_change_says_what_is_wrong(made: MadeHub, jon: Any) -> None:
    made.hub.signing._save_password(made.provider.person, PASSWORD)
    short = sends(jon, "/account/password", current=PASSWORD, password="short")
    assert short.status_code == 400 and "12 to 1024 characters" in short.text
    wrong = sends(jon, "/account/password", current="not this one", password="another horse battery")
    assert wrong.status_code == 403 and "Your current password is not right" in wrong.text
    assert made.hub.members.viewer_for_session(jon.cookies[COOKIE]) is not None


def test_sessions_are_listed_and_ended(made: MadeHub, jon: Any) -> None:
    with browser(made, made.provider) as second, browser(made, made.provider) as third:
        page = jon.get("/account").text
        assert page.count("one-time link") >= 3 and "This browser" in page
        ended = made.hub.members.session_id(second.cookies[COOKIE])
        assert "That session has ended" in follows(jon, sends(jon, f"/account/sessions/{ended}/end"))
        assert made.hub.members.viewer_for_session(second.cookies[COOKIE]) is None
        listed = jon.get("/api/account/sessions").json()["sessions"]
        assert [one["current"] for one in listed].count(True) == 1 and len(listed) == 2
        assert {one["used_day"] for one in listed} == {"2027-01-15"}
        assert "everywhere else" in follows(jon, sends(jon, "/account/sessions/end"))
        assert made.hub.members.viewer_for_session(third.cookies[COOKIE]) is None
        assert made.hub.members.viewer_for_session(jon.cookies[COOKIE]) is not None


def test_sessions_end_by_api(made: MadeHub, jon: Any) -> None:
    with browser(made, made.provider) as second, browser(made, made.provider) as third:
        one = made.hub.members.session_id(second.cookies[COOKIE])
        assert jon.delete(f"/api/account/sessions/{one}").status_code == 403, "a change by session carries its token"
        header = {CSRF_HEADER: jon.csrf}
        assert jon.delete(f"/api/account/sessions/{one}", headers=header).status_code == 200
        assert made.hub.members.viewer_for_session(second.cookies[COOKIE]) is None
        assert jon.delete("/api/account/sessions", headers=header).status_code == 200
        assert made.hub.members.viewer_for_session(third.cookies[COOKIE]) is None
        assert [one["current"] for one in jon.get("/api/account/sessions").json()["sessions"]] == [True]


def test_a_key_is_made_shown_once_used_and_revoked(made: MadeHub, jon: Any) -> None:
    fields = {"label": "siem", "role": "member", "scope-match": "1", "scope-search": "1", "days": "30"}
    shown = sends(jon, "/account/keys", **fields).text
    key = re.findall(r"<code>(fc_[0-9a-f]{16}_[\w-]{43})</code>", shown)[0]
    page = jon.get("/account").text
    assert key not in page and "siem" in page and "match lists of values" in page and "never used" in page
    header = {"Authorization": f"Bearer {key}", "accept": "*/*"}
    with visitor(made) as machine:
        assert machine.get("/api/search", params={"q": "x"}, headers=header).status_code == 200
        assert machine.get("/api/whoami", headers=header).status_code == 403, "not among its scopes"
    assert "used 2027-01-15" in jon.get("/account").text
    public = key.split("_")[1]
    assert "The key is revoked" in follows(jon, sends(jon, f"/account/keys/{public}/revoke"))
    assert made.hub.members.viewer_for_key(key) is None


@pytest.mark.parametrize(("fields", "code"), [({"label": ""}, 400), ({"days": "0"}, 400), ({"days": "٣٠"}, 400),
                                              ({"role": "administrator"}, 403), ({"role": "king"}, 400)])
def test_a_wrong_key_is_explained(jon: Any, fields: dict[str, str], code: int) -> None:
    answer = sends(jon, "/account/keys", **{"label": "x", "role": "reader", "days": "30", **fields})
    assert answer.status_code == code and "There is a problem" in answer.text


def test_keys_by_api(made: MadeHub, jon: Any) -> None:
    header = {CSRF_HEADER: jon.csrf, "accept": "*/*"}
    asked = {"label": "feed", "role": "reader", "scopes": ["read"], "days": 7}
    made_key = jon.post("/api/account/keys", json=asked, headers=header)
    assert made_key.status_code == 201, made_key.text
    said = made_key.json()
    assert said["scopes"] == ["read"] and said["expires"] == "2027-01-22T08:00:00.000Z"
    bearer = {"Authorization": f"Bearer {said['api_key']}", "accept": "*/*"}
    with visitor(made) as machine:
        assert [one["id"] for one in machine.get("/api/account/keys", headers=bearer).json()["keys"]] == [said["id"]]
        refused = machine.post("/api/account/keys", json=asked, headers=bearer)
        assert refused.status_code == 403 and "makes no keys" in refused.text
        assert machine.delete(f"/api/account/keys/{said['id']}", headers=bearer).status_code == 200
        assert machine.get("/api/account/keys", headers=bearer).status_code == 401
    for wrong in ({**asked, "colour": "red"}, {"role": "reader"}, {**asked, "scopes": ["fly"]}):
        assert jon.post("/api/account/keys", json=wrong, headers=header).status_code == 400
    with visitor(made) as machine:
        bearer = {"Authorization": f"Bearer {made.provider.key}", "accept": "*/*"}
        assert machine.get("/api/account/keys", headers=bearer).status_code == 403, "an organisation's key is nobody"


def test_who_leads_or_administers_revokes_keys_of_the_organisation(made: MadeHub, jon: Any) -> None:
    public = made.provider.key.split("_")[1]
    assert sends(jon, f"/account/keys/{public}/revoke").status_code == 404
    made.hub.members.give_roles(made.provider.person, ["lead"])
    assert "The key is revoked" in follows(jon, sends(jon, f"/account/keys/{public}/revoke"))


def test_what_happened_is_told_to_whom_it_happened(made: MadeHub, jon: Any) -> None:
    sends(jon, "/account/recovery")
    sends(jon, "/account/keys", label="siem", role="reader", days="30")
    page = jon.get("/account").text
    for words in ("New recovery codes were made", "An API key was made"):
        assert words in page
    with browser(made, made.approver) as eve:
        assert "New recovery codes were made" not in eve.get("/account").text


def test_the_hubs_name_for_passkeys_follows_the_settings() -> None:
    from fusioncell.members.signing.passkeys import Site, site_of

    rows = {
        ("https://hub.example", "127.0.0.1:1"): Site("hub.example", "Fusion Cell", "https://hub.example"),
        ("https://Hub.Example:8443/x", "0.0.0.0:1"): Site("hub.example", "Fusion Cell", "https://hub.example:8443"),
        ("", "127.0.0.1:8080"): Site("localhost", "Fusion Cell", "http://localhost:8080"),
        ("", "[::1]:8080"): Site("localhost", "Fusion Cell", "http://localhost:8080"),
        ("", "localhost:8080"): Site("localhost", "Fusion Cell", "http://localhost:8080"),
        ("", "0.0.0.0:8080"): None,
        ("", "192.0.2.7:8080"): None,
        ("https://192.0.2.7", "127.0.0.1:8080"): None,
    }
    assert {given: site_of(*given) for given in rows} == rows
