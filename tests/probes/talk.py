"""The doors of talk."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe, each


def _targets(p: Probe) -> list[str]:
    """The posts of the whole world, hidden ones too."""
    return [*p.world.asked_posts, UNKNOWN]


async def lists(p: Probe) -> Answers:
    yield await p.get("/api/threads")
    for filters in ({"unanswered": "true"}, {"mine": "true"}, {"watched": "true"}, {"group": p.world.group},
                    {"org": p.world.orgs[0]}, {"about": "campaign:Storm"}):  # fmt: skip
        yield await p.get("/api/threads", **filters)
    for name in p.names[:3]:
        yield await p.get("/api/threads", about=f"observable:domain-name:{name}")
    async for page in p.pages("/api/threads", limit=1):
        yield page


async def threads(p: Probe) -> Answers:
    for one in _targets(p):
        yield await p.get(f"/api/threads/{one}")
        yield await p.get(f"/api/threads/{one}", limit=1)


async def posts(p: Probe) -> Answers:
    for one in _targets(p):
        yield await p.get(f"/api/posts/{one}")


async def versions(p: Probe) -> Answers:
    for one in _targets(p):
        yield await p.get(f"/api/posts/{one}/versions")


async def reactions(p: Probe) -> Answers:
    for one in [*(f"post:{post}" for post in _targets(p)), *(f"contribution:{one}" for one in p.contributions),
                *(f"observable:domain-name:{name}" for name in p.names)]:  # fmt: skip
        yield await p.get("/api/reactions", on=one)


async def suggested(p: Probe) -> Answers:
    for text in (" and ".join(p.names), f"TLP:RED {p.names[0].replace('.', '[.]')}"):
        yield await p.ask("POST", "/api/suggestions", json={"text": text})
    yield await p.ask("POST", "/api/suggestions", json={"text": "x", "group": p.world.group})


async def pages(p: Probe) -> Answers:
    for one in _targets(p):
        yield await p.get(f"/exchange/{one}")
        yield await p.get(f"/exchange/posts/{one}")


def of_posts(path: str) -> Ask:
    """Make a probe that asks a path once for each post."""

    async def ask(p: Probe) -> Answers:
        for one in _targets(p):
            yield await p.get(path.replace("{which}", one))

    return ask


async def exchange(p: Probe) -> Answers:
    for show in ("", "unanswered", "watched", "mine"):
        yield await p.get("/exchange", show=show)
    yield await p.get("/exchange", group=p.world.group)


async def composed(p: Probe) -> Answers:
    for name in p.names[:2]:
        yield await p.get("/exchange/new", about=f"observable:domain-name:{name}")
    for one in _targets(p)[:4]:
        yield await p.get("/exchange/new", parent=one)


PROBES: dict[str, Ask] = {
    "GET /exchange": exchange,
    "GET /exchange/{thread:str}": pages,
    "GET /exchange/new": composed,
    "GET /exchange/posts/{which:str}": of_posts("/exchange/posts/{which}"),
    "GET /exchange/posts/{which:str}/versions": of_posts("/exchange/posts/{which}/versions"),
    "GET /exchange/posts/{which:str}/withdraw": of_posts("/exchange/posts/{which}/withdraw"),
    "GET /exchange/posts/{which:str}/edit": of_posts("/exchange/posts/{which}/edit"),
    "GET /api/threads": lists,
    "GET /api/threads/{thread:str}": threads,
    "GET /api/posts/{which:str}": posts,
    "GET /api/posts/{which:str}/versions": versions,
    "GET /api/reactions": reactions,
    "POST /api/suggestions": suggested,
    "GET /api/drafts": each("/api/drafts"),
    "GET /api/bookmarks": each("/api/bookmarks"),
}
CHANGES = re.compile(
    r"(POST|PUT) /api/(threads(/\{thread:str\}(/replies)?)?|posts/\{which:str\}(/reactions)?|reactions|drafts(/.*)?"
    r"|bookmarks/.*)$|POST /exchange/.*$"
)
