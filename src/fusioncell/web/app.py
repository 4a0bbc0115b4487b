"""The web application: all rooms' doors, access, errors, limits. It wires, it decides nothing."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from functools import lru_cache
from typing import Any, Self, cast

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import ScopeType
from litestar.events import SimpleEventEmitter
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import ASGIRoute, BaseRoute, HTTPRoute
from litestar.types import ASGIApp, Receive, Scope, Send

import fusioncell
from fusioncell.bootstrap import Hub
from fusioncell.exchange import Streams
from fusioncell.exchange import routes as exchange_routes
from fusioncell.exchange.abuse import routes as abuse_routes
from fusioncell.exchange.anonymous import routes as anonymous_routes
from fusioncell.exchange.cursors import routes as cursors_routes
from fusioncell.exchange.detect import routes as detect_routes
from fusioncell.exchange.federation import routes as federation_routes
from fusioncell.exchange.files import routes as files_routes
from fusioncell.exchange.inbound import routes as inbound_routes
from fusioncell.exchange.match import routes as match_routes
from fusioncell.exchange.misp.door import routes as mispdoor_routes
from fusioncell.exchange.notify import routes as notify_routes
from fusioncell.exchange.participation import routes as participation_routes
from fusioncell.exchange.proxy import routes as proxy_routes
from fusioncell.exchange.receipts import routes as receipts_routes
from fusioncell.exchange.requests import routes as requests_routes
from fusioncell.exchange.talk import routes as talk_routes
from fusioncell.exchange.taxii import routes as taxii_routes
from fusioncell.fusion import routes as fusion_routes
from fusioncell.fusion.alike import routes as alike_routes
from fusioncell.fusion.clusters import routes as clusters_routes
from fusioncell.fusion.entities import routes as entities_routes
from fusioncell.fusion.learned import routes as learned_routes
from fusioncell.fusion.origins import routes as origins_routes
from fusioncell.fusion.overrides import routes as overrides_routes
from fusioncell.fusion.vulns import routes as vulns_routes
from fusioncell.intake import routes as intake_routes
from fusioncell.kernel.errors import FusionCellError, Unavailable
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Viewer
from fusioncell.members import routes as members_routes
from fusioncell.members.accounts import routes as accounts_routes
from fusioncell.members.assets import routes as assets_routes
from fusioncell.members.audit import routes as audit_routes
from fusioncell.members.circles import routes as circles_routes
from fusioncell.members.directory import routes as directory_routes
from fusioncell.members.joining import routes as joining_routes
from fusioncell.members.privacy import routes as privacy_routes
from fusioncell.members.sealing import routes as sealing_routes
from fusioncell.members.signing import routes as signing_routes
from fusioncell.picture import routes as picture_routes
from fusioncell.picture.changes import routes as changes_routes
from fusioncell.picture.coverage import routes as coverage_routes
from fusioncell.picture.csaf import routes as csaf_routes
from fusioncell.picture.graph import routes as graph_routes
from fusioncell.picture.horizon import routes as horizon_routes
from fusioncell.picture.matrix import routes as matrix_routes
from fusioncell.picture.notebook import routes as notebook_routes
from fusioncell.picture.products import routes as products_routes
from fusioncell.picture.saved import routes as saved_routes
from fusioncell.picture.situation import routes as situation_routes
from fusioncell.picture.triage import routes as triage_routes
from fusioncell.picture.weekly import routes as weekly_routes
from fusioncell.shield import routes as shield_routes
from fusioncell.shield.appeals import routes as appeals_routes
from fusioncell.shield.auditing import routes as auditing_routes
from fusioncell.shield.charter import routes as charter_routes
from fusioncell.shield.fuse import routes as fuse_routes
from fusioncell.shield.guards import routes as guards_routes
from fusioncell.shield.hits import routes as hits_routes
from fusioncell.shield.holds import routes as holds_routes
from fusioncell.shield.lift import routes as lift_routes
from fusioncell.shield.radius import routes as radius_routes
from fusioncell.shield.standing import routes as standing_routes
from fusioncell.shield.subscribers import routes as subscribers_routes
from fusioncell.shield.translog import routes as translog_routes
from fusioncell.web import problems
from fusioncell.web.access import Access, guard
from fusioncell.web.describe import CURSOR, Described, older_of
from fusioncell.web.express import express
from fusioncell.web.pages import page_handlers, pages_for
from fusioncell.web.pages.live import PageStreams
from fusioncell.web.render import translations

LIVE = ("/live", "/api/stream")
OPENAPI = ("/api", "/api/openapi.json")
NO_DOOR = "/api/{path:str}"
"""What the framework puts beside the description: a page of its own for every other path. Ours answers as elsewhere."""
ROOMS = (
    "intake", "record", "fusion", "entities", "origins", "overrides", "learning", "texts", "whatchanges",
    "picture", "shield", "members",
    "signing", "seal", "audit", "joining", "accounts",
    "sealing", "privacy", "assets", "anonymous", "receipts", "circles", "directory",
    "notify", "hooks", "inbound", "federation", "talk", "files", "requests", "participation", "proxy", "products",
    "matrix", "vulns", "clusters",
    "matrix", "vulns",
    "csaf", "weekly",
    "feeds", "mispdoor", "taxii", "matcher", "cursors", "abuse",
    "triage", "graphs", "notebooks", "saved", "horizon", "coverages", "situations",
)  # fmt: skip
"""Services of the hub that handlers may ask for by name."""
SHIELDING = ("charter", "guards", "holds", "standing", "lifts", "fuse", "appeals", "translog", "asking", "hit_counts",
             "subscribers", "radii", "auditing")
"""Services that stand on the shield (``hub.shielding``), likewise."""
_BARE_KEY = re.compile(rb"[A-Za-z0-9_-]{4,200}\Z")
INJECTED = frozenset({
    *ROOMS, *SHIELDING,
    "request", "viewer", "hub", "handed", "matcher", "streams", "data", "scope", "receive", "send", "socket",
    "state", "headers", "body",
})  # fmt: skip
"""Parameters of handlers that are handed in, not asked of the client."""


@get("/healthz", opt={"permission": "public"}, sync_to_thread=False, include_in_schema=False)
def healthz() -> dict[str, str]:
    """Tell that the process lives."""
    return {"status": "alive"}


@get("/readyz", opt={"permission": "public"}, sync_to_thread=True, include_in_schema=False)
def readyz(hub: Hub) -> dict[str, str]:
    """Tell that the hub serves: the record answers and the river follows it."""
    hub.record.head()
    if not hub.river.running:
        raise Unavailable("the hub is starting")
    if hub.river.failing:
        raise Unavailable("the projections do not follow the record", hint="The hub's log says why.")
    return {"status": "ready"}


@get("/metrics", opt={"permission": "operate"}, sync_to_thread=True, include_in_schema=False)
def metrics(hub: Hub) -> Response[str]:
    """Give the operators' figures in Prometheus' text form. Operators alone: lag and totals tell of hidden things."""
    head, _, epoch = hub.record.head()
    lines: dict[str, float] = {
        "fusioncell_record_position": head,
        "fusioncell_record_epoch": epoch,
        "fusioncell_projection_lag_entries": head - hub.river.position,
        "fusioncell_projection_failing": int(bool(hub.river.failing)),
        "fusioncell_projection_set_aside_entries": hub.river.set_aside,
        "fusioncell_zone_serial": hub.shield.zone.serial,
        "fusioncell_zone_names": len(hub.shield.zone.image()),
        "fusioncell_appeals_open": hub.shielding.appeals.overdue()[0],
        "fusioncell_appeals_overdue": hub.shielding.appeals.overdue()[1],
        "fusioncell_fuse_waiting": hub.shielding.fuse.waiting().acts,
        "fusioncell_zones_frozen": int(hub.shielding.fuse.frozen()),
    }
    lines |= hub.shielding.hit_counts.metrics(hub.record.audiences_where(lambda _: True))
    return Response(
        "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in lines.items()),
        media_type="text/plain; version=0.0.4",
    )


def _viewer(request: Request[Any, Any, Any]) -> Viewer:
    viewer: Viewer = request.scope["state"]["viewer"]
    return viewer


def _handed(request: Request[Any, Any, Any]) -> Handed:
    state: Any = request.scope["state"]
    hub: Hub = request.app.state.hub
    return Handed(hub.receipts, state["viewer"].org, bool(state["session"]))


def declare_queries(app: Litestar) -> None:
    """Note on every handler which query parameters it knows, so that any other is refused (DESIGN rule 9)."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            if handler is None or "query" in handler.opt:
                continue
            if route.path in OPENAPI:
                handler.opt["permission"] = "public"
            elif getattr(handler, "http_methods", None) == {"OPTIONS"}:
                # The framework's own answer: which methods a path knows.
                handler.opt["permission"] = "public"
            elif route.path == NO_DOOR:
                handler.opt.update(permission="public", absent=True)
            in_path = set(getattr(route, "path_parameters", {}))
            named = handler.parsed_fn_signature.parameters
            handler.opt["query"] = frozenset(set(named) - INJECTED - in_path - {"self"})
        for handler in getattr(route, "route_handlers", ()):
            query, methods = handler.opt.get("query") or frozenset(), getattr(handler, "http_methods", None) or ()
            older = older_of(route.path, "GET" if "GET" in methods else "", query)
            if older:
                handler.opt.update(query=query | {CURSOR}, cursor=older)


