"""A hub served for real, on a thread: pages, API, stream and the zone's primary on free ports of loopback."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import uvicorn

from fusioncell.bootstrap import Folder, Hub, open_hub, read_settings
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.web.app import make_app


def new_hub(folder: Path, **settings: str) -> Hub:
    """Make a hub in a folder, without warninglists (public suffixes guard all the same)."""
    Folder(folder).make("hub")
    return open_hub(folder, read_settings(data=str(folder), **settings), known_good=KnownGood.nothing())


class ServedHub:
    """Serves a hub until the block ends."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.url = ""
        self.dns_port = 0
        self.tls_port = 0
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        config = uvicorn.Config(make_app(self.hub), host="127.0.0.1", port=0, log_level="warning",
                                timeout_graceful_shutdown=1)
        self._server = server = uvicorn.Server(config)
        primary = await self.hub.serve_dns("127.0.0.1:0")
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        self.dns_port, self.tls_port = primary.port, primary.tls_port
        self._ready.set()
        await serving
        await primary.close()

    def __enter__(self) -> ServedHub:
        self.hub.settle()
        self.hub.start()
        self._thread.start()
        assert self._ready.wait(15), "the hub did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(10)
        self.hub.close()

    def party(self, name: str, role: str = "member", *, kind: str = "industry") -> Party:
        """Admit an organisation (if it is new) and return a client with a key of that role."""
        known = self.hub.members.organisation_named(name)
        org = known or self.hub.members.add_organisation(name, "test", kind)
        _, secret = self.hub.members.make_key(org.id, role=role)
        return Party(self.url, secret.reveal(), org.id)

    def visitor(self) -> Party:
        """Return a client without a key."""
        return Party(self.url, "", "")


class Party:
    """A client of the API."""

    def __init__(self, url: str, key: str, org: str) -> None:
        self.org = org
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=20)

    def posts(self, body: str | bytes | dict[str, Any], media_type: str = "", **terms: str) -> str:
        """Contribute; returns the contribution's id."""
        if isinstance(body, dict):
            body, media_type = json.dumps(body), media_type or "application/json"
        answer = self.http.post("/api/contributions", content=body, params=terms,
                                headers={"Content-Type": media_type or "text/plain"})
        assert answer.status_code == 202, answer.text
        contribution: str = answer.json()["contribution"]
        assert eventually(lambda: self.http.get(answer.json()["status_url"]).json()["projected"])
        return contribution

    def sees(self, kind: str, value: str) -> dict[str, Any] | None:
        """Return the assessment of an observable, None where it is unknown to this party."""
        answer = self.http.get(f"/api/observables/{kind}/{value}")
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def listens(self, last_event_id: str = "") -> Listening:
        """Open the live stream."""
        return Listening(self, last_event_id)


class Listening:
    """An open live stream; events are gathered on a thread."""

    def __init__(self, party: Party, last_event_id: str = "") -> None:
        self.events: list[dict[str, Any]] = []
        self._opened = threading.Event()
        self._party = party
        self._headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        assert self._opened.wait(10), "the stream did not open"

    def _listen(self) -> None:
        try:
            with self._party.http.stream("GET", "/api/stream", headers=self._headers, timeout=60) as answer:
                answer.raise_for_status()
                for event in _events(answer.iter_lines()):
                    if event is None:
                        self._opened.set()
                    else:
                        self.events.append(event)
        except httpx.HTTPError:
            pass

    def gets(self, text: str, name: str = "entry", seconds: float = 5.0) -> bool:
        """Wait for an event of this name that holds the text."""
        return eventually(lambda: any(e["event"] == name and text in e["data"] for e in list(self.events)), seconds)


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any] | None]:
    event: dict[str, Any] = {}
    for line in lines:
        if not line:
            if "data" in event:
                yield event
            event = {}
        elif line.startswith(":"):
            yield None
        else:
            name, _, value = line.partition(": ")
            event[name] = value


def eventually(truth: Any, seconds: float = 10.0) -> bool:
    """Ask again and again until it is true or the time is over; tell which."""
    end = time.monotonic() + seconds
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
