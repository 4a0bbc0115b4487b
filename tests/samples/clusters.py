"""Samples of the pages of clusters."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell

SHARED: Context = {"kind": "Host", "text": "login[.]evil[.]example", "weight": "1.00", "members": 3}
LONG: Context = {**SHARED, "kind": "Cited source", "text": "hxxps://blog[.]example/" + "a-long-title-" * 12}
ROW: Context = {"id": "c1", "href": "/clusters/c1", "title": "login[.]evil[.]example", "named": False, "sign": SHARED,
                "members": 5, "first": NOW - 9 * DAY, "last": NOW - HOUR}  # fmt: skip
NAMED: Context = {**ROW, "id": "c2", "href": "/clusters/c2", "title": "Sunken <Storm> " * 6, "named": True,
                  "members": 100_000, "sign": None}  # fmt: skip
MEMBER: Context = {"id": "c3", "href": "/contributions/c3", "org": "Harbour Bank", "at": NOW - HOUR,
                   "toward": "/contributions/c1", "head": False, "weight": "1.50", "shared": [SHARED, LONG], "more": 3,
                   "narrow": False}  # fmt: skip
HEAD: Context = {**MEMBER, "id": "c1", "href": "/contributions/c1", "head": True, "toward": None, "shared": [],
                 "more": 0, "weight": "0.00"}  # fmt: skip
DECISION: Context = {"id": "d1", "does": "Named", "name": "Sunken Storm", "reason": "One operator.",
                     "of": "/contributions/c1", "org": "Fusion Cell", "at": NOW - DAY, "undone_at": None,
                     "undone_why": "", "may_undo": True}  # fmt: skip
ONE: Context = {
    "shell": shell(), "cluster": ROW, "members": [MEMBER, HEAD], "attached": [{**MEMBER, "id": "c9", "narrow": True}],
    "values": [SHARED, LONG], "may_decide": True, "next": "/clusters/c1?after=c3",
    "decisions": [DECISION, {**DECISION, "id": "d2", "does": "Split off", "name": "", "undone_at": NOW,
                             "undone_why": "Wrong.", "may_undo": False}],
}  # fmt: skip

FORM: Context = {"form": {"text": "", "least": 0}, "sizes": [0, 5, 20]}
PAGES: dict[str, tuple[str, Context]] = {
    "clusters": ("clusters/index.html", {"shell": shell(), "clusters": [ROW, NAMED], "paged": False,
                                         "next": "/clusters?after=c2", **FORM}),
    "clusters-empty": ("clusters/index.html", {"shell": shell(), "clusters": [], "next": None, "paged": True,
                                               "form": {"text": "evil.example", "least": 5}, "sizes": [0, 5]}),
    "cluster": ("clusters/cluster.html", ONE),
    "cluster-read": ("clusters/cluster.html", {**ONE, "attached": [], "values": [], "decisions": [], "next": None,
                                               "may_decide": False}),
}  # fmt: skip
