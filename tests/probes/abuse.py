"""Abuse notices: asked as an organisation that has proved every network there is, so that each address is its own."""

from __future__ import annotations

from probes.model import Answers, Ask, Probe

EVERYTHING = ["0.0.0.0/0", "::/0"]


async def _notices(p: Probe) -> Answers:
    p.world.hub.abuse.assets_of = lambda _: EVERYTHING
    for form in ("jsonl", "csv", "xarf", "nonsense"):
        yield await p.get("/api/abuse-notices", format=form)
    yield await p.get("/api/abuse-notices", limit="2")
    yield await p.get("/api/abuse-notices", since="2026-01-02T00:00:00Z")
    yield await p.get("/api/abuse-notices", cursor="0" * 32)


async def _page(p: Probe) -> Answers:
    p.world.hub.abuse.assets_of = lambda _: EVERYTHING
    yield await p.get("/mine/abuse")


PROBES: dict[str, Ask] = {"GET /api/abuse-notices": _notices, "GET /mine/abuse": _page}
