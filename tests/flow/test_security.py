"""What an attacker on the network or in the browser meets: headers, secrets kept, sessions, tokens, paths."""

from __future__ import annotations

import ast
import asyncio
import logging
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

import fusioncell
from fusioncell.bootstrap import Hub
from fusioncell.web.access import COOKIE, CSRF_HEADER
from fusioncell.web.app import make_app
from served import Party, ServedHub, new_hub

PASSWORD = "correct horse battery staple"
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = new_hub(tmp_path_factory.mktemp("security") / "hub")
    org = hub.members.add_organisation("Bank", "finance", "industry")
    hub.signing.set_password(hub.members.add_person(org.id, "Ada", "ada@bank.example", ["administrator"]).id, PASSWORD)
    hub.settle()
    yield hub
    hub.close()


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hub), raise_server_exceptions=False, base_url="http://hub.example") as client:
        client.follow_redirects = False
        yield client


@pytest.fixture(scope="module")
def key(hub: Hub) -> str:
    return hub.members.make_key(hub.members.organisations()[0].id, role="administrator")[1].reveal()


def signs_in(client: TestClient[Litestar]) -> httpx.Response:
    return client.post("/sign-in", data={"email": "ada@bank.example", "password": PASSWORD, "next": "/"})


# -- headers -----------------------------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers(hub: Hub, client: TestClient[Litestar], key: str) -> None:
    app = make_app(hub)
    paths = sorted({route.path for route in app.routes if isinstance(route, HTTPRoute)})
    assert len(paths) > 20
    for path in [*paths, "/nothing", "/api/nothing", "/static/../../etc/passwd"]:
        concrete = re.sub(r"\{[^}]*\}", "x", path)
        for headers in ({}, HTML, {"Authorization": f"Bearer {key}"}, {"Authorization": "Bearer wrong"}):
            answer = client.get(concrete, headers=headers)
            where = f"GET {concrete} {headers}: {answer.status_code}"
            assert answer.status_code < 500 or path == "/readyz", where
            assert answer.headers.get("x-content-type-options") == "nosniff", where
            assert answer.headers.get("referrer-policy") in ("same-origin", "no-referrer"), where
            policy = answer.headers.get("content-security-policy", "")
            assert "frame-ancestors 'none'" in policy, where
            assert "unsafe" not in policy, where
            assert "default-src 'none'" in policy, where
            if "/static/" not in concrete and concrete not in ("/favicon.ico", "/robots.txt"):
                assert "no-store" in answer.headers.get("cache-control", ""), where
            assert "server" not in answer.headers, where


