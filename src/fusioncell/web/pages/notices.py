"""The notification centre, how one is told, and an organisation's webhooks."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.hooks import Delivery, Hook
from fusioncell.exchange.notify import Notice, Preferences
from fusioncell.exchange.notify.model import (
    ALERT,
    DEADLINE,
    DIGESTS,
    KINDS,
    MENTION,
    THREAD,
    UNANSWERED,
    UNWATCHED,
)
from fusioncell.exchange.notify.service import checked_watches, minute_of_day, time_of_day, zones
from fusioncell.kernel.errors import BadInput, FusionCellError, NotFound
from fusioncell.kernel.marking import Tlp, Viewer
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    bell_of,
    fault_on,
    form_of,
    language_of,
    members_only,
    page,
    page_headers,
    see_other,
    text_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import KINDS as ENTRY_KINDS
from fusioncell.web.pages.views import contribution_title
from fusioncell.web.render import defang, translations
from fusioncell.web.words import N_

REASONS = {
    "assets": N_("Your organisation's networks"),
    "network": N_("A network you watch"),
    "tag": N_("A tag you watch"),
    "sector": N_("A sector you watch"),
    "campaign": N_("A campaign you watch"),
    "group": N_("A group you watch"),
    "query": N_("A saved query you watch"),
    THREAD: N_("A thread you watch"),
    MENTION: N_("You are mentioned"),
    DEADLINE: N_("A question to you ends within a day"),
    UNANSWERED: N_("Your question passed its deadline unanswered"),
    ALERT: N_("A block that touches a name of your organisation is proposed"),
    "all": N_("Everything"),
}
"""Why one is told, in words."""
WHY_READ = {
    Tlp.CLEAR: N_("Everyone may read it, the public included."),
    Tlp.GREEN: N_("All members of the partnership may read it."),
    Tlp.AMBER: N_("It was shared with a group that you are in, with your organisation, or with one that serves it."),
    Tlp.AMBER_STRICT: N_("It was shared with a group that you are in, or with your organisation."),
    Tlp.RED: N_("It was shared with you by name, or by a colleague of yours."),
}
"""Why one may read what one is told of, by its marking."""
WATCHED = tuple(kind for kind in KINDS if kind != "all")


def _reason(why: tuple[str, str], hub: Hub, say: Any) -> str:
    kind, value = why
    if kind == "group":
        try:
            value = hub.circles.group(value).name
        except NotFound:
            value = ""
    if kind == "query":
        asked = hub.saved.question(value)
        value = asked.name if asked is not None else ""
    words: str = say(REASONS.get(kind, kind))
    return f"{words}: {defang(value)}" if value else words


def _row(notice: Notice, hub: Hub, names: Names, say: Any) -> dict[str, Any]:
    if not notice.standing:
        return {"id": notice.id, "standing": False, "at": notice.at, "read": notice.read is not None}
    kind = ENTRY_KINDS.get(notice.kind, "Post" if notice.kind == "post" else notice.kind)
    return {
        "id": notice.id,
        "standing": True,
        "at": notice.at,
        "read": notice.read is not None,
        "title": contribution_title(notice.title, notice.kind, notice.count) or kind,
        "href": "/account/assets#alerts" if notice.kind == ALERT
        else f"/exchange/{quote(notice.thread, safe='')}" if notice.thread
        else f"/contributions/{quote(notice.contribution, safe='')}",
        "org": names.organisation(notice.org),
        "tlp": notice.tlp.value if notice.tlp else "red",
        "count": notice.count,
        "whys": [_reason(why, hub, say) for why in notice.whys],
        "thread": notice.thread,
        "readers": WHY_READ[notice.tlp or Tlp.RED],
    }


@get("/notifications", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def notifications(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    show: Annotated[str, Parameter(pattern="^(unread|all)$")] = "unread",
    kind: str = "",
    before: str = "",
) -> Page:
    """Show what came of what one watches."""
    _person_only(viewer)
    if kind not in ("", *WATCHED, *UNWATCHED):
        raise BadInput(f"{kind[:40]!r} is no reason", place="kind")
    found, following = hub.notify.notices(viewer, unread=show == "unread", kind=kind, before=before)
    say, names = translations(language_of(request)).gettext, Names(hub)
    asked = {"show": show, "kind": kind}
    return page(
        request,
        "notify/notifications.html",
        here="notifications",
        show=show,
        kind=kind,
        kinds=[{"kind": each, "words": say(REASONS[each])} for each in (*WATCHED, *UNWATCHED)],
        rows=[_row(notice, hub, names, say) for notice in found],
        unread=hub.notify.unread(viewer),
        next=f"/notifications?{urlencode({**asked, 'before': following})}" if following else None,
    )


@get("/notifications/count", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def count(hub: Hub, viewer: Viewer) -> Page:
    """Give the bell's figure, for pages that are open."""
    return Response(bell_of(hub, viewer) or "0", media_type="text/plain", headers=page_headers())


