"""Samples of the page of sources."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import NOW, Context, shell

ROW: Context = {
    "source": "o1", "name": "Northern Broadband", "letter": "B", "reason": "A sensor of its own.", "by": "Ann Example",
    "suggests": "A", "level": "benign", "claims": 1204, "upheld": 41, "overturned": 1, "low": 90,
    "high": 99, "graded": True, "last": NOW - HOUR, "family": ["Copy & Co"],
}  # fmt: skip
PLAIN: Context = {**ROW, "source": "o2", "name": "Copy & Co", "letter": "F", "by": "", "suggests": "", "upheld": 0,
                  "overturned": 0, "graded": False, "level": "unknown", "family": ["Northern Broadband"]}  # fmt: skip
JOIN: Context = {
    "id": "j1", "first": "Northern Broadband", "second": "Copy & Co", "by": "", "reason": "", "tlp": "green",
    "at": NOW - DAY, "rare": 212, "shared": 198, "order": 99, "hours": 6.25,
}  # fmt: skip
LETTERS = [{"value": letter, "words": f"{letter} – words"} for letter in "ABCDEF"]
FORM = dict.fromkeys(("source", "letter", "first", "second", "reason"), "")

PAGES = {
    "sources": ("picture/sources.html", {
        "shell": shell(), "rows": [ROW, PLAIN, {**PLAIN, "graded": True, "letter": "E", "level": "malicious"}],
        "joins": [JOIN, {**JOIN, "id": "j2", "by": "Ann Example", "reason": "By contract."}], "may": True,
        "letters": LETTERS, "form": FORM}),
    "sources-reader": ("picture/sources.html", {
        "shell": shell(), "rows": [ROW], "joins": [JOIN], "may": False, "letters": LETTERS, "form": FORM}),
    "sources-wrong": ("picture/sources.html", {
        "shell": shell(errors=[{"field": "reason", "text": "Say why"}]), "rows": [ROW], "joins": [], "may": True,
        "letters": LETTERS, "form": {**FORM, "source": "o1", "letter": "C"}}),
    "sources-empty": ("picture/sources.html", {
        "shell": shell(), "rows": [], "joins": [], "may": False, "letters": LETTERS, "form": FORM}),
}  # fmt: skip
"""Sample → (template, context)."""
