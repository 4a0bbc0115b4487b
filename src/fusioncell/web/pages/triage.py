"""The triage queue's page: what deserves a look first and why, what is done about it in bulk, undo, the hand-over note.

When a reader was here last is known to their own browser alone (ADR 0008): a cookie for these pages, which the server
reads, renews, and keeps nowhere.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.kernel.clock import DAY, MINUTE, SECOND, Instant, format_day
from fusioncell.kernel.errors import BadInput, FusionCellError
from fusioncell.kernel.marking import Viewer
from fusioncell.picture.triage import Act, Item, Kind, Reason, Show, Why
from fusioncell.picture.triage.routes import until_of
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Form,
    Page,
    fault_on,
    form_of,
    page,
    see_other,
    settle,
    text_of,
    ticked_of,
)
from fusioncell.web.pages.names import Names
from fusioncell.web.pages.views import View, observable_view
from fusioncell.web.words import N_, Words

VISIT_COOKIE = "fc_visit"
_VISIT = re.compile(r"(\d{1,11})\.(\d{1,11})\Z")
AWAY = 30 * MINUTE
"""Who comes back sooner is still on the same visit."""
STEP = 50
TABS = {Show.OPEN: N_("To look at"), Show.MINE: N_("Mine"), Show.CLAIMED: N_("Claimed"), Show.SNOOZED: N_("Asleep"),
        Show.DISMISSED: N_("Dismissed")}  # fmt: skip
SLEEPS = ((1, N_("Until tomorrow")), (3, N_("For three days")), (7, N_("For a week")), (30, N_("For a month")))
DONE = {Kind.CLAIM: N_("You claimed"), Kind.ASSIGN: N_("You assigned"), Kind.RELEASE: N_("You let go of"),
        Kind.SNOOZE: N_("You put to sleep"), Kind.DISMISS: N_("You dismissed"), Kind.REOPEN: N_("You reopened")}


def reason_words(each: Reason) -> Words:
    """Say in words why an item deserves a look."""
    n, detail = each.number, each.detail
    made = {
        Why.ASSET: lambda: N_("Within {what}, which is your organisation's", what=detail),
        Why.QUESTION: lambda: N_("A member waits: {count} hour left", "A member waits: {count} hours left", n)
        if n >= 0 else N_("A member has waited {count} hour too long",
                          "A member has waited {count} hours too long", -n),
        Why.CONTRADICTED: lambda: N_("{count} origin calls it harmless, others do not",
                                     "{count} origins call it harmless, others do not", n),
        Why.KNOWN_GOOD: lambda: N_("Accused, though it stands on “{list}”", list=detail),
        Why.CORROBORATED: lambda: N_("{count} independent origin accuses it",
                                     "{count} independent origins accuse it", n),
        Why.RISING: lambda: N_("Rising: {count} contributor in three days",
                               "Rising: {count} contributors in three days", n),
        Why.NEAR: lambda: N_("{percent} % malicious: close to the threshold", percent=n),
        Why.OVER: lambda: N_("{percent} % malicious, and nothing is decided", percent=n),
        Why.EXPLOITED: lambda: N_("Exploited now: {who}", who=detail),
        Why.SECTOR: lambda: N_("{count} contributor of your sector names it",
                               "{count} contributors of your sector name it", n),
        Why.AGAIN: lambda: N_("{percent} % likely to be accused again within a week", percent=n),
        Why.NEW: lambda: N_("New: first named {count} hour ago", "New: first named {count} hours ago", n)
        if n else N_("New: first named within the hour"),
        Why.BULK: lambda: N_("One of {count} that one contributor alone names",
                             "One of {count} that one contributor alone names", n + 1),
        Why.RETURNED: lambda: N_("Was dismissed; someone else has named it since"),
    }  # fmt: skip
    return made[each.why]()


def visit_of(request: Asked, now: Instant) -> tuple[Instant, Cookie]:
    """Return when the reader was here before this visit (0 for never), and the cookie that says so next time."""
    found = _VISIT.match(request.cookies.get(VISIT_COOKIE, ""))
    before, last = (int(found[1]) * SECOND, int(found[2]) * SECOND) if found else (0, 0)
    if last + AWAY < now:
        before = last
    value = f"{before // SECOND}.{now // SECOND}"
    return before, Cookie(VISIT_COOKIE, value=value, max_age=90 * 86_400, path="/triage", httponly=True,
                          samesite="lax")  # fmt: skip


def _row(item: Item, names: Names, since: Instant) -> View:
    found, stands = item.candidate, item.standing
    one = observable_view(found.observable, found.assessment) if found.observable else None
    which = found.key.partition(":")[2]
    return {
        "key": found.key,
        "ticks": "\n".join(item.keys),
        "one": one,
        "href": one["href"] if one else f"/exchange/{quote(which, safe='')}",
        "title": found.title,
        "score": item.score,
        "reasons": [{"text": reason_words(each), "strong": each.points >= 3} for each in item.reasons],
        "at": found.at,
        "is_new": bool(since) and found.at > since,
        "holder": names.actor(stands.holder)[0] if stands.holder else "",
        "until": stands.until or None,
        "said": stands.said if stands.show in (Show.DISMISSED, Show.SNOOZED) else "",
        "by": names.actor(stands.by)[0] if stands.by else "",
        "reports": item.reports,
        "alike": [{"key": each.key, "one": observable_view(each.observable, each.assessment)}
                  for each in (one.candidate for one in item.alike) if each.observable],
    }


def _people(hub: Hub, viewer: Viewer, names: Names) -> list[View]:
    """Return to whom one may assign: oneself, colleagues of one's organisation, and who works on the queue."""
    mine = [one.id for one in hub.members.people_of(viewer.org or "") if "analyst" in one.roles]
    found = dict.fromkeys([viewer.person or viewer.org or "", *mine, *hub.triage.colleagues(viewer)])
    return [{"id": one, "name": names.actor(one)[0]} for one in found if one]


