"""Samples of the page of participation."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR, MINUTE
from samples.pages import NOW, Context, shell

SHARES = {"context": 0.7, "malware": 0.5, "campaign": 0.2, "technique": 0.3, "rsit": 0.0, "until": 0.9,
          "described": 1.0}  # fmt: skip
FIGURES: Context = {
    "contributions": 41, "posts": 12, "replies": 30, "reactions": 9, "sightings": 7, "indicators": 1204,
    "shares": SHARES,
}  # fmt: skip
NONE: Context = {
    "contributions": 0, "posts": 0, "replies": 0, "reactions": 0, "sightings": 0, "indicators": 0,
    "shares": dict.fromkeys(SHARES),
}  # fmt: skip
SPELLS = [{"at": NOW - n * 7 * DAY, "all": FIGURES, "own": NONE} for n in range(7, 0, -1)]
INDEX: Context = {
    "quarter": {"name": "2026-Q4", "begins": NOW - 50 * DAY, "ends": NOW, "previous": "/exchange/participation",
                "next": None},
    "total": FIGURES,
    "anonymous": {**NONE, "posts": 2},
    "own": {
        "sector": "finance",
        "counts": [{"name": "contributions", "own": 4, "median": 7.5}, {"name": "sightings", "own": 0, "median": 0.0}],
        "shares": [{"name": "context", "own": 0.25, "median": 0.7}, {"name": "until", "own": None, "median": 0.0}],
    },
    "weeks": SPELLS,
    "months": SPELLS[:2],
    "sectors": [
        {"name": "finance", "organisations": 12, "quiet": 3, "given": 20, "taken": 4, **FIGURES},
        {"name": "other", "organisations": 5, "quiet": 5, "given": 0, "taken": 0, **NONE},
    ],
    "flows": [{"by": "finance", "to": "other", "count": 20}],
    "paces": [
        {"name": "posts", "asked": 12, "answered": 9, "median": 38 * MINUTE, "p90": 9 * HOUR},
        {"name": "requests", "asked": 1, "answered": 0, "median": None, "p90": 4 * DAY},
    ],
    "organisations": None,
    "idle": None,
}  # fmt: skip

PAGES = {
    "participation": ("participation/index.html", {"shell": shell(), **INDEX}),
    "participation-operator": (
        "participation/index.html",
        {
            "shell": shell(),
            **INDEX,
            "quarter": {**INDEX["quarter"], "next": "/exchange/participation?quarter=2027-Q1"},
            "organisations": [{"name": "Harbour Bank", "sector": "finance", "href": "/o/1", **FIGURES}],
            "idle": "/admin/idle",
        },
    ),
    "participation-empty": (
        "participation/index.html",
        {"shell": shell(), **INDEX, "total": NONE, "anonymous": NONE, "own": None, "weeks": [], "months": [],
         "sectors": [], "flows": []},
    ),
    "participation-few": (
        "participation/index.html",
        {"shell": shell(), **INDEX, "total": None, "own": None, "weeks": [], "months": [], "sectors": [], "flows": []},
    ),
}  # fmt: skip
