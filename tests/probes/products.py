"""The doors of products."""

from __future__ import annotations

import re

from probes.model import UNKNOWN, Answers, Ask, Probe
from producing import PRODUCTS


def _which(p: Probe) -> list[str]:
    """The products of the whole world, hidden ones too."""
    return [*PRODUCTS, UNKNOWN]


async def lists(p: Probe) -> Answers:
    yield await p.get("/api/products")
    yield await p.get("/api/products", form="alert")
    async for page in p.pages("/api/products", limit=1):
        yield page


async def drafts(p: Probe) -> Answers:
    yield await p.get("/api/products/drafts")
    yield await p.get("/api/products/drafts", state="published")


def of_each(path: str, **asked: str) -> Ask:
    """Make a probe that asks a path once for each product."""

    async def ask(p: Probe) -> Answers:
        for one in _which(p):
            yield await p.get(path.replace("{which}", one), **asked)

    return ask


async def pages(p: Probe) -> Answers:
    yield await p.get("/products")
    yield await p.get("/products", form="advisory")


async def one(p: Probe) -> Answers:
    for which in _which(p):
        yield await p.get(f"/api/products/{which}")
        yield await p.get(f"/api/products/{which}", version=1)


async def published(p: Probe) -> Answers:
    listed = await p.get("/csaf/white/index.txt")
    yield listed
    for path in listed[1].partition("\n")[2].split()[:4]:
        yield await p.get(f"/csaf/white/{path}")
        yield await p.get(f"/csaf/white/{path}.sha512")


async def printed(p: Probe) -> Answers:
    """One of them: to print takes a while, and all print what their pages show."""
    yield await p.get(f"/products/{PRODUCTS[0]}/pdf")


def of_all(path: str) -> Ask:
    """Make a probe that asks one path."""

    async def ask(p: Probe) -> Answers:
        yield await p.get(path)

    return ask


PROBES: dict[str, Ask] = {
    "GET /api/products": lists,
    "GET /api/products/drafts": drafts,
    "GET /api/products/weekly": of_all("/api/products/weekly?week=2026-W01"),
    "GET /api/products/monthly": of_all("/api/products/monthly?month=2026-01"),
    "GET /api/products/{which:str}": one,
    "GET /api/products/{which:str}/versions": of_each("/api/products/{which}/versions"),
    "GET /api/products/{which:str}/difference": of_each("/api/products/{which}/difference", before="1", after="2"),
    "GET /api/products/{which:str}/markdown": of_each("/api/products/{which}/markdown"),
    "GET /api/products/{which:str}/draft": of_each("/api/products/{which}/draft"),
    "GET /products": pages,
    "GET /products/{which:str}": of_each("/products/{which}"),
    "GET /products/{which:str}/versions": of_each("/products/{which}/versions"),
    "GET /products/{which:str}/pdf": printed,
    "GET /products/{which:str}/draft": of_each("/products/{which}/draft"),
    "GET /products/{which:str}/edit": of_each("/products/{which}/edit"),
    "GET /products/feed.atom": of_all("/products/feed.atom"),
    "GET /products/drafts": of_all("/products/drafts"),
    "GET /products/new": of_all("/products/new"),
    "GET /api/products/{which:str}/csaf": of_each("/api/products/{which}/csaf"),
    "GET /.well-known/csaf/provider-metadata.json": of_all("/.well-known/csaf/provider-metadata.json"),
    "GET /csaf/white/index.txt": of_all("/csaf/white/index.txt"),
    "GET /csaf/white/changes.csv": of_all("/csaf/white/changes.csv"),
    "GET /csaf/white/csaf-feed-tlp-white.json": of_all("/csaf/white/csaf-feed-tlp-white.json"),
    "GET /csaf/white/{year:str}/{name:str}": published,
    "GET /api/products/{which:str}/feedback": of_each("/api/products/{which}/feedback"),
}
CHANGES = re.compile(r"POST (/api/products(/\{which:str\}/(feedback|\{act:str\}))?|/products.*)$")