def _address(show: Show, limit: int = STEP) -> str:
    asked = {"show": show.value, **({"limit": str(limit)} if limit != STEP else {})}
    return f"/triage?{urlencode(asked)}"


def _page(request: Asked, hub: Hub, viewer: Viewer, show: Show, limit: int, *, code: int = 200,
          errors: tuple[dict[str, str], ...] = (), typed: Form | None = None) -> Page:
    now = hub.clock.now()
    since, cookie = visit_of(request, now)
    found = hub.triage.queue(viewer, show, limit)
    names, last = Names(hub, viewer), hub.triage.last_of(viewer)
    rows = [_row(item, names, since) for item in found.items]
    notes = hub.triage.notes(viewer)
    answer = page(
        request, "triage/index.html", here="workbench", code=code, errors=errors,
        tabs=[{"href": _address(each), "label": label, "count": found.counts[each], "here": each is show}
              for each, label in TABS.items()],
        show=show.value, rows=rows, since=since or None, fresh=sum(row["is_new"] for row in rows),
        more=_address(show, limit + STEP) if found.more and limit < 200 else None, left=found.more,
        people=_people(hub, viewer, names), sleeps=[{"days": days, "label": label} for days, label in SLEEPS],
        last={"act": last[0].act, "text": DONE[last[0].kind], "count": last[1], "at": last[0].at}
        if last and last[0].at > now - DAY else None,
        notes=[{"text": one.said, "at": one.at, "by": names.actor(one.by)[0]} for one in notes[:3]],
        typed={name: text_of(typed or {}, name, 8000) for name in ("said", "note", "until")},
    )  # fmt: skip
    answer.cookies.append(cookie)
    return answer


@get("/triage", opt={"permission": "answer", "query": frozenset({"show", "limit"})}, sync_to_thread=True,
     include_in_schema=False)  # fmt: skip
def queue(request: Asked, hub: Hub, viewer: Viewer, show: Show = Show.OPEN,
          limit: Annotated[int, Parameter(ge=1, le=200)] = STEP) -> Page:  # fmt: skip
    """Show the queue."""
    return _page(request, hub, viewer, show, limit)


def _act_of(fields: Form, keys: list[str], now: Instant) -> Act:
    wanted = text_of(fields, "act", 20)
    try:
        kind = Kind(wanted)
    except ValueError:
        raise BadInput("nothing was chosen", hint="Press one of the buttons.", place="act") from None
    until = text_of(fields, "until", 30)
    if kind is Kind.SNOOZE and until.isdecimal() and len(until) < 4:
        until = format_day(now + int(until) * DAY)
    return Act(kind, tuple(keys), text_of(fields, "to", 64) if kind is Kind.ASSIGN else "",
               until_of(until) if kind is Kind.SNOOZE else 0,
               text_of(fields, "said") if kind in (Kind.DISMISS, Kind.SNOOZE) else "")  # fmt: skip


@post("/triage/act", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def act(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Do something about the items that are ticked."""
    fields = await form_of(request)
    keys = await ticked_of(request)
    show = next((each for each in Show if each == text_of(fields, "show", 20)), Show.OPEN)

    def work() -> Page:
        try:
            hub.triage.act(viewer, _act_of(fields, keys, hub.clock.now()))
        except FusionCellError as fault:
            if fault.status >= 500:
                raise
            field = {"said": "said", "until": "until", "to": "to"}.get(fault.place, "")
            return _page(request, hub, viewer, show, STEP, code=fault.status, errors=(fault_on(field, fault),),
                         typed=fields)
        settle(hub)
        return see_other(_address(show), said="done")

    return await sync_to_thread(work)


@post("/triage/undo", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def undo(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Take back what was done."""
    fields = await form_of(request)

    def work() -> Page:
        hub.triage.undo(viewer, text_of(fields, "which", 64))
        settle(hub)
        return see_other("/triage", said="undone")

    return await sync_to_thread(work)


@post("/triage/hand-over", opt={"permission": "answer", **FORM}, include_in_schema=False)
async def hand_over(request: Asked, hub: Hub, viewer: Viewer) -> Page:
    """Leave a note for the next shift."""
    fields = await form_of(request)

    def work() -> Page:
        try:
            hub.triage.hand_over(viewer, text_of(fields, "note", 20_000))
        except BadInput as fault:
            return _page(request, hub, viewer, Show.OPEN, STEP, code=fault.status, errors=(fault_on("note", fault),),
                         typed=fields)
        settle(hub)
        return see_other("/triage", said="handed-over")

    return await sync_to_thread(work)


HANDLERS = (queue, act, undo, hand_over)
"""The triage queue's page."""
