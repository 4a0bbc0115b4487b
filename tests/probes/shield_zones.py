"""The doors of who takes the zones."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe


async def subscribers(p: Probe) -> Answers:
    yield await p.get("/api/shield/subscribers")
    yield await p.get("/api/shield/subscribers", ended="true")
    yield await p.get("/shield/resolvers")


async def subscriber(p: Probe) -> Answers:
    yield await p.get(f"/api/shield/subscribers/{UNKNOWN}")
    yield await p.get(f"/shield/resolvers/{UNKNOWN}")


async def configuration(p: Probe) -> Answers:
    for kind in ("unbound", "bind", "powerdns", "knot"):
        yield await p.get(f"/api/shield/resolver-config/{kind}")
    yield await p.get("/api/shield/resolver-config/bind", subscriber=UNKNOWN)


async def zone(p: Probe) -> Answers:
    yield await p.get("/api/shield/zones/main.unknown.rpz.fusioncell")


PROBES: dict[str, Ask] = {
    "GET /api/shield/subscribers": subscribers,
    "GET /api/shield/subscribers/{which:str}": subscriber,
    "GET /api/shield/resolver-config/{kind:str}": configuration,
    "GET /api/shield/zones/{origin:str}": zone,
    "GET /shield/resolvers": subscribers,
    "GET /shield/resolvers/{which:str}": subscriber,
}
CHANGES = re.compile(r"POST (?:/api/shield/subscribers|/shield/resolvers)(?:/.*)?$")
