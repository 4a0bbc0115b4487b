"""The web application: all rooms' doors, access, errors, limits. It wires, it decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, Response, Router, get
from litestar.config.response_cache import ResponseCacheConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

import fusioncell
from fusioncell.bootstrap import Hub
from fusioncell.exchange import Matcher, Streams
from fusioncell.exchange import routes as exchange_routes
from fusioncell.fusion import routes as fusion_routes
from fusioncell.intake import routes as intake_routes
from fusioncell.kernel.errors import FusionCellError, Unavailable
from fusioncell.kernel.marking import Viewer
from fusioncell.members import routes as members_routes
from fusioncell.picture import routes as picture_routes
from fusioncell.shield import routes as shield_routes
from fusioncell.web import problems
from fusioncell.web.access import Access, guard
from fusioncell.web.pages import page_handlers, pages_for
from fusioncell.web.pages.live import PageStreams

OPENAPI = "/api/openapi.json"
INJECTED = frozenset(
    {
        "request",
        "viewer",
        "hub",
        "intake",
        "record",
        "fusion",
        "picture",
        "shield",
        "members",
        "seal",
        "matcher",
        "streams",
        "data",
        "scope",
        "receive",
        "send",
        "socket",
        "state",
        "headers",
        "body",
    }
)
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
    return {"status": "ready"}


@get("/metrics", opt={"permission": "operate"}, sync_to_thread=True, include_in_schema=False)
def metrics(hub: Hub) -> Response[str]:
    """Give the operators' figures in Prometheus' text form. Operators alone: lag and totals tell of hidden things."""
    head, _, epoch = hub.record.head()
    lines = {
        "fusioncell_record_position": head,
        "fusioncell_record_epoch": epoch,
        "fusioncell_projection_lag_entries": head - hub.river.position,
        "fusioncell_zone_serial": hub.shield.zone.serial,
        "fusioncell_zone_names": len(hub.shield.zone.image()),
    }
    return Response(
        "".join(f"# TYPE {name} gauge\n{name} {value}\n" for name, value in lines.items()),
        media_type="text/plain; version=0.0.4",
    )


def _viewer(request: Request[Any, Any, Any]) -> Viewer:
    viewer: Viewer = request.scope["state"]["viewer"]
    return viewer


def declare_queries(app: Litestar) -> None:
    """Note on every handler which query parameters it knows, so that any other is refused (DESIGN rule 9)."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            if handler is None or "query" in handler.opt:
                continue
            if route.path == OPENAPI:
                handler.opt["permission"] = "public"
            in_path = set(getattr(route, "path_parameters", {}))
            named = handler.parsed_fn_signature.parameters
            handler.opt["query"] = frozenset(set(named) - INJECTED - in_path - {"self"})


async def _secure(response: Response[Any]) -> Response[Any]:
    for name, value in problems.HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def make_app(hub: Hub) -> Litestar:
    """Make the application over a hub."""
    matcher = Matcher(hub.fusion)
    streams = Streams(hub.record, hub.seal, hub.river.past, hub.settings.max_subscribers)
    live = PageStreams(hub)

    @asynccontextmanager
    async def living(app: Litestar) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        streams.live.position = hub.river.position
        streams.live.listening_on(loop)
        hub.river.on_events(streams.live.publish_from_thread)
        live.streams.live.listening_on(loop)
        live.follow()
        flushing = [asyncio.create_task(each.live.flush_for_ever()) for each in (streams, live.streams)]
        try:
            yield
        finally:
            for task in flushing:
                task.cancel()

    def provide(value: Any) -> Provide:
        return Provide(lambda: value, sync_to_thread=False, use_cache=True)

    app = Litestar(
        route_handlers=[
            # One router: Litestar joins the methods of one path only within a router.
            Router(
                "/",
                route_handlers=[
                    healthz,
                    readyz,
                    metrics,
                    *intake_routes.HANDLERS,
                    *fusion_routes.HANDLERS,
                    *picture_routes.HANDLERS,
                    *exchange_routes.HANDLERS,
                    *shield_routes.HANDLERS,
                    *members_routes.HANDLERS,
                    *page_handlers(),
                ],
            ),
        ],
        dependencies={
            "viewer": Provide(_viewer, sync_to_thread=False),
            "hub": provide(hub),
            "intake": provide(hub.intake),
            "record": provide(hub.record),
            "fusion": provide(hub.fusion),
            "picture": provide(hub.picture),
            "shield": provide(hub.shield),
            "members": provide(hub.members),
            "seal": provide(hub.seal),
            "matcher": provide(matcher),
        },
        guards=[guard],
        middleware=[DefineMiddleware(Access, hub=hub)],
        exception_handlers={
            FusionCellError: problems.of_ours,
            HTTPException: problems.of_framework,
            Exception: problems.of_unknown,
        },
        after_request=_secure,
        lifespan=[living],
        request_max_body_size=hub.settings.max_body_mb << 20,
        state=State({"fusion": hub.fusion, "record": hub.record, "streams": streams, "hub": hub, "pages": pages_for(hub), "live": live}),
        response_cache_config=ResponseCacheConfig(),
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Fusion Cell",
            version=fusioncell.__version__,
            path="/api",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(security_schemes={"key": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"key": []}],
        ),
    )
    declare_queries(app)
    return app
