"""The doors of appeals."""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe

_ASKED = 3
"""Names that a probe asks for: an address is slowed down beyond some dozens a minute."""


async def listed(p: Probe) -> Answers:
    yield await p.get("/api/shield/appeals")
    yield await p.get("/shield/appeals")


async def code(p: Probe) -> Answers:
    yield await p.get(f"/api/appeals/{'0' * 40}")
    yield await p.get(f"/appeals/{'0' * 40}")


PROBES: dict[str, Ask] = {
    "GET /api/shield/appeals": listed,
    "GET /shield/appeals": listed,
    "GET /api/appeals/{code:str}": code,
    "GET /appeals/{code:str}": code,
}
NO_DATA = {
    "GET /blocked": "asks which name",
    "GET /api/blocked/{name:str}": "the decision itself, released to whoever names it exactly; no evidence",
    "GET /blocked/{name:str}": "the decision itself, released to whoever names it exactly; no evidence",
}
CHANGES = re.compile(
    r"POST (?:(?:/api)?/(?:blocked/\{name:str\}(?:/appeal)?|appeals/\{code:str\}/(?:prove|withdraw))"
    r"|/api/shield/appeals/\{which:str\}/decide|/shield/appeals/\{which:str\})"
)
