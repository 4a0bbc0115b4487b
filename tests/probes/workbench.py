"""The doors of the workbench."""

from __future__ import annotations

import re

from fusioncell.picture.graph.model import ref_of
from probes.model import Answers, Ask, Probe, each

SHOWS = ("open", "mine", "claimed", "snoozed", "dismissed")


async def queue(p: Probe) -> Answers:
    for show in SHOWS:
        yield await p.get("/api/triage", show=show)
    yield await p.get("/api/triage", limit=1)


async def triage_page(p: Probe) -> Answers:
    for show in SHOWS:
        yield await p.get("/triage", show=show)


def _starts(p: Probe) -> list[str]:
    return [f"observable:domain-name:{p.names[0]}", f"observable:domain-name:{p.names[1]}",
            *(f"contribution:{one}" for one in p.contributions[:3])]  # fmt: skip


async def graph(p: Probe) -> Answers:
    for start in _starts(p):
        yield await p.get("/api/graph", start=start, opened=[ref_of(one) for one in _starts(p)])
    yield await p.get("/api/graph", start=_starts(p))


async def graph_page(p: Probe) -> Answers:
    yield await p.get("/graph")
    yield await p.get("/graph", q="no value here")
    yield await p.get("/graph", start=_starts(p), opened=[ref_of(f"contribution:{one}") for one in p.contributions])


PROBES: dict[str, Ask] = {
    "GET /api/triage": queue,
    "GET /api/triage/notes": each("/api/triage/notes"),
    "GET /triage": triage_page,
    "GET /api/graph": graph,
    "GET /graph": graph_page,
}
CHANGES = re.compile(
    r"POST (/api/triage/(acts|notes|acts/\{which:str\}/undo)|/triage/(act|undo|hand-over)|/graph/draw)$"
)
