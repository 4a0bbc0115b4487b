"""HTTP operations of TAXII 2.1 (§4, §5). A path without its last slash is the same door."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.concurrency import sync_to_thread

from fusioncell.exchange.taxii import filters
from fusioncell.exchange.taxii.model import MEDIA, Ask, Page, written
from fusioncell.exchange.taxii.negotiate import check_accept, check_content
from fusioncell.exchange.taxii.service import Place, Taxii
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.kernel.settings import Settings

Asked = Request[Any, Any, Any]
_NONE: frozenset[str] = frozenset()
FOR_PEOPLE = "/feeds#clients"
"""Where a browser is led, which takes pages and all else; a client that takes pages alone is told 406."""
_TICK = 0.01
_LONGEST_WAIT = 10.0
"""Seconds that the answer to a post waits until what it brought is served; after that it says ``pending``."""


def _door(query: frozenset[str] = _NONE, permission: str = "read", **more: Any) -> dict[str, Any]:
    return {"tags": ["taxii"], "include_in_schema": False,
            "opt": {"permission": permission, "query": query, "hubs": True, **more}}  # fmt: skip


def _said(what: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    body = what if isinstance(what, bytes) else msgspec.json.encode(what)
    return Response(body, status_code=status, media_type=MEDIA, headers=headers)


def _read(request: Asked, query: frozenset[str] = _NONE) -> Ask:
    """Check what the client accepts, and read what it asks."""
    check_accept(request.headers.get("accept", ""))
    return filters.read_ask(filters.read_query(request.scope["query_string"], query))


def base_of(settings: Settings, request: Asked) -> str:
    """Return scheme and host under which the client reaches the hub."""
    return settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"


@get("/taxii2", **_door(), sync_to_thread=False)
def discovery(request: Asked, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """Say which API roots there are; lead a person's browser to the page that says what to give to which client."""
    accept = request.headers.get("accept", "").lower()
    if "text/html" in accept and "*/*" in accept and "taxii+json" not in accept:
        return Response(b"", status_code=303, headers={"Location": FOR_PEOPLE})
    _read(request)
    return _said(taxii.discovery(viewer, base_of(request.app.state.hub.settings, request)))