@post("/notifications/read", opt={"permission": "read", **FORM}, include_in_schema=False)
async def mark_read(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Mark one notice as read, or all."""
    fields = await form_of(request)
    one = text_of(fields, "id", 64)
    await sync_to_thread(hub.notify.mark_read, viewer, [one] if one else None)
    return see_other("/notifications")


@post("/notifications/mute", opt={"permission": "read", **FORM}, include_in_schema=False)
async def mute(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Be told no more of a thread."""
    fields = await form_of(request)
    await sync_to_thread(hub.notify.mute, viewer, text_of(fields, "thread", 64))
    return see_other("/notifications", said="thread-muted")


# -- how one is told ---------------------------------------------------------------------------------------------------


def _preferences_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200,
                      errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    now = hub.notify.preferences(viewer)
    say = translations(language_of(request)).gettext
    bounced = hub.notify.bounced(viewer)
    form = {"digest": now.digest, "instant": now.instant, "quiet_from": time_of_day(now.quiet_from),
            "quiet_to": time_of_day(now.quiet_to), "zone": now.zone, "language": now.language,
            "morning": time_of_day(now.morning), "kind": "network", "value": ""}  # fmt: skip
    form.update({name: text_of(typed or {}, name, 300) for name in form if typed and name in typed})
    return page(
        request,
        "notify/preferences.html",
        here="account",
        code=code,
        errors=errors,
        form=form,
        digests=DIGESTS,
        zones=zones(),
        watches=[{"id": one.id, "words": _reason((one.kind, one.value), hub, say), "created": one.created}
                 for one in hub.notify.watches(viewer)],
        kinds=[{"kind": each, "words": say(REASONS[each])} for each in WATCHED if each != "query"],
        groups=[{"id": choice.party.removeprefix("group:").rpartition(".")[0], "name": choice.name}
                for choice in hub.circles.audience_choices(viewer) if choice.party.startswith("group:")],
        bounced={"address": bounced[0], "at": bounced[1], "reason": bounced[2]} if bounced else None,
    )  # fmt: skip


@get("/account/notifications", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def preferences(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show what one watches and how one is told."""
    _person_only(viewer)
    return _preferences_page(request, hub, viewer)


@post("/account/notifications", opt={"permission": "read", **FORM}, include_in_schema=False)
async def prefer(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Save how one wants to be told."""
    fields = await form_of(request)

    def work() -> Page:
        try:
            hub.notify.prefer(viewer, Preferences(
                digest=text_of(fields, "digest", 20), instant=bool(text_of(fields, "instant", 8)),
                quiet_from=minute_of_day(text_of(fields, "quiet_from", 8), "quiet_from"),
                quiet_to=minute_of_day(text_of(fields, "quiet_to", 8), "quiet_to"),
                zone=text_of(fields, "zone", 80), language=text_of(fields, "language", 8),
                morning=minute_of_day(text_of(fields, "morning", 8), "morning")))  # fmt: skip
        except BadInput as fault:
            return _preferences_page(request, hub, viewer, code=fault.status, errors=(fault_on(fault.place, fault),),
                                     typed=fields)
        return see_other("/account/notifications", said="preferences-saved")

    return await sync_to_thread(work)


@post("/account/notifications/watches", opt={"permission": "read", **FORM}, include_in_schema=False)
async def watch(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Watch something more."""
    fields = await form_of(request)

    def work() -> Page:
        kind = text_of(fields, "kind", 20)
        value = "" if kind == "assets" else text_of(fields, "group" if kind == "group" else "value", 400)
        try:
            hub.notify.watch(viewer, kind, value)
        except FusionCellError as fault:
            return _preferences_page(request, hub, viewer, code=fault.status, errors=(fault_on("value", fault),),
                                     typed=fields)
        return see_other("/account/notifications", said="watching")

    return await sync_to_thread(work)


@post("/account/notifications/watches/{watch_id:str}/end", opt={"permission": "read", **FORM}, include_in_schema=False)
async def end_watch(request: Asked, watch_id: str, hub: Hub, viewer: Viewer) -> Page:
    """Watch something no more."""
    await form_of(request)
    await sync_to_thread(hub.notify.end_watch, viewer, watch_id)
    return see_other("/account/notifications", said="watch-ended")


@post("/account/notifications/address", opt={"permission": "read", **FORM}, include_in_schema=False)
async def trust_again(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Mail one's address again: it works now."""
    await form_of(request)
    await sync_to_thread(hub.notify.trust_again, viewer)
    return see_other("/account/notifications", said="address-trusted")


# -- webhooks ----------------------------------------------------------------------------------------------------------


def _hook_row(one: Hook, hub: Hub, say: Any) -> dict[str, Any]:
    return {"id": one.id, "url": one.url, "watches": [_reason(each, hub, say) for each in one.watches],
            "created": one.created, "failing": one.failing, "off": one.off}  # fmt: skip


def _webhooks_page(request: Asked, hub: Hub, viewer: Viewer, *, code: int = 200, secret: str = "",
                   errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    say = translations(language_of(request)).gettext
    form = {name: text_of(typed or {}, name, 500) for name in ("url", "kind", "value")}
    form["kind"] = form["kind"] or "assets"
    return page(request, "notify/webhooks.html", here="account", code=code, errors=errors, secret=secret, form=form,
                rows=[_hook_row(one, hub, say) for one in hub.hooks.of(viewer)],
                kinds=[{"kind": each, "words": say(REASONS[each])} for each in KINDS
                       if each not in ("group", "query")])  # fmt: skip


@get("/account/webhooks", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def webhooks(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Show the organisation's webhooks."""
    members_only(viewer)
    return _webhooks_page(request, hub, viewer)


@post("/account/webhooks", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def make_webhook(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Make a webhook; the answer shows its secret, this once."""
    fields = await form_of(request)

    def work() -> Page:
        kind = text_of(fields, "kind", 20)
        value = "" if kind in ("assets", "all") else text_of(fields, "value", 400)
        try:
            _, secret = hub.hooks.make(viewer, text_of(fields, "url", 600), checked_watches([(kind, value)]))
        except FusionCellError as fault:
            field = "value" if fault.place == "value" else "url"
            return _webhooks_page(request, hub, viewer, code=fault.status, errors=(fault_on(field, fault),),
                                  typed=fields)
        return _webhooks_page(request, hub, viewer, secret=secret)

    return await sync_to_thread(work)


@get("/account/webhooks/{webhook:str}", opt={"permission": "contribute"}, sync_to_thread=True, include_in_schema=False)
def webhook_page(request: Asked, webhook: str, hub: Hub, viewer: Viewer) -> Page:
    """Show a webhook and what it was told."""
    members_only(viewer)
    say = translations(language_of(request)).gettext
    one = hub.hooks.one(viewer, webhook)
    return page(request, "notify/webhook.html", here="account", one=_hook_row(one, hub, say),
                rows=[_delivery_row(id, each) for id, each in hub.hooks.deliveries(viewer, webhook)])  # fmt: skip


def _delivery_row(id: str, one: Delivery) -> dict[str, Any]:
    return {"id": id, "kind": one.kind, "href": f"/contributions/{quote(one.contribution, safe='')}", "at": one.at,
            "count": one.count, "state": one.state.value, "tries": one.tries, "fault": one.words, "due": one.due}


@post("/account/webhooks/{webhook:str}/end", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def end_webhook(request: Asked, webhook: str, hub: Hub, viewer: Viewer) -> Page:
    """End a webhook."""
    await form_of(request)
    await sync_to_thread(hub.hooks.end, viewer, webhook)
    return see_other("/account/webhooks", said="webhook-ended")


@post("/account/webhooks/{webhook:str}/deliveries/{delivery:str}/resend", opt={"permission": "contribute", **FORM},
      include_in_schema=False)  # fmt: skip
async def resend(request: Asked, webhook: str, delivery: str, hub: Hub, viewer: Viewer) -> Page:
    """Send a delivery again."""
    await form_of(request)
    await sync_to_thread(hub.hooks.send_again, viewer, webhook, delivery)
    return see_other(f"/account/webhooks/{quote(webhook, safe='')}", said="sent-again")


def _person_only(viewer: Viewer) -> None:
    if viewer.org is None:
        members_only(viewer)


HANDLERS = (
    notifications, count, mark_read, mute, preferences, prefer, watch, end_watch, trust_again, webhooks, make_webhook,
    webhook_page, end_webhook, resend,
)  # fmt: skip
"""The pages of notification and of webhooks."""
