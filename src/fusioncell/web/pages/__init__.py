"""The pages: each composes what the rooms say into a template's context. They decide nothing."""

from __future__ import annotations

from typing import Any

from litestar.types import ControllerRouterHandler

from fusioncell.bootstrap import Hub


class Pages:
    """What the error answers need of the pages."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def error(self, request: Any, **error: Any) -> str:
        """Render an error page."""
        return "<!doctype html><title>error</title>" + error["title"]


def pages_for(hub: Hub) -> Pages:
    """Make the pages of a hub."""
    return Pages(hub)


def page_handlers() -> list[ControllerRouterHandler]:
    """Return the handlers of all pages."""
    return []
