"""Samples of the pages that undo blocks."""

from __future__ import annotations

from fusioncell.kernel.clock import HOUR, MINUTE
from samples.pages import ALL_NAV, NOW, Context, shell

HERE = shell(here="shield", nav=ALL_NAV)
NAMES = ["parcel-redelivery.example", f"{'long-label-' * 5}x.{'sub.' * 12}shop.example"]
ZONE = {"name": "rpz.fusioncell", "serial": 1795000000}
WAYS = [{"key": key, "label": label, "hint": hint} for key, label, hint in (
    ("name", "One name", "As it was blocked: shop.example"), ("source", "All of a source", "The organisation's id"),
    ("rule", "All of a rule", "The id of a standing approval, or: rule"),
    ("since", "All since a time", "In UTC: 2026-12-31T08:00Z"))]  # fmt: skip
LIFT: Context = {
    "shell": HERE, "may": True, "may_unbar": True, "typed": {"by": "name", "value": "", "reason": ""}, "ways": WAYS,
    "found": None, "zone": ZONE, "more": None,
    "behind": [{"label": "Leeds, pair 2", "org": "Northern Broadband", "late": 2, "zones": 3, "seen": NOW - MINUTE},
               {"label": "Test bench", "org": "Northern Broadband", "late": 3, "zones": 3, "seen": None}],
    "lifts": [{"at": NOW - HOUR, "by": "Ada Okafor, Ministry of Works", "way": "One name", "value": NAMES[0],
               "count": 1, "reason": "A shop, not a fraud."}],
    "bars": [{"name": name, "at": NOW - HOUR, "by": "Ada Okafor", "reason": "A shop, not a fraud.",
              "url": f"/shield/bars/{at}/end"} for at, name in enumerate(NAMES)],
}  # fmt: skip
FOUND = {"blocks": 1200, "proposals": 3, "more": False, "names": NAMES}
ACT = {
    "id": "a1", "what": "Rules would remove many names at once", "value": "", "is_name": False, "reason": "",
    "by": "The hub", "at": NOW - MINUTE, "state": "Waits", "waits": True, "count": 4100, "names": NAMES,
    "agreed": ["Ada Okafor"], "needed": 2, "confirm_url": "/shield/fuse/a1/confirm",
    "refuse_url": "/shield/fuse/a1/refuse",
}  # fmt: skip
UNBAR = {**ACT, "id": "a2", "what": "The end of a bar", "value": NAMES[1], "is_name": True, "count": 0, "names": [],
         "reason": "It was sold.", "confirm_url": None, "refuse_url": "/shield/fuse/a2/refuse"}
DONE = {**ACT, "id": "a3", "state": "Refused", "waits": False, "confirm_url": None, "refuse_url": None, "names": []}
FUSE: Context = {
    "shell": HERE, "may": True, "frozen": NOW - HOUR, "waiting": [ACT, UNBAR], "done": [DONE],
    "typed": {"serial": "1794000000", "reason": ""},
    "way": {"removed": 2, "added": 1, "left": 1, "names": NAMES}, "zone": ZONE,
}  # fmt: skip
WRONG = shell(here="shield", nav=ALL_NAV, errors=[{"field": "value", "text": "That is no domain name."}])

PAGES = {
    "shield-lift": ("shield/lift.html", LIFT),
    "shield-lift-found": ("shield/lift.html", {**LIFT, "found": FOUND, "more": "/shield/lift?after=x"}),
    "shield-lift-wrong": ("shield/lift.html", {**LIFT, "shell": WRONG}),
    "shield-lift-reader": ("shield/lift.html", {**LIFT, "may": False, "may_unbar": False, "lifts": [],
                                              "bars": [], "behind": []}),
    "shield-fuse": ("shield/fuse.html", FUSE),
    "shield-fuse-quiet": ("shield/fuse.html",
                          {**FUSE, "may": False, "frozen": None, "waiting": [], "done": [], "way": None}),
}  # fmt: skip
