"""Samples of the page of what changes."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY
from samples.pages import NOW, Context, shell

ROW: Context = {
    "href": "/entities/e1", "name": "AsyncRAT", "kind": "malware", "external": "", "how": "rising", "words": "Rising",
    "level": "malicious", "week": 41, "usual": 6.5, "members": 7, "sectors": [], "since": 4,
    "series": [1] * 21 + [1, 2, 4, 7, 9, 9, 9],
}  # fmt: skip
SECTOR: Context = {
    **ROW, "href": "/entities/e2", "name": "Spearphishing Link", "kind": "technique", "external": "T1566.002",
    "how": "sector", "words": "New in a sector", "level": "unknown", "sectors": ["finance", "health"],
}  # fmt: skip
NEW: Context = {**ROW, "href": "/entities/e3", "name": "CVE-2026-1234", "kind": "vulnerability", "how": "new",
                "words": "New", "level": "suspicious", "usual": 0.0, "series": [0] * 26 + [1, 2]}  # fmt: skip

PAGES = {
    "changes": ("picture/changes.html", {
        "shell": shell(), "young": False, "rows": [ROW, NEW, SECTOR], "watched": 212, "false_alarms": 4.1,
        "sectors": ["finance", "health"], "sector": "finance"}),
    "changes-young": ("picture/changes.html", {
        "shell": shell(), "young": True, "rows": [{**NEW, "words": ""}], "watched": 1, "false_alarms": 0.0,
        "sectors": [], "sector": ""}),
    "changes-empty": ("picture/changes.html", {
        "shell": shell(), "young": True, "rows": [], "watched": 0, "false_alarms": 0.0, "sectors": [], "sector": ""}),
}  # fmt: skip
"""Sample → (template, context)."""
FRAGMENTS: dict[str, tuple[str, Context]] = {
    "picture-tabs": ("picture/_tabs.html", {"shell": shell(), "part": "changes"}),
    "workbench-tabs": ("workbench/_tabs.html", {"shell": shell(), "part": "triage"}),
    "graph-strip": ("graph/_strip.html", {
        "strip": {"series": [0, 3, 1], "from": NOW - 3 * DAY, "to": NOW, "before": 12}}),
}  # fmt: skip
"""Parts that pages include."""
