"""Samples of the exchange's pages."""

from __future__ import annotations

from markupsafe import Markup

from fusioncell.kernel.clock import DAY, HOUR, MINUTE
from samples.anonymous import PROMISE
from samples.pages import NOW, PHISH, Context, shell

HERE = shell(here="exchange", nav={"exchange", "contribute", "groups", "shield", "account"})
ROW = {
    "id": "t1", "href": "/exchange/t1", "title": "Parcel phishing with a new kit", "excerpt": "Seen the kit?",
    "org": "Northern Broadband", "tlp": "green", "at": NOW - 3 * MINUTE, "last": "Ministry of Works", "posts": 4,
    "unread": 2, "closed": False, "about": ["parcel-redelivery[.]example"],
}  # fmt: skip
LIST: Context = {
    "tabs": [{"href": "/exchange", "label": "All", "here": True},
             {"href": "/exchange?show=watched", "label": "Watched", "here": False}],
    "groups": [{"id": "g1", "name": "Finance exchange"}], "group": "", "threads": [ROW, {**ROW, "id": "t2",
    "title": "A question " + "about long words " * 8, "closed": True, "posts": 1, "unread": 0, "tlp": "amber+strict",
    "about": [], "excerpt": ""}], "unread": 2, "next": "/exchange?before=x", "live": None, "may_write": True,
    "drafts": [{"href": "/exchange/new?draft=d", "title": "Half a thought", "at": NOW - DAY}],
}  # fmt: skip
REACTIONS = [
    {"kind": "seen", "label": "Seen here too", "count": 2, "who": "Bank, Provider", "mine": True},
    {"kind": "useful", "label": "Useful", "count": 0, "who": "", "mine": False},
    {"kind": "false-positive", "label": "False positive", "count": 1, "who": "University", "mine": False},
]
BODY = Markup(
    '<p>The kit at <a class="value is-malicious" href="/observables/domain-name/x">parcel-redelivery[.]example</a> '
    "asks for <strong>card numbers</strong>.</p><pre><code>GET /track?id=1\nHost: x</code></pre>"
)
POST: Context = {
    "id": "p1", "thread": "t1", "contribution": "c1", "depth": 0, "author": "Jon Berg", "org": "Northern Broadband",
    "at": NOW - HOUR, "edited": 0, "tlp": "green", "readers": "All members of the partnership.",
    "title": "Parcel phishing with a new kit", "body": BODY,
    "files": [{"name": "kit.png", "href": "/f", "size": "9 kB", "danger": "", "note": "Cleaned."},
    {"name": "kit.exe", "href": "/f", "size": "", "danger": "A program: it runs.", "note": ""}],
    "versions_href": "/exchange/posts/p1/versions", "observables": [PHISH], "new": False, "reactions": REACTIONS,
    "href": "/exchange/t1?at=p1#post-p1", "mine": {"edit_href": "/e", "withdraw_href": "/w"}, "may_react": True,
    "bookmarked": False, "reply_href": "/exchange/t1?reply=p1#reply", "room_href": "/groups/new", "contribution_href":
    "/contributions/c1", "answer": "", "accept_href": None,
}  # fmt: skip
ANSWER = {**POST, "id": "p2", "depth": 1, "title": "", "edited": NOW, "mine": None, "new": True, "tlp": "amber",
          "author": "An anonymous member", "org": "", "files": [], "observables": [], "bookmarked": True}  # fmt: skip
