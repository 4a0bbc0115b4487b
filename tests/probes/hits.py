"""The doors of hit counts and what blocking came to."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe


async def impact(p: Probe) -> Answers:
    for days in (1, 7, 90):
        yield await p.get("/api/shield/impact", days=days)
        yield await p.get("/api/shield/impact/csv", days=days)


async def impact_page(p: Probe) -> Answers:
    for days in (1, 7, 90):
        yield await p.get("/shield/impact", days=days)


async def of_decision(p: Probe) -> Answers:
    for which in (*p.decisions, *p.names[:2], UNKNOWN):
        yield await p.get(f"/api/shield/decisions/{which}/hits")


PROBES: dict[str, Ask] = {
    "GET /api/shield/impact": impact,
    "GET /api/shield/impact/csv": impact,
    "GET /shield/impact": impact_page,
    "GET /api/shield/decisions/{which:str}/hits": of_decision,
}
CHANGES = re.compile(r"POST /api/shield/(hits|overrides)$")
