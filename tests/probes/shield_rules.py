"""The doors of the shield's rules: the policy, standing approvals, holds, protected names."""

from __future__ import annotations

import re

from fusioncell.shield.charter import FIRST, digest_of
from probes.model import UNKNOWN, Answers, Ask, Probe


async def published(p: Probe) -> Answers:
    for digest in (digest_of(FIRST), "0" * 64):
        yield await p.get(f"/log/policy/{digest}")


async def policy(p: Probe) -> Answers:
    yield await p.get("/api/shield/policy")
    yield await p.get("/shield/policy")


async def changes(p: Probe) -> Answers:
    yield await p.get("/api/shield/policy/changes")


async def standing(p: Probe) -> Answers:
    yield await p.get("/api/shield/standing")
    yield await p.get(f"/api/shield/standing/{UNKNOWN}/sample")
    yield await p.get("/shield/standing")


async def holds(p: Probe) -> Answers:
    yield await p.get("/api/shield/holds")
    yield await p.get("/shield/holds")


PROBES: dict[str, Ask] = {
    "GET /api/shield/policy": policy,
    "GET /log/policy/{digest:str}": published,
    "GET /api/shield/policy/changes": changes,
    "GET /api/shield/standing": standing,
    "GET /api/shield/standing/{which:str}/sample": standing,
    "GET /api/shield/holds": holds,
    "GET /shield/policy": policy,
    "GET /shield/standing": standing,
    "GET /shield/holds": holds,
}
CHANGES = re.compile(
    r"POST (?:/api)?/shield/(?:policy/changes(?:/\{which:str\}/approve)?|standing(?:/\{which:str\}/(?:sign|stop))?"
    r"|holds(?:/\{which:str\}/(?:confirm|lift))?|protected(?:/release)?|decisions/\{which:str\}/(?:review|renew))$"
)
