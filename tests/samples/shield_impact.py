"""Samples of what blocking came to."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell

PLOT: Context = {
    "id": "hits-released", "title": "The partnership", "note": "Sums of hours that at least three organisations told.",
    "blocked": 18_204, "shadow": 311, "daily": False,
    "rows": [{"at": NOW - (24 - n) * HOUR, "blocked": n * n * 30, "shadow": n * 2} for n in range(24)],
}  # fmt: skip
OWN: Context = {**PLOT, "id": "hits-reported", "title": "Resolvers whose reports you read", "daily": True,
                "rows": [{"at": NOW - (30 - n) * DAY, "blocked": 900, "shadow": 0} for n in range(30)]}  # fmt: skip
NONE: Context = {**OWN, "blocked": 0, "shadow": 0, "rows": []}
TABLE: Context = {"id": "most-released", "title": "Most asked for, the partnership", "rows": [
    {"name": "parcel-redelivery.example", "href": "/shield/d1", "blocked": 9_301, "shadow": 0},
    {"name": "a-very-long-name-of-a-kit-that-goes-on-and-on.login.bank.example", "href": "/shield/d2", "blocked": 44,
     "shadow": 12}]}  # fmt: skip
IMPACT: Context = {
    "shell": shell(), "days": 7, "spans": [7, 30, 90], "pace": {"count": 41, "median": "12 minutes", "p95": "3 hours"},
    "published": 41, "lifted": 1, "wrong": 1 / 41, "overridden": 2, "subscribers": 3, "plots": [PLOT, OWN],
    "drawn": True, "tables": [TABLE, {**TABLE, "id": "most-reported", "title": "Most asked for, of those reports"}],
    "csv": "/api/shield/impact/csv?days=7",
}  # fmt: skip
PAGES = {
    "impact": ("shield/impact.html", IMPACT),
    "impact-empty": ("shield/impact.html", {
        **IMPACT, "pace": {"count": 0, "median": None, "p95": None}, "published": 0, "lifted": 0, "wrong": None,
        "overridden": 0, "subscribers": 0, "drawn": False,
        "plots": [NONE, {**NONE, "id": "hits-released", "title": PLOT["title"]}],
        "tables": [{**TABLE, "rows": []}]}),
}  # fmt: skip
FRAGMENTS = {"impact-plot": ("shield/_plot.html", {"shell": shell(), "plot": PLOT})}
"""Sample → (template, context)."""