async def _secure(response: Response[Any]) -> Response[Any]:
    for name, value in problems.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _living(hub: Hub, streams: Streams, live: PageStreams) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Join the streams to the river for as long as the application lives."""

    @asynccontextmanager
    async def living(app: Litestar) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        # Listen first, then take the position: what is projected between the two is published, and known to be old.
        streams.live.listening_on(loop)
        hub.river.on_events(streams.live.publish_from_thread)
        streams.live.start_at(hub.river.position)
        live.streams.live.listening_on(loop)
        live.follow()
        # Who is admitted, leaves or is suspended: all open streams look again at once, before the next event.
        hub.members.on_change(streams.live.look_again_from_thread)
        hub.members.on_change(live.streams.live.look_again_from_thread)
        flushing = [asyncio.create_task(each.live.flush_for_ever()) for each in (streams, live.streams)]
        try:
            yield
        finally:
            for task in flushing:
                task.cancel()

    return living


def _of_hub(name: str, *, shielding: bool = False) -> Provide:
    """Return the provider of a service of the hub that answers the request."""

    def given(request: Request[Any, Any, Any]) -> Any:
        hub: Hub = request.app.state.hub
        return getattr(hub.shielding if shielding else hub, name)

    return Provide(given, sync_to_thread=False)


def _the_hub(request: Request[Any, Any, Any]) -> Any:
    return request.app.state.hub


_GIVEN = {
    "viewer": Provide(_viewer, sync_to_thread=False),
    "handed": Provide(_handed, sync_to_thread=False),
    "hub": Provide(_the_hub, sync_to_thread=False),
    **{name: _of_hub(name) for name in ROOMS},
    **{name: _of_hub(name, shielding=True) for name in SHIELDING},
}
"""What handlers may ask for by name."""


def with_given(door: Any) -> Any:
    """Return a door together with what it asks for: the framework compares all that a door is given with each other."""
    code, door = door.fn.__code__, copy(door)
    asked = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    door.dependencies = {name: _GIVEN[name] for name in asked if name in _GIVEN}
    return door


class _Doors(Router):
    """All doors in one router: Litestar joins the methods of one path only within a router.

    It keeps its map of doors, which the framework would make anew for every door. It is made for one application, which
    would copy it deeply.
    """

    def __init__(self, doors: list[Any]) -> None:
        self._known: dict[str, Any] = defaultdict(dict)
        super().__init__("/", route_handlers=doors)

    @property
    def route_handler_method_map(self) -> dict[str, Any]:
        """Doors by path and method."""
        return self._known

    def register(self, value: Any) -> list[BaseRoute]:
        """Take a door in, and note it."""
        routes = super().register(value)
        for route in routes:
            if not isinstance(route, HTTPRoute):
                self._known[route.path]["asgi"] = cast("ASGIRoute", route).route_handler
                continue
            for handler in route.route_handlers:
                # The framework's answer to OPTIONS names the methods of one registration: it is made anew with each.
                self._known[route.path].update(dict.fromkeys(handler.http_methods - {"OPTIONS"}, handler))
        return routes

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself."""
        return self


