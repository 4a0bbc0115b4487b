"""Samples of the pages of entities and of the ATT&CK matrix."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, observable, shell

ROW: Context = {"href": "/entities/x", "name": "APT29", "kind": "Actor", "galaxy": "mitre-intrusion-set",
                "external": "G0016", "aliases": 14, "count": 1204, "last": NOW - HOUR}  # fmt: skip
FORM: Context = {"q": "", "kind": "", "days": 30}
KINDS = [{"value": "actor", "label": "Actor"}, {"value": "malware", "label": "Malware"}]
PAGER: Context = {"first": 51, "last": 100, "total": 100_000, "noun": "entities", "previous": "/entities?start=0",
                  "next": "/entities?start=100"}  # fmt: skip
NO_PAGER: Context = {**PAGER, "first": 1, "last": 0, "total": 0, "previous": None, "next": None}
INDEX: Context = {"shell": shell(), "form": FORM, "kinds": KINDS, "spans": (7, 30, 90), "pager": PAGER, "rows": [
    ROW, {**ROW, "galaxy": "", "external": "", "aliases": 0, "name": "Sunken <Storm>", "count": 0, "last": None}]}
ONE: Context = {
    "id": "x", "name": "APT29", "kind": "Actor", "external": "G0016", "galaxy": "mitre-intrusion-set",
    "description": "A group that <writes>.", "cited": ["https://reports.example/a"], "first": NOW - 90 * DAY,
    "last": NOW - HOUR, "count": 3, "tactics": ["initial access"], "link": "/entities/x/link",
}  # fmt: skip
SUGGESTED: Context = {
    "id": "y", "href": "/entities/y", "name": "Midnight Blizzard", "galaxy": "threat-actor", "kind": "Actor",
    "level": "suspicious", "words": "One goes by the other's own name", "names": ["NOBELIUM"],
    "techniques": ["Phishing"], "shared": 1, "of": 60, "values": ["192.0.2.1"], "rivals": ["UNC2452"],
}  # fmt: skip
LINK: Context = {
    "id": "l", "href": "/entities/y", "name": "Midnight Blizzard", "says": "the same as", "reason": "One operator.",
    "org": "Ministry of Works", "at": NOW - DAY, "tlp": "green", "undone_at": None, "undone_by": "", "undone_why": "",
    "undo": "/entities/links/l/undo",
}  # fmt: skip
ENTITY: Context = {
    "shell": shell(), "one": ONE, "names": [{"name": "APT29", "by": ["mitre-intrusion-set", "Ministry of Works"]}],
    "weeks": [0, 1, 2, 0], "values": [observable("evil.example")],
    "reports": [{"title": "Weekly report", "href": "/contributions/c", "org": "Harbour Bank", "tlp": "amber",
                 "at": NOW - HOUR, "how": ["by a tag", "in its text"]}],
    "relations": [{**ROW, "type": "uses", "outgoing": True, "source": None},
                  {**ROW, "type": "attributed to", "outgoing": False, "source": "/contributions/c"}],
    "links": [LINK, {**LINK, "undone_at": NOW, "undone_by": "Harbour Bank", "undone_why": "Two.", "undo": None}],
    "suggestions": [SUGGESTED, {**SUGGESTED, "names": [], "shared": 0, "techniques": [], "values": [], "rivals": []}],
}  # fmt: skip
EMPTY: Context = {
    **ENTITY, "names": [], "weeks": [0, 0], "values": [], "reports": [], "relations": [], "links": [],
    "suggestions": [], "one": {**ONE, "external": "", "galaxy": "", "description": "", "cited": [], "first": None,
                               "last": None, "count": 0, "tactics": [], "link": None},
}  # fmt: skip


def _cell(number: int, count: int = 0, coverage: str = "", subs: list[Context] | None = None) -> Context:
    return {"id": f"T{number}", "name": f"Technique {number}", "count": count, "level": min(5, count),
            "coverage": coverage, "subs": subs or []}  # fmt: skip


CELLS = [_cell(1000 + n, n, subs=[_cell(2000, 3)] if n == 5 else []) for n in range(6)]
MATRIX: Context = {
    "shell": shell(), "form": {"domain": "enterprise", "days": 30, "sector": ""}, "named": 6, "techniques": 679,
    "domains": [{"value": "enterprise", "label": "Enterprise", "href": "/matrix?domain=enterprise", "here": True},
                {"value": "ics", "label": "Industrial control systems", "href": "/matrix?domain=ics", "here": False}],
    "sectors": ["energy", "finance"], "spans": (7, 30, 90), "rows": CELLS[1:], "layer": "", "compared": [],
    "columns": [{"name": "Initial access", "named": 5, "cells": CELLS}, {"name": "Impact", "named": 0,
                                                                        "cells": CELLS[:1]}],
    "download": "/api/matrix/layer?domain=enterprise", "url": "/matrix?domain=enterprise",
}  # fmt: skip
COVERED = [_cell(1, 2, "gap"), _cell(2, 1, "both"), _cell(3, 0, "quiet"), _cell(4, 0, "neither")]
PAGES = {
    "entities": ("entities/index.html", INDEX),
    "entities-empty": ("entities/index.html", {**INDEX, "rows": [], "pager": NO_PAGER}),
    "entities-not-found": ("entities/index.html", {**INDEX, "rows": [], "pager": NO_PAGER,
                                                   "form": {**FORM, "q": "x"}}),
    "entity": ("entities/entity.html", ENTITY),
    "entity-empty": ("entities/entity.html", EMPTY),
    "matrix": ("matrix/index.html", MATRIX),
    "matrix-compared": ("matrix/index.html", {
        **MATRIX, "layer": "Our sensors", "columns": [{"name": "Impact", "named": 2, "cells": COVERED}],
        "compared": [{"name": "gap", "label": "Reported, not covered", "cells": COVERED[:1]},
                     {"name": "quiet", "label": "Covered, not reported", "cells": []}],
    }),
    "matrix-empty": ("matrix/index.html", {**MATRIX, "named": 0, "rows": [], "columns": [], "sectors": []}),
}  # fmt: skip
