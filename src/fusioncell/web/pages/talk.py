"""The exchange: lists of threads, a thread, and what one does in it by a button."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

from litestar import get, post
from litestar.concurrency import sync_to_thread
from litestar.params import Parameter

from fusioncell.bootstrap import Hub
from fusioncell.exchange.talk import Filters, NewPost, Post, Thread
from fusioncell.exchange.talk.model import ThreadSummary
from fusioncell.exchange.talk.service import ALL
from fusioncell.fusion.model import Assessment
from fusioncell.kernel.errors import FusionCellError, NotFound
from fusioncell.kernel.marking import Audience, Tlp, Viewer
from fusioncell.kernel.observable import Observable
from fusioncell.web.pages.attachments import file_view
from fusioncell.web.pages.frame import (
    FORM,
    Asked,
    Page,
    form_of,
    members_only,
    page,
    see_other,
    settle,
    stream_from_here,
    text_of,
)
from fusioncell.web.pages.names import Names, who_reads
from fusioncell.web.pages.requests import request_on
from fusioncell.web.pages.saying import about_view, excerpt_of, known_on, said
from fusioncell.web.pages.views import View, observable_view
from fusioncell.web.words import N_, joined

REACTIONS = (("seen", N_("Seen here too")), ("useful", N_("Useful")), ("false-positive", N_("False positive")))
MOST_NAMED = 12
DEEPEST = 4


def thread_href(thread: str, post: str = "") -> str:
    """Return the address of a thread, or of a post in it."""
    address = f"/exchange/{quote(thread, safe='')}"
    return f"{address}?at={quote(post, safe='')}#post-{quote(post, safe='')}" if post else address


def thread_row(one: ThreadSummary, names: Names) -> View:
    """Make the THREAD view model of a list."""
    return {
        "id": one.id,
        "href": thread_href(one.id),
        "title": one.title or one.excerpt or "A post",
        "excerpt": one.excerpt if one.title else "",
        "org": names.organisation(one.org),
        "tlp": one.audience.tlp.value,
        "at": one.last_at,
        "last": names.organisation(one.last_org),
        "posts": one.posts,
        "unread": one.unread,
        "closed": one.closed,
        "about": [each["label"] for each in (about_view(text, names) for text in one.about[:3])],
    }


def _writes(viewer: Viewer) -> bool:
    """Whether one writes here: a guest does so on the page of its group alone."""
    return viewer.may("contribute") and not viewer.guest


def talk_about(hub: Hub, viewer: Viewer, anchor: str, post: str = "") -> View:
    """Make the panel of what members say about something (``exchange/_talk.html``); ``post``: it is one itself."""
    names = Names(hub, viewer)
    writes = _writes(viewer)
    return {
        "threads": [] if post else [thread_row(one, names) for one in hub.talk.about(viewer, anchor, 5)],
        "write_href": f"/exchange/new?{urlencode({'about': anchor})}" if writes and not post else None,
        "post_href": f"/exchange/posts/{quote(post, safe='')}" if post else None,
    }


# -- lists -------------------------------------------------------------------------------------------------------------


@get(
    "/exchange",
    opt={"permission": "read", "query": frozenset({"show", "group", "before"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def index(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    show: Annotated[str, Parameter(max_length=20)] = "",
    group: Annotated[str, Parameter(max_length=64)] = "",
    before: Annotated[str, Parameter(max_length=64)] = "",
) -> Page:
    """List threads."""
    names = Names(hub, viewer)
    tabs = {"": N_("All")}
    if viewer.person:
        tabs |= {"watched": N_("Watched"), "mine": N_("Mine"), "unanswered": N_("Unanswered")}
    show = show if show in tabs else ""
    filters = Filters(group=group, unanswered=show == "unanswered", watched=show == "watched", mine=show == "mine")
    found = hub.talk.threads(viewer, before=before, limit=30, filters=filters if group or show else ALL)
    asked = {key: value for key, value in (("show", show), ("group", group)) if value}
    live = stream_from_here(hub, viewer)
    following = f"/exchange?{urlencode({**asked, 'before': found.next})}" if found.next else None
    return page(
        request,
        "exchange/index.html",
        here="exchange",
        tabs=[
            {"href": f"/exchange?{urlencode({'show': key})}" if key else "/exchange", "label": label,
             "here": key == show}
            for key, label in tabs.items()
        ],
        groups=[{"id": each.party.removeprefix("group:").rpartition(".")[0], "name": each.name}
                for each in hub.circles.audience_choices(viewer)],
        group=group,
        threads=[thread_row(one, names) for one in found.threads],
        unread=hub.talk.unread(viewer) if viewer.person else 0,
        next=following,
        live=None if before or asked else live,
        may_write=_writes(viewer),
        drafts=_drafts(hub, viewer),
    )  # fmt: skip


def _drafts(hub: Hub, viewer: Viewer) -> list[View]:
    if not viewer.person:
        return []
    return [
        {"href": f"/exchange/new?draft={quote(one.id, safe='')}", "title": one.post.title or excerpt_of(one.post.text),
         "at": one.at}
        for one in hub.talk.drafts(viewer)
    ]  # fmt: skip


# -- a thread ----------------------------------------------------------------------------------------------------------


def post_view(
    one: Post, names: Names, known: dict[Observable, Assessment], *, viewer: Viewer, new: bool = False,
    live: bool = False,
) -> View:  # fmt: skip
    """Make the POST view model. ``live``: for all readers of its audience at once, so nothing of one viewer in it."""
    address = f"/exchange/posts/{quote(one.id, safe='')}"
    mine = one.own and not live and (viewer.person == one.author or viewer.may("edit"))
    writes = live or _writes(viewer)
    # Who wrote is a person's name: for the partnership, and not for all the world that may read what is CLEAR.
    named = bool(one.author) and (viewer.org is not None or (live and one.audience.tlp is not Tlp.CLEAR))
    return {
        "id": one.id,
        "thread": one.thread,
        "contribution": one.contribution,
        "depth": min(one.depth, DEEPEST),
        "author": names.person(one.author) if named else names.organisation(one.org),
        "org": names.organisation(one.org) if named else "",
        "at": one.at,
        "edited": one.edited,
        "tlp": one.audience.tlp.value,
        "readers": who_reads(names, one.audience, "" if live else (viewer.org or "")),
        "title": one.title,
        "body": said(one.text, one.mentions, names, known),
        "files": [file_view(each, f"{address}/files/{each.digest}") for each in one.files],
        "versions_href": f"{address}/versions",
        "observables": [observable_view(each, known.get(each)) for each in one.observables[:MOST_NAMED]],
        "new": new,
        "answer": "",
        "accept_href": None,
        "reactions": _reactions(one, names, viewer, live),
        "href": thread_href(one.thread, one.id),
        "mine": {"edit_href": f"{address}/edit", "withdraw_href": f"{address}/withdraw"} if mine else None,
        "may_react": writes and not (one.own and not live),
        "bookmarked": one.bookmarked and not live,
        "reply_href": f"{thread_href(one.thread)}?reply={quote(one.id, safe='')}#reply" if writes else None,
        "room_href": f"/groups/room?about={quote(one.contribution, safe='')}" if writes else None,
        "contribution_href": f"/contributions/{quote(one.contribution, safe='')}",
    }


def _reactions(one: Post, names: Names, viewer: Viewer, live: bool) -> list[View]:
    reacted = one.reacted()
    rows = []
    for kind, label in REACTIONS:
        orgs = reacted.get(kind, ())
        rows.append({
            "kind": kind, "label": label, "count": len(orgs), "mine": not live and viewer.org in orgs,
            "who": ", ".join(names.organisation(each) for each in orgs[:8]),
        })  # fmt: skip
    return rows


@get(
    "/exchange/{thread:str}",
    opt={"permission": "read", "query": frozenset({"before", "after", "reply", "at"})},
    sync_to_thread=True,
    include_in_schema=False,
)
def thread(
    request: Asked,
    hub: Hub,
    viewer: Viewer,
    thread: str,
    before: Annotated[str, Parameter(max_length=64)] = "",
    after: Annotated[str, Parameter(max_length=64)] = "",
    reply: Annotated[str, Parameter(max_length=64)] = "",
) -> Page:
    """Show a thread as the viewer sees it."""
    names = Names(hub, viewer)
    live = stream_from_here(hub, viewer)
    found = hub.talk.thread(viewer, thread, before=before, after=after, limit=50)
    known = known_on(hub, found.posts, hub.record.visible_to(viewer))
    posts = [post_view(one, names, known, viewer=viewer, new=one.id in found.new) for one in found.posts]
    address = thread_href(thread)
    asked = request_on(hub, viewer, found.id, names)
    for each in posts:
        _mark_answer(each, asked)
        if each["id"] == found.id:
            each["title"] = ""  # It stands above.
    return page(
        request,
        "exchange/thread.html",
        here="exchange",
        one=_head(hub, viewer, found, names),
        posts=posts,
        asked=asked[0] if asked else None,
        older=f"{address}?{urlencode({'before': found.before})}" if found.before else None,
        newer=f"{address}?{urlencode({'after': found.after})}" if found.after else None,
        live=None if found.after else live,
        reply=_reply(hub, viewer, found, names, reply),
        last=found.posts[-1].id if found.posts else "",
    )


def _mark_answer(view: View, asked: tuple[View, set[str]] | None) -> None:
    """Mark a post that answers the request that its thread is; its asker may accept it."""
    if asked is None or view["id"] not in asked[1]:
        return
    request, _ = asked
    view["answer"] = "accepted" if view["id"] == request["accepted"] else "answer"
    may = request["acts"] is not None and view["answer"] != "accepted" and request["state"] != "accepted"
    view["accept_href"] = f"/exchange/requests/{quote(request['id'], safe='')}" if may else None


def _head(hub: Hub, viewer: Viewer, found: Thread, names: Names) -> View:
    first = next((one for one in found.posts if one.id == found.id), None)
    closed = found.closed
    began = first is not None and first.own and first.author == (viewer.person or "")
    return {
        "id": found.id,
        "title": found.title or excerpt_of(found.posts[0].text),
        "about": [about_view(text, names) for text in found.about],
        "closed": {"who": names.organisation(closed.org), "at": closed.at, "reason": closed.reason} if closed else None,
        "count": found.count,
        "watching": found.watching,
        "may_close": began or viewer.may("moderate"),
    }


def _reply(hub: Hub, viewer: Viewer, found: Thread, names: Names, wanted: str) -> View | None:
    if found.closed or not _writes(viewer) or not found.posts:
        return None
    chosen = next((one for one in found.posts if one.id == wanted), None)
    parent = chosen or next((one for one in found.posts if one.id == found.id), found.posts[0])
    try:
        audience = hub.talk.audience_of(viewer, NewPost(text="-", parent=parent.id))
    except FusionCellError:
        return None
    return {
        "parent": parent.id,
        "to": (names.person(parent.author) if parent.author else names.organisation(parent.org)) if chosen else "",
        "text": "",
        "tlp": audience.tlp.value,
        "summary": summary_of(hub, audience),
    }


def summary_of(hub: Hub, audience: Audience) -> str:
    """Say in a line who will see it, by asking everyone."""
    if audience.tlp is Tlp.CLEAR:
        return N_("Everyone will see this, the public included.")
    readers = hub.reach.readers(audience)
    people: list[str] = [N_("{count} person", "{count} people", readers.people)]
    if readers.guests:
        people.append(N_("{count} guest among them", "{count} guests among them", readers.guests))
    orgs = N_("{count} organisation", "{count} organisations", len(readers.organisations))
    return N_("{orgs} ({people}) will see this; {n} will not.", orgs=orgs, people=joined(people),
              n=len(readers.others))


# -- acts --------------------------------------------------------------------------------------------------------------


@post("/exchange/{thread:str}/watch", opt={"permission": "read", **FORM}, include_in_schema=False)
async def watch(request: Asked, thread: str, hub: Hub, viewer: Viewer) -> Page:
    """Watch a thread, mute it, or neither."""
    members_only(viewer)
    fields = await form_of(request)
    await sync_to_thread(hub.talk.watch, viewer, thread, text_of(fields, "state", 10))
    return see_other(thread_href(thread))


@post("/exchange/{thread:str}/read", opt={"permission": "read", **FORM}, include_in_schema=False)
async def read(request: Asked, thread: str, hub: Hub, viewer: Viewer) -> Page:
    """Note how far the viewer has read."""
    members_only(viewer)
    fields = await form_of(request)
    await sync_to_thread(hub.talk.mark_read, viewer, thread, text_of(fields, "post", 64))
    return see_other(thread_href(thread))


@post("/exchange/{thread:str}/close", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def close(request: Asked, thread: str, hub: Hub, viewer: Viewer) -> Page:
    """Close a thread, or open it again."""
    fields = await form_of(request)
    closed = not text_of(fields, "open", 1)

    def work() -> Page:
        hub.talk.close_thread(viewer, thread, closed=closed, reason=text_of(fields, "reason", 500))
        settle(hub)
        return see_other(thread_href(thread))

    return await sync_to_thread(work)


@post("/exchange/posts/{which:str}/reactions", opt={"permission": "contribute", **FORM}, include_in_schema=False)
async def react(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """React to a post, or take a reaction back."""
    fields = await form_of(request)
    kind, off = text_of(fields, "kind", 20), bool(text_of(fields, "off", 1))

    def work() -> Page:
        found = hub.talk.read_one(viewer, which)
        (hub.talk.unreact if off else hub.talk.react)(viewer, f"post:{which}", kind)
        settle(hub)
        return see_other(thread_href(found.thread, which))

    return await sync_to_thread(work)


@post("/exchange/posts/{which:str}/bookmark", opt={"permission": "read", **FORM}, include_in_schema=False)
async def bookmark(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Keep a post at hand, or no longer."""
    members_only(viewer)
    fields = await form_of(request)
    off = bool(text_of(fields, "off", 1))

    def work() -> Page:
        found = hub.talk.read_one(viewer, which)
        hub.talk.bookmark(viewer, which, on=not off)
        return see_other(thread_href(found.thread, which))

    return await sync_to_thread(work)


