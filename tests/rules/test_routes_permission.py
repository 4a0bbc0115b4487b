"""Every door declares a permission and its parameters, and keeps to them (DESIGN rules 9 and 10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from fusioncell.bootstrap import Hub
from fusioncell.kernel.marking import Tlp
from fusioncell.members.model import PERMISSIONS, ROLES
from fusioncell.web.app import make_app
from hubs import app_with
from served import new_hub

FOR_VISITORS = {"read", "search", "stream"}
"""What a visitor may do too, as far as it is CLEAR."""
OPEN_ENDED = {"/api/stream", "/live"}
"""Streams: an answer to them has no end."""
OWN_FORMS = {"taxii2": ("application/taxii+json;version=2.1", "Basic")}
"""Doors of standards that have a form of their own for errors: media type, and how a visitor is asked to sign in."""
Door = tuple[str, str, BaseRouteHandler]


def doors(app: Litestar) -> list[Door]:
    """Return (method, path, handler) of all doors."""
    found: list[Door] = []
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            handlers = {method: handler for handler in route.route_handlers for method in handler.http_methods}
            found += [(method, route.path, handler) for method, handler in handlers.items() if method != "OPTIONS"]
        else:
            found.append(("GET", route.path, route.route_handler))
    return sorted(found, key=lambda door: door[:2])


def undeclared(app: Litestar) -> list[str]:
    """Return the doors that lack a permission which exists, or their list of parameters."""
    faults = []
    for method, path, handler in doors(app):
        permission = handler.opt.get("permission")
        if permission != "public" and permission not in PERMISSIONS:
            faults.append(f"{method} {path}: permission {permission!r}")
        # The MISP door imitates MISP, which ignores what it does not know (DESIGN rule 9); nothing else may.
        imitates = path.startswith("/misp") and handler.opt.get("query", ...) is None
        if not imitates and not isinstance(handler.opt.get("query"), frozenset):
            faults.append(f"{method} {path}: no list of parameters")
    return faults


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = new_hub(tmp_path_factory.mktemp("doors") / "hub")
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def client(hub: Hub) -> Iterator[TestClient[Litestar]]:
    with TestClient(make_app(hub), raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture(scope="module")
def useless_key(hub: Hub) -> str:
    """A key in good standing that permits nothing."""
    org = hub.members.add_organisation("Keyholder", "test", "industry")
    return hub.members.make_key(org.id, role="reader", scopes=[])[1].reveal()


def concrete(path: str) -> str:
    """Fill a path's variables."""
    return re.sub(r"\{[^}]*\}", "0b8ad5c2-7d05-4b2f-9c3e-000000000000", path)


def ask(client: TestClient[Litestar], method: str, path: str, **more: Any) -> Any:
    if path in OPEN_ENDED:
        # A key that opens nothing and parameters that do not exist are refused before the stream begins.
        more.setdefault("timeout", 5)
    return client.request(method, concrete(path), **more)


def test_every_door_declares_its_permission_and_parameters(hub: Hub) -> None:
    app = make_app(hub)
    assert len(doors(app)) > 25
    assert undeclared(app) == []


def test_a_door_without_permission_is_seen_and_stays_shut(hub: Hub) -> None:
    @get("/api/seeded", sync_to_thread=False)
    def seeded() -> str:
        return "open"

    app = app_with(hub, seeded)
    assert undeclared(app) == ["GET /api/seeded: permission None", "GET /api/seeded: no list of parameters"]
    with TestClient(app) as client:
        assert client.get("/api/seeded").status_code == 403
    assert undeclared(make_app(hub)) == []


def test_visitors_are_asked_to_sign_in(hub: Hub, client: TestClient[Litestar]) -> None:
    tried = 0
    for method, path, handler in doors(make_app(hub)):
        permission = handler.opt["permission"]
        if permission != "public" and permission not in FOR_VISITORS:
            answer = ask(client, method, path)
            assert answer.status_code == 401, f"{method} {path} answers a visitor {answer.status_code}"
            media, challenge = OWN_FORMS.get(path.split("/")[1], ("application/problem+json", "Bearer"))
            assert answer.headers["content-type"] == media
            assert answer.headers["www-authenticate"].startswith(challenge)
            tried += 1
    assert tried > 10


def test_a_role_without_the_permission_is_refused(hub: Hub, client: TestClient[Litestar], useless_key: str) -> None:
    for method, path, handler in doors(make_app(hub)):
        if handler.opt["permission"] != "public":
            answer = ask(client, method, path, headers={"Authorization": f"Bearer {useless_key}"})
            assert answer.status_code == 403, f"{method} {path} answers a key without scopes {answer.status_code}"


def test_a_wrong_key_is_never_taken_for_nobody(hub: Hub, client: TestClient[Litestar], useless_key: str) -> None:
    wrong = useless_key[:-2] + ("aa" if useless_key[-2:] != "aa" else "bb")
    for method, path, _ in doors(make_app(hub)):
        for value in (f"Bearer {wrong}", "Bearer ", "Bearer fc_x", "Basic YTpi", "Local x", "fc_", "Bearer \xff\xfe"):
            answer = ask(client, method, path, headers={"Authorization": value.encode("latin-1")})
            wanted = 403 if path.startswith("/misp") else 401  # MISP's own answer to a wrong key.
            assert answer.status_code == wanted, f"{method} {path} answers {value!r} {answer.status_code}"


def test_unknown_parameters_are_refused_by_name(hub: Hub, client: TestClient[Litestar]) -> None:
    org = hub.members.organisation_named("Administration") or hub.members.add_organisation(
        "Administration", "test", "government")
    keys = {role: hub.members.make_key(org.id, role=role)[1].reveal() for role in ("administrator", "officer")}
    partner = hub.members.add_partner("Another hub", Tlp.GREEN)
    keys["hub"] = hub.members.make_key(partner.id, role="hub")[1].reveal()
    for method, path, handler in doors(make_app(hub)):
        if handler.opt.get("absent"):
            assert ask(client, method, path).status_code == 404
            continue
        permission = handler.opt["permission"]
        role = "administrator" if permission in {"public", *ROLES["administrator"]} else "officer"
        role = "hub" if permission == "federate" else role
        if path.startswith("/misp"):
            continue  # It imitates MISP, which ignores what it does not know.
        headers = {"Authorization": f"Bearer {keys[role]}"}
        answer = ask(client, method, path, params={"no_such": "1"}, headers=headers)
        assert answer.status_code == 400, f"{method} {path} answers an unknown parameter {answer.status_code}"
        assert "no_such" in answer.text
