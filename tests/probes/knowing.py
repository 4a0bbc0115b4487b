"""The doors of what is known of values: overrides, explanations."""

from __future__ import annotations

import re

from probes.model import Answers, Ask, Probe, each


async def explained(p: Probe) -> Answers:
    for name in p.names:
        yield await p.get(f"/api/explanations/domain-name/{name}")
    yield await p.get("/api/explanations/auto/never-named.example")


PROBES: dict[str, Ask] = {
    "GET /api/overrides": each("/api/overrides"),
    "GET /overrides": each("/overrides"),
    "GET /api/learned": each("/api/learned"),
    "GET /api/contributions/{contribution:str}/alike": each("/api/contributions/{contribution}/alike"),
    "GET /api/explanations/{kind:str}/{value:path}": explained,
}

CHANGES = re.compile(r"(POST|DELETE) /(api/)?overrides")
"""Doors that change something; their answers stand in ``tests/flow/test_knowing.py``."""