@get("/exchange/posts/{which:str}", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def one_post(which: str, hub: Hub, viewer: Viewer) -> Page:
    """Lead to a post in its thread."""
    return see_other(thread_href(hub.talk.read_one(viewer, which).thread, which))


@get("/exchange/posts/{which:str}/versions", opt={"permission": "read"}, sync_to_thread=True, include_in_schema=False)
def versions(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Show how a post came to be as it is."""
    names = Names(hub, viewer)
    found = hub.talk.read_one(viewer, which)
    rows = [
        {"at": each.at, "title": each.title, "body": said(each.text, found.mentions, names, {})}
        for each in reversed(hub.talk.versions(viewer, which))
    ]
    named = found.author and viewer.org is not None
    author = names.person(found.author) if named else names.organisation(found.org)
    one = {"href": thread_href(found.thread, which), "author": author}
    return page(request, "exchange/versions.html", here="exchange", one=one, versions=rows)


@get("/exchange/posts/{which:str}/withdraw", opt={"permission": "recall"}, sync_to_thread=True, include_in_schema=False)
def ask_withdraw(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Ask whether a post is to be withdrawn."""
    found = hub.talk.read_one(viewer, which)
    if not found.own:
        raise NotFound("no such post of your organisation")
    one = {"href": thread_href(found.thread, which), "url": f"/exchange/posts/{quote(which, safe='')}/withdraw",
           "excerpt": excerpt_of(found.text)}  # fmt: skip
    return page(request, "exchange/withdraw.html", here="exchange", one=one)


@post("/exchange/posts/{which:str}/withdraw", opt={"permission": "recall", **FORM}, include_in_schema=False)
async def withdraw(request: Asked, which: str, hub: Hub, viewer: Viewer) -> Page:
    """Withdraw a post."""
    fields = await form_of(request)

    def work() -> Page:
        hub.talk.withdraw(viewer, which, text_of(fields, "reason", 500))
        settle(hub)
        return see_other("/exchange", said="recalled")

    return await sync_to_thread(work)


HANDLERS = (
    index, thread, watch, read, close, react, bookmark, one_post, versions, ask_withdraw, withdraw,
)  # fmt: skip
"""Threads."""
