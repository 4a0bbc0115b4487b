"""The doors of participation: counts are where hidden things leak first."""

from __future__ import annotations

from probes.model import Answers, Ask, Probe

QUARTERS = ("2025-Q4", "2026-Q1")
"""The script's own, and what is stated from before."""


def _each(path: str) -> Ask:
    async def ask(p: Probe) -> Answers:
        yield await p.get(path)
        for quarter in QUARTERS:
            yield await p.get(path, quarter=quarter)

    return ask


PROBES: dict[str, Ask] = {
    "GET /api/participation": _each("/api/participation"),
    "GET /exchange/participation": _each("/exchange/participation"),
}
