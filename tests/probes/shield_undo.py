"""The doors that undo blocks."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe


async def lifts(p: Probe) -> Answers:
    yield await p.get("/api/shield/lifts")
    yield await p.get("/shield/lift")


async def bars(p: Probe) -> Answers:
    yield await p.get("/api/shield/bars", limit=1)
    yield await p.get("/api/shield/bars", after="m")


async def acts(p: Probe) -> Answers:
    yield await p.get("/api/shield/fuse")
    yield await p.get("/shield/fuse")


async def act(p: Probe) -> Answers:
    yield await p.get(f"/api/shield/fuse/{UNKNOWN}")


PROBES: dict[str, Ask] = {
    "GET /api/shield/lifts": lifts,
    "GET /shield/lift": lifts,
    "GET /api/shield/bars": bars,
    "GET /api/shield/fuse": acts,
    "GET /shield/fuse": acts,
    "GET /api/shield/fuse/{which:str}": act,
}
CHANGES = re.compile(
    r"POST (?:/api)?/shield/(?:lifts?(?:/preview)?|fuse/\{which:str\}/(?:confirm|refuse)|rollback(?:/preview)?"
    r"|bars/\{name:str\}/end|thaw)"
)