@get("/taxii2/{root:str}", **_door(), sync_to_thread=True)
def api_root(request: Asked, root: str, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """Describe an API root."""
    _read(request)
    return _said(taxii.root(viewer, root))


@get("/taxii2/{root:str}/collections", **_door(), sync_to_thread=True)
def collections(request: Asked, root: str, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """List the collections."""
    _read(request)
    return _said(taxii.collections(viewer, root))


@get("/taxii2/{root:str}/collections/{which:str}", **_door(), sync_to_thread=True)
def collection(request: Asked, root: str, which: str, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """Describe a collection."""
    _read(request)
    return _said(taxii.collection(viewer, root, which))


@get("/taxii2/{root:str}/status/{which:str}", **_door(), sync_to_thread=True)
def status(request: Asked, root: str, which: str, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """Say what became of a post."""
    _read(request)
    return _said(taxii.report(viewer, root, which))


@get("/taxii2/{root:str}/collections/{which:str}/manifest", **_door(filters.OBJECTS))
async def manifest(
    request: Asked, root: str, which: str, taxii: Taxii, viewer: Viewer, handed: Handed
) -> Response[bytes]:  # fmt: skip
    """List the versions in a collection."""
    ask = _read(request, filters.OBJECTS)
    return await _paged(taxii, taxii.place(viewer, root, which), "manifest", ask, handed)


@get("/taxii2/{root:str}/collections/{which:str}/objects", **_door(filters.OBJECTS))
async def objects(
    request: Asked, root: str, which: str, taxii: Taxii, viewer: Viewer, handed: Handed
) -> Response[bytes]:  # fmt: skip
    """Give the objects of a collection."""
    ask = _read(request, filters.OBJECTS)
    return await _paged(taxii, taxii.place(viewer, root, which), "objects", ask, handed)


@get("/taxii2/{root:str}/collections/{which:str}/objects/{oid:str}", **_door(filters.ONE_OBJECT))
async def one_object(
    request: Asked, root: str, which: str, oid: str, taxii: Taxii, viewer: Viewer, handed: Handed
) -> Response[bytes]:  # fmt: skip
    """Give one object."""
    ask = _read(request, filters.ONE_OBJECT)
    return await _paged(taxii, taxii.place(viewer, root, which), "objects", ask, handed, oid)


@get("/taxii2/{root:str}/collections/{which:str}/objects/{oid:str}/versions", **_door(filters.VERSIONS))
async def versions(
    request: Asked, root: str, which: str, oid: str, taxii: Taxii, viewer: Viewer, handed: Handed
) -> Response[bytes]:  # fmt: skip
    """List the versions of one object."""
    ask = _read(request, filters.VERSIONS)
    return await _paged(taxii, taxii.place(viewer, root, which), "versions", ask, handed, oid)


async def _paged(taxii: Taxii, place: Place, kind: str, ask: Ask, handed: Handed, oid: str = "") -> Response[bytes]:
    page = taxii.ready(place, kind, ask, oid)
    if page is None:
        page = await sync_to_thread(taxii.page, place, kind, ask, oid)
    hand_out(page, handed)
    return _said(page.body, headers=headers_of(page))


def at_hand(
    taxii: Taxii, handed: Handed, viewer: Viewer, root: str, which: str, kind: str, query: bytes, accept: str
) -> Page | None:
    """Return a page of ``objects`` or ``manifest`` that needs no database, else None. Raises what the doors raise."""
    check_accept(accept)
    page = taxii.ready(
        taxii.place(viewer, root, which), kind, filters.read_ask(filters.read_query(query, filters.OBJECTS))
    )
    if page is not None:
        hand_out(page, handed)
    return page


def hand_out(page: Page, handed: Handed) -> None:
    """Note what an answer gives, so that a recall knows how far it reaches."""
    if page.given:
        handed.out(page.given)
    for contribution in page.gone:
        handed.gone(contribution)


def headers_of(page: Page) -> dict[str, str]:
    """Return the headers that say which span of time a page is; an empty one has none (TAXII 2.1 §3.4)."""
    if not page.last:
        return {}
    return {"X-TAXII-Date-Added-First": written(page.first), "X-TAXII-Date-Added-Last": written(page.last)}


@post("/taxii2/{root:str}/collections/{which:str}/objects", **_door(permission="contribute", guests=True),
      status_code=202)  # fmt: skip
async def add_objects(request: Asked, root: str, which: str, taxii: Taxii, viewer: Viewer) -> Response[bytes]:
    """Take objects in."""
    _read(request)
    check_content(request.headers.get("content-type", ""))
    place = taxii.place(viewer, root, which)
    body = await request.body()
    report = await sync_to_thread(taxii.post, viewer, place, body)
    await _served(lambda: taxii.lag(report))
    return _said(taxii.said(report), 202)


@delete("/taxii2/{root:str}/collections/{which:str}/objects/{oid:str}",
        **_door(filters.VERSIONED, permission="recall"), status_code=200)  # fmt: skip
async def delete_object(
    request: Asked, root: str, which: str, oid: str, taxii: Taxii, viewer: Viewer
) -> Response[bytes]:
    """Withdraw one's own versions of an object."""
    ask = _read(request, filters.VERSIONED)
    every = not any(name == "match[version]" for name, _ in ask.filters)
    place = taxii.place(viewer, root, which)
    last = await sync_to_thread(lambda: taxii.delete(viewer, place, oid, ask, every=every))
    await _served(lambda: taxii.behind(last))
    return _said(b"{}")


async def _served(lag: Any) -> None:
    """Wait until what was just kept is served, so that who asks next sees it."""
    waited = 0.0
    while lag() > 0 and waited < _LONGEST_WAIT:
        await asyncio.sleep(_TICK)
        waited += _TICK


HANDLERS = (
    discovery, api_root, collections, collection, status, manifest, objects, one_object, versions, add_objects,
    delete_object,
)  # fmt: skip
"""The package's doors."""
