"""The native API describes itself: every door, every parameter, every answer; and lists page in one way.

A door that is added without, fails here, and is told where to say it: at the parameter, or once for its name in
``web/describe.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from fusioncell.web.app import NO_DOOR, OPENAPI, make_app
from fusioncell.web.describe import CURSOR, NOT_PAGES, OLDER, TAKEN, described
from hubs import make_hub

OF_THE_FRAMEWORK = ("Request fulfilled", "Request accepted", "Document created")
Doors = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Litestar]:
    made = make_hub(tmp_path_factory.mktemp("api") / "hub")
    yield make_app(made.hub)
    made.hub.close()


@pytest.fixture(scope="module")
def doors(app: Litestar) -> Doors:
    schema = described(app.openapi_schema.to_schema())
    return [(f"{method.upper()} {path}", door) for path, item in schema["paths"].items()
            for method, door in item.items() if "responses" in door]  # fmt: skip


def test_every_door_says_what_it_does(doors: Doors) -> None:
    assert len(doors) > 150
    assert [name for name, door in doors if not door.get("summary") or not door.get("description")] == []


def test_every_parameter_is_described(doors: Doors) -> None:
    assert sorted(f"{name}: {one['name']}" for name, door in doors for one in door.get("parameters", ())
                  if not one.get("description")) == []  # fmt: skip


def test_every_answer_is_described(doors: Doors) -> None:
    vague = [
        name for name, door in doors for code, answer in door["responses"].items()
        if code.startswith("2") and (answer.get("description") or OF_THE_FRAMEWORK[0]).startswith(OF_THE_FRAMEWORK)
    ]  # fmt: skip
    assert vague == []


def test_every_refusal_is_described_as_a_problem_document(doors: Doors) -> None:
    assert [
        name for name, door in doors for code in ("400", "401", "403", "default")
        if "application/problem+json" not in door["responses"][code]["content"]
    ] == []  # fmt: skip


def test_every_native_door_is_described(doors: Doors, app: Litestar) -> None:
    there = {path.replace(":str", "").replace(":path", "") for route in app.routes if (path := route.path) != NO_DOOR
             and path.startswith("/api/") and path not in OPENAPI}  # fmt: skip
    assert there - {name.partition(" ")[2] for name, _ in doors} == set()


def test_bodies_that_a_door_reads_itself_are_described(doors: Doors) -> None:
    described = dict(doors)
    for path, taken in TAKEN.items():
        assert set(described[f"POST {path}"]["requestBody"]["content"]) == set(taken)
    assert "application/x-ndjson" in described["POST /api/match"]["responses"]["200"]["content"]


def test_options_names_every_method_of_a_path(app: Litestar) -> None:
    """A path's doors may stand in several rooms: what the framework answers was made from the first of them."""
    with TestClient(app) as client:
        for path, allowed in (("/api/contributions", "GET, OPTIONS, POST"),
                              ("/taxii2/a/collections/b/objects/c", "DELETE, GET, OPTIONS")):  # fmt: skip
            assert client.options(path).headers["allow"] == allowed
        for method in ("OPTIONS", "POST", "PUT"):
            refused = client.request(method, "/api/stream")
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def test_a_missing_body_is_called_so(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub")
    with TestClient(make_app(made.hub)) as client:
        said = client.post("/api/threads", headers=made.own_key(made.ministry)).json()
    made.hub.close()
    assert (said["status"], said["detail"]) == (400, "the body is missing")


def test_lists_page_by_cursor_alone(doors: Doors) -> None:
    excepted = {f"GET {path.replace(':str', '')}" for path in NOT_PAGES}
    older = []
    for name, door in doors:
        asked = {one["name"] for one in door.get("parameters", ()) if one["in"] == "query"}
        if name.startswith("GET /api/") and name not in excepted and asked & set(OLDER) and CURSOR not in asked:
            older.append(name)
    assert older == []
    paged = {name for name, door in doors if CURSOR in {one["name"] for one in door.get("parameters", ())}}
    assert {"GET /api/contributions", "GET /api/search", "GET /api/shield/decisions", "GET /api/threads",
            "GET /api/directory", "GET /api/audit", "GET /api/requests", "GET /api/notifications"} <= paged  # fmt: skip


def test_a_bare_parameter_would_be_told() -> None:
    bare = {"paths": {"/api/x": {"get": {"parameters": [{"name": "qqq", "in": "query"}], "responses": {}}}}}
    assert "description" not in described(bare)["paths"]["/api/x"]["get"]["parameters"][0]
