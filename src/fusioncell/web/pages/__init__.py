"""The pages: each composes what the rooms say into a template's context. They decide nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.types import ControllerRouterHandler

from fusioncell.bootstrap import Hub
from fusioncell.web.pages import (
    abuse,
    account,
    admin,
    anonymous,
    appeals,
    assets,
    attachments,
    audited,
    changes,
    choices,
    clusters,
    compose,
    contribute,
    contribution,
    directory,
    entities,
    feeds,
    files,
    finder,
    first,
    graph,
    groups,
    horizon,
    inbound,
    joining,
    live,
    matrix,
    mine,
    notebook,
    notices,
    observable,
    ops,
    overrides,
    palette,
    participation,
    paste,
    privacy,
    products,
    proxy,
    receipts,
    reference,
    requests,
    saved,
    shield,
    shield_audit,
    shield_impact,
    shield_resolvers,
    shield_rules,
    shield_undo,
    signing,
    situation,
    sources,
    talk,
    transparency,
    triage,
    vulnerabilities,
)
from fusioncell.web.pages.frame import Asked, page_headers, see_other, shell
from fusioncell.web.render import render
from fusioncell.web.words import of_error


class Pages:
    """What the error answers need of the pages."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def error(self, request: Asked, **error: Any) -> str:
        """Render an error page; it repeats nothing of the address, or hidden and unknown would differ."""
        said = {name: of_error(text) if isinstance(text, str) else text for name, text in error.items()}
        return render("error.html", shell=shell(request) | {"path": "/"}, error={**said, "place": error["place"]})

    def to_sign_in(self, request: Asked) -> Response[str]:
        """Lead a visitor to the sign-in page, and back to where they were going afterwards."""
        if request.method not in ("GET", "HEAD"):
            return see_other("/sign-in")
        path = request.scope["path"]
        asked = request.scope["query_string"].decode("latin-1")
        target = quote(path + (f"?{asked}" if asked else ""), safe="/")
        return Response("", status_code=303, headers={**page_headers(), "Location": f"/sign-in?next={target}"})


def pages_for(hub: Hub) -> Pages:
    """Make the pages of a hub."""
    return Pages(hub)


def page_handlers() -> list[ControllerRouterHandler]:
    """Return the handlers of all pages."""
    rooms = (
        talk, compose, requests, clusters, entities, matrix, vulnerabilities,
        anonymous, attachments,
        feeds, files, first, finder, observable, contribution, contribute, shield, shield_audit, shield_impact,
        shield_resolvers, shield_rules, shield_undo, appeals,
        signing, account, ops, live,
        receipts, participation, proxy, joining, admin, audited, notices, groups, directory, choices, palette, privacy,
        assets, inbound, products, sources, overrides, transparency,
        triage, graph, paste, notebook, saved, changes, horizon, mine, abuse, situation, reference,
    )  # fmt: skip
    return [handler for room in rooms for handler in room.HANDLERS]
