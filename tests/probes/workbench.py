"""The doors of the workbench."""

from __future__ import annotations

import re

from fusioncell.picture.graph.model import ref_of
from fusioncell.picture.saved import Query
from probes.model import UNKNOWN, Answers, Ask, Probe, each

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


async def saved_pages(p: Probe) -> Answers:
    yield await p.get("/saved", q="parcel")
    for which in (*p.decisions[:1], UNKNOWN):
        yield await p.get(f"/saved/{which}")
        yield await p.get(f"/api/saved/{which}/values")
        yield await p.get(f"/api/saved/{which}/feed/csv")
    # What a query finds is asked of the service by one that the asker has just made up.
    viewer = p.world.viewer(p.name)
    for query in (Query("all"), Query("words", "phishing"), Query("names", "", ("domain-name",), 10)):
        found = p.world.hub.saved.found(viewer, query)
        yield f"saved {query.name}", repr([(one.observable, one.malicious, one.last) for one in found])


async def notebooks(p: Probe) -> Answers:
    yield await p.get("/api/notebook")
    yield await p.get("/notebook")
    for which in (*p.contributions[:1], UNKNOWN):
        yield await p.get(f"/api/notebook/{which}")
        yield await p.get(f"/notebook/{which}")


PROBES: dict[str, Ask] = {
    "GET /api/triage": queue,
    "GET /api/triage/notes": each("/api/triage/notes"),
    "GET /triage": triage_page,
    "GET /api/graph": graph,
    "GET /graph": graph_page,
    "GET /api/saved": each("/api/saved"),
    "GET /api/saved/{which:str}/values": saved_pages,
    "GET /api/saved/{which:str}/feed/{form:str}": saved_pages,
    "GET /saved": saved_pages,
    "GET /saved/{which:str}": saved_pages,
    "GET /api/notebook": notebooks,
    "GET /api/notebook/{which:str}": notebooks,
    "GET /notebook": notebooks,
    "GET /notebook/{which:str}": notebooks,
}
NO_DATA = {"GET /paste": "an empty form; what is pasted is answered by POST, from /api/match's own sources"}
CHANGES = re.compile(
    r"POST (/api/triage/(acts|notes|acts/\{which:str\}/undo)|/triage/(act|undo|hand-over)|/graph/draw"
    r"|/paste(/csv)?|(/api)?/notebook(/\{which:str\}(/papers)?|/take)?|(/api)?/saved(/\{which:str\}(/drop)?)?)$"
)