def test_no_door_lets_other_sites_read(client: TestClient[Litestar]) -> None:
    answer = client.get("/api/contributions", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


# -- sessions and CSRF -------------------------------------------------------------------------------------------------


def test_the_session_cookie_is_the_servers_alone(client: TestClient[Litestar]) -> None:
    answer = signs_in(client)
    assert answer.status_code == 303
    flags = answer.headers["set-cookie"].lower()
    assert COOKIE in flags
    assert "httponly" in flags
    assert "samesite=lax" in flags or "samesite=strict" in flags
    assert "path=/" in flags
    assert "domain=" not in flags


def test_over_https_the_cookie_is_secure(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub", public_url="https://hub.example")
    org = hub.members.add_organisation("Bank", "finance", "industry")
    hub.signing.set_password(hub.members.add_person(org.id, "Ada", "ada@bank.example", ["administrator"]).id, PASSWORD)
    try:
        with TestClient(make_app(hub), base_url="https://hub.example") as client:
            client.follow_redirects = False
            assert "secure" in signs_in(client).headers["set-cookie"].lower().replace("; ", ";").split(";")
    finally:
        hub.close()


def test_a_session_lasts_as_long_as_the_setting_says(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub", session_hours="3")
    org = hub.members.add_organisation("Bank", "finance", "industry")
    ada = hub.members.add_person(org.id, "Ada", "ada@bank.example", ["reader"])
    try:
        with TestClient(make_app(hub)) as client:
            client.follow_redirects = False
            answer = client.post(f"/sign-in/link/{hub.members.make_link(ada.id).reveal()}")
            cookie = answer.headers["set-cookie"].lower()
            assert 3 * 3600 - 60 < int(cookie.split("max-age=")[1].split(";")[0]) <= 3 * 3600
    finally:
        hub.close()


def test_signing_in_gives_a_new_session_and_ends_the_old(client: TestClient[Litestar]) -> None:
    signs_in(client)
    first = client.cookies[COOKIE]
    signs_in(client)
    second = client.cookies[COOKIE]
    assert first != second
    client.cookies.clear()
    client.cookies.set(COOKIE, first)
    assert client.get("/api/whoami").json()["organisation"] is None


def test_a_change_by_cookie_needs_the_sessions_token(hub: Hub, client: TestClient[Litestar]) -> None:
    signs_in(client)
    session = client.cookies[COOKIE]
    sent = {"content": "seen at hxxp://csrf[.]example/ today", "headers": {"Content-Type": "text/plain"}}
    before = hub.record.head()[0]
    assert client.post("/api/contributions", **sent).status_code == 403
    sent["headers"] = {"Content-Type": "text/plain", CSRF_HEADER: "A" * 43}
    assert client.post("/api/contributions", **sent).status_code == 403
    assert hub.record.head()[0] == before
    token = hub.members.csrf_of(session)
    sent["headers"] = {"Content-Type": "text/plain", CSRF_HEADER: token}
    assert client.post("/api/contributions", **sent).status_code == 202


def test_a_form_without_the_token_changes_nothing(hub: Hub, client: TestClient[Litestar]) -> None:
    signs_in(client)
    before = hub.record.head()[0]
    answer = client.post("/contribute", data={"text": "hxxp://form[.]example/", "tlp": "green"}, headers=HTML)
    assert answer.status_code == 403
    assert hub.record.head()[0] == before


def test_another_site_cannot_sign_a_browser_in(client: TestClient[Litestar]) -> None:
    form = {"email": "ada@bank.example", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}):
        answer = client.post("/sign-in", data=form, headers=headers)
        assert answer.status_code == 403, headers
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "javascript:1",
        "\thttps://elsewhere.example",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_signing_in_leads_nowhere_else(client: TestClient[Litestar], target: str) -> None:
    answer = client.post("/sign-in", data={"email": "ada@bank.example", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


# -- the Authorization header ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "bearer x",
        "Basic YWRhOng=",
        "Digest a=b",
        "Negotiate",
        "Bearer a b",
        "Bearer " + "a" * 10_000,
        "Bearer fc_" + "0" * 16 + "_" + "A" * 43,
    ],
)
def test_what_is_no_key_opens_nothing(client: TestClient[Litestar], value: str) -> None:
    answer = client.get("/api/organisations", headers={"Authorization": value})
    assert answer.status_code in (401, 403), answer.text
    assert answer.status_code == 401 or not value.strip()


def test_of_two_keys_none_opens_by_luck(hub: Hub, key: str) -> None:
    """A proxy may look at the one and the hub at the other."""
    app = make_app(hub)
    for pair in ((f"Bearer {key}", "Bearer wrong"), ("Bearer wrong", f"Bearer {key}"), (f"Bearer {key}",) * 2):
        headers = [("Authorization", value) for value in pair]
        assert _get(httpx.ASGITransport(app), "/api/organisations", headers) == 401
    assert _get(httpx.ASGITransport(app), "/api/organisations", [("Authorization", f"Bearer {key}")]) == 200


def test_a_key_in_the_address_or_a_cookie_is_no_key(client: TestClient[Litestar], key: str) -> None:
    assert client.get("/api/organisations", params={"key": key}).status_code != 200
    client.cookies.set(COOKIE, key)
    assert client.get("/api/organisations").status_code != 200


def test_a_sessions_token_is_no_key(client: TestClient[Litestar]) -> None:
    signs_in(client)
    session = client.cookies[COOKIE]
    client.cookies.clear()
    assert client.get("/api/organisations", headers={"Authorization": f"Bearer {session}"}).status_code == 401


# -- the local token ---------------------------------------------------------------------------------------------------


def test_the_local_token_is_taken_from_this_machine_alone(hub: Hub) -> None:
    hub.local_token = "t" * 43
    app = make_app(hub)
    try:
        for address, token, status in [
            ("127.0.0.1", hub.local_token, 200),
            ("::1", hub.local_token, 200),
            ("127.0.0.1", "wrong", 401),
            ("127.0.0.1", "", 401),
            ("192.0.2.7", hub.local_token, 401),
            ("testclient", hub.local_token, 401),
        ]:
            transport = httpx.ASGITransport(app, client=(address, 123))
            found = _get(
                transport, "/api/keys", [("Authorization", f"Local {token}"), ("X-Forwarded-For", "127.0.0.1")]
            )
            assert found == status, (address, token)
        hub.local_token = ""
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 123))
        assert _get(transport, "/api/keys", [("Authorization", "Local ")]) == 401, "no token is set: none is right"
    finally:
        hub.local_token = ""


