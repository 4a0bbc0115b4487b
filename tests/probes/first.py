"""The doors that stood first: contributions, search, observables, match, stream, shield, and their pages."""

from __future__ import annotations

import re
from urllib.parse import quote

from fusioncell.exchange.live import Live
from partnership import NAMES, WORDS
from probes.model import UNKNOWN, Answers, Ask, Probe, each


async def lists(p: Probe) -> Answers:
    yield await p.get("/api/contributions", limit=200)
    async for page in p.pages("/api/contributions", limit=3):
        yield page


async def one_contribution(p: Probe) -> Answers:
    for one in p.contributions:
        yield await p.get(f"/api/contributions/{one}")
        yield await p.get(f"/api/contributions/{one}", offset=1, limit=2)


async def content(p: Probe) -> Answers:
    for one in p.contributions:
        yield await p.get(f"/api/contributions/{one}/content")


async def status(p: Probe) -> Answers:
    for one in p.contributions:
        yield await p.get(f"/api/contributions/{one}/status")


async def searched(p: Probe) -> Answers:
    for query in (*p.names, p.names[0].replace(".", "[.]"), WORDS[0], "seen at", f"{WORDS[1]} today", "login"):
        yield await p.get("/api/search", q=query)
    async for page in p.pages("/api/search", q="example", limit=2):
        yield page
    async for page in p.pages("/api/search", q=WORDS[0], limit=1):
        yield page


async def observables(p: Probe) -> Answers:
    for name in p.names:
        yield await p.get(f"/api/observables/domain-name/{name}")
    yield await p.get("/api/observables/auto/never-named.example")


async def matched(p: Probe) -> Answers:
    lines = "\n".join([*NAMES, "never-named.example"])
    yield await p.ask("POST", "/api/match", content=lines, headers={"Content-Type": "text/csv"})
    yield await p.ask("POST", "/api/match?hits=only", json=NAMES)


async def decided(p: Probe) -> Answers:
    yield await p.get("/api/shield/decisions")
    yield await p.get("/api/shield/decisions", limit=1, offset=1)
    yield await p.get("/api/shield/decisions", state="proposed,withdrawn")


async def decision(p: Probe) -> Answers:
    for which in (*p.decisions, *p.names, UNKNOWN):
        yield await p.get(f"/api/shield/decisions/{which}")


async def home(p: Probe) -> Answers:
    yield await p.get("/")


async def search_page(p: Probe) -> Answers:
    for query in ("example", WORDS[0], p.names[0], " ".join(NAMES)):
        yield await p.get("/search", q=query)


async def observable_page(p: Probe) -> Answers:
    for name in p.names[:3]:
        yield await p.get(f"/observables/domain-name/{quote(name)}")


async def contribution_page(p: Probe) -> Answers:
    for one in p.contributions:
        yield await p.get(f"/contributions/{one}")


async def streamed(p: Probe) -> Answers:
    """What an open stream got, and what one gets that resumes from a cursor, at several positions."""
    hub, viewer = p.world.hub, p.world.viewer(p.name)
    audiences = hub.record.visible_to(viewer)
    live = Live(lambda event, number: f"{event.name}: {hub.seal.cursor(event.seq, number, 1)}\n".encode() + event.data)
    log = live.log(audiences, 1)
    for events, position in p.world.batches:
        live.publish(events, position)
    yield "GET /api/stream, open all the time", b"\n".join(said for _, said, _ in log.events).decode()
    for after in (0, *(done.position for done in p.world.played[::5])):
        pages = hub.river.past(after, hub.river.position, audiences)
        yield "GET /api/stream, resumed", "\n".join(e.data.decode() for page in pages for e in page)


async def live_rows(p: Probe) -> Answers:
    """The rows of HTML that an open first page got."""
    from fusioncell.web.pages.live import PageStreams

    streams, hub = PageStreams(p.world.hub), p.world.hub
    audiences = hub.record.visible_to(p.world.viewer(p.name))
    for events, _ in p.world.batches:
        rows = streams.rows(events)
        mine = [row.data.decode() for row in rows if row.audience in audiences]
        if mine:
            yield "GET /live, open all the time", "\n".join(mine)


PROBES: dict[str, Ask] = {
    "GET /api/contributions": lists,
    "GET /api/contributions/{contribution:str}": one_contribution,
    "GET /api/contributions/{contribution:str}/content": content,
    "GET /api/contributions/{contribution:str}/status": status,
    "GET /api/search": searched,
    "GET /api/observables/{kind:str}/{value:path}": observables,
    "POST /api/match": matched,
    "GET /api/shield/decisions": decided,
    "GET /api/shield/decisions/{which:str}": decision,
    "GET /api/shield/zone": each("/api/shield/zone"),
    "GET /api/whoami": each("/api/whoami"),
    "GET /api/organisations": each("/api/organisations"),
    "ASGI /api/stream": streamed,
    "ASGI /live": live_rows,
    "GET /": home,
    "GET /search": search_page,
    "GET /observables/{kind:str}/{value:path}": observable_page,
    "GET /contributions/{contribution:str}": contribution_page,
    "GET /contributions/{contribution:str}/recall": each("/contributions/{contribution}/recall"),
    "GET /contributions/{contribution:str}/receipt": each("/contributions/{contribution}/receipt"),
    "GET /contributions/{contribution:str}/receipt/status": each("/contributions/{contribution}/receipt/status"),
    "GET /contribute": each("/contribute"),
    "GET /contribute/reach": each("/contribute/reach?tlp=amber"),
    "GET /sign-in": each("/sign-in"),
    "GET /account": each("/account"),
    "GET /shield": each("/shield"),
    "GET /shield/{which:str}": each("/shield/{decision}"),
    "GET /shield/{decision:str}": each("/shield/{decision}"),
}
"""A probe for every door that answers with what parties contributed or decided; those that do not exist are passed."""

NO_DATA = {
    "GET /healthz": "says that the process lives",
    "GET /readyz": "says that the hub serves",
    "GET /metrics": "for operators alone, who see totals",
    "GET /ops": "for operators alone, who see totals",
    "GET /api/keys": "for administrators: keys, no contributions",
    "GET /api": "the description of the doors",
    "GET /api/openapi.json": "the description of the doors",
    "GET /api-reference": "the description of the doors",
    "GET /api-reference/{chapter:str}": "the description of the doors",
    "GET /.well-known/security.txt": "a setting of the operator's",
    "GET /api/{path:str}": "says that there is no such door",
    "GET /static/{name:path}": "our own files",
    "GET /favicon.ico": "our own file",
    "GET /robots.txt": "our own file",
    "GET /sign-in/link/{token:str}": "asks to confirm a sign-in link",
}
"""Doors whose answers hold nothing that was contributed, each with the reason."""

CHANGES = re.compile(
    r"POST /api/(contributions(/.*/recall)?|shield/decisions(/.*)?|organisations|keys|people|links|passkeys?.*)$"
    r"|POST /(contribute|contributions/.*/recall|sign-(in|out).*|account.*|shield.*|ops.*|passkey.*)$|DELETE .*"
)
"""Doors that change something; what they answer stands in the tests of each."""
