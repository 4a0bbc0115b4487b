"""Samples of the pages of publication on a partner's behalf."""

from __future__ import annotations

from fusioncell.kernel.clock import HOUR
from samples.pages import NOW, Context, shell

ONE: Context = {"title": "Quay phishing", "href": "/contributions/a1", "org": "Harbour Bank", "own": True,
                "tlp": "amber+strict", "url": "/contributions/a1/proxy", "ask": "/contributions/a1/proxy"}  # fmt: skip
GROUPS = [{"value": "group:g1.1", "name": "Finance exchange"}]
CONSENT: Context = {
    "one": ONE, "form": {"proxy": "", "tlp": "green", "group": "", "reason": ""},
    "organisations": [{"value": "o1", "name": "National Cyber Centre"}], "groups": GROUPS,
}  # fmt: skip
PUBLISH: Context = {
    "one": {**ONE, "own": False}, "form": {"tlp": "green", "group": ""}, "widest": "green",
    "tlps": ["green", "amber", "amber+strict"], "groups": GROUPS, "items": 4, "left_out": 1,
    "warnings": ["the text names 'Harbour Bank'"],
}  # fmt: skip
PUBLICATION: Context = {
    "href": "/contributions/c1", "original": "/contributions/a1", "proxy": "National Cyber Centre", "tlp": "green",
    "at": NOW - HOUR, "gone": None, "here": 3, "fetched": 0, "exported": 1,
}  # fmt: skip

PAGES = {
    "proxy-consent": ("proxy/consent.html", {"shell": shell(), **CONSENT}),
    "proxy-ask": (
        "proxy/consent.html",
        {
            "shell": shell(errors=[{"field": "reason", "text": "Say why"}]),
            **CONSENT,
            "one": {**ONE, "own": False},
            "organisations": [],
            "groups": [],
        },
    ),
    "proxy-publish": ("proxy/publish.html", {"shell": shell(), **PUBLISH}),
    "proxy-publish-wrong": (
        "proxy/publish.html",
        {
            "shell": shell(errors=[{"field": "confirm", "text": "Look at it first"}]),
            **PUBLISH,
            "groups": [],
            "items": 1,
            "left_out": 0,
        },
    ),
    "proxy-publish-none": (
        "proxy/publish.html",
        {"shell": shell(), **PUBLISH, "widest": None, "tlps": [], "items": 0, "left_out": 0, "warnings": []},
    ),
}
FRAGMENTS = {
    "proxy-panel": ("proxy/_panel.html", {"shell": shell(), "proxy": {
        "behalf": "", "publications": [PUBLICATION, {**PUBLICATION, "href": None, "gone": NOW}], "let": "/l",
        "publish": "/p", "ask": None}}),
}  # fmt: skip
