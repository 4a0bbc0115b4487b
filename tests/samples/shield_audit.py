"""Samples of the auditor's page of the blocking."""

from __future__ import annotations

from fusioncell.kernel.clock import DAY, HOUR
from samples.pages import ALL_NAV, NOW, Context, shell

NAME: Context = {"name": "login.bank.example", "href": "/shield/d1", "proof": "/api/shield/log/proof/7", "place": 7}
LONG: Context = {**NAME, "name": "a-very-long-name-of-a-kit-that-goes-on-and-on.login.bank.example", "proof": None,
                 "place": None}  # fmt: skip
OPEN: Context = "fusioncell-verify public --openings https://hub.example/api/shield/openings --log https://hub.example/log/"
DRAWN: Context = {**NAME, "drawn": NOW - DAY, "at": None, "by": "", "note": "", "rule": "Feeds we trust",
                  "words": "nobody has looked yet", "level": "unclear"}  # fmt: skip
APPEAL: Context = {**NAME, "as_whom": "I own or run the name", "words": "Upheld: the block was wrong, and has ended",
                   "by": "Eve Lind, Northern Broadband", "reason": "a shop", "at": NOW - 2 * DAY, "due": NOW - DAY,
                   "ended": NOW - DAY, "late": False}  # fmt: skip
ACT: Context = {"what": "Rules would remove many names at once", "state": "Confirmed", "by": "The hub, by rule",
                "reason": "", "ended_by": "", "at": NOW - HOUR, "ended": NOW, "count": 120,
                "agreed": ["Eve Lind", "Ada Okafor"]}  # fmt: skip
RULE: Context = {"title": "Feeds we trust", "signed": ["Ada Okafor", "Eve Lind"], "stands": True, "until": NOW + DAY,
                 "stopped": None, "why": "", "cap": 200, "today": 41, "published": 900, "looked_at": 70, "wrong": 1,
                 "rate": 1 / 70, "most": 0.02}  # fmt: skip
AUDIT: Context = {
    "shell": shell(here="shield", nav=ALL_NAV),
    "asked": {"since": "2026-10-23", "until": "2026-11-22", "category": "phishing"},
    "categories": [{"id": "phishing", "name": "Phishing"}, {"id": "malware", "name": "Malware distribution"}],
    "csv": "/api/shield/audit/csv?since=2026-10-23",
    "kpis": [{"label": "blocks that began", "value": 1204, "note": "1,100 by standing approvals"},
             {"label": "ended by a person as wrong", "value": 3, "note": "half within 2 hours"},
             {"label": "looked at, of those the sample drew", "value": 70, "note": "of 80; 1 not in time"},
             {"label": "appeals", "value": 2, "note": "1 upheld, 0 past their time"}],
    "spells": [{"at": NOW - (30 - n) * DAY, "people": n, "rules": 30 - n} for n in range(30)],
    "plot": [{"kind": kind, "x": n * 20.0, "y": 80.0, "wide": 16.0, "tall": 60.0}
             for n in range(30) for kind in ("people", "rules")],
    "log": {"size": 2417, "at": NOW - HOUR, "origin": "hub.example/log", "checkpoint": "/log/checkpoint", "fault": "",
            "grown": NOW - HOUR, "commands": dict.fromkeys(("public", "policies", "growth", "opened", "zone"), OPEN),
            "witnesses": [{"name": "witness.example/w1", "size": 2417, "behind": 0, "at": NOW - HOUR, "fault": False},
                          {"name": "witness.example/w2", "size": 0, "behind": 2417, "at": 0, "fault": True}]},
    "sums": [{"category": "Phishing", "way": "standing approval", "blocks": 1100, "standing": 1000, "wrong": 1},
             {"category": "Phishing", "way": "one person", "blocks": 104, "standing": 90, "wrong": 2}],
    "shares": [{"who": "Feeds we trust", "rule": True, "blocks": 1100, "wrong": 1},
               {"who": "Eve Lind, Northern Broadband", "rule": False, "blocks": 104, "wrong": 2}],
    "guarded": [{**NAME, "guards": ["It is on a list of popular names"], "category": "phishing", "said": [
        {"who": "Eve Lind", "at": NOW - DAY, "reason": "all of it is the actor's"},
        {"who": "Ada Okafor", "at": NOW, "reason": ""}]}],
    "samples": {"drawn": 80, "looked_at": 70, "wrong": 1, "late": 1},
    "sampled": [DRAWN, {**LONG, **{key: DRAWN[key] for key in DRAWN if key not in NAME}, "level": "suspicious",
                        "words": "not looked at in time"},
                {**DRAWN, "at": NOW, "by": "Eve Lind", "note": "a shop", "words": "wrong", "level": "malicious"}],
    "standing": [RULE, {**RULE, "title": "Old", "stands": False, "stopped": NOW, "why": "2 of 9 were wrong"},
                 {**RULE, "title": "New", "stands": False, "until": None, "rate": None, "looked_at": 0, "wrong": 0}],
    "ended": 4,
    "lifted": [{**NAME, "category": "phishing", "after": "2 hours", "by": "Eve Lind", "reason": "a shop",
                "code": "wrong", "at": NOW}],
    "appeals": [APPEAL, {**APPEAL, "ended": None, "by": "", "reason": "", "late": True,
                         "words": "It waits for a decision"}],
    "acts": [ACT, {**ACT, "what": "The end of a bar", "state": "Refused", "ended_by": "Eve Lind", "count": 0,
                   "reason": "we were sure", "agreed": []}],
    "policy": {"number": 2, "title": "With ransomware", "digest": "ab" * 32},
    "changes": [{"number": 2, "title": "With ransomware", "reason": "it is missing", "by": "Ada Okafor",
                 "digest": "ab" * 32, "at": NOW - DAY, "signed": ["Ada Okafor", "Eve Lind"]}],
    "counted": {"holds": 2, "restores": 0, "exercises": 1},
    "exercises": [{"name": "drill.example", "href": "/shield/d9", "at": NOW}],
}  # fmt: skip
EMPTY: Context = {
    **AUDIT, "plot": [], "sums": [], "shares": [], "guarded": [], "sampled": [], "standing": [], "lifted": [],
    "ended": 0, "samples": {"drawn": 0, "looked_at": 0, "wrong": 0, "late": 0}, "appeals": [], "acts": [],
    "changes": [], "exercises": [], "counted": {"holds": 0, "restores": 0, "exercises": 0},
    "log": {**AUDIT["log"], "size": 0, "at": 0, "grown": None, "witnesses": [], "fault": "it contradicts"},
}  # fmt: skip
PAGES = {"shield-audit": ("shield/audit.html", AUDIT), "shield-audit-empty": ("shield/audit.html", EMPTY)}
