"""The doors of clusters: all that a viewer gets of them comes of what the viewer sees."""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe


async def newest(p: Probe) -> Answers:
    yield await p.get("/api/clusters")
    yield await p.get("/api/clusters", limit=1)
    yield await p.get("/api/clusters", least=3)
    for name in p.names:
        yield await p.get("/api/clusters", text=name)


async def one(p: Probe) -> Answers:
    for which in p.contributions:
        yield await p.get(f"/api/clusters/{which}")


async def related(p: Probe) -> Answers:
    for which in p.contributions:
        yield await p.get(f"/api/contributions/{which}/related")


async def pages(p: Probe) -> Answers:
    yield await p.get("/clusters")
    yield await p.get("/clusters", text=p.names[0], least=5)
    for which in p.contributions:
        yield await p.get(f"/clusters/{which}")


PROBES: dict[str, Ask] = {
    "GET /api/clusters": newest,
    "GET /api/clusters/{which:str}": one,
    "GET /api/contributions/{which:str}/related": related,
    "GET /clusters": pages,
    "GET /clusters/{which:str}": pages,
}
CHANGES = re.compile(r"POST (/api/clusters/decisions(/\{which:str\}/undo)?|/clusters/\{which:str\})$")
