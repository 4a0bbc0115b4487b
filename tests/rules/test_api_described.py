"""The native API describes itself: every door, every parameter, every answer; and lists page in one way.

A door that is added without, fails here, and is told where to say it: at the parameter, or once for its name in
``web/describe.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fusioncell.web.app import make_app
from fusioncell.web.describe import CURSOR, NOT_PAGES, OLDER, described
from hubs import make_hub

OF_THE_FRAMEWORK = ("Request fulfilled", "Request accepted", "Document created")
Doors = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    made = make_hub(tmp_path_factory.mktemp("api") / "hub")
    schema = described(make_app(made.hub).openapi_schema.to_schema())
    yield [(f"{method.upper()} {path}", door) for path, item in schema["paths"].items()
           for method, door in item.items() if "responses" in door]  # fmt: skip
    made.hub.close()


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