def _get(transport: httpx.ASGITransport, path: str, headers: list[tuple[str, str]]) -> int:
    async def ask() -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example") as client:
            return (await client.get(path, headers=headers)).status_code

    return asyncio.run(ask())


def test_a_forwarding_header_makes_no_one_local(tmp_path: Path) -> None:
    with ServedHub(new_hub(tmp_path / "hub")) as served:
        answer = served.visitor().http.get("/api/keys", headers={"Authorization": "Local x", "X-Forwarded-For": "::1"})
        assert answer.status_code == 401


# -- secrets -----------------------------------------------------------------------------------------------------------


class Heard(logging.Handler):
    """All that is logged, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        # The test's own client logs what it asks for; that is no log of the hub.
        if not record.name.startswith(("httpx", "httpcore", "hypothesis")):
            self.lines.append(self.format(record) + repr(record.args))


def test_no_secret_is_logged_or_told(tmp_path: Path) -> None:
    heard, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    answers: list[str] = []
    try:
        with ServedHub(new_hub(tmp_path / "hub", log_level="debug")) as served:
            hub = served.hub
            hub.local_token = "local-" + "t" * 40
            admin = served.party("Operator", "administrator")
            secrets = {"key": admin.http.headers["Authorization"].removeprefix("Bearer "), "local": hub.local_token}
            someone = hub.members.add_person(admin.org, "Ada", "ada@bank.example", ["administrator"])
            hub.signing.set_password(someone.id, PASSWORD)
            secrets |= {"password": PASSWORD, "link": hub.members.make_link(someone.id).reveal()}
            made = admin.http.post(
                "/api/keys", json={"organisation": "Operator", "role": "member", "label": "x"}
            ).json()
            secrets["new key"] = made["api_key"]
            raw = hub.folder.key()
            secrets |= {"sealing key": raw[:32].hex(), "vault key": raw[32:].hex()}
            browser = httpx.Client(base_url=served.url, headers={"Accept": "text/html"})
            browser.post("/sign-in", data={"email": "ada@bank.example", "password": PASSWORD})
            secrets["session"] = browser.cookies[COOKIE]
            _walk(hub, admin, browser, answers, secrets)
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
    assert heard.lines, "nothing was heard: the test proves nothing"
    for name, secret in secrets.items():
        assert len(secret) > 20, name
        assert not [line for line in heard.lines if secret in line], f"the {name} is logged"
        assert not [said for said in answers if secret in said], f"the {name} is told"


def _walk(hub: Hub, admin: Party, browser: httpx.Client, answers: list[str], secrets: dict[str, str]) -> None:
    """Ask every door that can be asked, rightly and wrongly, and keep what it says."""
    app = make_app(hub)
    for path in sorted({route.path for route in app.routes if isinstance(route, HTTPRoute)}):
        for filled in ("x", str(uuid.uuid4()), "domain-name/a.example"):
            concrete = re.sub(r"\{[^}]*\}", filled, path)
            for client in (admin.http, browser):
                answer = client.get(concrete)
                answers.append(f"{concrete} {answer.headers}\n{answer.text}")
    wrong = httpx.Client(base_url=admin.http.base_url)
    for scheme in ("Bearer", "Basic", "Local"):
        answer = wrong.get("/api/whoami", headers={"Authorization": f"{scheme} {secrets['new key']}x"})
        answers.append(f"{answer.headers}\n{answer.text}")
    answers.append(wrong.post("/sign-in", data={"email": "ada@bank.example", "password": PASSWORD + "x"}).text)
    answers.append(admin.http.post("/api/keys", content=b"{", headers={"Content-Type": "application/json"}).text)
    answers.append(admin.http.post("/api/keys", json={"organisation": "none", "role": "x", "api_key": "y"}).text)


SECRET_NAMES = re.compile(r"(token|mark|secret|csrf|mac|signature)s?$")


def careless(source: str) -> list[int]:
    """Return the lines that compare a secret with == or !=, which tells by its time how much was right."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            names = [
                side.attr if isinstance(side, ast.Attribute) else side.id
                for side in sides
                if isinstance(side, ast.Attribute | ast.Name)
            ]
            constant = any(isinstance(side, ast.Constant) for side in sides)
            if not constant and any(SECRET_NAMES.search(name) for name in names):
                lines.append(node.lineno)
    return lines


