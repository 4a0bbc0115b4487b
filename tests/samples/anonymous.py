"""Samples of the pages of anonymous contribution."""

from __future__ import annotations

from samples.pages import NOW, Context, shell

PROMISE = {"ready": True, "officers": ["Ada Okafor (Ministry of Works)", "Jon Berg (Provider)"],
           "coming": ["Eve Lind (Provider)"], "minutes": 60}
SECRET = "9f3c" * 12
CASE = {"officers": ["Ada Okafor", "Jon Berg"], "reason": "Threat to life, case 17", "basis": "Warrant 2026/17",
        "at": NOW - 3_600_000_000, "state": "revealed"}  # fmt: skip
HERE = shell(here="contribute")

PAGES: dict[str, tuple[str, Context]] = {
    "anonymous": ("anonymous/index.html", {"shell": HERE, "secret": "", "promise": PROMISE, "revealed": [CASE]}),
    "anonymous-empty": ("anonymous/index.html", {
        "shell": shell(here="contribute", errors=[{"field": "secret", "text": "No contribution has this secret."}]),
        "secret": "abc", "promise": {**PROMISE, "ready": False, "officers": []}, "revealed": []}),
    "anonymous-sent": ("anonymous/sent.html", {"shell": HERE, "secret": SECRET, "at_once": False, "promise": PROMISE}),
    "anonymous-sent-now": ("anonymous/sent.html", {"shell": HERE, "secret": SECRET, "at_once": True,
                                                   "promise": PROMISE}),
    "anonymous-mine": ("anonymous/mine.html", {"shell": HERE, "secret": SECRET, "promise": PROMISE,
                       "one": {"state": "published", "href": "/contributions/x", "fault": "", "cases": [CASE],
                               "post": {"id": "p", "title": "A kit", "text": "See it.", "href": "/exchange/t"}}}),
    "anonymous-mine-empty": ("anonymous/mine.html", {"shell": HERE, "secret": SECRET, "promise": PROMISE,
                             "one": {"state": "waiting", "href": None, "fault": "", "cases": [], "post": None}}),
}  # fmt: skip
FRAGMENTS: dict[str, tuple[str, Context]] = {"anonymous-promise": ("anonymous/_promise.html", {"promise": PROMISE})}
