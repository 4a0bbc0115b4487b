"""The doors of notification, the digest that a viewer would get by mail, and what a webhook would be told."""

from __future__ import annotations

import re
from typing import Any

from partnership import NAMES, WORDS
from probes.model import UNKNOWN, Answers, Ask, Probe, each

HOOK_URL = "https://receiver.example/in"


def found(world: Any) -> None:
    """Let the people of a world watch what its script names, and each organisation have a webhook for all of it."""
    hub = world.hub
    for name, key in world.keys.items():
        if not key:
            continue
        viewer = world.viewer(name)
        hub.hooks.make(viewer, HOOK_URL, [("all", "")])
        if viewer.person is not None:
            for value in NAMES[::2]:
                hub.notify.watch(viewer, "network", value)
            for word in WORDS:
                hub.notify.watch(viewer, "tag", word)
            hub.notify.watch(viewer, "sector", "government")


async def notifications(p: Probe) -> Answers:
    yield await p.get("/api/notifications")
    yield await p.get("/api/notifications", unread="true", kind="network")
    if p.world.viewer(p.name).person is not None:
        async for page in p.pages("/api/notifications", limit=2):
            yield page


async def centre(p: Probe) -> Answers:
    yield await p.get("/notifications")
    yield await p.get("/notifications", show="all", kind="sector")


async def hooks_told(p: Probe) -> Answers:
    """What each webhook of the viewer's organisation was or would be told: the list, and the bodies made now."""
    hub, viewer = p.world.hub, p.world.viewer(p.name)
    if viewer.org is None:
        yield await p.get(f"/api/webhooks/{UNKNOWN}/deliveries")
        return
    for hook in hub.hooks.of(viewer):
        yield await p.get(f"/api/webhooks/{hook.id}/deliveries")
        yield await p.get(f"/account/webhooks/{hook.id}")
        for id, delivery in hub.hooks.deliveries(viewer, hook.id):
            yield f"the body of {delivery.kind}", hub.hooks.body(hook, delivery, id).decode()


async def digest(p: Probe) -> Answers:
    """The mail that the viewer would get now."""
    viewer = p.world.viewer(p.name)
    if viewer.person is not None:
        yield "MAIL digest", "\n".join(p.world.hub.notify.preview(viewer))


PROBES: dict[str, Ask] = {
    "GET /api/notifications": notifications,
    "GET /api/notifications/preferences": each("/api/notifications/preferences"),
    "GET /api/watches": each("/api/watches"),
    "GET /api/webhooks": each("/api/webhooks"),
    "GET /api/webhooks/{webhook:str}/deliveries": hooks_told,
    "GET /notifications": centre,
    "GET /notifications/count": each("/notifications/count"),
    "GET /account/notifications": each("/account/notifications"),
    "GET /account/webhooks": each("/account/webhooks"),
    "GET /account/webhooks/{webhook:str}": each(f"/account/webhooks/{UNKNOWN}"),
    "MAIL digest": digest,
}

CHANGES = re.compile(
    r"POST /api/(notifications/read|watches|webhooks(/.*)?)$|PUT /api/notifications/preferences$"
    r"|POST /notifications/.*$"
)
