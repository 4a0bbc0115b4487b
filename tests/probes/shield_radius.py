"""The doors of what a block would take with it."""

from __future__ import annotations

from probes.model import UNKNOWN, Answers, Ask, Probe


async def of_name(p: Probe) -> Answers:
    for name in p.names:
        yield await p.get(f"/api/shield/radius/{name}")
        yield await p.get(f"/api/shield/radius/{name.partition('.')[2] or name}")


async def of_decision(p: Probe) -> Answers:
    for which in (*p.decisions, *p.names, UNKNOWN):
        yield await p.get(f"/api/shield/decisions/{which}/radius")


PROBES: dict[str, Ask] = {
    "GET /api/shield/radius/{name:str}": of_name,
    "GET /api/shield/decisions/{which:str}/radius": of_decision,
}
