"""Samples of the pages of who takes the zones."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR, MINUTE
from samples.pages import ALL_NAV, NOW, Context, shell

HERE = shell(here="shield", nav=ALL_NAV)
WRONG = shell(here="shield", nav=ALL_NAV, errors=[{"field": "label", "text": "Give the resolver a name."}])
STATE = {"level": "benign", "words": "Holds the newest"}
ROW = {"href": "/shield/resolvers/r1", "label": "Leeds, pair 2", "org": "Northern Broadband", "kind": "BIND 9",
       "step": "Enforce", "takes": "Phishing, Malware distribution", "state": STATE}  # fmt: skip
BEHIND = {**ROW, "href": "/shield/resolvers/r2", "label": "x" * 80, "org": "Bórdalan hálózat " * 4,
          "state": {"level": "suspicious", "words": "2 zones behind"}}  # fmt: skip
TYPED = {"label": "", "kind": "bind", "action": "nxdomain", "garden": "", "addresses": "", "notify": "",
         "certificates": "", "org": "", "chosen": ["phishing"]}  # fmt: skip
KINDS = [{"key": "unbound", "label": "Unbound"}, {"key": "bind", "label": "BIND 9"}]
ACTIONS = [{"key": "nxdomain", "label": "It does not exist (NXDOMAIN)"}]
CATEGORIES = [{"key": "phishing", "label": "Phishing"}, {"key": "malware", "label": "Malware distribution"}]
LIST: Context = {"shell": HERE, "may": True, "may_all": True, "rows": [ROW, BEHIND], "typed": TYPED, "kinds": KINDS,
                 "actions": ACTIONS, "categories": CATEGORIES}  # fmt: skip
ZONES = [
    {"name": "allow.k7f2q9xwab.rpz.fusioncell", "serial": 1795000000, "holds": 1795000000, "seen": NOW - MINUTE,
     "names": 3, "heartbeat": "heartbeat.allow.k7f2q9xwab.probe.fusioncell"},
    {"name": "main-1.k7f2q9xwab.rpz.fusioncell", "serial": 1795000009, "holds": 1795000000, "seen": NOW - HOUR,
     "names": 125_000, "heartbeat": "heartbeat.main-1.k7f2q9xwab.probe.fusioncell"},
    {"name": "main-2.k7f2q9xwab.rpz.fusioncell", "serial": 1795000009, "holds": None, "seen": None, "names": 0,
     "heartbeat": "heartbeat.main-2.k7f2q9xwab.probe.fusioncell"},
]  # fmt: skip
ONE: Context = {
    "shell": HERE,
    "one": {**ROW, "id": "r1", "action": "Your walled garden (CNAME)", "garden": "garden.isp.example",
            "reference": "CHG0012345", "command": "fusioncell shield resolver-config bind \\\n  --subscriber r1",
            "addresses": ["192.0.2.0/28", "2001:db8::/64"], "notify": ["192.0.2.53@53"],
            "certificates": ["5f" * 32, "0a" * 32], "protects": True, "ended": None},
    "may": True, "made": None,
    "keys": [{"name": "0a1b2c3d4e.rpz.fusioncell", "until": NOW + 7 * DAY},
             {"name": "5f6a7b8c9d.rpz.fusioncell", "until": None}],
    "zones": ZONES, "left_out": 2,
    "steps": [{"key": "shadow", "label": "Shadow", "now": False}, {"key": "enforce", "label": "Enforce", "now": True}],
    "history": [{"at": NOW - DAY, "step": "Enforce", "reference": "CHG0012345"},
                {"at": NOW - 9 * DAY, "step": "Rehearse", "reference": ""}],
}  # fmt: skip
MADE = {"key": "5f6a7b8c9d.rpz.fusioncell", "secret": "c2VjcmV0LXRoYXQtaXMtc2hvd24tb25jZS1oZXJlLW9ubHk="}

PAGES = {
    "resolvers": ("shield/resolvers_index.html", LIST),
    "resolvers-none": ("shield/resolvers_index.html", {**LIST, "rows": [], "may": False}),
    "resolvers-wrong": ("shield/resolvers_index.html", {**LIST, "shell": WRONG}),
    "resolver": ("shield/resolvers_one.html", ONE),
    "resolver-made": ("shield/resolvers_one.html", {**ONE, "made": MADE}),
    "resolver-rehearsing": ("shield/resolvers_one.html", {**ONE, "zones": [], "left_out": 0, "may": False}),
}
