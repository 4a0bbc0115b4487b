"""The doors of a member's own page, of coverage and of the situation."""

from __future__ import annotations

from probes.model import Answers, Ask, Probe, each


async def situation(p: Probe) -> Answers:
    for days in (7, 90):
        yield await p.get("/api/situation", days=days)
        yield await p.get("/situation", days=days)
    for sector in ("finance", "energy", "nowhere"):
        yield await p.get("/api/situation", sector=sector)
        yield await p.get("/situation", sector=sector)


PROBES: dict[str, Ask] = {
    "GET /mine": each("/mine"), "GET /situation": situation, "GET /api/situation": situation,
    "GET /coverage": each("/coverage"), "GET /api/coverage": each("/api/coverage"),
}  # fmt: skip
