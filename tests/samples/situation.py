"""Samples of the situation over time, and of coverage."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY
from samples.pages import NOW, Context, shell

COURSE: Context = {"label": "Telecommunications", "href": "/situation?days=30&sector=telecommunications",
                   "series": [0, 4, 9, 2] * 7 + [1, 3], "total": 109, "before": 80, "kind": ""}  # fmt: skip
NAMED: Context = {**COURSE, "label": "AsyncRAT", "href": "/entities/e1", "kind": "malware"}
PLAIN: Context = {**COURSE, "label": "Domain name", "href": ""}
SITUATION: Context = {
    "shell": shell(), "may_write": True, "days": 30, "sector": "", "sectors": ["finance", "telecommunications"],
    "spans": [7, 30, 90],
    "kpis": [{"label": "items that were news", "value": 1090, "note": "36\u202f% more than in the time before"},
             {"label": "contributors active", "value": 12, "note": "9 in the time before"},
             {"label": "names blocked", "value": 41, "note": ""}],
    "since": NOW - 29 * DAY, "until": NOW, "news": COURSE, "voices": COURSE, "blocked": COURSE, "by_sector": [COURSE],
    "types": [PLAIN], "entities": [NAMED],
}  # fmt: skip
NOTHING: Context = {**COURSE, "series": [0] * 7, "total": 0, "before": 0}
COVERAGE: Context = {
    "shell": shell(),
    "gaps": [{"words": "3 of 5 members in Finance gave no news", "href": "", "strong": True},
             {"words": "No technique of Impact is named", "href": "/matrix", "strong": False}],
    "kinds": [{"label": "Domain name", "day": 4, "week": 40, "month": 200, "ago": 0, "voices": 6, "largest": 0.4},
              {"label": "URL", "day": 0, "week": 1, "month": 2, "ago": 3, "voices": 1, "largest": 1.0},
              {"label": "IBAN", "day": 0, "week": 0, "month": 0, "ago": None, "voices": 0, "largest": 0.0}],
    "types": ["Domain name", "URL"],
    "groups": [{"label": "Telecommunications", "members": 4, "voices": 3, "cells": [3, 0]},
               {"label": "Energy, Water", "members": 3, "voices": 0, "cells": [0, 0]}],
    "tactics": [{"label": "Initial access", "named": 4, "total": 11}, {"label": "Impact", "named": 0, "total": 15}],
    "contributors": 12, "few": 3, "silence": 5,
}  # fmt: skip
PAGES = {
    "situation": ("picture/situation.html", SITUATION),
    "situation-sector": ("picture/situation.html", {
        **SITUATION, "sector": "finance", "blocked": None, "by_sector": [], "types": [], "days": 7}),
    "situation-empty": ("picture/situation.html", {
        **SITUATION, "days": 7, "news": NOTHING, "voices": NOTHING, "blocked": NOTHING, "by_sector": [], "types": [],
        "entities": [], "kpis": []}),
    "coverage": ("picture/coverage.html", COVERAGE),
    "coverage-empty": ("picture/coverage.html", {
        **COVERAGE, "gaps": [], "kinds": [], "types": [], "groups": [], "tactics": [], "contributors": 0, "few": 0}),
}  # fmt: skip
"""Sample → (template, context)."""
