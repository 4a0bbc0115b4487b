"""Samples of the page of all that analysts say over the machine."""

from __future__ import annotations

from samples.judgement import SAID
from samples.pages import Context, observable, shell

ROW: Context = {**SAID, "malicious": 87, "active": 41, "one": observable("parcel.example", "domain-name")}
CELL: Context = {**ROW, "id": "j3", "tlp": "", "newer": False, "level": "malicious", "by": "Ann Example",
                 "words": "Malicious, says an analyst", "reason": "Our sandbox saw it phone home. " * 20}  # fmt: skip
_OF = "picture/overrides.html"

PAGES = {
    "overrides": (_OF, {"shell": shell(), "rows": [ROW, CELL], "may": True, "more": "/overrides?limit=100"}),
    "overrides-reader": (_OF, {"shell": shell(), "rows": [ROW], "may": False, "more": None}),
    "overrides-empty": (_OF, {"shell": shell(), "rows": [], "may": False, "more": None}),
    "overrides-many": (_OF, {"shell": shell(), "rows": [{**ROW, "id": f"m{n}"} for n in range(100)], "may": True,
                             "more": "/overrides?limit=400"}),
}  # fmt: skip
"""Sample → (template, context)."""
