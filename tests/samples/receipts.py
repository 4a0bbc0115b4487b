"""Samples of the pages of readers, receipts and consents."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, TLPS, Context, shell

TABLE: Context = {
    "one": {"title": "Parcel redelivery phishing", "href": "/contributions/a1", "withdrawn": True, "public": False,
            "kept": 1},
    "rows": [
        {"org": "Harbour Bank", "state": "exported", "told": NOW - HOUR},
        {"org": "Northern Broadband", "state": "fetched", "told": None},
        {"org": "University of the Coast", "state": "here", "told": None},
    ],
    "others": "here",
    "counts": {"here": 1, "fetched": 1, "exported": 1},
}  # fmt: skip
CHANGE: Context = {
    "problem": "", "lose": ["Harbour Bank", "Northern Broadband"], "gain": [], "keep": 4, "everyone": False,
}  # fmt: skip
READERS: Context = {
    "one": {"title": "Parcel redelivery phishing", "href": "/contributions/a1", "tlp": "green",
            "url": "/contributions/a1/readers", "reach_url": "/contributions/a1/readers/reach"},
    "form": {"how": "narrow", "tlp": "amber", "group": "", "reason": ""},
    "tlps": TLPS,
    "groups": [{"value": "group:g1.1", "name": "Finance exchange"}],
    "change": CHANGE,
}  # fmt: skip
ASK: Context = {
    "one": {"title": "Parcel redelivery phishing", "href": "/contributions/a1", "org": "Harbour Bank", "own": False,
            "tlp": "amber", "url": "/contributions/a1/consent"},
    "form": {"product": "", "tlp": "green", "reason": ""},
}  # fmt: skip
WAITING: Context = {
    "id": "c1", "product": "weekly advisory 2026-47", "tlp": "green", "asker": "National Cyber Centre",
    "originator": "Ministry of Works", "reason": "It belongs in the advisory.", "at": NOW - HOUR,
    "href": "/contributions/a1", "answer": "asked", "answer_reason": "", "answered": None, "lapsed": None,
    "url": "/consents/c1/answer",
}  # fmt: skip
ANSWERED: Context = {**WAITING, "id": "c2", "answer": "granted", "answer_reason": "Gladly.", "answered": NOW - DAY}

PAGES = {
    "receipts": ("receipts/table.html", {"shell": shell(), **TABLE}),
    "receipts-none": (
        "receipts/table.html",
        {
            "shell": shell(),
            "one": {**TABLE["one"], "href": None, "withdrawn": False, "public": True, "kept": 0},
            "rows": [],
            "others": None,
            "counts": {"here": 0, "fetched": 0, "exported": 0},
        },
    ),
    "readers": ("receipts/readers.html", {"shell": shell(), **READERS}),
    "readers-wrong": (
        "receipts/readers.html",
        {
            "shell": shell(errors=[{"field": "tlp", "text": "That is no narrowing"}]),
            **READERS,
            "groups": [],
            "change": {**CHANGE, "problem": "Some of these readers cannot see it now."},
        },
    ),
    "consent-ask": ("receipts/ask.html", {"shell": shell(), **ASK}),
    "consent-own": (
        "receipts/ask.html",
        {
            "shell": shell(errors=[{"field": "product", "text": "Name the product"}]),
            **ASK,
            "one": {**ASK["one"], "own": True},
        },
    ),
    "consents": (
        "receipts/consents.html",
        {
            "shell": shell(),
            "waiting": [WAITING],
            "others": [
                ANSWERED,
                {**ANSWERED, "id": "c3", "answer": "declined"},
                {**ANSWERED, "id": "c4", "asker": "", "reason": "", "lapsed": NOW},
            ],
        },
    ),
    "consents-empty": ("receipts/consents.html", {"shell": shell(), "waiting": [], "others": []}),
}

FRAGMENTS = {
    "change": ("receipts/_change.html", {"change": {**CHANGE, "gain": ["Port Police"], "everyone": True}}),
    "change-problem": ("receipts/_change.html", {"change": {**CHANGE, "problem": "That is no narrowing."}}),
}
