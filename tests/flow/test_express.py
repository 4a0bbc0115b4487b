"""The express lane answers as the door behind it does, byte for byte, and takes nothing but plain look-ups."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NoReturn

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import Receive, Scope, Send

from fusioncell.bootstrap import Hub
from fusioncell.intake.service import Terms
from fusioncell.kernel.clock import ManualClock
from fusioncell.kernel.marking import Tlp
from fusioncell.web.app import make_app
from fusioncell.web.express import express
from served import new_hub

KNOWN = "/api/observables/domain-name/known.example"
MISP_EVENT = (
    b'{"Event":{"uuid":"5e36b0a2-0000-4000-8000-00000000bbbb","info":"A kit","date":"2026-11-01","published":true,'
    b'"timestamp":"1780000000","Attribute":[{"uuid":"5e36b0a2-0000-4000-8000-00000000cccc","type":"domain",'
    b'"category":"Network activity","to_ids":true,"value":"known-by-misp.example","timestamp":"1780000000",'
    b'"distribution":"5"}]}}'
)
TO_THE_DOOR = {"Cookie": "theme=dark"}
"""What changes nothing for the door, and keeps a request out of the lane."""
PAST_MISP = {"If-None-Match": '"no such"'}
"""The same for MISP's searches."""
PATHS = (
    KNOWN,
    "/api/observables/auto/known.example",
    "/api/observables/domain/KNOWN%2Eexample",
    "/api/observables/domain/known[.]example",
    "/api/observables/url/https://known.example/a//b%2520c?",
    "/api/observables/url/https%3A%2F%2Fknown.example%2Fa%2F%2Fb%2520c",
    "/api/observables/domain%7Cip/known.example%7C192.0.2.1",
    "/api/observables/domain%2Dname/known.example",
    "/api/observables/sha%3256/" + "ab" * 32,
    "/api/observables/domain-name/hidden.example",
    "/api/observables/domain-name/never-named.example",
    "/api/observables/domain-name/",
    "/api/observables//known.example",
    "/api/observables/domain-name",
    "/api/observables/colour/red",
    "/api/observables/domain-name/%00%ff",
    "/api/observables/domain-name/k%C3%B6nig.example",
    KNOWN + "/",
    KNOWN + "?no_such=1",
)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Content-Encoding": "gzip"},
    {"Content-Length": "0"},
    {"X-FusionCell-Organisation": "Police"},
    {"Accept": "text/html"},
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = new_hub(tmp_path_factory.mktemp("express") / "hub")
    bank = hub.members.add_organisation("Bank", "finance", "industry")
    hub.members.add_organisation("Police", "law", "government")
    hub.settle()
    members = hub.members
    for body, kind, tlp in (
        (b"known[.]example and hxxps://known[.]example/a//b%20c", "text/plain", Tlp.GREEN),
        (b"hidden[.]example", "text/plain", Tlp.AMBER_STRICT),
        (MISP_EVENT, "application/vnd.misp+json", Tlp.GREEN),
        (MISP_EVENT.replace(b"known-", b"hidden-").replace(b"4000", b"4001"), "application/vnd.misp+json",
         Tlp.AMBER_STRICT),
    ):  # fmt: skip
        viewer = members.viewer_for_key(members.make_key(bank.id, role="administrator")[1].reveal())
        assert viewer is not None
        hub.intake.accept(viewer, body, kind, Terms(tlp=tlp))
    hub.settle()
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def client(hub: Hub) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        yield client


def key(hub: Hub, **more: Any) -> str:
    police = hub.members.organisation_named("Police")
    assert police is not None
    return hub.members.make_key(police.id, role="reader", **more)[1].reveal()


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status_code, sorted(answer.headers.items()), answer.content


def test_lane_and_door_answer_alike(hub: Hub, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch) -> None:
    now = hub.clock.now()
    monkeypatch.setattr(hub.fusion, "_clock", ManualClock(now))
    keys = (key(hub), key(hub, scopes=[]), key(hub)[:-2] + "AA", "")
    statuses = set()
    for path in PATHS:
        for secret in keys:
            for more in HEADERS:
                asked = {"Authorization": f"Bearer {secret}", **more}
                lane, door = client.get(path, headers=asked), client.get(path, headers={**asked, **TO_THE_DOOR})
                assert told(lane) == told(door), f"{path} {more}"
                statuses.add(lane.status_code)
    assert statuses == {200, 400, 401, 403, 404, 415}


def test_only_plain_look_ups_with_a_key_that_may_are_taken(hub: Hub) -> None:
    reached: list[str] = []

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def ask(method: str, path: str, *headers: tuple[str, str]) -> int:
        transport = httpx.ASGITransport(app=express(hub, door))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.request(method, path, headers=list(headers))).status_code

    good, bare = ("Authorization", f"Bearer {key(hub)}"), ("Authorization", f"Bearer {key(hub, scopes=[])}")
    assert asyncio.run(ask("GET", KNOWN, good)) == 200
    assert asyncio.run(ask("GET", "/api/observables/domain-name/hidden.example", good)) == 404
    assert reached == []
    for method, path, *headers in (
        ("GET", KNOWN),
        ("GET", KNOWN, bare),
        ("GET", KNOWN, good, good),
        ("GET", KNOWN, good, ("Cookie", "fc_session=x")),
        ("GET", KNOWN, ("Authorization", "Local x")),
        ("GET", KNOWN + "?x=1", good),
        ("POST", KNOWN, good),
        ("HEAD", KNOWN, good),
        ("GET", "/api/observables/colour/red", good),
        ("GET", "/api/contributions", good),
    ):
        assert asyncio.run(ask(method, path, *headers)) == 299, f"{method} {path} {headers}"


