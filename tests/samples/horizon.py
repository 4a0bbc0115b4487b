"""Samples of the pages of horizon scanning."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY
from samples.pages import NOW, Context, shell

ROW: Context = {
    "id": "h1", "href": "/horizon/h1", "kind": "forecast", "label": "Forecast",
    "title": "Will a member lose money to a cloned voice of its own director before the spring?", "at": NOW - 9 * DAY,
    "org": "Department for Digital Resilience", "tlp": "green", "category": "", "retired": False, "impact": 0,
    "uncertainty": 0, "said": None, "deadline": NOW + 40 * DAY, "chance": 0.35, "own": 0.4, "count": 7, "outcome": "",
    "resolved": False,
}  # fmt: skip
HIDDEN: Context = {**ROW, "id": "h2", "href": "/horizon/h2", "chance": None, "own": None, "title": "Will it double?"}
SAID: Context = {**ROW, "id": "h3", "href": "/horizon/h3", "outcome": "Yes, it came true", "title": "Will it come?"}
LATE: Context = {**ROW, "id": "h4", "href": "/horizon/h4", "deadline": NOW - DAY, "title": "Did it come?"}
DONE: Context = {**SAID, "id": "h5", "href": "/horizon/h5", "resolved": True, "title": "Did the law pass?"}
SIGNAL: Context = {**ROW, "id": "h6", "href": "/horizon/h6", "kind": "signal", "label": "Signal", "chance": None,
                   "category": "economic", "title": "A kit for fraud is let by the day", "own": None}  # fmt: skip
DRIVER: Context = {**SIGNAL, "id": "h7", "href": "/horizon/h7", "kind": "driver", "label": "Driver", "impact": 4,
                   "uncertainty": 5, "title": "Cheap imitation"}  # fmt: skip
PLAIN: Context = {**DRIVER, "id": "h8", "href": "/horizon/h8", "impact": 0, "uncertainty": 0, "title": "New law"}
SCENARIO: Context = {**SIGNAL, "id": "h9", "href": "/horizon/h9", "kind": "scenario", "label": "Scenario",
                     "category": "", "said": "unlikely (25–35 %), low confidence",
                     "title": "Nobody trusts a call"}  # fmt: skip
TRACK: Context = {
    "own": {"count": 3, "brier": 0.11}, "crowd": {"count": 9, "brier": 0.142, "reference": 0.222},
    "bins": [{"x": 12.0, "y": 90.0, "r": 6.5, "count": 12, "said": 0.12, "came": 0.1},
             {"x": 81.0, "y": 25.0, "r": 4.0, "count": 4, "said": 0.81, "came": 0.75}],
}  # fmt: skip
NO_TRACK: Context = {"own": {"count": 0, "brier": None}, "bins": [],
                     "crowd": {"count": 0, "brier": None, "reference": None}}  # fmt: skip
ADDS = [{"href": "/horizon/new?kind=signal", "label": "Add a signal"},
        {"href": "/horizon/new?kind=forecast", "label": "Ask for a forecast"}]  # fmt: skip
INDEX: Context = {
    "shell": shell(), "running": [ROW, HIDDEN], "due": [SAID, LATE], "resolved": [DONE], "signals": [SIGNAL],
    "drivers": [DRIVER, PLAIN], "scenarios": [SCENARIO], "track": TRACK, "may_write": True, "adds": ADDS,
    "dots": [{"x": 87, "y": 27, "number": 1, "href": "/horizon/h7", "title": "Cheap imitation"}],
}  # fmt: skip
EMPTY: Context = {"shell": shell(), "running": [], "due": [], "resolved": [], "signals": [], "drivers": [], "dots": [],
                  "scenarios": [], "track": NO_TRACK, "may_write": False, "adds": []}  # fmt: skip
TYPED = dict.fromkeys(("title", "text", "source", "category", "deadline", "readers"), "")
READERS = [{"value": "partnership", "label": "The whole partnership"}, {"value": "org", "label": "My organisation"}]
NEW: Context = {"shell": shell(), "kind": "signal", "label": "Add a signal", "readers": READERS, "typed": TYPED,
                "categories": [{"value": "legal", "label": "legal"}], "first": "2026-11-23"}  # fmt: skip
YARD = [{"code": "unlikely", "term": "unlikely", "least": 25, "most": 35}]
SURE = [{"code": "low", "label": "low confidence"}]
PAPERS = [{"what": "Note", "text": "Two more of these.\nBoth by night.", "by": "Ada Okafor", "org": "Harbour Bank",
           "at": NOW - DAY, "plain": True},
          {"what": "Outcome: Yes, it came true", "text": "", "by": "Jon Berg", "org": "Northern Broadband",
           "at": NOW - DAY, "plain": False}]  # fmt: skip
FOUND: Context = {"id": "p9", "words": "Yes, it came true", "ground": "Two members said so.", "by": "Jon Berg",
                  "confirmed_by": "", "at": NOW - DAY, "mine": False}  # fmt: skip
FORECAST: Context = {
    "deadline": NOW + 40 * DAY, "passed": False, "count": 7, "own": 0.4, "own_at": NOW - DAY, "shown": True,
    "chance": 0.35, "least": 0.1, "most": 0.8, "found": None, "may_estimate": True, "may_resolve": True,
    "course": {"points": "0,120 300,120 300,90 600,90", "start": NOW - 9 * DAY, "end": NOW},
    "outcomes": [{"value": "yes", "label": "Yes, it came true"}],
}  # fmt: skip
ONE: Context = {
    "shell": shell(), "one": ROW | {"text": "Counted by the monthly figures.", "source": "https://figures.example/",
                                    "by": "Ada Okafor", "readers": "All members of the partnership.", "word": "",
                                    "confidence": ""},
    "forecast": FORECAST, "linked": [DRIVER | {"own_link": True}, SIGNAL | {"own_link": False}],
    "others": [{"value": "h9", "label": "Scenario: Nobody trusts a call"}], "papers": PAPERS, "scale": [1, 2, 3, 4, 5],
    "may_write": True, "steers": True, "yardstick": YARD, "confident": SURE,
    "typed": dict.fromkeys(("note", "ground", "percent", "reason"), ""),
}  # fmt: skip


def item(row: Context) -> Context:
    """An item that is no forecast."""
    return ONE | {"one": ONE["one"] | row, "forecast": None}


WRONG = shell(errors=[{"field": "percent", "text": "Give a probability from 0 to 100 percent."}])
PAGES = {
    "horizon": ("horizon/index.html", INDEX),
    "horizon-empty": ("horizon/index.html", EMPTY),
    "horizon-new": ("horizon/new.html", NEW),
    "horizon-ask": ("horizon/new.html", NEW | {
        "kind": "forecast", "label": "Ask for a forecast",
        "shell": shell(errors=[{"field": "deadline", "text": "A forecast needs a deadline that is to come."}])}),
    "horizon-forecast": ("horizon/one.html", ONE),
    "horizon-hidden": ("horizon/one.html", ONE | {
        "shell": WRONG,
        "forecast": FORECAST | dict.fromkeys(("chance", "least", "most", "course", "own", "own_at"))
        | {"shown": False}}),
    "horizon-said": ("horizon/one.html", ONE | {"forecast": FORECAST | {"found": FOUND, "may_estimate": False}}),
    "horizon-resolved": ("horizon/one.html", ONE | {
        "steers": False, "may_write": False, "others": [],
        "forecast": FORECAST | {"found": FOUND | {"confirmed_by": "Ada Okafor"}, "may_estimate": False,
                                "may_resolve": False}}),
    "horizon-driver": ("horizon/one.html", item(DRIVER)),
    "horizon-scenario": ("horizon/one.html", item(SCENARIO) | {"linked": [], "papers": []}),
}  # fmt: skip
"""Sample → (template, context)."""