def test_secrets_are_compared_in_constant_time() -> None:
    root = Path(fusioncell.__file__).parent
    found = {
        str(path.relative_to(root)): lines
        for folder in ("members", "web", "cli")
        for path in sorted((root / folder).rglob("*.py"))
        if (lines := careless(path.read_text()))
    }
    assert found == {}
    assert careless("ok = token == given") == [1]
    assert careless("ok = self.mark != given.mark") == [1]


# -- paths -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2f..%2faccess.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/....//app.py",
        "/static/../../../../../../etc/passwd",
        "/static/templates/../../render.py",
        "/static/",
    ],
)
def test_static_files_are_ours_alone(
    tmp_path_factory: pytest.TempPathFactory, client: TestClient[Litestar], path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code in (400, 404), path
    assert "root:" not in answer.text
    assert "import" not in answer.text


def test_a_file_name_is_only_a_name(hub: Hub, client: TestClient[Litestar], key: str) -> None:
    before = {path for path in hub.folder.path.parent.rglob("*") if "db" not in path.name}
    bad = b'{"type":"bundle","objects":[{"type":"domain-name","id":"domain-name--x","value":"path.example"},17]}'
    for name in (
        "../../../../tmp/evil.json",
        "/etc/passwd",
        "..\\..\\evil",
        "a\x00b.json",
        "%2e%2e/evil",
        "evil.json/..",
    ):
        answer = client.post(
            "/api/contributions",
            content=bad,
            params={"filename": name},
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        assert answer.status_code in (202, 400)
    after = {path for path in hub.folder.path.parent.rglob("*") if "db" not in path.name}
    assert {path.parent for path in after - before} <= {hub.folder.path / "quarantine", hub.folder.path}


def test_the_data_folder_is_private(hub: Hub) -> None:
    assert hub.folder.path.stat().st_mode & 0o077 == 0
    assert (hub.folder.path / "hub.key").stat().st_mode & 0o077 == 0


def test_what_members_write_is_never_markup(hub: Hub, client: TestClient[Litestar], key: str) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>"
    body = f"Report {evil} seen at hxxp://xss-page[.]example/{evil} today"
    headers = {"Authorization": f"Bearer {key}"}
    posted = client.post(
        "/api/contributions", content=body, params={"tlp": "green"}, headers={**headers, "Content-Type": "text/plain"}
    ).json()["contribution"]
    hub.settle()
    for path in (
        "/",
        f"/contributions/{posted}",
        "/search?q=xss",
        "/search?q=" + evil.replace("#", ""),
        "/observables/domain-name/xss-page.example",
        "/observables/domain-name/" + evil,
        f"/{evil}",
        "/contribute",
    ):
        answer = client.get(path, headers={**headers, **HTML})
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert "<svg/onload" not in answer.text, path
    answer = client.get(f"/api/contributions/{posted}/content", headers=headers)
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_fault_of_ours_names_the_door_and_not_the_secret_in_the_address(
    hub: Hub, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("seeded")

    monkeypatch.setattr(hub.signing, "open_link", breaks)
    link = hub.members.make_link(hub.members.people_of(hub.members.organisations()[0].id)[0].id).reveal()
    with caplog.at_level(logging.DEBUG, logger="fusioncell"):
        answer = client.post(f"/sign-in/link/{link}", headers=HTML)
    assert answer.status_code == 500
    assert "seeded" not in answer.text
    assert "Traceback" not in answer.text
    told = [record.getMessage() for record in caplog.records if record.name.startswith("fusioncell")]
    assert any("/sign-in/link/" in line for line in told)
    assert not any(link in line for line in told)
