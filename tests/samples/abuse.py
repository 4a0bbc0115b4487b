"""Samples of the page of abuse notices."""

from __future__ import annotations

from fusioncell.kernel.clock import HOUR
from samples.pages import ADDRESS, NOW, PHISH_URL, Context, shell

ROW: Context = {
    "one": ADDRESS, "address": "198.51.100.7", "network": "198.51.100.0/24", "kind": "Command and control",
    "role": "Attacker's", "observed": NOW - HOUR, "port": 447, "protocol": "tcp", "tlp": "amber+strict", "count": 3,
    "malicious": 0.91, "active": 0.7, "href": "/contributions/0b8ad5c2",
}  # fmt: skip
PLAIN: Context = {**ROW, "one": PHISH_URL, "kind": "Phishing", "port": 0, "protocol": "", "count": 1, "tlp": "clear"}
SOME: Context = {"shell": shell(), "forms": [("CSV", "/api/abuse-notices?format=csv"), ("JSON", "/api/abuse-notices")],
                 "command": "fusioncell abuse-notices --state FILE",
                 "rows": [ROW, PLAIN], "more": True, "may_claim": True, "may_export": True,
                 "networks": ["198.51.100.0/24", "2001:db8::/32"] + [f"203.0.{n}.0/24" for n in range(22)]}  # fmt: skip
PAGES = {
    "abuse": ("picture/abuse.html", SOME),
    "abuse-reader": ("picture/abuse.html", {**SOME, "may_export": False, "networks": ["198.51.100.0/24"]}),
    "abuse-quiet": ("picture/abuse.html", {**SOME, "rows": [], "more": False}),
    "abuse-none": ("picture/abuse.html", {**SOME, "rows": [], "more": False, "networks": []}),
    "abuse-none-reader": ("picture/abuse.html", {**SOME, "rows": [], "networks": [], "may_claim": False}),
}
"""Sample → (template, context)."""
