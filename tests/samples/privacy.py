"""Samples of the pages of personal data and of holds."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY
from samples.pages import MEMBER_NAV, NOW, shell

Context = dict[str, Any]

SECTIONS = [
    {"id": "membership-person", "title": "Person", "count": 1,
     "rows": [[("id", "p1"), ("name", "Jon Berg"), ("email", "jon@northern.example"), ("roles", "analyst")]]},
    {"id": "exchange-posts", "title": "Posts", "count": 73,
     "rows": [[("id", "a1"), ("title", "Beacon seen"), ("at", "2026-11-20T10:00:00.000Z"), ("version", "")]]},
]  # fmt: skip
NOTES = ["What you contributed anonymously is not here: the hub does not know whose it is."]
DATA: Context = {
    "own": True, "who": {"name": "Jon Berg", "id": "p1"}, "sections": SECTIONS, "notes": NOTES, "posts": 73,
    "held": None, "download": "/api/account/data", "erase": "/account/data/erase",
}  # fmt: skip
ADMIN = {"shell": shell(here="admin", nav=MEMBER_NAV | {"admin"})}
HOLD = {"id": "h1", "scope": "person", "target": "Jon Berg", "case": "2026/117", "basis": "Evidence Act, section 9",
        "officer": "Olu Ade", "state": "lasts", "at": NOW - DAY, "until": NOW + 29 * DAY, "lasts": True}
FORM = {"scope": "person", "target": "", "case": "", "basis": "", "days": "180"}
HOLDS: Context = {"rows": [HOLD, {**HOLD, "id": "h2", "scope": "organisation", "lasts": False, "state": "lifted"}],
                  "may_place": True, "form": FORM, "scopes": ["person", "organisation", "contribution"], "most": 730}

PAGES: dict[str, tuple[str, Context]] = {
    "data-own": ("members/data.html", {
        "shell": shell(here="account", errors=[{"field": "sure", "text": "Tick that you have read what is lost."}]),
        **DATA}),
    "data-of": ("members/data.html", {**ADMIN, **DATA, "own": False, "sections": [], "notes": []}),
    "data-held": ("members/data.html", {**ADMIN, **DATA, "own": False, "held": NOW + 9 * DAY}),
    "holds": ("admin/holds.html", {**ADMIN, **HOLDS}),
    "holds-wrong": ("admin/holds.html", {
        "shell": shell(here="admin", errors=[{"field": "target", "text": "There is no such person."}]), **HOLDS,
        "form": {**FORM, "target": "nobody@x.example"}}),
    "holds-auditor": ("admin/holds.html", {**ADMIN, **HOLDS, "rows": [], "may_place": False}),
}  # fmt: skip
