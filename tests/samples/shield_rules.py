"""Samples of the pages of the shield's rules."""

from __future__ import annotations

from typing import Any

from fusioncell.kernel.clock import DAY
from samples.pages import ALL_NAV, NOW, shell

POLICY: dict[str, Any] = {
    "policy": {"number": 1, "title": "Protective DNS", "approvals": 2, "guarded": 2, "usual": 30, "longest": 90,
               "compromised": 72, "categories": [{"name": "Phishing", "severity": "high"}]},
    "changes": [
        {"number": 2, "title": "With ransomware", "categories": ["Phishing", "Ransomware"], "reason": "it is missing",
         "by": "Ada Okafor", "at": NOW, "approvals": [{"who": "Ada Okafor", "at": NOW}], "needed": 2, "adopted": None,
         "url": "/shield/policy/changes/c2/approve"},
        {"number": 1, "title": "First change", "categories": ["Phishing"], "reason": "so", "by": "Eve Lind", "at": NOW,
         "approvals": [], "needed": 2, "adopted": NOW, "url": None},
    ],
}  # fmt: skip
ROW: dict[str, Any] = {
    "id": "s1", "title": "Feeds we trust", "categories": ["phishing"], "sources": ["Northern Broadband"],
    "probability": 0.95, "origins": 2, "cap": 200, "days": 30, "today": 4, "published": 40, "looked_at": 9, "wrong": 1,
    "by": "Ada Okafor", "second": "Eve Lind", "signed": True, "stands": True, "until": NOW + DAY, "stopped": None,
    "why": "", "sign_url": None, "stop_url": "/shield/standing/s1/stop",
    "sample": [{"name": "evil.example", "href": "/shield/d1", "url": "/shield/decisions/d1/review", "malicious": 0.97,
                "at": NOW}],
}  # fmt: skip
STANDING: dict[str, Any] = {
    "rows": [
        ROW,
        {**ROW, "id": "s2", "title": "New", "signed": False, "stands": False, "until": None, "sample": [],
         "sources": [], "sign_url": "/shield/standing/s2/sign"},
        {**ROW, "id": "s3", "title": "Old", "stands": False, "stopped": NOW, "why": "more than 200 names in a day",
         "sample": [], "stop_url": None},
        {**ROW, "id": "s4", "title": "Older", "stands": False, "sample": []},
    ],
    "categories": [{"id": "phishing", "name": "Phishing"}],
    "usual": {"probability": 0.95, "origins": 2, "cap": 200, "days": 90},
}  # fmt: skip
HELD: dict[str, Any] = {"name": "watched.example", "reason": "case 12", "by": "Odd Berg", "second": "", "days": 14,
                        "at": NOW, "until": None, "over": False, "confirm_url": "/shield/holds/h1/confirm",
                        "lift_url": "/shield/holds/h1/lift"}  # fmt: skip
HOLDS: dict[str, Any] = {
    "most": 14,
    "rows": [
        HELD,
        {**HELD, "name": "other.example", "second": "Pia Lund", "until": NOW + DAY, "confirm_url": None},
        {**HELD, "name": "third.example", "second": "Pia Lund", "over": True, "confirm_url": None, "lift_url": None},
    ],
}  # fmt: skip
HERE = shell(here="shield", nav=ALL_NAV)
WRONG = shell(here="shield", nav=ALL_NAV, errors=[{"field": "title", "text": "A rule has a title."}])
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "shield-policy": ("shield/policy.html", {"shell": HERE, **POLICY}),
    "shield-policy-first": ("shield/policy.html", {"shell": HERE, **POLICY, "changes": []}),
    "shield-standing": ("shield/standing.html", {"shell": HERE, **STANDING}),
    "shield-standing-none": ("shield/standing.html", {"shell": HERE, **STANDING, "rows": []}),
    "shield-standing-wrong": ("shield/standing.html", {"shell": WRONG, **STANDING}),
    "shield-holds": ("shield/holds.html", {"shell": HERE, **HOLDS}),
    "shield-holds-none": ("shield/holds.html", {"shell": HERE, **HOLDS, "rows": []}),
}
FRAGMENTS = {
    "shield-tabs": ("shield/_tabs.html", {"shell": HERE, "part": "standing"}),
    "shield-tabs-reader": ("shield/_tabs.html", {"shell": shell(here="shield"), "part": "decisions"}),
}
