"""The doors of requests for information."""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe
from probes.talk import _targets

STATES = ("open", "overdue", "answered", "accepted", "withdrawn")


async def board(p: Probe) -> Answers:
    yield await p.get("/api/requests")
    for state in STATES:
        yield await p.get("/api/requests", state=state)
    yield await p.get("/api/requests", group=p.world.group)
    yield await p.get("/api/requests", to_cell="true", limit=1)


async def one(p: Probe) -> Answers:
    for which in _targets(p):
        yield await p.get(f"/api/requests/{which}")


async def page(p: Probe) -> Answers:
    for show in ("", *STATES):
        yield await p.get("/exchange/requests", show=show)
    yield await p.get("/exchange/requests", group=p.world.group)


PROBES: dict[str, Ask] = {
    "GET /api/requests": board,
    "GET /api/requests/{which:str}": one,
    "GET /exchange/requests": page,
}
CHANGES = re.compile(
    r"POST (/api/requests(/\{which:str\}/(answers|accept|missing|withdraw))?|/exchange/requests/\{which:str\})$"
)
