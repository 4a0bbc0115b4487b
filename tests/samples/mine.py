"""Samples of a member's own page."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.changes import NEW, ROW
from samples.pages import ADDRESS, NOW, PHISH, PHISH_URL, Context, shell
from samples.vulnerabilities import ROW as VULNERABILITY

DUTY: Context = {
    "id": "triage", "title": "First in triage", "href": "/triage", "more": "The whole queue", "count": 41,
    "empty": "Nothing waits for a look.", "rows": [
        {"title": "parcel-redelivery[.]example", "href": PHISH["href"], "note": "3 independent origins accuse it",
         "at": NOW - HOUR}],
}  # fmt: skip
FREE: Context = {**DUTY, "id": "questions", "title": "Questions that wait for an answer", "rows": [], "count": 0,
                 "empty": "No question waits."}  # fmt: skip
MINE: Context = {
    "shell": shell(), "org": "Northern Broadband",
    "kpis": [{"label": "values in your exports", "value": 1200, "note": "3 gained, 0 lost since yesterday"}],
    "hits": [{"one": ADDRESS, "asset": "198.51.100.0/24", "at": NOW - DAY, "count": 2}], "total": 11, "assets": 2,
    "may_claim": True, "duties": [DUTY, FREE],
    "exports": {"gained": 3, "lost": 0, "total": 1200, "rows_gained": [PHISH, PHISH_URL], "rows_lost": []},
    "sector": {"name": "telecommunications", "href": "/situation?sector=telecommunications", "mates": 3,
               "changes": [ROW, NEW], "vulns": [VULNERABILITY], "rows": [{"one": PHISH, "count": 2}]},
}  # fmt: skip
NOTHING: Context = {
    **MINE, "hits": [], "total": 0, "assets": 0, "duties": [FREE], "sector": None,
    "exports": {"gained": 0, "lost": 0, "total": 0, "rows_gained": [], "rows_lost": []},
}  # fmt: skip
PAGES = {
    "mine": ("picture/mine.html", MINE),
    "mine-nothing": ("picture/mine.html", NOTHING),
    "mine-counting": ("picture/mine.html", NOTHING | {
        "kpis": [{"label": "values in your exports", "value": None, "note": "being counted: look again in a minute"}],
        "exports": NOTHING["exports"] | {"total": None}}),
    "mine-quiet": ("picture/mine.html", NOTHING | {"assets": 2, "may_claim": False, "sector": MINE["sector"] | {
        "changes": [], "vulns": [], "rows": [], "mates": 0}}),
}  # fmt: skip
"""Sample → (template, context)."""
