"""Samples of the workbench's pages."""

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
ROW = {"key": "observable:domain-name:parcel-redelivery.example", "reports": 0, "alike": [],
       "ticks": "observable:domain-name:parcel-redelivery.example", "one": PHISH, "href": PHISH["href"], "title": "",
       "score": 9.0, "reasons": WHY, "at": NOW - HOUR, "is_new": True, "holder": "", "until": None, "said": "",
       "by": ""}  # fmt: skip
ASKED = {**ROW, "key": "request:t1", "one": None, "href": "/exchange/t1", "title": "Who has seen this? " * 6,
         "reasons": [{"text": "A member has waited 5 hours too long", "strong": True}], "holder": PERSON,
         "is_new": False}  # fmt: skip
COPIED = {**ROW, "key": "observable:domain-name:parcel-1.example", "one": observable("parcel-1.example", "domain-name"),
          "ticks": "observable:domain-name:parcel-1.example\nobservable:domain-name:parcel-2.example", "reports": 100,
          "alike": [{"key": "observable:domain-name:parcel-2.example",
                     "one": observable("parcel-2.example", "domain-name")}]}  # fmt: skip
LONG = {**ROW, "key": f"observable:url:{PHISH_URL['value']}", "one": PHISH_URL, "href": PHISH_URL["href"]}
ASLEEP = {**ROW, "until": NOW + 3 * DAY, "said": "Their own test, says the owner.", "by": PERSON, "is_new": False}
TRIAGE: Context = {
    "tabs": TABS, "show": "open", "rows": [ASKED, ROW, COPIED, LONG], "since": NOW - DAY, "fresh": 2,
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

# -- the paste, the notebook, saved queries

PASTED = {"key": ROW["key"], "one": PHISH, "known": True, "malicious": 0.91, "first": NOW - 3 * DAY, "last": NOW - HOUR,
          "good": "", "orgs": ["Northern Broadband", "Ministry of Works"], "more": 3}  # fmt: skip
UNKNOWN = {**PASTED, "key": "observable:ipv4-addr:192.0.2.9", "one": observable("192.0.2.9", "ipv4-addr", "none", ""),
           "known": False, "malicious": None, "first": None, "last": None, "good": "Popular names", "orgs": [],
           "more": 0}  # fmt: skip
LONG_ROW = {**PASTED, "key": LONG["key"], "one": PHISH_URL}
PASTE: Context = {"text": "parcel-redelivery[.]example", "most": 1000, "rows": [PASTED, LONG_ROW, UNKNOWN], "known": 2,
                  "unread": ["nothing of use"], "lost": 7, "cut": True, "said": "Watched from now on: 2 of 3."}
NO_PASTE: Context = {**PASTE, "text": "", "rows": [], "known": 0, "unread": [], "lost": 0, "cut": False, "said": None}
HEAD = {"id": "i1", "href": "/notebook/i1", "title": "Who is behind the parcel lures?", "by": PERSON, "closed": False,
        "readers": "The Fusion Cell, whoever works there.", "tlp": "amber+strict", "at": NOW - DAY,
        "last": NOW - HOUR}  # fmt: skip
READERS = [{"value": "me", "label": "Myself alone"}, {"value": "cell", "label": "The Fusion Cell"}]
BOOKS: Context = {"rows": [HEAD, {**HEAD, "id": "i2", "closed": True, "title": "An older one " * 9}],
                  "readers": READERS,
                  "keys": [], "taken": [], "count": 0, "title": ""}  # fmt: skip
TAKING = {**BOOKS, "keys": [ROW["key"]], "taken": ["parcel-redelivery[.]example"], "count": 24}
SAID = "likely or probable (55–75 %), low confidence"
MATRIX = {
    "hypotheses": [{"id": "h1", "text": "One gang runs all of it", "said": SAID, "against": 0.0, "word": "likely",
                    "confidence": "low"},
                   {"id": "h2", "text": "Copycats buy the same kit " * 4, "said": None, "against": 3.0, "word": "",
                    "confidence": ""}],
    "evidence": [{"id": "e1", "text": "The same kit on all of the pages", "telling": True,
                  "cells": [{"name": "m.e1.h1", "mark": "C", "words": "consistent"},
                            {"name": "m.e1.h2", "mark": "II", "words": "very inconsistent"}]},
                 {"id": "e2", "text": "It is in the news", "telling": False,
                  "cells": [{"name": "m.e2.h1", "mark": "", "words": "not judged"},
                            {"name": "m.e2.h2", "mark": "", "words": "not judged"}]}],
}  # fmt: skip
WRITTEN = {"id": "n1", "what": "Note", "text": "They moved.\nLook at the registrar.", "by": PERSON, "at": NOW - HOUR,
           "values": [], "more": 0, "about": "", "said": None, "plain": True}  # fmt: skip
NOTES = [WRITTEN, {**WRITTEN, "what": "Judgement", "text": "", "about": "One gang runs all of it", "said": SAID,
          "plain": False},
         {**WRITTEN, "what": "Values added", "text": "", "values": ["parcel-redelivery[.]example"],
          "more": 40, "plain": False}]  # fmt: skip
YARDSTICK = [{"code": "remote", "term": "remote chance", "least": 0, "most": 5},
             {"code": "likely", "term": "likely or probable", "least": 55, "most": 75}]  # fmt: skip
BOOK: Context = {
    "one": HEAD, "notes": NOTES, "values": [PASTED, LONG_ROW, UNKNOWN], "draw": "/graph?start=a", "matrix": MATRIX,
    "events": [EVENT], "strip": STRIP, "yardstick": YARDSTICK,
    "confidence": [{"code": "low", "label": "low confidence"}],
    "marks": [{"code": "", "label": "not judged"}, {"code": "C", "label": "consistent"},
              {"code": "II", "label": "very inconsistent"}],
    "may_write": True, "may_close": True, "typed": {"note": "", "hypothesis": "", "evidence": "", "paste": ""},
}  # fmt: skip
BLANK: Context = {**BOOK, "notes": [], "values": [], "draw": None, "matrix": {"hypotheses": [], "evidence": []},
                  "events": [], "strip": None}  # fmt: skip
CLOSED: Context = {**BOOK, "one": {**HEAD, "closed": True}, "may_write": False}
QUERY = {"id": "q1", "href": "/saved/q1", "name": "Parcel lures", "words": "parcel", "types": ["Domain name", "URL"],
         "least": 40, "by": PERSON, "readers": HEAD["readers"], "tlp": "amber+strict", "at": NOW - DAY, "mine": True,
         "watched": True, "search": "/search?q=parcel"}  # fmt: skip
SAVED: Context = {"rows": [QUERY, {**QUERY, "words": "", "types": [], "least": 0, "watched": False, "search": None}],
                  "readers": READERS, "types": [{"value": "domain-name", "label": "Domain name"}],
                  "typed": {"name": "", "words": "", "least": ""}}  # fmt: skip
FOUND = [{"one": PHISH, "last": NOW}, {"one": PHISH_URL, "last": None}]
ASKED_NOW: Context = {"one": QUERY, "rows": FOUND,
                      "count": 812,
                      "feeds": [{"title": "CSV", "url": "https://hub.example/api/saved/q1/feed/csv"}],
                      "may_watch": True}  # fmt: skip

PAGES: dict[str, tuple[str, Context]] = {
    "triage": ("triage/index.html", {"shell": HERE, **TRIAGE}),
    "triage-empty": ("triage/index.html", {"shell": HERE, **NOTHING}),
    "triage-asleep": ("triage/index.html", {"shell": HERE, **TRIAGE, "rows": [ASLEEP], "show": "snoozed"}),
    "graph": ("graph/index.html", {"shell": HERE, **GRAPH}),
    "graph-none": ("graph/index.html", {"shell": HERE, **GRAPH, "graph": {**DRAWN, "nodes": [], "edges": [],
                                                                         "events": [], "strip": None, "takeable": []}}),
    "graph-empty": ("graph/index.html", {"shell": HERE, **GRAPH, "graph": None}),
    "paste": ("paste/index.html", {"shell": HERE, **PASTE}),
    "paste-empty": ("paste/index.html", {"shell": HERE, **NO_PASTE}),
    "notebook": ("notebook/index.html", {"shell": HERE, **BOOKS}),
    "notebook-take": ("notebook/index.html", {"shell": HERE, **TAKING}),
    "notebook-empty": ("notebook/index.html", {"shell": HERE, **BOOKS, "rows": [], "readers": []}),
    "investigation": ("notebook/one.html", {"shell": HERE, **BOOK}),
    "investigation-empty": ("notebook/one.html", {"shell": HERE, **BLANK}),
    "investigation-closed": ("notebook/one.html", {"shell": HERE, **CLOSED}),
    "saved": ("saved/index.html", {"shell": HERE, **SAVED}),
    "saved-empty": ("saved/index.html", {"shell": HERE, **SAVED, "rows": []}),
    "saved-one": ("saved/one.html", {"shell": HERE, **ASKED_NOW}),
    "saved-one-empty": ("saved/one.html", {"shell": HERE, **ASKED_NOW, "rows": [], "count": 0, "may_watch": False}),
    "triage-many": ("triage/index.html", {"shell": WRONG, **TRIAGE, "rows": MANY, "more": None, "left": 99_950}),
}
