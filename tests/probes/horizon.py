"""The doors of horizon scanning."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe, each

KINDS = ("signal", "driver", "scenario", "forecast")


async def listed(p: Probe) -> Answers:
    for kind in KINDS:
        yield await p.get("/api/horizon", kind=kind)


async def one(p: Probe) -> Answers:
    for which in (*p.world.asked_items, UNKNOWN):
        yield await p.get(f"/api/horizon/{which}")
        yield await p.get(f"/horizon/{which}")


async def form(p: Probe) -> Answers:
    for kind in KINDS:
        yield await p.get("/horizon/new", kind=kind)


PROBES: dict[str, Ask] = {
    "GET /api/horizon": listed, "GET /api/horizon/track": each("/api/horizon/track"),
    "GET /api/horizon/{which:str}": one, "GET /horizon": each("/horizon"), "GET /horizon/{which:str}": one,
    "GET /horizon/new": form,
}  # fmt: skip
CHANGES = re.compile(r"POST (/api/horizon(/\{which:str\}/papers)?|/horizon(/\{which:str\})?)$")
