"""HTTP operations of talk: threads, answers, posts with their versions, reactions; drafts and bookmarks of a person.

What is written is answered 202 once it is durably kept; it stands in its thread as soon as it is projected, and the
live stream says so (an ``entry`` event of kind ``post`` with its ``thread`` and ``parent``).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, post, put
from litestar.params import Parameter

from fusioncell.exchange.files import Files, inert_headers, notice_of
from fusioncell.exchange.talk.model import Filters, NewPost, Post, Posted, Reaction, ThreadSummary
from fusioncell.exchange.talk.service import Talk
from fusioncell.fusion import verdict
from fusioncell.fusion.model import Assessment
from fusioncell.intake import Attached
from fusioncell.kernel.clock import format_instant
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.handed import Handed
from fusioncell.kernel.marking import Uses, Viewer, parse_tlp
from fusioncell.kernel.observable import Observable

Limit = Annotated[int, Parameter(ge=1, le=200)]
_TAGS = ["talk"]


class Writing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A post to be made. ``tlp`` and its readers are as proposed where they are left out."""

    text: str
    title: str = ""
    tlp: str = ""
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    uses: tuple[str, ...] | None = None
    about: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    parent: str = ""
    files: tuple[str, ...] = ()
    """Digests of files that /api/files took."""

    def new(self, parent: str = "", files: tuple[Attached, ...] = ()) -> NewPost:
        """Return it as the room takes it. Raises BadInput."""
        allowed: int | None = None
        if self.uses is not None:
            unknown = next((name for name in self.uses if name.upper() not in Uses.__members__), None)
            if unknown is not None:
                raise BadInput(f"{unknown[:40]!r} is no use", hint="Uses: analysis, blocking, products, police.")
            allowed = sum({int(Uses[name.upper()]) for name in self.uses})
        return NewPost(
            text=self.text, title=self.title, tlp=parse_tlp(self.tlp) if self.tlp else None, groups=self.groups,
            people=self.people, uses=allowed, about=self.about, mentions=self.mentions, parent=parent or self.parent,
            files=files,
        )  # fmt: skip


