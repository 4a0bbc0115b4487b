"""HTTP operations of notification: what one watches, what came of it, how one wants to be told; and webhooks."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import Parameter

from fusioncell.exchange.hooks import Delivery, Hook, Hooks
from fusioncell.exchange.notify.admit import minute_of_day, time_of_day
from fusioncell.exchange.notify.model import KINDS, UNWATCHED, Notice, Preferences, Watch
from fusioncell.exchange.notify.service import MOST_COUNTED, Notify, checked_watches
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.marking import Viewer


class Watching(msgspec.Struct, forbid_unknown_fields=True):
    """What to watch: ``kind``, and what that kind needs."""

    kind: str
    value: str = ""


class Reading(msgspec.Struct, forbid_unknown_fields=True):
    """Which notices were read: their ``ids``, or ``all``. ``mute``: a thread to be told no more of."""

    ids: list[str] | None = None
    all: bool = False
    mute: str = ""


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """How one wants to be told; what is left out stays. Times of day are ``HH:MM``, local to ``zone``."""

    digest: str | None = None
    instant: bool | None = None
    quiet_from: str | None = None
    quiet_to: str | None = None
    zone: str | None = None
    language: str | None = None
    morning: str | None = None


def watch_json(one: Watch) -> dict[str, Any]:
    """Return a watch as JSON values."""
    return {"id": one.id, "kind": one.kind, "value": one.value, "created": format_instant(one.created)}


def notice_json(one: Notice) -> dict[str, Any]:
    """Return a notice; of one that was withdrawn nothing but that."""
    base = {"id": one.id, "state": "standing" if one.standing else "withdrawn", "at": format_instant(one.at),
            "read": format_instant(one.read) if one.read else None}  # fmt: skip
    if not one.standing:
        return base
    return {**base, "contribution": one.contribution, "title": one.title, "kind": one.kind, "count": one.count,
            "organisation": one.org, "tlp": one.tlp.value if one.tlp else "", "thread": one.thread,
            "why": [{"kind": kind, "value": value} for kind, value in one.whys]}  # fmt: skip


def preferences_json(asked: Preferences) -> dict[str, Any]:
    """Return preferences; times of day as ``HH:MM``."""
    return {"digest": asked.digest, "instant": asked.instant, "quiet_from": time_of_day(asked.quiet_from),
            "quiet_to": time_of_day(asked.quiet_to), "zone": asked.zone, "language": asked.language,
            "morning": time_of_day(asked.morning)}  # fmt: skip


@get("/api/notifications", tags=["notification"], opt={"permission": "read"}, sync_to_thread=True,
     summary="What came of what you watch")
def notifications(
    notify: Notify,
    viewer: Viewer,
    unread: bool = False,
    kind: Annotated[str, Parameter(description=f"only for this reason: {', '.join((*KINDS[:-1], *UNWATCHED))}")] = "",
    before: Annotated[str, Parameter(description="`next` of the page before")] = "",
    limit: Annotated[int, Parameter(ge=1, le=100)] = 30,
) -> dict[str, Any]:
    """List notices, the newest first, as far as you may see now what they tell of."""
    if kind and kind not in (*KINDS, *UNWATCHED):
        raise BadInput(f"{kind[:40]!r} is no reason", place="kind")
    found, following = notify.notices(viewer, unread=unread, kind=kind, before=before, limit=limit)
    count = notify.unread(viewer)
    return {"unread": count, "unread_is_at_least": count >= MOST_COUNTED,
            "notifications": [notice_json(one) for one in found], "next": following or None}  # fmt: skip


@post("/api/notifications/read", tags=["notification"], opt={"permission": "read"}, status_code=200,
      sync_to_thread=True, summary="Mark notices as read, or mute a thread")
def read(data: Reading, notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """Mark: ``{"ids": […]}``, ``{"all": true}`` or ``{"mute": THREAD}``."""
    if data.mute:
        notify.mute(viewer, data.mute)
        return {"muted": data.mute}
    if not data.all and data.ids is None:
        raise BadInput("say which", hint='Send {"ids": […]} or {"all": true}.')
    return {"read": notify.mark_read(viewer, None if data.all else data.ids), "unread": notify.unread(viewer)}


@get("/api/notifications/preferences", tags=["notification"], opt={"permission": "read"}, sync_to_thread=True,
     summary="How you are told")
def preferences(notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """Give your preferences, and whether the mail server refused your address."""
    bounced = notify.bounced(viewer)
    return {**preferences_json(notify.preferences(viewer)),
            "bounced": {"address": bounced[0], "at": format_instant(bounced[1]), "reason": bounced[2]} if bounced
            else None}  # fmt: skip


@put("/api/notifications/preferences", tags=["notification"], opt={"permission": "read"}, sync_to_thread=True,
     summary="Say how you want to be told")
def prefer(data: Asked, notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """Set what is given; the rest stays."""
    now = notify.preferences(viewer)
    given = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not None}
    for name in ("quiet_from", "quiet_to", "morning"):
        if name in given:
            given[name] = minute_of_day(given[name], name)
    asked = Preferences(**{**{field: getattr(now, field) for field in Preferences.__dataclass_fields__}, **given})
    return preferences_json(notify.prefer(viewer, asked))


@get("/api/watches", tags=["notification"], opt={"permission": "read"}, sync_to_thread=True, summary="What you watch")
def watches(notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """List your watches, the oldest first. Threads are watched where they stand."""
    return {"watches": [watch_json(one) for one in notify.watches(viewer)]}


@post("/api/watches", tags=["notification"], opt={"permission": "read"}, status_code=201, sync_to_thread=True,
      summary="Watch something")
def watch(data: Watching, notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """Watch your organisation's assets, a network, a tag, a sector, a campaign or a group, from now on."""
    return watch_json(notify.watch(viewer, data.kind, data.value))


