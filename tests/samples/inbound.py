"""Samples of the page of inbound feeds."""

from __future__ import annotations

from fusioncell.kernel.clock import HOUR, MINUTE
from samples.pages import NOW, Context, shell

FORM: Context = {"name": "", "url": "", "kind": "file", "format": "", "every": "60", "tlp": "green", "grade": ""}
ROW: Context = {
    "id": "f1", "name": "CIRCL OSINT", "url": "https://www.circl.lu/doc/misp/feed-osint/", "kind": "MISP feed",
    "words": "up to date", "level": "benign", "tlp": "green", "grade": "B", "owner": "Ministry of Works", "fault": "",
    "hint": "", "note": "", "enabled": True, "credentials": False, "every": 60, "brought": 128_411, "last_items": 37,
    "faults": 0, "behind": 0, "failures": 0, "tried": NOW - MINUTE, "succeeded": NOW - MINUTE, "changed": NOW - HOUR,
    "due": NOW + HOUR,
}  # fmt: skip
FAILING: Context = {
    **ROW, "id": "f2", "name": "A list", "kind": "One address", "words": "fails", "level": "malicious", "grade": "",
    "fault": "https://feed.example/list.txt answered 404", "hint": "Nothing is there any more.", "failures": 4,
    "note": "2 events could not be taken", "faults": 3, "behind": 2, "credentials": True, "succeeded": None,
    "changed": None, "due": None, "enabled": False,
}  # fmt: skip
CHOICES: Context = {
    "kinds": [{"value": "file", "words": "One address"}, {"value": "misp", "words": "MISP feed"}],
    "formats": [{"value": "csv", "words": "csv"}], "grades": ["A", "B", "C", "D", "E", "F"],
    "graded": [{"value": "A", "words": "A"}], "tlps": [{"value": "green", "words": "green"}],
    "available": [{"key": "urlhaus", "name": "abuse.ch URLhaus", "kind": "One address", "every": 5,
                   "homepage": "https://urlhaus.abuse.ch/api/"}],
}  # fmt: skip

PAGES = {
    "feeds": ("inbound/feeds.html", {"shell": shell(), "rows": [ROW, FAILING], "form": FORM, **CHOICES}),
    "feeds-none": ("inbound/feeds.html", {"shell": shell(), "rows": [], "form": FORM, **CHOICES, "available": []}),
    "feeds-wrong": (
        "inbound/feeds.html",
        {
            "shell": shell(errors=[{"field": "url", "text": "The address of a feed begins with https:// or http://"}]),
            "rows": [],
            "form": {**FORM, "name": "A list", "url": "ftp://feed.example/"},
            **CHOICES,
        },
    ),
}
