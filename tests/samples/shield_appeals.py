"""Samples of the public pages of blocks and appeals, and of the page of who decides."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import ALL_NAV, NOW, Context, shell

HERE = shell(here="shield", nav=ALL_NAV)
OUT = shell(viewer=None, nav={"products"}, bell=None)
NAME = "parcel-redelivery.example"
LONG = f"{'long-label-' * 5}x.{'sub.' * 12}shop.example"
ROLES = [{"key": key, "label": label} for key, label in (
    ("owner", "I own or run the name"), ("visitor", "I want to reach it"))]  # fmt: skip
ONE = {
    "by": NAME, "why": "It imitates somebody else, to steal passwords or money.", "since": NOW - 2 * DAY,
    "until": NOW + 28 * DAY, "policy": "Blocking policy of the partnership", "number": 3, "digest": "0f" * 32,
    "decision": "0b8ad5c2-7d05-4b2f-9c3e-000000000001", "compromised": True,
}  # fmt: skip
EMPTY = {"text": "", "contact": "", "role": "owner"}
BLOCKED: Context = {"shell": OUT, "asked": f"www.{NAME}", "one": ONE, "form": EMPTY, "roles": ROLES,
                    "url": f"/blocked/www.{NAME}"}  # fmt: skip
WRONG = shell(viewer=None, nav={"products"}, bell=None,
              errors=[{"field": "text", "text": "Say why the block is wrong."}])  # fmt: skip
MINE = {
    "name": NAME, "at": NOW - HOUR, "due": NOW + 3 * HOUR, "words": "It waits for a decision", "reason": "",
    "open": True, "proved": False, "ended": None, "record": f"_fusioncell.{NAME}",
    "text": "fusioncell-proof=0123456789abcdef0123456789abcdef01234567", "url": "/appeals/c1",
    "prove_url": "/appeals/c1/prove", "withdraw_url": "/appeals/c1/withdraw",
}  # fmt: skip
APPEAL: Context = {"shell": OUT, "fresh": True, "reference": "c0de" * 10, "one": MINE}
ROW = {
    "id": "a1", "name": LONG, "href": "/shield/d1", "as_whom": "I own or run the name", "at": NOW - 30 * HOUR,
    "due": NOW - 6 * HOUR, "late": True, "proved": True, "text": "We sell shoes.\nNothing else.",
    "contact": "jo@shop.example", "waits": True, "words": "It waits for a decision", "reason": "", "by": "",
    "ended": None, "url": "/shield/appeals/a1", "own": False,
}  # fmt: skip
DONE = {**ROW, "id": "a2", "waits": False, "late": False, "text": "", "contact": "",
        "words": "Refused: the block stays", "reason": "It asks for cards of other banks.", "by": "Eve Lind",
        "ended": NOW - HOUR, "url": None}  # fmt: skip

PAGES = {
    "blocked-ask": ("blocked/ask.html", {"shell": OUT, "typed": ""}),
    "blocked": ("blocked/name.html", BLOCKED),
    "blocked-former": ("blocked/name.html",
                       {**BLOCKED, "asked": LONG, "one": {**ONE, "by": LONG, "policy": "", "compromised": False}}),
    "blocked-wrong": ("blocked/name.html", {**BLOCKED, "shell": WRONG}),
    "blocked-free": ("blocked/name.html", {**BLOCKED, "one": None}),
    "appeal-fresh": ("blocked/appeal.html", APPEAL),
    "appeal-proved": ("blocked/appeal.html", {**APPEAL, "fresh": False, "one": {**MINE, "proved": True}}),
    "appeal-ended": ("blocked/appeal.html", {**APPEAL, "fresh": False, "one": {
        **MINE, "open": False, "words": "Upheld: the block was wrong, and has ended", "reason": "A shop.",
        "ended": NOW}}),
    "shield-appeals": ("shield/appeals.html", {
        "shell": HERE, "waiting": [ROW, {**ROW, "id": "a3", "url": None, "own": True}], "done": [DONE]}),
    "shield-appeals-none": ("shield/appeals.html", {"shell": HERE, "waiting": [], "done": []}),
}  # fmt: skip