@delete("/api/watches/{watch_id:str}", tags=["notification"], opt={"permission": "read"}, status_code=200,
        sync_to_thread=True, summary="End a watch")
def end_watch(watch_id: str, notify: Notify, viewer: Viewer) -> dict[str, Any]:
    """End a watch; what came of it stays."""
    notify.end_watch(viewer, watch_id)
    return {"id": watch_id, "status": "ended"}


# -- webhooks --------------------------------------------------------------------------------------------------------


class OneWatch(msgspec.Struct, forbid_unknown_fields=True):
    """What a webhook watches: ``kind``, and what that kind needs."""

    kind: str
    value: str = ""


class Making(msgspec.Struct, forbid_unknown_fields=True):
    """A webhook: its address, and what it watches (your organisation's assets, unless told)."""

    url: str
    watches: list[OneWatch] = msgspec.field(default_factory=lambda: [OneWatch("assets")])


def hook_json(one: Hook) -> dict[str, Any]:
    """Return a webhook, without its secret."""
    return {"id": one.id, "url": one.url, "watches": [{"kind": kind, "value": value} for kind, value in one.watches],
            "created": format_instant(one.created), "failing": format_instant(one.failing) if one.failing else None,
            "state": "off" if one.off else "on"}  # fmt: skip


def delivery_json(id: str, one: Delivery) -> dict[str, Any]:
    """Return a delivery: what was told, and how it stands. No content: that is made when it is sent."""
    return {"id": id, "type": one.kind, "contribution": one.contribution, "at": format_instant(one.at),
            "count": one.count, "state": one.state.value, "tries": one.tries, "status": one.code, "fault": one.words,
            "next_try": format_instant(one.due) if one.state.value == "waiting" else None}  # fmt: skip


@get("/api/webhooks", tags=["notification"], opt={"permission": "contribute"}, sync_to_thread=True,
     summary="Your organisation's webhooks")
def webhooks(hooks: Hooks, viewer: Viewer) -> dict[str, Any]:
    """List webhooks, the oldest first."""
    return {"webhooks": [hook_json(one) for one in hooks.of(viewer)]}


@post("/api/webhooks", tags=["notification"], opt={"permission": "contribute"}, status_code=201, sync_to_thread=True,
      summary="Make a webhook",
      description="Each request is a POST of JSON with the headers `Fusioncell-Delivery`, `Fusioncell-Timestamp` "
      "(seconds since 1970) and `Fusioncell-Signature`: `sha256=` and the hexadecimal HMAC-SHA-256 over "
      "`timestamp + \".\" + body`, keyed with the secret. Answer 2xx within ten seconds, or it is sent again.")
def make_webhook(data: Making, hooks: Hooks, viewer: Viewer) -> dict[str, Any]:
    """Make: ``{"url", "watches"}``. The secret is shown this once."""
    hook, secret = hooks.make(viewer, data.url, checked_watches([(one.kind, one.value) for one in data.watches]))
    return {**hook_json(hook), "secret": secret}


@delete("/api/webhooks/{webhook:str}", tags=["notification"], opt={"permission": "contribute"}, status_code=200,
        sync_to_thread=True, summary="End a webhook")
def end_webhook(webhook: str, hooks: Hooks, viewer: Viewer) -> dict[str, Any]:
    """End a webhook and forget its deliveries."""
    hooks.end(viewer, webhook)
    return {"id": webhook, "status": "ended"}


@get("/api/webhooks/{webhook:str}/deliveries", tags=["notification"], opt={"permission": "contribute"},
     sync_to_thread=True, summary="What a webhook was told")
def deliveries(
    webhook: str,
    hooks: Hooks,
    viewer: Viewer,
    only: Annotated[str, Parameter(description="waiting, sent or dead")] = "",
    limit: Annotated[int, Parameter(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """List deliveries, the newest first; the dead ones can be sent again."""
    return {"deliveries": [delivery_json(id, one) for id, one in hooks.deliveries(viewer, webhook, only, limit)]}


@post("/api/webhooks/{webhook:str}/deliveries/{delivery:str}/resend", tags=["notification"],
      opt={"permission": "contribute"}, status_code=202, sync_to_thread=True, summary="Send a delivery again")
def resend(webhook: str, delivery: str, hooks: Hooks, viewer: Viewer) -> dict[str, Any]:
    """Make a delivery due again; a webhook that was switched off is on again."""
    hooks.send_again(viewer, webhook, delivery)
    return {"id": delivery, "state": "waiting"}


HANDLERS = (
    notifications, read, preferences, prefer, watches, watch, end_watch, webhooks, make_webhook, end_webhook,
    deliveries, resend,
)  # fmt: skip
"""The doors of notification and of webhooks."""