def _doors() -> Router:
    rooms = (intake_routes, fusion_routes, picture_routes, exchange_routes, shield_routes, members_routes)
    packages = (
        match_routes, cursors_routes, origins_routes, overrides_routes, learned_routes, alike_routes, changes_routes,
        entities_routes, matrix_routes, vulns_routes, clusters_routes,
        circles_routes, directory_routes, joining_routes, accounts_routes, audit_routes, anonymous_routes,
        sealing_routes, signing_routes, talk_routes, notify_routes, inbound_routes, files_routes,
        requests_routes, privacy_routes, assets_routes, receipts_routes, participation_routes, proxy_routes,
        products_routes, csaf_routes, weekly_routes,
        auditing_routes, charter_routes, guards_routes, holds_routes, radius_routes, standing_routes,
        appeals_routes, fuse_routes, lift_routes, translog_routes, subscribers_routes, hits_routes,
        detect_routes, mispdoor_routes, taxii_routes, federation_routes, abuse_routes,
        triage_routes, graph_routes, notebook_routes, saved_routes, horizon_routes, coverage_routes,
        situation_routes,
    )  # fmt: skip
    doors = [door for room in (*rooms, *packages) for door in room.HANDLERS]
    doors = [healthz, readyz, metrics, *doors, *page_handlers()]
    return _Doors([with_given(door) for door in doors])


