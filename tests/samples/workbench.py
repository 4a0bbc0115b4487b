"""Samples of the workbench's pages: triage."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR, MINUTE
from samples.pages import ALL_NAV, NOW, PHISH, PHISH_URL, Context, observable, shell

HERE = shell(here="workbench", nav=ALL_NAV | {"workbench"})
PERSON = "Ada Okafor"

# -- triage

TABS = [{"href": f"/triage?show={show}", "label": label, "count": count, "here": show == "open"}
        for show, label, count in (("open", "To look at", 300), ("mine", "Mine", 2), ("claimed", "Claimed", 5),
                                   ("snoozed", "Asleep", 0), ("dismissed", "Dismissed", 1200))]  # fmt: skip
WHY = [{"text": "2 origins call it harmless, others do not", "strong": True},
       {"text": "3 independent origins accuse it", "strong": True},
       {"text": "New: first named 4 hours ago", "strong": False}]
ROW = {"key": "observable:domain-name:parcel-redelivery.example", "one": PHISH, "href": PHISH["href"], "title": "",
       "score": 9.0, "reasons": WHY, "at": NOW - HOUR, "is_new": True, "holder": "", "until": None, "said": "",
       "by": ""}  # fmt: skip
ASKED = {**ROW, "key": "request:t1", "one": None, "href": "/exchange/t1", "title": "Who has seen this? " * 6,
         "reasons": [{"text": "A member has waited 5 hours too long", "strong": True}], "holder": PERSON,
         "is_new": False}  # fmt: skip
LONG = {**ROW, "key": f"observable:url:{PHISH_URL['value']}", "one": PHISH_URL, "href": PHISH_URL["href"]}
ASLEEP = {**ROW, "until": NOW + 3 * DAY, "said": "Their own test, says the owner.", "by": PERSON, "is_new": False}
TRIAGE: Context = {
    "tabs": TABS, "show": "open", "rows": [ASKED, ROW, LONG], "since": NOW - DAY, "fresh": 2,
    "more": "/triage?show=open&limit=100", "left": 250, "people": [{"id": "p1", "name": PERSON}],
    "sleeps": [{"days": 1, "label": "Until tomorrow"}, {"days": 7, "label": "For a week"}],
    "last": {"act": "a1", "text": "You dismissed", "count": 40, "at": NOW - MINUTE},
    "notes": [{"text": "Quiet night.\nWatch parcel-redelivery.", "by": PERSON, "at": NOW - 8 * HOUR}],
    "typed": {"said": "", "note": "", "until": ""},
}  # fmt: skip
MANY = [{**ROW, "key": f"observable:ipv4-addr:192.0.2.{n}", "one": observable(f"192.0.2.{n}", "ipv4-addr")}
        for n in range(20)]  # fmt: skip
NOTHING: Context = {**TRIAGE, "rows": [], "since": None, "fresh": 0, "more": None, "left": 0, "last": None, "notes": [],
                    "tabs": [{**tab, "count": 0} for tab in TABS]}  # fmt: skip
WRONG = shell(here="workbench", nav=ALL_NAV | {"workbench"}, errors=[{"field": "said", "text": "Say why."}])

# -- the graph

NODE = {"ref": "a1", "key": "observable:domain-name:parcel-redelivery.example", "kind": "observable",
        "x": 300.0, "y": 200.0, "level": "malicious", "words": "Likely malicious",
        "title": "parcel-redelivery[.]example", "type": "Domain name",
        "href": PHISH["href"], "opened": True, "open": None, "labelled": True, "label": "parcel-redelivery[.]exam…",
        "left": "5 more are not drawn", "org": "", "tlp": None, "at": NOW, "links": ["Parcel lures"], "count": 31}
GIVEN = {**NODE, "ref": "b1", "key": "contribution:c1", "kind": "contribution", "x": 420.0, "y": 120.0, "level": "none",
         "words": "Contribution", "title": "Parcel lures: landing pages of the week", "type": "Contribution",
         "href": "/contributions/c1", "opened": False, "open": "/graph?start=a&opened=b1#n-b1", "label": "Parcel lures",
         "left": None, "org": "Northern Broadband", "tlp": "amber+strict", "links": ["parcel-redelivery[.]example"],
         "count": 1}
EVENT = {"at": NOW - HOUR, "kind": "context", "text": GIVEN["title"], "org": GIVEN["org"], "tlp": "green",
         "href": "/contributions/c1"}  # fmt: skip
STRIP = {"series": [0, 1, 4, 0, 2], "from": NOW - 4 * DAY, "to": NOW, "before": 12}
DRAWN = {
    "nodes": [NODE, GIVEN, *({**NODE, "ref": f"n{n}", "x": 40.0 + 50 * n, "y": 380.0, "level": level, "opened": False,
                              "open": f"/graph?opened=n{n}", "left": None}
                             for n, level in enumerate(("suspicious", "benign", "unclear", "none")))],
    "edges": [{"x1": 300.0, "y1": 200.0, "x2": 420.0, "y2": 120.0, "on": False},
              {"x1": 300.0, "y1": 200.0, "x2": 40.0, "y2": 380.0, "on": True}],
    "width": 702, "height": 520, "full": True, "unknown": ["domain-name:inner.example"], "events": [EVENT],
    "strip": STRIP, "takeable": [NODE["key"]],
}  # fmt: skip
GRAPH: Context = {"graph": DRAWN, "typed": "", "most": 20}

PAGES: dict[str, tuple[str, Context]] = {
    "triage": ("triage/index.html", {"shell": HERE, **TRIAGE}),
    "triage-empty": ("triage/index.html", {"shell": HERE, **NOTHING}),
    "triage-asleep": ("triage/index.html", {"shell": HERE, **TRIAGE, "rows": [ASLEEP], "show": "snoozed"}),
    "graph": ("graph/index.html", {"shell": HERE, **GRAPH}),
    "graph-none": ("graph/index.html", {"shell": HERE, **GRAPH, "graph": {**DRAWN, "nodes": [], "edges": [],
                                                                         "events": [], "strip": None, "takeable": []}}),
    "graph-empty": ("graph/index.html", {"shell": HERE, **GRAPH, "graph": None}),
    "triage-many": ("triage/index.html", {"shell": WRONG, **TRIAGE, "rows": MANY, "more": None, "left": 99_950}),
}