class Editing(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A newer version of a post. ``title``, ``mentions`` left out: as they were."""

    text: str
    title: str | None = None
    mentions: tuple[str, ...] | None = None


class Reacting(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A reaction: ``seen``, ``useful`` or ``false-positive``; ``on`` where the path does not say it."""

    kind: str
    on: str = ""
    observables: tuple[str, ...] = ()


class Asking(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A text for which marking and readers are to be proposed, on the page of a group (its id) or outside."""

    text: str
    group: str = ""


class State(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What becomes of a thread: ``closed`` for all; ``watching`` (``watch``, ``mute``, "") and ``read`` for oneself."""

    closed: bool | None = None
    reason: str = ""
    watching: str | None = None
    read: str | None = None


def _accepted(posted: Posted) -> Response[dict[str, Any]]:
    href = f"/api/posts/{posted.id}"
    body = {"id": posted.id, "thread": posted.thread, "contribution": posted.contribution, "status": "accepted"}
    if posted.receipt is not None:
        body["at"] = format_instant(posted.receipt.at)
    return Response({**body, "href": href}, status_code=202, headers={"Location": href})


def _reaction_json(reaction: Reaction) -> dict[str, Any]:
    return {"kind": reaction.kind, "organisation": reaction.org, "at": format_instant(reaction.at)}


def _known_json(observable: Observable, found: Assessment | None) -> dict[str, Any]:
    said: dict[str, Any] = {"type": observable.type.value, "value": observable.value}
    if found is None:
        return {**said, "verdict": "unknown"}
    figures = {"malicious": round(found.malicious, 4), "active": round(found.active, 4)}
    return {**said, "verdict": verdict(found), **figures}


def _post_json(one: Post, known: dict[Observable, Assessment]) -> dict[str, Any]:
    return {
        "id": one.id, "thread": one.thread, "parent": one.parent, "depth": one.depth, "organisation": one.org,
        "author": one.author, "at": format_instant(one.at),
        "edited": format_instant(one.edited) if one.edited else None, "title": one.title, "text": one.text,
        "tlp": one.audience.tlp.value, "contribution": one.contribution,
        "entry": one.entry, "about": one.about, "mentions": one.mentions,
        "files": [{**msgspec.to_builtins(each), "notice": notice_of(each)} for each in one.files],
        "observables": [_known_json(each, known.get(each)) for each in one.observables],
        "reactions": [_reaction_json(each) for each in one.reactions], "own": one.own, "bookmarked": one.bookmarked,
    }  # fmt: skip


def _summary_json(one: ThreadSummary) -> dict[str, Any]:
    return {
        "id": one.id, "title": one.title, "excerpt": one.excerpt, "organisation": one.org, "author": one.author,
        "at": format_instant(one.at), "tlp": one.audience.tlp.value, "about": one.about, "posts": one.posts,
        "last": {"organisation": one.last_org, "author": one.last_author, "at": format_instant(one.last_at)},
        "unread": one.unread, "closed": one.closed, "watching": one.watching,
    }  # fmt: skip


# -- threads -----------------------------------------------------------------------------------------------------------


@get("/api/threads", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="The conversations")
def threads(
    talk: Talk, viewer: Viewer, limit: Limit = 50, before: str = "", group: str = "", about: str = "", org: str = "",
    unanswered: bool = False, watched: bool = False, mine: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """List the threads of which you see something, the one with the newest post first."""
    filters = Filters(group, about, org, unanswered, watched, mine)
    page = talk.threads(viewer, before=before, limit=limit, filters=filters)
    return {"threads": [_summary_json(one) for one in page.threads], "next": page.next or None}


@post("/api/threads", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
      summary="Begin a conversation")  # fmt: skip
def begin(data: Writing, talk: Talk, files: Files, viewer: Viewer) -> Response[dict[str, Any]]:
    """Begin a thread."""
    if data.parent:
        raise BadInput("a new thread answers nothing", hint="Send answers to /api/threads/ID/replies.")
    return _accepted(talk.post(viewer, data.new(files=files.attached(viewer, data.files))))


@get("/api/threads/{thread:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="One conversation")  # fmt: skip
def one_thread(
    thread: str, talk: Talk, viewer: Viewer, limit: Limit = 100, before: str = "", after: str = ""
) -> dict[str, Any]:
    """Show a page of a thread, as far as you see it, in the order of its tree."""
    found = talk.thread(viewer, thread, before=before, after=after, limit=limit)
    closed = found.closed
    return {
        "id": found.id, "title": found.title, "about": found.about, "count": found.count, "watching": found.watching,
        "closed": {"organisation": closed.org, "author": closed.author, "at": format_instant(closed.at),
                   "reason": closed.reason} if closed else None,
        "posts": [_post_json(one, found.assessments) for one in found.posts], "new": sorted(found.new),
        "before": found.before or None, "after": found.after or None, "next": found.after or None,
    }  # fmt: skip


@post("/api/threads/{thread:str}/replies", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="Answer")  # fmt: skip
def reply(thread: str, data: Writing, talk: Talk, files: Files, viewer: Viewer) -> Response[dict[str, Any]]:
    """Answer the first post of a thread, or the one named as ``parent``."""
    parent = data.parent or thread
    if talk.read_one(viewer, parent).thread != thread:
        raise BadInput("that post is of another thread", hint="Answer it there.")
    return _accepted(talk.post(viewer, data.new(parent, files.attached(viewer, data.files))))


@put("/api/threads/{thread:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="Close, open, watch, mute a conversation, or mark it as read")  # fmt: skip
def set_state(thread: str, data: State, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Close or open a thread (its author, or a moderator); watch or mute it; note that you read it up to a post."""
    if data.closed is not None:
        talk.close_thread(viewer, thread, closed=data.closed, reason=data.reason)
    if data.watching is not None:
        talk.watch(viewer, thread, data.watching)
    if data.read is not None:
        talk.mark_read(viewer, thread, data.read)
    return {"thread": thread, "status": "done"}


@post("/api/suggestions", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=200,
      summary="What is proposed for a text")  # fmt: skip
def suggest(data: Asking, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Propose marking and readers for a text, and find the observables in it."""
    found = talk.suggestions(viewer, data.text, data.group)
    return {
        "tlp": found.tlp.value, "groups": found.groups, "people": found.people, "reason": found.reason,
        "uses": [use.name.lower() for use in Uses if use & found.uses and use.name],
        "observables": [{**_known_json(one, found.assessments.get(one)), "defanged": defanged}
                        for one, defanged in found.observables],
    }  # fmt: skip


# -- posts -------------------------------------------------------------------------------------------------------------


@get("/api/posts/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="One post")
def one_post(which: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Show a post."""
    return _post_json(talk.read_one(viewer, which), {})


@put("/api/posts/{which:str}", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
     summary="Edit a post")  # fmt: skip
def edit(which: str, data: Editing, talk: Talk, viewer: Viewer) -> Response[dict[str, Any]]:
    """Put a newer version in the place of a post; the older ones stay readable to its readers."""
    return _accepted(talk.edit(viewer, which, data.text, data.title, data.mentions))


@delete("/api/posts/{which:str}", tags=_TAGS, opt={"permission": "recall"}, sync_to_thread=True, status_code=202,
        summary="Withdraw a post")  # fmt: skip
def withdraw(which: str, talk: Talk, viewer: Viewer, reason: str = "") -> dict[str, Any]:
    """Withdraw a post of your organisation in all its versions."""
    talk.withdraw(viewer, which, reason)
    return {"id": which, "status": "withdrawn"}


@get("/api/posts/{which:str}/files/{digest:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="A file of a post", media_type="application/octet-stream")  # fmt: skip
def one_file(which: str, digest: str, talk: Talk, files: Files, viewer: Viewer, handed: Handed) -> Response[bytes]:
    """Give a file out, to be saved and not to be shown, to whoever sees its post."""
    found = talk.read_one(viewer, which)
    file, data = files.read(found.files, digest)
    handed.file(found.contribution)
    return Response(data, media_type="application/octet-stream", headers=inert_headers(file.name))


@get("/api/posts/{which:str}/versions", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="The versions of a post")  # fmt: skip
def versions(which: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """List what a post said before, the oldest first."""
    return {"versions": [{"at": format_instant(one.at), "title": one.title, "text": one.text}
                         for one in talk.versions(viewer, which)]}  # fmt: skip


@post("/api/posts/{which:str}/reactions", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
      status_code=202, summary="React to a post")  # fmt: skip
def react_to_post(which: str, data: Reacting, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """React to a post."""
    return _reacted(talk.react(viewer, f"post:{which}", data.kind, data.observables))


@delete("/api/posts/{which:str}/reactions/{kind:str}", tags=_TAGS, opt={"permission": "recall"}, sync_to_thread=True,
        status_code=202, summary="Take a reaction back")  # fmt: skip
def take_back_of_post(which: str, kind: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Take a reaction of your organisation back."""
    talk.unreact(viewer, f"post:{which}", kind)
    return {"on": f"post:{which}", "kind": kind, "status": "taken back"}


def _reacted(posted: Posted) -> dict[str, Any]:
    return {"id": posted.id, "thread": posted.thread, "contribution": posted.contribution, "status": "accepted"}


@get("/api/reactions", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="The reactions to a post, contribution or observable")  # fmt: skip
def reactions(on: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """List the reactions that you see on ``post:ID``, ``contribution:ID`` or ``observable:TYPE:VALUE``."""
    target = talk.target_of(on)
    found = talk.reactions(viewer, [target]).get(target, ())
    return {"on": target, "reactions": [_reaction_json(one) for one in found]}


@post("/api/reactions", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, status_code=202,
      summary="React to a contribution, an observable or a post")  # fmt: skip
def react(data: Reacting, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """React to what ``on`` names."""
    return _reacted(talk.react(viewer, data.on, data.kind, data.observables))


@delete("/api/reactions", tags=_TAGS, opt={"permission": "recall"}, sync_to_thread=True, status_code=202,
        summary="Take a reaction back")  # fmt: skip
def take_back(on: str, kind: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Take a reaction of your organisation back."""
    talk.unreact(viewer, on, kind)
    return {"on": on, "kind": kind, "status": "taken back"}


# -- the desk ----------------------------------------------------------------------------------------------------------


@get("/api/drafts", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Your drafts")
def drafts(talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """List your drafts, the newest first."""
    return {"drafts": [{"id": one.id, "at": format_instant(one.at), **msgspec.to_builtins(one.post)}
                       for one in talk.drafts(viewer)]}  # fmt: skip


@post("/api/drafts", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True, summary="Keep a draft")
def keep_draft(data: Writing, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Keep a text that is not posted yet."""
    return {"id": talk.save_draft(viewer, data.new())}


@put("/api/drafts/{which:str}", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
     summary="Keep a newer text of a draft")  # fmt: skip
def change_draft(which: str, data: Writing, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Keep a newer text in the place of a draft."""
    return {"id": talk.save_draft(viewer, data.new(), which)}


@delete("/api/drafts/{which:str}", tags=_TAGS, opt={"permission": "contribute"}, sync_to_thread=True,
        summary="Delete a draft")  # fmt: skip
def drop_draft(which: str, talk: Talk, viewer: Viewer) -> None:
    """Delete a draft."""
    talk.drop_draft(viewer, which)


@get("/api/bookmarks", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True, summary="Your bookmarks")
def bookmarks(talk: Talk, viewer: Viewer, limit: Limit = 100) -> dict[str, Any]:
    """List the posts that you keep at hand, the newest first."""
    return {"bookmarks": [{"post": one.post, "thread": one.thread, "title": one.title, "excerpt": one.excerpt,
                           "organisation": one.org, "author": one.author, "at": format_instant(one.at)}
                          for one in talk.bookmarks(viewer, limit)]}  # fmt: skip


@put("/api/bookmarks/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
     summary="Keep a post at hand")  # fmt: skip
def keep_bookmark(which: str, talk: Talk, viewer: Viewer) -> dict[str, Any]:
    """Keep a post at hand."""
    talk.bookmark(viewer, which)
    return {"post": which, "status": "kept"}


@delete("/api/bookmarks/{which:str}", tags=_TAGS, opt={"permission": "read"}, sync_to_thread=True,
        summary="Let a bookmark go")  # fmt: skip
def drop_bookmark(which: str, talk: Talk, viewer: Viewer) -> None:
    """Let a bookmark go."""
    talk.bookmark(viewer, which, on=False)


HANDLERS = (
    threads, begin, one_thread, reply, set_state, suggest, one_post, edit, withdraw, versions, react_to_post,
    one_file, take_back_of_post, reactions, react, take_back, drafts, keep_draft, change_draft, drop_draft, bookmarks,
    keep_bookmark, drop_bookmark,
)  # fmt: skip
"""The package's doors."""