SEARCHES: tuple[bytes, ...] = (
    b'{"returnFormat":"json","value":"known-by-misp.example"}',
    b'{"returnFormat":"json","value":"hidden-by-misp.example","metadata":1}',
    b'{"request":{"returnFormat":"csv","value":["known-by-misp.example","\xc3\xa4"],"limit":1}}',
    b'{"returnFormat":"text"}', b'{"returnFormat":"xml"}', b'{"returnFormat":"count"}', b"{}", b"", b"[1]", b"nonsense",
    b'{"returnFormat":"no such"}', b"value=known-by-misp.example&returnFormat=json",
)


def test_misp_searches_are_answered_alike(hub: Hub, client: TestClient[Litestar]) -> None:
    secret, bare = key(hub), key(hub, scopes=[])
    statuses = set()
    for scope in ("attributes", "events"):
        for body in SEARCHES:
            for given in (secret, f"Bearer {secret}", bare, secret[:-2] + "AA", ""):
                for accept in ("*/*", "application/xml"):
                    headers = {"Authorization": given, "Accept": accept, "Content-Type": "application/json"}
                    if body.startswith(b"value="):
                        headers["Content-Type"] = "application/x-www-form-urlencoded"
                    path = f"/misp/{scope}/restSearch"
                    lane = client.post(path, content=body, headers=headers)
                    door = client.post(path, content=body, headers={**headers, **PAST_MISP})
                    assert told(lane) == told(door), (scope, body, headers)
                    statuses.add(lane.status_code)
    assert statuses == {200, 400, 403, 404}
    found = [client.post("/misp/attributes/restSearch", content=body, headers={"Authorization": secret})
             for body in SEARCHES[:2]]  # fmt: skip
    assert [answer.headers["x-result-count"] for answer in found] == ["1", "0"]


def test_which_misp_searches_are_taken(hub: Hub) -> None:
    reached: list[bytes] = []

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        event: Any = await receive()
        reached.append(event["body"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def ask(method: str, path: str, *headers: tuple[str, str], content: bytes = SEARCHES[0]) -> int:
        transport = httpx.ASGITransport(app=express(hub, door))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.request(method, path, headers=list(headers), content=content)).status_code

    good, path = ("Authorization", key(hub)), "/misp/attributes/restSearch"
    assert asyncio.run(ask("POST", path, good)) == 200
    assert reached == []
    for method, where, *headers in (
        ("POST", path),
        ("POST", path, good, good),
        ("POST", path, ("X-MISP-Auth", good[1])),
        ("POST", path, good, ("X-MISP-Auth", good[1])),
        ("POST", path, ("Authorization", "wrong")),
        ("POST", path, good, ("Content-Encoding", "gzip")),
        ("POST", path, good, ("If-None-Match", "*")),
        ("POST", path + "?limit=1", good),
        ("POST", path + "/json", good),
        ("POST", path + ".json", good),
        ("GET", path, good),
        ("PUT", path, good),
        ("POST", "/misp/events/add", good),
    ):
        assert asyncio.run(ask(method, where, *headers)) == 299, f"{method} {where} {headers}"
    assert set(reached) == {SEARCHES[0]}
    assert asyncio.run(ask("POST", path, good, content=b" " * 2_000_000)) == 299


def test_a_key_that_ended_is_refused_on_the_next_look_up(hub: Hub, client: TestClient[Litestar]) -> None:
    police = hub.members.organisation_named("Police")
    assert police is not None
    info, secret = hub.members.make_key(police.id, role="reader")
    asked = {"Authorization": f"Bearer {secret.reveal()}"}
    assert client.get(KNOWN, headers=asked).status_code == 200
    hub.members.end_key(info.id)
    assert client.get(KNOWN, headers=asked).status_code == 401


def test_a_fault_that_nobody_foresaw_is_answered_and_noted_by_the_door(
    hub: Hub, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("nobody foresaw this")

    action = hub.mispdoor.actions["attributes", "restSearch"]
    monkeypatch.setitem(hub.mispdoor.actions, ("attributes", "restSearch"), replace(action, run=fail))
    monkeypatch.setattr(hub.fusion, "look_up", fail)
    secret = key(hub)
    search = {"content": SEARCHES[0], "headers": {"Authorization": secret}}
    looked_up = {"headers": {"Authorization": f"Bearer {secret}"}}
    for method, path, asked, past in (("POST", "/misp/attributes/restSearch", search, PAST_MISP),
                                      ("GET", KNOWN, looked_up, TO_THE_DOOR)):  # fmt: skip
        caplog.clear()
        lane = client.request(method, path, **asked)
        noted = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
        caplog.clear()
        door = client.request(method, path, **{**asked, "headers": {**asked["headers"], **past}})
        assert told(lane) == told(door) and lane.status_code == 500
        assert noted == [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] != []
        assert "foresaw" not in lane.text


def test_a_fault_of_the_lane_alone_is_noted_and_the_door_answers(
    hub: Hub, client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("fusioncell.web.express._assessment", lambda *_: 1 / 0)
    monkeypatch.setattr("fusioncell.web.express._found", lambda *_: 1 / 0)
    secret = key(hub)
    assert client.get(KNOWN, headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    found = client.post("/misp/attributes/restSearch", content=SEARCHES[0], headers={"Authorization": secret})
    assert found.headers["x-result-count"] == "1"
    assert [one.exc_info[0] for one in caplog.records if one.exc_info] == [ZeroDivisionError] * 2