def _described() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Fusion Cell",
        version=fusioncell.__version__,
        path="/api",
        use_handler_docstrings=True,
        render_plugins=[Described(path="/openapi.json")],
        components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"key": []}],
    )


@lru_cache(maxsize=4)
def house(max_body_mb: int) -> Litestar:
    """Make all doors, which know no hub: each is given what the hub has that answers the request."""
    app = Litestar(
        route_handlers=[_doors()],
        guards=[guard],
        middleware=[Access],
        exception_handlers={
            FusionCellError: problems.of_ours,
            HTTPException: problems.of_framework,
            Exception: problems.of_unknown,
        },
        after_request=_secure,
        request_max_body_size=max_body_mb << 20,
        logging_config=None,
        openapi_config=_described(),
    )
    declare_queries(app)
    return app


def make_app(hub: Hub) -> Litestar:
    """Make the application over a hub. The doors take a second to make and are made once a process."""
    streams = Streams(hub.record, hub.seal, hub.river.past, hub.settings.max_subscribers)
    streams.note_in(hub.receipts)
    live = PageStreams(hub)
    # Mails speak their reader's language by the catalogues of the pages.
    hub.notify.say = lambda language: translations(language).gettext
    app = copy(house(hub.settings.max_body_mb))
    app.asgi_router = copy(app.asgi_router)
    app.asgi_router.app = app
    app.event_emitter = SimpleEventEmitter([])
    app._lifespan_managers = [_living(hub, streams, live)]
    app.state = State(
        {
            "hub": hub,
            "fusion": hub.fusion,
            "lag": hub.river.lag,
            "record": hub.record,
            "streams": streams,
            "cursors": hub.cursors,
            "pages": pages_for(hub),
            "live": live,
        }
    )
    controllers = frozenset({controller for controller, _ in hub.mispdoor.actions}) | {"admin"}
    app.asgi_handler = express(hub, _misp_at_root(controllers, _head_is_get(app._create_asgi_handler())))
    return app


def _misp_at_root(controllers: frozenset[str], inner: ASGIApp) -> ASGIApp:
    """Lead clients to the MISP door that lost its path: given ``https://HUB/misp`` without the slash at the end,
    PyMISP asks ``https://HUB/servers/getVersion`` (RFC 3986 §5.2.3). They are known by the key alone in the header,
    without a scheme before it; a wrong key is theirs, too, and is told so as MISP would.
    """

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            first = scope["path"].partition("/")[2].partition("/")[0].removesuffix(".json")
            keys = [value for name, value in scope["headers"] if name in (b"authorization", b"x-misp-auth")]
            if mispdoor_routes.controller_name(first) in controllers and any(map(_BARE_KEY.match, keys)):
                raw = mispdoor_routes.BASE.encode() + scope["raw_path"]
                scope = cast("Scope", {**scope, "path": mispdoor_routes.BASE + scope["path"], "raw_path": raw})
        await inner(scope, receive, send)

    return handler


def _head_is_get(inner: ASGIApp) -> ASGIApp:
    """Answer HEAD as GET (RFC 9110 §9.3.2); the server leaves out the body."""

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD" and not scope["path"].startswith(LIVE):
            scope = cast("Scope", {**scope, "method": "GET"})
        await inner(scope, receive, send)

    return handler


def close_streams(app: Litestar) -> None:
    """End all live streams, so that the server need not wait for them. Call on the event loop when it stops."""
    app.state.streams.close()
    app.state.live.streams.close()
