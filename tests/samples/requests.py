"""Samples of the pages of requests for information."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell
from samples.talk import ANSWER, COMPOSE, HERE, POST, THREAD

ROW = {
    "id": "t1", "href": "/exchange/t1", "title": "Who has seen this kit?", "org": "Northern Broadband",
    "asked": "The Fusion Cell, Finance exchange", "tlp": "amber+strict", "at": NOW - DAY, "deadline": NOW + DAY,
    "left": 50, "state": "open", "level": "suspicious", "words": "Open", "answers": 0, "said": "", "said_at": 0,
}  # fmt: skip
LATE = {**ROW, "id": "t2", "title": "A question " + "of long words " * 9, "left": 0, "state": "overdue",
        "words": "Overdue", "level": "malicious", "tlp": "green", "asked": "all members", "answers": 2}  # fmt: skip
BOARD: Context = {
    "tabs": [{"href": "/exchange/requests?show=open", "label": "Open", "count": 2, "here": True},
             {"href": "/exchange/requests?show=overdue", "label": "Overdue", "count": 1200, "here": False}],
    "groups": [{"id": "g1", "name": "Finance exchange"}], "group": "cell", "state": "open", "requests": [ROW, LATE],
    "next": "/exchange/requests?after=t2", "may_ask": True,
}  # fmt: skip
ASKED = {**ROW, "state": "answered", "level": "benign", "words": "Answered", "answers": 1, "left": None, "mine": True,
         "said": "Since when?", "said_at": NOW - HOUR, "accepted": "p2",
         "acts": {"accept": True, "missing": True, "withdraw": True}}  # fmt: skip
OVERDUE = {**LATE, "mine": False, "acts": None, "accepted": ""}
COMPOSED = {**COMPOSE["form"], "request": "1", "heading": "Ask for information", "deadline": "2026-12-01", "cell": "1"}
WRONG = shell(here="exchange", errors=[{"field": "deadline", "text": "The deadline has passed."}])
ACCEPTABLE = {**ANSWER, "answer": "answer", "accept_href": "/exchange/requests/t1"}

PAGES: dict[str, tuple[str, Context]] = {
    "requests": ("exchange/requests.html", {"shell": HERE, **BOARD}),
    "requests-empty": ("exchange/requests.html", {"shell": HERE, **BOARD, "requests": [], "groups": [], "next": None,
                                                  "group": "", "may_ask": False}),
    "request": ("exchange/thread.html", {"shell": HERE, **THREAD, "asked": ASKED, "posts": [POST, ACCEPTABLE]}),
    "request-overdue": ("exchange/thread.html", {
        "shell": HERE, **THREAD, "asked": OVERDUE, "posts": [POST, {**ANSWER, "answer": "accepted"}]}),
    "request-ask": ("exchange/compose.html", {"shell": WRONG, **COMPOSE, "form": COMPOSED}),
}  # fmt: skip
FRAGMENTS: dict[str, tuple[str, Context]] = {
    "request-panel": ("exchange/_request.html", {"asked": ASKED, "csrf": "c5rf-token", "now": NOW}),
}
