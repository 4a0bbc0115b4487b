"""The doors of detection exports: every form, and what narrows it."""

from __future__ import annotations

from fusioncell.exchange.detect import FORMATS
from probes.model import Answers, Ask, Probe, each


async def _exports(p: Probe) -> Answers:
    for form in FORMATS:
        yield await p.get(f"/api/feeds/{form}")
    for narrowed in ({"types": "domain"}, {"min_probability": "0.8"}, {"limit": "2"}, {"tlp": "green"}):
        yield await p.get("/api/feeds/csv", **narrowed)
    yield await p.get("/api/feeds/jsonl", since="0" * 40)
    yield await p.get("/api/feeds/nonsense")


PROBES: dict[str, Ask] = {"GET /api/feeds/{form:str}": _exports, "GET /feeds": each("/feeds")}
NO_DATA = {
    "GET /api/feeds": "the forms are the same for everyone",
}