THREAD: Context = {
    "one": {"id": "t1", "title": "Parcel phishing with a new kit", "about": [{"label": "x[.]example", "href": "/o"}],
            "closed": None, "count": 2, "watching": "watch", "may_close": True},
    "posts": [POST, ANSWER], "older": "/exchange/t1?before=x", "newer": None, "live": None, "last": "p2", "asked": None,
    "reply": {"parent": "p1", "to": "Jon Berg", "text": "", "tlp": "green", "summary": "14 organisations see this."},
}  # fmt: skip
PREVIEW: Context = {
    "summary": "14 organisations (46 people) will see this; 3 will not.", "parties": ["Bank", "Ministry of Works"],
    "more": 12, "others": "Not: University", "uses": "They may use it for: analysis.", "warning": "", "reason": "",
    "observables": [PHISH], "fault": "",
}  # fmt: skip
COMPOSE: Context = {
    "form": {"action": "/exchange/new", "heading": "Write to the exchange", "title": "", "text": "", "tlp": "green",
             "group": "", "people": "", "about": "observable:domain-name:x.example", "parent": "", "draft": "",
             "uses": ["analysis"], "anonymous": "", "at_once": "", "edit": "", "kept": [],
             "request": "", "deadline": "", "cell": "", "answer": ""},
    "about": "x[.]example",
    "tlps": [{"value": value, "meaning": "Its readers, in words."}
             for value in ("clear", "green", "amber", "amber+strict", "red")],
    "groups": [{"value": "group:g1.2", "name": "Finance exchange"}],
    "uses": [{"value": "analysis", "label": "Analysis by the Fusion Cell"}, {"value": "police", "label": "Police use"}],
    "preview": PREVIEW, "promise": PROMISE, "files": True,
}  # fmt: skip
WRONG = shell(here="exchange", errors=[{"field": "text", "text": "There is no text. Write something."},
                                       {"field": "people", "text": "No member has this address."}])  # fmt: skip

PAGES: dict[str, tuple[str, Context]] = {
    "exchange": ("exchange/index.html", {"shell": HERE, **LIST}),
    "exchange-empty": ("exchange/index.html", {"shell": HERE, **LIST, "threads": [], "groups": [], "drafts": [],
                                               "next": None, "unread": 0}),
    "thread": ("exchange/thread.html", {"shell": HERE, **THREAD}),
    "thread-closed": ("exchange/thread.html", {
        "shell": HERE, **THREAD, "reply": None, "older": None,
        "one": {**THREAD["one"], "closed": {"who": "Ministry", "at": NOW - HOUR, "reason": "Solved."}, "watching": "",
                "may_close": False}, "posts": [{**POST, "mine": None, "may_react": False, "reply_href": None}]}),
    "compose": ("exchange/compose.html", {"shell": HERE, **COMPOSE}),
    "compose-wrong": ("exchange/compose.html", {
        "shell": WRONG, **COMPOSE, "groups": [], "promise": None,
        "form": {**COMPOSE["form"],
                 "kept": [{"digest": "d1", "name": "kit.zip", "size": "9 kB", "danger": "", "note": ""}]},
        "preview": {**PREVIEW, "fault": "You are in no such group.", "warning": "Only 2 organisations could have.",
                    "reason": "Your text says TLP:AMBER."}}),
    "compose-edit": ("exchange/compose.html", {
        "shell": HERE, **COMPOSE, "form": {**COMPOSE["form"], "edit": "p1", "heading": "Edit your post"},
        "promise": None}),
    "versions": ("exchange/versions.html", {"shell": HERE, "one": {"href": "/exchange/t1", "author": "Jon Berg"},
                 "versions": [{"at": NOW, "title": "T", "body": BODY}, {"at": NOW - HOUR, "title": "", "body": BODY}]}),
    "post-withdraw": ("exchange/withdraw.html", {"shell": HERE, "one": {"href": "/exchange/t1", "url": "/w",
                      "excerpt": "The kit asks for card numbers."}}),
}  # fmt: skip
FRAGMENTS: dict[str, tuple[str, Context]] = {
    "thread-row": ("exchange/_thread_row.html", {"thread": ROW, "now": NOW}),
    "post": ("exchange/_post.html", {"post": POST, "csrf": "c5rf-token", "now": NOW}),
    "talk-about": ("exchange/_talk.html", {"talk": {"threads": [ROW], "write_href": "/w", "post_href": None},
                                           "shell": HERE}),
    "preview": ("exchange/_preview.html", {"preview": PREVIEW}),
}
