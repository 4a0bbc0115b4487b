"""A hub in a folder of the test, with two organisations and their people: small, fast, without warninglists."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from litestar import Litestar
from litestar.testing import TestClient

from fusioncell.bootstrap import Folder, Hub, open_hub
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.clock import Clock
from fusioncell.web.app import house, make_app, with_given
from resolvers import free_port, wait_until


@dataclass(frozen=True, slots=True)
class Party:
    """A person of a made hub: their ids and their organisation's API key."""

    org: str
    person: str
    key: str


@dataclass(frozen=True, slots=True)
class MadeHub:
    """A hub with an administrator of a ministry, and an analyst and an approver of a provider."""

    hub: Hub
    ministry: Party
    provider: Party
    approver: Party

    def link(self, party: Party) -> str:
        """Make a one-time sign-in link for a person."""
        return f"/sign-in/link/{self.hub.members.make_link(party.person).reveal()}"

    def own_key(self, party: Party) -> dict[str, str]:
        """Make a key of a person, by which they decide as themselves; returns the header that carries it."""
        who = self.hub.members.person(party.person)
        key = self.hub.members.make_key(who.org, who.id, role=who.roles[0])[1].reveal()
        return {"Authorization": f"Bearer {key}"}


def make_hub(folder: Path, *, kind: str = "hub", clock: Clock | None = None) -> MadeHub:
    """Make a hub in a folder. Its river is not started: a page that changes something runs it dry by itself."""
    Folder(folder).make(kind)
    hub = open_hub(folder, clock=clock, known_good=KnownGood.nothing())
    members = hub.members
    ministry = members.add_organisation("Ministry of Works", "government", "government")
    provider = members.add_organisation("Northern Broadband", "telecommunications", "isp")
    ada = members.add_person(ministry.id, "Ada Okafor", "ada@works.example", ["administrator"])
    jon = members.add_person(provider.id, "Jon Berg", "jon@northern.example", ["analyst"])
    eve = members.add_person(provider.id, "Eve Lind", "eve@northern.example", ["approver"])
    keys = [
        members.make_key(org.id, role=role)[1].reveal()
        for org, role in ((ministry, "administrator"), (provider, "member"))
    ]
    return MadeHub(
        hub,
        Party(ministry.id, ada.id, keys[0]),
        Party(provider.id, jon.id, keys[1]),
        Party(provider.id, eve.id, keys[1]),
    )


_LAST: dict[str, Any] = {"hub": None, "app": None}
"""The last hub that was visited, and its application; no more than one, so that closed hubs are let go."""


def app_of(hub: Hub) -> Litestar:
    """Make the application of a hub, once, so that its pages are set up once."""
    if _LAST["hub"] is not hub:
        _LAST.update(hub=hub, app=make_app(hub))
    made: Litestar = _LAST["app"]
    return made


def app_with(hub: Hub, door: Any) -> Litestar:
    """Make the application of a hub with a door more, which no other application has: all others share their doors."""
    house.cache_clear()
    app = make_app(hub)
    house.cache_clear()
    app.register(with_given(door))
    return app


@contextmanager
def visitor(made: MadeHub) -> Iterator[TestClient[Any]]:
    """A browser that is not signed in."""
    with TestClient(app_of(made.hub), raise_server_exceptions=False) as client:
        client.headers["accept"] = "text/html"
        client.follow_redirects = False
        yield client


@contextmanager
def browser(made: MadeHub, party: Party) -> Iterator[TestClient[Any]]:
    """A browser in which a person is signed in, by a one-time link."""
    with visitor(made) as client:
        answer = client.post(made.link(party))
        assert answer.status_code == 303, answer.text
        yield client


@contextmanager
def served(made: MadeHub) -> Iterator[str]:
    """The hub, its river running, served on loopback by uvicorn in a thread; yields the address."""
    if not made.hub.river.running:
        made.hub.start()
    config = uvicorn.Config(
        make_app(made.hub), host="127.0.0.1", port=free_port(), log_level="critical", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{config.port}"
    finally:
        server.should_exit = True
        thread.join(10)
