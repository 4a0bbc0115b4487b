"""Whatever is sent to the TAXII door is answered: never with a fault of ours, always in its own form (check 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

from fusioncell.exchange.taxii.filters import OBJECTS
from fusioncell.exchange.taxii.model import MEDIA
from fusioncell.web.app import make_app
from served import new_hub

KNOWN = {200, 202, 400, 401, 403, 404, 405, 406, 413, 415, 422}
BASE = "/taxii2/partnership/collections/"
WORDS = st.sampled_from([
    "own-amber", "partnership", "indicator--00000000-0000-4000-8000-000000000000", "last", "first", "all", "2.1", "5",
    "2026-01-01T00:00:00Z", "-1", "\0", "ü", "'", "%", "a,b,,c", "", "x" * 300, "eyJ9", "999999999999999999999999",
    "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00",
])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12) | WORDS
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
OBJECT = st.fixed_dictionaries(
    {}, optional={
        "type": WORDS | st.sampled_from(["indicator", "file", "marking-definition", "relationship"]) | JSON,
        "id": WORDS | JSON, "spec_version": WORDS | JSON, "created": WORDS | JSON, "modified": WORDS | JSON,
        "object_marking_refs": JSON, "granular_markings": JSON, "pattern": JSON, "revoked": JSON, "x": JSON,
    },
)  # fmt: skip
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


class Door:
    """An in-process client with a key; what was posted is projected before anything is read."""

    def __init__(self, client: TestClient[Any], hub: Any) -> None:
        self.client, self.hub = client, hub

    def asks(self, method: str, path: str, **more: Any) -> None:
        answer = self.client.request(method, path, **more)
        assert answer.status_code in KNOWN, (method, path, more, answer.status_code, answer.text)
        assert answer.headers["content-type"] == MEDIA, (method, path, answer.headers)
        said = answer.json()
        if answer.status_code >= 400:
            assert said["http_status"] == str(answer.status_code) and said["title"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    hub = new_hub(tmp_path_factory.mktemp("fuzz") / "hub")
    org = hub.members.add_organisation("Fuzz", "test", "industry")
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        client.auth = ("x", hub.members.make_key(org.id)[1].reveal())
        client.follow_redirects = False
        yield Door(client, hub)
    hub.close()


@SLOW
@given(st.lists(OBJECT, max_size=4), st.sampled_from(["objects", "objects", "object"]), JSON)
def test_any_envelope(door: Door, objects: list[Any], name: str, more: Any) -> None:
    body = {name: objects, **(more if isinstance(more, dict) else {"more": more})}
    content = json.dumps(body).encode("utf-8", "surrogatepass")
    door.asks("POST", f"{BASE}own-amber/objects/", content=content, headers={"Content-Type": MEDIA})
    door.hub.settle()
    assert not door.hub.river.set_aside
    for kind in ("objects", "manifest"):
        door.asks("GET", f"{BASE}own-amber/{kind}/?match%5Bversion%5D=all")


@SLOW
@given(st.binary(max_size=200), st.text(max_size=30, alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_any_body_under_any_type(door: Door, body: bytes, media: str) -> None:
    for given_type in (MEDIA, media):
        door.asks("POST", f"{BASE}own-amber/objects/", content=body, headers={"Content-Type": given_type})


NAMES = st.sampled_from(sorted(OBJECTS)) | st.text(max_size=8)


@SLOW
@given(st.dictionaries(NAMES, WORDS | st.text(max_size=20), max_size=4),
       st.sampled_from(["objects/", "manifest/", "objects/indicator--00000000-0000-4000-8000-000000000000/",
                        "objects/x/versions/", "", "../"]))  # fmt: skip
def test_any_query(door: Door, query: dict[str, str], path: str) -> None:
    door.asks("GET", f"{BASE}own-amber/{path}", params=query)
    door.asks("DELETE", f"{BASE}own-amber/objects/x/", params=query)


@SLOW
@given(st.lists(WORDS | st.text(max_size=12), min_size=1, max_size=6))
def test_any_path(door: Door, parts: list[str]) -> None:
    door.asks("GET", "/taxii2/x" + "/".join(quote(part, safe="") for part in parts))
    door.asks("GET", f"{BASE}{'/'.join(quote(part, safe='') for part in parts)}")


@SLOW
@given(st.text(max_size=60, alphabet=st.characters(min_codepoint=33, max_codepoint=255)), st.booleans())
def test_any_credentials(door: Door, text: str, basic: bool) -> None:
    value = (f"Basic {text}" if basic else text).encode("latin-1")
    answer = door.client.get("/taxii2/", headers=[(b"Authorization", value)], auth=None)
    assert answer.status_code == 401 and answer.headers["content-type"] == MEDIA


def test_deep_and_long_bodies_are_bounded(door: Door) -> None:
    for body in (b"[" * 100_000, b'{"objects":' * 50_000, b'{"objects":[' + b"[" * 5000 + b"]" * 5000 + b"]}",
                 b'{"objects":[' + b"{}," * 20_000 + b"{}]}"):  # fmt: skip
        door.asks("POST", f"{BASE}own-amber/objects/", content=body, headers={"Content-Type": MEDIA})
